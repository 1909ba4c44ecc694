"""The keys of what stands beside the chart: folded, resized, or all of it away."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.css.scalar import Scalar

from lossmon.tui.screens.modes import COVERING
from lossmon.tui.screens.shared import RunsScreen
from lossmon.tui.widgets.chart_view import ChartView
from lossmon.tui.widgets.diagnosis_panel import DiagnosisPanel
from lossmon.tui.widgets.run_list import RunList

_LEAST = {"list": 24, "panel": 28, "rows": 4}  # cells of a panel that still says something
_CHART = {"list": 30, "panel": 30, "rows": 8}  # and of the chart beside it
_STEP = {"list": 4, "panel": 4, "rows": 2}
_PREVIEW = 10  # rows that a chart below the list of all runs needs


class PaneKeys(RunsScreen):
    """Which panels stand beside the chart, and how large."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "1",
            "fold_list",
            "list",
            show=False,
            tooltip="Fold the list: beside the chart, or unfold it",
        ),
        Binding(
            "2",
            "fold_panel",
            "diagnosis",
            show=False,
            tooltip="Fold the diagnosis: into one line, and unfold it",
        ),
        Binding("left_parenthesis", "resize(-1)", "narrower", key_display="(", show=False),
        Binding("right_parenthesis", "resize(1)", "wider", key_display=")", show=False),
    ]

    def __init__(self, ascii: bool, lang: str) -> None:
        super().__init__(ascii, lang)
        self._sizes: dict[str, int] = {}  # of panels that the user resized, in cells

    def action_alone(self) -> None:
        """The chart alone on the whole screen, and back."""
        self.toggle("alone")

    def action_fold_list(self) -> None:
        """Fold the list of runs beside the chart, and unfold it."""
        self.toggle_class("-nolist")
        self.rearrange()

    def action_fold_panel(self) -> None:
        """Fold the diagnosis into one line, and unfold it."""
        self.toggle_class("-nopanel")
        self.rearrange()

    def action_resize(self, by: int) -> None:
        """Resize: the diagnosis smaller or larger; where it is folded, the list of runs."""
        name = self._resizable
        if name:
            panel = self.query_one(RunList if name == "list" else DiagnosisPanel)
            now = panel.outer_size.height if name == "rows" else panel.outer_size.width
            self._resize(name, now + by * _STEP[name])

    @on(ChartView.Dragged)
    def _dragged(self, message: ChartView.Dragged) -> None:
        """The border between the chart and a panel went with the mouse."""
        if not self._in_columns:
            return
        listed, panel = self.query_one(RunList), self.query_one(DiagnosisPanel)
        if message.side < 0 and listed.display:
            self._resize("list", message.x - listed.region.x)
        elif message.side > 0 and panel.display:
            self._resize("panel", panel.region.right - message.x - 1)

    @property
    def _in_columns(self) -> bool:
        """Whether list, chart and diagnosis stand side by side."""
        return self.has_class("-wide") and self.has_class("-tall") and not self._covered

    @property
    def _covered(self) -> bool:
        return self.mode in COVERING

    @property
    def _resizable(self) -> str:
        if self._covered or not self.has_class("-tall"):
            return ""
        if self.query_one(DiagnosisPanel).display:
            wide, medium = self.has_class("-wide"), self.has_class("-medium")
            return "panel" if wide else "rows" if medium else ""
        return "list" if self._in_columns and self.query_one(RunList).display else ""

    def _resize(self, name: str, cells: int) -> None:
        self._sizes[name] = cells
        self._sizes[name] = self._bounded(name) or cells
        self.fit_panes()

    def _bounded(self, name: str) -> int | None:
        """The size of a panel that was resized, so that the chart keeps room; None of others."""
        cells = self._sizes.get(name)
        if cells is None:
            return None
        room = self.query_one("#body").size.height if name == "rows" else self.size.width
        beside = {"list": DiagnosisPanel, "panel": RunList}.get(name)
        if beside is not None and self.query_one(beside).display:
            room -= self.query_one(beside).outer_size.width
        return max(_LEAST[name], min(cells, room - _CHART[name]))

    def fit_panes(self, runs: int = 0) -> None:
        """Bring sizes to what is shown now; sizes of columns hold beside the chart alone."""
        columns = self._in_columns
        self._fit(self.query_one(RunList), "width", self._bounded("list") if columns else None)
        panel = self.query_one(DiagnosisPanel)
        self._fit(panel, "width", self._bounded("panel") if columns else None)
        stacked = self.has_class("-medium") and self.has_class("-tall") and not self._covered
        self._fit(panel, "height", self._bounded("rows") if stacked else None)
        if runs:
            free = self.query_one("#body").size.height - runs - 3  # a header, two borders
            preview = self.mode == "list" and self.has_class("-tall") and free >= _PREVIEW
            self.set_class(preview, "-preview")

    @staticmethod
    def _fit(panel: RunList | DiagnosisPanel, side: str, cells: int | None) -> None:
        for rule in (side, f"min_{side}", f"max_{side}"):
            if cells is not None:
                if getattr(panel.styles.inline, rule) != Scalar.from_number(cells):
                    setattr(panel.styles, rule, cells)
            elif panel.styles.inline.has_rule(rule):
                panel.styles.inline.clear_rule(rule)
                panel.refresh(layout=True)

    def sizes(self) -> tuple[str, ...]:
        """The sizes as words, for the next screen."""
        return tuple(f"{name} {cells}" for name, cells in self._sizes.items())

    def recall_sizes(self, words: Iterable[str]) -> None:
        """Sizes as the last screen had them; what is none is passed over."""
        for word in words:
            name, _, cells = word.partition(" ")
            if name in _LEAST and cells.isascii() and cells.isdigit() and len(cells) < 4:
                self._sizes[name] = int(cells)
