"""What a pattern looks like, drawn: for the reference, from curves made up for it."""

from __future__ import annotations

import numpy as np

from lossmon.chart.picture import ChartSpec, Curve, Mark, draw
from lossmon.chart.spec import told_in
from lossmon.diagnosis.finding import PatternId
from lossmon.diagnosis.pattern import Draft
from lossmon.diagnosis.patterns import PATTERNS
from lossmon.history.columns import Floats, SeriesView
from lossmon.words import ENGLISH, Words, known

_N = 240


def draft() -> Draft:
    """What the pictures are drawn of: a usual fall, and noise."""
    t = np.arange(1, _N + 1) / _N
    return Draft(t, np.random.default_rng(7).normal(0, 1, _N), 0.4 + 1.8 * np.exp(-6 * t))


def sketch(
    pattern: PatternId, width: int, height: int, *, ascii: bool = False, words: Words = ENGLISH
) -> str:
    """A small picture of a pattern, without numbers on its axes; "" where it has none.

    Args:
        pattern: its identifier.
        width: in cells.
        height: in cells.
        ascii: with ASCII signs only.
        words: the language of its labels.
    """
    example = PATTERNS[pattern].example
    if example is None:
        return ""
    made, onset = example(draft())
    curves = tuple(
        Curve(known(label), "train", _view(label, values), guide=label.startswith("ln"))
        for label, values in made.items()
    )
    marks = (Mark(int(onset * _N), "mark_info", ""),) if onset is not None else ()
    picture = draw(told_in(ChartSpec(curves, width, height, marks, ascii=ascii), words))
    axis = {"├", "┤", "│", "|", "+", "└"}
    rows = []
    for row in picture.rows[: height - 2]:
        text = "".join(span.text for span in row)
        cut = next((i for i, char in enumerate(text[:12]) if char in axis), 0)
        rows.append((("|" if ascii else "│") + text[cut + 1 :]).rstrip())
    return "\n".join(rows)


def _view(label: str, values: Floats) -> SeriesView:
    return SeriesView(label, "other", np.arange(1, _N + 1), values, None, None)
