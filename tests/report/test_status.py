"""`lossmon status`: one line, quick, true, and safe in tmux."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import shutil
import stat
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pyte
import pytest

import lossmon
from lossmon.report import status_cache as cache
from lossmon.report import status_now
from lossmon.report.status import Standing, line
from lossmon.text import cell_width
from tests.conftest import falling, training_rows, write_jsonl
from tests.report.test_cli import run
from tests.report.test_watch import diverge
from tests.tui.terminal import Terminal
from tests.waiting import PATIENCE_S, wait_until

NOW = 1_800_000_000.0
SICK = Standing("runs/sft-7b", ("a",), "critical", "Diverged", "running", 2140, 3000, 452.0)
WELL = Standing("runs/well", ("b",), "info", "Healthy", "running", 100, None)


def test_of_one_run_the_verdict_comes_first() -> None:
    said = line([SICK], width=80, now=NOW)
    assert said == "✗ DIVERGED runs/sft-7b 2,140/3,000 ETA 8 min"
    assert line([WELL], width=80, now=NOW) == "✓ Healthy runs/well 100"


def test_of_many_runs_how_many_are_ill_and_the_worst() -> None:
    assert line([WELL, SICK, WELL], width=80, now=NOW) == "✗1 ✓2  runs/sft-7b DIVERGED"
    assert line([WELL, WELL], width=80, now=NOW) == "✓2  2 running"
    assert line([WELL, SICK], width=80, ascii=True, now=NOW) == "x1 +1  runs/sft-7b DIVERGED"
    assert line([], width=80, now=NOW, note="reading 12 MB") == "reading 12 MB"


@pytest.mark.parametrize("width", [4, 10, 25, 60])
def test_it_is_no_wider_than_asked(width: int) -> None:
    wide = Standing("run/模型" * 20, (), "warning", "Overfitting", "running", 10**9, 10**10, 1.0)
    for runs in ([wide], [wide, WELL]):
        assert cell_width(line(runs, width=width, now=NOW)) <= width


def test_a_silence_becomes_a_stall_without_reading_again() -> None:
    going = Standing("a", ("l",), "info", "Healthy", "running", 5, 10, 9.0, NOW, 300.0)
    assert line([going], width=80, now=NOW + 299).startswith("✓ Healthy a 5/10 ETA 9 s")
    assert line([going], width=80, now=NOW + 301) == "! STALLED a 5/10 stalled"


def test_names_cannot_say_anything_to_tmux_or_the_terminal() -> None:
    evil = Standing("#[fg=red]#(id)\x1b[31m\n", (), "warning", "Noisy #(id)", "running", 1)
    in_tmux = line([evil], width=200, style="tmux", now=NOW)
    assert "##[fg=red]##(id)[31m" in in_tmux
    assert "NOISY ##(ID)" in in_tmux
    assert "\x1b" not in in_tmux
    assert "\n" not in in_tmux
    assert line([evil], width=200, style="ansi", now=NOW).count("\x1b") == 4, "ours alone"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def runs(home: Path) -> Path:
    for name in ("a", "b"):
        write_jsonl(home / "runs" / name / "log.jsonl", training_rows(falling(60)))
    return home / "runs"


def test_nothing_is_read_where_nothing_changed_and_what_changed_is(runs: Path) -> None:
    assert "✓2" in run("status", runs).stdout
    program = (
        "import sys\n"
        f"sys.argv = ['lossmon', 'status', {str(runs)!r}, '--max-age', '0']\n"
        "from lossmon.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'numpy', 'textual', 'pandas'}))"
    )
    root = str(Path(lossmon.__file__).parents[1])
    env = {**os.environ, "PYTHONPATH": root, "LC_ALL": "C.UTF-8"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=env)
    assert done.stdout.splitlines() == ["✓2  2 running", "[]"], done.stderr
    diverge(runs / "b" / "log.jsonl")
    assert run("status", runs, "--max-age", "0").stdout.strip() == "✗1 ✓1  runs/b DIVERGED"
    shutil.rmtree(runs / "b")
    assert run("status", runs, "--max-age", "0").stdout.startswith("✓ Healthy")


def test_what_changed_is_read_behind_the_caller_s_back(runs: Path) -> None:
    run("status", runs)
    diverge(runs / "b" / "log.jsonl")
    assert "✓2" in run("status", runs, "--max-age", "600").stdout, "at once, as it was"

    def told() -> bool:  # not before ten times as long as the first reading took
        return "✗1" in run("status", runs, "--max-age", "600").stdout

    wait_until(told, timeout_s=3 * PATIENCE_S)


def test_what_is_remembered_is_the_user_s_alone_and_damage_is_harmless(runs: Path) -> None:
    expected = run("status", runs).stdout
    (memory,) = (runs.parent / "cache" / "lossmon").glob("*.json")
    assert stat.S_IMODE(memory.stat().st_mode) == 0o600
    assert stat.S_IMODE(memory.parent.stat().st_mode) == 0o700
    whole = json.loads(memory.read_text())
    whole["runs"][0]["step"] = ["no", "number"]
    for damage in ("", "{", "[]", '{"runs": [1]}', json.dumps(whole), "[" * 100_000):
        memory.write_text(damage)
        assert cache.load(str(memory)) == cache.Memory()
    assert run("status", runs).stdout == expected


def test_a_pipe_in_place_of_what_is_remembered_is_not_waited_for(runs: Path) -> None:
    expected = run("status", runs).stdout
    (memory,) = (runs.parent / "cache" / "lossmon").glob("*.json")
    memory.unlink()
    os.mkfifo(memory)
    assert run("status", runs).stdout == expected
    assert memory.is_file(), "it is replaced"


def test_many_small_logs_are_read_behind_the_caller_by_one_process(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 20,000 nothing was told in 200 s, and each prompt began anew."""
    for number in range(400):
        write_jsonl(home / "many" / str(number) / "log.jsonl", training_rows(falling(3)))
    targets = [str(home / "many")]
    started: list[list[str]] = []
    monkeypatch.setattr(status_now.subprocess, "Popen", lambda words, **_: started.append(words))
    with cache.alone(cache.place(targets, "en")):
        assert status_now.now(targets, "en", 5.0) == (cache.Memory(), "reading 400 logs")
        assert not started, "one is at it"
        status_now.refresh(targets, "en")
        assert not cache.load(cache.place(targets, "en")).read_at, "a second one leaves it to it"
    assert status_now.now(targets, "en", 5.0)[1] == "reading 400 logs"
    assert len(started) == 1
    status_now.refresh(targets, "en")
    memory, note = status_now.now(targets, "en", 5.0)
    assert (len(memory.runs), note) == (400, "")


def test_without_a_place_to_remember_it_reads_each_time(runs: Path) -> None:
    blocked = runs.parent / "file"
    blocked.write_text("")
    assert "✓2" in run("status", runs, XDG_CACHE_HOME=str(blocked)).stdout


def test_what_cannot_be_read_is_one_line(home: Path) -> None:
    done = run("status", home / "none")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no such file" in done.stderr
    (home / "empty").mkdir()
    assert run("status", home / "empty").stdout == "no runs\n"
    assert "lossmon watch -" in run("status", "-").stderr


def test_it_can_stay_and_say_what_changes(runs: Path) -> None:
    root = str(Path(lossmon.__file__).parents[1])
    env = {**os.environ, "PYTHONPATH": root, "LC_ALL": "C.UTF-8"}
    process = subprocess.Popen(
        [sys.executable, "-m", "lossmon", "status", "--follow", str(runs)],
        stdout=subprocess.PIPE,
        text=True,
        env=env,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "✓2  2 running\n"
    diverge(runs / "b" / "log.jsonl")
    assert process.stdout.readline() == "✗1 ✓1  runs/b DIVERGED\n"
    process.stdout.close()
    assert process.wait(PATIENCE_S) == 0, "the reader has gone"


@pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")
def test_in_a_real_tmux_it_is_coloured_and_nothing_in_a_name_is_run(home: Path) -> None:
    pwned = Path("pwned").resolve()
    name = "#(touch pwned)#[fg=blue]x"
    diverge(write_jsonl(home / "runs" / name / "log.jsonl", training_rows(falling(60))))
    root = str(Path(lossmon.__file__).parents[1])
    command = f"PYTHONPATH={root} LC_ALL=C.UTF-8 {sys.executable} -m lossmon status --width 80 {home}/runs"
    tmux = ("tmux", "-u", "-S", str(home / "tmux.sock"), "-f", "/dev/null")
    os.environ.pop("TMUX", None)
    terminal = attached(
        *tmux, "new-session", ";", "set", "-g", "status-right-length", "90", ";",
        "set", "-g", "status-interval", "1", ";", "set", "-g", "status-right", f"#({command})",
    )  # fmt: skip
    try:
        terminal.wait_for("DIVERGED")
        bar = terminal.screen.display[-1]
        assert "#(touch" in bar, "one # again"
        cells = terminal.screen.buffer[terminal.screen.lines - 1]
        assert cells[bar.index("DIVERGED")].fg == "red"
        assert not any(cell.fg == "blue" for cell in cells.values())
        assert not pwned.exists()
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)
        terminal.close()


def attached(*command: str) -> Terminal:
    """A program on a pty of its own."""
    terminal = Terminal.__new__(Terminal)
    terminal.screen, terminal.received = pyte.Screen(150, 8), bytearray()
    terminal.stream = pyte.ByteStream(terminal.screen)
    terminal.pid, terminal.fd = pty.fork()
    if terminal.pid == 0:
        os.environ |= {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        os.execvp(command[0], command)
    fcntl.ioctl(terminal.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 8, 150, 0, 0))
    return terminal
