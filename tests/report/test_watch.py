"""`lossmon watch`: real processes, real growing files, real commands."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, Queue

import pytest

import lossmon
from lossmon.report.command import AT_ONCE, Commands
from lossmon.report.ending import NUMBERS
from tests.conftest import falling, training_rows, write_jsonl
from tests.diagnosis.curves import rebound
from tests.report.test_cli import run
from tests.waiting import PATIENCE_S, lives, wait_until

SHELL = ("sh", "-c")


class Watching:
    """A `lossmon watch` that runs, and the lines it writes."""

    def __init__(self, *arguments: str | Path, stdin: int = subprocess.DEVNULL, **env: str) -> None:
        root = str(Path(lossmon.__file__).parents[1])
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lossmon", "watch", *map(str, arguments)],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": root, "LC_ALL": "C.UTF-8", **env},
        )
        self._lines: Queue[str] = Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))

    def line(self, fits: Callable[[str], bool], timeout_s: float = PATIENCE_S) -> str:
        """The next line that fits."""
        end = time.monotonic() + timeout_s
        while True:
            try:
                line = self._lines.get(timeout=max(0.01, end - time.monotonic()))
            except Empty:
                raise AssertionError("the line never came") from None
            if fits(line):
                return line

    def rest(self) -> list[str]:
        """What was written and not asked for, once it has ended."""
        self._reader.join(PATIENCE_S)
        return [self._lines.get() for _ in range(self._lines.qsize())]

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE_S)
        for pipe in (self.process.stdin, self.process.stderr):
            if pipe is not None:
                pipe.close()
        self._reader.join(PATIENCE_S)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def watching() -> Iterator[Callable[..., Watching]]:
    started: list[Watching] = []

    def start(*arguments: str | Path, **options: object) -> Watching:
        started.append(Watching(*arguments, **options))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A training that falls well so far."""
    return write_jsonl(tmp_path / "runs" / "sft" / "log.jsonl", training_rows(falling(60)))


def diverge(log: Path, step: int = 610) -> None:
    with log.open("a") as file:
        file.write(f'{{"step": {step}, "loss": NaN}}\n{{"step": {step + 10}, "loss": NaN}}\n')


def test_what_holds_is_told_first_then_what_starts_and_ends(log: Path, watching) -> None:
    watch = watching(log, "--json")
    first = json.loads(watch.line(lambda line: '"healthy"' in line))
    assert first["event"] == "present"
    diverge(log)
    started = json.loads(watch.line(lambda line: '"diverged"' in line))
    assert started["event"] == "started"
    assert started["run"].endswith("log.jsonl")
    assert started["finding"]["severity"] == "critical"
    assert started["finding"]["remedies"]
    assert {"schema", "time", "event", "run", "logs", "state", "step", "total_steps", "finding"} == set(started)  # fmt: skip
    watch.process.send_signal(signal.SIGTERM)
    assert watch.process.wait(PATIENCE_S) == 128 + signal.SIGTERM
    assert all(json.loads(line)["event"] == "ended" for line in watch.rest()), "healthy is over"


def test_a_pipe_without_a_row_is_told_as_check_tells_it(watching) -> None:
    said = []
    for command in ("watch", "check"):
        done = subprocess.run(
            [sys.executable, "-m", "lossmon", command, "-"],
            input=bytes(range(256)) * 400,
            capture_output=True,
            env={**os.environ, "PYTHONPATH": str(Path(lossmon.__file__).parents[1])},
            timeout=PATIENCE_S,
            check=False,
        )
        said.append((done.returncode, done.stdout, done.stderr))
    assert said[0] == said[1] == (2, b"", b"lossmon: -: binary data; name a log file\n")


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGXCPU]
)
def test_a_signal_ends_it_without_a_word(log: Path, watching, number: signal.Signals) -> None:
    watch = watching(log)
    watch.line(lambda line: "Healthy" in line)
    watch.process.send_signal(number)
    assert watch.process.wait(PATIENCE_S) == 128 + number
    assert watch.process.stderr.read() == ""


@pytest.mark.skipif(shutil.which("timeout") is None, reason="no GNU timeout here")
def test_gnu_timeout_which_signals_twice_leaves_no_word(log: Path) -> None:
    root = str(Path(lossmon.__file__).parents[1])
    watched = [
        subprocess.Popen(
            ["timeout", f"{1.5 + i / 10}", sys.executable, "-m", "lossmon", "watch", str(log)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": root},
        )
        for i in range(4)
    ]
    assert [(one.communicate(timeout=PATIENCE_S)[1], one.returncode) for one in watched] == [
        ("", 124)
    ] * 4


def test_signals_without_end_raise_nothing_in_the_middle_of_the_clean_up(
    log: Path, watching
) -> None:
    watch = watching(log, "--exec", "sleep 30")
    watch.line(lambda line: "Healthy" in line)
    diverge(log)
    watch.line(lambda line: "DIVERGED" in line)
    while watch.process.poll() is None:
        for number in NUMBERS:
            watch.process.send_signal(number)
        time.sleep(0.01)
    assert watch.process.returncode in [128 + number for number in NUMBERS]
    assert "Traceback" not in watch.process.stderr.read()


def test_nobody_who_does_not_read_keeps_it_from_ending(
    tmp_path: Path,
) -> None:
    full, here = os.pipe()
    os.set_blocking(here, False)
    try:
        while os.write(here, b"." * 4096):
            pass
    except BlockingIOError:
        os.set_blocking(here, True)
    log = write_jsonl(tmp_path / "log.jsonl", training_rows(falling(60)))
    code = (
        "from lossmon.report import ending; ending.PATIENCE_S = 1.0\n"
        f"import sys; sys.argv = ['lossmon', 'watch', {str(log)!r}]\n"
        "from lossmon.cli import main; main()"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=here)
    os.close(here)
    blocked = Path(f"/proc/{process.pid}/wchan")
    end = time.monotonic() + 30  # some kernels do not tell
    while "pipe" not in blocked.read_text() and time.monotonic() < end:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == 128 + signal.SIGTERM
    os.close(full)


def test_lines_for_people_say_what_since_when_and_what_to_do(log: Path, watching) -> None:
    watch = watching(log)
    watch.line(lambda line: " = " in line and "Healthy" in line)
    diverge(log)
    line = watch.line(lambda line: "DIVERGED" in line)
    assert " + " in line
    assert "since step 610" in line
    assert "; do: " in line


def test_a_pipe_that_ends_is_judged_and_ends_the_watch(watching) -> None:
    watch = watching("-", "--json", "--fail-on", "warning", stdin=subprocess.PIPE)
    for i, loss in enumerate(rebound().tolist(), 1):
        watch.process.stdin.write(f"step {i} loss {loss}\n")
    watch.process.stdin.close()
    assert watch.process.wait(PATIENCE_S) == 1, "--fail-on"
    told = [json.loads(line) for line in watch.rest()]
    assert "rebound" in {event["finding"]["pattern"] for event in told if event["event"] != "ended"}


def test_it_can_end_when_every_run_has(tmp_path: Path, watching) -> None:
    rows = [row | {"total_steps": 610} for row in training_rows(falling(60))]
    log = write_jsonl(tmp_path / "log.jsonl", rows)
    watch = watching(log, "--json", "--until", "finished")
    watch.line(lambda line: "healthy" in line)
    assert watch.process.poll() is None
    with log.open("a") as file:
        file.write('{"step": 610, "loss": 0.6, "total_steps": 610}\n')
    assert watch.process.wait(PATIENCE_S) == 0
    assert any('"finished"' in line for line in watch.rest())


def test_it_notices_that_its_reader_has_gone(log: Path) -> None:
    root = str(Path(lossmon.__file__).parents[1])
    done = subprocess.run(
        [*SHELL, f"{sys.executable} -m lossmon watch {log} | head -1"],
        env={**os.environ, "PYTHONPATH": root, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert "log.jsonl" in done.stdout
    assert done.stderr == ""


def test_a_command_gets_words_and_variables_and_no_shell(tmp_path: Path, watching) -> None:
    name = "x $(touch pwned) `id`; rm \x1b[31m"
    log = write_jsonl(tmp_path / "runs" / name / "log.jsonl", training_rows(falling(60)))
    told = tmp_path / "told"
    tell = tmp_path / "tell.py"
    tell.write_text(
        "import os, sys, json\n"
        f"with open({str(told)!r}, 'a') as file:\n"
        "    print(json.dumps([sys.argv[1:], os.environ['LOSSMON_RUN'], "
        "os.environ['LOSSMON_PATTERN'], sys.stdin.read()]), file=file)\n"
        "print('to standard error')\n"
    )
    watch = watching(
        tmp_path / "runs", "--json", "--exec", f"{sys.executable} {tell} '{{run}} is {{pattern}}' {{since_step}}"
    )  # fmt: skip
    watch.line(lambda line: "healthy" in line)
    assert not told.exists(), "what held already is no news"
    diverge(log)
    watch.line(lambda line: '"started"' in line)
    wait_until(lambda: told.exists() and told.read_text().endswith("\n"))
    words, run_name, pattern, stdin = json.loads(told.read_text().splitlines()[0])
    assert words == [f"{run_name} is diverged", "610"]
    assert (pattern, stdin) == ("diverged", "")
    assert "$(touch pwned)" in run_name
    assert "\x1b" not in run_name
    assert not (Path.cwd() / "pwned").exists()
    watch.process.send_signal(signal.SIGINT)
    watch.process.wait(PATIENCE_S)
    assert all(json.loads(line) for line in watch.rest()), "standard output stays data"
    assert "to standard error" in watch.process.stderr.read()


def test_commands_run_few_at_once_and_none_forever(tmp_path: Path) -> None:
    told: list[str] = []
    commands = Commands(
        f"sh -c 'echo $$ >> {tmp_path}/pids; sleep 60 & echo $! >> {tmp_path}/pids; wait'",
        told.append,
        3.0,  # in which a busy machine starts them
    )
    for _ in range(AT_ONCE + 2):
        commands.run({})
    assert len(commands._running) == AT_ONCE
    commands.finish()
    pids = (tmp_path / "pids").read_text().split()
    assert len(pids) == 2 * (AT_ONCE + 2)
    assert sum("ended after 3 s" in line for line in told) == AT_ONCE + 2
    wait_until(
        lambda: not any(lives(int(pid)) for pid in pids), "what a command started ends with it"
    )


def test_a_command_that_fails_or_is_not_there_is_said(tmp_path: Path) -> None:
    told: list[str] = []
    for text in ("sh -c 'exit 3'", "no-such-program-here"):
        commands = Commands(text, told.append)
        commands.run({})
        commands.finish()
    assert told == [
        "--exec: sh ended with status 3",
        "--exec: no-such-program-here: no such file or directory",
    ]


def test_wrong_options_are_one_line(log: Path) -> None:
    done = run("watch", log, "--pattern", "overfit")
    assert done.returncode == 2
    assert "no pattern 'overfit'; did you mean overfitting?" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert run("watch", log, "--exec", "sh -c '{run}'").returncode == 2
