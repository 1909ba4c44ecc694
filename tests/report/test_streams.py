"""Closed streams, terminals that obey escapes, modes of what is written, damaged memory."""

from __future__ import annotations

import copy
import csv
import io
import json
import os
import pty
import select
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lossmon
from lossmon import config, crash
from lossmon.config.keep import keep
from lossmon.report import status
from lossmon.report import status_cache as cache
from tests.conftest import falling, training_rows, write_jsonl
from tests.report.test_cli import run
from tests.waiting import PATIENCE_S

ROOT = str(Path(lossmon.__file__).parents[1])


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write_jsonl(tmp_path / "runs" / "log.jsonl", training_rows(falling(60)))


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "ascii"])
@pytest.mark.parametrize("command", ["check", "export", "explain"])
def test_an_encoding_without_the_signs_ends_no_command(
    tmp_path: Path, command: str, encoding: str
) -> None:
    """What it has no sign for was an error of lossmon itself."""
    write_jsonl(tmp_path / "run-训练" / "log.jsonl", training_rows(falling(30)))
    words = ("--lang", "zh", "rebound") if command == "explain" else (tmp_path,)
    done = run(command, *words, PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\u" in done.stdout or encoding == "ascii"  # which click takes for UTF-8


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", ["check", "status", "export", ""])
def test_a_stream_that_the_caller_closed_is_no_error_of_ours(
    log: Path, command: str, closed: str
) -> None:
    words = [sys.executable, "-m", "lossmon", *command.split(), str(log)]
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", *words],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": ROOT, "LC_ALL": "C.UTF-8"},
        timeout=PATIENCE_S,
    )  # fmt: skip
    unwritten = ">&-" in closed.replace("2>&-", "")
    assert done.returncode == (2 if unwritten or not command else 0), done.stderr
    if command and closed == ">&-":
        assert done.stderr == "lossmon: the output can't be written: standard output is closed\n"
    assert "error of lossmon" not in done.stderr
    if not command and "2>&-" not in closed:
        assert "there is none" in done.stderr


def on_a_terminal(*arguments: str | Path, **env: str) -> str:
    """What a command writes on a terminal."""
    main, side = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "lossmon", *map(str, arguments)],
        stdin=side, stdout=side, stderr=side, close_fds=True,
        env={**os.environ, "PYTHONPATH": ROOT, "LC_ALL": "C.UTF-8", "TERM": "xterm", **env},
    )  # fmt: skip
    os.close(side)
    written = b""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if not select.select([main], [], [], 0.2)[0]:
            continue
        try:
            data = os.read(main, 65536)
        except OSError:
            break
        if not data:
            break
        written += data
    process.wait(PATIENCE_S)
    os.close(main)
    return written.decode("utf-8", "surrogateescape")


EVIL = "loss\x1b]52;c;eA==\x07\x9b31m\u202e\x1bP+q\x1b\\ x"


@pytest.mark.parametrize(
    "command",
    ["export", "check --json", "check", "check -v", "plot", "watch --json --until finished"],
)
def test_no_name_of_a_log_says_anything_to_the_terminal(tmp_path: Path, command: str) -> None:
    rows = [row | {EVIL: 1.5, "total_steps": 600} for row in training_rows(falling(60))]
    log = write_jsonl(tmp_path / "r\x1b]2;x\x07\x9b\u202e" / "log.jsonl", rows)
    shown = on_a_terminal(*command.split(), log, NO_COLOR="1")
    assert "log.jsonl" in shown
    obeyed = {char for char in shown if char in "\x1b\x07\x9b\u202e\x90"}
    assert not obeyed, ascii(shown[:2000])
    if command == "check --json":
        assert json.loads(shown)["metrics"]


def test_into_a_file_an_export_has_names_that_say_nothing_to_a_terminal(tmp_path: Path) -> None:
    """`cat` shows a file on one; a name that is told apart by what it escapes stays so."""
    log = write_jsonl(
        tmp_path / "log.jsonl", [row | {EVIL: 1} for row in training_rows(falling(9))]
    )
    shown = run("export", log).stdout
    assert not set(shown) & set("\x1b\x07\x9b\u202e\x90")
    assert r"loss\u001b]52;c;eA==\u0007" in shown


def test_no_name_in_a_table_is_a_formula(tmp_path: Path) -> None:
    names = ("=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "a=b")
    row = dict.fromkeys(names, 1.0)
    log = write_jsonl(tmp_path / "log.jsonl", [one | row for one in training_rows(falling(9))])
    shown = run("export", log).stdout
    metrics = {cells[1] for cells in csv.reader(shown.splitlines()[1:])}
    assert {*(f"'{name}" for name in names[:4]), "a=b", "loss"} <= metrics


def test_no_name_in_a_table_ends_its_row(tmp_path: Path) -> None:
    """Who reads a table ends a row at a lone carriage return too, which Python does not quote."""
    row = {"a\rb": 1.0, "c\nd": 1.0}
    log = write_jsonl(tmp_path / "log.jsonl", [one | row for one in training_rows(falling(9))])
    table = pd.read_csv(io.StringIO(run("export", log).stdout))
    assert set(table.metric) >= {r"a\u000db", r"c\u000ad", "loss"}
    assert len(table) % 9 == 0


def test_an_argument_that_a_glob_made_says_nothing_to_the_terminal(tmp_path: Path) -> None:
    shown = on_a_terminal("check", "--\x1b]2;x\x07")
    assert "\x1b" not in shown
    assert "--" in shown


def test_a_plan_of_any_length_leaves_the_table_readable(tmp_path: Path) -> None:
    from lossmon.diagnosis.knowledge import load
    from lossmon.monitor.whole import read_targets
    from lossmon.report.check import as_table

    log = write_jsonl(tmp_path / "log.jsonl", training_rows(falling(60)))
    (update,) = read_targets([str(log)]).updates
    object.__setattr__(update, "total_steps", 10**400)
    assert max(map(len, as_table([update], load("en"), 300).splitlines())) < 200


# -- what is written -------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("CONFIG", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower() / "new"))
    monkeypatch.delenv("LOSSMON_CONFIG", raising=False)
    old = os.umask(0o022)
    yield tmp_path
    os.umask(old)


def modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_dir()}


def test_what_is_written_for_the_user_is_the_user_s_alone(home: Path) -> None:
    config.create()
    assert modes(home) == {0o700}
    crash.record(RuntimeError("x"))
    with cache.alone(cache.place(["x"], "en")):
        cache.save(cache.place(["x"], "en"), cache.Memory())
    assert modes(home) == {0o700}
    files = [path for path in home.rglob("*") if path.is_file()]
    assert len(files) >= 4
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    Path(config.path()).unlink()
    keep("screen", theme="light")
    assert stat.S_IMODE(Path(config.path()).stat().st_mode) == 0o600


def test_what_was_there_before_keeps_its_mode(home: Path) -> None:
    folder = Path(config.path()).parent
    folder.mkdir(parents=True, mode=0o755)
    config.create()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


@pytest.mark.parametrize("made", ["lock", "crash"])
def test_a_link_to_elsewhere_is_not_followed(home: Path, made: str) -> None:
    (home / "mine").write_text("mine")
    if made == "lock":
        place = Path(cache.place(["x"], "en") + ".lock")
        place.parent.mkdir(parents=True)
        place.symlink_to(home / "new")
        with cache.alone(cache.place(["x"], "en")) as alone:
            assert alone
        assert not (home / "new").exists()
    else:
        crash.record(RuntimeError("x"))
        (place,) = (path for path in home.rglob("crash.txt"))
        place.unlink()
        place.symlink_to(home / "mine")
        crash.record(RuntimeError("x"))
        assert (home / "mine").read_text() == "mine"


# -- damaged memory --------------------------------------------------------------------------------

WEIRD: list[Any] = [
    None, True, -1, 0, 1e300, -1e300, 10**400, float("nan"), float("inf"), "", "x", "\x1b[31m", [],
    {}, [1], {"a": 1}, "critical", 1e18, 2**63,
]  # fmt: skip


def whole() -> dict[str, Any]:
    run = status.Standing(
        "runs/a", ("/a/log.jsonl",), "warning", "Overfitting", "running", 10, 100, 5.0, 1e9, 60.0
    )
    return {
        "read_at": 1.7e9, "took_s": 0.5, "stamps": {"/a/log.jsonl": [10, 10**18, 10**18, 7]},
        "runs": [run.values(), run.values() | {"run": "runs/b", "severity": "critical"}],
    }  # fmt: skip


@given(data=st.data())
@settings(
    max_examples=300,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_is_in_the_memory_of_status_it_says_a_line(
    data: st.DataObject, tmp_path: Path
) -> None:
    values = whole()
    for _ in range(data.draw(st.integers(0, 3))):
        at: Any = values
        while True:  # to a place in it, any
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            key = data.draw(st.sampled_from(keys))
            if isinstance(at[key], dict | list) and at[key] and data.draw(st.booleans()):
                at = at[key]
                continue
            at[key] = copy.deepcopy(data.draw(st.sampled_from(WEIRD)))
            break
    text = json.dumps(values).encode()
    if data.draw(st.booleans()):
        cut = data.draw(st.integers(0, len(text)))
        text = (
            text[:cut]
            + data.draw(st.binary(max_size=4))
            + text[cut + data.draw(st.integers(0, 9)) :]
        )
    place = tmp_path / "memory.json"
    place.write_bytes(text)
    memory = cache.load(str(place))
    line = status.line(memory.runs, width=60, style="plain")
    assert len(line) <= 60
    assert line.isprintable()
    assert memory.read_at <= time.time() + 60
