"""One log file: from bytes to a history."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from lossmon import crash
from lossmon.errors import FormatError, message_of
from lossmon.formats.decoder import Decoder, Record, Rows, Settling, within
from lossmon.formats.detect import detect
from lossmon.formats.json_document import DocumentDecoder
from lossmon.formats.lexicon import role
from lossmon.formats.names import choose
from lossmon.formats.sound import sound
from lossmon.formats.unpack import Unpacker, plain_name, unpacker
from lossmon.history.columns import SeriesView
from lossmon.history.run import History
from lossmon.monitor import told
from lossmon.monitor.ahead import decode_end, put, views_of
from lossmon.monitor.origins import Origins
from lossmon.monitor.raw import Tail
from lossmon.monitor.turned import goes_on
from lossmon.monitor.words_of_loss import may_name_loss
from lossmon.words import said

_FEW_NAMES = 64  # metrics; up to so many, roles are chosen with each new one
_START_BYTES = 1 << 16  # of a log kept for looking ahead
_HEAD_LIMIT = 1 << 20  # bytes looked at together for rows of a format
_KEPT = 1 << 16  # of those that hold none, so many stay: a row may have begun there
_PASSED_OVER = 1 << 28  # bytes of other output before a log is given up
_UNPACKED_AT_ONCE = 1 << 22  # plain bytes of a packed log between two looks at the others
_LOOKS = 4  # and so often is it looked at because a word in it may name a loss


@dataclass(eq=False)
class Log:
    """A log that is being read.

    Attributes:
        path: where it is.
        size: bytes of the file when it was last seen.
        mtime: when it was last written, seconds since the Unix epoch.
        read: bytes fed so far.
        decoder: None until the format is known.
        why: what the format was recognised by.
        history: what was read.
        chosen: role -> name of the metric that plays it.
        records: rows read.
        refused: why this is no training log; None while it may be one.
        errors: one line each.
        trouble: why it cannot be read now (gone, no permission); None when all is well.
        tail: its last bytes, of a log that cannot be read again to be looked at; else None.
        origins: where its rows stand.
        named: the user named it: it is a log, whatever it looks like.
        stale: the file was emptied or replaced, and what stands there now has not begun.
        turned: it was rotated: what was read stands under this name now.
        within: the log that it is a part of, where rows of several runs stand in one.
        run: what that calls it.
    """

    path: str
    size: int = 0
    mtime: float = 0.0
    read: int = 0
    decoder: Decoder | None = None
    why: str = ""
    history: History = field(default_factory=lambda: History(role))
    chosen: dict[str, str] = field(default_factory=dict)
    records: int = 0
    refused: str | None = None
    errors: list[str] = field(default_factory=list)
    trouble: str | None = None
    generation: int = 0  # grows when everything read so far became void
    ahead: dict[str, SeriesView] = field(default_factory=dict)  # the end of a long log
    tail: Tail | None = None
    origins: Origins = field(default_factory=Origins)
    named: bool = False
    stale: bool = False
    turned: str = ""
    within: str = ""
    run: str = ""
    _plain: int = 0  # bytes of its text that were fed
    _void: int = 0  # bytes of nothing before the first of them
    _newest: int = 0  # where the newest piece of them began
    _start: bytes = b""
    _head: bytearray = field(default_factory=bytearray)
    _unpacker: Unpacker | None = None
    _packed: list[Iterator[bytes]] = field(default_factory=list)  # being unpacked
    _passing_over: bool = False  # a line too long to be looked at, before the format is known
    _too_long: int = 0  # such lines
    _passed: int = 0  # bytes of output before the first row that are no longer kept
    _looks: int = 0  # how often they were looked at
    _searched: int = 0  # bytes of the head in which no word may name a loss
    _known: int = 0  # metric names seen when `chosen` was made

    @property
    def held(self) -> int:
        """Bytes kept until it is known what this log is."""
        return len(self._head) + len(self._start) if self.decoder is None else 0

    def let_go(self, most: int) -> None:
        """Keep so many of those bytes: a row may have begun there. Rows that follow are read."""
        self._start = b""
        if len(self._head) > most:
            self._passed += len(self._head) - most
            del self._head[:-most]
            self._searched = 0

    @property
    def format(self) -> str:
        """The format's name, or "unknown" while it is not recognised."""
        return self.decoder.format if self.decoder is not None else "unknown"

    @property
    def file(self) -> str:
        """Where its text stands."""
        return self.within or self.path

    def void(self) -> None:
        """All that was read of it is void."""
        self.history, self.chosen, self.records, self._known = History(role), {}, 0, 0
        self.generation += 1

    @property
    def start(self) -> bytes:
        """Its first bytes, at most so many as came at once."""
        return self._start

    def anew(self) -> None:
        """The first bytes come of what stands in place of a file that was emptied or replaced.

        Until then what was read stays: a log that was rotated is empty until the next row, and its
        curve must not be gone from the screen meanwhile.
        """
        if self.stale:
            self.reset()

    def go_on(self, data: bytes) -> bool:
        """Go on where it was, if these first bytes since it was rotated or emptied do."""
        plain = self._unpacker is None and self.refused is None
        first, last = data[:_START_BYTES].lstrip(b"\0"), self.history.step
        if not plain or not goes_on(self.decoder, first, last, sure=self.turned != ""):
            return False
        self.stale, self.turned, self._plain, self._void = False, "", 0, 0
        self.origins = Origins()
        return True

    def reset(self) -> None:
        """The file was truncated, replaced or rewritten: it starts anew.

        A document that is written whole at each save goes on where it was.
        """
        if isinstance(self.decoder, DocumentDecoder):
            self.decoder.again()
            self.stale = False
            self._packed.clear()
            self.read, self._plain, self.origins = 0, 0, Origins()
            return
        fresh = Log(self.path, self.size, self.mtime, generation=self.generation + 1)
        fresh.named = self.named
        fresh.tail = Tail() if self.tail is not None else None
        self.__dict__.update(fresh.__dict__)

    def feed(self, data: bytes) -> Sequence[Record]:
        """Decode the next bytes; what a broken decoder throws is this log's error alone."""
        start, self.read = self.read, self.read + len(data)
        if self.refused is not None:
            return []
        if start == 0:
            self._unpacker = unpacker(data)
            if self._unpacker is not None and self.tail is None:
                self.tail = Tail()
            self._start = data[:_START_BYTES]
        if self._unpacker is None:
            return self._feed_plain(data)
        if data:
            self._packed.append(self._unpacker.feed(data))
        return self._feed_on(_UNPACKED_AT_ONCE)

    @property
    def packs(self) -> bool:
        """What came holds more than was unpacked of it: feed it nothing to go on."""
        return bool(self._packed) and self.refused is None

    def _feed_on(self, most: int) -> Sequence[Record]:
        """Decode more of what came packed: a megabyte may hold a thousand, and others wait."""
        records: list[Record] = []
        end = self._plain + most
        try:
            while self.packs and self._plain < end:
                if (piece := next(self._packed[0], None)) is None:
                    del self._packed[0]
                else:
                    records += self._feed_plain(piece)
        except FormatError as error:  # what came before the damage counts
            self._packed.clear()
            records += self.end()
            self.errors.append(message_of(error))
            self.refused = message_of(error)
        return records

    def _feed_plain(self, data: bytes) -> Sequence[Record]:
        start = self._passed if self.decoder is None else self._plain
        self._newest = self._plain
        if self._plain == self._void and (self.decoder is not None or data.strip(b"\0")):
            # A writer goes on at its place in a file that was emptied.
            self._void += len(data) - len(data.lstrip(b"\0"))
            data = data[self._void - self._plain :]
            self._plain = self._void
        self._plain += len(data)
        if self.tail is not None:
            self.tail.append(data)
        if self.decoder is None:
            self._head += self._behind_line(data) if self._passing_over else data
            records = self._recognise(complete=False)
        else:
            records = self._decode(data)
        self.origins.add(start, self._plain, records)
        return records

    def settle(self) -> Sequence[Record]:
        """It fell silent: the rows that its decoder held back and that are as good as final."""
        if self.refused is not None or not isinstance(self.decoder, Settling):
            return []
        records = self._guard(self.decoder, self.decoder.settle)
        self.origins.add(self._newest, self._plain, records)
        return records

    def _behind_line(self, data: bytes) -> bytes:
        """What follows the line that was too long, once it has ended."""
        ends = [at for at in (data.find(b"\n"), data.find(b"\r")) if at >= 0]
        if not ends:
            return b""
        self._passing_over = False
        return data[min(ends) + 1 :]

    def look_ahead(self, end: bytes) -> None:
        """Take the last bytes of a long log, to be shown until the reading gets there."""
        if self.decoder is not None and self._unpacker is None:
            try:
                self.ahead = views_of(decode_end(self._start, end, self.path))
            except Exception:  # the reading comes to the same rows, and says what is wrong
                self.ahead = {}

    def end(self) -> Sequence[Record]:
        """Nothing more is to come for now and a verdict is wanted: decode the unfinished tail."""
        if self.stale:
            return []
        records = [*self._feed_on(sys.maxsize)]
        cut = self._unpacker is not None and self._unpacker.cut and self.refused is None
        if self.decoder is None and self.refused is None:
            records += self._recognise(complete=True)
        if self.decoder is not None and self.refused is None:
            records += self._guard(self.decoder, self.decoder.flush)
        if cut:
            assert self._unpacker is not None
            why = f"the {self._unpacker.name} data ends in the middle: still written, or cut"
            if self.decoder is None:
                self.refused = why
            elif why not in self.errors:
                self.errors.append(why)
        return records

    def add(self, part: Record | Rows) -> None:
        """Put what was read into the history and keep the roles up to date."""
        put(self.history, part)
        self.records += len(part) if isinstance(part, Rows) else 1
        named = len(self.history.series)
        if named != self._known and (named <= _FEW_NAMES or 8 * (named - self._known) >= named):
            self.choose_names()

    def choose_names(self) -> None:
        """Find the metrics that play the roles anew, where there are more metrics than before.

        With many of them it waits until some came or the rows at hand end: a log that names another
        metric in each row must not have all of them looked at in each row.
        """
        if len(self.history.series) != self._known:
            self._known = len(self.history.series)
            self.chosen = choose(self.history.series)

    def note_facts(self) -> None:
        """Hand what the log says of the plan to the history."""
        if self.decoder is None:
            return
        facts, plan = self.decoder.facts, self.history.plan
        steps, plan.total_epochs = within(facts)
        plan.total_steps = self.history.on_axis(steps)
        plan.finished = facts.finished
        plan.failure = facts.failure
        if facts.counts != plan.counts:
            plan.events, plan.counts = tuple(facts.events), dict(facts.counts)
        if facts.settings:
            plan.settings = dict(facts.settings)
        told.complete(plan)

    def _recognise(self, complete: bool) -> Sequence[Record]:
        full = len(self._head) >= _HEAD_LIMIT
        if self._passed and not complete and not self._may_hold_rows():
            if full:
                self._pass_over()
            elif len(self._head) > 2 * _KEPT:
                self.let_go(_KEPT)
            return []
        try:
            name = self.path if self._unpacker is None else plain_name(self.path)
            whole = complete and not self._too_long
            found = detect(bytes(self._head), name, whole, self.named)
            if found is None and full and b"\n" not in self._head and b"\r" not in self._head:
                self._head.clear()  # rows may follow
                self._passing_over = True
                self._too_long += 1
            elif found is None and (full or complete):
                found = detect(bytes(self._head) or b"\n", name, True, self.named)
        except FormatError as error:
            if full and not complete and b"\n" in self._head[-_KEPT:] and self._pass_over():
                return []
            self.refused = message_of(error)
            self._head.clear()
            return []
        except Exception as error:  # a plug-in's detector may be broken: that is this log's affair
            self._broken(error)
            return []
        if found is None:
            if len(self._head) > _KEPT and not self._is_document() and not self._may_hold_rows():
                self.let_go(_KEPT)
            return []
        packed = "" if self._unpacker is None else said(" (in {name})", name=self._unpacker.name)
        self.decoder, self.why = found.decoder, found.why + packed
        head, self._head = bytes(self._head), bytearray()
        if found.read is not None and not self._too_long:
            self.decoder, rows = found.read
            return self._guard(self.decoder, lambda: rows)
        for _ in range(self._too_long):
            self.decoder.skipped.add("line too long", "")
        return self._decode(head)

    def _is_document(self) -> bool:
        """JSON, which says what it is where it ends."""
        return bytes(self._head[:64]).lstrip().startswith((b"{", b"["))

    def _may_hold_rows(self) -> bool:
        """Whether a word in the output before the first row may name a loss."""
        found = may_name_loss(self._head, max(0, self._searched - 64))
        if not found:
            self._searched = len(self._head)
        return found

    def _pass_over(self) -> bool:
        """Let go of output that holds no row; False where there was too much of it already."""
        self._looks += self._may_hold_rows()
        if self._passed > _PASSED_OVER or self._looks > _LOOKS:
            return False
        self._passed += len(self._head) - _KEPT
        del self._head[:-_KEPT]
        self._searched = min(self._searched, _KEPT)
        return True

    def _decode(self, data: bytes) -> Sequence[Record]:
        assert self.decoder is not None
        decoder = self.decoder
        records = self._guard(decoder, lambda: decoder.feed(data))
        if isinstance(decoder, DocumentDecoder) and decoder.void:
            decoder.void = False
            self.void()
        return records

    def _guard(self, decoder: Decoder, decode: Callable[[], Sequence[Record]]) -> Sequence[Record]:
        try:
            return sound(decode(), decoder.skipped)
        except FormatError as error:  # it says all itself
            crash.keep(error)
            self.refused = message_of(error)
            self.errors.append(self.refused)
            return []
        except Exception as error:  # one run's decoder must not take the others down
            self._broken(error)
            return []

    def give_up(self, error: Exception) -> None:
        """What was read of it can't be put together: an error of lossmon itself, of this log."""
        self.refused = said(
            "left out after an error of lossmon itself: {kind}: {error}",
            kind=type(error).__name__,
            error=str(error),
        )
        self.errors.append(self.refused)

    def _broken(self, error: Exception) -> None:
        crash.keep(error)
        self.refused = said(
            "the {format} decoder failed: {kind}: {error}",
            format=self.format,
            kind=type(error).__name__,
            error=str(error),
        )
        self.errors.append(self.refused)
