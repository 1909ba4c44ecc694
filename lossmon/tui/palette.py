"""The command palette, which stands a terminal that is tiny or that just became smaller."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.command import Command, CommandList, CommandPalette
from textual.css.query import NoMatches
from textual.events import Click
from textual.visual import VisualType
from textual.widgets.option_list import Option
from textual.worker import Worker

from lossmon.tui.tongue import words_of
from lossmon.tui.widgets.options import Options

if TYPE_CHECKING:
    from typing_extensions import Self

# Title, meaning, action of each command of ours that says more than its key does.
COMMANDS = (
    ("Smoothing", "off, 0.6, 0.9, 0.97", "smoothing"),
    ("Logarithmic axis", "log or linear loss", "log_y"),
    ("X axis", "by step, epoch, time, clock or tokens", "x_axis"),
    ("Logarithmic x axis", "log or linear", "log_x"),
    ("Y range", "every value inside, or robust against spikes", "range"),
    ("Strip", "the next curve below the chart: a gap, a rate, a speed, or none", "strip"),
    ("Cursor", "read the exact values of a point", "cursor"),
    ("Follow", "the newest point, the window as wide as it is", "follow"),
    ("Whole run", "zoom out", "whole"),
    ("Metrics", "choose what is charted", "metrics"),
    ("All metrics", "a grid of small charts", "grid"),
    ("All runs", "a list with every column that fits", "runs"),
    ("Wall of runs", "small charts of all runs", "wall"),
    ("Filter runs", "by name, host, state or pattern", "filter"),
    ("Sort runs", "by the next column", "order"),
    ("Overlay", "the marked runs on one chart", "overlay"),
    ("Baseline", "compare every run with this one", "baseline"),
    ("Group runs", "by seeds, folder, job array or any setting", "group"),
    ("Fold", "or unfold a group of runs", "fold"),
    ("Join or part", "the marked runs are one; without marks its logs are a run each", "join"),
    ("Diagnosis", "on the whole screen", "panel"),
    ("Evidence", "the finding, its evidence drawn on the curve", "evidence"),
    ("Acknowledge", "the finding stays visible but quiet until it gets worse", "acknowledge"),
    ("Snooze", "the finding is quiet for a while", "snooze"),
    ("Chart alone", "on the whole screen", "alone"),
    ("Chart and diagnosis", "without the list of runs", "solo"),
    ("Fold the list", "or unfold it", "fold_list"),
    ("Fold the diagnosis", "into one line, or unfold it", "fold_panel"),
    ("Notices", "bell and desktop notices, on or off", "notices"),
    ("Answer ssh", "type a password, confirm a host key, or connect now", "ask_host"),
    ("Log", "the raw lines below the curve", "log_pane"),
    ("Copy a report", "20 lines to the clipboard: chart, verdict, evidence", "copy_report"),
    ("Add a box", "hosts of your ssh configuration, beside what is watched", "boxes"),
    ("Settings", "of the run; of marked runs only what differs", "settings"),
    ("Save", "the picture as SVG and the data as CSV", "save"),
    ("Next theme", "dark, light, contrast, colour-blind; kept in config.toml", "next_theme"),
    ("Keep this look", "smoothing, axes, strip and language, in config.toml", "keep_look"),
    ("Help", "the keys of the place one is in", "help"),
    ("Replay", "see the run come again: what would it have said then?", "replay"),
    ("Language", "English or Chinese", "language"),
)


class _Commands(CommandList, Options):
    """The list of commands."""

    def add_option(self, option: Option | VisualType | None = None) -> Self:
        """Add an option; Textual's own, that nothing matches, in the language in use."""
        if isinstance(option, Option) and not isinstance(option, Command):
            words = words_of(self)("no key or command has these letters")
            option = Option(f"  {words}", disabled=True, id=option.id)
        return super().add_option(option)


class Palette(CommandPalette):
    """Textual's (8.2), with a list of ours."""

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

    async def _watch__show_busy(self) -> None:
        """Show or hide that a search goes on; a palette that closes has no sign for it any more.

        Random keys closed one while a search began, and Textual's query ended the screen.
        """
        with suppress(NoMatches):
            await super()._watch__show_busy()
