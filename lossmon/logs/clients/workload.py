"""What shows its logs through a client: a container, the pods of a label, a unit of systemd."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

from lossmon.logs.clients.stamped import Seen, Stamped, Weave
from lossmon.logs.source import Failure


class Unreadable(Exception):
    """A workload gives nothing now: `failure` says why, and whether it may come back."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


@dataclass(frozen=True)
class Found:
    """A log that can be shown.

    Attributes:
        log: what it is called.
        names: what the client is to be told to show it.
        id: of what is shown, such as a container: under another one, a log begins anew.
        turn: of its writer: another one where it was started again, and goes on with the log.
        ended: its writer runs no more.
        waits: why nothing is to be shown yet, in words; empty where there is.
        before: the id of what stood here before, where the client can show that, too.
        ending: how its writer ended, in words; empty while it runs, and where that was well.
    """

    log: str
    names: tuple[str, ...]
    id: str
    turn: str = ""
    ended: bool = False
    waits: str = ""
    before: str = ""
    ending: str = ""


class Reader(Protocol):
    """Makes a log of what a client prints, over many lives of that client.

    Attributes:
        said: the client's own words.
        written: when the newest line was written, seconds since the Unix epoch; 0 for unknown.
    """

    said: bytes
    written: float

    @property
    def since(self) -> str:
        """What a client is to be asked from, as it wants to be told; empty for all."""
        ...

    def begin(self) -> None:
        """A client starts, asked from `since`."""
        ...

    def take(self, stream: int, data: bytes, dry: bool) -> bytes:
        """What is new in what came; see `children.Taker`."""
        ...

    def end(self, whole: bool) -> bytes:
        """The client has ended; where that was well, nothing is missing of what it printed."""
        ...

    def finish(self, anew: bool) -> bytes:
        """The writer has stopped: no line stays open; with `anew`, another log comes next."""
        ...


class Workload(Protocol):
    """One target."""

    @property
    def target(self) -> str:
        """As typed, behind the heading."""
        ...

    @property
    def client(self) -> str:
        """The program."""
        ...

    @property
    def every_s(self) -> float | None:
        """Between two questions while all is well; None for as long as between two tries."""
        ...

    @property
    def by_name(self) -> bool:
        """A client is told a name, behind which another writer may have come meanwhile."""
        ...

    def question(self) -> list[str]:
        """What the client is asked to know which logs there are."""
        ...

    def answer(self, out: bytes, said: str, status: int) -> list[Found] | None:
        """What it answered; None for one more question at once.

        Raises:
            Unreadable: it gives nothing.
        """
        ...

    def command(self, found: Found, since: str, *, follow: bool, before: bool = False) -> list[str]:
        """What shows a log; with `before`, what stood there before it."""
        ...

    def reader(self) -> Reader:
        """For a log of this workload."""
        ...

    def failure(self, said: str, status: int) -> Failure:
        """Why the client ended, from its last words."""
        ...


class StampedReader:
    """Reads what is printed with `--timestamps`.

    Args:
        both: standard error shows what the writer put there, too; else only the client's words.
    """

    def __init__(self, both: bool) -> None:
        self.said = b""
        self.written = 0.0
        self._both = both
        self._seen = Seen()
        self._weave = Weave()
        self._streams = (Stamped(), Stamped())

    @property
    def since(self) -> str:
        """A time as RFC 3339 has it, to the second: any client takes that."""
        since = self._seen.since
        return "" if since is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(since))

    def begin(self) -> None:
        """A client starts."""
        self.said = b""
        self._streams = (Stamped(), Stamped())
        self._seen.replay()

    def take(self, stream: int, data: bytes, dry: bool) -> bytes:
        """What is new."""
        if stream and not self._both:
            self.said = (self.said + data)[-8192:]
            return b""
        whole = self._streams[stream].feed(data)
        self._seen.hold(stream, whole, self._streams[stream].open)
        for piece in whole:
            if self._seen.fresh(stream, piece):
                self._weave.put(stream, piece)
        if not self._both:
            return self._out(None)
        return self._out(stream) if dry else b""

    def end(self, whole: bool) -> bytes:
        """The client has ended: a piece that was cut short comes again."""
        if whole:
            self._seen.let_go()
        for number, stream in enumerate(self._streams):
            left = stream.end()
            for piece in left if whole else ():
                if self._seen.fresh(number, piece):
                    self._weave.put(number, piece)
        self.said += b"".join(stream.said for stream in self._streams)
        return self._out(None)

    def finish(self, anew: bool) -> bytes:
        """The writer has stopped."""
        if anew:
            self._seen.renew()
        return self._weave.finish()

    def _out(self, dry: int | None) -> bytes:
        data = self._weave.take(dry)
        self.written = self._weave.stamp / 1e9
        return data
