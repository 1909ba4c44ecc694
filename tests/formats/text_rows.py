"""The rows that the decoder of text gives, at once or a line at a time: they are the same."""

from __future__ import annotations

from lossmon.formats.text import TextDecoder

Rows = list[tuple[int | None, dict[str, float]]]


def rows_of(text: str, at_once: bool) -> Rows:
    decoder = TextDecoder()
    pieces = [text.encode()] if at_once else text.encode().splitlines(keepends=True)
    found = [record for piece in pieces for record in decoder.feed(piece)]
    found += decoder.flush()
    return [(record.step, record.values) for record in found]
