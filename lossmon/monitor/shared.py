"""Logs in which several runs stand: each run is a log of its own for all that comes behind.

`lossmon export a b -o e.csv` and `lossmon e.csv` show two runs again, however their rows take turns
and while the file still grows. Until rows name a second one, a log is its run's, as any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lossmon.formats.decoder import Facts, Parts, Record, Rows, Skipped
from lossmon.formats.lexicon import role
from lossmon.history.run import History
from lossmon.logs.source import Source
from lossmon.monitor.grouping import Grouping
from lossmon.monitor.log import Log


class Part:
    """What stands for the decoder of one run's rows: all of the log come from one decoder."""

    def __init__(self, format_: str, facts: Facts, skipped: Skipped) -> None:
        self.format, self.facts, self.skipped = format_, facts, skipped

    def feed(self, data: bytes) -> Sequence[Record]:
        """Nothing: the decoder of the log is fed."""
        del data
        return []

    def flush(self) -> Sequence[Record]:
        """Nothing: that of the log is flushed."""
        return []


class Shared:
    """The parts of logs in which several runs stand.

    Args:
        source_of: gets the source of each part.
        grouping: the trainings.
    """

    def __init__(self, source_of: dict[Log, Source], grouping: Grouping) -> None:
        self._source_of = source_of
        self._grouping = grouping
        self._parts: dict[Log, dict[str, Log]] = {}
        self._generation: dict[Log, int] = {}  # of a log, whose rows its parts hold

    def of(self, log: Log) -> list[Log]:
        """The parts of a log; the log alone where one run stands in it."""
        return list(self._parts.get(log, {}).values()) or [log]

    def deal(self, log: Log, records: Sequence[Record]) -> list[tuple[Log, Sequence[Record]]]:
        """Which part each of the rows is of."""
        # Of decoders of rows of several runs; to ask for a protocol took as long as ten rows.
        runs: Mapping[str, Facts] = getattr(log.decoder, "runs", None) or {}
        if log not in self._parts:
            if len(runs) < 2:
                return [(log, records)]
            self._part(log, next(iter(runs)))
        parts = self._parts[log]
        renewed = [one for one in parts.values() if self._generation[log] != log.generation]
        for one in renewed:
            one.void()
        self._generation[log] = log.generation
        log.records += len(records)
        dealt: dict[Log, list[Record | Rows]] = {one: [] for one in renewed}
        for rows in _by_run(records):
            run = rows.run or next(iter(parts))  # before any was named
            one = parts.get(run) or self._new(log, run)
            one.size, one.read, one.mtime = log.size, log.read, log.mtime
            dealt.setdefault(one, []).append(rows)
        for run, one in parts.items():
            one.errors, one.why, one.tail, one.origins = log.errors, log.why, log.tail, log.origins
            self._tell(log, one, runs.get(run))
        return [(one, Parts(rows)) for one, rows in dealt.items() if one.refused is None]

    def forget(self, log: Log) -> None:
        """A log is no more, nor are its parts."""
        self._generation.pop(log, None)
        for one in self._parts.pop(log, {}).values():
            self._grouping.forget(one)
            self._source_of.pop(one, None)

    def _new(self, log: Log, run: str) -> Log:
        name = run.replace("/", "_")
        one = Log(f"{log.path}/{name}", log.size, log.mtime, within=log.path, run=run)
        self._parts.setdefault(log, {})[run] = one
        self._source_of[one] = self._source_of[log]
        return one

    def _part(self, log: Log, run: str) -> None:
        """A second run is named: all that was read before is the first one's."""
        one = self._new(log, run)
        one.history, one.chosen, one.records = log.history, log.chosen, log.records
        one.choose_names()
        log.history, log.chosen, log.ahead = History(role), {}, {}
        self._generation[log] = log.generation
        self._grouping.replace(log, one)

    def _tell(self, log: Log, one: Log, facts: Facts | None) -> None:
        """What the log says of the plan of a run."""
        if log.decoder is None or facts is None:
            return
        if one.decoder is None or one.decoder.facts is not facts:
            first = one is next(iter(self._parts[log].values()))
            skipped = log.decoder.skipped if first else Skipped()
            one.decoder = Part(log.format, facts, skipped)


def _by_run(records: Sequence[Record]) -> Iterable[Record | Rows]:
    """The rows, those that are held by column together: all of these are of one run."""
    if isinstance(records, Rows):
        return [records]
    return records.parts if isinstance(records, Parts) else records
