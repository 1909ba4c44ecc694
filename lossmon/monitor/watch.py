"""The monitor: polls its sources and hands out what changed."""

from __future__ import annotations

import os
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
from lossmon.logs.source import Health, Source
from lossmon.monitor.beside import Beside
from lossmon.monitor.by_hand import ByHand
from lossmon.monitor.joining import Joining
from lossmon.monitor.kinship import Trace, trace_of
from lossmon.monitor.log import Log
from lossmon.monitor.own import is_own
from lossmon.monitor.places import Places, called
from lossmon.monitor.pulse import read_sample
from lossmon.monitor.raw import Tail
from lossmon.monitor.training import Training
from lossmon.monitor.undecided import Undecided
from lossmon.monitor.update import RunUpdate
from lossmon.words import known, said

if TYPE_CHECKING:
    from lossmon.logs.stdin import StdinSource

_LOOK_S = 1.0  # several sources: each is looked at so often even if none tells of news
_SLICE_S = 0.15  # of processor that a poll takes in rows for; the rest has its turn at the next
_MOST_SLICE_S = (
    1.0  # where what follows takes longer (300 runs judged), as long as that, up to this
)
_FIRST_SLICE_S = 0.01  # of the first poll, so that something is shown soon; then doubled
_CONFIGURE_S = 0.02  # of the processor that reading settings takes at a poll
_REST_S = 3.0  # without a row: a log is compared with others once more
_MOST_RESTED = 32  # of them at a poll
_SHORT_S = 0.1  # and so often where one cannot tell
_CLOSE_S = 10.0  # for all that sources have to end
_SILENT_S = 2.0  # without a byte, after which a bar that was left at its end is not redrawn soon


def slice_after(slice_s: float, judged_s: float) -> float:
    """Seconds that the next poll takes in rows, where this one left some.

    A fixed slice beside a judgement without a bound lost the race where the processor was short:
    of 300 runs a poll judged for half a second after reading for 0.15, and the backlog only grew.
    """
    return min(2 * slice_s, max(_SLICE_S, min(judged_s, _MOST_SLICE_S)))


class Monitor:
    """Watches logs; `poll` returns an update for every run that changed.

    The settings in force when it is made hold for all it does.

    Args:
        sources: where bytes come from; closed by `close`.
        roots: the paths that the user named; runs are named relative to them.
    """

    def __init__(self, sources: Sequence[Source], roots: Iterable[str] = ()) -> None:
        self._settings = settings.current()
        self.refused: dict[str, str] = {}
        self.errors: dict[str, str] = {}
        self.keep: Callable[[str, Chunk], None] | None = None  # told of each chunk and its log
        self._sources = tuple(sources)
        self._places = Places(self._sources, roots)
        self._logs: dict[str, Log] = {}
        self._trainings_there: dict[Training, None] = {}
        self._training_of: dict[Log, Training] = {}
        self._hand = ByHand.of(self._settings)
        self._wanted: ByHand | None = None  # set from another thread, obeyed at the next poll
        self._joining = {
            source: Joining[Log](self._places.directory, self._hand) for source in self._sources
        }
        self._compared: dict[Log, tuple[int, int]] = {}  # generation and size, when it was
        self._wholly_compared: dict[Log, tuple[int, int]] = {}  # and rows, when all were there
        self._grown: dict[Log, None] = {}  # since logs were compared
        self._written: dict[Log, float] = {}  # when rows came last, until it is looked at at rest
        self._named = 0  # how many runs there were when they were named
        self._moved = False  # logs have come or changed their training: names may change
        self._sent: dict[str, RunUpdate] = {}  # what was handed out last, by run
        self._source_of: dict[Log, Source] = {}
        self._caught_up: set[Source] = set()  # all that was there at first was read
        self._seen: dict[Source, float] = {}  # until when it was heard of, where a link is down
        self._backlog: deque[tuple[Source, Chunk]] = deque()  # read, not taken in yet
        self._slice_s = _FIRST_SLICE_S
        self._undecided = Undecided()
        self._beside = Beside()
        self._spoke: dict[Log, float] = {}  # logs that may hold a row back -> when they last grew
        self._news = threading.Event()
        self._told = [source.listen(self._news.set) for source in self._sources]

    def poll(self, now: float | None = None) -> list[RunUpdate]:
        """Read what is new, in a bounded slice, and return the runs that changed.

        Args:
            now: seconds since the Unix epoch; the system's clock when left out.
        """
        with settings.using(self._settings), np.errstate(all="ignore"):  # any value is allowed
            return self._poll(time.time() if now is None else now)

    def _poll(self, now: float) -> list[RunUpdate]:
        touched: dict[Training, None] = {}
        if not self._backlog:
            for source in self._sources:
                self._hear(source, now)
                self._backlog.extend((source, chunk) for chunk in source.poll())
                self._note_link(source, now)
        # What was read may take long to be judged: the screen gets its turn meanwhile.
        end = time.thread_time() + self._slice_s
        while self._backlog:
            self._take_in(*self._backlog.popleft(), now, touched)
            # What is no data costs nothing, such as the end of a long log, to be shown at once.
            if time.thread_time() > end and self._backlog and self._backlog[0][1].kind == "data":
                break
        self._settle(now, touched)
        taken = time.thread_time()
        # Each source by itself: a slow link must not hold back what is judged here.
        waiting = {source for source, _ in self._backlog}
        settled = {one for one in self._sources if one not in waiting and one.pending() == 0}
        first_whole = (settled - self._caught_up) & set(self._source_of.values())
        self._regroup(touched, now, everything=self._obey() or bool(first_whole))
        for training in [one for one in touched if one in self._trainings_there]:
            source = self._source_of[training.logs[0]]
            new = source in settled and source not in self._caught_up
            with self._apart(training):
                training.bring_up_to_date(new)
        if not self._backlog:
            self._configure(touched, settled, whole=False)
        self._judge(settled, touched, now)
        updates = self._updates(now)
        if self._backlog:
            self._slice_s = slice_after(self._slice_s, time.thread_time() - taken)
        return updates

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
        """Hand out every run anew at the next poll."""
        self._sent.clear()

    def hosts(self) -> tuple[Health, ...]:
        """How the links to other boxes are, in the order they were named."""
        found = (source.health() for source in self._sources)
        return tuple(health for health in found if health is not None)

    @property
    def by_hand(self) -> ByHand:
        """Which logs the user joins and parts."""
        return self._wanted or self._hand

    def arrange(self, hand: ByHand) -> None:
        """Join and part logs as the user says, from the next poll on; from any thread."""
        self._wanted = hand
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
        source, path = self._places.split(target)
        sources = [one for one in self._sources if not one.name] if source is None else [source]
        return next((why for one in sources if (why := one.trouble(path))), "")

    def pending(self) -> int:
        """Bytes that are known to be there and were not taken in yet."""
        read = sum(max(1, len(chunk.data)) for _, chunk in self._backlog)
        return read + sum(source.pending() for source in self._sources)

    @property
    def exhausted(self) -> bool:
        """All there is was read; more may come where a log grows."""
        return not self._backlog and all(source.exhausted for source in self._sources)

    @property
    def looked_at(self) -> int:
        """Logs of which something was read."""
        return len(self._logs)

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
        for log in self._logs.values():
            self._take(log, log.end(), now, touched)
            if log.refused is not None:
                self.refused[log.path] = log.refused
        self._regroup(touched, now, everything=True)
        if configured:
            self._configure(touched, set(self._sources), whole=True)
        for training in self._trainings():
            training.bring_up_to_date(settled=True)
            training.conclude(now, whole=True)
        self._sent.clear()
        return self._updates(now)

    def found(self, target: str) -> bool:
        """Whether a run was found under a target."""
        return any(log.records for log in self._training_of if self._places.leads(target, log.path))

    def without_rows(self, targets: Sequence[str]) -> list[tuple[str, str]]:
        """Logs under some targets whose format is known and that hold no row: path, and a line."""
        return [
            (log.path, log.without_rows())
            for log in self._training_of
            if not log.records and any(self._places.leads(one, log.path) for one in targets)
        ]

    def traces(self) -> list[tuple[RunUpdate, list[Trace]]]:
        """What was handed out last of each run, and what its logs are compared by."""
        return [
            (self._sent[training.name], [trace_of(log) for log in training.logs])
            for training in self._trainings()
            if training.name in self._sent
        ]

    def passed_over(self, most: int = 3) -> tuple[int, list[tuple[str, str]]]:
        """How many files were looked at; of the newest that are no logs, path and why.

        May be called from any thread: what is read meanwhile is told the next time.
        """
        refused, logs = dict(self.refused), dict(self._logs)
        without = [(path, log) for path, log in logs.items() if not log.records]
        without.sort(key=lambda pair: -pair[1].mtime)
        nothing = said("no row of a training in it yet")
        return len(logs), [(path, refused.get(path, nothing)) for path, _ in without[:most]]

    @property
    def roots(self) -> tuple[str, ...]:
        """The targets."""
        return self._places.roots

    def below(self, target: str, paths: dict[str, str]) -> dict[str, str]:
        """Of the paths (with a reason each) those that stand under a target."""
        return {path: why for path, why in paths.items() if self._places.root(path) == target}

    def close(self, within_s: float = _CLOSE_S) -> None:
        """Let go of files, watches and threads; what takes longer goes on as a daemon.

        All at once: the ends of twenty links that were lost would add up.
        """
        closing = [threading.Thread(target=one.close, daemon=True) for one in self._sources]
        for thread in closing:
            thread.start()
        end = time.monotonic() + within_s
        for thread in closing:
            thread.join(max(0.0, end - time.monotonic()))

    def _hear(self, source: Source, now: float) -> None:
        """Take what the machine tells beside its logs."""
        news = source.beside()
        if news is None:
            return
        sample = read_sample(news.get("vitals"))
        told = self._places.note_jobs(source, news.get("jobs"), now)
        start = len(source.prefix)
        for training in self._trainings():
            if self._source_of[training.logs[0]] is not source:
                continue
            if sample is not None:
                training.hear(sample, [log.path[start:] for log in training.logs], now)
            job = self._places.job(training.logs[0].path) if told else None
            if job is not None:
                self._moved |= training.job is None  # it was found by another target before
                training.belongs_to(job)

    def _take_in(
        self, source: Source, chunk: Chunk, now: float, touched: dict[Training, None]
    ) -> None:
        path = source.prefix + chunk.log
        if self.keep is not None:
            self.keep(path, chunk)
        if source.name and chunk.kind == "data" and self._is_setting(source, path, chunk, touched):
            return
        log = self._logs.get(path)
        if log is None:
            log = self._logs[path] = Log(path, named=self._places.named(path))
            if source.name or chunk.log == "-":
                log.tail = Tail()  # a box or a pipe is not asked again
            self._source_of[log] = source
        log.size, log.mtime = chunk.size, chunk.mtime or log.mtime
        if chunk.kind in ("truncated", "replaced"):
            log.stale = True
            self._is_there(log, touched)
        elif chunk.kind in ("gone", "error"):
            self._trouble(log, known(chunk.message or "the file is gone"), touched)
        elif chunk.kind == "newest":
            log.anew()
            log.look_ahead(chunk.data)
        else:
            self._feed(source, log, chunk.data, now, touched)
            if log.packs:  # the others have their turn
                self._backlog.appendleft((source, chunk._replace(data=b"")))

    def _is_setting(
        self, source: Source, path: str, chunk: Chunk, touched: dict[Training, None]
    ) -> bool:
        """Keep a file of another box that says how a training there was set up; it is no log."""
        if self._places.named(path):
            return False
        count = len(self._beside.files)
        alone = self._beside.take(path, chunk.offset, chunk.data)
        if alone and chunk.offset + len(chunk.data) >= chunk.size:
            source.drop(chunk.log)
        if alone or len(self._beside.files) > count:
            for training in self._trainings_there:
                if path.startswith(f"{training.place}/") and training.hparams is not None:
                    training.hparams = None  # is read anew
                    touched[training] = None
        return alone

    def _feed(
        self, source: Source, log: Log, data: bytes, now: float, touched: dict[Training, None]
    ) -> None:
        log.trouble = None
        if data:
            log.anew()
        self.errors.pop(log.path, None)
        if log.read == 0 and is_own(data) and not self._places.named(log.path):
            log.refused = said("what lossmon saved; name the file itself to look at it")
        records = log.feed(data)
        self._spoke[log] = now
        self._undecided.note(log)
        if log.refused is not None and not log.records and not records:
            self.refused[log.path] = log.refused
            source.drop(log.path.removeprefix(source.prefix))
            return
        self._take(log, records, now, touched)

    def _settle(self, now: float, touched: dict[Training, None]) -> None:
        """Logs that were read to their end and fell silent: their decoders wait for no redraw."""
        if self._backlog or not self._spoke:
            return
        for log in [log for log, at in self._spoke.items() if now - at >= _SILENT_S]:
            del self._spoke[log]
            if log.read >= log.size and (records := log.settle()):
                self._take(log, records, now, touched)

    def _take(
        self, log: Log, records: Sequence[Record], now: float, touched: dict[Training, None]
    ) -> None:
        training = self._training_of.get(log)
        nothing = not records and log.refused is not None  # what came before some damage counts
        if log.decoder is None or (training is None and nothing):
            return
        if training is None:
            training = self._found(log)
        touched[training] = None
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
                self._training_of.pop(log, None)
            self._trainings_there.pop(training, None)
            self._moved = True

    def _found(self, log: Log) -> Training:
        """A log turned out to be one of a training: give it a place."""
        self.refused.pop(log.path, None)
        training = Training("", [log])
        training.belongs_to(self._places.job(log.path))
        self._trainings_there[training] = None
        self._training_of[log] = training
        self._moved = True
        return training

    def _trouble(self, log: Log, message: str, touched: dict[Training, None]) -> None:
        training = self._training_of.get(log)
        log.trouble = said("{name}: {message}", name=os.path.basename(log.path), message=message)
        if training is None:
            self.errors[log.path] = message
        else:
            training.revision += 1
            touched[training] = None

    def _is_there(self, log: Log, touched: dict[Training, None]) -> None:
        """A file that was gone is there again, though nothing stands in it yet."""
        training = self._training_of.get(log)
        if log.trouble is not None and training is not None:
            training.revision += 1
            touched[training] = None
        log.trouble = None
        self.errors.pop(log.path, None)

    def _regroup(self, touched: dict[Training, None], now: float, everything: bool = False) -> None:
        """Find out which logs belong together, where any has grown by much or has come to rest."""
        touched_logs = (log for training in touched for log in training.logs)
        self._grown |= dict.fromkeys(log for log in touched_logs if log in self._training_of)
        self._written |= dict.fromkeys(self._grown, now)
        if len(self._training_of) > 1:  # a log alone is compared once another comes
            looked_at = self._training_of if everything else self._grown
            fresh = [log for log in looked_at if self._grew(log, everything)]
            fresh = list(dict.fromkeys([*fresh, *self._at_rest(now)]))
            self._grown = {}
            for source, joining in self._joining.items():
                joining.take(*(log for log in fresh if self._source_of[log] is source))
            done = set[Log]()
            for log in fresh:
                if log not in done:
                    done |= self._rejoin(log, touched)
        if self._moved and self._names_due():
            self._moved = False
            self._name_all(touched)

    def _at_rest(self, now: float) -> list[Log]:
        """Logs that have grown since they were compared and grow no more, a few at a time.

        A tracker writes its last rows behind what was printed: until then the ends do not agree.
        """
        rested = [log for log, at in self._written.items() if now - at >= _REST_S][:_MOST_RESTED]
        for log in rested:
            del self._written[log]
        return [log for log in rested if log.records and log in self._training_of]

    def _obey(self) -> bool:
        """Take what the user said of logs since the last poll; True where it was anything."""
        wanted, self._wanted = self._wanted, None
        if wanted is None:
            return False
        self._hand = wanted
        self._wholly_compared.clear()
        for joining in self._joining.values():
            joining.obey(wanted)
        return True

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
        cluster = dict.fromkeys(one for one in joining.cluster(log) if one in self._training_of)
        for one in tuple(cluster):  # what was joined before may have to part
            cluster |= dict.fromkeys(
                other for other in self._training_of[one].logs if other.records
            )
        old = list(dict.fromkeys(self._training_of[one] for one in cluster))
        void = [one for training in old for one in training.logs if not one.records]
        parts = [*joining.groups(list(cluster)), *([one] for one in void)]
        if [sorted(t.logs, key=lambda one: one.path) for t in old] == parts:
            for kept in old:
                self._note_reasons(kept, joining)
            return set(cluster)
        self._moved = True
        for part in parts:
            training = next((t for t in old if not set(part).isdisjoint(t.logs)), None)
            if training is None:
                training = Training("", part)
                self._trainings_there[training] = None
            else:
                old.remove(training)
            if training.logs != part:
                training.join(part)
            training.belongs_to(self._places.job(part[0].path))
            self._note_reasons(training, joining)
            touched[training] = None
            self._training_of |= dict.fromkeys(part, training)
        for gone in old:
            touched.pop(gone, None)
            self._trainings_there.pop(gone)
        return set(cluster)

    def _note_reasons(self, training: Training, joining: Joining[Log]) -> None:
        """Why its logs are one run, and why others that hold the same are not."""
        several = training.logs if len(training.logs) > 1 else []
        joined = {log: joining.why(log, several) for log in several}
        training.explain(joined, {log: joining.why_not(log) for log in training.logs})

    def _names_due(self) -> bool:
        """Whether names are found anew: all of them depend on each other.

        While a backlog is read that is done when it grew by a part: of 1,000 runs that come in 150
        polls all were named 150 times. Runs without a name yet are not handed out.
        """
        count = len(self._trainings_there)
        return not self._backlog or 8 * abs(count - self._named) >= count

    def _name_all(self, touched: dict[Training, None]) -> None:
        trainings = list(self._trainings_there)
        self._named = len(trainings)
        places = self._places.of([training.logs for training in trainings])
        names = [self._places.name(place) for place in places]
        shown = called(names, [training.hparams for training in trainings])
        for training, place, name in zip(trainings, places, shown, strict=True):
            if training.stands_at(place, name):
                touched[training] = None

    def _configure(self, touched: dict[Training, None], settled: set[Source], whole: bool) -> None:
        """Read the settings of runs whose logs were read, in a bounded slice."""
        end = time.thread_time() + _CONFIGURE_S
        renamed = False
        for training in self._trainings_there:
            unread = training.hparams is None or training.outdated
            if unread and self._source_of[training.logs[0]] in settled:
                source = self._source_of[training.logs[0]]
                folder = self._places.folder(training.place)
                if any(log.path == training.place for log in training.logs):
                    folder = None
                training.configure(folder, self._beside.files if source.name else None)
                touched[training] = None
                renamed |= bool(training.hparams and training.hparams.name)
                if time.thread_time() > end and not whole:
                    break
        if renamed:
            self._name_all(touched)

    def _note_link(self, source: Source, now: float) -> None:
        """While a link is down time stands still for its runs: silence then means nothing."""
        health = source.health()
        if health is None or health.state == "live":
            self._seen.pop(source, None)
        else:
            self._seen.setdefault(source, now)

    def _now(self, training: Training, now: float) -> float:
        return self._seen.get(self._source_of[training.logs[0]], now)

    def _judge(self, settled: set[Source], touched: dict[Training, None], now: float) -> None:
        """Once all bytes at hand were read: notice stalls and endings, judge what has ended."""
        self._caught_up |= settled & set(self._source_of.values())
        for training in self._trainings():
            if self._source_of[training.logs[0]] not in settled:
                continue
            at = self._now(training, now)
            with self._apart(training):
                ticked = training.tick(at)
                if (ticked or training in touched) and training.state(at) != "running":
                    training.conclude(at)

    def _updates(self, now: float) -> list[RunUpdate]:
        updates: list[RunUpdate] = []
        names = set()
        for training in self._trainings():
            if not any(log.records for log in training.logs) and len(self._logs) > 1:
                continue  # of many logs, those without a row yet are not shown
            if not training.name:
                continue
            names.add(training.name)
            sent = self._sent.get(training.name)
            if sent is None or sent.revision != training.revision:
                size = sum(log.size for log in training.logs)
                read = sum(log.read for log in training.logs)
                at = self._now(training, now)
                host = self._source_of[training.logs[0]].name
                with self._apart(training):
                    update = training.update(at, min(1.0, read / size) if size else 1.0, host)
                    self._sent[training.name] = update
                    updates.append(update)
                if training not in self._trainings_there:
                    names.discard(training.name)
        gone = [name for name in self._sent if name not in names]
        return updates + [replace(self._sent.pop(name), removed=True) for name in gone]

    def _trainings(self) -> list[Training]:
        return list(self._trainings_there)
