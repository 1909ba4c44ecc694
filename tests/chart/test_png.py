"""A picture as PNG has its words, whatever fonts the machine has."""

from __future__ import annotations

import pytest

from lossmon.chart.png import png_of

pytest.importorskip("resvg_py")
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 60" '
    'font-family="ui-monospace, monospace" font-size="14">{words}</svg>'
)


@pytest.mark.parametrize("words", ["0.125", "train_loss", "médiane", "λ"])
def test_words_are_drawn(words: str) -> None:
    """The axes of a chart that a phone showed had no numbers: there was no Courier New."""
    text = f'<text x="5" y="30">{words}</text>'
    assert len(png_of(SVG.format(words=text))) > len(png_of(SVG.format(words=""))) + 100
