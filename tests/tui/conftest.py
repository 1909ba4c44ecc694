"""Clocks stand still, so that pictures and words are the same at every run."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lossmon.tui.app import LossmonApp
from tests.conftest import falling, training_rows, write_jsonl
from tests.tui.synthetic import NOW, monitor_of, write_runs


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wall clock shows NOW; waiting goes by the monotonic clock."""
    monkeypatch.setattr(time, "time", lambda: NOW)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log that goes on: 200 rows of a plan of 10,000 steps."""
    rows = [{"max_steps": 10_000, **row} for row in training_rows(falling(200))]
    return write_jsonl(tmp_path / "log.jsonl", rows)


@pytest.fixture
def folder(tmp_path: Path, frozen: None) -> Path:
    """A folder with three runs."""
    write_runs(tmp_path / "runs")
    return tmp_path / "runs"


@pytest.fixture
def app(folder: Path) -> Iterator[LossmonApp]:
    """The app on three runs."""
    os.environ.pop("NO_COLOR", None)
    monitor = monitor_of(folder)
    yield LossmonApp(monitor)
    monitor.close()
