"""What is kept of a long, broken, resumed, staged run, at each look: as it was approved."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from lossmon.formats.names import role
from lossmon.history.columns import SeriesView
from lossmon.history.run import History
from lossmon.history.summary import Sketch, Summary
from tests import approved

pytestmark = pytest.mark.snapshot
Record = tuple[dict[str, float], "int | None", "float | None", "float | None", str]


def _records(kind: str) -> Iterator[Record]:
    """Some hundred rows; the kind says what is wrong with them."""
    rng = random.Random(kind)
    for i in range(1, 331):
        step: int | None = i
        epoch: float | None = i / 50
        when: float | None = 1e9 + 2.5 * i
        stage = ""
        values = {"loss": round(3 / i**0.5 + rng.random() / 10, 6)}
        if i % 10 == 0:
            values["eval_loss"] = round(abs(150 - i) / 100 + 1, 6)
        if kind == "resumed":
            step = i if i < 120 else i - 40 if i < 250 else i - 90
        elif kind == "doubled":
            step = (i + 1) // 2
        elif kind == "staged":
            step, stage = (i, "one") if i < 150 else (i - 149, "two")
        elif kind == "unplaced":
            step, epoch = None, None if i % 3 else epoch
        elif kind == "broken":
            values["loss"] = (
                float("nan") if i % 37 == 0 else float("inf") if i % 53 == 0 else values["loss"]
            )
            epoch, when = (None, None) if i < 60 else (epoch, when)
        yield values, step, epoch, when, stage


KINDS = ("plain", "resumed", "doubled", "staged", "unplaced", "broken")


@pytest.mark.parametrize("together", [False, True], ids=["one by one", "together"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_history_is_as_approved(kind: str, together: bool) -> None:
    history, lines = History(role), []
    records = list(_records(kind))
    for at in range(0, len(records), 55):
        some = records[at : at + 55]
        if together and at:  # where each metric is known
            history.append_all((*one, "") for one in some)  # type: ignore[arg-type]
        else:
            for values, step, epoch, when, stage in some:
                history.append(values, step, epoch, when, stage)
        lines += [
            f"after {at + len(some)}: step {history.step} epoch {history.epoch} {history.time}"
        ]
        lines += [f"  stages {[tuple(one) for one in history.stages]} dropped {history.dropped}"]
        lines += [f"  from zero {history.counts_from_zero} {history.plan_share}"]
        for name, series in history.series.items():
            told = (series.role, len(series), series.last_step, series.restart_steps)
            lines += [f"  {name} {told} repeats {series.repeats}"]
            lines += [
                f"    {what}: {_view(getattr(series, what)())}" for what in ("view", "rows", "kept")
            ]
            if (lows := history.lows(name)) is not None:
                lines += [f"    best {lows.newest} before 100 {lows.before(100)}"]
    approved.hold("history", kind, "\n".join(lines))


def _view(view: SeriesView) -> str:
    return " ".join(
        f"{one.name}={_sum(getattr(view, one.name))}"
        for one in fields(view)
        if one.name != "source" and getattr(view, one.name) is not None
    )


def _sum(values: Any) -> str:
    """An array in short: how many, the first and the last, the sum of those that are finite."""
    if not isinstance(values, np.ndarray):
        return f"{values:.5g}" if isinstance(values, float) else str(values)
    if not len(values):
        return "[]"
    if values.dtype.kind not in "if":
        return f"[{len(values)} {values[0]}..{values[-1]}]"
    total = float(values[np.isfinite(values)].sum())
    return f"[{len(values)} {values[0]:.5g}..{values[-1]:.5g} {total:.5g}]"


@pytest.mark.parametrize("kind", ["plain", "resumed", "broken"])
def test_a_summary_is_as_approved(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    history, summary, lines = History(role), Summary(), []
    rows = list(_records(kind))
    for turn in range(9):  # more than there are buckets
        for values, step, epoch, when, stage in rows:
            history.append(values, (step or 0) + turn * 240, epoch, when, stage)
        sketch = summary.catch_up(history.series["loss"])
        lines += [f"turn {turn}: {_sketch(sketch)}"]
        lines += [
            f"  since 300: {_sketch(sketch.since(300))}",
            f"  negative: {_sketch(sketch.negative)}",
        ]
    approved.hold("history", f"summary of {kind}", "\n".join(lines))


def _sketch(sketch: Sketch) -> str:
    parts = (one.name for one in fields(sketch) if one.name != "logged")
    return " ".join(f"{name}={_sum(getattr(sketch, name))}" for name in parts)
