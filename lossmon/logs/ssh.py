"""Logs on another box, over the user's own ssh: a thread a host, so that nothing here waits."""

from __future__ import annotations

import os
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from typing import Any

from lossmon import crash
from lossmon.debug import logger
from lossmon.logs import openssh
from lossmon.logs.follower import Chunk
from lossmon.logs.inbox import Inbox
from lossmon.logs.link import ANSWER_S, Link, Session, Talk
from lossmon.logs.openssh import Failure, Host
from lossmon.logs.source import Health

_REFUSED = 255  # exit status of an ssh that could not connect; one that was broken off has another


@dataclass(frozen=True)
class Patience:
    """How long to wait for what.

    Attributes:
        answer_s: for the agent's first word.
        first_s: before the second attempt; doubled for each further one.
        longest_s: between two attempts.
        lasted_s: a link that held so long is no failed attempt.
        attempts: when reading once, before it is given up.
    """

    answer_s: float = ANSWER_S
    first_s: float = 1.0
    longest_s: float = 30.0
    lasted_s: float = 10.0
    attempts: int = 3


class SshSource:
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
        self.name = host.name
        self.host = host
        self._watch = watch
        self._patience = patience or Patience()
        self._woken = threading.Event()
        self._listener: Callable[[], None] = lambda: None
        self._session = Session(host, Inbox(self._news), list(dict.fromkeys(targets)))
        self._health = Health(self.name, "connecting")
        self._ended = False  # no attempt is made any more, or nothing more is wanted
        self._closing = False
        self._again = threading.Event()
        self._orders: deque[Callable[[Talk], None]] = deque()
        self._wake_out, self._wake_in = os.pipe()
        os.set_blocking(self._wake_in, False)
        self._link: Link | None = None
        self._was_live = False
        self._thread = threading.Thread(target=self._run, name=f"lossmon-{self.name}", daemon=True)
        self._thread.start()

    # -- the source, called from the thread of the monitor ---------------------------------------

    def poll(self) -> list[Chunk]:
        """What came; never waits for the box."""
        was_full = self._session.inbox.full
        chunks = self._session.inbox.take()
        if was_full:
            self._nudge()
        return chunks

    def wait(self, timeout_s: float) -> bool:
        """Sleep until something comes or the link changes."""
        if len(self._session.inbox):
            return True
        woken = self._woken.wait(timeout_s)
        self._woken.clear()
        return woken

    def wake(self) -> None:
        """End a `wait` that is going on in another thread."""
        self._woken.set()

    def listen(self, news: Callable[[], None]) -> bool:
        """Call `news` when something comes or the link changes."""
        self._listener = news
        return True

    def drop(self, log: str) -> None:
        """Read no more of a log."""
        self._session.inbox.dropped.add(log)
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

    def pending(self) -> int:
        """Bytes not polled yet; while the link is down, what it would bring does not count."""
        waiting = self._session.inbox.waiting_bytes or len(self._session.inbox)
        if self._health.state != "live" or self._session.settled:
            return waiting
        return waiting + max(1, self._session.inbox.missing)

    def is_directory(self, path: str) -> bool:
        """Whether a target is a directory there, as the box says."""
        return self._session.kinds.get(path) == "directory"

    def health(self) -> Health:
        """How the link is."""
        health = self._health
        if health.state != "live":
            return health
        troubles = self._session.troubles.items()
        words = [f"{os.path.basename(target) or target}: {why}" for target, why in troubles if why]
        return replace(health, reason="; ".join([*words, *filter(None, [health.reason])]))

    def trouble(self, target: str) -> str:
        """Why a target cannot be read there."""
        if self._health.state != "live" and not self._was_live:
            return self._health.reason or "no answer"
        return self._session.troubles.get(target, "")

    def beside(self) -> dict[str, Any] | None:
        """What GPUs and the writers of logs do there; untrusted."""
        found, self._session.beside = self._session.beside, None
        return found

    @property
    def exhausted(self) -> bool:
        """All there is was read, or the box can't be reached."""
        if len(self._session.inbox):
            return False
        return self._ended or (self._health.state == "live" and self._session.settled)

    def ask(self) -> bool:
        """Let ssh ask its questions on the terminal, which must be free, and connect anew."""
        status = 0
        if self._health.state in ("needs_password", "gone"):
            status = openssh.ask(self.host)
        self._ended = False
        self._health = Health(self.name, "connecting", self._health.reason)
        self.retry()
        return status != _REFUSED

    def retry(self) -> None:
        """Connect now: the user has answered a question, or says that the box is back."""
        self._again.set()
        self._nudge()

    def close(self) -> None:
        """End the link and its thread; nothing is left on the box."""
        if self._closing:
            return
        self._closing = True
        if self._link is not None:
            self._link.stopped = True
        self._again.set()
        self._nudge()
        self._thread.join(timeout=5)
        openssh.let_go(self.host)
        os.close(self._wake_in)
        os.close(self._wake_out)

    def _order(self, order: Callable[[Talk], None]) -> None:
        self._orders.append(order)
        self._nudge()

    def _nudge(self) -> None:
        try:
            os.write(self._wake_in, b".")
        except OSError:
            pass  # full: it will look anyway; or closed

    # -- the link, in a thread of its own --------------------------------------------------------

    def _run(self) -> None:
        """Hold the link; an error of ours is said as the state of the box, and tried again."""
        while not self._closing:
            try:
                self._keep_linked()
            except Exception as error:  # nobody joins this thread to hear of it
                self._health = Health(self.name, "gone", crash.record(error))
                self._ended = not self._watch
                self._woken.set()
                self._again.wait(self._patience.longest_s)

    def _keep_linked(self) -> None:
        failures = 0
        while not self._closing:
            self._tell(Health(self.name, "connecting", self._health.reason))
            self._orders.clear()  # a new link is told everything
            self._again.clear()
            began = time.monotonic()
            self._link = Link(
                self._session, self._wake_out, self._take_orders, self._live,
                self._patience.answer_s,
            )  # fmt: skip
            if self._closing:
                return
            try:
                failure = self._link.run()
            except Exception as error:  # of ours, or one that a box provoked: it is a lost link
                failure = Failure("retrying", crash.record(error))
            if self._closing:
                return
            if self._health.state == "live" and time.monotonic() - began > self._patience.lasted_s:
                failures = 0
            failures += 1
            self._pause(failure, failures)

    def _pause(self, failure: Failure, failures: int) -> None:
        """Say what is wrong, and wait until it is time to try again."""
        state, delay_s = failure.state, None
        if not self._watch and (failures >= self._patience.attempts or not self._was_live):
            state = state if state == "needs_password" else "gone"
        if state == "retrying":
            delay_s = self._patience.first_s * 2 ** min(failures - 1, 16)
            delay_s = min(delay_s, self._patience.longest_s)
            delay_s *= random.uniform(0.8, 1.2)  # many that lost one box do not come back at once
        self._ended = state != "retrying" and not self._watch
        at = time.time() + delay_s if delay_s is not None else None
        self._tell(Health(self.name, state, failure.reason, at))
        self._again.wait(delay_s)

    def _live(self) -> None:
        self._was_live = True
        self._tell(Health(self.name, "live", self._session.limits))

    def _take_orders(self) -> Iterator[Callable[[Talk], None]]:
        while self._orders:
            yield self._orders.popleft()

    def _tell(self, health: Health) -> None:
        logger.info("box %s: %s %s", health.host, health.state, health.reason)
        self._health = health
        self._news()

    def _news(self) -> None:
        self._woken.set()
        self._listener()
