"""The keys that fold the runs of one experiment into a line, and unfold it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets.option_list import Option

from lossmon.monitor.groups import ways
from lossmon.text import printable
from lossmon.tui.screens.shared import RunsScreen
from lossmon.tui.tongue import words_of
from lossmon.tui.widgets.options import Options
from lossmon.words import said

NOTHING = "nothing"


class GroupKeys(RunsScreen):
    """Groups the runs, and folds a group."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "G",
            "group",
            "group",
            show=False,
            tooltip="Group runs: by seeds, folder, job array or any setting",
        ),
        Binding(
            "F",
            "fold",
            "fold",
            show=False,
            tooltip="Fold: a group of runs, or unfold it; of a run by itself, the chart alone",
        ),
    ]

    def action_group(self) -> None:
        """Choose by what runs are grouped."""
        found = ways(list(self.runs))
        if not found:
            self.notify(said("there is nothing that some of these runs share and others do not"))
            return
        self.app.push_screen(GroupScreen(found, self.runs.grouped_by), self._group_by)

    def _group_by(self, way: str | None) -> None:
        if way is not None:
            self.runs.group("" if way == NOTHING else way)
            self.show_all()

    def action_fold(self) -> None:
        """Unfold the group that is chosen, or fold it; of a run by itself, the chart alone."""
        if self.runs.fold():
            self.show_all()
        else:
            self.toggle("alone")


class GroupScreen(ModalScreen[str | None]):
    """Asks by what runs shall be grouped; its result is None where that stays as it is.

    Args:
        ways: what there is to choose from.
        way: by what they are grouped now.
    """

    DEFAULT_CSS = """
    GroupScreen { align: center middle; }
    GroupScreen > Vertical {
        width: 48; max-width: 100%; height: auto; max-height: 100%;
        border: round $accent; background: $surface; padding: 0 1;
    }
    GroupScreen Options { border: none; height: auto; max-height: 20; background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,G", "stay", "stay"),
    ]

    def __init__(self, ways: Sequence[str], way: str) -> None:
        super().__init__()
        self._ways = [NOTHING, *ways]
        self._way = way

    def compose(self) -> ComposeResult:
        """A list of ways."""
        words = words_of(self)
        with Vertical() as box:
            box.border_title = Content(words("group runs by"))
            yield Options(*(Option(Content(words.fixed(printable(way)))) for way in self._ways))

    def on_mount(self) -> None:
        """Begin at what holds now."""
        options = self.query_one(Options)
        options.highlighted = self._ways.index(self._way) if self._way in self._ways else 0
        options.focus()

    def on_option_list_option_selected(self, event: Options.OptionSelected) -> None:
        """It is chosen."""
        event.stop()
        self.dismiss(self._ways[event.option_index])

    def action_stay(self) -> None:
        """Leave it as it is."""
        self.dismiss(None)
