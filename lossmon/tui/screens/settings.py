"""The settings of a run; of several, a table of only what differs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import ScrollableContainer
from textual.content import Content
from textual.widgets import Static

from lossmon.diagnosis.knowledge import Knowledge
from lossmon.hparams.compare import ABSENT, differing, words
from lossmon.monitor import RunUpdate
from lossmon.presentation.verdict import headline
from lossmon.text import cell_width, common_folder, pad, printable, wrap
from lossmon.tui import look
from lossmon.tui.screens.steady import SteadyScreen
from lossmon.tui.widgets.keys import Keys

Part = tuple[str, str]
_MOST_RUNS = 24
_NONE = (
    "nothing is known of its settings: there is no hparams.yaml, config, args or .hydra beside its "
    "log, and the log begins with no list of arguments"
)


class SettingsScreen(SteadyScreen[None]):
    """Shows how runs were configured.

    Args:
        runs: one, whose settings are listed, or several, which are compared.
        knowledge: the language.
    """

    CSS = """
    SettingsScreen #settings-title { height: 1; width: 1fr; text-style: bold; padding: 0 1; }
    SettingsScreen ScrollableContainer { height: 1fr; padding: 0 1; }
    SettingsScreen #settings-table { width: auto; height: auto; text-wrap: nowrap; }
    SettingsScreen.-short Keys { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,D,q", "dismiss", "back", key_display="esc"),
        Binding("down,j", "scroll(0,1)", "down", show=False),
        Binding("up,k", "scroll(0,-1)", "up", show=False),
        Binding("right,l", "scroll(8,0)", "right", show=False),
        Binding("left,h", "scroll(-8,0)", "left", show=False),
    ]

    def __init__(self, runs: Sequence[RunUpdate], knowledge: Knowledge) -> None:
        super().__init__()
        self._runs = runs[:_MOST_RUNS]
        self._knowledge = knowledge

    def compose(self) -> ComposeResult:
        """A title, the table, the keys."""
        several = len(self._runs) > 1
        title = self._runs[0].run
        if several:
            title = self._knowledge.tell("what differs between {n} runs", n=len(self._runs))
        yield Static(Content(printable(title)), id="settings-title")
        with ScrollableContainer(can_focus=False):
            yield Static(self._content(), id="settings-table")
        yield Keys()

    def on_resize(self) -> None:
        """A sentence is wrapped anew."""
        for table in self.query("#settings-table").results(Static):
            table.update(self._content())

    def _content(self) -> Content:
        several = len(self._runs) > 1
        return Content.assemble(
            *(self._differences() if several else self._settings(self._runs[0]))
        )

    def action_scroll(self, x: int, y: int) -> None:
        """Move what is shown."""
        self.query_one(ScrollableContainer).scroll_relative(x, y, animate=False)

    def _settings(self, update: RunUpdate) -> list[Part]:
        values = update.hparams.values
        if not values:
            room = max(20, self.app.size.width - 4)
            return [("\n".join(wrap(self._knowledge.tell(_NONE), room)), "$text-muted")]
        width = max(cell_width(name) for name in values)
        parts: list[Part] = []
        for name, value in values.items():
            parts += [(f"{pad(name, width)}  ", "$text-muted"), (f"{words(value)}\n", "")]
        return [
            *parts,
            *(
                (f"\n{self._knowledge.tell('from {file}', file=printable(one))}", "$text-muted")
                for one in update.hparams.sources
            ),
        ]

    def _differences(self) -> list[Part]:
        """A row a run: name, verdict, best eval, then a column for each setting that differs."""
        names = differing(self._runs)
        folder = common_folder(update.run for update in self._runs)
        heads = map(self._knowledge.tell, ("RUN", "VERDICT", "BEST EVAL"))
        rows = [[*heads, *names]]
        for update in self._runs:
            values = update.hparams.values
            cells = [words(values[name]) if name in values else ABSENT for name in names]
            called = printable(update.run[len(folder) :].lstrip("/") or update.run)
            rows.append([called, self._verdict(update), _best(update), *cells])
        widths = [max(map(cell_width, column)) for column in zip(*rows, strict=True)]
        usual = [max(set(column), key=column.count) for column in zip(*rows[1:], strict=True)]
        parts: list[Part] = []
        for at, row in enumerate(rows):
            for i, (cell, width) in enumerate(zip(row, widths, strict=True)):
                style = "bold" if at == 0 or (i > 2 and cell != usual[i]) else ""
                parts.append((pad(cell, width) + "  ", style))
            parts.append(("\n", ""))
        if not names:
            parts.append(
                (f"\n{self._knowledge.tell('no setting that is known differs')}", "$text-muted")
            )
        return parts

    def _verdict(self, update: RunUpdate) -> str:
        found = headline(update)
        return self._knowledge.pattern(found.pattern).title if found is not None else ABSENT


def _best(update: RunUpdate) -> str:
    """The best evaluation of a run."""
    return look.number(update.best.value) if update.best is not None else ABSENT
