"""What is said of a log is so: claims that a reader can check by eye, over logs of every kind.

"No eval" beside 25 evaluations, "row by row" of rows that went up and down, "7 points" beside eight
rows, a score that "went on from 0.55 to 0.54": each was a template whose claim nobody had asked of
the log. Here rows are drawn, and each sentence with such a claim is held against them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from lossmon.diagnosis.finding import Diagnosis
from lossmon.diagnosis.knowledge import load
from lossmon.diagnosis.measures import is_held_out
from lossmon.diagnosis.patterns import PATTERNS
from tests.diagnosis.test_few_rows import judged

Columns = dict[str, list[float]]
EN = load("en")
NUMBER = r"(-?[\d,.]+(?:e[+-]?\d+)?)"


def told(diagnosis: Diagnosis) -> Iterator[str]:
    """All sentences about the log: what is seen, and why a cause is named."""
    for finding in diagnosis.findings:
        yield EN.say(finding.evidence)
        yield from (EN.say(cause.why) for cause in finding.causes if cause.why)


def numbers(pattern: str, text: str) -> list[float]:
    """The numbers of a claim; none where it is not made."""
    found = re.search(pattern, text)
    return (
        [] if found is None else [float(one.strip(".,").replace(",", "")) for one in found.groups()]
    )


def is_near(value: float, rows: list[float]) -> bool:
    """As it is printed, with four digits."""
    return any(abs(value - one) <= 6e-4 * max(abs(one), abs(value), 1e-12) for one in rows)


def check(text: str, columns: Columns) -> None:
    """Hold one sentence against the rows."""
    everything = [value for column in columns.values() for value in column]
    n = len(columns["loss"])
    if claim := numbers(rf"^{NUMBER} points; {NUMBER} more", text):
        assert claim[0] == n
    if claim := numbers(rf"(?:in all|each of) {NUMBER} rows", text):
        assert claim[0] <= n
    if claim := numbers(rf"went on from {NUMBER} to {NUMBER}", text):
        assert claim[0] != claim[1]
    if claim := numbers(rf"went from {NUMBER} to {NUMBER} from step {NUMBER} on, row by row", text):
        assert any(
            (np.diff(column[int(claim[2]) - 1 :]) > 0).all() for column in columns.values()
        ), text
    if claim := numbers(rf"went from {NUMBER} to {NUMBER}, row by row", text):
        assert any((np.diff(column) > 0).all() for column in columns.values()), text
    if n < 20:  # of more rows levels are medians of many
        for pattern in (
            rf"the loss went from {NUMBER} to {NUMBER}$",
            rf"is {NUMBER} in the first row and {NUMBER} now",
            rf"stays between {NUMBER} and {NUMBER} while",
            rf"leaps between {NUMBER} and {NUMBER}, by",
        ):
            for value in numbers(pattern, text):
                assert is_near(value, everything), text
    if "no eval" in text:
        assert not any(map(is_held_out, columns)), text


def check_as_it_grew(text: str, columns: Columns) -> None:
    """While a run goes on a finding stands for three looks: then it was so some rows ago."""
    n = len(columns["loss"])
    for rows in (n, n - 1, n - 2, n - 3):
        try:
            return check(text, {name: column[:rows] for name, column in columns.items()})
        except AssertionError:
            if rows <= max(1, n - 3) or "points;" in text:
                raise
    return None


def unjudged(diagnosis: Diagnosis, columns: Columns) -> None:
    """What is not there is said not to have been read, and only then."""
    text = EN.not_judged(diagnosis.unjudged)
    assert ("no eval was read" in text) == (
        not any(map(is_held_out, columns)) and "over-fitting" in text
    )
    assert "no eval:" not in text
    if "grad_norm" in columns and np.isfinite(columns["grad_norm"]).any():
        assert "grad norm" not in text
    if any(one.pattern == "overfitting" for one in diagnosis.findings):
        assert "over-fitting" not in text


@some.composite
def shapes(draw: some.DrawFn) -> list[float]:
    """A curve of a few rows: a level, a slope, a bend, steps and noise."""
    n = draw(some.integers(3, 30))
    t = np.linspace(0, 1, n)
    dice = np.random.default_rng(draw(some.integers(0, 2**16)))
    level = draw(some.sampled_from((0.05, 0.693147, 1.0, 2.302585, 6.9)))
    slope, bend = draw(some.floats(-0.9, 3)), draw(some.floats(-2, 2))
    noise = draw(some.sampled_from((0.0, 0.01, 0.2, 0.6)))
    jump = draw(some.sampled_from((0.0, 0.0, 1.0, 5.0, 400.0)))
    at = draw(some.floats(0.2, 0.9))
    curve = level * (1 + slope * t + bend * t * (1 - t) + jump * (t > at))
    curve = curve * np.exp(noise * dice.normal(0, 1, n))
    return [float(x) for x in np.maximum(np.round(curve, 6), 1e-6)]


def fitted(values: list[float], n: int) -> list[float]:
    """As many rows as another column has."""
    return [
        float(x) for x in np.interp(np.linspace(0, 1, n), np.linspace(0, 1, len(values)), values)
    ]


NAMES = ("eval_loss", "acc", "val_acc", "val_psnr", "grad_norm", "reward", "eval_ppl")


@settings(max_examples=120, deadline=None)
@given(
    shapes(),
    some.dictionaries(some.sampled_from(NAMES), shapes(), max_size=3),
    some.booleans(),
    some.booleans(),
)
def test_what_is_said_of_a_log_is_so(
    loss: list[float], beside: dict[str, list[float]], ended: bool, epochs: bool
) -> None:
    columns: Columns = {"loss": loss}
    for name, values in beside.items():
        rows = fitted(values, len(loss))
        columns[name] = [min(1.0, one / 10) for one in rows] if "acc" in name else rows
    epoch = {"epoch": [float(i + 1) for i in range(len(loss))]} if epochs else {}
    diagnosis = judged(ended, **columns, **epoch)
    for text in told(diagnosis):
        if ended:
            check(text, columns)
        else:
            check_as_it_grew(text, columns)
    unjudged(diagnosis, columns)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("7 points; 13 more are needed", {"loss": [1.0] * 8}),
        ("loss went from 1 to 3 from step 1 on, row by row", {"loss": [1.0, 3, 2, 3]}),
        ("val_acc went on from 0.5 to 0.5", {"loss": [1.0]}),
        ("0.1 is left of 2 after 3 passes, and no eval was found", {"loss": [1.0], "val_acc": [1]}),
    ],
)
def test_an_untrue_claim_is_found(text: str, columns: Columns) -> None:
    with pytest.raises(AssertionError):
        check(text, columns)


def test_a_typical_cause_claims_nothing_of_the_log() -> None:
    """It is said of logs that give no reason for it: "as the log says" was said of those, too."""
    usual = {cause for one in PATTERNS.values() for cause in one.typical}
    usual |= {c for one in PATTERNS.values() for some in one.typical_of.values() for c in some}
    told = {cause: EN.cause(cause).text for cause in usual}
    assert not {id_: text for id_, text in told.items() if re.search(r"\blog (says|tells)", text)}
