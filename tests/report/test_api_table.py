"""What each argument of a Python call does, and what is told beside the answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import lossmon
from tests.conftest import falling, training_rows, write_jsonl

LOSS = falling(60)


@pytest.mark.parametrize(
    ("given", "state", "total"),
    [
        ({"train_loss": LOSS}, "finished", None),
        ({"train_loss": LOSS, "total_steps": 60}, "finished", 60),
        ({"train_loss": LOSS, "total_steps": 1}, "running", 1),
        ({"train_loss": LOSS, "total_steps": 600}, "running", 600),
        ({"eval_loss": LOSS}, "finished", None),
    ],
    ids=[
        "no plan",
        "its plan is done",
        "past its plan",
        "a tenth of its plan",
        "evaluations alone",
    ],
)
def test_curves_in_memory_are_a_run_that_ended_unless_a_plan_says_more(
    given: dict[str, Any], state: str, total: int | None
) -> None:
    update = lossmon.diagnose(**given).update
    assert (update.state, update.total_steps, update.step) == (state, total, 60)
    assert update.diagnosis.train is not None or update.eval == "eval_loss"


def test_a_curve_in_memory_is_judged_by_all_its_points() -> None:
    """A look between two points left the newest ones out, and said that it was too early."""
    told = {
        one.pattern: str(one.evidence) for one in lossmon.diagnose(train_loss=LOSS[:25]).findings
    }
    assert set(told) == {"healthy", "finished"}
    assert told["healthy"].startswith("fell from 1.561 to 0.81 (48%)")


@pytest.mark.parametrize(
    ("runs", "says"),
    [
        (2, r"holds 2 runs (a, b); name one"),
        (3, r"holds 3 runs (a, b, c); name one"),
        (4, r"holds 4 runs (a, b, c, ...); name one"),
    ],
)
def test_three_runs_of_many_are_named(runs: int, says: str) -> None:
    frame = pd.concat(
        pd.DataFrame({"run": name, "step": range(20), "loss": falling(20)})
        for name in "abcd"[:runs]
    )
    with pytest.raises(lossmon.TargetError) as told:
        lossmon.diagnose(frame)
    assert says in str(told.value)


def test_rows_of_what_was_read_are_numbered_and_what_is_left_out_is_told_to_the_caller(
    tmp_path: Path,
) -> None:
    """2,000 metrics are kept of a run."""
    row = {f"m{i}": 1.0 for i in range(2100)}
    log = write_jsonl(tmp_path / "log.jsonl", [{"step": i, "loss": 2.0, **row} for i in (1, 2)])
    with pytest.warns(UserWarning, match="2,000") as told:
        frame = lossmon.read(log)
    assert [one.filename for one in told if one.category is UserWarning] == [__file__]
    assert frame.metric.nunique() == 2000
    assert frame.index.tolist() == list(range(4000))


@pytest.mark.parametrize(
    "call", [lossmon.read, lossmon.diagnose, lossmon.diagnose_all], ids=lambda one: one.__name__
)
def test_settings_are_the_affair_of_who_asks_for_them(
    call: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").write_text("no toml at all")
    monkeypatch.setenv("LOSSMON_CONFIG", str(tmp_path / "config.toml"))
    log = write_jsonl(tmp_path / "log.jsonl", training_rows(falling(30)))
    call(log)
    with pytest.raises(lossmon.ConfigError):
        call(log, config=True)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_value_of_the_long_form_that_is_no_number_was_logged_so(
    tmp_path: Path, bad: float
) -> None:
    path = tmp_path / "m.jsonl"
    rows = [{"step": s, "loss": 2 - s / 100 if s < 81 else bad, "lr": 0.1} for s in range(100)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    frame = lossmon.read(path)
    of_frame, of_path = (
        [one.pattern for one in lossmon.diagnose(one).findings if one.pattern != "finished"]
        for one in (frame, path)
    )
    assert of_frame == of_path
    assert "diverged" in of_frame
    for shuffled in (frame.iloc[::-1], frame.astype({"value": object})):
        assert "diverged" in [one.pattern for one in lossmon.diagnose(shuffled).findings]


def test_what_the_long_form_leaves_out_is_no_row() -> None:
    loss = [2 - s / 100 if s % 2 else None for s in range(100)]
    frame = pd.DataFrame({"metric": "loss", "step": range(100), "value": pd.array(loss, "object")})
    assert "diverged" not in [one.pattern for one in lossmon.diagnose(frame).findings]
