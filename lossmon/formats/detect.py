"""Which format a log is in: by its first bytes, then by its name; and why."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol, cast

from lossmon import plugins
from lossmon.errors import FormatError
from lossmon.formats.decoder import Decoder, Record
from lossmon.settings import current
from lossmon.words import joined, said

if TYPE_CHECKING:
    from lossmon.formats.apart import ForeignFormat

ENTRY_POINTS = "lossmon.formats"
Read = tuple[Decoder, Sequence[Record]]  # a decoder, and the rows that it gave so far
Reads = Callable[[bytes, str], tuple[str, Read | None] | None]


class Format(Protocol):
    """What a format's module offers.

    Attributes:
        NAME: the format's name as users see it.
    """

    NAME: str

    def sniff(self, head: bytes, name: str) -> str | None:
        """Why the head of a file looks like this format; None where it does not."""
        ...

    def decoder(self, name: str) -> Decoder:
        """A fresh decoder for the log of this path (some stores name the metric in it)."""
        ...


class Built(Format, Protocol):
    """A format of ours: it also says what it reads, and what it is recognised by.

    One that is recognised by its rows has a `read`, too: as `sniff`, but beside the reason it gives
    the decoder that found it out, with its rows, where that can go on from there.
    """

    READS: str
    SIGN: str


# The more a format promises, the earlier it is asked; its module is imported when it is asked.
FORMATS: tuple[str, ...] = (
    "trainer_state", "llamafactory", "store", "sacred", "jsonl", "json_messages", "json_history",
    "mlflow", "csv", "mlperf", "column", "columns", "hf_stdout", "any_text",
)  # fmt: skip
BINARY: tuple[str, ...] = ("tensorboard", "wandb", "swanlab")

_LOOKED_AT = 1 << 18  # bytes of text in which a training is looked for: junk takes long
_TEXT = bytes(range(32, 127)) + b"\t\n\r\x1b\x00\x08"
_TESTS = re.compile(rb"(?i)(?:test|eval|valid)")  # or no evaluation is looked for
_MAGIC_BYTES = 64  # enough for the head of any binary format

_MAGIC = (
    (b"PK\x03\x04", "a zip archive (unpack it) or a PyTorch checkpoint"),
    (b"\x80\x02", "a Python pickle"),
    (b"\x80\x04", "a Python pickle"),
    (b"\x80\x05", "a Python pickle"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "a numpy array"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x7fELF", "a program"),
    (b"%PDF", "a PDF document"),
    (b"GGUF", "model weights (GGUF)"),
)


@dataclass(frozen=True)
class Detection:
    """A recognised format.

    Attributes:
        format: its name.
        why: what it was recognised by.
        decoder: a fresh decoder, nothing fed to it yet.
        read: a decoder that was fed the head to recognise it, and its rows; None where there is
            none. To decode the head once more was a third of what a small text costs.
    """

    format: str
    why: str
    decoder: Decoder
    read: Read | None = None


def table() -> list[tuple[str, str, str]]:
    """Name, what is read, and what it is recognised by: for people, and for formats.md."""
    return [(one.NAME, one.READS, one.SIGN) for one in _built((*FORMATS, *BINARY))]


def _built(names: Iterable[str]) -> Iterator[Built]:
    """Formats of ours, imported one by one."""
    return map(_module, names)


@lru_cache(maxsize=64)
def _module(name: str) -> Built:
    return cast(Built, import_module(f"lossmon.formats.{name}"))


def detect(head: bytes, name: str, complete: bool, named: bool = False) -> Detection | None:
    """Recognise the format of a log.

    Args:
        head: the first bytes.
        name: its path.
        complete: no more bytes are to be waited for.
        named: the user says that it is a log: what can be read of any text is read, be it one row
            before a crash, in a file of any name.

    Returns:
        None where more bytes are needed to tell.

    Raises:
        FormatError: it is no training log; says in one line what was seen and what would work.
    """
    if not head:
        if complete:
            raise FormatError(said("an empty file; nothing was logged yet"))
        return None
    binary = _binary(head)
    names = BINARY if binary else FORMATS
    if binary and not _is_marked(head) and _is_text_with_nul(head):
        binary, names = None, (*BINARY, *FORMATS)
    for format_ in chain(current().formats, _plug_ins(), _built(names)):
        part = head if complete or format_.NAME != "text" else head[-_LOOKED_AT:]
        reads: Reads | None = getattr(format_, "read", None)
        found = reads(part, name) if reads is not None else (format_.sniff(part, name), None)
        if found is not None and (why := found[0]):
            read = found[1] if part is head else None
            told = joined("; ", [why, *_slow(name)])
            return Detection(format_.NAME, told, format_.decoder(name), read)
    if complete and (slow := _slow(name)):
        raise FormatError(slow[0])
    if binary and (complete or len(head) > _MAGIC_BYTES):
        raise FormatError(said("{binary}; name a log file", binary=binary))
    if complete and named and not binary:
        from lossmon.formats.text import TextDecoder
        from lossmon.formats.text_signs import any_row

        if why := any_row(head):
            return Detection("text", why, TextDecoder())
        from lossmon.formats import column

        if why := column.any_numbers(head):
            return Detection(column.NAME, why, column.decoder(""))
    if complete:
        raise FormatError(_refusal(head, name))
    return None


def _slow(name: str) -> list[str]:
    """Formats of others that might have read this log, and took too long to look at it."""
    theirs: tuple[Any, ...] = (*current().formats, *_plug_ins())
    return [one.fault for one in theirs if hasattr(one, "hung_on") and one.hung_on(name)]


def _binary(head: bytes) -> str | None:
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    sample = head[:4096]
    return "binary data" if b"\x00" in sample else None


def _is_marked(head: bytes) -> bool:
    """Whether it begins as no text does. A zip that stores a log as it is looked like one."""
    marks = (magic for magic, _ in _MAGIC if magic.translate(None, _TEXT))
    return head.startswith((b"PK\x03\x04", *marks))


def _is_text_with_nul(head: bytes) -> bool:
    """Lines of text with NUL bytes in them, as a crash or a network file system leaves behind."""
    sample = head[:4096]
    written = sample.replace(b"\x00", b"")
    valid = written.decode("utf-8", "ignore").encode()  # less what is no text, such as addresses
    controls = valid.translate(None, _TEXT + bytes(range(128, 256)))
    strange = len(written) - len(valid) + len(controls)
    return b"\n" in sample and strange < 0.02 * len(written)


def _refusal(head: bytes, name: str) -> str:
    start = head.lstrip()[:1]
    if name.lower().endswith(".ipynb"):
        return said(
            "a notebook keeps its output only when saved; let it write a log, such as a CSV file"
        )
    if start == b"{" or re.match(rb'\s*\[\s*[\]{\["]', head):
        return said(
            'JSON without rows that carry a loss; a row looks like {{"step": 10, "loss": 2.3}}'
        )
    if os.path.splitext(name)[1].lower() in (".csv", ".tsv"):
        return said("a table without a loss column; its header should name one, such as step,loss")
    if _TESTS.search(head):
        from lossmon.formats.text_signs import is_evaluation

        if is_evaluation(head):
            return said("an evaluation of a trained model, batch by batch; no row is of a training")
    return said(
        "text in which no line repeats a step or epoch with a loss, such as `step 10 loss 2.3`"
    )


@lru_cache(maxsize=1)
def _plug_ins() -> tuple[ForeignFormat, ...]:
    """Formats of other packages, each in a process of its own."""
    entries = plugins.offered(ENTRY_POINTS)
    if not entries:
        return ()
    from lossmon.formats.apart import ForeignFormat

    return tuple(ForeignFormat(entry.value, entry.name) for entry in entries)


def broken_plug_ins() -> tuple[str, ...]:
    """A line for each format of others that cannot be used: not imported, or not in time."""
    asked = [threading.Thread(target=one.broken, daemon=True) for one in _plug_ins()]
    for thread in asked:  # all at once: each may take some seconds
        thread.start()
    for thread in asked:
        thread.join()
    return (*slow_patterns().values(), *(one.fault for one in _plug_ins() if one.fault is not None))


def slow_patterns() -> dict[str, str]:
    """A line for each format in the settings that took too long for a log, by its name."""
    faults = ((one.NAME, getattr(one, "fault", None)) for one in current().formats)
    return {name: fault for name, fault in faults if fault is not None}


def note_slow_patterns(told: Mapping[str, str]) -> None:
    """Take what another process that reads with these settings says of them."""
    theirs: tuple[Any, ...] = current().formats
    for one in theirs:
        if one.NAME in told:
            one.fault = told[one.NAME]
