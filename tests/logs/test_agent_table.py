"""The agent of a box in this process: what it is told, what it says, and how much at once."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lossmon.logs import agent as agents
from lossmon.logs import vitals, wire
from lossmon.logs.agent import Agent, Window

KB = 1 << 10


class Far:
    """An agent, and the other end of its pipes."""

    def __init__(self) -> None:
        inlet, self.tell_fd = os.pipe()
        self._heard, outlet = os.pipe()
        os.set_blocking(self._heard, False)
        self.fds = (inlet, self.tell_fd, self._heard, outlet)
        self.agent = Agent(inlet, outlet)
        self.now = 100.0
        self._reader = wire.Reader()

    def tell(self, what: str, body: bytes = b"", **more: Any) -> None:
        self.agent._obey({"t": what, **more}, body)

    def look(self) -> bool:
        """One look at the logs, when it is time for the next."""
        self.now += 10
        return self.agent._look(self.now)

    def heard(self) -> list[tuple[dict[str, Any], bytes]]:
        """What it has said since the last time."""
        data = b""
        try:
            while True:
                data += os.read(self._heard, 1 << 16)
                self.agent._out.flush()  # what the pipe had no room for
        except BlockingIOError:
            data = data.removeprefix(wire.MAGIC)
        return [(header, body) for header, body, _ in self._reader.feed(data)]

    def rows(self) -> dict[str, bytes]:
        """Log by its number -> what came of it in one look."""
        while self.look():
            pass
        told: dict[str, bytes] = {}
        for header, body in self.heard():
            if header["t"] in ("data", "newest"):
                key = str(header.get("p", header["l"]))
                told[key] = told.get(key, b"") + body
        return told


class Nothing:
    """A machine that tells nothing beside its logs."""

    hungry = False

    def take(self) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> Iterator[Far]:
    monkeypatch.setattr(vitals, "Sampler", Nothing)
    monkeypatch.setattr("signal.alarm", lambda _: 0)
    far = Far()
    yield far
    for fd in far.fds:
        os.close(fd)


@pytest.mark.parametrize(
    ("name", "kind", "why"),
    [
        ("run.log", "file", ""),
        ("runs", "directory", ""),
        ("ru*", "pattern", ""),
        ("zz*", "pattern", "matches no file; check the pattern"),
        ("run.lgo", "missing", "no such file or folder there; did you mean {}/run.log?"),
        ("zzz", "missing", "no such file or folder there; check the spelling"),
        ("none/zzz", "missing", "no such file or folder there; check the spelling"),
        ("run.log/x", "missing", "no such file or folder there; check the spelling"),
    ],
)
def test_a_target_is_judged_there(name: str, kind: str, why: str, far: Far, tmp_path: Path) -> None:
    (tmp_path / "run.log").write_text("step 1 loss 2\n")
    (tmp_path / "runs").mkdir()
    far.tell("follow", target=f"{tmp_path}/{name}")
    ((header, _),) = far.heard()
    assert header == {
        "t": "target", "target": f"{tmp_path}/{name}", "kind": kind, "why": why.format(tmp_path),
    }  # fmt: skip


@pytest.mark.parametrize(("kind", "name"), [("file", "run.log"), ("directory", "runs")])
def test_what_may_not_be_read_is_told(
    kind: str, name: str, far: Far, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "run.log").write_text("x")
    (tmp_path / "runs").mkdir()
    asked: list[int] = []
    monkeypatch.setattr(os, "access", lambda _, mode: asked.append(mode))
    told = far.agent._judge(str(tmp_path / name))
    assert told == (kind, "permission denied; ask its owner for read access")
    assert asked == [os.R_OK | os.X_OK if kind == "directory" else os.R_OK]


def test_rows_come_once_and_what_is_new_is_asked_for_in_time(far: Far, tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    log.write_text("step 1 loss 2\n")
    assert not far.look(), "nobody has asked for anything"
    far.tell("follow", target=str(log))
    assert far.rows() == {str(log): b"step 1 loss 2\n"}
    assert far.rows() == {}
    with log.open("a") as file:
        file.write("step 2 loss 1\n")
    far.agent._next_poll = far.now + 1
    assert not far.agent._look(far.now), "it is not time yet"
    assert far.heard() == []
    assert far.rows() == {"0": b"step 2 loss 1\n"}
    far.tell("drop", log=7)  # of no log
    far.tell("drop", log=0)
    with log.open("a") as file:
        file.write("step 3 loss 1\n")
    assert far.rows() == {}


def test_that_all_was_read_is_said_once_for_so_many_targets(far: Far, tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_text("step 1 loss 2\n")
    said = []
    for name in "ab":
        far.tell("follow", target=str(tmp_path / name))
        for _ in range(3):
            far.look()
        said += [header for header, _ in far.heard() if header["t"] == "settled"]
    assert said == [{"t": "settled", "yes": True, "n": 1}, {"t": "settled", "yes": True, "n": 2}]
    far.tell("forget", target=str(tmp_path / "a"))
    with (tmp_path / "a").open("a") as file:
        file.write("step 2 loss 1\n")
    assert far.rows() == {}


def test_a_home_is_told_as_it_was_typed(
    far: Far, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "run.log").write_text("step 1 loss 2\n")
    far.tell("follow", target="~/run.log")
    assert far.rows() == {"~/run.log": b"step 1 loss 2\n"}
    agent = far.agent
    assert agent._path("~nobody-here/x") == "~nobody-here/x"
    assert agent._path("a~/x") == "a~/x"
    names = [agent._name(one) for one in (str(tmp_path), f"{tmp_path}/x", f"{tmp_path}x", "/y")]
    assert names == ["~", "~/x", f"{tmp_path}x", "/y"]


def test_what_is_on_its_way_and_not_confirmed_holds_more_back(far: Far, tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    log.write_bytes(os.urandom(40 * KB).hex().encode() * 4)
    far.agent._window.size = 64 * KB
    far.tell("follow", target=str(log))
    sent = 0
    while far.look():
        sent += sum(len(body) for header, body in far.heard() if header["t"] == "data")
    assert 0 < sent < 320 * KB
    assert far.agent._window.room <= 0
    for _ in range(20):
        far.tell("ack", n=far.agent._window.sent)
        assert far.agent._window.room > 0
        far.look()
        sent += sum(len(body) for header, body in far.heard() if header["t"] == "data")
    assert sent == 320 * KB


def test_of_a_log_that_was_read_before_only_the_rest_comes(far: Far, tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    first = b"step 1 loss 2\n"
    log.write_bytes(first + b"step 2 loss 1\n")
    far.tell("known", first, log=str(log), at=len(first), head=len(first), crc=zlib.crc32(first))
    far.tell("follow", target=str(log))
    assert far.rows() == {str(log): b"step 2 loss 1\n"}
    other = tmp_path / "other.log"
    other.write_bytes(first)
    far.tell("known", first, log=str(other), at=0, head=len(first), crc=0, drop=True)
    far.tell("follow", target=str(other))
    assert far.rows() == {}


def test_jobs_of_a_scheduler_that_is_not_there_are_told(far: Far) -> None:
    far.tell("follow", target="slurm:not a job!")
    ((header, _),) = far.heard()
    assert (header["t"], header["kind"]) == ("target", "jobs")
    assert header["why"]


def test_a_thousand_targets_are_followed(far: Far, tmp_path: Path) -> None:
    far.agent._targets = agents.MOST_TARGETS - 1
    for name in "ab":
        far.tell("follow", target=str(tmp_path / name))
    assert [header["target"] for header, _ in far.heard()] == [str(tmp_path / "a")]


def test_it_greets_and_ends_with_the_other_end(far: Far) -> None:
    os.close(far.tell_fd)
    far.agent.run()
    far.agent.close()
    hello = far.heard()[0][0]
    assert (hello["t"], hello["v"]) == ("hello", wire.VERSION)
    far.fds = (far.fds[0], *far.fds[2:])


def test_it_ends_where_no_sign_of_life_comes(far: Far) -> None:
    far.agent._heard -= wire.PATIENCE_S + 1
    far.agent.run()
    assert [header["t"] for header, _ in far.heard()] == ["hello"]


@pytest.mark.parametrize(
    ("sent", "after_s", "size"),
    [
        (8 * KB, 0.29, 256 * KB),  # quick: the link takes more
        (8 * KB, 0.31, 128 * KB),
        (8 * KB, 0.8, 128 * KB),
        (8 * KB, 0.81, 64 * KB),  # slow: rows would queue behind
        (8 * KB - 1, 0.1, 128 * KB),  # too small to tell
    ],
)
def test_the_window_is_learned_from_confirmations(sent: int, after_s: float, size: int) -> None:
    window = Window()
    window.took(sent, 0.0)
    assert window.room == 128 * KB - sent
    window.confirm(sent, after_s)
    assert (window.size, window.room) == (size, size)


def test_a_window_has_its_bounds_and_believes_no_more_than_was_sent() -> None:
    window = Window()
    for quick, size in ((True, 4 << 20), (False, 32 * KB)):
        for _ in range(12):
            window.took(8 * KB, 0.0)
            window.confirm(1 << 40, 0.1 if quick else 2.0)
        assert (window.size, window.fast, window.room) == (size, quick, size)
        assert window.confirmed == window.sent
    window.confirm(0, 0.0)
    assert window.confirmed == window.sent
