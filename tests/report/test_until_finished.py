"""What `watch --until finished` says of runs that ended, and of those of which nobody knows."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from lossmon.cli import cli
from tests.diagnosis.curves import rebound

ROWS = "".join(f"step {i} loss {3 - i / 100}\n" for i in range(200))
SICK = "".join(f"step {i} loss {loss}\n" for i, loss in enumerate(rebound().tolist(), 1))
FAILED = 'Traceback (most recent call last):\n  File "t.py", line 1, in <module>\nValueError: no\n'
SILENT = "a.log is silent, and its log does not say that it finished"


@pytest.mark.parametrize(
    ("logs", "args", "status", "says"),
    [
        pytest.param([ROWS], [], 3, SILENT, id="killed, neither plan nor end"),
        pytest.param([ROWS + "Training finished.\n"], [], 0, "", id="its log says that it ended"),
        pytest.param([ROWS + FAILED], [], 0, "", id="its log says that it failed"),
        pytest.param([ROWS.replace(" loss", "/199 loss")], [], 0, "", id="as far as planned"),
        pytest.param(
            [ROWS, ROWS + "Training finished.\n"], [], 3, SILENT, id="one of two does not say"
        ),
        pytest.param(
            [ROWS, ROWS],
            [],
            3,
            "a.log and 1 more are silent, and their logs do not say that they finished",
            id="neither of two says",
        ),
        pytest.param(
            [SICK], ["--fail-on", "info"], 1, SILENT, id="a finding goes before what is not known"
        ),
    ],
)
def test_status_of_logs_that_are_at_rest(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    logs: list[str],
    args: list[str],
    status: int,
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    names = ["a.log", "b.log"][: len(logs)]
    for name, text in zip(names, logs, strict=True):
        Path(name).write_text(text)
        os.utime(name, (time.time() - 7200,) * 2)
    done = CliRunner().invoke(cli, ["watch", "--until", "finished", *args, *names])
    assert done.exit_code == status
    assert done.stderr == (f"lossmon: {says}\n" if says else "")
