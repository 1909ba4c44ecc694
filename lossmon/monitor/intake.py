"""From chunks to rows: what came is taken in by the log that it belongs to, whatever it is."""

from __future__ import annotations

import os
from collections.abc import Sequence

from lossmon.formats.decoder import Record
from lossmon.logs.files import ANEW, FORGOTTEN, is_numbered_part
from lossmon.logs.follower import Chunk
from lossmon.logs.source import Source
from lossmon.monitor.beside import Beside
from lossmon.monitor.grouping import Grouping
from lossmon.monitor.locations import Locations
from lossmon.monitor.log import Log
from lossmon.monitor.own import is_own
from lossmon.monitor.raw import Tail
from lossmon.monitor.shared import Shared
from lossmon.monitor.training import Training
from lossmon.monitor.turned import ends_of, is_part
from lossmon.monitor.undecided import Undecided
from lossmon.words import known, said

_SILENT_S = 2.0  # without a byte, after which a bar that was left at its end is not redrawn soon


class Intake:
    """The logs, and what came of each.

    Args:
        locations: where logs stand among the targets.
        source_of: gets the source of each log.
        grouping: the trainings, which a log that goes or comes back changes.

    Attributes:
        logs: by path.
        refused: path -> why it is no log.
        errors: path of a log without a training, or of a folder -> what is wrong with it.
        barred: path of a log or folder that is there and can't be read -> why.
        beside: settings that other boxes sent.
    """

    def __init__(
        self, locations: Locations, source_of: dict[Log, Source], grouping: Grouping
    ) -> None:
        self.logs: dict[str, Log] = {}
        self.refused: dict[str, str] = {}
        self.errors: dict[str, str] = {}
        self.barred: dict[str, str] = {}
        self.beside = Beside()
        self.source_of = source_of
        self._locations = locations
        self._grouping = grouping
        self.shared = Shared(source_of, grouping)
        self._undecided = Undecided()
        self._rotated: dict[str, dict[Log, None]] = {}  # folder -> logs that were, and went on
        self._forgotten: dict[str, bool] = {}  # gone long ago, of runs of which more is there
        self._spoke: dict[Log, float] = {}  # logs that may hold a row back -> when they last grew

    def take(
        self, source: Source, chunk: Chunk, now: float, touched: dict[Training, None]
    ) -> tuple[Log, Sequence[Record] | None] | None:
        """Hand a chunk to its log.

        Args:
            source: where it came from.
            chunk: what came.
            now: seconds since the Unix epoch.
            touched: gets the trainings that changed otherwise than by rows.

        Returns:
            The log and the rows that became complete, None where it is refused; None of a chunk
            that is no data of a log.
        """
        path = source.prefix + chunk.log
        if source.name and chunk.kind == "data" and self._is_setting(source, path, chunk, touched):
            return None
        log = self.logs.get(path)
        if chunk.kind == FORGOTTEN:
            if log is not None:
                self._forget(log, touched)
            return None
        self._forgotten.pop(path, None)
        if log is None:
            log = self.logs[path] = Log(path, named=self._locations.named(path))
            if source.name or chunk.log == "-":
                log.tail = Tail()  # a box or a pipe is not asked again
            self.source_of[log] = source
        log.size, log.mtime = chunk.size, chunk.mtime or log.mtime
        if chunk.kind in ANEW:
            log.stale, log.turned = True, chunk.message if chunk.kind == "rotated" else ""
            self._is_there(log, touched)
        elif chunk.kind in ("gone", "error"):
            why = known(chunk.message or "the file is gone")
            self._trouble(log, why, touched)
            self.barred.pop(path, None)
            if chunk.kind == "error":
                self.barred[path] = why
        elif chunk.kind == "newest":
            log.anew()
            log.look_ahead(chunk.data)
        else:
            if not chunk.data:
                self._is_there(log, touched)
            return log, self._feed(source, log, chunk.data, now)
        return None

    def _is_setting(
        self, source: Source, path: str, chunk: Chunk, touched: dict[Training, None]
    ) -> bool:
        """Keep a file of another box that says how a training there was set up; it is no log."""
        if self._locations.named(path):
            return False
        count = len(self.beside.files)
        alone = self.beside.take(path, chunk.offset, chunk.data)
        if alone and chunk.offset + len(chunk.data) >= chunk.size:
            source.drop(chunk.log)
        if alone or len(self.beside.files) > count:
            for training in self._grouping.trainings:
                if path.startswith(f"{training.location}/") and training.hparams is not None:
                    training.hparams = None  # is read anew
                    touched[training] = None
        return alone

    def _feed(self, source: Source, log: Log, data: bytes, now: float) -> Sequence[Record] | None:
        for part in self.shared.of(log):
            part.trouble = None
        if data and log.stale:
            self._begin_again(source, log, data)
        self.errors.pop(log.path, None)
        self.barred.pop(log.path, None)
        if log.read == 0 and is_own(data) and not self._locations.named(log.path):
            log.refused = said("what lossmon saved; name the file itself to look at it")
        records = log.feed(data)
        self._spoke[log] = now
        self._undecided.note(log)
        if log.refused is not None and not log.records and not records:
            self.refused[log.path] = log.refused
            source.drop(log.path.removeprefix(source.prefix))
            return None
        for whole in self._rotated.get(os.path.dirname(log.path), ()):
            if records and is_part(log.path, (records[0], records[-1]), whole):
                self._leave_out(source, log.path.removeprefix(source.prefix), whole)
                return None
        return records

    def _begin_again(self, source: Source, log: Log, data: bytes) -> None:
        """The first bytes come of what stands where a log was emptied, moved away or replaced."""
        before = log.turned
        if is_numbered_part(log.path, self.logs) or not log.go_on(data):
            log.anew()
            return
        folder = os.path.dirname(log.path)
        self._rotated.setdefault(folder, {})[log] = None
        parts = [one for one in self.logs.values() if os.path.dirname(one.path) == folder]
        parts = [one for one in parts if is_part(one.path, ends_of(one), log)]
        names = [one.path.removeprefix(source.prefix) for one in parts]
        for part in dict.fromkeys([*([before] if before else []), *names]):
            self._leave_out(source, part, log)

    def _leave_out(self, source: Source, part: str, whole: Log) -> None:
        """What a log held before it was rotated is no log of its own."""
        source.drop(part)
        log = self.logs.get(source.prefix + part)
        if log is not None:
            self._grouping.leave(log)
            name = os.path.basename(whole.path)
            log.refused = said("the part of {name} from before it was rotated", name=name)

    def _trouble(self, log: Log, message: str, touched: dict[Training, None]) -> None:
        trouble = said("{name}: {message}", name=os.path.basename(log.path), message=message)
        for part in self.shared.of(log):
            training = self._grouping.training_of.get(part)
            part.trouble = trouble
            if training is None:
                self.errors[log.path] = message
            else:
                training.revision += 1
                touched[training] = None

    def _forget(self, log: Log, touched: dict[Training, None]) -> None:
        """A log went away long ago: let go of it, and of its run once nothing of that is there.

        With a new run folder each second, most of which were removed later, lossmon held twice the
        memory after half an hour. Until its run goes, what a log gave is a part of that.
        """
        self._forgotten[log.path] = log.stale = True
        training = self._grouping.training_of.get(log)
        logs = list(training.logs) if training is not None else [log]
        if any(one.path not in self._forgotten for one in logs):
            return
        if training is not None:
            touched.pop(training, None)
            self._grouping.set_aside(training)
        for one in logs:
            self._grouping.forget(one)
            self._undecided.forget(one)
            self.shared.forget(one)
            for by_path in (self.logs, self.refused, self.errors, self.barred, self._forgotten):
                by_path.pop(one.path, None)
            self._spoke.pop(one, None)
            self.source_of.pop(one, None)
            folder = os.path.dirname(one.path)
            rotated = self._rotated.get(folder, {})
            rotated.pop(one, None)
            if not rotated:
                self._rotated.pop(folder, None)

    def _is_there(self, log: Log, touched: dict[Training, None]) -> None:
        """A file that was gone is there again, though nothing stands in it yet."""
        for part in self.shared.of(log):
            training = self._grouping.training_of.get(part)
            if part.trouble is not None and training is not None:
                training.revision += 1
                touched[training] = None
            part.trouble = None
        self.errors.pop(log.path, None)
        self.barred.pop(log.path, None)

    def at_rest(self, now: float) -> list[tuple[Log, Sequence[Record]]]:
        """Logs that were read to their end and fell silent, with the rows that only waited for it.

        Their decoders wait for no redraw of a bar any more.
        """
        silent = [log for log, at in self._spoke.items() if now - at >= _SILENT_S]
        for log in silent:
            del self._spoke[log]
        there = [(log, log.settle()) for log in silent if log.read >= log.size]
        return [(log, records) for log, records in there if records]
