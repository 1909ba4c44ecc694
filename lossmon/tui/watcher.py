"""The thread that reads logs, so that the screen never waits for a disk or a network."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from lossmon import crash
from lossmon.logs.source import Health
from lossmon.monitor import Monitor, RunUpdate

_IDLE_S = 1.0  # between two looks when nothing wakes the monitor
_LOADING_S = 0.05  # between two publications while a backlog is read


class Watcher:
    """Polls a monitor in a thread and keeps the newest update of each run until it is taken.

    Args:
        monitor: polled from the thread alone.
        on_updates: called from the thread when there is something to take.
        on_failure: called from the thread with one line when the monitor breaks.
        fps: publications a second at most.
    """

    def __init__(
        self,
        monitor: Monitor,
        on_updates: Callable[[], None],
        on_failure: Callable[[str], None],
        fps: float,
    ) -> None:
        self._monitor = monitor
        self._on_updates = on_updates
        self._on_failure = on_failure
        self._pace_s = 1.0 / fps
        self._lock = threading.Lock()
        self._newest: dict[str, RunUpdate] = {}
        self._hosts: tuple[Health, ...] = ()
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

    @property
    def hosts(self) -> tuple[Health, ...]:
        """How the links to other boxes are."""
        return self._hosts

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._stop.set()
        self._monitor.wake()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _watch(self) -> None:
        loaded = False
        try:
            while not self._stop.is_set():
                started = time.monotonic()
                updates = self._monitor.poll()
                hosts, before = self._monitor.hosts(), self._hosts
                if updates or hosts != before:
                    self._hosts = hosts
                    with self._lock:
                        # A run that is renamed goes before it comes: order within a poll counts.
                        self._newest |= {update.run: update for update in updates}
                    self._on_updates()
                took_s = time.monotonic() - started
                # Once all was read, rest as long as a poll takes: of many live runs the newest
                # rows come together, instead of a poll for each.
                rest_s = took_s if loaded else 0.0
                if self._monitor.pending():
                    self._stop.wait(max(rest_s, _LOADING_S - took_s))
                    continue
                loaded = True
                self._stop.wait(max(rest_s, self._pace_s - took_s))
                if not self._stop.is_set():
                    self._monitor.wait(_IDLE_S)
        except Exception as error:
            self._on_failure(crash.record(error))
