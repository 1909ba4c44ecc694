"""MLflow's file store: `mlruns/<experiment>/<run>/metrics/<key>`, one file a metric.

Each line is `time in ms, value, step`; a key with "/" is a folder.
"""

from __future__ import annotations

import re

from lossmon.formats.decoder import Record
from lossmon.formats.line_decoder import LineDecoder
from lossmon.formats.names import metric_of_path
from lossmon.formats.numbers import parse_number
from lossmon.words import said

NAME = "mlflow"
READS = "MLflow file stores"
SIGN = "`metrics/<key>` files of time, value, step"
_ROW = re.compile(rb"(\d{13}) (\S{1,40}) (-?\d{1,18})\s*")
_SNIFFED = 5


class MlflowDecoder(LineDecoder):
    """Decodes the rows of one metric.

    Args:
        metric: its name.
    """

    def __init__(self, metric: str) -> None:
        super().__init__(NAME, "not time, value and step")
        self._metric = metric

    def row(self, line: bytes) -> Record | None:
        """Time, value and step."""
        row = _ROW.fullmatch(line)
        value = None if row is None else parse_number(row[2].decode("ascii", "replace"))
        if row is None or value is None:
            return None
        return Record({self._metric: value}, int(row[3]), None, int(row[1]) / 1000)


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
