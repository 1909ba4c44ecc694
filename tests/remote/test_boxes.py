"""Boxes of every kind: login shells, banners, old and missing Pythons, clocks, full disks, lies."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lossmon.logs import bootstrap, link, wire
from lossmon.logs.openssh import Host
from lossmon.logs.ssh import SshSource
from lossmon.monitor import Monitor
from tests.conftest import falling, training_rows, write_jsonl
from tests.logs.test_sqlite import log_rows
from tests.remote.box import HASTY, Box, Cable, Collector
from tests.remote.test_link import append, lines
from tests.report.test_cli import run
from tests.waiting import PATIENCE_S, wait_until

MakeBox = Callable[..., Box]
Collect = Callable[..., Collector]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write_jsonl(tmp_path / "runs" / "log.jsonl", training_rows(falling(50)))


def shell(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"no {name} here")
    return path


@pytest.mark.parametrize("name", ["sh", "bash", "fish", "csh", "tcsh", "zsh", "dash"])
def test_any_login_shell_will_do(make_box: MakeBox, collect: Collect, log: Path, name: str) -> None:
    box = make_box(login=f'{shell(name)} -c "$SSH_ORIGINAL_COMMAND"')
    got = collect(box, log)
    got.until_settled()
    assert got.content[str(log)] == log.read_bytes()
    assert not got.source.health().reason


def test_banners_and_noise_of_a_login_are_no_frames(
    make_box: MakeBox, collect: Collect, log: Path, tmp_path: Path
) -> None:
    (tmp_path / "banner").write_text("Authorised use only.\nPermission to enter denied to cats.\n")
    (tmp_path / "rc").write_bytes(
        b"echo 'Welcome to \x1b[31mthe lab\x1b[0m'; head -c 70000 /dev/urandom; "
        b"echo lossmon agent; echo oops >&2; fortune 2>/dev/null\n"
    )
    login = f'. {tmp_path}/rc; exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"'
    box = make_box(settings=f"Banner {tmp_path}/banner", login=login)
    got = collect(box, log)
    got.until_settled()
    assert got.content[str(log)] == log.read_bytes()


def test_a_login_that_prints_without_end_is_left(
    make_box: MakeBox, collect: Collect, log: Path
) -> None:
    got = collect(make_box(login="yes"), log)
    got.until(lambda: got.source.health().state == "gone")
    assert "prints without end" in got.source.health().reason


def test_an_account_without_a_shell_says_so(make_box: MakeBox, collect: Collect, log: Path) -> None:
    got = collect(make_box(login="echo This account is closed. >&2; exit 1"), log)
    got.until(lambda: got.source.health().state == "retrying")
    assert got.source.health().reason == "This account is closed."


# -- Pythons ---------------------------------------------------------------------------------------


def pythons() -> list[str]:
    """The oldest and the newest Python that are here."""
    found = sorted(Path.home().glob(".pyenv/versions/3.*/bin/python"), key=version_of)
    return [str(path) for path in (found[:1] + found[-1:])]


def version_of(path: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in path.parents[1].name.split(".") if part.isdigit())


@pytest.mark.parametrize("python", pythons() or ["python3"], ids=lambda p: p.split("/")[-3])
def test_any_python_from_3_6_on_will_do(
    box: Box, collect: Collect, log: Path, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "_PYTHONS", python)
    got = collect(box, log.parent)
    got.until_settled()
    append(log, lines(5, 50))
    got.until(lambda: got.content[str(log)] == log.read_bytes())
    assert not got.source.health().reason
    (agent,) = box.agents()
    assert os.path.realpath(f"/proc/{agent}/exe") == os.path.realpath(shutil.which(python) or "")


@pytest.fixture
def no_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """The box has none; what it has is too old."""
    old = str(Path.home() / ".pyenv/versions/2.7.18/bin/python")
    monkeypatch.setattr(bootstrap, "_PYTHONS", f"no-such-python {old}")
    from lossmon.logs import plain

    monkeypatch.setattr(plain, "EVERY_S", 0.2)


@pytest.mark.parametrize(("python", "cut"), [(True, False), (False, False), (True, True)])
def test_a_log_that_is_rotated_there_is_one_run_with_all_its_rows(
    box: Box, tmp_path: Path, python: bool, cut: bool, request: pytest.FixtureRequest
) -> None:
    """Also while the link is cut: what was written before the rotation stands in train.log.1."""
    if not python:
        request.getfixturevalue("no_python")
    log = tmp_path / "runs" / "a" / "train.log"
    log.parent.mkdir(parents=True)
    source = box.source(log.parent)
    monitor = Monitor([source], [f"{source.name}:{log.parent}"])
    runs: dict[str, list[int]] = {}

    def shown(steps: int) -> bool:
        for update in monitor.poll():
            runs[update.run] = [] if update.removed else update.series["loss"].step.tolist()
        return [some for some in runs.values() if some] == [list(range(1, steps + 1))]

    def write(start: int) -> None:
        with log.open("a") as file:
            file.writelines(f"step {i} | loss {2 / i:.4f}\n" for i in range(start, start + 10))

    try:
        write(1)
        wait_until(lambda: shown(10), timeout_s=PATIENCE_S)
        for number in (1, 2, 3):
            start = 20 * number - 9
            if cut:
                box.stop()
                write(start)
            for place in range(number - 1, 0, -1):
                Path(f"{log}.{place}").rename(f"{log}.{place + 1}")
            log.rename(f"{log}.1")
            if cut:
                write(start + 10)
                box.start()
            else:
                write(start)
                wait_until(lambda: shown(start + 9), timeout_s=PATIENCE_S)  # noqa: B023
                write(start + 10)
            wait_until(lambda: shown(start + 19), timeout_s=PATIENCE_S)  # noqa: B023
    finally:
        monitor.close()


class TestWithoutPython:
    """`sh`, `find`, `stat`, `tail` and `head` do."""

    def test_logs_are_followed_and_what_is_not_seen_is_said(
        self, no_python: None, box: Box, collect: Collect, log: Path
    ) -> None:
        os.makedirs(log.parent / "a b'; touch owned $(touch owned)")
        odd = log.parent / "a b'; touch owned $(touch owned)" / "`touch owned` *.jsonl"
        odd.write_bytes(lines(3))
        (log.parent / "model.bin").write_bytes(b"\0" * 1000)
        got = collect(box, log.parent)
        got.until(lambda: len(got.content) == 2)
        got.until_settled()
        assert "no Python 3.6 there" in got.source.health().reason
        append(log, lines(5, 50))
        late = log.parent / "late.jsonl"
        late.write_bytes(lines(7))
        got.until(lambda: got.content == {str(p): p.read_bytes() for p in (log, odd, late)})
        assert got.source.is_directory(str(log.parent))
        assert not list(Path.home().glob("owned"))

    def test_jobs_of_a_scheduler_need_python(
        self, no_python: None, box: Box, collect: Collect, log: Path
    ) -> None:
        got = collect(box, log.parent, "slurm:")
        got.until_settled()
        assert "a Python 3.6 or newer is needed there" in got.source.trouble("slurm:")
        assert got.content == {str(log): log.read_bytes()}

    @pytest.mark.parametrize("change", ["replaced", "truncated", "rewritten"])
    def test_a_file_that_changes_its_past_starts_anew(
        self, no_python: None, box: Box, collect: Collect, log: Path, change: str
    ) -> None:
        got = collect(box, log)
        got.until_settled()
        if change == "replaced":
            log.rename(log.with_suffix(".old"))
        log.write_bytes(lines(3) if change == "truncated" else lines(300, 9))
        got.until(lambda: got.content[str(log)] == log.read_bytes())

    def test_a_large_log_and_a_pattern(
        self, no_python: None, box: Box, collect: Collect, log: Path
    ) -> None:
        log.write_bytes(lines(20_000))
        got = collect(box, f"{log.parent}/*.jsonl", f"{log.parent}/nothing")
        got.until(lambda: got.content.get(str(log)) == log.read_bytes())
        assert "no such file" in got.source.trouble(f"{log.parent}/nothing")

    def test_the_home_directory_is_expanded_there(
        self, no_python: None, make_box: MakeBox, collect: Collect, tmp_path: Path
    ) -> None:
        for name in ("one", "two"):
            (tmp_path / "home" / "exp" / name).mkdir(parents=True)
            (tmp_path / "home" / "exp" / name / "log.jsonl").write_bytes(lines(4))
        got = collect(make_box(settings=f"SetEnv HOME={tmp_path}/home"), "~/exp/*/log.jsonl")
        got.until(lambda: len(got.content) == 2)
        assert sorted(got.content) == ["~/exp/one/log.jsonl", "~/exp/two/log.jsonl"]
        assert got.content["~/exp/one/log.jsonl"] == lines(4)

    def test_four_thousand_tiny_files_come_in_seconds(
        self, no_python: None, box: Box, collect: Collect, log: Path
    ) -> None:
        for i in range(4000):
            (log.parent / f"{i}.log").write_text(f"step {i} loss 1.5\n")
        got = collect(box, log.parent)
        got.until(lambda: len(got.content) == 4001)
        assert got.content == {str(p): p.read_bytes() for p in log.parent.iterdir()}

    def test_the_shell_ends_with_its_link(
        self, no_python: None, box: Box, collect: Collect, log: Path
    ) -> None:
        got = collect(box, log)
        got.until_settled()
        got.source.close()
        wait_until(lambda: not box.sessions(), "the shell outlived its link")


# -- clocks, disks, permissions --------------------------------------------------------------------


def test_the_age_of_a_row_is_told_by_our_clock(
    make_box: MakeBox, collect: Collect, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock of the box is three hours ahead: a row of now is no row of the future."""
    from lossmon.logs.link import AgentTalk

    ahead = time.time() + 3 * 3600
    os.utime(log, (ahead, ahead))
    original = AgentTalk._greet

    def greet(self: AgentTalk, header: dict[str, Any]) -> None:
        header["now"] += 3 * 3600
        original(self, header)

    monkeypatch.setattr(AgentTalk, "_greet", greet)
    got = collect(make_box(), log)
    got.until_settled()
    assert abs(got.chunks[0].mtime - time.time()) < 60


def test_nothing_is_written_there(make_box: MakeBox, log: Path, tmp_path: Path) -> None:
    """As seen by strace: no file is opened for writing, made or removed by what runs there."""
    strace = shell("strace")
    trace = tmp_path / "trace"
    login = f'{strace} -f -qq -o {trace} -e trace=file,write /bin/sh -c "$SSH_ORIGINAL_COMMAND"'
    box = make_box(login=login)
    got = Collector(box.source(log.parent))
    got.until_settled()
    if not trace.exists() or not trace.stat().st_size:
        pytest.skip("strace may not trace here")
    got.source.close()
    wait_until(lambda: not box.sessions())
    calls = [line for line in trace.read_text().splitlines() if " = -1 " not in line]
    assert any("log.jsonl" in call for call in calls)
    writing = ("O_WRONLY", "O_RDWR", "O_CREAT", "mkdir(", "rename", "unlink", "symlink", "creat(")
    assert [c for c in calls if any(w in c for w in writing) and "/dev/" not in c] == []


def test_a_full_disk_there_is_no_hindrance(make_box: MakeBox, collect: Collect, log: Path) -> None:
    """No process there can write a byte to any file."""
    got = collect(make_box(login='ulimit -f 0; /bin/sh -c "$SSH_ORIGINAL_COMMAND"'), log.parent)
    got.until_settled()
    append(log, lines(5, 50))
    got.until(lambda: got.content[str(log)] == log.read_bytes())


@pytest.fixture
def secret() -> Iterator[Path]:
    """A folder that anybody may enter, and in it a log that only its owner may read."""
    folder = Path(tempfile.mkdtemp(prefix="lossmon-", dir="/tmp"))
    folder.chmod(0o755)
    (folder / "log.jsonl").write_bytes(lines(3))
    (folder / "log.jsonl").chmod(0o600 if os.getuid() == 0 else 0)
    (folder / "open.jsonl").write_bytes(lines(4))
    yield folder / "log.jsonl"
    shutil.rmtree(folder)


def test_a_log_that_may_not_be_read_says_so_and_the_others_are(
    make_box: MakeBox, collect: Collect, secret: Path
) -> None:
    other = secret.with_name("open.jsonl")
    command = '/bin/sh -c "$SSH_ORIGINAL_COMMAND"'
    if os.getuid() == 0:  # root may read everything, so that somebody else looks
        command = f"{shell('setpriv')} --reuid 65534 --clear-groups {command}"
    got = collect(make_box(login=command), secret, other)
    got.until(lambda: got.source.trouble(str(secret)) and str(other) in got.content)
    assert "permission denied; ask its owner" in got.source.trouble(str(secret))
    assert "log.jsonl: permission denied" in got.source.health().reason
    assert got.content == {str(other): other.read_bytes()}


# -- lies ------------------------------------------------------------------------------------------


def frames(*parts: tuple[dict[str, Any], bytes]) -> bytes:
    hello = {"t": "hello", "v": wire.VERSION, "python": "3.9", "now": time.time()}
    return wire.MAGIC + b"".join(wire.frame(*part) for part in ((hello, b""), *parts))


def data(log: int, at: int, body: bytes, **more: Any) -> tuple[dict[str, Any], bytes]:
    return {"t": "data", "l": log, "o": at, "m": 1e9, "s": at + len(body), **more}, body


LIES: dict[str, tuple[bytes, str]] = {
    "a huge frame": (frames() + struct.pack(">II", 10, 1 << 31), "a frame of"),
    "garbage": (frames() + struct.pack(">II", 5, 0) + b"\xff" * 5, "no JSON"),
    "nesting": (frames() + struct.pack(">II", 60000, 0) + b"[" * 60000, "no JSON"),
    "a bomb": (
        frames()
        + (lambda b: struct.pack(">II", 16, len(b)) + b'{"t":"data","z":1}'[:16] + b)(
            bootstrap.zlib.compress(bytes(50 << 20))
        ),
        "JSON",
    ),
    "another version": (
        wire.MAGIC + wire.frame({"t": "hello", "v": 99}), "speaks another version",
    ),
    "a gap": (frames(data(0, 0, b"a", p="x"), data(0, 5, b"b")), "where 1 was due"),
    "no name": (frames(data(3, 0, b"a")), "not named"),
    "a name that is none": (frames(data(0, 0, b"a", p=["x"])), "without a proper name"),
    "a size that is none": (frames(data(0, 0, b"a", p="x", s=-1)), "no count"),
    "a time that is none": (frames(data(0, 0, b"a", p="x", m=float("nan"))), "a time that is none"),
    "an unknown kind": (frames(({"t": "exec", "l": 0, "s": 0, "p": "x"}, b"")), "unknown kind"),
}  # fmt: skip


@pytest.fixture
def liar(tmp_path: Path) -> Iterator[Callable[[bytes], Any]]:
    """A server that says what it is given, whatever is asked."""
    from tests.remote.asker import Asker

    made: list[Asker] = []

    def make(says: bytes) -> Asker:
        async def say(process: Any) -> None:
            process.stdout.write(says)
            await process.stdout.drain()
            await process.stdin.read()
            process.exit(0)

        made.append(Asker(tmp_path, handler=say))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("lie", LIES)
def test_a_box_that_lies_is_left(liar: Callable[[bytes], Any], lie: str) -> None:
    says, words = LIES[lie]
    box = liar(says)
    source = SshSource(Host("asker", config_file=str(box.client)), ["x"], patience=HASTY)
    wait_until(lambda: source.poll() is None or source.health().state == "gone")
    assert "makes no sense" in source.health().reason
    assert words in source.health().reason
    source.close()


def test_escapes_from_a_box_never_reach_the_terminal(liar: Callable[[bytes], Any]) -> None:
    evil = "\x1b]0;owned\x07\x1b[31m\u202e"
    rows = "".join(
        json.dumps({"step": i, f"l{evil}": 1.0, "loss": 2 / (i + 1)}) + "\n" for i in range(50)
    )
    box = liar(
        frames(
            data(0, 0, rows.encode(), p=f"x/{evil}.jsonl"),
            ({"t": "error", "l": 1, "s": 0, "m": 0, "p": f"y{evil}", "w": evil + "no\nno"}, b""),
            ({"t": "target", "target": "x", "kind": "directory", "why": evil}, b""),
            ({"t": "settled", "yes": True, "n": 1}, b""),
        )
    )
    for arguments in (["check"], ["check", "--json"], ["plot"], ["check", "-v"]):
        done = run(*arguments, "-F", box.client, "asker:x")
        assert "HEALTHY" in done.stdout.upper()
        assert not any(ord(c) < 32 and c != "\n" for c in done.stdout + done.stderr)
        assert "\u202e" not in done.stdout or "--json" in arguments


# -- stores ----------------------------------------------------------------------------------------


def test_rows_of_a_store_come_as_they_do_here_and_nothing_is_made_beside_it(
    box: Box, cable: Cable, collect: Collect, trackio: sqlite3.Connection, tmp_path: Path
) -> None:
    log_rows(trackio, "a", range(3))
    got = collect(box, tmp_path / "demo.db")
    got.until_settled()
    (log,) = got.content
    rows = [json.loads(line) for line in got.content[log].splitlines()]
    assert [row["train/loss"] for row in rows[1:]] == [2.0, 1.99, 1.98]
    log_rows(trackio, "a", range(3, 5))
    got.until(lambda: got.content[log].count(b"\n") == 6)
    cable.cut()
    log_rows(trackio, "a", range(5, 6))
    got.until(lambda: got.content[log].count(b"\n") == 7)
    rows = [json.loads(line) for line in got.content[log].splitlines()]
    assert [row["step"] for row in rows[1:]] == [0, 1, 2, 3, 4, 5], "nothing is lost or doubled"
    assert sorted(p.name for p in tmp_path.glob("demo*")) == [
        "demo.db",
        "demo.db-shm",
        "demo.db-wal",
    ]


def test_check_reads_a_store_on_a_box(
    box: Box, trackio: sqlite3.Connection, tmp_path: Path
) -> None:
    log_rows(trackio, "a", range(60))
    trackio.close()
    (found,) = map(
        json.loads, run("check", "--json", "-F", box.client, f"box:{tmp_path}").stdout.splitlines()
    )
    assert found["logs"][0]["format"] == "trackio"
    assert found["step"] == 59


def test_an_error_of_ours_in_a_link_is_the_state_of_the_box_and_tried_again(
    box: Box, collect: Collect, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, broken = link.AgentTalk.take, []

    def take_once(self: link.AgentTalk, data: bytes) -> None:
        if not broken:
            broken.append(data)
            raise RuntimeError("a bug")
        take(self, data)

    monkeypatch.setattr(link.AgentTalk, "take", take_once)
    got = collect(box, log)
    got.until(lambda: "RuntimeError: a bug" in got.source.health().reason)
    got.until_settled()
    assert got.content[str(log)] == log.read_bytes()


def test_reading_once_ends_though_every_link_breaks_by_an_error_of_ours(
    box: Box, collect: Collect, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(self: link.AgentTalk, data: bytes) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(link.AgentTalk, "take", never)
    got = collect(box, log, watch=False)
    got.until(lambda: got.source.exhausted)
    assert "RuntimeError: a bug" in got.source.trouble(str(log))
