"""Which logs make up which training, and what each is called; found out anew as logs grow."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence

from lossmon.logs.source import Source
from lossmon.monitor.beside import Beside
from lossmon.monitor.by_hand import ByHand
from lossmon.monitor.curves import Trace, trace_of
from lossmon.monitor.joining import Joining
from lossmon.monitor.locations import Locations, called, given
from lossmon.monitor.log import Log
from lossmon.monitor.pulse import read_sample
from lossmon.monitor.training import Judging, Training

_CONFIGURE_S = 0.02  # of the processor that reading settings takes at a poll
_LONG_BYTES = 8 << 20  # of a log: reading it costs more than all looks, of which are O(log n)
_REST_S = 3.0  # without a row: a log is compared with others once more
_MOST_RESTED = 32  # of them at a poll


class Grouping:
    """The trainings that the logs at hand are of.

    Args:
        locations: where logs stand, and what runs are called after that.
        sources: where logs come from; those of two are never one training.
        source_of: the source of each log.
        hand: which logs the user joins and parts.
        judging: when trainings are judged; what is no file here, or long, as it grows.

    Attributes:
        trainings: in the order in which they were found.
        training_of: log -> its training.
        moved: logs have come or changed their training: names may change.
    """

    def __init__(
        self,
        locations: Locations,
        sources: Iterable[Source],
        source_of: Mapping[Log, Source],
        hand: ByHand,
        judging: Judging = "as it grows",
    ) -> None:
        self._judging = judging
        self.trainings: dict[Training, None] = {}
        self.training_of: dict[Log, Training] = {}
        self.moved = False
        self._locations = locations
        self._source_of = source_of
        self._hand = hand
        self._wanted: ByHand | None = None  # set from another thread, obeyed at the next poll
        self._joining = {source: Joining[Log](locations.directory, hand) for source in sources}
        self._compared: dict[Log, tuple[int, int]] = {}  # generation and size, when it was
        self._wholly_compared: dict[Log, tuple[int, int]] = {}  # and rows, when all were there
        self._grown: dict[Log, None] = {}  # since logs were compared
        self._written: dict[Log, float] = {}  # when rows came last, until it is looked at at rest
        self._named = 0  # how many runs there were when they were named

    @property
    def by_hand(self) -> ByHand:
        """Which logs the user joins and parts."""
        return self._wanted or self._hand

    def arrange(self, hand: ByHand) -> None:
        """Join and part logs as the user says, from the next `obey` on; from any thread."""
        self._wanted = hand

    def source(self, training: Training) -> Source:
        """Where the logs of a training come from."""
        return self._source_of[training.logs[0]]

    def hear(self, source: Source, now: float) -> None:
        """Take what the machine tells beside its logs."""
        news = source.beside()
        if news is None:
            return
        sample = read_sample(news.get("vitals"))
        told = self._locations.note_jobs(source, news.get("jobs"), now)
        start = len(source.prefix)
        for training in self.trainings:
            if self.source(training) is not source:
                continue
            if sample is not None:
                training.hear(sample, [log.path[start:] for log in training.logs], now)
            job = self._locations.job(training.logs[0].path) if told else None
            if job is not None:
                self.moved |= training.job is None  # it may have been found by another target
                training.belongs_to(job)

    def set_aside(self, training: Training) -> None:
        """A training is followed no more, and its logs are of none."""
        for log in training.logs:
            self.training_of.pop(log, None)
        self.trainings.pop(training, None)
        self.moved = True

    def forget(self, log: Log) -> None:
        """A log is no more, and all that was known of it."""
        for known in (self._compared, self._wholly_compared, self._grown, self._written):
            known.pop(log, None)
        for joining in self._joining.values():
            joining.forget(log)
        self.leave(log)

    def replace(self, log: Log, by: Log) -> None:
        """What was read of a log is that of another one."""
        training = self.training_of.get(log)
        if training is not None:
            self.training_of[by] = training
            logs = [by if one is log else one for one in training.logs]
            training.holds(logs)
            self.moved = True
        self.training_of.pop(log, None)
        self.forget(log)

    def leave(self, log: Log) -> None:
        """A log is one of its training no more."""
        training = self.training_of.pop(log, None)
        if training is None:
            return
        others = [one for one in training.logs if one is not log]
        if others:
            training.join(others)
        else:
            self.trainings.pop(training, None)
        self.moved = True

    def _judged_when(self, logs: Sequence[Log]) -> Judging:
        """A verdict that turns out to need the looks on the way has its logs read once more."""
        short = all(log.size <= _LONG_BYTES and os.path.isfile(log.file) for log in logs)
        return self._judging if short or self._judging == "never" else "as it grows"

    def found(self, log: Log) -> Training:
        """A log turned out to be one of a training: give it a place."""
        training = Training("", [log], self._judged_when([log]))
        training.belongs_to(self._locations.job(log.path))
        self.trainings[training] = None
        self.training_of[log] = training
        self.moved = True
        return training

    def regroup(
        self, touched: dict[Training, None], now: float, *, everything: bool, reading: bool
    ) -> None:
        """Find out which logs belong together, where any has grown by much or has come to rest.

        Args:
            touched: trainings of which rows came; those that changed are added.
            now: seconds since the Unix epoch.
            everything: compare all logs that are not as they were when all were compared.
            reading: more of what is there will be read soon.
        """
        touched_logs = (log for training in touched for log in training.logs)
        self._grown |= dict.fromkeys(log for log in touched_logs if log in self.training_of)
        self._written |= dict.fromkeys(self._grown, now)
        if len(self.training_of) > 1:  # a log alone is compared once another comes
            looked_at = self.training_of if everything else self._grown
            fresh = [log for log in looked_at if self._grew(log, everything)]
            fresh = list(dict.fromkeys([*fresh, *self._at_rest(now)]))
            self._grown = {}
            for source, joining in self._joining.items():
                joining.take(*(log for log in fresh if self._source_of[log] is source))
            done = set[Log]()
            for log in fresh:
                if log not in done:
                    done |= self._rejoin(log, touched)
        if self.moved and self._names_due(reading):
            self.moved = False
            self._name_all(touched)

    def obey(self) -> bool:
        """Take what the user said of logs since the last poll; True where it was anything."""
        wanted, self._wanted = self._wanted, None
        if wanted is None:
            return False
        self._hand = wanted
        self._wholly_compared.clear()
        for joining in self._joining.values():
            joining.obey(wanted)
        return True

    def configure(
        self, touched: dict[Training, None], settled: set[Source], files: Beside, whole: bool
    ) -> None:
        """Read the settings of runs whose logs were read, in a bounded slice.

        Args:
            touched: gets the trainings that changed.
            settled: sources of which all at hand was read.
            files: settings that other boxes sent.
            whole: without a bound.
        """
        end = time.thread_time() + _CONFIGURE_S
        renamed = False
        for training in self.trainings:
            unread = training.hparams is None or training.outdated
            if unread and self._source_of[training.logs[0]] in settled:
                source = self._source_of[training.logs[0]]
                folder = self._locations.folder(training.location)
                if any(log.path == training.location for log in training.logs):
                    folder = None
                training.configure(folder, files.files if source.name else None)
                touched[training] = None
                renamed |= bool(training.hparams and training.hparams.name)
                if time.thread_time() > end and not whole:
                    break
        if renamed:
            self._name_all(touched)

    def _at_rest(self, now: float) -> list[Log]:
        """Logs that have grown since they were compared and grow no more, a few at a time.

        A tracker writes its last rows behind what was printed: until then the ends do not agree.
        """
        rested = [log for log, at in self._written.items() if now - at >= _REST_S][:_MOST_RESTED]
        for log in rested:
            del self._written[log]
        return [log for log in rested if log.records and log in self.training_of]

    def _grew(self, log: Log, everything: bool) -> bool:
        """Whether a log has doubled, or grown at all, since it was compared with others."""
        if not log.records:
            return False
        size = log.generation, log.records.bit_length()
        if everything:  # what is as it was when all were there has nothing new to find
            whole = log.generation, log.records
            fresh = self._wholly_compared.get(log) != whole
            self._wholly_compared[log] = whole
        else:
            fresh = self._compared.get(log) != size
        self._compared[log] = size
        return fresh

    def _rejoin(self, log: Log, touched: dict[Training, None]) -> set[Log]:
        """Put a log together with those of its training; returns those that were looked at."""
        joining = self._joining[self._source_of[log]]
        cluster = dict.fromkeys(one for one in joining.cluster(log) if one in self.training_of)
        for one in tuple(cluster):  # what was joined before may have to part
            cluster |= dict.fromkeys(other for other in self.training_of[one].logs if other.records)
        old = list(dict.fromkeys(self.training_of[one] for one in cluster))
        void = [one for training in old for one in training.logs if not one.records]
        parts = [*joining.groups(list(cluster)), *([one] for one in void)]
        if [sorted(t.logs, key=lambda one: one.path) for t in old] == parts:
            for kept in old:
                self._note_reasons(kept, joining)
            return set(cluster)
        self.moved = True
        for part in parts:
            training = next((t for t in old if not set(part).isdisjoint(t.logs)), None)
            if training is None:
                training = Training("", part, self._judged_when(part))
                self.trainings[training] = None
            else:
                old.remove(training)
            if training.logs != part:
                training.join(part)
            training.belongs_to(self._locations.job(part[0].path))
            self._note_reasons(training, joining)
            touched[training] = None
            self.training_of |= dict.fromkeys(part, training)
        for gone in old:
            touched.pop(gone, None)
            self.trainings.pop(gone)
        return set(cluster)

    def trace(self, log: Log) -> Trace:
        """What a log is compared by where another process compares it."""
        return trace_of(log, self._joining[self._source_of[log]].keys(log))

    def _note_reasons(self, training: Training, joining: Joining[Log]) -> None:
        """Why its logs are one run, and why others that hold the same are not."""
        several = training.logs if len(training.logs) > 1 else []
        joined = {log: joining.why(log, several) for log in several}
        training.explain(joined, {log: joining.why_not(log) for log in training.logs})

    def _names_due(self, reading: bool) -> bool:
        """Whether names are found anew: all of them depend on each other.

        While a backlog is read that is done when it grew by a part: of 1,000 runs that come in 150
        polls all were named 150 times. Runs without a name yet are not handed out.
        """
        count = len(self.trainings)
        return not reading or 8 * abs(count - self._named) >= count

    def _name_all(self, touched: dict[Training, None]) -> None:
        trainings = list(self.trainings)
        self._named = len(trainings)
        locations = self._locations.of([training.logs for training in trainings])
        names = [self._locations.name(location) for location in locations]
        shown = called(names, [given(one.hparams, one.logs) for one in trainings])
        for training, location, name in zip(trainings, locations, shown, strict=True):
            if training.stands_at(location, name):
                touched[training] = None
