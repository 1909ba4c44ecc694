"""What matches the lines of one shape: its own line for nothing, its kin by an expression."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from lossmon.formats.text_expression import Text, expression
from lossmon.formats.text_tokens import FILLER

if TYPE_CHECKING:
    from lossmon.formats.text_shape import Shape

_FILLED = re.compile(f"[{FILLER}]")
_NEW = 8  # lines of a shape up to which it is new


class Groups(Protocol):
    """What is wanted of a line, as `re.Match` has it."""

    def groups(self) -> tuple[str | Any, ...]:
        """Texts in the order in which they stand."""
        ...


class Own(NamedTuple):
    """What is wanted of the line that a shape was learned from."""

    texts: tuple[str, ...]

    def groups(self) -> tuple[str | Any, ...]:
        """As `re.Match` has them."""
        return self.texts


Match = Callable[[str], Groups | None]


def matcher(shape: Shape, line: str, own: Own, filled: bool) -> Match:
    """What matches whole lines of a shape; the one that it was learned from costs nothing.

    A log whose every line is of a new shape ("cat_071.jpg loss 0.31") spent most of its time on
    compiling expressions that never read another line. So one is compiled when a line has all the
    words of its shape, and at first without the arrows and boxes that may stand wherever a blank
    does, unless the line has some (`filled`).
    """
    words = [part.text for part in shape.parts if isinstance(part, Text) and len(part.text) > 1]

    def match(new: str) -> Groups | None:
        if new == line:
            return own
        if not all(word in new for word in words):
            return None
        shape.match = _recurring(shape, expression(shape.parts), filled)
        return shape.match(new)

    return match


def _recurring(shape: Shape, written: str, filled: bool) -> Match:
    if filled:
        return _compiled(written)
    narrow = _compiled(written.replace(rf"[\s{FILLER}]", r"\s").replace(FILLER, ""))
    left = _NEW

    def match(line: str) -> Groups | None:
        nonlocal left
        found = narrow(line)
        if found is None and (line.isascii() or not _FILLED.search(line)):
            return None
        left -= 1
        if found is not None and left > 0:
            return found
        shape.match = _compiled(written)
        return shape.match(line)

    return match


@lru_cache(maxsize=2048)  # the head of a log is looked at more than once
def _compiled(written: str) -> Callable[[str], re.Match[str] | None]:
    return re.compile(written).fullmatch
