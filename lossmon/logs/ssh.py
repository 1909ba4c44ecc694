"""Logs on another box, over the user's own ssh: a thread a host, so that nothing here waits."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatch
from typing import Any

from lossmon.logs import openssh
from lossmon.logs.background import Background, Patience
from lossmon.logs.link import Link, Session, Talk
from lossmon.logs.openssh import Host
from lossmon.logs.source import Failure, Health
from lossmon.words import joined, known


class SshSource(Background):
    """Files, directories and globs on another box.

    Args:
        host: the box.
        targets: paths there, as typed; `~` is expanded there.
        watch: keep the link for good; else it is enough to read once.
        patience: how long to wait for what.
    """

    def __init__(
        self,
        host: Host,
        targets: Sequence[str],
        *,
        watch: bool = True,
        patience: Patience | None = None,
    ) -> None:
        super().__init__(host.name, watch=watch, patience=patience)
        self.host = host
        self._session = Session(host, self.inbox, list(dict.fromkeys(targets)))
        self._orders: deque[Callable[[Talk], None]] = deque()
        self._wake_out, self._wake_in = os.pipe()
        os.set_blocking(self._wake_in, False)
        self._link: Link | None = None
        self.start()

    # -- the source, called from the thread of the monitor ---------------------------------------

    def drop(self, log: str) -> None:
        """Read no more of a log."""
        super().drop(log)
        self._order(lambda talk: talk.drop(log))

    def add(self, target: str) -> None:
        """Follow one more target."""
        if target not in self._session.targets:
            self._session.targets.append(target)
            self._session.inbox.dropped -= self._below(target)
            self._order(lambda talk: talk.follow(target))

    def remove(self, target: str) -> None:
        """Follow a target no more."""
        if target in self._session.targets:
            self._session.targets.remove(target)
            self._session.inbox.dropped |= self._below(target)
            self._order(lambda talk: talk.forget(target))

    def _below(self, target: str) -> set[str]:
        """The logs that are known by a target."""
        start = target.rstrip("/") + "/"
        return {
            log
            for log in list(self._session.inbox.tails)
            if log == target or log.startswith(start) or fnmatch(log, target)
        }

    @property
    def settled(self) -> bool:
        """All that is there was received."""
        return self._session.settled

    def is_directory(self, path: str) -> bool:
        """Whether a target is a directory there, as the box says."""
        return self._session.kinds.get(path) == "directory"

    def health(self) -> Health:
        """How the link is."""
        health = self._health
        if health.state != "live":
            return health
        troubles = self._session.troubles.items()
        words = [
            joined(": ", (os.path.basename(target) or target, known(why)))
            for target, why in troubles
            if why
        ]
        return replace(health, reason=joined("; ", [*words, *filter(None, [health.reason])]))

    def trouble(self, target: str) -> str:
        """Why a target cannot be read there."""
        return super().trouble(target) or known(self._session.troubles.get(target, ""))

    def beside(self) -> dict[str, Any] | None:
        """What GPUs and the writers of logs do there; untrusted."""
        found, self._session.beside = self._session.beside, None
        return found

    def ask(self) -> bool:
        """Let ssh ask its questions on the terminal, which must be free, and connect anew."""
        useful = openssh.ask_where_it_helps(self.host, self._health.state)
        super().ask()
        return useful

    def close(self) -> None:
        """End the link and its thread; nothing is left on the box."""
        if self.closing:
            return
        super().close()
        openssh.let_go(self.host)
        os.close(self._wake_in)
        os.close(self._wake_out)

    def _order(self, order: Callable[[Talk], None]) -> None:
        self._orders.append(order)
        self.nudge()

    # -- the link, in a thread of its own --------------------------------------------------------

    def attempt(self) -> Failure:
        """Talk to the agent there until the link is lost."""
        self._orders.clear()  # a new link is told everything
        self._link = Link(
            self._session, self._wake_out, self._take_orders, self._live, self.patience.answer_s
        )
        if self.closing:
            self._link.stopped = True
        return self._link.run()

    def ended(self) -> None:
        """The link is to end now."""
        if self._link is not None:
            self._link.stopped = True

    def nudge(self) -> None:
        """Wake the link, which waits for its descriptors."""
        super().nudge()
        try:
            os.write(self._wake_in, b".")
        except OSError:
            pass  # full: it will look anyway; or closed

    def _live(self) -> None:
        self.went_live(self._session.limits)

    def _take_orders(self) -> Iterator[Callable[[Talk], None]]:
        while self._orders:
            yield self._orders.popleft()
