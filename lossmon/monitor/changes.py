"""What began and what ended: the difference between two updates of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from lossmon.diagnosis.finding import Finding
from lossmon.monitor.update import RunUpdate

Event = Literal["present", "started", "ended"]
Key = tuple[str, str]  # pattern, metric


@dataclass(frozen=True)
class Change:
    """A finding that began or ended.

    Attributes:
        event: "present" for what held already when the watching began.
        finding: as it was last seen.
        update: the run at this moment.
    """

    event: Event
    finding: Finding
    update: RunUpdate


class Changes:
    """Remembers what holds of each run, and says what is new.

    A finding is the same as long as its pattern and its metric are; the engine sees to it that it
    does not come and go with each row.

    Args:
        first: the event of what holds of a run that is seen for the first time.
    """

    def __init__(self, first: Event = "started") -> None:
        self._first = first
        self._holds: dict[str, dict[Key, Finding]] = {}

    def take(self, updates: Iterable[RunUpdate], *, present: bool = False) -> list[Change]:
        """What began and ended with these updates, one a run.

        Args:
            updates: the newest of each run that changed.
            present: the watching begins: what holds is not new.
        """
        newest = list(updates)
        # A run may get another name when a second log joins it: what held goes on to hold.
        known: set[Key] = set()
        for update in newest:
            if update.removed:
                known |= set(self._holds.pop(update.run, {}))
        return [
            change
            for update in newest
            if not update.removed
            for change in self._of_run(update, known, present)
        ]

    def _of_run(self, update: RunUpdate, known: set[Key], present: bool) -> Iterator[Change]:
        before = self._holds.get(update.run)
        now: dict[Key, Finding] = {
            (one.pattern, one.metric): one for one in update.diagnosis.findings
        }
        self._holds[update.run] = now
        for key, finding in (before or {}).items():
            if key not in now:
                yield Change("ended", finding, update)
        for key, finding in now.items():
            if before is None and key in known:
                continue
            if before is None or key not in before:
                event = self._first if before is None else "started"
                yield Change("present" if present else event, finding, update)
