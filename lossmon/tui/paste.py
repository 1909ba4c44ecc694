"""What a terminal marks as pasted, held until it is whole; one that never ends is ended.

Textual's parser takes all that follows the mark of a beginning (ESC[200~) for pasted, until that of
an end: behind a paste that was cut (a link that broke off, a program that wrote the mark) no key
did anything any more, `q` neither.
"""

from __future__ import annotations

from typing import Final

BEGIN: Final = "\x1b[200~"
END: Final = "\x1b[201~"
QUIET_S = 1.0  # without a character, after which it is whole
MOST = 1 << 16  # characters that are kept of one: a box here takes a line

_ESCAPE = "\x1b"


class Pastes:
    """Lets keys through as they come, and of what is pasted all at once."""

    def __init__(self) -> None:
        self._before = ""  # what may be the start of a mark
        self._held: list[str] | None = None  # of a paste that goes on
        self._at_rest = True
        self._room = 0
        self._heard = 0.0

    def take(self, text: str, now: float) -> str:
        """What the parser gets of some input; a paste comes when it is whole.

        Args:
            text: what came, which may be nothing.
            now: seconds, of a clock that runs on.
        """
        if not text:
            return self._when_quiet(now)
        self._heard, self._at_rest = now, False
        given: list[str] = []
        while text:
            text = (self._keys if self._held is None else self._pasted)(text, given)
        return "".join(given)

    def _when_quiet(self, now: float) -> str:
        quiet = now - self._heard >= QUIET_S
        if self._held is not None:
            return self._whole() if quiet else ""
        self._before = ""  # the parser takes an escape that stands alone for the key
        if not quiet or self._at_rest:
            return ""
        self._at_rest = True
        return END  # which says nothing, unless the parser has heard of a beginning all the same

    def _keys(self, text: str, given: list[str]) -> str:
        """Hand on what is typed, up to and with the mark of a paste; the rest."""
        keys, mark, rest = (self._before + text).partition(BEGIN)
        typed = (keys + mark)[len(self._before) :]  # the start of the mark was handed on
        given.append(typed)
        self._before = "" if mark else _start_of(BEGIN, keys)
        if mark:
            self._held, self._room = [], MOST
        return rest

    def _pasted(self, text: str, given: list[str]) -> str:
        """Keep what is pasted, up to its end; the rest."""
        pasted, mark, rest = (self._before + text).partition(END)
        self._before = "" if mark else _start_of(END, pasted)
        pasted = pasted[: len(pasted) - len(self._before)]
        if self._held is not None:
            self._held.append(pasted[: self._room])
        self._room -= min(self._room, len(pasted))
        if mark:
            given.append(self._whole())
        return rest

    def _whole(self) -> str:
        pasted = "".join(self._held or ())
        self._held, self._before = None, ""
        return pasted.replace(_ESCAPE, "") + END  # the rest of an escape would be one to the parser


def _start_of(mark: str, text: str) -> str:
    """The end of a text with which a mark may begin."""
    return next((mark[:n] for n in range(len(mark) - 1, 0, -1) if text.endswith(mark[:n])), "")
