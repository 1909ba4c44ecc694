"""Units of systemd: `journal:UNIT`, and `journal:user/UNIT` for those of the user."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from lossmon.errors import TargetError
from lossmon.logs.clients import failures
from lossmon.logs.clients.workload import Found, Reader, Unreadable
from lossmon.logs.source import Failure
from lossmon.words import said

CLIENT = "journalctl"
_UNIT = re.compile(r"(user/)?[A-Za-z0-9_][\w:.\\@-]{0,254}", re.ASCII)
_FIELDS = "MESSAGE,_LINE_BREAK,_STREAM_ID"
_MOST_LINE = 4 << 20  # bytes of JSON; journald cuts lines at 48 KiB
_MOST_STREAMS = 64  # lines that have no end yet
_MOST_OPEN = 1 << 20


class Unit:
    """What a unit printed.

    Args:
        target: its name; behind `user/`, one of the user's own manager.

    Raises:
        TargetError: it is none.
    """

    client = CLIENT
    every_s = math.inf  # its client does not end
    by_name = False

    def __init__(self, target: str) -> None:
        if not _UNIT.fullmatch(target):
            raise TargetError(
                said(
                    "{target}: no unit; write journal:NAME or journal:user/NAME, "
                    "as `systemctl list-units` has it",
                    target=f"journal:{target}",
                )
            )
        self.target = target
        name = target.removeprefix("user/")
        self._unit = f"--unit={name}" if name == target else f"--user-unit={name}"

    def question(self) -> list[str]:
        """Is there a line of it?"""
        return [CLIENT, self._unit, "--lines=1", "--output=cat", "--no-pager"]

    def answer(self, out: bytes, said: str, status: int) -> list[Found]:
        """The one log: a unit may not have printed anything yet."""
        failure = self.failure(said, status)
        lines = out.strip() and not out.startswith(b"-- No entries")
        if status != 0 or (not lines and failure.state == "gone"):
            raise Unreadable(failure)
        waits = "" if lines else "the journal has no line of it; `systemctl list-units` lists units"
        return [Found(self.target, (), "", waits=waits)]

    def command(self, found: Found, since: str, *, follow: bool, before: bool = False) -> list[str]:
        """All that the journal has of it, behind a cursor where it was read so far."""
        del found, before
        options = ["--follow", "--no-tail"] if follow else []
        options += [f"--after-cursor={since}"] if since else []
        form = ["--output=json", f"--output-fields={_FIELDS}", "--all", "--no-pager", "--quiet"]
        return [CLIENT, self._unit, *form, *options]

    def reader(self) -> Reader:
        """Rows of JSON, each with its cursor."""
        return JournalReader()

    def failure(self, said: str, status: int) -> Failure:
        """Why the client ended."""
        return failures.explain(CLIENT, said, status)


class JournalReader:
    """Makes lines of what `journalctl -o json` prints."""

    def __init__(self) -> None:
        self.said = b""
        self.written = 0.0
        self._cursor = ""
        self._row = bytearray()
        self._open: dict[str, bytes] = {}  # by stream: a line that goes on in its next message

    @property
    def since(self) -> str:
        """The cursor of the newest row."""
        return self._cursor

    def begin(self) -> None:
        """A client starts."""
        self._row.clear()
        self.said = b""

    def take(self, stream: int, data: bytes, dry: bool) -> bytes:
        """What is new."""
        del dry
        if stream:
            self.said = (self.said + data)[-8192:]
            return b""
        *rows, rest = data.split(b"\n")
        out = bytearray()
        for row in rows:
            self._row += row
            out += self._line(bytes(self._row))
            self._row.clear()
        self._row += rest
        if len(self._row) > _MOST_LINE:
            self._row.clear()
        return bytes(out)

    def end(self, whole: bool) -> bytes:
        """The client has ended; a row that was cut short comes again."""
        del whole
        self._row.clear()
        return b""

    def finish(self, anew: bool) -> bytes:
        """A unit does not say that it has ended: the next line of its stream tells."""
        del anew
        left = b"".join(line + b"\n" for line in self._open.values())
        self._open.clear()
        return left

    def _line(self, row: bytes) -> bytes:
        try:
            told = json.loads(row)
            cursor, time_us = told["__CURSOR"], int(told["__REALTIME_TIMESTAMP"])
        except (ValueError, LookupError, TypeError, RecursionError):
            return b""
        if not isinstance(cursor, str) or not re.fullmatch(r"[\w;=]{1,500}", cursor, re.ASCII):
            return b""
        self._cursor, self.written = cursor, time_us / 1e6
        stream = str(told.get("_STREAM_ID", ""))
        line = self._open.pop(stream, b"") + _bytes(told.get("MESSAGE"))
        room = len(line) < _MOST_OPEN and len(self._open) < _MOST_STREAMS
        if told.get("_LINE_BREAK") == "line-max" and room:
            self._open[stream] = line
            return b""
        return line + b"\n"


def _bytes(message: Any) -> bytes:
    """A message; one with control characters comes as a list of its bytes, one given twice too."""
    if isinstance(message, str):
        return message.encode("utf-8", "surrogatepass")
    if isinstance(message, list):
        try:
            return bytes(message)
        except (ValueError, TypeError):
            return b"\n".join(_bytes(one) for one in message if isinstance(one, str))
    return b""
