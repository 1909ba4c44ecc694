"""The command palette: its commands by section, found by their words in any language.

It stands a terminal that is tiny or that just became smaller.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult, SystemCommand
from textual.command import (
    Command,
    CommandList,
    CommandPalette,
    DiscoveryHit,
    Hit,
    Hits,
    Provider,
)
from textual.css.query import NoMatches
from textual.events import Click
from textual.screen import Screen
from textual.timer import Timer, TimerCallback
from textual.visual import VisualType
from textual.widgets.option_list import Option
from textual.worker import Worker

from lossmon.tui.screens.help import keys_of
from lossmon.tui.screens.steady import SteadyScreen
from lossmon.tui.tongue import words_of
from lossmon.tui.widgets.options import Options
from lossmon.words import ENGLISH, Words

if TYPE_CHECKING:
    from typing_extensions import Self

WITHOUT_KEY = (
    ("runs", "All runs: a list with every column that fits"),
    ("alone", "Chart alone: on the whole screen"),
    ("keep_look", "Keep this look: smoothing, axes, strip and language, in config.toml"),
)  # action of the main screen, and what it does


def parted(words: str) -> tuple[str, str]:
    """The title and the meaning in what a key says at length: "Snooze: quiet for a while"."""
    title, colon, meaning = words.replace("：", ": ", 1).partition(": ")
    return title, meaning if colon else ""


def commands_of(screen: Screen[Any], words: Words) -> Iterator[SystemCommand]:
    """Every action that has a key there, as the key says it, by section; what two do comes once."""
    tell, known = words.fixed, set()
    for key in keys_of(screen):
        told = tell(key.tooltip or key.words)
        if key.action == "command_palette" or (key.section, told) in known:
            continue  # one is in it
        known.add((key.section, told))
        (title, meaning), section = parted(told), tell(key.section)
        run = partial(screen.app.run_action, key.action, key.node)
        about = words("{section} · {meaning}", section=section, meaning=meaning)
        yield SystemCommand(f"{title} ({key.keys})", about if meaning else section, run)
    for action, told in WITHOUT_KEY:
        if hasattr(screen, f"action_{action}"):
            yield SystemCommand(*parted(tell(told)), partial(screen.run_action, action))


class Commands(Provider):
    """All commands in their order; one is found by its words, and by the English ones as well.

    Over ssh there may be no input method for Chinese: `theme` finds what T does.
    """

    async def discover(self) -> Hits:
        """All of them."""
        for title, about, run, _ in commands_of(self.screen, words_of(self.screen)):
            yield DiscoveryHit(title, run, help=self._beneath(about))

    async def search(self, query: str) -> Hits:
        """Those that have the letters, in the language in use first."""
        matcher = self.matcher(query)
        told, english = (commands_of(self.screen, one) for one in (words_of(self.screen), ENGLISH))
        for (title, about, run, _), (name, meaning, *_) in zip(told, english, strict=True):
            beneath = self._beneath(about)
            if (score := matcher.match(title)) > 0:
                yield Hit(score, matcher.highlight(title), run, help=beneath)
            elif (score := matcher.match(f"{name} {meaning}")) > 0:
                yield Hit(score / 2, title, run, help=beneath)

    def _beneath(self, about: str) -> str | None:
        """What a command means, where there is room for lines of it."""
        return None if self.screen.has_class("-short") else about


class _Commands(CommandList, Options):
    """The list of commands."""

    def add_option(self, option: Option | VisualType | None = None) -> Self:
        """Add an option; Textual's own, that nothing matches, in the language in use."""
        if isinstance(option, Option) and not isinstance(option, Command):
            words = words_of(self)("no key or command has these letters")
            option = Option(f"  {words}", disabled=True, id=option.id)
        return super().add_option(option)


class Palette(CommandPalette):
    """Textual's (8.2), with a list of ours.

    In a short terminal it takes all of it, a line a command: in 40x12 one and a half were seen.
    """

    VERTICAL_BREAKPOINTS = SteadyScreen.VERTICAL_BREAKPOINTS
    DEFAULT_CSS = """
    Palette.-short {
        & > Vertical { margin-top: 0; }
        & #--input { border: none; height: 1; }
        & SearchIcon { margin-top: 0; width: 3; }
        & CommandInput, & CommandInput:focus { border: none; height: 1; }
        & CommandList { border: none; max-height: 90vh; }
    }
    """

    def compose(self) -> ComposeResult:
        """The box to type in, and the list."""
        for widget in super().compose():
            yield _Commands() if isinstance(widget, CommandList) else widget

    def _on_click(self, event: Click) -> None:  # type: ignore[override]
        """A click beside the screen, as it was before a resize, is none (Textual's own follows)."""
        if not self.region.contains(event.screen_x, event.screen_y):
            event.prevent_default()

    def run_worker(self, *arguments: Any, **options: Any) -> Worker[Any]:
        """A search that comes too late, when the palette is closed, ends nothing else."""
        return super().run_worker(*arguments, **{**options, "exit_on_error": False})

    def set_timer(
        self,
        delay: float,
        callback: TimerCallback | None = None,
        *,
        name: str | None = None,
        pause: bool = False,
    ) -> Timer:
        """A timer; one that comes when the palette is closed has nothing to say any more.

        Half a second after the last key, "nothing matches" was to be put in a list that was gone.
        """

        async def while_open() -> None:
            with suppress(NoMatches):
                done = callback() if callback is not None else None
                if isawaitable(done):
                    await done

        return super().set_timer(delay, while_open, name=name, pause=pause)

    async def _watch__show_busy(self) -> None:
        """Show or hide that a search goes on; a palette that closes has no sign for it any more.

        Random keys closed one while a search began, and Textual's query ended the screen.
        """
        with suppress(NoMatches):
            await super()._watch__show_busy()
