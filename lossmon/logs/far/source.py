"""Looks what is there, reads what grew, rests: as often as the manners of the place say."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lossmon.logs.background import Background, Patience
from lossmon.logs.discover import run_directory
from lossmon.logs.far.files import FarFiles, in_its_words
from lossmon.logs.follower import Follower
from lossmon.logs.scheme import Order
from lossmon.logs.source import Failure, Health
from lossmon.words import joined, known, said

_READ_BYTES = 8 << 20  # taken at once
_FIRST_BYTES = 1 << 16  # of a file of which nothing is known: it may be no log


@dataclass(frozen=True)
class Manners:
    """How often a place is asked what is there.

    Attributes:
        every_s: between two looks at least.
        an_hour: requests that looking may take; reading what grew comes on top, one a log and look.
    """

    every_s: float = 2.0
    an_hour: int = 3600

    def pause_s(self, requests: int) -> float:
        """How long to rest after a look that took so many requests."""
        return max(self.every_s, requests * 3600.0 / self.an_hour)


USUAL = Manners()


class FarSource(Background):
    """Looks, reads what grew, rests.

    Args:
        order: what is read.
        files: how requests are made.
        manners: how often; where requests cost money, less often.
        meaning: what an error means for the user; where left out, its own words are shown.
        patience: how long to wait for what.
    """

    def __init__(
        self,
        order: Order,
        files: FarFiles,
        manners: Manners = USUAL,
        meaning: Callable[[Exception], Failure] = in_its_words,
        patience: Patience | None = None,
    ) -> None:
        patience = patience or Patience(leave_s=0.3)  # nothing is left there to be ended
        super().__init__(order.name, watch=order.watch, prefix=order.prefix, patience=patience)
        self._files = files
        self._files.only = order.only
        self._files.meaning = meaning
        self._targets = order.paths
        self._manners = manners
        self._meaning = meaning
        self._drops: deque[str] = deque()
        self._follower = Follower(
            order.paths, ahead=order.watch, first_bytes=_FIRST_BYTES, settings=True, files=files,
            every_s=float("inf"),
        )  # fmt: skip
        self.start()

    def drop(self, log: str) -> None:
        """Read no more of a log."""
        super().drop(log)
        self._drops.append(log)

    def is_directory(self, path: str) -> bool:
        """Whether a target is a directory there."""
        return self._files.kinds.get(path) == "directory"

    def trouble(self, target: str) -> str:
        """Why a target cannot be read there."""
        return self._files.troubles.get(target, "") or super().trouble(target)

    def attempt(self) -> Failure:
        """Look again and again, until a request fails."""
        try:
            self._files.connect()
            self._files.again()
            while not self.closing:
                before = self._files.requests
                self._look()
                if self._targets and self._files.failed.issuperset(self._targets):
                    return Failure("retrying", self._in_trouble())
                if not self.watch:
                    break
                pause_s = self._manners.pause_s(self._files.requests - before)
                self._say_live(pause_s)
                self.rest(pause_s)
        except Exception as error:
            return self._meaning(error)
        finally:
            self._files.release()
            self._files.disconnect()
        return Failure("gone", "")

    def ended(self) -> None:
        """No more requests."""
        self._files.closing = True

    def _look(self) -> None:
        """List what is there, and read all that is new."""
        files, follower = self._files, self._follower
        files.begin()
        files.lost = None
        follower.rescan()
        while not self.closing:
            while self._drops:
                follower.drop(self._drops.popleft())
            walking = follower.walking
            chunks = follower.poll(_READ_BYTES)
            if self._health.state != "live" and files.heard:
                self._say_live(self._manners.every_s)
            for chunk in chunks:
                if not self.until_room():
                    return
                self.inbox.put(chunk)
            if files.lost is not None:
                raise files.lost
            if walking and not follower.walking:
                files.finish()
                follower.notice()
            elif not walking and not follower.pending():
                break
        files.release()
        self.settle()

    def _in_trouble(self) -> str:
        """Of which targets nothing can be read, and why, in one line."""
        told = {target: why for target, why in self._files.troubles.items() if why}
        if not told:
            return ""
        target, why = next(iter(told.items()))
        path = os.path.basename(target.rstrip("/"))
        if len(told) == 1:
            return joined(": ", [*filter(None, [path]), known(why)])
        return said(
            "{path}: {why}; {n:,} more {n:log or folder|logs and folders} can't be read",
            path=path or self.name,
            why=known(why),
            n=len(told) - 1,
        )

    def _say_live(self, pause_s: float) -> None:
        """How often one looks: where that is less often than usual, it is a limit."""
        words: str = said(
            "looked at every {pause:.0f} s, {hourly:,} listings an hour at most",
            pause=pause_s,
            hourly=self._manners.an_hour,
        )
        rare = pause_s > 2 * self._manners.every_s
        limits = [*filter(None, [self._in_trouble()])]
        limits += [words] if rare and self.watch else []
        limits += [known(self._files.beyond)] if self._files.beyond else []
        health = Health(self.name, "live", joined("; ", limits), note="" if rare else words)
        if self._health != health:
            self.went_live(health.reason, health.note)


def batches(files: FarFiles, target: str, most: int) -> Iterator[list[str]]:
    """The files that a target leads to, page by page as they are listed: bounded, however many.

    The logs of one training are in one batch where its folder is listed in one go, as stores do.

    Args:
        files: where they are.
        target: as typed.
        most: files of a batch, about; the last folder is completed, up to twice as many.

    Raises:
        FileNotFoundError: nothing is there.
    """
    files.most_listed = None
    files.connect()
    batch: list[str] = []
    last = ""
    for path, _ in files.found(target, settings=True):
        folder = run_directory(path)
        if len(batch) >= most and (folder != last or len(batch) >= 2 * most):
            yield batch
            batch = []
        batch.append(path)
        last = folder
    if batch:
        yield batch
