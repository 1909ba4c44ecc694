"""Keys in turn: each is given to what has the focus once the key before has done what it does.

Textual hands on a key to what has the focus at that moment and takes the next at once. Over a slow
link keys come in bursts: of `/seq` typed in one go the box saw "eq" or "q" at best, `mgr` opened
the metrics and then the wall of metrics, and a `q` that was meant for a filter left the program.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from textual.app import App, ScreenStackError
from textual.message_pump import MessagePump

_MOST_KEYS = 4096  # that wait; what is beyond them was no person's typing
_LONGEST_S = 1.0  # a key that takes longer (a file is read) holds up no `q` behind it
_LOOKS = 2  # at what has the focus, without a change: a box asks for it one message later


class InTurn:
    """The keys of an app that still wait, and the one that is being dealt with."""

    def __init__(self, app: App[Any], give: Callable[[Any], Awaitable[None]]) -> None:
        """Begin with no key.

        Args:
            app: whose keys they are.
            give: hands a key, or a text that was pasted, to what has the focus.
        """
        self._app = app
        self._give = give
        self._waiting: deque[Any] = deque()
        self._turn = 0  # counts keys: what comes late from an earlier one is not heard
        self._patience: asyncio.TimerHandle | None = None  # there while a key is dealt with

    @property
    def waits(self) -> int:
        """How many keys wait for the one before them."""
        return len(self._waiting)

    async def take(self, event: Any) -> None:
        """Give a key at once, or when those before it are through."""
        if self._patience is None:
            await self._begin(event)
        elif len(self._waiting) < _MOST_KEYS:
            self._waiting.append(event)

    async def _begin(self, event: Any) -> None:
        self._turn += 1
        self._patience = asyncio.get_running_loop().call_later(_LONGEST_S, self._end, self._turn)
        target = self._app.focused or self._app.screen
        before = self._focus()
        await self._give(event)
        self._follow(self._turn, [*target.ancestors_with_self], before, _LOOKS)

    def _focus(self) -> tuple[object, object]:
        try:
            return self._app.screen, self._app.focused
        except ScreenStackError:  # it closes
            return None, None

    def _follow(
        self, turn: int, nodes: list[MessagePump], before: tuple[object, object], looks: int
    ) -> None:
        """Go the way of a key: from what has the focus up to the app, behind all that waits there.

        Then through the screen and the app until the focus stays where it is.
        """
        if turn != self._turn:
            return
        while nodes:
            if nodes.pop(0).call_later(self._follow, turn, nodes, before, looks):
                return  # what is closed by now hears nothing
        focus = self._focus()
        looks = looks - 1 if focus == before else _LOOKS
        if looks < 0 or focus == (None, None):
            self._end(turn)
        else:
            self._follow(turn, [self._app.screen, self._app], focus, looks)

    def _end(self, turn: int) -> None:
        if turn != self._turn or self._patience is None:
            return
        self._patience.cancel()
        self._patience = None
        if self._waiting:
            event = self._waiting.popleft()
            if not self._app.call_later(self._begin, event):
                self._waiting.clear()
