"""One log that a client shows, over many lives of the client and of the log's writer."""

from __future__ import annotations

import time
from collections.abc import Callable

from lossmon.logs.clients.children import Child
from lossmon.logs.clients.workload import Found, Reader, Workload

GRACE_S = 2.0  # for a client to come to its end whose log was replaced
QUIET_S = 0.4  # little came for so long of one that follows: all that was there is read
SILENT_S = 30.0  # and of one that ends when it has shown all: it hangs
LITTLE = 1 << 14  # bytes: a log that is still being shown comes at some MB a second

_TRIES = 3  # to see the end of what stood there before

Put = Callable[[str, bytes, float], None]
Gone = Callable[[str, str], None]


class Run:
    """Follows one log; told what was found of it, and what its client prints.

    Args:
        workload: whose log it is.
        found: the first that was found of it.
        put: takes what is new.
        gone: told how the writer ended, where that was not well.

    Attributes:
        found: what is shown now.
        child: the client, while it runs.
        due: when a client may be started: monotonic seconds.
        fails: clients in a row that brought nothing.
        gone: it was not found any more.
        unsure: a question must be answered before a client is started again.
        trouble: the client's last words, where it failed.
    """

    def __init__(self, workload: Workload, found: Found, put: Put, gone: Gone) -> None:
        self.workload = workload
        self.found = found
        self.child: Child | None = None
        self.due = 0.0
        self.fails = 0
        self.unsure = False
        self.gone = False  # it is not found any more
        self.trouble = ""
        self.status: int | None = None  # of the client that ended last
        self._put, self._gone = put, gone
        self._reader: Reader = workload.reader()
        self._next: Found | None = None  # what stands in its place now
        self._next_at = 0.0
        self._looks_back = False  # the client shows the end of what stood there before
        self._done: tuple[str, str] | None = None  # of what was read to its end
        self._turn = ""  # of the writer when the client was started
        self._hangs_at: float | None = None  # since then it should have come to its end
        self._knew_end = False  # the writer had ended when the client was started
        self._window_at = 0.0
        self._window = 0  # bytes that came since
        self._caught_up = False
        self._brought = False

    def meet(self, found: Found) -> None:
        """What was found of it now."""
        self.unsure = self.gone = False
        if found.id == self.found.id or not self.found.id:
            self.found = found
            hangs = self.child is not None and (
                found.turn != self._turn or (found.ended and not self._knew_end)
            )
            if hangs and self._hangs_at is None:
                self._hangs_at = time.monotonic()
        else:
            if self._next is None or self._next.id != found.id:
                self._next_at = time.monotonic()
            self._next = found

    @property
    def rests(self) -> bool:
        """Nothing is to come while its writer is what it was."""
        return self._next is None and self._done == (self.found.id, self.found.turn)

    @property
    def settled(self) -> bool:
        """All that is there was read.

        A client that ends when it has shown all says so by its end: a `kubectl` that took longer
        than a moment to connect was taken for one that has nothing to show.
        """
        if self.child is None:
            return self.rests or self.gone or bool(self.found.waits)
        now = time.monotonic()
        if now - self._window_at > (SILENT_S if self._knew_end else QUIET_S):
            self._caught_up = self._caught_up or self._window < LITTLE
            self._window_at, self._window = now, 0
        return self._next is None and self._caught_up

    @property
    def wants(self) -> bool:
        """A client is to be started, now or later."""
        if self.child is not None or self.unsure or self.gone:
            return False
        return self._next is not None or not (self.found.waits or self.rests)

    def command(self, follow: bool) -> list[str] | None:
        """What is to be run now; None for nothing.

        Args:
            follow: the client is to go on; else it shows what there is.
        """
        now = time.monotonic()
        if not self.wants or now < self.due:
            return None
        if self._next is not None:
            before = self._next.before == self.found.id and not self._is_done()
            if before and not self._looks_back:
                self._looks_back, self._knew_end = True, False
                return self._begin(self.found, follow=False, before=True)
            self._turn_over()
        if not self.wants:
            return None
        self._knew_end = self.found.ended or not follow
        return self._begin(self.found, follow=follow and not self.found.ended, before=False)

    def overdue(self) -> bool:
        """The client goes on though its log was replaced, or the writer ended or began anew.

        It may show another log by now; and `docker logs --follow` of 20.10 hangs where a container
        is restarted at once.
        """
        if self.child is None or self._looks_back:
            return False
        since = self._next_at if self._next is not None else self._hangs_at
        return since is not None and time.monotonic() - since > GRACE_S

    def cut(self) -> None:
        """The client was ended from here."""
        self.child, self._looks_back = None, False
        self._give(self._reader.end(False))

    def take(self, stream: int, data: bytes, dry: bool) -> None:
        """What the client printed."""
        self._window += len(data)
        self._give(self._reader.take(stream, data, dry))

    def over(self, status: int) -> None:
        """The client has ended."""
        self._give(self._reader.end(status == 0))
        said = self._reader.said.decode("utf-8", "replace")
        looked_back = self._looks_back and self._next is not None
        if looked_back and status and "not found" not in said and self.fails < _TRIES:
            self._looks_back = looked_back = False  # once more
        status = 0 if looked_back else status  # what stood there before may be gone by now
        self.child, self.status = None, status
        if status == 0 and self._knew_end and self._next is None:
            self._done = self.found.id, self.found.turn
            self._give(self._reader.finish(False))
            if self.found.ended and self.found.ending:
                self._gone(self.found.log, self.found.ending)
        self.trouble = said if status else ""
        self.fails = 0 if self._brought else self.fails + 1
        self.unsure = not (self.rests or looked_back)

    def _begin(self, found: Found, *, follow: bool, before: bool) -> list[str]:
        self._window_at, self._window, self._caught_up = time.monotonic(), 0, False
        self._brought, self._turn, self._hangs_at = False, found.turn, None
        command = self.workload.command(found, self._reader.since, follow=follow, before=before)
        self._reader.begin()
        return command

    def _is_done(self) -> bool:
        return self._done is not None and self._done[0] == self.found.id

    def _turn_over(self) -> None:
        """What stands there now begins."""
        assert self._next is not None
        self._give(self._reader.finish(True))
        self.found, self._next, self._looks_back = self._next, None, False

    def _give(self, data: bytes) -> None:
        if data:
            self._brought = True
            self._put(self.found.log, data, self._reader.written)
