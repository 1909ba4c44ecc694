"""The demo: real trainings that show their pattern, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest

import lossmon
from lossmon.demo import patterns, stage
from lossmon.demo.train import train
from lossmon.demo.trainings import named
from lossmon.diagnosis.patterns import of_slot
from lossmon.errors import ConfigError
from tests.waiting import PATIENCE_S, wait_until

PATTERNS = [name for name, _ in patterns()]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_each_training_is_diagnosed_as_its_pattern(pattern: str, tmp_path: Path) -> None:
    (tmp_path / pattern).mkdir()
    with warnings.catch_warnings():
        train(pattern, tmp_path / pattern, rows_per_s=0)
    report = lossmon.diagnose(tmp_path / pattern)
    assert pattern in (report.pair if pattern in of_slot("pair") else report.train,)
    assert not report.update.errors
    assert report.update.hparams.values == named(pattern).settings
    told, curve = named(pattern), report.update.series[report.update.train or ""]
    if told.writer != "keras_csv":  # which counts epochs
        assert curve.step.tolist() == list(range(told.every, told.total_steps + 1, told.every))


def children() -> list[str]:
    done = subprocess.run(["ps", "-ewwo", "args"], capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if "lossmon.demo.train" in line]


def gone(folder: Path, timeout_s: float = PATIENCE_S) -> bool:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if not folder.exists() and not any(str(folder) in line for line in children()):
            return True
        time.sleep(0.05)
    return False


def wait_for_logs(folder: Path, count: int) -> None:
    wait_until(lambda: sum(p.is_file() for p in folder.rglob("*")) >= count)


def test_the_children_write_and_end_with_the_stage() -> None:
    with stage(["healthy", "rebound"]) as folder:
        wait_for_logs(folder, 2)
        assert len([line for line in children() if str(folder) in line]) == 2
    assert gone(folder)


def test_an_error_on_the_stage_leaves_nothing_behind() -> None:
    with pytest.raises(ZeroDivisionError), stage(["healthy"]) as folder:  # noqa: PT012
        wait_for_logs(folder, 1)
        raise ZeroDivisionError
    assert gone(folder)


def test_a_killed_parent_leaves_nothing_behind() -> None:
    code = (
        "import time\nfrom lossmon.demo import stage\n"
        "with stage(['healthy', 'plateau']) as folder:\n"
        "    print(folder, flush=True)\n    time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    folder = Path(parent.stdout.readline().strip())
    wait_for_logs(folder, 2)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert gone(folder)


def test_a_child_that_starts_late_makes_no_folder_anew(tmp_path: Path) -> None:
    """It did where its parent was killed as it started, and nobody was left to remove it."""
    with pytest.raises(FileNotFoundError):
        train("healthy", tmp_path / "gone" / "healthy", rows_per_s=0)
    assert not list(tmp_path.iterdir())


def test_an_unknown_pattern_names_those_there_are() -> None:
    with pytest.raises(ConfigError, match="overfitting"), stage(["nonsense"]):
        pass


@pytest.mark.parametrize("pattern", ["overfitting", "healthy", "healthy_pair"])
def test_a_training_with_right_labels_ends_as_it_went(pattern):
    losses = [row.loss for row in named(pattern).run()]
    assert losses[-1] < 2 * max(losses[-20:-1])
