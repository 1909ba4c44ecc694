"""Since when and in how many rows something holds is counted over all rows that the log has."""

from __future__ import annotations

import math
import re

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as some

from lossmon.diagnosis import facts
from lossmon.diagnosis.engine import Engine
from lossmon.diagnosis.finding import Finding
from lossmon.formats.lexicon import role
from lossmon.history.run import History
from lossmon.history.summary import Summary

Blocks = list[tuple[float, int]]
Back = tuple[float, int] | None

BAD = (math.nan, math.inf, -math.inf)
VALUES = some.sampled_from((*BAD, 2.0, 2.0, 0.0, 0.5, 1.25))
# Blocks of one value, so that a few of them are longer than what a summary keeps or does not merge.
BLOCKS = some.lists(
    some.tuples(VALUES, some.sampled_from((1, 2, 5, 300, 900))), min_size=1, max_size=4
)
# From which row on, and how far, the run goes back to an earlier step and logs it again.
GOES_BACK = some.none() | some.tuples(some.floats(0.1, 0.9), some.integers(1, 400))


def rows_of(blocks: Blocks, back: Back, first: int) -> list[tuple[int, float]]:
    """(step, value) in log order."""
    values = [value for value, times in blocks for _ in range(times)]
    at = len(values) if back is None else max(1, int(back[0] * len(values)))
    behind = 0 if back is None else min(back[1], at)
    return [(10 * (first + i - behind * (i >= at)), value) for i, value in enumerate(values)]


def history_of(rows: list[tuple[int, float]]) -> History:
    history = History(role)
    for step, value in rows:
        history.append({"loss": value}, step=step)
    return history


@settings(max_examples=50)
@given(BLOCKS, GOES_BACK, some.integers(0, 5000))
def test_a_stretch_is_counted_in_all_rows(blocks: Blocks, back: Back, first: int) -> None:
    rows = rows_of(blocks, back, first)
    sketch = Summary().catch_up(history_of(rows).series["loss"])
    holds = [not math.isfinite(value) for _, value in rows]
    found = facts.broken(sketch)
    if not holds[-1]:
        assert found is None
        holds = [value == rows[-1][1] for _, value in rows]
        found = facts.same(sketch)
    count = next((i for i, one in enumerate(reversed(holds)) if not one), len(rows))
    assert found is not None
    assert (found.since, found.rows, found.of) == (rows[-count][0], count, len(rows))


def told(finding: Finding) -> tuple[int, int, int]:
    """(since, k, n) as a person reads them."""
    numbers = re.findall(r"step ([\d,]+); ([\d,]+) of ([\d,]+)", finding.evidence)
    since, k, n = (int(number.replace(",", "")) for number in numbers[0])
    return since, k, n


@settings(max_examples=40)
@given(BLOCKS, GOES_BACK, some.integers(0, 5000), some.booleans())
def test_a_loss_that_is_no_number_is_told_with_what_the_log_holds(
    blocks: Blocks, back: Back, first: int, ended: bool
) -> None:
    rows = rows_of([*blocks, (math.nan, 3)], back, first)
    history, engine, chosen = History(role), Engine(), {"train_loss": "loss"}
    for i, (step, value) in enumerate(rows):
        history.append({"loss": value}, step=step)
        if i % 50 == 0 or i > len(rows) - 20:
            engine.observe(history, chosen)
    finding = engine.conclude(history, chosen, ended).findings[0]
    assert finding.pattern == "diverged"
    since, k, n = told(finding)
    bad = [not math.isfinite(value) for _, value in rows]
    assert (k, n) == (sum(bad), len(rows))
    assert since == finding.since_step
    begins = [at for at, (step, _) in enumerate(rows) if bad[at] and step == since]
    assert begins, "a bad row's own step"
    # No long stretch of good rows lies between it and the end, and none of the rows before it,
    # unless good ones lie between, is bad.
    longest = max(3.0, 0.02 * n, 3 * n / k if k >= 4 else 0)
    places = np.flatnonzero(bad)
    assert any(
        np.all(np.diff(places[places >= at]) <= longest)
        and (at == places[0] or at - places[places < at][-1] > longest)
        for at in begins
    )


@settings(max_examples=20)
@given(BLOCKS)
def test_a_run_on_several_stages_is_counted_as_one(blocks: Blocks) -> None:
    """Iterations that begin anew: NaN in all rows is so since the first, of whatever stage."""
    history = History(role)
    rows = sum(times for _, times in blocks)
    for i in range(rows):
        history.append({"loss": math.nan}, step=i % 7, stage=str(i // 7))
    series = history.series["loss"]
    found = facts.broken(Summary().catch_up(series))
    assert found is not None
    assert (found.since, found.rows, found.of) == (0, rows, rows)


def test_a_curve_that_begins_with_many_rows_of_no_number_is_judged() -> None:
    """Its start is that of the first rows that are numbers: it was 0, by which it was divided."""
    history, engine = History(role), Engine()
    for i in range(400):
        history.append({"loss": math.nan if i < 100 else 2.0 + 0.01 * (i % 3)}, step=i)
    assert engine.conclude(history, {"train_loss": "loss"}, True).findings
