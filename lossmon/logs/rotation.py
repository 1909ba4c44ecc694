"""What becomes of a file that is rotated while it is followed.

Standard library alone, runs on Python 3.6: it is sent to boxes along with the follower.
"""

from typing import Dict, Iterable, Iterator  # noqa: F401 - Dict is for a type comment

from lossmon.logs.files import TRUNCATED, Files, Stat, is_numbered_part
from lossmon.logs.tail import Tail
from lossmon.logs.walk import MAX_ENTRIES


class Rotation:
    """Knows files again under the names that they are moved to, and reads them to their end.

    Args:
        files: where they stand.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._left = {}  # type: Dict[object, bytes]  # identity -> first bytes, of dropped files

    def grew(self, tail: Tail) -> None:
        """Keep a file open that was written to."""
        if self._files.held is not None and tail.seen is not None and not tail.turned:
            self._files.held.keep(tail.path, tail.seen.identity)

    def dropped(self, tail: Tail) -> None:
        """Note that a file is read no more, whatever it is called later."""
        self.forget([tail.path])
        if tail.seen is not None and tail.head:
            self._left[tail.seen.identity] = tail.head
            if len(self._left) > MAX_ENTRIES:
                del self._left[next(iter(self._left))]

    def forget(self, logs: "Iterable[str]") -> None:
        """Keep files open no more."""
        if self._files.held is not None:
            for log in logs:
                self._files.held.let_go(log)

    def leaves_again(self, tail: Tail, now: Stat) -> bool:
        """Leave a file alone that was dropped under another name: log.1 is log.2 by now.

        Not where others were read under this name: they have to be seen to go.
        """
        head = self._left.get(now.identity)
        if (
            head is None
            or (tail.offset and not tail.dropped)
            or (tail.seen is not None and tail.seen.identity == now.identity)
        ):
            return False
        try:  # its number may be that of another file by now
            tail.dropped = self._files.read_at(tail.path, 0, len(head)) == head
        except OSError:
            return False
        return tail.dropped

    def has_turned(self, tail: Tail, what: str, beside: "Iterable[str]") -> bool:
        """Whether what was read of a file stands beside it: moved there, or copied and emptied.

        Args:
            tail: the file.
            what: became of it.
            beside: files that are followed: a part of one of them has not turned.
        """
        if not tail.offset or tail.dropped or (tail.seen is None and not tail.restored):
            return False
        if is_numbered_part(tail.path, beside):
            return False
        # Where its number is not known its bytes have to do. What is written anew may have copies.
        identity = tail.seen.identity if tail.seen is not None else None
        copied = what == TRUNCATED or identity is None
        tail.turned = self._files.turned_to(tail.path, identity, tail.known, copied)
        return tail.turned != ""

    def rest_of(self, tail: Tail, count: int) -> "Iterator[bytes]":
        """What was written last to a file that was packed and removed at once, in pieces."""
        if self._files.held is None or tail.seen is None or tail.dropped or not tail.offset:
            return iter(())
        return self._files.held.rest_of(
            tail.path, tail.seen.identity, tail.known, tail.offset, count
        )
