"""JSON lines that wrap a log's lines: Docker, Kubernetes, and loggers that write JSON."""

from __future__ import annotations

from collections.abc import Sequence

from lossmon.formats import hf_stdout, text, text_signs
from lossmon.formats.clock import read_time
from lossmon.formats.decoder import Decoder, Facts, Record, Skipped
from lossmon.formats.jsonl import load_object
from lossmon.formats.lexicon_places import is_clock
from lossmon.formats.lines import LineSplitter
from lossmon.words import said

NAME = "json-messages"
READS = "Lines wrapped in JSON: Docker's json-file, Kubernetes, python-json-logger, structlog"
SIGN = 'objects whose `"log"` or `"message"` is a line of training'
_MESSAGE = ("log", "message", "msg", "text", "event", "textPayload", "MESSAGE")
_SNIFFED_LINES = 400
_MOST_HELD = 1 << 16  # lines looked at before the text within is taken for ordinary text


class MessageDecoder:
    """Decodes the text within as that text would be by itself; its times are those around it."""

    def __init__(self) -> None:
        self.format = NAME
        self.skipped = Skipped()
        self.facts = Facts()
        self._lines = LineSplitter()
        self._inner: Decoder | None = None
        self._held: list[tuple[bytes, float | None]] = []  # until it is known what is within

    def feed(self, data: bytes) -> Sequence[Record]:
        """Decode the lines that became complete."""
        return self._decode(self._lines.feed(data))

    def drop_line(self) -> None:
        """Forget the unfinished line."""
        self._lines.drop()

    def flush(self) -> Sequence[Record]:
        """Decode the last line, which no newline ended."""
        records = self._decode(self._lines.flush())
        if self._inner is None:
            records += self._open(text.TextDecoder())
        return [*records, *(self._inner.flush() if self._inner is not None else ())]

    def _decode(self, lines: list[bytes]) -> list[Record]:
        self._lines.tell_dropped(self.skipped)
        records: list[Record] = []
        for line in lines:
            found = unwrap(line)
            if found is None:
                if line.strip():
                    self.skipped.add("not a JSON object with a message", line)
                continue
            if self._inner is not None:
                records += self._take(*found)
                continue
            self._held.append(found)
            if len(self._held) & (len(self._held) - 1) == 0:  # at 1, 2, 4, 8, ... lines
                records += self._recognise()
        return records

    def _recognise(self) -> list[Record]:
        head = b"".join(message for message, _ in self._held)
        if hf_stdout.sniff(head, ""):
            return self._open(hf_stdout.DictLineDecoder())
        if text_signs.looks_like_training(head) or len(self._held) >= _MOST_HELD:
            return self._open(text.TextDecoder())
        return []

    def _open(self, inner: Decoder) -> list[Record]:
        inner.skipped.count += self.skipped.count
        self._inner, self.skipped, self.facts = inner, inner.skipped, inner.facts
        held, self._held = self._held, []
        return [record for found in held for record in self._take(*found)]

    def _take(self, message: bytes, time: float | None) -> Sequence[Record]:
        assert self._inner is not None
        records = self._inner.feed(message)
        if time is None:
            return records
        return [r if r.time is not None else r._replace(time=time) for r in records]


def unwrap(line: bytes) -> tuple[bytes, float | None] | None:
    """The message in a line, ended by a newline, and its time; None where there is none."""
    row = load_object(line)
    if row is None:
        return None
    message = next((row[key] for key in _MESSAGE if isinstance(row.get(key), str)), None)
    if message is None:
        return None
    stamp = next((row[key] for key in row if is_clock(key) and row[key] is not None), None)
    ended = message if message.endswith("\n") else message + "\n"
    return ended.encode("utf-8", "replace"), None if stamp is None else read_time(stamp)


def sniff(head: bytes, name: str) -> str | None:
    """Objects whose messages, one after another, look like a training."""
    lines = [line for line in head.split(b"\n")[:_SNIFFED_LINES] if line.strip()]
    if len(lines) < 2 or lines[0].lstrip()[:1] != b"{":
        return None
    messages = [found[0] for found in map(unwrap, lines) if found is not None]
    if len(messages) < 0.8 * (len(lines) - 1):  # the last line may be cut
        return None
    inside = b"".join(messages)
    why = hf_stdout.sniff(inside, "") or text_signs.looks_like_training(inside)
    return said("JSON messages: {why}", why=why) if why else None


def decoder(name: str) -> MessageDecoder:
    """A fresh decoder."""
    return MessageDecoder()
