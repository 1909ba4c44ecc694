"""What was looked at and gave no row, and why: for errors, `check -v` and an empty screen.

A file that somebody takes for a log must not be missing without a word, in a folder as by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from lossmon.formats.by_run import MOST_RUNS
from lossmon.formats.decoder import Skipped
from lossmon.logs.source import Source
from lossmon.monitor.intake import Intake
from lossmon.monitor.locations import Locations
from lossmon.monitor.log import Log
from lossmon.words import joined, known, said

_SHOWN = 60  # characters of a line that could not be read


class PassedOver:
    """The logs without a row.

    May be asked from any thread: what is read meanwhile is told the next time.

    Args:
        intake: the logs.
        sources: where they come from.
        locations: where they stand.
    """

    def __init__(self, intake: Intake, sources: Sequence[Source], locations: Locations) -> None:
        self._intake = intake
        self._sources = sources
        self._locations = locations

    def known(self, targets: Sequence[str]) -> list[tuple[str, str]]:
        """Those under some targets whose format is known: path, and a line."""
        return [
            (log.path, without_rows(log))
            for log in self._logs()
            if log.decoder is not None
            and log.refused is None
            and any(self._locations.leads(one, log.path) for one in targets)
        ]

    def newest(self, most: int = 3) -> tuple[int, list[tuple[str, str]]]:
        """How many files were looked at; of the newest that gave no row, path and why."""
        without = sorted(self._logs(), key=lambda log: (log.path not in self.barred, -log.mtime))
        return len(self._intake.logs), [(log.path, self._why(log)) for log in without[:most]]

    @property
    def barred(self) -> dict[str, str]:
        """Logs and folders that can't be read, which hold nobody knows what: path -> why."""
        errors, barred = dict(self._intake.errors), self._intake.barred
        return {path: why for path, why in errors.items() if path in barred}

    @property
    def crowded(self) -> dict[str, str]:
        """Logs in which more runs stand than are told apart: path -> a line."""
        why = said(
            "more than {most:,} runs in it: those beyond are left out; split it", most=MOST_RUNS
        )
        logs = list(self._intake.logs.values())
        full = [log for log in logs if log.decoder is not None and log.decoder.facts.runs_left_out]
        return {log.path: why for log in full}

    @property
    def to_tell(self) -> dict[str, str]:
        """What a line is said of beside the runs: path -> why."""
        return self.barred | self.crowded

    @property
    def in_part(self) -> dict[str, str]:
        """Logs of runs that could not be read further: path -> why."""
        return {
            path: why
            for path, why in dict(self._intake.barred).items()
            if path not in self._intake.errors
        }

    def all(self) -> dict[str, str]:
        """Path -> why, once all was read: also of files in which nothing stands."""
        empty = said("an empty file; nothing was logged yet")
        there = [source.prefix + log for source in self._sources for log in source.logs()]
        nothing = {path: empty for path in there if path not in self._intake.logs}
        without = {log.path: self._why(log) for log in self._logs()}
        # What was set aside for an error of ours had rows.
        return nothing | without | self._intake.refused | self._intake.errors

    def _logs(self) -> list[Log]:
        return [log for log in list(self._intake.logs.values()) if not log.records]

    def _why(self, log: Log) -> str:
        why = self.barred.get(log.path) or self._intake.refused.get(log.path) or log.refused
        if why is None and log.decoder is not None:
            return without_rows(log)
        return why or said("no row of a training in it yet")


def without_rows(log: Log) -> str:
    """What a log is whose format is known and that gave no row, in one line."""
    skipped = log.decoder.skipped if log.decoder is not None else Skipped()
    if not skipped.count:
        return said(
            "it looks like {format} ({why}), and holds no row yet", format=log.format, why=log.why
        )
    reason, start = skipped.examples[0] if skipped.examples else ("not read", "")
    parts = [known(reason), start[:_SHOWN].strip()]
    return said(
        "it looks like {format} ({why}), but none of {n:,} {n:line|lines} could be read; {reason}",
        format=log.format,
        why=log.why,
        n=skipped.count,
        reason=joined(": ", [part for part in parts if part]),
    )
