"""A source whose work may block: it is done in a thread of its own, so that nothing here waits.

What is common to all links: states, retries with backoff, an inbox with a bound, an end in bounded
time. A kind of place says in `attempt` how one link is made and what it brings.
"""

from __future__ import annotations

import random
import threading
import time
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from lossmon import crash
from lossmon.debug import logger
from lossmon.logs.follower import Chunk
from lossmon.logs.inbox import Inbox
from lossmon.logs.source import Failure, Health, Source


@dataclass(frozen=True)
class Patience:
    """How long to wait for what.

    Attributes:
        answer_s: for the first word of a link.
        first_s: before the second attempt; doubled for each further one.
        longest_s: between two attempts.
        lasted_s: a link that held so long is no failed attempt.
        attempts: when reading once, in which nothing came, before it is given up.
        leave_s: for the thread to end when the source is closed; it ends by itself later, then.
    """

    answer_s: float = 40.0  # names, jump hosts and keys take their time
    first_s: float = 1.0
    longest_s: float = 30.0
    lasted_s: float = 10.0
    attempts: int = 3
    leave_s: float = 5.0


class Background(Source):
    """Brings chunks through an inbox from a thread; a subclass says how, in `attempt`.

    Args:
        name: of the source.
        watch: keep the link for good; else it is enough to read once.
        patience: how long to wait for what.
        prefix: what stands before the names of its logs, where that is not the name and a colon.
    """

    def __init__(
        self,
        name: str,
        *,
        watch: bool = True,
        patience: Patience | None = None,
        prefix: str = "",
    ) -> None:
        self.name = name
        self.watch = watch
        self.patience = patience or Patience()
        self._prefix = prefix or super().prefix
        self.inbox = Inbox(self.news)
        self._settled = False
        self.closing = False
        self.was_live = False
        self._health = Health(name, "connecting")
        self._ended = False  # no attempt is made any more, or nothing more is wanted
        self._woken = threading.Event()
        self._listener: Callable[[], None] = lambda: None
        self._again = threading.Event()  # the next attempt is due now
        self._roused = threading.Event()  # a `rest` ends now
        self._thread = threading.Thread(target=self._run, name=f"lossmon-{name}", daemon=True)

    # -- for a subclass: called from its thread --------------------------------------------------

    @abstractmethod
    def attempt(self) -> Failure:
        """Connect, call `went_live`, put what comes into the inbox; why it is over.

        Returns once `closing` is set, or when the link is lost; where not watching, it calls
        `settle` once all is read, and may return then. An error it raises is a lost link.
        """

    def went_live(self, limits: str = "", note: str = "") -> None:
        """The link stands; what cannot be done there, and what is usual there, in words."""
        self.was_live = True
        self.tell(Health(self.name, "live", limits, note=note))

    def settle(self, yes: bool = True) -> None:
        """All that is there was put into the inbox, or not."""
        if self._settled != yes:
            self._settled = yes
            self.news()

    def rest(self, seconds: float) -> bool:
        """Sleep for a while; ends early, and is False, where there is something else to do.

        That is: the source is closed, the user says "now", or a full inbox was emptied (see
        `nudge`).
        """
        ended = self._roused.wait(0.0 if self.closing else seconds)
        self._roused.clear()
        return not (ended or self.closing)

    def until_room(self) -> bool:
        """Wait while nobody takes what is in the inbox; False where the source is closed."""
        while self.inbox.full and not self.closing:
            self.rest(1.0)
        return not self.closing

    def nudge(self) -> None:
        """Something is to be done at once: from any thread. Ends a `rest`."""
        self._roused.set()

    def ended(self) -> None:
        """The link is to end now, whatever it waits for: close sockets, stop programs."""

    def start(self) -> None:
        """Begin; the last thing that a constructor does."""
        self._thread.start()

    def tell(self, health: Health) -> None:
        """Note how the link is."""
        logger.info("link %s: %s %s", health.host, health.state, health.reason)
        self._health = health
        self.news()

    def news(self) -> None:
        """Something came or changed."""
        self._woken.set()
        self._listener()

    # -- the source, called from the thread of the monitor ---------------------------------------

    @property
    def settled(self) -> bool:
        """All that is there was put into the inbox."""
        return self._settled

    @property
    def prefix(self) -> str:
        """What stands before the names of its logs."""
        return self._prefix

    def poll(self) -> list[Chunk]:
        """What came; never waits."""
        was_full = self.inbox.full
        chunks = self.inbox.take()
        if was_full:
            self.nudge()
        return chunks

    def wait(self, timeout_s: float) -> bool:
        """Sleep until something comes or the link changes."""
        if len(self.inbox):
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
        """Read no more of a log; `attempt` looks at `inbox.dropped`."""
        self.inbox.dropped.add(log)

    def pending(self) -> int:
        """Bytes not polled yet; while the link is down, what it would bring does not count."""
        waiting = self.inbox.waiting_bytes or len(self.inbox)
        if self._health.state != "live" or self.settled:
            return waiting
        return waiting + max(1, self.inbox.missing)

    def health(self) -> Health:
        """How the link is."""
        return self._health

    def trouble(self, target: str) -> str:  # noqa: ARG002 - of every source
        """Why nothing can be read there."""
        if self._health.state != "live" and not self.was_live:
            return self._health.reason or "no answer"
        return ""

    @property
    def exhausted(self) -> bool:
        """All there is was read, or it can't be reached."""
        if len(self.inbox):
            return False
        return self._ended or (self._health.state == "live" and self.settled)

    def ask(self) -> bool:
        """Connect anew: what was wrong may be mended."""
        self._ended = False
        self._health = Health(self.name, "connecting", self._health.reason)
        self.retry()
        return True

    def retry(self) -> None:
        """Connect now: the user has answered a question, or says that it is back."""
        self._again.set()
        self.nudge()

    def close(self) -> None:
        """End the link and its thread."""
        if self.closing:
            return
        self.closing = True
        self.ended()
        self._again.set()
        self.nudge()
        self._thread.join(timeout=self.patience.leave_s)

    # -- the thread ------------------------------------------------------------------------------

    def _run(self) -> None:
        """Hold the link; an error of ours is said as the state of the place, and tried again."""
        while not self.closing:
            try:
                self._keep_linked()
            except Exception as error:  # nobody joins this thread to hear of it
                self._health = Health(self.name, "gone", crash.record(error))
                self._ended = not self.watch
                self._woken.set()
                self._again.wait(self.patience.longest_s)

    def _keep_linked(self) -> None:
        failures = 0
        while not self.closing:
            self.tell(Health(self.name, "connecting", self._health.reason))
            self._again.clear()
            if self.closing:
                return
            began, came = time.monotonic(), self.inbox.taken
            try:
                failure = self.attempt()
            except Exception as error:  # of ours, or one that the other end provoked
                failure = Failure("retrying", crash.record(error))
            if self.closing:
                return
            if self.settled and not self.watch and self._health.state == "live":
                self._again.wait()  # all was read: nothing more is wanted
                continue
            # A server that falls silent holds a link long, too: `check` tried it again for ever.
            held = time.monotonic() - began > self.patience.lasted_s
            if self._health.state == "live" and (held if self.watch else self.inbox.taken > came):
                failures = 0
            failures += 1
            self._pause(failure, failures)

    def _pause(self, failure: Failure, failures: int) -> None:
        """Say what is wrong, and wait until it is time to try again."""
        state, delay_s = failure.state, None
        if not self.watch and (failures >= self.patience.attempts or not self.was_live):
            state = state if state == "needs_password" else "gone"
        if state == "retrying":
            delay_s = self.patience.first_s * 2 ** min(failures - 1, 16)
            delay_s = min(delay_s, self.patience.longest_s)
            delay_s *= random.uniform(0.8, 1.2)  # many that lost one place do not come back at once
        self._ended = state != "retrying" and not self.watch
        at = time.time() + delay_s if delay_s is not None else None
        self.tell(Health(self.name, state, failure.reason, at))
        self._again.wait(delay_s)
