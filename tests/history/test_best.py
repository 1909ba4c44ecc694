"""The best evaluation is one that was logged, however long the run and however it was resumed."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.formats.lexicon import role
from lossmon.history.best import Best
from lossmon.history.run import History
from lossmon.history.summary import Summary

_VALUE = st.sampled_from([0.5, 1.0, 1.5, 2.0, -1.0, math.nan, math.inf, -math.inf])
_ROW = st.tuples(st.integers(0, 30), _VALUE)


@given(rows=st.lists(_ROW, min_size=1, max_size=60), first=st.none() | st.integers(0, 30),
       before=st.integers(0, 31), ask=st.integers(1, 7))  # fmt: skip
def test_it_is_the_lowest_of_what_counts(
    rows: list[tuple[int, float]], first: int | None, before: int, ask: int
) -> None:
    history = History(role)
    for at, (step, value) in enumerate(rows):
        history.append({"eval_loss": value}, step=step)
        if at % ask == 0:  # asked in between or not: that changes nothing
            history.lows("eval_loss", first)
    view = history.series["eval_loss"].kept()
    points = [
        (value, place, step)
        for place, (step, value) in enumerate(zip(view.step, view.value, strict=True))
        if math.isfinite(value) and step >= (first or 0)
    ]
    lows = history.lows("eval_loss", first)
    assert lows is not None
    for until in (before, math.inf):
        value, _, step = min((one for one in points if one[2] < until), default=(0.0, 0, -1))
        assert lows.before(until) == (None if step < 0 else Best("eval_loss", step, value))


def test_a_new_stage_has_its_own() -> None:
    history = History(role)
    for stage, values in (("pretrain", (3.0, 0.5)), ("tune", (2.0, 1.0, 1.5))):
        for step, value in enumerate(values, 1):
            history.append({"eval_loss": value}, step=step, stage=stage)
    lows = history.lows("eval_loss")
    assert lows is not None
    assert lows.newest is not None
    assert lows.newest.value == 1.0


@pytest.mark.parametrize("ask", range(1, 6))
def test_what_turns_out_to_be_written_twice_does_not_count_though_one_has_asked(ask: int) -> None:
    """Of two ranks the second's lower values were the best for good, where that was asked early."""
    history, summary = History(role), Summary()
    rows = [(1, 3.0), (1, 0.1), (2, 2.0), (2, 9.0), (3, 2.5), (3, math.nan)]
    for at, (step, value) in enumerate(rows, 1):
        history.append({"eval_loss": value}, step=step)
        if at == ask:
            history.lows("eval_loss")
            summary.catch_up(history.series["eval_loss"])
    lows = history.lows("eval_loss")
    assert lows is not None
    assert lows.newest == Best("eval_loss", 2, 2.0)
    assert summary.catch_up(history.series["eval_loss"]).mean.tolist() == [3.0, 2.0, 2.5]


def test_a_summary_that_has_folded_a_row_forgets_it_where_rows_are_written_twice() -> None:
    history, summary = History(role), Summary()
    rows = [(1, math.nan), (1, 0.1), (2, 2.0), (2, 9.0), (3, 2.5), (3, 9.0), (4, 2.4), (4, 9.0)]
    for at, (step, value) in enumerate(rows, 1):
        history.append({"loss": value}, step=step)
        if at in (2, len(rows)):
            sketch = summary.catch_up(history.series["loss"])
    assert (sketch.mean.tolist(), sketch.nonfinite) == ([2.0, 2.5, 2.4], 1)
