"""From logs that are there to a script of how they came, and a monitor that watches it again."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lossmon import regular
from lossmon.errors import TargetError
from lossmon.formats.json_document import DocumentDecoder
from lossmon.logs.hosts import location_of, resolve
from lossmon.logs.replay import MOST_KEPT, SPEEDS, Kept, Piece, ReplaySource, file_of
from lossmon.monitor.log import Log
from lossmon.monitor.sources import nothing_read, open_monitor
from lossmon.monitor.update import RunUpdate
from lossmon.monitor.watch import Monitor
from lossmon.words import said

MOST_PIECES = 2000  # of a log: more cannot be told apart on a screen
_SLICE = 1 << 16  # bytes read at once
_WHOLE_S = 60.0  # that a replay takes, where nothing else was said
_SHARED = 8  # rows that may have one time: a clock of whole seconds, or of epochs
_ROW_S = 1.0  # between two rows, where a log tells no times
_MOST_GAP_S = 3600.0  # a night between two rows is not waited for


@dataclass(frozen=True)
class Came:
    """Bytes of a log, and what was known of them.

    Attributes:
        start, end: which bytes.
        rows: how many rows it had given by then.
        step: the newest step by then; -1 before there is one.
        time: the newest time of a row by then, or None.
    """

    start: int
    end: int
    rows: int
    step: int
    time: float | None


class ReplayMonitor(Monitor):
    """A monitor whose clock is that of the log.

    Attributes:
        player: the clock.
        whole: the runs as they were in the end, whose findings can be sought.
    """

    def __init__(
        self, player: ReplaySource, roots: Sequence[str], whole: Sequence[RunUpdate]
    ) -> None:
        super().__init__([player], roots)
        self.player = player
        self.whole = tuple(whole)

    def poll(self, now: float | None = None) -> list[RunUpdate]:
        """What is new by the clock of the log."""
        return super().poll(self.player.now() if now is None else now)

    def onsets(self) -> list[int]:
        """The steps at which a finding was told or withdrawn, each once."""
        steps = set[int]()
        for update in self.whole:
            for entry in update.diagnosis.timeline:
                steps |= {entry.shown_at_step}
                if entry.cleared_at_step is not None:
                    steps.add(entry.cleared_at_step)
        return sorted(steps)


def open_replay(
    targets: Sequence[str], speed: float | None = None, from_step: int | None = None
) -> ReplayMonitor:
    """A monitor over logs that come again.

    Args:
        targets: as typed; what is no file here (a database, another box) is read once and kept.
        speed: seconds of the log in a second; None for all of it in about a minute.
        from_step: where it begins.

    Raises:
        TargetError: there is nothing to play, or not from there on.
    """
    monitor, kept = open_monitor(targets, watch=False), Kept()
    monitor.keep = kept.take
    try:
        monitor.poll()
        while not monitor.exhausted:
            monitor.wait(1.0)
            monitor.poll()
        whole = monitor.conclude()
        paths = [log.file for update in whole for log in update.logs]
        if not paths:
            raise nothing_read(monitor, targets[0]) or TargetError(_nothing(targets[0]))
        if kept.full:
            raise TargetError(_too_much(targets[0]))
        pieces = script_of(dict.fromkeys(path for path in paths if kept.file_of(path)), kept)
        if not pieces:
            raise TargetError(_nothing(targets[0]))
    except BaseException:
        kept.close()
        raise
    finally:
        monitor.close()
    player = ReplaySource(pieces, speed or _fitting(pieces), kept=kept)
    if from_step is not None and from_step > player.last_step:
        player.close()
        raise TargetError(_not_there(from_step, player.last_step))
    if from_step is not None:
        player.to_step(from_step)
        if not player.over:  # there it would begin anew
            player.pause(True)
    roots = [location_of(one) for text in targets for one in resolve(text)]
    return ReplayMonitor(player, roots, whole)


def _fitting(pieces: Sequence[Piece]) -> float:
    """The speed at which all comes in about a minute."""
    lasts = pieces[-1].at - pieces[0].at
    return next((one for one in SPEEDS if lasts / one <= _WHOLE_S), SPEEDS[-1])


def _nothing(target: str) -> str:
    return said("{target}: nothing to play back; name log files on this machine", target=target)


def _not_there(step: int, last: int) -> str:
    if last < 0:
        return said("--from {step}: no row tells its step; leave --from out", step=step)
    return said("--from {step}: the last step is {last}", step=step, last=last)


def _too_much(target: str) -> str:
    return said(
        "{target}: more than {size:.0f} GiB that is no file here; name one run of it",
        target=target,
        size=MOST_KEPT / (1 << 30),
    )


def script_of(paths: Sequence[str] | dict[str, None], kept: Kept | None = None) -> list[Piece]:
    """How logs came: by the times of their rows, else in step with each other, a row a second."""
    files = {path: file_of(kept, path) for path in paths}
    came = {path: list(_pieces(path, file)) for path, file in files.items()}
    came = {path: pieces for path, pieces in came.items() if pieces}
    if not came:
        return []
    timed = all(map(_tells_times, came.values()))
    rows = max(pieces[-1].rows for pieces in came.values())
    last = max(pieces[-1].step for pieces in came.values())
    origin = max(os.path.getmtime(files[path]) for path in came) - rows * _ROW_S
    pieces = []
    for path, found in came.items():
        for one in found:
            if timed:
                at = one.time if one.time is not None else -math.inf
            elif last > 0 and found[-1].step > 0:
                at = origin + _ROW_S * rows * max(one.step, 0) / last
            else:
                at = origin + _ROW_S * one.rows
            pieces.append(Piece(at, path, one.start, one.end, one.step))
    first = min((piece.at for piece in pieces if piece.at > -math.inf), default=origin)
    return _without_gaps([p if p.at > -math.inf else p._replace(at=first) for p in pieces])


def _tells_times(pieces: Sequence[Came]) -> bool:
    """Whether rows have times of their own: a tracker may send all of a short run at once."""
    times = [piece.time for piece in pieces]
    apart = len({time for time in times if time is not None})
    return times[-1] is not None and apart >= max(1, len(times) // _SHARED)


def _without_gaps(pieces: list[Piece]) -> list[Piece]:
    """In order, pauses cut to an hour; later times stay as they are, so the end is the end."""
    pieces.sort(key=lambda piece: piece.at)
    shift, kept = 0.0, list[Piece]()
    for piece in reversed(pieces):
        after = kept[-1].at if kept else piece.at
        at = piece.at + shift
        if after - at > _MOST_GAP_S:
            shift += after - at - _MOST_GAP_S
            at = after - _MOST_GAP_S
        kept.append(piece._replace(at=at))
    return kept[::-1]


def _pieces(name: str, path: str) -> Iterator[Came]:
    """A log in the pieces in which it may have come, as its decoder reads it."""
    log = Log(name, named=True)
    size = os.path.getsize(path)
    least = max(1, size // MOST_PIECES)
    start, rows, step, when = 0, 0, -1, None
    for data in _lines(path, least):
        for record in log.feed(data):
            rows += 1
            if record.step is not None:
                step = max(step, int(record.step))
            if record.time is not None and math.isfinite(record.time):
                when = record.time if when is None else max(when, record.time)
        yield Came(start, start + len(data), rows, step, when)
        start += len(data)
        if isinstance(log.decoder, DocumentDecoder):  # it was written whole at each save
            yield from _rest(log, path, start, size, rows, step, when)
            return


def _rest(
    log: Log, path: str, start: int, size: int, rows: int, step: int, when: float | None
) -> Iterator[Came]:
    with open(path, "rb", opener=regular.opener) as file:
        file.seek(start)
        records = [*log.feed(file.read(size - start)), *log.end()]
    steps = [int(record.step) for record in records if record.step is not None]
    yield Came(start, size, rows + len(records), max([step, *steps]), when)


def _lines(path: str, least: int) -> Iterator[bytes]:
    """Whole lines, at least so many bytes together; of what has no lines, so many bytes."""
    kept = b""
    with open(path, "rb", opener=regular.opener) as file:
        while data := file.read(_SLICE):
            kept += data
            while len(kept) >= least:
                end = max(kept.find(b"\n", least - 1), kept.find(b"\r", least - 1)) + 1
                if not end and len(kept) < _SLICE:
                    break  # the line goes on
                end = end or least
                yield kept[:end]
                kept = kept[end:]
    if kept:
        yield kept
