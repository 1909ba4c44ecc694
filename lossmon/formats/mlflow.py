"""MLflow's file store: `mlruns/<experiment>/<run>/metrics/<key>`, one file a metric.

Each line is `time in ms, value, step`; a key with "/" is a folder.
"""

from __future__ import annotations

import re

from lossmon.formats.decoder import Facts, Record, Skipped
from lossmon.formats.lines import LineSplitter
from lossmon.formats.names import metric_of_path
from lossmon.formats.numbers import parse_number
from lossmon.words import said

NAME = "mlflow"
READS = "MLflow file stores"
SIGN = "`metrics/<key>` files of time, value, step"
_ROW = re.compile(rb"(\d{13}) (\S{1,40}) (-?\d{1,18})\s*")
_SNIFFED = 5


class MlflowDecoder:
    """Decodes the rows of one metric.

    Args:
        metric: its name.
    """

    def __init__(self, metric: str) -> None:
        self.format = NAME
        self.skipped = Skipped()
        self.facts = Facts()
        self._metric = metric
        self._lines = LineSplitter()

    def feed(self, data: bytes) -> list[Record]:
        """Decode the lines that became complete."""
        return self._decode(self._lines.feed(data))

    def flush(self) -> list[Record]:
        """Decode the last line, which no newline ended."""
        return self._decode(self._lines.flush())

    def _decode(self, lines: list[bytes]) -> list[Record]:
        records = []
        for line in lines:
            row = _ROW.fullmatch(line)
            value = None if row is None else parse_number(row[2].decode("ascii", "replace"))
            if row is None or value is None:
                if line.strip():
                    self.skipped.add("not time, value and step", line)
                continue
            records.append(Record({self._metric: value}, int(row[3]), None, int(row[1]) / 1000))
        return records


def sniff(head: bytes, name: str) -> str | None:
    """Lines of a time in milliseconds, a value and a step."""
    lines = head.split(b"\n")
    whole = [line for line in lines[:_SNIFFED] if line.strip()]
    if len(lines) <= _SNIFFED and len(whole) > 1:
        whole.pop()  # may be cut
    if whole and all(_ROW.fullmatch(line) for line in whole):
        return said(
            "lines of time, value and step of {name}", name=metric_of_path(name, ("metrics",))
        )
    return None


def decoder(name: str) -> MlflowDecoder:
    """A fresh decoder for the metric that the path names."""
    return MlflowDecoder(metric_of_path(name, ("metrics",)))
