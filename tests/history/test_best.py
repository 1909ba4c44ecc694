"""The best evaluation is one that was logged, however long the run and however it was resumed."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from lossmon.formats.lexicon import role
from lossmon.history.best import Best
from lossmon.history.run import History

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
