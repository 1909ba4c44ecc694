"""One look at the end finds what a hundred looks on the way leave standing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from lossmon.diagnosis.brief import ASKED
from lossmon.diagnosis.knowledge import load
from lossmon.diagnosis.patterns import ORDER
from lossmon.monitor import RunUpdate
from lossmon.monitor.sources import open_monitor
from lossmon.monitor.watch import Monitor
from lossmon.monitor.whole import read_targets, read_whole
from lossmon.report.contract import run_object

RUNS = Path(__file__).parent.parent / "data" / "runs"
NOISE = np.random.default_rng(3).standard_normal(200)
T = np.arange(200) / 200
CURVES = {
    "falls": 0.4 + 2 * np.exp(-5 * T) + 0.01 * NOISE,
    "flat and noisy": 2.3 + 0.3 * NOISE,
    "diverges": 0.4 + 2 * np.exp(-5 * T) + np.exp(18 * np.maximum(0, T - 0.7)) - 1 + 0.01 * NOISE,
    "jumps": 0.4 + 2 * np.exp(-5 * T) + 1.1 * (T > 0.6) + 0.02 * NOISE,
    # At first it climbs too slowly for a rebound: what is told then stands.
    "climbs, then jumps": 1 + np.exp(-40 * T) + 0.6 * T + 1.5 * (T > 0.9) + 0.01 * NOISE,
    "rose and came back": 0.4 + 2 * np.exp(-5 * T) + 1.0 * ((T > 0.4) & (T < 0.6)) + 0.01 * NOISE,
    "swings": 1 + 0.5 * np.sin(60 * T) + 0.02 * NOISE,
}


def told(updates: list[RunUpdate]) -> list[str]:
    """What is said of runs, but for the timeline."""
    objects = [run_object(update, load("en")) for update in updates]
    return [json.dumps({**one, "timeline": None}, sort_keys=True) for one in objects]


def write(path: Path, values: np.ndarray) -> None:
    rows = [json.dumps({"step": i, "loss": float(value)}) for i, value in enumerate(values)]
    path.write_text("\n".join(rows) + "\n")


@pytest.mark.parametrize("name", CURVES)
def test_the_findings_are_the_same(tmp_path, name):
    log = tmp_path / "log.jsonl"
    write(log, CURVES[name])
    grown = told(read_targets([str(log)], 2e9).updates)
    assert told(read_targets([str(log)], 2e9, judging="at the end").updates) == grown
    assert in_brief(log) in (grown, None)


def in_brief(log: Path) -> list[str] | None:
    """What a brief look back tells, which is enough for the end, or None where it is not sure."""
    monitor = open_monitor([str(log)], watch=False, judging="in brief")
    found = told(read_whole(monitor, 2e9))
    again = monitor.doubtful()
    monitor.close()
    assert again in ([], [("as it grows", [str(log)])])
    return None if again else found


def test_of_real_runs_too():
    some = [str(RUNS / name) for name in ("d006_loguru_digits_cnn", "d273_csv_tiny_sin")]
    grown = read_targets(some, 2e9).updates
    assert told(read_targets(some, 2e9, judging="at the end").updates) == told(grown)


def test_a_verdict_that_needs_no_past_reads_its_log_once(tmp_path, monkeypatch):
    opened = []
    begin = Monitor.__init__

    def counted(monitor, *args, **more):
        opened.append(monitor)
        begin(monitor, *args, **more)

    monkeypatch.setattr(Monitor, "__init__", counted)
    write(tmp_path / "a.jsonl", CURVES["falls"])
    write(tmp_path / "b.jsonl", CURVES["diverges"])
    updates = read_targets([str(tmp_path)], 2e9, judging="at the end").updates
    assert (len(updates), len(opened)) == (2, 1)
    write(tmp_path / "c.jsonl", CURVES["swings"])  # when was it seen first?
    read_targets([str(tmp_path)], 2e9, judging="at the end")
    assert len(opened) == 3


@pytest.mark.slow
def test_a_training_that_goes_on_says_what_a_screen_says(tmp_path):
    log = tmp_path / "log.jsonl"
    rows = [
        json.dumps({"step": i, "loss": float(v), "total_steps": 5000})
        for i, v in enumerate(CURVES["jumps"])
    ]
    log.write_text("\n".join(rows) + "\n")
    now = log.stat().st_mtime + 1
    grown = read_targets([str(log)], now).updates
    assert grown[0].state == "running"
    assert told(read_targets([str(log)], now, judging="at the end").updates) == told(grown)


def test_points_alone_come_without_a_judgement(tmp_path):
    log = tmp_path / "log.jsonl"
    write(log, CURVES["diverges"])
    (update,) = read_targets([str(log)], 2e9, judging="never").updates
    assert len(update.logged["loss"]) == 200
    assert [f.pattern for f in update.diagnosis.findings if f.pattern != "finished"] == []


def test_nothing_that_is_not_asked_in_brief_displaces_a_rise():
    """A rise that stands gives way to what is worse alone."""
    for one in ORDER:
        if one.slot == "train" and one.id not in ASKED:
            assert "critical" not in (one.severity, one.supported)
