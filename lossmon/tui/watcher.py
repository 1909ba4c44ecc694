"""The thread that reads logs, so that the screen never waits for a disk or a network."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from lossmon import crash
from lossmon.formats import apart
from lossmon.logs.source import Health
from lossmon.monitor import Monitor, RunUpdate
from lossmon.tui.leaving import LEAVE_S

_IDLE_S = 1.0  # between two looks when nothing wakes the monitor
_LOADING_S = 0.05  # between two looks while more is to come over a link
_FIRST_PAUSE_S = 0.3  # between the first two publications while a backlog is read; then doubled
_LONGEST_PAUSE_S = 0.7  # with the reading of a slice: about once a second
_DRAWN_SHARE = 0.15  # of the time at most, where a picture takes long: then more seldom
_DRAWING_S = 0.3  # reading rests at most so long for what it published to be drawn


class Watcher:
    """Polls a monitor in a thread and keeps the newest update of each run until it is taken.

    Args:
        monitor: polled from the thread alone.
        on_updates: called from the thread when there is something to take.
        on_failure: called from the thread with one line when the monitor breaks.
        fps: publications a second at most.
        begun: the screen has the first rows of a run already; what a backlog adds to them waits
            for the first pause, since each drawing holds up the reading of what ends it.
    """

    def __init__(
        self,
        monitor: Monitor,
        on_updates: Callable[[], None],
        on_failure: Callable[[str], None],
        fps: float,
        begun: bool = False,
    ) -> None:
        self._monitor = monitor
        self._on_updates = on_updates
        self._on_failure = on_failure
        self._pace_s = 1.0 / fps
        self._begun = begun
        self._lock = threading.Lock()
        self._newest: dict[str, RunUpdate] = {}
        self._hosts: tuple[Health, ...] = ()
        self._progress = (0, 0)
        self._loaded = False  # all that was there was read once
        self._drawn = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="lossmon-watcher", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def take(self) -> list[RunUpdate]:
        """The newest update of every run that changed since the last call."""
        with self._lock:
            updates, self._newest = list(self._newest.values()), {}
        return updates

    def drawn(self) -> None:
        """What was taken is on the screen: a backlog is read on."""
        self._drawn.set()

    @property
    def hosts(self) -> tuple[Health, ...]:
        """How the links to other boxes are."""
        return self._hosts

    @property
    def progress(self) -> tuple[int, int]:
        """How many logs were read as far as they go, and how many there are.

        Once all were, it is over: a log that grows has something to read at any time.
        """
        return (0, 0) if self._loaded else self._progress

    def stop(self) -> None:
        """End the thread; one that is in the middle of a long document ends behind us."""
        self._stop.set()
        self._drawn.set()
        self._monitor.wake()
        apart.end_all()
        if self._thread.is_alive():
            self._thread.join(LEAVE_S)

    def _watch(self) -> None:
        try:
            self._read()
        except Exception as error:
            if not self._stop.is_set():  # what it read from is closed by now
                self._on_failure(crash.record(error))

    def _read(self) -> None:
        due, pause_s = 0.0, _FIRST_PAUSE_S  # the next publication while a backlog is read
        if self._begun:
            due = time.monotonic() + _FIRST_PAUSE_S
        while not self._stop.is_set():
            started = time.monotonic()
            told = self._look()
            took_s = time.monotonic() - started
            # Once all was read, rest as long as a poll takes: of many live runs the newest
            # rows come together, instead of a poll for each.
            rest_s = took_s if self._loaded else 0.0
            if self._monitor.pending():
                if told or (self._newest and time.monotonic() > due):
                    before = time.monotonic()
                    self._publish(wait_s=_DRAWING_S)
                    due = time.monotonic()
                    due += max(pause_s, (due - before) / _DRAWN_SHARE)
                    pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
                self._stop.wait(max(rest_s, _LOADING_S - took_s))
                continue
            self._loaded, due, pause_s = True, 0.0, _FIRST_PAUSE_S
            if told or self._newest:
                self._publish()
            self._stop.wait(max(rest_s, self._pace_s - took_s))
            if not self._stop.is_set():
                self._monitor.wait(_IDLE_S)

    def _look(self) -> bool:
        """Keep what is new until it is published; True where that must be now."""
        updates = self._monitor.poll()
        hosts, before = self._monitor.hosts(), self._hosts
        self._hosts = hosts
        done, (read, known) = self._progress, self._monitor.progress()
        self._progress = read, known
        with self._lock:
            # A run that is renamed goes before it comes: order within a poll counts.
            self._newest |= {update.run: update for update in updates}
        return hosts != before or (read == known and (read, known) != done)

    def _publish(self, wait_s: float = 0.0) -> None:
        """Tell that there is something to take, and let it be drawn: both share a processor."""
        self._drawn.clear()
        self._on_updates()
        self._drawn.wait(wait_s)
