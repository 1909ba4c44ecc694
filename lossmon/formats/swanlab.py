"""SwanLab's `run-<id>.swanlab`: what a run writes on its machine, read without its package.

The file is the LevelDB log that W&B's is, under another mark, of other protocol buffers: one of
them holds a scalar with its step and time, another says that the run has ended, and how.
"""

from __future__ import annotations

import struct

from lossmon.formats.decoder import Record
from lossmon.formats.protobuf import BYTES, FIXED64, VARINT, fields, signed
from lossmon.formats.wandb import WandbDecoder
from lossmon.words import said

NAME = "swanlab"
READS = "SwanLab `run-*.swanlab` files, offline or live"
SIGN = "their mark"
_MAGIC = b":SWL"
_START, _FINISH, _SCALAR = 10, 11, 13  # fields of a record
_NAME = 4  # of its start
_SUCCESS = 1  # how a run ended


class SwanlabDecoder(WandbDecoder):
    """Decodes scalars, a row each: what is logged at one step comes one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.format = NAME
        self.name = ""

    def _record(self, data: bytes) -> Record | None:
        for number, kind, _, piece in fields(data):
            if kind != BYTES:
                continue
            if number == _SCALAR:
                return self._scalar(piece)
            if number == _FINISH:
                self._finish(piece)
            elif number == _START:
                named = (
                    cell for part, how, _, cell in fields(piece) if (part, how) == (_NAME, BYTES)
                )
                self.name = next(named, b"").decode("utf-8", "replace")[:200]
        return None

    def _scalar(self, data: bytes) -> Record | None:
        """Field 1 is the name, 2 the step, 4 the time, 5 holds the number."""
        name, row = "", dict[str, float]()
        value = None
        for number, kind, integer, piece in fields(data):
            if number == 1 and kind == BYTES:
                name = piece.decode("utf-8", "replace")
            elif number == 2 and kind == VARINT:
                row["step"] = signed(integer)
            elif number == 4 and kind == BYTES:
                seconds = {part: n for part, how, n, _ in fields(piece) if how == VARINT}
                row["timestamp"] = seconds.get(1, 0) + seconds.get(2, 0) / 1e9
            elif number == 5 and kind == BYTES:
                told = (cell for part, how, _, cell in fields(piece) if (part, how) == (1, FIXED64))
                value = next((struct.unpack("<d", cell)[0] for cell in told), None)
        if not name or value is None:
            return None
        return self._rows.read({"step": 0, **row, name: value})

    def _finish(self, data: bytes) -> None:
        states = (n for number, kind, n, _ in fields(data) if (number, kind) == (1, VARINT))
        if next(states, 0) == _SUCCESS:
            self.facts.finished = True
        else:
            self.facts.failure = said("SwanLab says that the run crashed or was stopped")


def sniff(head: bytes, name: str) -> str | None:
    """The mark at the head of the file."""
    return "the mark of a SwanLab run file" if head.startswith(_MAGIC) else None


def decoder(name: str) -> SwanlabDecoder:
    """A fresh decoder."""
    return SwanlabDecoder()
