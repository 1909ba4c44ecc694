"""Sacred's `metrics.json`: `{"train.loss": {"steps": [...], "values": [...], ...}}`.

It is written whole every ten seconds.
"""

from __future__ import annotations

import re

from lossmon.formats.json_document import DocumentDecoder
from lossmon.words import said

NAME = "sacred"
READS = "Sacred `metrics.json`"
SIGN = "metrics with `steps` and `values`"
_METRIC = re.compile(rb'\{\s*"[^"]{1,200}"\s*:\s*\{\s*"(?:steps|timestamps|values)"\s*:\s*\[')


def sniff(head: bytes, name: str) -> str | None:
    """An object whose first metric has its steps, times and values in lists."""
    if _METRIC.match(head.lstrip()[:1000]):
        return said("a JSON object of metrics with steps and values")
    return None


def decoder(name: str) -> DocumentDecoder:
    """A fresh decoder."""
    return DocumentDecoder(NAME)
