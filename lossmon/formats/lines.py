"""From bytes to clean lines: line ends, escapes, logger prefixes, and signs of a crash."""

from __future__ import annotations

import re
from typing import Protocol, runtime_checkable

from lossmon.formats.clock import STAMP, time_of
from lossmon.formats.decoder import MAX_LINE_BYTES, Skipped
from lossmon.redaction import redacted


@runtime_checkable
class Splitting(Protocol):
    """A decoder of lines, the last of which may be unfinished."""

    def drop_line(self) -> None:
        """Forget the unfinished line: what would end it is gone."""
        ...


_CLOSING = (b"]", b")", b"}")  # of what a bar has in brackets
_HOLE = re.compile(rb"\0+")


class LineSplitter:
    r"""Cut a stream of bytes into lines, however the bytes were split.

    `\n`, `\r\n`, a lone `\r` (a bar that redraws itself) and a hole of NUL bytes, which a crash of
    the box leaves, end a line: the row behind a hole was no JSON any more. A line longer than
    `MAX_LINE_BYTES` is dropped.

    Attributes:
        oversized: lines that were dropped because they were too long.
    """

    __slots__ = (
        "_after_cr", "_before", "_drawn", "_dropping", "_held", "_in_hole", "_pieces", "_told",
        "oversized",
    )  # fmt: skip

    def __init__(self) -> None:
        self.oversized = self._told = 0
        self._pieces: list[bytes] = []  # the unfinished line
        self._held = 0  # bytes in it
        self._dropping = False  # it is too long already
        self._after_cr = False  # the last byte was \r: a \n that follows belongs to it
        self._in_hole = False  # the last byte was NUL: those that follow end no other line
        self._drawn = False  # the unfinished line is drawn over the one before
        self._before = (0, b"")  # the length of that, and what it ends with

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes, without their ends; empty ones included."""
        if self._in_hole:
            data = data.lstrip(b"\0")
        if b"\0" in data:
            self._in_hole = data.endswith(b"\0")
            data = _HOLE.sub(b"\n", data)
        elif data:
            self._in_hole = False
        if self._after_cr and data[:1] == b"\n":
            data = data[1:]
            self._after_cr = self._drawn = False
        if not data:
            return []
        self._after_cr = data.endswith(b"\r")
        drawn = b"\r" in data and data.rfind(b"\r") > data.rfind(b"\n")
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = data.split(b"\n")
        tail = lines.pop()
        if lines:
            lines[0] = self._finish(lines[0])
            if self._dropping or len(data) > MAX_LINE_BYTES or len(lines[0]) > MAX_LINE_BYTES:
                lines = self._drop_oversized(lines)
            self._drawn = drawn
            if drawn and lines:
                self._before = len(lines[-1]), lines[-1][-1:]
        self._hold(tail)
        return lines

    def drawn(self) -> list[bytes]:
        r"""The unfinished line of a bar that fell silent, where all of it seems to be there.

        A bar that begins each row with `\r` ends the last one with nothing, and its last two rows
        were missing on a screen for good: it is as long as the row before, or closed as that was.
        """
        length, end = self._before
        if not self._drawn or not self._pieces or self._dropping:
            return []
        closed = end in _CLOSING and self._pieces[-1].endswith(end)
        return self.flush() if length and (closed or self._held >= length) else []

    def tell_dropped(self, skipped: Skipped) -> None:
        """Count the lines that were too long among those that gave no row, each once."""
        for _ in range(self.oversized - self._told):
            skipped.add("line too long", "")
        self._told = self.oversized

    @property
    def is_open(self) -> bool:
        """A line is not finished."""
        return bool(self._pieces) or self._dropping

    def drop(self) -> None:
        """Forget the unfinished line: its rest is gone with the file that held it."""
        self._finish(b"")
        self._dropping = self._after_cr = False

    def flush(self) -> list[bytes]:
        """The unfinished line, where there is one."""
        if not self.is_open:
            return []
        return self._drop_oversized([self._finish(b"")])

    def _finish(self, end: bytes) -> bytes:
        """The unfinished line with its last bytes; it stays marked when it was too long."""
        if not self._pieces:
            return end
        self._pieces.append(end)
        line = b"".join(self._pieces)
        self._pieces.clear()
        self._held = 0
        return line

    def _drop_oversized(self, lines: list[bytes]) -> list[bytes]:
        start = 1 if self._dropping else 0
        self._dropping = False
        kept = [line for line in lines[start:] if len(line) <= MAX_LINE_BYTES]
        self.oversized += len(lines) - len(kept)
        return kept

    def _hold(self, tail: bytes) -> None:
        if self._dropping or not tail:
            return
        self._pieces.append(tail)
        self._held += len(tail)
        if self._held > MAX_LINE_BYTES:
            self._pieces.clear()
            self._held = 0
            self._dropping = True


_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor moves
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|\Z)"  # OSC and other strings: titles, links
    r"|\x1b[ -/]*[0-~]?"  # two-character escapes, and a stray ESC
    r"|\x9b[0-?]*[ -/]*[@-~]",
    re.DOTALL,
)
_BACKSPACES = re.compile("\x08+")
_BLANKS = re.compile("[\x0b\x0c\x1c-\x1f\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def clean(line: bytes) -> str:
    """Decode a line; escapes, what backspaces erased and control characters are gone."""
    return clean_text(line.decode("utf-8", "replace"))


def clean_text(text: str) -> str:
    """`clean` for a line that was decoded already."""
    if text.isprintable():
        return text
    if "\x1b" in text or "\x9b" in text:
        text = _ESCAPES.sub("", text)
    if "\x08" in text:
        text = _erase(text)
    return _CONTROLS.sub("", _BLANKS.sub(" ", text))


_PLAIN = bytes(range(32, 127)) + b"\t\n"
_UNCLEAN = re.compile(
    "[^\t\n -~\u00a0-\u167f\u2010-\u2027\u2030-\u205e\u2070-\ud7ff\uf900-\ufefe\uff00-\ufffd]"
)
_SYSLOG_TAB = "#011"  # as syslog, and with it SageMaker, writes a tab
_JULIA = re.compile(r"(\.\d{1,17})f(-?\d{1,2})(?![\w.])")  # 2.5f0: a number of 32 bits
_SIGNS = tuple(zip("：，；（）【】＝％｜．٫", ":,;()[]=%|..", strict=True))
_ORDINALS = {
    "轮": "epoch", "周期": "epoch", "折": "fold", "步": "step", "批": "batch", "次迭代": "iter",
    "エポック": "epoch", "ステップ": "step", "バッチ": "batch",
    "에폭": "epoch", "에포크": "epoch", "스텝": "step", "배치": "batch",
}  # fmt: skip
_ORDINAL_SIGNS = ("第", "번째", "目")
_COUNTED = rf"({'|'.join(_ORDINALS)}|(?i:epoch|step|iter|batch)(?![A-Za-z]))"
_ORDINAL = re.compile(  # "第3轮", "3번째 에폭", "3エポック目"
    rf"第\s{{0,2}}(\d{{1,12}}(?:\s?/\s?\d{{1,12}})?)\s{{0,2}}个?\s?{_COUNTED}[次数目]?"
    rf"|(?<!\d)(\d{{1,12}})(?:번째 ?{_COUNTED}| ?{_COUNTED}目)"
)


def text_of(data: bytes) -> str:
    """Many lines as text, clean, and with signs and numbers as most programs write them.

    "第3轮，损失：0.5" names its counter behind the number; here it is "epoch 3 ,损失:0.5".
    """
    text = data.decode("utf-8", "replace")
    if _SYSLOG_TAB in text:
        text = text.replace(_SYSLOG_TAB, "\t")
    if "f0" in text:
        text = _JULIA.sub(r"\1e\2", text)
    if data.translate(None, _PLAIN):
        for eastern, western in _SIGNS:  # many times as fast as `translate`
            if eastern in text:
                text = text.replace(eastern, western)
        if any(sign in text for sign in _ORDINAL_SIGNS):
            text = _ORDINAL.sub(_ordinal, text)
        if _UNCLEAN.search(text):
            text = "\n".join(map(clean_text, text.split("\n")))
    return text


def _ordinal(found: re.Match[str]) -> str:
    number, what = filter(None, found.groups())
    return f" {_ORDINALS.get(what, what)} {number} "


def _erase(text: str) -> str:
    """Apply backspaces as a repainting bar means them: n of them take the last n characters.

    At the end of a line they only move the cursor: what they passed stays on the screen.
    """
    text = text.rstrip("\x08")
    kept: list[str] = []
    at = 0
    for run in _BACKSPACES.finditer(text):
        piece = text[at : run.start()]
        n = run.end() - run.start()
        while n >= len(piece) and kept:
            n -= len(piece)
            piece = kept.pop()
        kept.append(piece[: max(0, len(piece) - n)])
        at = run.end()
    kept.append(text[at:])
    return "".join(kept)


_LEVEL = r"(?:TRACE|DEBUG|INFO|NOTICE|SUCCESS|WARNING|WARN|ERROR|CRITICAL|FATAL)\b"
_RANK = re.compile(
    r"\[rank ?\d+\]:? ?"
    r"|rank ?\d+: (?=\S)"
    r"|\[\d+(?:,[\w:.-]{1,40}){0,3}\]<std(?:err|out)>: ?"
    r"|\[pod/[\w./-]{1,200}\] ?"  # kubectl logs --prefix
    r"|(?!(?:epoch|ep|step|iter\w*|it|batch|round|fold|update)s?[-_]\d)"
    r"[A-Za-z][\w.-]{0,60}?[-_]\d{1,4}(?:-[a-z0-9]{3,10})? {1,20}\| "  # docker compose, SageMaker
    r"|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d "  # syslog
    r"(?:[\w.-]{1,60} [\w./-]{1,60}\[\d+\]: )?"
    r"|\([\w.]+ pid=\d+(?:, ip=[\w.:]+)?\) ?"
    r"|\d{1,4}: (?=(?-i:[A-Z]{2})|\[|\d{4}-|\d\d?/\d)"
    r"|\[\w[\w.-]*\] ?(?=\[?\d{4}[-/])"  # a host or package before a date
    r"|[*<({][A-Za-z][\w.-]{0,60}[*>)}] {0,3}(?=\[?\d{4}[-/])",
    re.IGNORECASE,
)
_STAMP = re.compile(STAMP)
_DATED = re.compile(
    r"(?:\[(?:(?:NeMo )?[A-Z] )?)?"  # Optuna, NeMo
    + STAMP
    + r"(?:[^\S\t][\w./]+:\d+\]|[^\S\t][\w.-]{1,60}\](?=\s?\()|\])?[,:]?"
)
# Where a message was said, as loguru writes it: "pkg.train:fit:86 - ". A name of one part may be a
# counter ("INFO epoch:3 - loss:2"): only a file or "__main__" is a place without its function.
_SAID_AT = (
    r"(?:[\w.<>/-]{1,80}:[A-Za-z_<][\w.<>-]{0,80}|[\w./-]{1,80}(?:\.py|__)):\d{1,6}"
    r"(?:\s{0,8}[-|:]\s{1,8}|\s{0,8}[-|:]$)"
)
_CLOCK_ALONE = re.compile(  # "00:44:04Epoch 19/59", XGBoost's "[10:41:07] [12] train-rmse:0.5"
    r"\d\d:\d\d:\d\d(?=[A-Za-z]{3})|\[\d\d:\d\d:\d\d(?:[.,]\d{1,6})?\]:?\s{1,4}(?=\S)"
    r"|\d\d:\d\d:\d\d(?:[.,]\d{1,6})? {1,4}\| {1,4}(?=" + _LEVEL + r")"
    r"|[\[(]? ?[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (?:[A-Z]{3,4} )?\d{4} ?"
    r"(?:[\])][:,]?|[:,]|(?=-))\s{0,4}"  # ctime, `date`: "[ Fri Oct 18 02:05:31 2024 ] loss: 2.3"
)
_NAME = r"\[?[A-Za-z_<][\w.<>/-]{0,80}(?::[\w.<>-]{1,80}){0,2}\]?"
_NAMED_LEVEL = re.compile(
    r"[\s|:-]{0,8}(?:\([\w./-]{1,80}[: ]\d+\):?\s{0,8})?"  # (main.py 220):
    r"(?:" + _NAME + r"(?:\s{0,8}[-|:]\s{1,8}|\s{1,8}|:|(?<=\])(?=\[))){0,2}?"  # who says it
    r"[\[(]?" + _LEVEL + r"[ ]{0,8}[\])]?[\s|:-]{0,8}"
    r"(?:\[[\w.<>/-]+:\d+(?::[\w.<>-]+)?\]:?\s*|"
    + _SAID_AT  # where it was said
    + r"|\[(?i:pid|rank) ?:?\d+\]\s*){0,4}"
    r"|\s{0,4}[|-]\s{1,4}(?=[\w.<>/-]{1,80}:[A-Za-z_<])" + _SAID_AT
)
_LEVEL_FIRST = re.compile(
    r"(?:\["
    + _LEVEL
    + r"(?:\|[\w.]+:\d+\])?\]?[\s:]*|"
    + _LEVEL
    + r"(?::[\w.-]+:|\s*[:|-]\s+(?:"
    + _SAID_AT
    + r")?|\s+(?=\d{4}-\d\d-)))"
)
_D2_TAIL = re.compile(r" [\w.]+\]:\s*|\s?[\w./-]{1,80}\.py:\d+\s+")
_GLOG = re.compile(
    r"\d\d:\d\d:\d\d[.,]\d{3} \[[\w.-]{1,60}\] " + _LEVEL + r" {1,3}[\w.$]{1,80} - "  # logback
    r"|"
    r"[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+\s+\d+ [\w./-]+:\d+\]\s?"
    r"|(?:LOG|WARNING|VLOG\[\d\]) \([\w.-]{1,60}(?:\[[\w.~-]{1,60}\])?:[\w:~<>]{1,80}\(\):"
    r"[\w.-]{1,80}:\d+\) "  # Kaldi
    r"|\[\d{4} \d\d:\d\d:\d\d @[\w./-]+:\d+\]\s?"  # tensorpack
)
_PREFIX_STARTS = re.compile(r"[\[({<*\w]")  # what any of the above can begin with


def strip_prefix(text: str) -> tuple[str, float | None]:
    """Take off what loggers and launchers put before a message.

    Returns:
        The message, and the wall time in seconds since the Unix epoch where the prefix has a full
        date (local time unless it names a zone); otherwise None.
    """
    time: float | None = None
    at = 0
    for _ in range(4):  # launcher, rank, date, level: each at most once
        if not _PREFIX_STARTS.match(text, at):
            break
        rank = _RANK.match(text, at) or _GLOG.match(text, at)
        if rank:
            at = rank.end()
            continue
        clock = _CLOCK_ALONE.match(text, at)
        if clock:
            at = clock.end()
            continue
        dated = _DATED.match(text, at)
        if dated:
            time = time_of(dated) if time is None else time
            at = dated.end()
            tail = _NAMED_LEVEL.match(text, at) or _D2_TAIL.match(text, at)
            at = tail.end() if tail else at
            while at < len(text) and text[at] in " \t":
                at += 1
            continue
        level = _LEVEL_FIRST.match(text, at)
        if level is None:
            break
        at = level.end()
    return (text[at:] if at else text), time


def dated_span(prefix: str) -> tuple[int, int] | None:
    """Where a prefix holds a full date and time; None where it holds none."""
    for dated in _STAMP.finditer(prefix):
        if time_of(dated) is not None:
            return dated.span()
    return None


_EXCEPTION = re.compile(
    r"(?:\^C)?(?:[A-Za-z_]\w*\.)*(?:[A-Z]\w*(?:Error|Exception|Interrupt|Exit|ExceptionGroup)"
    r"|Exception)"  # raise Exception("..."), as DeepSpeed's loss scaler does
    r"(?:\s*$|:(?!\s*[-+]?\d*\.\d)(?:\s|$))"  # TestError: 0.12 is a metric
)
_DEATH = re.compile(
    r"(?:[\w./-]+: line \d+:\s+\d+ |\[\d+\]\s+(?:[-+]\s*)?\d+ )?(?:Killed|killed)(?:\s*$|\s{2,}\S)"
    r"|(?:.{0,200}\s)?(?:Segmentation fault|Bus error|Aborted)\b(?=\s*$|\s*\(core dumped\))"
    r"|(?:slurmstepd|srun): error: .*(?:CANCELLED|[Oo]ut [Oo]f [Mm]emory|oom|OOM|Killed|Exited with"
    r"|Terminated|Segmentation)"
    r"|slurmstepd: error: Detected \d+ oom"
    r"|Fatal Python error: "
    r"|\*\*\* (?:Check failure stack trace|Process received signal|Aborted at|SIG[A-Z]+)"
    r"|terminate called (?:after|without)"
    r"|(?:.{0,300}\W)?(?:Watchdog caught collective operation timeout"
    r"|NCCL (?:operation|error|watchdog).{0,300}(?:time[d -]?out|unhandled|failed))"
    r"|CUDA (?:error|out of memory)[:.]"
    r"|(?:.{0,200}\W)?(?:failed \(exitcode: -?\d+\))"
)
_MAY_FAIL = re.compile(
    r"Error|Exception|Interrupt|Exit|[Kk]illed|fault|Abort|slurm|srun|Fatal|\*\*\*|termin|NCCL"
    r"|CUDA e|CUDA o|Watchdog|exitcode"
)


def failure(text: str) -> str | None:
    """The line itself where it is the sign of a dead training; None for any other line.

    Such a line is the last one of a Python traceback, a kill or out-of-memory message, a crash of
    the process, or a collective operation that timed out. Training rows after it refute it.
    """
    if not _MAY_FAIL.search(text):
        return None
    line = text[:2000].strip()
    for candidate in (line, strip_prefix(line)[0]):
        if _EXCEPTION.match(candidate) or _DEATH.match(candidate):
            return redacted(candidate)[:500]
    return None
