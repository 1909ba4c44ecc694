"""The Python calls."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import lossmon
from tests.conftest import falling, training_rows, write_jsonl
from tests.diagnosis.curves import evaluations


def test_read_gives_every_point_in_long_form(tmp_path: Path) -> None:
    rows = [*training_rows(falling(5)), {"step": 50, "eval_loss": float("nan"), "epoch": 0.5}]
    frame = lossmon.read(write_jsonl(tmp_path / "log.jsonl", rows))
    assert list(frame.columns) == ["run", "metric", "step", "epoch", "time", "value"]
    assert frame.step.dtype == np.int64
    assert frame.query("metric == 'loss'").value.tolist() == falling(5)
    assert frame.query("metric == 'eval_loss'").epoch.tolist() == [0.5]
    assert frame.query("metric == 'eval_loss'").value.isna().all(), "NaN is data"


def test_read_keeps_what_a_resumed_run_logged_twice(tmp_path: Path) -> None:
    rows = training_rows([3.0, 2.0, 1.0]) + training_rows([2.5, 1.5])
    frame = lossmon.read(write_jsonl(tmp_path / "log.jsonl", rows))
    assert frame.step.tolist() == [10, 20, 30, 10, 20]


def test_diagnose_takes_a_path_arrays_or_a_frame(tmp_path: Path) -> None:
    train, evals = evaluations("overfitting")
    steps = np.arange(1, len(train) + 1)
    every = len(train) // len(evals)
    by_arrays = lossmon.diagnose(
        step=steps, train_loss=train, eval_loss=evals, eval_step=steps[every - 1 :: every]
    )
    sparse = np.full(len(train), np.nan)
    sparse[every - 1 :: every] = evals
    by_sparse = lossmon.diagnose(train_loss=train, eval_loss=sparse)
    frame = pd.DataFrame({"step": steps, "loss": train, "eval_loss": sparse})
    by_frame = lossmon.diagnose(frame)
    rows = frame.to_dict("records")
    rows = [{k: v for k, v in row.items() if v == v} for row in rows]
    by_path = lossmon.diagnose(write_jsonl(tmp_path / "log.jsonl", rows))
    by_long = lossmon.diagnose(lossmon.read(tmp_path / "log.jsonl"))
    for report in (by_arrays, by_sparse, by_frame, by_path, by_long):
        assert report.pair == "overfitting"
        assert report.findings[0].pattern == "overfitting"
        assert report.as_dict()["pair"] == "overfitting"
        assert "OVERFITTING" in str(report)


def test_several_runs_are_named(tmp_path: Path) -> None:
    for name in "ab":
        write_jsonl(tmp_path / name / "log.jsonl", training_rows(falling(30)))
    with pytest.raises(lossmon.TargetError, match="diagnose_all"):
        lossmon.diagnose(tmp_path)
    assert len(lossmon.diagnose_all(tmp_path)) == 2


def test_errors_say_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(lossmon.TargetError, match="no such file"):
        lossmon.read(tmp_path / "missing")
    (tmp_path / "x.bin").write_bytes(b"\x00" * 100)
    with pytest.raises(lossmon.FormatError, match="binary"):
        lossmon.diagnose(tmp_path / "x.bin")
    with pytest.raises(lossmon.TargetError, match="3 values for 2 steps"):
        lossmon.diagnose(step=[1, 2], train_loss=[1, 2, 3])
    with pytest.raises(lossmon.TargetError, match="nothing to diagnose"):
        lossmon.diagnose()
