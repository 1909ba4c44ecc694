"""Keys in turn: each is given to what has the focus once the key before has done what it does.

Textual hands on a key to what has the focus at that moment and takes the next at once. Over a slow
link keys come in bursts: of `/seq` typed in one go the box saw "eq" or "q" at best, `mgr` opened
the metrics and then the wall of metrics, and a `q` that was meant for a filter left the program.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from textual.app import App, ScreenStackError
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widget import Widget

_MOST_KEYS = 4096  # that wait; what is beyond them was no person's typing
_LONGEST_S = 1.0  # a key that takes longer (a file is read) holds up no `q` behind it
_LOOKS = 2  # at what has the focus, without a change: a box asks for it one message later

_Focus: TypeAlias = "tuple[Screen[Any] | None, Widget | None]"


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
        self._busy = False  # a key is dealt with, or the next is on its way
        self._patience: asyncio.TimerHandle | None = None  # with the key that is dealt with

    @property
    def waits(self) -> int:
        """How many keys wait for the one before them."""
        return len(self._waiting)

    async def take(self, event: Any) -> None:
        """Give a key at once, or when those before it are through."""
        if not self._busy:
            self._busy = True
            await self._begin(event)
        elif len(self._waiting) < _MOST_KEYS:
            self._waiting.append(event)

    async def _begin(self, event: Any) -> None:
        self._turn += 1
        self._patience = asyncio.get_running_loop().call_later(_LONGEST_S, self._end, self._turn)
        screen, focused = before = self._focus()
        target = focused or screen
        way: list[MessagePump] = [] if target is None else [*target.ancestors_with_self]
        await self._give(event)
        self._follow(self._turn, way, before, _LOOKS)

    def _focus(self) -> _Focus:
        try:
            return self._app.screen, self._app.focused
        except ScreenStackError:  # it closes
            return None, None

    def _follow(
        self,
        turn: int,
        nodes: list[MessagePump],
        before: _Focus,
        looks: int,
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
        if looks < 0 or focus[0] is None:
            self._end(turn)
        else:
            self._follow(turn, [focus[0], self._app], focus, looks)

    def _end(self, turn: int) -> None:
        if turn != self._turn:
            return
        self._turn += 1
        if self._patience is not None:
            self._patience.cancel()
        # Busy until none waits: a key that comes before the next has begun goes behind it.
        self._busy = bool(self._waiting) and self._app.call_later(
            self._begin, self._waiting.popleft()
        )
