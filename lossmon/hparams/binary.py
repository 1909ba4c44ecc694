"""Settings in the files of W&B, TensorBoard and metric stores: the first records of each."""

from __future__ import annotations

import struct
from typing import Any

from lossmon.formats.decoder import Record
from lossmon.formats.protobuf import BYTES, FIXED64, VARINT, fields
from lossmon.formats.swanlab import SwanlabDecoder
from lossmon.formats.tensorboard import EventDecoder
from lossmon.formats.wandb import WandbDecoder
from lossmon.hparams.flat import Value, flat

_CONFIG, _RUN = 5, 17  # of a record of W&B
_RUN_CONFIG, _DISPLAY_NAME, _GIT = 4, 9, 21  # of its run


class _WandbHead(WandbDecoder):
    """Reads what a run is called and was configured with."""

    def __init__(self) -> None:
        super().__init__()
        self.config: dict[str, Any] = {}
        self.name = ""

    def _record(self, data: bytes) -> Record | None:
        for number, kind, _, piece in fields(data):
            if kind != BYTES:
                continue
            if number == _CONFIG:
                self._configure(piece)
            elif number == _RUN:
                self._run(piece)
        return None

    def _run(self, data: bytes) -> None:
        for number, kind, _, piece in fields(data):
            if kind != BYTES:
                continue
            if number == _RUN_CONFIG:
                self._configure(piece)
            elif number == _DISPLAY_NAME:
                self.name = piece.decode("utf-8", "replace")[:200]
            elif number == _GIT:
                cells = (cell for part, how, _, cell in fields(piece) if (part, how) == (2, BYTES))
                commit = next(cells, b"")
                self.config["git commit"] = commit.decode("ascii", "replace")

    def _configure(self, data: bytes) -> None:
        import orjson

        for number, kind, _, item in fields(data):
            if number != 1 or kind != BYTES:
                continue
            key, nested, value = "", [], b""
            for part, how, _, piece in fields(item):
                if how == BYTES and part == 1:
                    key = piece.decode("utf-8", "replace")
                elif how == BYTES and part == 2:
                    nested.append(piece.decode("utf-8", "replace"))
                elif how == BYTES and part == 16:
                    value = piece
            name = key or ".".join(nested)
            try:
                self.config[name] = orjson.loads(value)
            except orjson.JSONDecodeError:
                continue


class _EventHead(EventDecoder):
    """Reads what `add_hparams` and Keras' callback wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.config: dict[str, Any] = {}

    def _event(self, event: bytes) -> Record | None:
        if b"hparams" in event:
            try:
                self._find(event, 0)
            except (ValueError, struct.error):
                return None
        return None

    def _find(self, data: bytes, depth: int) -> None:
        """Event.summary (5) . value (1) . metadata (9) . plugin_data (1) . content (2)."""
        path = (5, 1, 9, 1, 2)
        for number, kind, _, piece in fields(data):
            if number != path[depth] or kind != BYTES:
                continue
            if depth < len(path) - 1:
                self._find(piece, depth + 1)
            else:
                self._start(piece)

    def _start(self, data: bytes) -> None:
        for number, kind, _, session in fields(data):
            if number != 3 or kind != BYTES:  # session_start_info
                continue
            for part, how, _, entry in fields(session):
                if part == 1 and how == BYTES:  # an entry of the map
                    cells = {one: piece for one, how, _, piece in fields(entry) if how == BYTES}
                    name = cells.get(1, b"").decode("utf-8", "replace")
                    self.config[name] = _value(cells.get(2, b""))


def _value(data: bytes) -> Value:
    """A google.protobuf.Value: number (2), text (3), truth (4)."""
    for number, kind, integer, piece in fields(data):
        if number == 2 and kind == FIXED64:
            value = float(struct.unpack("<d", piece)[0])
            return int(value) if value.is_integer() and abs(value) < 2**53 else value
        if number == 3 and kind == BYTES:
            return piece.decode("utf-8", "replace")
        if number == 4 and kind == VARINT:
            return bool(integer)
    return None


def of_wandb(head: bytes) -> tuple[dict[str, Value], str]:
    """What the head of a .wandb file says: settings, and the run's display name."""
    decoder = _WandbHead()
    decoder.feed(head)
    return flat(decoder.config), decoder.name


def of_swanlab(head: bytes) -> tuple[dict[str, Value], str]:
    """What a run is called; its settings are in a file beside it."""
    decoder = SwanlabDecoder()
    decoder.feed(head)
    return {}, decoder.name


def of_store(head: bytes) -> tuple[dict[str, Value], str]:
    """What the line says that stands before the rows of a store; see `logs/sqlite.py`."""
    import orjson

    try:
        told = orjson.loads(head.split(b"\n", 1)[0])
    except orjson.JSONDecodeError:
        return {}, ""
    config, name = (told.get(key) for key in ("config", "name"))
    return flat(config) if isinstance(config, dict) else {}, name if isinstance(name, str) else ""


def of_events(head: bytes) -> dict[str, Value]:
    """What the head of an event file says."""
    decoder = _EventHead()
    decoder.feed(head)
    return flat(decoder.config)
