"""`lossmon check` on the machine of a training: its GPU, and that its process lives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from lossmon.logs import writers
from lossmon.monitor.whole import read_targets
from lossmon.report.machine import look_at_machine
from tests.conftest import falling, training_rows, write_jsonl

HOLD = "import sys, time\nlog = open(sys.argv[1], 'a')\nprint(flush=True)\ntime.sleep(600)"


@pytest.fixture
def tool(tmp_path: Path) -> Path:
    """A stand-in for nvidia-smi that notes when it is called."""
    path = tmp_path / "bin" / "nvidia-smi"
    path.parent.mkdir()
    path.write_text(
        f"#!/bin/sh\necho called >> {tmp_path}/calls\necho 0, GPU-1, 3, 72704, 81559, 41, 98.12, H100\n"
    )
    path.chmod(0o755)
    return path


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Path]:
    """A log with a plan that a living process holds, and that was silent for an hour."""
    log = tmp_path / "run" / "trainer_log.jsonl"
    rows = training_rows(falling(40), every=1)
    write_jsonl(log, [{**row, "current_steps": row["step"], "total_steps": 300} for row in rows])
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(log)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    os.utime(log, (time.time() - 3600,) * 2)
    yield log
    process.kill()
    process.communicate()


def check(tool: Path, *arguments: object) -> str:
    return subprocess.run(
        [sys.executable, "-m", "lossmon", "check", *map(str, arguments)],
        env=os.environ | {"PATH": f"{tool.parent}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_of_a_stalled_run_it_says_that_its_process_lives(tool: Path, held: Path) -> None:
    table = check(tool, held.parent)
    assert "STALLED" in table
    assert "its process lives; GPU 3 % 71 GB" in table
    (run,) = map(json.loads, check(tool, held.parent, "--json").splitlines())
    assert run["writer"] is True
    assert run["gpus"][0]["power"] == 98.12


def test_its_one_look_reaches_every_process(held: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It had the 20 ms of a look that others follow: of a busy machine's processes it saw some."""
    monkeypatch.setattr(writers.os, "listdir", partial(slowly, os.listdir))
    (update,) = look_at_machine(read_targets([str(held)]).updates, time.time())
    assert update.writer is True


def slowly(listed: Callable[[str], list[str]], folder: str) -> list[str]:
    """What is there, and the machine was busy."""
    time.sleep(0.001)
    return listed(folder)


def test_for_runs_that_ended_no_tool_is_started(tool: Path, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "old" / "log.jsonl", training_rows(falling(40)))
    os.utime(tmp_path / "old" / "log.jsonl", (1.6e9, 1.6e9))
    (run,) = map(json.loads, check(tool, tmp_path / "old", "--json").splitlines())
    assert (run["writer"], run["gpus"]) == (None, [])
    assert not (tmp_path / "calls").exists()


PIPED = {
    "a plan that is not done": ("step {i}/100 loss {loss}\n", "", "silent"),
    "no plan": ("step {i} loss {loss}\n", "", "silent"),
    "an end that it tells": ("step {i} loss {loss}\n", "Training completed\n", "finished"),
    "a failure": (
        "step {i}/100 loss {loss}\n",
        "Traceback (most recent call last):\nValueError: no\n",
        "failed",
    ),
}


@pytest.mark.parametrize(("row", "end", "state"), PIPED.values(), ids=PIPED)
def test_what_came_through_a_pipe_that_is_closed_goes_on_no_more(
    row: str, end: str, state: str
) -> None:
    rows = [row.format(i=i, loss=loss) for i, loss in enumerate(falling(40), 1)]
    done = subprocess.run(
        [sys.executable, "-m", "lossmon", "check", "--json", "-"],
        input="".join(rows) + end,
        capture_output=True,
        text=True,
        check=False,
    )
    assert json.loads(done.stdout)["state"] == state
