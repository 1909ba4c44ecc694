"""Why a line gave no row, in words."""

from __future__ import annotations

import re

from lossmon.formats.decoder import Decoder
from lossmon.formats.text import TextDecoder
from lossmon.formats.text_expression import shape_key
from lossmon.formats.text_learn import MAX_CHARS
from lossmon.formats.text_shape import Shape
from lossmon.words import known, said

_DIGIT = re.compile(r"\d")


def looks_like_row(decoder: Decoder, line: str) -> bool:
    """Whether a line that gave no row shows a loss or a score, as none of its kind was read."""
    if not isinstance(decoder, TextDecoder) or len(line) > MAX_CHARS:
        return False
    shape = decoder.shapes.get(shape_key(line))
    return shape is not None and bool(shape.tells) and not shape.rows


def why_not(decoder: Decoder, line: str, reasons: list[tuple[str, str]]) -> str:
    """Say why a line that a decoder was just fed gave no row.

    Args:
        decoder: the one that was fed.
        line: the line, cleaned.
        reasons: what the decoder noted about it (see `Skipped.examples`).
    """
    if reasons:
        return known(reasons[-1][0])
    if not line.strip():
        return said("an empty line")
    if not isinstance(decoder, TextDecoder):
        return said("nothing to draw in it: a summary, a header or settings")
    if len(line) > MAX_CHARS:
        return said("longer than {count:,} characters", count=MAX_CHARS)
    if not _DIGIT.search(line):
        return said("no number in it")
    shape = decoder.shapes.get(shape_key(line))
    return (
        _of_shape(shape) if shape is not None else said("no row: it repeats or heads other lines")
    )


def _of_shape(shape: Shape) -> str:
    if shape.ignored:
        return said("no metric in it")
    if not shape.is_row:
        return said("it says where the training is, and carries no metric")
    if shape.rows:
        return said("it repeats a row (a summary, or a bar that is drawn again)")
    if shape.level == 0:
        return said("a metric, but no step or epoch, unlike the rows of this log")
    return said("looks like a row; too few of its kind came so far")
