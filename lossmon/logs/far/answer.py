"""What a web server answers, read in bounded time, and known to be whole or not."""

from __future__ import annotations

import http.client
import time
from typing import Any

from lossmon.logs.far.apart import CUT, Trouble
from lossmon.logs.tail import GUARD_BYTES
from lossmon.words import said

_ANSWER_S = 60.0  # for one piece
_KEPT = 4096  # the newest bytes of an answer that is read on, among which the follower's guard is
SILENT = said("the server sends no more of it")
MUTE = said("the server does not answer for it")
MOST_PASSED = 1 << 28  # bytes that are read again in vain, where a server sends no pieces


class Broken(Trouble):
    """An answer goes no further, or does not begin where the server could be reached."""


class Answer:
    """A body that is read in bounded time, and known to be whole or not."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self._broken: Broken | None = None
        self.at = 0
        self.kept = bytearray()
        length = answer.headers.get("Content-Length", "")
        self._length = int(length) if length.isdigit() and len(length) < 19 else None

    def read(self, offset: int, count: int) -> bytes:
        """Bytes from an offset on; see `reaches`.

        Raises:
            Broken: no more of them came than a follower has already, which asks for a few that it
                knows along with what is new.
        """
        until = time.monotonic() + _ANSWER_S
        while self.at < offset + count:
            data = self._more(min(1 << 16, offset + count - self.at))
            if self._broken is not None and self.at - offset <= GUARD_BYTES:
                raise self._broken
            if not data:
                break
            self.at += len(data)
            self.kept += data
            if self.at <= offset:
                del self.kept[:-_KEPT]
            if time.monotonic() > until:
                slow = self.at - offset <= GUARD_BYTES
                self._broken = Broken(said("an answer takes too long"), slow)
        start = len(self.kept) - (self.at - offset)
        found = bytes(self.kept[start : start + count]) if self.at > offset else b""
        del self.kept[:-_KEPT]
        return found

    def _more(self, most: int) -> bytes:
        """What comes next; none at the end, or where it breaks off."""
        if self._broken is not None:
            return b""
        try:
            data: bytes = self._answer.read1(most)
        except TimeoutError:
            self._broken = Broken(SILENT, slow=True)
        except (OSError, http.client.HTTPException):
            self._broken = Broken(CUT)
        else:
            if data or self._length is None or self.at >= self._length:
                return data
            self._broken = Broken(CUT)
        return b""

    @property
    def whole(self) -> bool:
        """Nothing says that there is more of it than came."""
        return self._broken is None

    def reaches(self, offset: int) -> bool:
        """Whether it can be read from there."""
        return self.at - len(self.kept) <= offset

    def close(self) -> None:
        """Take no more of it."""
        self._answer.close()


def len_of(answer: Any) -> int:
    """How long a body is that does not say so; of one that breaks off, there is more than came.

    Raises:
        Broken: nothing came.
    """
    with answer:
        body = Answer(answer)
        while body.at < MOST_PASSED and body.whole and body.read(body.at, 1 << 20):
            pass
        return body.at + int(not body.whole)


def entire(body: Answer, most: int) -> bytes:
    """Bytes of what is needed whole.

    Raises:
        Broken: it breaks off.
    """
    data = body.read(0, most)
    if not body.whole:
        raise Broken(CUT)
    return data
