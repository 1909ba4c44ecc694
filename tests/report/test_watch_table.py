"""How `lossmon watch` goes on and ends, here and not in a process of its own."""

from __future__ import annotations

import io
import math
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lossmon.monitor import Monitor
from lossmon.report.ending import NUMBERS
from lossmon.report.headless import UNFINISHED, watch
from lossmon.report.watch import Wanted, Watch
from tests.conftest import falling, training_rows, write_jsonl
from tests.monitor.scripted import Scripted, data, event, link

SICK = [*falling(40), *[math.nan] * 20]


@pytest.fixture
def handlers() -> Iterator[None]:
    """Whoever hears of signals afterwards is who did before."""
    before = {number: signal.getsignal(number) for number in NUMBERS}
    yield
    signal.set_wakeup_fd(-1)
    for number, handler in before.items():
        signal.signal(number, handler)


def finished(folder: Path, name: str, losses: list[float]) -> None:
    rows = [{**row, "max_steps": 10 * len(losses)} for row in training_rows(losses)]
    write_jsonl(folder / name / "log.jsonl", rows)


def silent(folder: Path, name: str) -> None:
    log = write_jsonl(folder / name / "log.jsonl", training_rows(falling(60)))
    os.utime(log, (time.time() - 9e5,) * 2)


def ended(folder: Path, **asked: Any) -> tuple[int, list[str]]:
    """The status of a watch until all has ended, and what it complained of."""
    complained: list[str] = []
    usual: dict[str, Any] = {
        "as_json": False,
        "command": None,
        "exec_timeout": 5.0,
        "level": "info",
    }
    usual |= {"patterns": (), "until": "finished", "fail_on": "never", "lang": "en"}
    return watch([str(folder)], complained.append, **{**usual, **asked}), complained


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize(
    ("fail_on", "status"), [("never", 0), ("info", 1), ("warning", 1), ("critical", 1)]
)
def test_its_status_is_what_it_was_asked_to_fail_on(
    tmp_path: Path, fail_on: str, status: int
) -> None:
    finished(tmp_path, "well", falling(60))
    finished(tmp_path, "sick", SICK)
    assert ended(tmp_path, fail_on=fail_on) == (status, [])


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize(("fail_on", "status"), [("info", 1), ("warning", 0), ("critical", 0)])
def test_what_is_well_fails_for_nobody_who_asks_for_trouble(
    tmp_path: Path, fail_on: str, status: int
) -> None:
    finished(tmp_path, "well", falling(60))
    assert ended(tmp_path, fail_on=fail_on) == (status, [])


@pytest.mark.usefixtures("handlers")
def test_of_what_fell_silent_it_says_that_nothing_tells_its_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finished(tmp_path, "done", falling(60))
    silent(tmp_path, "b")
    name = f"{tmp_path.name}/b"
    says = f"{name} is silent, and its log does not say that it finished"
    assert ended(tmp_path) == (UNFINISHED, [says])
    assert ended(tmp_path, fail_on="info") == (1, [says]), "which weighs more"
    silent(tmp_path, "a")
    silent(tmp_path, "c")
    says = f"{tmp_path.name}/a and 2 more are silent, and their logs do not say that they finished"
    assert ended(tmp_path) == (UNFINISHED, [says])
    assert capsys.readouterr().out.count("=") >= 3, "what holds is told"


@pytest.mark.usefixtures("handlers")
def test_only_what_is_wanted_is_told_and_no_command_is_run_of_what_held_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    finished(tmp_path / "runs", "sick", SICK)
    finished(tmp_path / "runs", "well", falling(60))
    ended(tmp_path / "runs", level="critical", command="touch ran")
    (line,) = capsys.readouterr().out.splitlines()
    assert "sick" in line
    assert "critical DIVERGED since step 410" in line
    ended(tmp_path / "runs", patterns=("healthy",), as_json=True)
    (line,) = capsys.readouterr().out.splitlines()
    assert '"pattern":"healthy"' in line.replace(" ", "")
    assert not (tmp_path / "ran").exists()


@pytest.mark.usefixtures("handlers")
def test_a_signal_ends_it_with_its_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes while the first line is written."""

    class Out(io.StringIO):
        def write(self, text: str) -> int:
            signal.raise_signal(signal.SIGUSR1)
            return len(text)

    monkeypatch.setattr(sys, "stdout", Out())
    silent(tmp_path, "a")
    assert ended(tmp_path, until=None, fail_on="info") == (128 + signal.SIGUSR1, [])


# -- from poll to poll -----------------------------------------------------------------------------


class After:
    """An ending that comes when it was asked for so many times."""

    def __init__(self, times: int) -> None:
        self._left = times

    def __bool__(self) -> bool:
        self._left -= 1
        return self._left < 0


def followed(source: Scripted, wanted: Wanted, times: int = 60) -> tuple[Any, list[str], list[str]]:
    """What it ends with, its lines and what it complained of."""
    out, complained = io.StringIO(), list[str]()
    monitor = Monitor([source], ["gpu1:/runs" if source.name else "/runs"])
    watching = Watch(
        monitor, out, lambda one: f"{one.event} {one.finding.pattern} {one.update.run}", wanted,
        complain=complained.append, ending=After(times),  # type: ignore[arg-type]
    )  # fmt: skip
    return watching.run(), out.getvalue().splitlines(), complained


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two looks."""
    monkeypatch.setattr(time, "sleep", lambda _: None)


@pytest.mark.usefixtures("no_pause")
def test_what_is_wrong_with_a_link_is_said_once_and_when_it_is_over() -> None:
    polls = [
        [link("connecting")],
        [link("retrying", "no route")],
        [link("retrying", "no route to host")],
        [link("connecting")],
        [link("needs_password", "asks for one")],
        [link("gone")],
        [link("live")],
        [link("live", "slow")],
    ]
    told, lines, complained = followed(Scripted(*polls, name="gpu1"), Wanted())
    assert (told, lines) == (None, [])
    assert complained == [
        "gpu1 retrying: no route",
        "gpu1 needs password: asks for one",
        "gpu1 gone",
        "gpu1 live again",
    ]


@pytest.mark.usefixtures("no_pause")
def test_who_waits_for_the_end_waits_for_the_runs_that_are_there() -> None:
    over = [{**row, "max_steps": 600} for row in training_rows(SICK)]
    now = time.time()
    polls = [
        [data("/runs/a/log.jsonl", training_rows(falling(30)), at=now)],
        [data("/runs/b/log.jsonl", over, at=now)],
        [event("/runs/a/log.jsonl", "forgotten")],
    ]
    told, lines, _ = followed(Scripted(*polls), Wanted(until="finished"))
    assert told == "critical"
    assert "started diverged runs/b" in lines
    assert followed(Scripted(*polls), Wanted())[0] is None, "without end it is told to"


@pytest.mark.usefixtures("no_pause")
def test_where_nothing_was_read_nothing_has_ended() -> None:
    assert followed(Scripted(), Wanted(until="finished"), 9)[0] is None
