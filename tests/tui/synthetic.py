"""Runs for the screen: real monitors on real files, at a clock that stands still."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lossmon.monitor import Monitor, RunUpdate
from lossmon.monitor.sources import open_monitor
from lossmon.monitor.training import Judging
from lossmon.monitor.whole import read_targets
from tests.conftest import falling, training_rows, write_jsonl
from tests.diagnosis import curves

NOW = 1_800_000_000.0


def write_runs(folder: Path) -> None:
    """Three runs: one that overfits, one that rebounds, one that is well."""
    train, evals = curves.evaluations("overfitting")
    rows: list[dict[str, object]] = []
    for i, loss in enumerate(train.tolist(), 1):
        place = {"current_steps": i, "total_steps": 600, "epoch": i / 100}
        rows.append({**place, "loss": loss, "lr": 1e-4, "grad_norm": 0.8})
        if i % 15 == 0:
            rows.append({**place, "eval_loss": float(evals[i // 15 - 1])})
    write_jsonl(folder / "sft-7b" / "trainer_log.jsonl", rows)
    write_jsonl(folder / "rebound" / "log.jsonl", training_rows(curves.rebound().tolist()))
    write_jsonl(folder / "well" / "log.jsonl", training_rows(curves.healthy().tolist()))
    for log in folder.rglob("*.jsonl"):
        os.utime(log, (NOW, NOW))


def monitor_of(folder: Path) -> Monitor:
    """A monitor on these runs, woken by nothing but its own poll."""
    return open_monitor([str(folder)], watch=False)


def read_rows(name: str, rows: list[dict[str, object]]) -> RunUpdate:
    """The update of a run of that name that is read from rows, all at once."""
    with tempfile.TemporaryDirectory() as folder:
        log = write_jsonl(Path(folder) / name / "log.jsonl", rows)
        os.utime(log, (NOW, NOW))
        (update,) = read_targets([str(log)], now=NOW, judging="at the end").updates
    logs = tuple(replace(one, path=f"{name}/log.jsonl") for one in update.logs)
    return replace(update, run=name, location=name, logs=logs)


def update_of(
    log: Path,
    losses: Sequence[float] | None = None,
    every: int = 10,
    judging: Judging = "as it grows",
) -> RunUpdate:
    """The update of one run that is written to a log and read."""
    write_jsonl(log, training_rows(falling(60) if losses is None else losses, every))
    monitor = open_monitor([str(log)], watch=False, judging=judging)
    (update,) = monitor.poll(log.stat().st_mtime)
    monitor.close()
    return update
