"""The monitor: polls its sources and hands out what changed."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from lossmon import settings
from lossmon.formats.decoder import Record
from lossmon.logs.follower import Chunk
from lossmon.logs.source import Health, Source, close_all
from lossmon.monitor.by_hand import ByHand
from lossmon.monitor.curves import Trace
from lossmon.monitor.grouping import Grouping
from lossmon.monitor.intake import Intake
from lossmon.monitor.locations import Locations
from lossmon.monitor.log import Log
from lossmon.monitor.passed import PassedOver
from lossmon.monitor.rests import Rests
from lossmon.monitor.slices import FIRST_S, slice_after
from lossmon.monitor.training import Judging, Training
from lossmon.monitor.update import RunUpdate

if TYPE_CHECKING:
    from lossmon.logs.stdin import StdinSource

_LOOK_S = 1.0  # several sources: each is looked at so often even if none tells of news
_SHORT_S = 0.1  # and so often where one cannot tell
_CLOSE_S = 10.0  # for all that sources have to end


class Monitor:
    """Watches logs; `poll` returns an update for every run that changed.

    The settings in force when it is made hold for all it does.

    Args:
        sources: where bytes come from; closed by `close`.
        roots: the paths that the user named; runs are named relative to them.
        judging: when runs are judged (see `Training`); what is no file here, or long, is judged as
            it grows unless it never is.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        roots: Iterable[str] = (),
        judging: Judging = "as it grows",
    ) -> None:
        self._settings = settings.current()
        self.keep: Callable[[str, Chunk], None] | None = None  # told of each chunk and its log
        self._sources = tuple(sources)
        self._locations = Locations(self._sources, roots)
        self._sent: dict[str, RunUpdate] = {}  # what was handed out last, by run
        self._source_of: dict[Log, Source] = {}
        self._grouping = Grouping(
            self._locations, self._sources, self._source_of, ByHand.of(self._settings), judging
        )
        self._intake = Intake(self._locations, self._source_of, self._grouping)
        self.refused, self.errors = self._intake.refused, self._intake.errors
        self.passed = PassedOver(self._intake, self._sources, self._locations)
        self._caught_up: set[Source] = set()  # all that was there at first was read
        self._seen: dict[Source, float] = {}  # until when it was heard of, where a link is down
        self._backlog: deque[tuple[Source, Chunk]] = deque()  # read, not taken in yet
        self._slice_s = FIRST_S
        self._rests = Rests()
        self._touched: dict[Training, None] = {}  # by what was read since runs were judged
        self._news = threading.Event()
        self._told = [source.listen(self._news.set) for source in self._sources]

    def poll(self, now: float | None = None) -> list[RunUpdate]:
        """Read what is new, in a bounded slice, and return the runs that changed.

        Args:
            now: seconds since the Unix epoch; the system's clock when left out.
        """
        with settings.using(self._settings), np.errstate(all="ignore"):  # any value is allowed
            now = time.time() if now is None else now
            self._read(now)
            read = time.thread_time()
            self._judge_anew(now)
            updates = self._updates(now)
            if self._backlog:
                self._slice_s = slice_after(self._slice_s, time.thread_time() - read)
            return updates

    def read(self, now: float | None = None) -> None:
        """Read as `poll` does, where nobody looks before `conclude`.

        Of 1,000 logs that come in a dozen slices all runs were compared, named and handed out
        after each, for nobody.
        """
        with settings.using(self._settings), np.errstate(all="ignore"):
            now = time.time() if now is None else now
            self._read(now)
            if self.exhausted:
                self._judge_anew(now)
            else:
                self._caught_up |= self._settled() & set(self._source_of.values())
                self._slice_s = slice_after(self._slice_s, 0.0)

    def _read(self, now: float) -> None:
        """Take in what came, for no longer than a slice lasts."""
        touched = self._touched
        if not self._backlog:
            for source in self._sources:
                self._grouping.hear(source, now)
                self._backlog.extend((source, chunk) for chunk in source.poll())
                self._note_link(source, now)
        # What was read may take long to be judged: the screen gets its turn meanwhile.
        end = time.thread_time() + self._slice_s
        while self._backlog:
            source, chunk = self._backlog.popleft()
            if self.keep is not None:
                self.keep(source.prefix + chunk.log, chunk)
            log, records = self._intake.take(source, chunk, now, touched) or (None, None)
            if log is not None and records is not None:
                self._take(log, records, now, touched)
            if log is not None and log.packs:  # the others have their turn
                self._backlog.appendleft((source, chunk._replace(data=b"")))
            # What is no data costs nothing, such as the end of a long log, to be shown at once.
            if time.thread_time() > end and self._backlog and self._backlog[0][1].kind == "data":
                break
        for rested, rows in [] if self._backlog else self._intake.at_rest(now):
            self._take(rested, rows, now, touched)

    def _settled(self) -> set[Source]:
        """Sources of which all that is at hand was read.

        Each by itself: a slow link must not hold back what is judged here.
        """
        waiting = {source for source, _ in self._backlog}
        return {one for one in self._sources if one not in waiting and one.pending() == 0}

    def _judge_anew(self, now: float) -> None:
        """Put together the logs of each run, and judge those that rows came of."""
        touched, self._touched = self._touched, {}
        settled = self._settled()
        first_whole = (settled - self._caught_up) & set(self._source_of.values())
        everything = self._grouping.obey() or bool(first_whole)
        self._grouping.regroup(touched, now, everything=everything, reading=bool(self._backlog))
        for training in [one for one in touched if one in self._grouping.trainings]:
            source = self._grouping.source(training)
            new = source in settled and source not in self._caught_up
            with self._apart(training):
                training.bring_up_to_date(new)
        if not self._backlog:
            self._grouping.configure(touched, settled, self._intake.beside, whole=False)
        self._judge(settled, touched, now)

    def wait(self, timeout_s: float) -> bool:
        """Sleep until a log grows; True when woken before the time was over."""
        if self._backlog:
            return True
        if len(self._sources) == 1:
            return self._sources[0].wait(timeout_s)
        if any(source.wait(0.0) for source in self._sources):
            return True
        woken = self._news.wait(min(timeout_s, _LOOK_S if all(self._told) else _SHORT_S))
        self._news.clear()
        return woken

    def wake(self) -> None:
        """End a `wait` that is going on in another thread."""
        for source in self._sources:
            source.wake()
        self._news.set()

    def repeat(self) -> None:
        """Hand out every run anew at the next poll, and those that are no more as such.

        Who has been told of one must hear that it goes: a run whose first rows stood on the screen
        before it was told from another stayed there for good, under a name that no run had.
        """
        self._sent = {name: replace(sent, revision=-1) for name, sent in self._sent.items()}

    def hosts(self) -> tuple[Health, ...]:
        """How the links to other boxes are, in the order they were named."""
        found = (source.health() for source in self._sources)
        return tuple(health for health in found if health is not None)

    @property
    def by_hand(self) -> ByHand:
        """Which logs the user joins and parts."""
        return self._grouping.by_hand

    def arrange(self, hand: ByHand) -> None:
        """Join and part logs as the user says, from the next poll on; from any thread."""
        self._grouping.arrange(hand)
        self.wake()

    @property
    def pipe(self) -> StdinSource | None:
        """The pipe that is watched; None where none is."""
        from lossmon.logs.stdin import StdinSource

        return next((one for one in self._sources if isinstance(one, StdinSource)), None)

    def ask(self, host: str) -> bool:
        """Let ssh ask its questions on the terminal, which must be free; see `Source.ask`."""
        return all([source.ask() for source in self._sources if source.name == host])  # noqa: C419

    def trouble(self, target: str) -> str:
        """Why a target on another box cannot be read, in words; empty where nothing is known."""
        source, path = self._locations.split(target)
        sources = [one for one in self._sources if not one.name] if source is None else [source]
        return next((why for one in sources if (why := one.trouble(path))), "")

    def pending(self) -> int:
        """Bytes that are known to be there and were not taken in yet."""
        read = sum(max(1, len(chunk.data)) for _, chunk in self._backlog)
        return read + sum(source.pending() for source in self._sources)

    def progress(self) -> tuple[int, int]:
        """How many logs were read as far as they go, and how many there are."""
        each = [source.progress() for source in self._sources]
        waiting = len({chunk.log for _, chunk in self._backlog})
        return max(0, sum(read for read, _ in each) - waiting), sum(known for _, known in each)

    @property
    def exhausted(self) -> bool:
        """All there is was read; more may come where a log grows."""
        return not self._backlog and all(source.exhausted for source in self._sources)

    @property
    def looked_at(self) -> int:
        """Logs of which something was read."""
        return len(self._intake.logs)

    def conclude(self, now: float | None = None, *, configured: bool = True) -> list[RunUpdate]:
        """Nothing more is to be read: decode unfinished tails, judge each run as a whole.

        Args:
            now: seconds since the Unix epoch; the system's clock when left out.
            configured: with the settings of each run.

        Returns:
            An update for every run, in the order they were found.
        """
        with settings.using(self._settings), np.errstate(all="ignore"):
            return self._conclude(time.time() if now is None else now, configured)

    def _conclude(self, now: float, configured: bool) -> list[RunUpdate]:
        touched: dict[Training, None] = {}
        for log in self._intake.logs.values():
            self._take(log, log.end(), now, touched)
            if log.refused is not None:
                self.refused[log.path] = log.refused
        self._grouping.regroup(touched, now, everything=True, reading=bool(self._backlog))
        if configured:
            self._grouping.configure(touched, set(self._sources), self._intake.beside, whole=True)
        for training in list(self._grouping.trainings):
            training.bring_up_to_date(settled=True, over=True)
            training.conclude(now, whole=True)
        self._sent.clear()
        return self._updates(now)

    def found(self, target: str) -> bool:
        """Whether a run was found under a target."""
        return any(
            log.records
            for log in self._grouping.training_of
            if self._locations.leads(target, log.path)
        )

    def traces(self) -> list[tuple[RunUpdate, list[Trace]]]:
        """What was handed out last of each run, and what its logs are compared by."""
        return [
            (self._sent[training.name], [*map(self._grouping.trace, training.logs)])
            for training in list(self._grouping.trainings)
            if training.name in self._sent
        ]

    def doubtful(self) -> list[tuple[Judging, list[str]]]:
        """How to judge again, and the logs, of each run whose verdict may not be a screen's."""
        return [
            (training.again, [log.file for log in training.logs])
            for training in list(self._grouping.trainings)
            if training.again is not None
        ]

    @property
    def roots(self) -> tuple[str, ...]:
        """The targets."""
        return self._locations.roots

    def below(self, target: str, paths: dict[str, str]) -> dict[str, str]:
        """Of the paths (with a reason each) those that stand under a target."""
        return {path: why for path, why in paths.items() if self._locations.root(path) == target}

    def close(self, within_s: float = _CLOSE_S) -> None:
        """Let go of files, watches and threads; what takes longer goes on as a daemon."""
        close_all(self._sources, within_s)

    def _take(
        self, log: Log, records: Sequence[Record], now: float, touched: dict[Training, None]
    ) -> None:
        for part, rows in self._intake.shared.deal(log, records):
            self._take_of(part, rows, now, touched)

    def _take_of(
        self, log: Log, records: Sequence[Record], now: float, touched: dict[Training, None]
    ) -> None:
        training = self._grouping.training_of.get(log)
        nothing = not records and log.refused is not None  # what came before some damage counts
        if log.decoder is None or (training is None and nothing):
            return
        if training is None:
            self.refused.pop(log.path, None)
            training = self._grouping.found(log)
        touched[training] = None
        self._rests.note(training, now)
        with self._apart(training):
            training.take(log, records, now, live=self._source_of[log] in self._caught_up)

    @contextmanager
    def _apart(self, training: Training) -> Iterator[None]:
        """Let what the logs of one run cause be theirs alone: it is set aside with a line."""
        try:
            yield
        except Exception as error:  # an error of ours; the other runs go on
            for log in training.logs:
                if log.refused is None:
                    log.give_up(error)
                self.refused[log.path] = log.refused or ""
            self._grouping.set_aside(training)

    def _note_link(self, source: Source, now: float) -> None:
        """While a link is down time stands still for its runs: silence then means nothing."""
        health = source.health()
        if health is None or health.state == "live":
            self._seen.pop(source, None)
        else:
            self._seen.setdefault(source, now)

    def _now(self, training: Training, now: float) -> float:
        return self._seen.get(self._grouping.source(training), now)

    def _judge(self, settled: set[Source], touched: dict[Training, None], now: float) -> None:
        """Once all bytes at hand were read: notice stalls and endings, judge what is at rest."""
        first = settled - self._caught_up
        self._caught_up |= settled & set(self._source_of.values())
        for training in list(self._grouping.trainings):
            source = self._grouping.source(training)
            if source not in settled:
                continue
            at = self._now(training, now)
            with self._apart(training):
                ticked = training.tick(at)
                if (ticked or training in touched) and training.state(at) != "running":
                    training.conclude(at)
                    self._rests.looked_at(training)
                elif source in first:
                    self._rests.note(training, now, settled=True)
        for training in self._rests.over(now, self._grouping.trainings):
            with self._apart(training):
                training.conclude(self._now(training, now))

    def _updates(self, now: float) -> list[RunUpdate]:
        updates: list[RunUpdate] = []
        names = set()
        for training in list(self._grouping.trainings):
            several = len(self._intake.logs) > 1 or any(log.within for log in training.logs)
            if several and not any(log.records for log in training.logs):
                continue  # of many logs, those without a row yet are not shown
            if not training.name:
                continue
            names.add(training.name)
            sent = self._sent.get(training.name)
            if sent is None or sent.revision != training.revision:
                size = sum(log.size for log in training.logs)
                read = sum(log.read for log in training.logs)
                at = self._now(training, now)
                host = self._grouping.source(training).name
                with self._apart(training):
                    update = training.update(at, min(1.0, read / size) if size else 1.0, host)
                    self._sent[training.name] = update
                    updates.append(update)
                if training not in self._grouping.trainings:
                    names.discard(training.name)
        gone = [name for name in self._sent if name not in names]
        return updates + [replace(self._sent.pop(name), removed=True) for name in gone]
