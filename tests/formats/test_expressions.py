"""No expression that sees the text of a log takes longer than in proportion to its length.

All of them are found: those that modules of `lossmon.formats` keep or write out where they use
them, and those that are made from the lines of a log.
"""

from __future__ import annotations

import random
import re
from typing import Any

import pytest

from lossmon.formats import text_shape
from lossmon.formats.text_expression import expression
from tests.formats.expression_work import worst

_MOST_GROWTH = 5.0  # of the work, where the text is four times as long

KNOWN_BAD = (
    r"skip\w*.{0,80}(?:\bnan\b|not finite)",
    r"\n\}\s*\n\s*\{\s*\n",
    r"\|\s*(\d+)/(\d+)\s*\[[^\]]*(?:it/s|s/it)",
    r"'([^']{1,200})'\s*:\s*('[^']*'|\[[^\]]*\]|\w+\([^()]*\)|[^,{}]+)",
    r":::MLLOG\s+(\{.*\})",
    r"(?:\)|=[^;:]*);\s*$",
    r"(?:a|b|ab)*c",
    r"(?:\s*x?)*y",
)


@pytest.mark.parametrize("bad", KNOWN_BAD)
def test_an_expression_known_to_be_slow_is_found(bad: str) -> None:
    assert worst(re.compile(bad), True)[0] > _MOST_GROWTH


@pytest.mark.parametrize(
    "good", [r"(?<!\w)\w+:", r"^\s*\d+/\d+\s", r"[a-z]{1,40}=", r"x(?:ab)+c", r"\[[^\[\]]{0,60}\]"]
)
def test_an_expression_known_to_be_linear_is_not_accused(good: str) -> None:
    growth, attack = worst(re.compile(good), True)
    assert growth < _MOST_GROWTH, attack


# --- expressions made from lines -----------------------------------------------------------------

_PIECES = (
    "|", "-", ",", ";", ":", "=", "/", ".", "+", "[", "]", "(", ")", "#", ">", "%", "--", "..", "±",
    "第", "轮", "❶", "②", "│", " ", "  ", "\t", " - ", " | ", "[====", "|====>....|", "[........] ", "|██▌  | ", "....",
    "7", "0.5", "1e-5", "1,234", "1,234.5", "-3", "nan", "-inf", "12k", "50%", "3/90", "600-620",
    "1.2.3", "10.0.0.1", "2024-05-19 04:54:30", "00:12<01:30", "1 day, 03:00:00", "-:--:--", "?",
    "5ms", "5s/step", "1.2it/s", "3GiB", "v2", "loss_0", "0x7f", "days", "d",
    "step", "loss", "loss=", "loss: ", "lr", "epoch", "epoch ", "acc", "eta", "val", "3epoch",
    "[INFO] ", "[rank0]: ", "main.py:12 ",
)  # fmt: skip


def lines(seed: int, count: int) -> list[str]:
    """Lines that carry a step and a loss, and anything between."""
    rng = random.Random(seed)
    made = []
    for _ in range(count):
        unit = [rng.choice(_PIECES) for _ in range(rng.randint(1, 4))]
        more = "".join(unit) * rng.randint(1, 3) + "".join(rng.choices(_PIECES, k=4))
        place = rng.randrange(4)
        made.append(
            ("step 1 ", f"{more} step 3 ", "2024-05-19 04:54:30,123 - x - INFO - step 1 ", "")[
                place
            ]
            + more
            + rng.choice((" loss 2.5", " loss: 2.5 end", " - loss=2.5 - ", " loss 2.5" + more))
        )
    return made


def made_of(line: str, monkeypatch: pytest.MonkeyPatch) -> tuple[str, text_shape.Shape]:
    """The expression that is made of a line; empty where none is."""
    written: list[str] = []

    def kept(parts: Any) -> str:
        written.append(expression(parts))
        return written[-1]

    monkeypatch.setattr(text_shape, "expression", kept)
    shape = text_shape.learn(line)
    return (written[-1] if written else ""), shape


@pytest.mark.parametrize("seed", range(60))
def test_no_two_ways_lead_through_a_line(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for line in lines(seed, 5):
        written, shape = made_of(line, monkeypatch)
        if not written:
            continue
        growth, attack = worst(re.compile(written), False)
        assert growth < _MOST_GROWTH, (line, written, attack)
        assert shape.match(line), (line, written)
