"""The list of a run's metrics: type to filter, mark several, chart them."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from lossmon.chart.of_run import metrics_of
from lossmon.monitor import RunUpdate
from lossmon.text import cell_width, clip, pad, printable
from lossmon.tui import look
from lossmon.tui.tongue import words_of
from lossmon.tui.widgets.options import Options

_NAME = 34  # cells at most


class _Filter(Input):
    """Takes every letter but the blank, which marks."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whether a key is text rather than a binding."""
        return character != " " and super().check_consume_key(key, character)


class MetricsScreen(ModalScreen[tuple[str, ...] | None]):
    """Every metric with its role, points and newest value.

    Its result are the metrics to chart; () for train and eval loss, None for no change.
    """

    DEFAULT_CSS = """
    MetricsScreen { align: center middle; }
    MetricsScreen > Vertical {
        width: 76; max-width: 100%; height: auto; max-height: 100%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    MetricsScreen Input { border: none; height: 1; padding: 0; }
    MetricsScreen OptionList { height: auto; max-height: 100%; border: none; padding: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "close"),
        Binding("down", "go(1)", "down", show=False, priority=True),
        Binding("up", "go(-1)", "up", show=False, priority=True),
        Binding("enter", "choose", "chart it", show=False, priority=True),
        Binding("space,tab", "mark", "mark", show=False, priority=True),
    ]

    def __init__(self, update: RunUpdate, charted: tuple[str, ...], *, ascii: bool) -> None:
        super().__init__()
        self._update = update
        self._charted = charted
        self._marked = list(charted) if len(charted) > 1 else []
        self._ascii = ascii
        self._names: list[str] = []  # as listed; "" is train and eval

    def compose(self) -> ComposeResult:
        """A box to type in, and the list."""
        with Vertical() as box:
            words = words_of(self)
            box.border_title = Content(words("metrics"))
            box.border_subtitle = Content(words("type to filter, space marks, enter charts"))
            yield _Filter(placeholder=words("part of a name or role"), compact=True)
            yield Options()

    def on_mount(self) -> None:
        """Everything is listed, what is charted is chosen."""
        self._fill("")
        charted = self._charted[0] if self._charted else ""
        if charted in self._names:
            self.query_one(OptionList).highlighted = self._names.index(charted)

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def _fill(self, words: str) -> None:
        """List the metrics whose name or role has every word."""
        series, wanted = self._update.series, words.lower().split()
        before = self._highlighted
        names = [""] if all(word in "loss" for word in wanted) else []
        names += [
            name
            for name in metrics_of(self._update)
            if all(word in f"{name} {series[name].role}".lower() for word in wanted)
        ]
        self._names = names
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(self._line(name)) for name in names])
        if names:
            options.highlighted = names.index(before) if before in names else 0

    def _line(self, name: str) -> Content:
        mark = ("*" if self._ascii else "●") if name and name in self._marked else " "
        if not name:
            return Content.assemble((f"{mark} {words_of(self)('loss: train and eval')}", "bold"))
        view = self._update.series[name]
        shown = clip(printable(name), _NAME, ascii=self._ascii)
        width = min(_NAME, max(cell_width(printable(one)) for one in self._names))
        newest = look.number(float(view.value[-1]))
        role = {"other": ""}.get(view.role, view.role).replace("_", " ")
        return Content.assemble(
            (f"{mark} ", "bold"),
            (pad(shown, max(12, width)), ""),
            (f"  {pad(words_of(self).fixed(role), 13)}", "$text-accent"),
            (f"{newest:>10}", "bold"),
            (f"{len(view):>10,}", "$text-muted"),
        )

    @property
    def _highlighted(self) -> str | None:
        at = self.query_one(OptionList).highlighted
        return self._names[at] if at is not None and at < len(self._names) else None

    def action_go(self, by: int) -> None:
        """The line below or above."""
        options = self.query_one(OptionList)
        if by > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def action_mark(self) -> None:
        """Mark the metric, to chart several together; on the loss, forget all marks."""
        name, options = self._highlighted, self.query_one(OptionList)
        if name is None or options.highlighted is None:
            return
        if not name:
            self._marked.clear()
            self._fill(self.query_one(Input).value)
            return
        if name in self._marked:
            self._marked.remove(name)
        else:
            self._marked.append(name)
        options.replace_option_prompt_at_index(options.highlighted, self._line(name))
        self.action_go(1)

    def action_choose(self) -> None:
        """Chart what is marked; without marks the line."""
        name = self._highlighted
        if name is not None:
            self.dismiss(tuple(self._marked) or ((name,) if name else ()))

    @on(OptionList.OptionSelected)
    def _clicked(self) -> None:
        self.action_choose()

    def action_close(self) -> None:
        """No change."""
        self.dismiss(None)
