"""Rows of a metric store in SQLite, which `logs/sqlite.py` hands on as JSON lines."""

from __future__ import annotations

from collections.abc import Sequence

from lossmon.formats.decoder import Record
from lossmon.formats.jsonl import JsonlDecoder, load_object
from lossmon.words import said

NAME = "store"
READS = "trackio and MLflow databases (SQLite, also while they are written to)"
SIGN = "a `metrics` table"
_KEY = "lossmon_store"
_STATUS = b'{"lossmon_status": '  # MLflow says how a run stands
_FAILED = ("FAILED", "KILLED")
_STORES = ("trackio", "mlflow-sqlite", "mlflow-server")


class StoreDecoder(JsonlDecoder):
    """JSON lines whose first says which store they are from; it becomes the format's name."""

    def __init__(self) -> None:
        super().__init__(NAME)
        self._titled = False

    def rows(self, lines: list[bytes]) -> Sequence[Record]:
        """Rows; what the store says of itself and of its run is none."""
        if lines and not self._titled:
            self._titled = True
            self.format = str((load_object(lines[0]) or {}).get(_KEY, NAME))
            lines = lines[1:]
        told = [line for line in lines if line.startswith(_STATUS)]
        if not told:
            return super().rows(lines)
        records = super().rows([line for line in lines if not line.startswith(_STATUS)])
        status = str((load_object(told[-1]) or {}).get("lossmon_status"))
        self.facts.finished = status == "FINISHED"
        self.facts.failure = said("MLflow: {state}", state=status) if status in _FAILED else None
        return records


def sniff(head: bytes, name: str) -> str | None:
    """The line that the source puts in front."""
    row = load_object(head.split(b"\n", 1)[0])
    if row is not None and row.get(_KEY) in _STORES:
        return said("rows of a {kind} database", kind=row[_KEY])
    return None


def decoder(name: str) -> StoreDecoder:
    """A fresh decoder."""
    return StoreDecoder()
