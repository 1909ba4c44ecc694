"""What is said to an agent, what is made of its answers, and how a link to a box ends."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lossmon.logs import bootstrap, wire
from lossmon.logs.follower import Chunk
from lossmon.logs.inbox import Inbox
from lossmon.logs.link import AgentTalk, Session
from lossmon.logs.openssh import Host
from lossmon.logs.ssh import SshSource
from tests.logs.clients.reading import HASTY, Reading
from tests.waiting import wait_until

HELLO = {"t": "hello", "v": wire.VERSION}
LOG = {"t": "data", "l": 0, "p": "a.log", "o": 0}


class Talking:
    """Our end of a talk, and what the other end hears."""

    def __init__(self, *targets: str, ends: tuple[int, int]) -> None:
        self.heard_fd, to = ends
        os.set_blocking(self.heard_fd, False)
        self.news: list[str] = []
        self.session = Session(
            Host("box"), Inbox(lambda: self.news.append("news")), list(targets), limits="old"
        )
        self.talk = AgentTalk(self.session, wire.Outbox(to), lambda: self.news.append("live"))
        self._reader = wire.Reader()

    def says(self, *headers: dict[str, Any], body: bytes = b"", pack: bool = False) -> None:
        self.talk.take(b"".join(wire.frame(header, body, pack) for header in headers))

    def hears(self) -> list[dict[str, Any]]:
        try:
            data = os.read(self.heard_fd, 1 << 16)
        except BlockingIOError:
            return []
        return [{**header, "body": body} if body else header
                for header, body, _ in self._reader.feed(data)]  # fmt: skip


@pytest.fixture
def start() -> Iterator[Callable[..., Talking]]:
    made: list[int] = []

    def begin(*targets: str) -> Talking:
        made.extend(ends := os.pipe())
        return Talking(*targets, ends=ends)

    yield begin
    for fd in made:
        os.close(fd)


def test_a_greeting_is_answered_with_what_is_wanted_and_how_far_it_was_read(
    start: Callable[..., Talking],
) -> None:
    talking = start("runs", "a.log")
    inbox = talking.session.inbox
    for log in ("runs/a", "runs/b"):
        inbox.put(Chunk(log, "data", 0, b"step 1\n", "", 0.0, 7))
    inbox.put(Chunk("runs/empty", "gone", 0, b"", "", 0.0, 0))
    inbox.dropped.add("runs/b")
    talking.news.clear()
    talking.says(HELLO)
    tail = inbox.tails["runs/a"]
    known = {"t": "known", "at": 7, "crc": tail.crc, "head": len(tail.head),
             "body": tail.head + tail.guard}  # fmt: skip
    assert talking.hears() == [
        {**known, "log": "runs/a", "drop": 0},
        {**known, "log": "runs/b", "drop": 1},
        {"t": "follow", "target": "runs"},
        {"t": "follow", "target": "a.log"},
    ]
    assert talking.news == ["live"]
    assert talking.session.limits == ""


@pytest.mark.parametrize(
    "header", [{"t": "hello"}, {"t": "hello", "v": wire.VERSION + 1}, {"t": "data", "v": 1}]
)
def test_who_greets_otherwise_is_not_talked_with(
    header: dict[str, Any], start: Callable[..., Talking]
) -> None:
    with pytest.raises(wire.WireError, match="it speaks another version"):
        start().says(header)


@pytest.mark.parametrize(
    ("behind_s", "skew_s"), [(0.0, 0.0), (1.5, 0.0), (-1.5, 0.0), (3.0, 3.0), (-3.0, -3.0)]
)
def test_the_clock_of_a_box_may_be_wrong(
    behind_s: float, skew_s: float, start: Callable[..., Talking]
) -> None:
    talking = start()
    talking.says({**HELLO, "now": time.time() - behind_s}, {**LOG, "s": 1, "m": 1e9}, body=b"x")
    (chunk,) = talking.session.inbox.take()
    assert chunk.mtime - 1e9 == pytest.approx(skew_s, abs=0.4)


@pytest.mark.parametrize("now", [0, -1.0, 1e11, "1", None])
def test_a_clock_that_makes_no_sense_is_none(now: Any, start: Callable[..., Talking]) -> None:
    talking = start()
    talking.says({**HELLO, "now": now}, {**LOG, "s": 1, "m": 1e9}, body=b"x")
    assert talking.session.inbox.take()[0].mtime == 1e9


@pytest.mark.parametrize(
    ("size", "pieces", "acks"),
    [(100, 1, 0), (100, 200, 1), (wire.BIG, 1, 1), (wire.BIG - 100, 1, 0), (wire.BIG - 100, 3, 1)],
)
def test_what_came_is_confirmed_at_once_where_it_is_much(
    size: int, pieces: int, acks: int, start: Callable[..., Talking]
) -> None:
    talking = start()
    talking.says(HELLO)
    received = 0
    for i in range(pieces):
        header = {**LOG, "o": i * size, "s": (i + 1) * size}
        if i:
            del header["p"]
        talking.says(header, body=b"x" * size)
        received += len(wire.frame(header, b"x" * size))
    heard = [one for one in talking.hears() if one["t"] == "ack"]
    assert len(heard) == acks
    assert all(one["n"] <= received for one in heard)


def test_a_sign_of_life_is_given_when_nothing_else_was_said(start: Callable[..., Talking]) -> None:
    talking = start()
    now = time.monotonic()
    assert talking.talk.tick(now) == pytest.approx(wire.BEAT_S, abs=0.5)
    assert talking.hears() == []
    assert talking.talk.tick(now + wire.BEAT_S + 1) < wire.BEAT_S
    assert talking.hears() == [{"t": "beat"}]
    frame = {**LOG, "s": 1}
    talking.says(HELLO, {"t": "beat"})
    talking.says(frame, body=b"x")
    talking.talk.tick(time.monotonic() + wire.BEAT_S + 1)
    assert talking.hears() == [{"t": "ack", "n": len(wire.frame(frame, b"x"))}]
    talking.talk.tick(time.monotonic() + wire.BEAT_S + 1)
    assert talking.hears() == [{"t": "beat"}], "it is confirmed already"


@pytest.mark.parametrize(
    ("header", "settled"),
    [({"n": 2, "yes": True}, True), ({"n": 1, "yes": True}, False), ({"n": 2, "yes": 1}, False),
     ({"yes": True}, False)],
)  # fmt: skip
def test_all_is_read_when_it_is_so_of_the_newest_target(
    header: dict[str, Any], settled: bool, start: Callable[..., Talking]
) -> None:
    talking = start("a", "b")
    talking.says(HELLO, {"t": "settled", **header})
    assert talking.session.settled is settled
    assert talking.news == ["live", "news"]
    talking.talk.follow("c")
    assert talking.session.settled is False


def test_a_target_is_judged_by_the_box_where_it_is_followed(
    start: Callable[..., Talking],
) -> None:
    talking = start("runs", "other")
    judged = {"t": "target", "target": "runs", "kind": "missing", "why": "no \x1b" + "x" * 400}
    talking.says(HELLO, judged, {**judged, "target": "foreign"}, {**judged, "target": 1})
    assert talking.session.kinds == {"runs": "missing"}
    assert list(talking.session.troubles) == ["runs"]
    assert len(talking.session.troubles["runs"]) == 300
    assert "\x1b" not in talking.session.troubles["runs"]


def test_no_more_of_a_log_is_wanted(start: Callable[..., Talking]) -> None:
    talking = start("runs")
    talking.talk.drop("a.log")
    talking.says(HELLO, {**LOG, "s": 1}, body=b"x")
    talking.hears()
    talking.talk.drop("a.log")
    talking.talk.drop("never.log")
    talking.talk.forget("runs")
    assert talking.hears() == [{"t": "drop", "log": 0}, {"t": "forget", "target": "runs"}]


@pytest.mark.parametrize(
    ("kind", "told"), [("data", [{"t": "drop", "log": 0}]), ("replaced", []), ("truncated", [])]
)
def test_of_a_log_that_was_dropped_before_it_had_a_number_that_is_told(
    kind: str, told: list[dict[str, Any]], start: Callable[..., Talking]
) -> None:
    talking = start()
    talking.session.inbox.dropped.add("a.log")
    talking.says(HELLO)
    talking.says({**LOG, "t": kind, "s": 0})
    assert talking.hears() == told


@pytest.mark.parametrize(
    ("bodies", "taken"),
    [
        ([{"vitals": 1}], {"vitals": 1}),
        ([{"vitals": 1}, {"vitals": 2}], {"vitals": 2, "jobs": []}),
        ([{"jobs": ["a"], "x": 1}, {"jobs": ["b"]}], {"jobs": ["a", "b"], "x": 1}),
        ([{"jobs": ["a"]}, {"jobs": "odd"}], {"jobs": ["a"]}),
        ([{"jobs": list(range(30))}, {"jobs": [30, 31, 32]}], {"jobs": list(range(1, 33))}),
        ([{"vitals": 1}, 3], {"vitals": 1}),
        ([3], None),
    ],
)
def test_what_a_machine_tells_beside_its_logs_waits_to_be_taken(
    bodies: list[Any], taken: dict[str, Any] | None, start: Callable[..., Talking]
) -> None:
    talking = start()
    talking.says(HELLO)
    for body in bodies:
        talking.says({"t": "beside"}, body=json.dumps(body).encode())
    assert talking.session.beside == taken


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000])
def test_what_is_no_json_is_no_talk(body: bytes, start: Callable[..., Talking]) -> None:
    talking = start()
    with pytest.raises(wire.WireError, match="a body that is no JSON"):
        talking.says(HELLO, {"t": "beside"}, body=body)


# -- over a program that is called ssh -------------------------------------------------------------


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes a program of that name, that knows no configuration and does so."""

    def make(does: str) -> None:
        program = tmp_path / "bin" / "ssh"
        program.parent.mkdir(exist_ok=True)
        program.write_text(
            '#!/bin/sh\ncase "$*" in *-G*) exit 0;; esac\nfor told; do :; done\n' + does + "\n"
        )
        program.chmod(0o755)

    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    return make


@pytest.fixture
def connect() -> Iterator[Callable[..., SshSource]]:
    made: list[SshSource] = []

    def begin(*targets: str, watch: bool = False, answer_s: float = 40.0) -> SshSource:
        patience = replace(HASTY, answer_s=answer_s, first_s=0.01)
        made.append(SshSource(Host("box"), targets, watch=watch, patience=patience))
        return made[-1]

    yield begin
    for one in made:
        one.close()


@pytest.mark.parametrize(
    ("does", "reason"),
    [
        ("exit 0", "its login shell ended before the agent could start"),
        ("exit 3", "the command there ended with status 3"),
        ("echo 'Permission denied (publickey).' >&2; exit 255",
         "no key of yours opens it; load one with ssh-add, or put one there with ssh-copy-id"),
        ("exec >&-; echo 'ssh: Could not resolve hostname box' >&2; exit 255",
         "no host of this name is known; check the spelling, ~/.ssh/config and the network"),
        ("kill -9 $$", "ssh was ended here by a signal"),
        ("exec head -c 262145 /dev/zero",
         "what came from it makes no sense (its login shell prints without end)"),
        ("printf '\\000\\001lossmon agent\\002\\n'; head -c 99 /dev/urandom; cat",
         "what came from it makes no sense ("),
        pytest.param(
            "exec sleep 60", "no answer within 0 s: off, out of reach, or its login hangs",
            marks=pytest.mark.slow,
        ),
    ],
)  # fmt: skip
def test_why_a_box_is_not_read(
    does: str, reason: str, ssh: Callable[[str], None], connect: Callable[..., SshSource]
) -> None:
    ssh(does)
    source = connect("runs", answer_s=0.1 if "sleep" in does else 40.0)
    wait_until(lambda: source.exhausted)
    assert source.health().reason.startswith(reason)
    assert source.trouble("runs").startswith(reason)


def test_without_an_ssh_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, connect: Callable[..., SshSource]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    source = connect("runs")
    wait_until(lambda: source.exhausted)
    assert source.health().reason == "no ssh here: install OpenSSH's client"


def test_logs_of_a_box_come_from_an_agent_that_is_sent_there(
    tmp_path: Path, ssh: Callable[[str], None], connect: Callable[..., SshSource]
) -> None:
    assert len(bootstrap.payload()) > 1000
    ssh('eval "$told"')
    for name in ("a", "b", "late"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "log.jsonl").write_bytes(b'{"step": 1, "loss": 2.5}\n')
    source = connect(f"{tmp_path}/runs/a", f"{tmp_path}/nothing", watch=True)
    reading = Reading(source)
    a, b, late = (f"{tmp_path}/runs/{name}/log.jsonl" for name in ("a", "b", "late"))
    reading.until(lambda: a in reading.content and source.exhausted)
    assert source.is_directory(f"{tmp_path}/runs/a")
    assert source.trouble(f"{tmp_path}/nothing").startswith("no such file or folder there")
    assert source.health().reason.startswith("nothing: no such file or folder there")
    source.add(f"{tmp_path}/runs/b")
    reading.until(lambda: b in reading.content and source.exhausted)
    source.remove(f"{tmp_path}/runs/a")
    with open(a, "ab") as file:
        file.write(b'{"step": 2, "loss": 2.0}\n')
    source.add(late)
    reading.until(lambda: late in reading.content)
    assert {log: data.count(b"\n") for log, data in reading.content.items()} == {
        a: 1,
        b: 1,
        late: 1,
    }
    source.drop(b)
    source.close()
    source.close()
