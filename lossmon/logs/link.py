"""One connection to a box: an ssh process, the agent behind it, and the talk between."""

from __future__ import annotations

import json
import os
import select
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from lossmon.debug import logger
from lossmon.logs import bootstrap, openssh, wire
from lossmon.logs.files import ANEW
from lossmon.logs.inbox import Inbox, chunk_of, whole
from lossmon.logs.openssh import Host
from lossmon.logs.source import Failure
from lossmon.text import printable
from lossmon.words import Said, known

_MOST_NOISE = 1 << 18  # bytes that a login shell may print first
_MOST_SAID = 8192  # of standard error that are kept
_MOST_NEWS = 32  # answers of schedulers that wait to be taken
_ACK_BYTES = 16384  # small frames are confirmed together
_TURN_S = 1.0
_LEAVE_S = 0.5  # for an ssh to end by itself, and say why


@dataclass
class Session:
    """What outlives a connection: what is followed on a box, and what is known of it.

    Attributes:
        host: the box.
        inbox: what came.
        targets: what is followed, as typed.
        kinds: target -> directory, file, pattern or missing, once the box has said it.
        troubles: target -> why it can't be read there.
        beside: what the machine tells beside its logs and was not taken yet.
        settled: all that is there was received.
        limits: what cannot be done there, in words.
    """

    host: Host
    inbox: Inbox
    targets: list[str] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)
    beside: dict[str, Any] | None = None
    settled: bool = False
    limits: str = ""


class Talk(Protocol):
    """One side of a conversation over a connection."""

    def take(self, data: bytes) -> None:
        """Understand what came; raises WireError where that can't be done."""
        ...

    def tick(self, now: float) -> float:
        """Do what is due; seconds until there is something to do again."""
        ...

    def drop(self, log: str) -> None:
        """Tell that no more of a log is wanted."""
        ...

    def follow(self, target: str) -> None:
        """Tell that one more target is followed."""
        ...

    def forget(self, target: str) -> None:
        """Tell that a target is followed no more."""
        ...


class Link:
    """Runs a connection until it ends; called from the thread of its host alone.

    Args:
        session: what is wanted.
        wake: descriptor that becomes readable when there are orders.
        orders: takes what the user's side wants done.
        on_live: called once the agent has answered.
        answer_s: give up when it has not by then.
    """

    def __init__(
        self,
        session: Session,
        wake: int,
        orders: Callable[[], Iterable[Callable[[Talk], None]]],
        on_live: Callable[[], None],
        answer_s: float,
    ) -> None:
        self._session = session
        self._wake = wake
        self._orders = orders
        self._on_live = on_live
        self._answer_s = answer_s
        self._said = bytearray()
        self._noise = bytearray()
        self._talk: Talk | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self.stopped = False

    def run(self) -> Failure:
        """Connect, receive, and say why it ended."""
        host = self._session.host
        facts = openssh.settings(host)
        line = openssh.command(
            host, bootstrap.shell_line(), facts=facts, master=openssh.master_of(host)
        )
        logger.debug("box %s: %s", host.name, line[:-1])
        try:
            process = subprocess.Popen(
                line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                env=openssh.environment(facts), start_new_session=True, bufsize=0,
            )  # fmt: skip
        except FileNotFoundError:
            return Failure("gone", known("no ssh here: install OpenSSH's client"))
        except OSError as error:
            why = Said("ssh does not start: {error}", {"error": error.strerror})
            return Failure("retrying", why)
        self.process = process
        given_up = ""
        try:
            given_up = self._converse(process)
        except wire.WireError as error:
            logger.warning("box %s: no sense in what came", host.name, exc_info=error)
            why = Said("what came from it makes no sense ({error})", {"error": error})
            return Failure("gone", why)
        except OSError:
            pass  # the pipe into ssh broke: standard error says why
        finally:
            status = _end(process, self._said, 0.0 if self.stopped else _LEAVE_S)
        if given_up:
            return Failure("retrying", given_up)
        said = bytes(self._said).decode("utf-8", "replace")
        logger.debug("box %s: ssh ended with %s and said %r", host.name, status, said)
        if status == 0 and self._talk is None:
            why = known("its login shell ended before the agent could start")
            return Failure("retrying", why)
        return openssh.explain(said, status, host)

    def _converse(self, process: subprocess.Popen[bytes]) -> str:
        """Pump until the end; returns why the link was given up, empty when it ended by itself."""
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        inlet, answers, complaints = (
            process.stdin.fileno(), process.stdout.fileno(), process.stderr.fileno()
        )  # fmt: skip
        out = wire.Outbox(inlet)
        out.put(bootstrap.payload())
        heard = time.monotonic()
        patience_s, open_ends = self._answer_s, {answers, complaints}
        while answers in open_ends and not self.stopped:
            now = time.monotonic()
            paused = self._session.inbox.full
            if paused:
                heard = now  # it is we who do not listen
            elif now - heard > patience_s:
                if self._talk is None:
                    silent = f"no answer within {patience_s:.0f} s"
                    return f"{silent}: off, out of reach, or its login hangs"
                return f"no sign of life for {patience_s:.0f} s"
            pause = self._talk.tick(now) if self._talk is not None else _TURN_S
            reading = open_ends - {answers} if paused else open_ends
            readable, writable, _ = select.select(
                [*reading, self._wake], [inlet] if out else [], [], min(pause, _TURN_S)
            )
            if writable:
                out.flush()
            if self._wake in readable:
                os.read(self._wake, 4096)
                self._obey()
            for end in (complaints, answers):
                if end not in readable:
                    continue
                data = os.read(end, 1 << 18)
                if not data:
                    open_ends.discard(end)
                elif end == complaints:
                    self._said += data
                    del self._said[:-_MOST_SAID]
                else:
                    heard, patience_s = time.monotonic(), wire.PATIENCE_S
                    self._take(data, out)
        return ""

    def _obey(self) -> None:
        if self._talk is not None:
            for order in self._orders():
                order(self._talk)

    def _take(self, data: bytes, out: wire.Outbox) -> None:
        if self._talk is not None:
            self._talk.take(data)
            return
        self._noise += data
        begun = begin_of_talk(self._noise)
        if begun is not None:
            talk, rest = begun
            self._noise.clear()
            self._talk = talk(self._session, out, self._on_live)
            self._talk.take(rest)
            return
        if len(self._noise) > _MOST_NOISE:
            raise wire.WireError("its login shell prints without end")


def begin_of_talk(
    noise: bytes | bytearray,
) -> tuple[Callable[[Session, wire.Outbox, Callable[[], None]], Talk], bytes] | None:
    """Who speaks behind what a login shell prints first, and what was said; None: nobody yet."""
    for mark, talk in ((wire.MAGIC, AgentTalk), (bootstrap.PLAIN, _plain_talk)):
        _, found, rest = noise.partition(mark)
        if found:
            return talk, bytes(rest)
    return None


def _json(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise wire.WireError("a body that is no JSON") from None
    return found if isinstance(found, dict) else None


def _together(old: dict[str, Any] | None, new: dict[str, Any] | None) -> dict[str, Any] | None:
    """What was not taken yet, with what came: the newest sample, and all news of jobs."""
    if old is None or new is None:
        return new if old is None else old
    before, after = (one["jobs"] if isinstance(one.get("jobs"), list) else [] for one in (old, new))
    return {**old, **new, "jobs": [*before, *after][-_MOST_NEWS:]}


def _plain_talk(session: Session, out: wire.Outbox, on_live: Callable[[], None]) -> Talk:
    from lossmon.logs.plain import PlainTalk

    return PlainTalk(session, out, on_live)


def _end(process: subprocess.Popen[bytes], said: bytearray, wait_s: float) -> int | None:
    """Make an end of an ssh; its status, or None where it had to be ended."""
    ended: int | None = None
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
    try:
        ended = process.wait(timeout=wait_s)
    except subprocess.TimeoutExpired:
        process.terminate()
        try:
            process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stderr is not None:
        os.set_blocking(process.stderr.fileno(), False)
        try:
            said += process.stderr.read(_MOST_SAID) or b""
        except OSError:
            pass
        process.stderr.close()
    return ended


class AgentTalk:
    """Talks with the agent of `lossmon.logs.agent` in frames."""

    def __init__(self, session: Session, out: wire.Outbox, on_live: Callable[[], None]) -> None:
        self._session = session
        self._out = out
        self._on_live = on_live
        self._reader = wire.Reader()
        self._logs: dict[int, str] = {}
        self._numbers: dict[str, int] = {}
        self._skew_s = 0.0
        self._greeted = False
        self._followed = 0
        self._received = self._confirmed = 0
        self._spoke = time.monotonic()

    def take(self, data: bytes) -> None:
        """Understand frames."""
        confirm = False
        for header, body, size in self._reader.feed(data):
            if not self._greeted:
                self._greet(header)
                continue
            kind = header["t"]
            if kind == "target":
                self._judge(header)
            elif kind == "settled":
                here = header.get("n") == self._followed
                self._session.settled = here and header.get("yes") is True
                self._session.inbox.tell()
            elif kind == "beside":
                self._session.beside = _together(self._session.beside, _json(body))
                self._session.inbox.tell()
            elif kind != "beat":
                self._receive(header, body)
                if body:
                    self._received += size
                    confirm = confirm or size >= wire.BIG
        if confirm or self._received - self._confirmed >= _ACK_BYTES:
            self._confirm()

    def tick(self, now: float) -> float:
        """Give a sign of life when one is due."""
        if now - self._spoke >= wire.BEAT_S:
            if self._received > self._confirmed:
                self._confirm()
            else:
                self._say({"t": "beat"})
        return max(0.0, self._spoke + wire.BEAT_S - now)

    def drop(self, log: str) -> None:
        """Tell that no more of a log is wanted."""
        if log in self._numbers:
            self._say({"t": "drop", "log": self._numbers[log]})

    def follow(self, target: str) -> None:
        """Tell that one more target is followed."""
        self._followed += 1
        self._session.settled = False
        self._say({"t": "follow", "target": target})

    def forget(self, target: str) -> None:
        """Tell that a target is followed no more."""
        self._say({"t": "forget", "target": target})

    def _greet(self, header: wire.Header) -> None:
        """The agent is there: say what is wanted, and how far it was read before."""
        if header["t"] != "hello" or header.get("v") != wire.VERSION:
            raise wire.WireError("it speaks another version")
        there = header.get("now")
        if isinstance(there, int | float) and 0 < there < 1e11:
            self._skew_s = time.time() - there
            if abs(self._skew_s) < 2.0:
                self._skew_s = 0.0  # a slow link is no other clock
        self._greeted = True
        self._session.limits = ""
        for log, tail in self._session.inbox.tails.items():
            if tail.offset:
                dropped = int(log in self._session.inbox.dropped)
                self._say(
                    {"t": "known", "log": log, "at": tail.offset, "crc": tail.crc,
                     "head": len(tail.head), "drop": dropped},
                    tail.head + tail.guard,
                )  # fmt: skip
        for target in self._session.targets:
            self.follow(target)
        self._on_live()

    def _judge(self, header: wire.Header) -> None:
        target, session = header.get("target"), self._session
        if isinstance(target, str) and target in session.targets:
            session.kinds[target] = str(header.get("kind"))
            session.troubles[target] = printable(str(header.get("why", "")))[:300]
            session.inbox.tell()

    def _receive(self, header: wire.Header, body: bytes) -> None:
        inbox = self._session.inbox
        chunk = chunk_of(header, body, self._logs, self._skew_s)
        if "p" in header:
            self._numbers[chunk.log] = whole(header, "l")
            if chunk.log in inbox.dropped and chunk.kind not in ANEW:
                self.drop(chunk.log)
        inbox.put(chunk)

    def _confirm(self) -> None:
        self._confirmed = self._received
        self._say({"t": "ack", "n": self._received})

    def _say(self, header: wire.Header, body: bytes = b"") -> None:
        self._spoke = time.monotonic()
        self._out.put(wire.frame(header, body))
