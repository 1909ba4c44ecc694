"""The list of a run's metrics: type to filter, mark several, chart them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList

from lossmon.chart.of_run import metrics_of
from lossmon.monitor import RunUpdate
from lossmon.text import cell_width, clip, pad, printable
from lossmon.tui import look
from lossmon.tui.screens.picker import PickerScreen, after_typing
from lossmon.tui.tongue import words_of

_NAME = 34  # cells at most
_WIDTH, _AROUND = 76, 6  # of the box, as in its style; its frame, padding and a row's mark


class MetricsScreen(PickerScreen):
    """Every metric with its role, points and newest value; "" is train and eval loss.

    Its result are the metrics to chart; () for train and eval loss, None for no change.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "chart it", show=False, priority=True),
        Binding("tab", "mark", "mark", show=False, priority=True),
    ]
    heading = "metrics"
    hint = "type to filter, space marks, enter charts"
    asks = "part of a name or role"

    def __init__(self, update: RunUpdate, charted: tuple[str, ...], *, ascii: bool) -> None:
        super().__init__(charted if len(charted) > 1 else (), ascii=ascii)
        self._update = update
        self._charted = charted

    def on_mount(self) -> None:
        """Everything is listed, what is charted is chosen."""
        super().on_mount()
        charted = self._charted[0] if self._charted else ""
        if charted in self.names:
            self.query_one(OptionList).highlighted = self.names.index(charted)

    def matching(self, typed: str) -> Sequence[str]:
        """The metrics whose name or role has every word."""
        series, wanted = self._update.series, typed.lower().split()
        names = [""] if all(word in "loss" for word in wanted) else []
        return names + [
            name
            for name in metrics_of(self._update)
            if all(word in f"{name} {series[name].role}".lower() for word in wanted)
        ]

    def line(self, name: str) -> Content:
        """Name, role, newest value, points."""
        words = words_of(self)
        if not name:
            return Content.assemble((words("loss: train and eval"), "bold"))
        view = self._update.series[name]
        shown = clip(printable(name), _NAME, ascii=self.ascii)
        width = min(_NAME, max(cell_width(printable(one)) for one in self.names))
        newest = look.number(float(view.value[-1]))
        role = {"other": ""}.get(view.role, view.role).replace("_", " ")
        first = (pad(shown, max(12, width)), "")
        told = (f"  {pad(words.fixed(role), 13)}", "$text-accent")
        value = (f"{newest:>10}", "bold")
        count = (f"{len(view):>10,}", "$text-muted")
        room = min(_WIDTH, self.app.size.width) - _AROUND
        for parts in ((first, told, value, count), (first, told, value), (first, value, count)):
            if sum(cell_width(text) for text, _ in parts) <= room:
                return Content.assemble(*parts)
        return Content.assemble(first, value)

    def on_resize(self) -> None:
        """A row is one line: what has no room is left out, the number of points first."""
        self.fill()

    @after_typing
    def action_mark(self) -> None:
        """Mark the metric, to chart several together; on the loss, forget all marks."""
        if self.highlighted == "":
            self.marked.clear()
            self.fill()
        else:
            self.mark()

    @after_typing
    def action_choose(self) -> None:
        """Chart what is marked; without marks the line."""
        name = self.highlighted
        if name is not None:
            self.dismiss(tuple(self.marked) or ((name,) if name else ()))
