"""Keys that come in a burst, as over a slow link: each goes to what the one before has opened."""

from __future__ import annotations

import asyncio

from textual import events
from textual.app import App, ComposeResult
from textual.widgets import Input

from lossmon.tui.app import LossmonApp
from lossmon.tui.in_turn import InTurn
from tests.tui.test_app import WIDE, loaded, main_of, until


def burst(app: App[None], *keys: str) -> None:
    for key in keys:
        app.post_message(events.Key(key, key if len(key) == 1 else None))


def typed(app: App[None]) -> str:
    return app.focused.value if isinstance(app.focused, Input) else ""


async def test_what_is_typed_with_the_key_of_a_box_stands_in_the_box(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        burst(app, "slash", "s", "e", "q")
        await until(pilot, lambda: typed(app) == "seq")
        burst(app, "enter", "slash", "x", "q")
        await until(pilot, lambda: typed(app) == "xq")
        assert not app.leaving, "the q was a letter"


async def test_what_is_typed_behind_a_list_filters_it(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        burst(app, "m", "g", "r")
        await until(pilot, lambda: typed(app) == "gr")
        burst(app, "escape", "slash", "g")
        await until(pilot, lambda: typed(app) == "g")
        assert not main_of(app).has_class("-grid")


class Slow(App[None]):
    """An app one of whose keys takes its time."""

    BINDINGS = [("s", "sleep"), ("x", "say('x')"), ("y", "say('y')")]  # noqa: RUF012 - Textual's

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.typed = InTurn(self, super().on_event)
        self.woken = asyncio.Event()

    def compose(self) -> ComposeResult:
        yield Input(disabled=True)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and not event.is_forwarded:
            await self.typed.take(event)
        else:
            await super().on_event(event)

    async def action_sleep(self) -> None:
        self.screen.call_later(self.woken.wait)  # a handler of the screen is busy, not the app

    def action_say(self, what: str) -> None:
        self.said.append(what)


async def test_a_key_that_takes_long_holds_up_the_next_for_a_while_alone() -> None:
    app = Slow()
    async with app.run_test() as pilot:
        clock = asyncio.get_running_loop().time
        began = clock()
        burst(app, "s", "x", "y")
        await asyncio.sleep(0.1)
        assert app.said == [], "in turn"
        while app.typed.waits:
            await asyncio.sleep(0.02)
            assert clock() - began < 30
        app.woken.set()
        await until(pilot, lambda: app.said == ["x", "y"])


async def test_no_more_keys_wait_than_a_person_types() -> None:
    app = Slow()
    async with app.run_test() as pilot:
        burst(app, "s", *["x"] * 5000)
        await until(pilot, lambda: app.typed.waits > 4000)
        await asyncio.sleep(0.2)
        assert app.typed.waits <= 4096
        app.woken.set()
        await until(pilot, lambda: len(app.said) == 4096)


async def test_what_comes_while_the_next_is_on_its_way_goes_behind_it() -> None:
    app = Slow()
    async with app.run_test() as pilot:
        taken: list[str] = []

        async def give(event: events.Key) -> None:
            taken.append(event.key)

        app.typed = InTurn(app, give)
        wanted = [f"ctrl+{n}" for n in range(400)]
        for n, key in enumerate(wanted):
            burst(app, key)
            for _ in range(n % 3):
                await asyncio.sleep(0)
        await until(pilot, lambda: len(taken) == len(wanted))
        assert taken == wanted
