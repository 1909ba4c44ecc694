"""The talk with a box without Python, over a real `sh` and over one that lies."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lossmon.logs import wire
from lossmon.logs.bootstrap import SCRIPT
from lossmon.logs.files import ANEW
from lossmon.logs.inbox import Inbox
from lossmon.logs.link import Session
from lossmon.logs.openssh import Host
from lossmon.logs.plain import PlainTalk

SHELLS = [name for name in ("dash", "bash", "busybox", "ksh") if shutil.which(name)]


class Shell:
    """A shell that runs the script as a login on a box would, and what came of it."""

    def __init__(self, name: str, *targets: object) -> None:
        words = [name, "sh"] if name == "busybox" else [name]
        self.process = subprocess.Popen(
            [*words, "-c", f"s=$(dd bs=1 count={len(SCRIPT.encode())} 2>/dev/null); eval \"$s\""],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
        )  # fmt: skip
        assert self.process.stdin is not None
        self.session = Session(Host("box"), Inbox(lambda: None), [str(one) for one in targets])
        self.requests = 0
        self.content: dict[str, bytes] = {}
        self.kinds: list[str] = []
        self.told: dict[str, str] = {}
        self.talk = PlainTalk(self.session, wire.Outbox(self.process.stdin.fileno()), lambda: None)
        self._count()

    def _count(self) -> None:
        ask = self.talk._ask

        def counted(*words: object) -> None:
            self.requests += 1
            ask(*words)  # type: ignore[arg-type]

        self.talk._ask = counted  # type: ignore[method-assign,assignment]

    def pump(self, until_s: float = 20.0) -> None:
        """Talk until all that is there was read."""
        assert self.process.stdout is not None
        answers, end = self.process.stdout.fileno(), time.monotonic() + until_s
        self.session.settled = False
        self.talk.follow("")
        while not self.session.settled:
            assert time.monotonic() < end, "it does not settle"
            pause = self.talk.tick(time.monotonic())
            if select.select([answers], [], [], min(pause, 0.05))[0]:
                self.talk.take(os.read(answers, 1 << 18))
            self.collect()

    def collect(self) -> None:
        for chunk in self.session.inbox.take():
            self.kinds.append(chunk.kind)
            if chunk.kind == "error":
                self.told[chunk.log] = chunk.message
            if chunk.kind == "rotated":  # and read to its end where it stands now
                self.content[chunk.message] = self.content[chunk.log]
            if chunk.kind in ANEW:
                self.content[chunk.log] = b""
            elif chunk.kind == "data":
                known = self.content.get(chunk.log, b"")
                assert chunk.offset == len(known), "a byte was lost or doubled"
                self.content[chunk.log] = known + chunk.data

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.kill()
        self.process.wait()


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shell]:
    (tmp_path / "runs").mkdir()
    made = Shell(request.param, tmp_path / "runs")
    yield made
    made.close()


def held(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*.log")}


def test_thousands_of_tiny_files_are_read_in_a_few_requests(shell: Shell, tmp_path: Path) -> None:
    for i in range(600):
        (tmp_path / "runs" / f"{i}.log").write_text(f"step {i} loss {i / 7:.3f}\n")
    shell.pump()
    assert shell.content == held(tmp_path)
    assert shell.requests < 10


@pytest.mark.parametrize(
    "name", [r"a\tb.log", r"back\\slash\n.log", r"end\.log", "a  b 'c' $d.log"]
)
def test_a_name_with_a_backslash_is_a_name(shell: Shell, tmp_path: Path, name: str) -> None:
    for one in (name, f"other {name}"):
        (tmp_path / "runs" / one).write_text("step 1 loss 2\n")
    shell.pump()
    assert shell.content == held(tmp_path)


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["append", "rotate", "shrink", "remove", "new", "look"]),
        st.integers(0, 5),
        st.integers(1, 30_000),
    ),
    max_size=14,
)


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(operations=OPERATIONS)
def test_whatever_happens_to_logs_what_was_read_is_what_is_there(
    operations: list[tuple[str, int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("box")
    shell = Shell(SHELLS[0], folder)
    try:
        for verb, which, size in operations:
            path = folder / f"{which}.log"
            data = b"%d %d\n" % (size, time.monotonic_ns()) * (size // 20 + 1)
            if verb == "append":
                with path.open("ab") as file:
                    file.write(data)
            elif verb == "shrink" and path.exists():
                os.truncate(path, path.stat().st_size // 2)
            elif verb == "rotate" and path.exists():
                path.rename(folder / f"{which}-{time.monotonic_ns()}.log")
                path.write_bytes(data)
            elif verb == "remove":
                path.unlink(missing_ok=True)
            elif verb == "new":
                (folder / f"new {which} {time.monotonic_ns()}.log").write_bytes(data)
            elif verb == "look":
                shell.pump()
        shell.pump()
        there = {path: data for path, data in held(folder).items() if data}
        assert {path: shell.content[path] for path in there} == there
    finally:
        shell.close()


@pytest.mark.parametrize("cut", [False, True], ids=["seen", "while the link was cut"])
@pytest.mark.parametrize("turn", ["renamed", "copied"])
def test_a_log_that_is_rotated_is_read_to_its_end_first(
    tmp_path: Path, turn: str, cut: bool
) -> None:
    log, part = tmp_path / "train.log", tmp_path / "train.log.1"
    log.write_bytes(b"step 1 loss 1\n" * 9000)  # more than one piece
    shell = Shell(SHELLS[0], tmp_path)
    shell.pump()
    with log.open("ab") as file:
        file.write(b"step 2 loss 1\n" * 9000)
    old = log.read_bytes()
    if turn == "renamed":
        log.rename(part)
    else:
        shutil.copyfile(log, part)
    log.write_bytes(b"step 3 loss 1\n")
    if cut:  # another talk knows how far it was read, and nothing else
        again = Shell(SHELLS[0], tmp_path)
        again.session.inbox.tails.update(shell.session.inbox.tails)
        again.content = shell.content
        shell.close()
        shell = again
    try:
        shell.pump()
    finally:
        shell.close()
    assert shell.content[str(part)] == old
    assert shell.content[str(log)] == b"step 3 loss 1\n"
    assert shell.kinds.count("rotated") == 1
    assert not {"replaced", "truncated"} & set(shell.kinds)


def test_a_log_that_is_gone_or_not_ours_does_not_hold_up_the_others(tmp_path: Path) -> None:
    for i in range(5):
        (tmp_path / f"{i}.log").write_text(f"step {i} loss 1\n" * (i + 1))
    shell = Shell(SHELLS[0], tmp_path)
    listed = shell.talk._ask_bytes

    def lose() -> None:  # between the list and the reading
        (tmp_path / "2.log").unlink(missing_ok=True)
        listed()

    shell.talk._ask_bytes = lose  # type: ignore[method-assign]
    try:
        shell.pump()
        assert shell.content == held(tmp_path)
        assert "error" in shell.kinds
    finally:
        shell.close()


def test_a_log_that_grows_while_it_is_read_with_others_shifts_no_byte(tmp_path: Path) -> None:
    for i in range(6):
        (tmp_path / f"{i}.log").write_text(f"step {i} loss 1\n" * (i + 1))
    shell = Shell(SHELLS[0], tmp_path)
    listed = shell.talk._ask_bytes
    grown = []

    def grow() -> None:
        if not grown:
            grown.append(1)
            with (tmp_path / "3.log").open("a") as file:
                file.write("step 9 loss 9\n")
        listed()

    shell.talk._ask_bytes = grow  # type: ignore[method-assign]
    try:
        shell.pump()
        shell.pump()
        assert shell.content == held(tmp_path)
    finally:
        shell.close()


# -- a box that lies -------------------------------------------------------------------------------


def lied_to(answer: bytes) -> PlainTalk:
    """A talk that has asked for a list, and was given this."""
    there, here = os.pipe()
    session = Session(Host("box"), Inbox(lambda: None), ["/runs"])
    talk = PlainTalk(session, wire.Outbox(here), lambda: None)
    talk.tick(time.monotonic())
    try:
        talk.take(answer)
    finally:
        os.close(there)
        os.close(here)
    return talk


def test_a_list_that_comes_all_at_once_costs_no_frame_a_line() -> None:
    talk = lied_to(b"".join(b"= 0 1 %d /runs/%d\n" % (i, i) for i in range(15_000)) + b".\n")
    assert len(talk._session.inbox.tails) == 15_000


@pytest.mark.parametrize(
    "answer",
    [b"x" * 9000, b"! nonsense\n", b"".join(b"= 1 1 1 /runs/%d\n" % i for i in range(30_000))],
    ids=["a line without end", "no such kind", "a list without end"],
)
def test_an_answer_that_makes_no_sense_ends_the_link(answer: bytes) -> None:
    with pytest.raises(wire.WireError):
        lied_to(answer)


@given(answer=st.binary(max_size=400))
@settings(max_examples=200)
def test_no_answer_breaks_the_talk(answer: bytes) -> None:
    try:
        lied_to(b"! directory\n= 7 1 1 /runs/a\n= 5 1 2 /runs/b\n.\n" + answer)
    except wire.WireError:
        pass
