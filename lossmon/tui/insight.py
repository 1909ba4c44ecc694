"""What the runs say together: the sibling of a sick one, the setting that goes with an ending.

Both look at all runs and all their settings, so they are asked for again only when these have
changed, and seldom: with 1,000 runs something changes at every look.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from threading import Thread

from lossmon.monitor import RunUpdate
from lossmon.monitor.sibling import Sibling, Siblings, is_well
from lossmon.presentation.sweep import sweep_line

_PAUSE_S = 5.0  # between two looks at all runs

Key = tuple[tuple[str, int, bool], ...]


class Insight:
    """Remembers what was found out, and of which runs.

    Args:
        clock: seconds, for the pauses.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._siblings: tuple[Key, Siblings] | None = None
        self._looked = -_PAUSE_S
        self._swept: Key | None = None
        self._line = ""
        self._sweeping: Future[str] | None = None
        self._due = -_PAUSE_S

    def sibling(self, runs: Mapping[str, RunUpdate], update: RunUpdate | None) -> Sibling | None:
        """The nearest healthy run of one that goes wrong."""
        if update is None or len(runs) < 2 or is_well(update) or not update.hparams.values:
            return None
        now = self._clock()
        if self._siblings is None or now - self._looked >= _PAUSE_S:
            key = _key(runs)
            self._looked = now
            if self._siblings is None or self._siblings[0] != key:
                self._siblings = key, Siblings(list(runs.values()))
        return self._siblings[1].of(update)

    def sweep(self, runs: Mapping[str, RunUpdate], tell: Callable[[], None]) -> str:
        """The setting that goes with an ending, as it was found last.

        Args:
            runs: by name.
            tell: called from a thread when there is another one.
        """
        now, done = self._clock(), self._sweeping
        if done is not None and done.done():
            self._line, self._sweeping = done.result(), None
        if self._sweeping is None and now - self._due >= _PAUSE_S and _key(runs) != self._swept:
            self._due, self._swept = now, _key(runs)
            self._sweeping = future = Future[str]()
            listed = list(runs.values())

            def look() -> None:
                future.set_result(sweep_line(listed, brief=True))
                tell()

            Thread(target=look, name="lossmon-sweep", daemon=True).start()
        return self._line


def _key(runs: Mapping[str, RunUpdate]) -> Key:
    """What changes where the settings or the health of any run do."""
    return tuple((name, id(run.hparams), is_well(run)) for name, run in runs.items())
