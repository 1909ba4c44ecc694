"""Files that lossmon itself wrote: an export beside the logs is no training."""

from __future__ import annotations

import orjson

_TABLE = b"run,metric,step,epoch,time,value"
_ROW = b'{"run":'
_KEYS = {"run", "metric", "step", "value"}
_MOST = 1 << 14  # bytes of the first line that are looked at


def is_own(head: bytes) -> bool:
    """Whether a file begins as an export does: with its header, or with a row of its keys."""
    line = head[:_MOST].split(b"\n", 1)[0]
    if line.startswith(_TABLE):
        return line[len(_TABLE) :][:1] in (b"", b",", b"\r")
    if not line.startswith(_ROW):
        return False
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return isinstance(row, dict) and row.keys() >= _KEYS
