"""The keys of the chart: how the chosen run is looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType

from lossmon.chart import cursor as cur
from lossmon.chart import window as win
from lossmon.chart.marks import marks_of, onsets_of
from lossmon.chart.of_run import strip_of, strips_of
from lossmon.chart.strips import NAMES
from lossmon.monitor import RunUpdate
from lossmon.text import printable
from lossmon.tui.cards import cards_of
from lossmon.tui.chart_options import next_smoothing
from lossmon.tui.screens.metrics import MetricsScreen
from lossmon.tui.screens.shared import RunsScreen
from lossmon.tui.widgets.border import entitle
from lossmon.tui.widgets.chart_view import ChartView
from lossmon.tui.widgets.small_charts import Look, SmallCharts
from lossmon.words import joined, known, said

_PAN = 0.25  # of the window
_LEAP = 0.1  # of the window


class ChartKeys(RunsScreen):
    """Smoothing, axes, zoom, cursor, strips, metrics, the grid of all metrics."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "smoothing", "smooth", tooltip="Smoothing: off, 0.6, 0.9, 0.97"),
        Binding("y", "log_y", "log scale", tooltip="Logarithmic axis: log or linear loss"),
        Binding("x", "x_axis", "x axis", tooltip="X axis: by step, epoch, time, clock or tokens"),
        Binding("X", "log_x", "log x", show=False, tooltip="Logarithmic x axis: log or linear"),
        Binding(
            "r",
            "range",
            "range",
            show=False,
            tooltip="Y range: every value inside, or robust against spikes",
        ),
        Binding(
            "v",
            "strip",
            "strip",
            show=False,
            tooltip="Strip: the next curve below the chart: a gap, a rate, a speed, or none",
        ),
        Binding("m", "metrics", "metric", tooltip="Metrics: choose what is charted"),
        Binding("g", "grid", "grid", tooltip="All metrics: a grid of small charts"),
        Binding("c", "cursor", "cursor", tooltip="Cursor: read the exact values of a point"),
        Binding("left,h", "move(-1)", "left", show=False),
        Binding("right,l", "move(1)", "right", show=False),
        Binding("shift+left,H", "leap(-1)", "left", show=False),
        Binding("shift+right", "leap(1)", "right", show=False),
        Binding("home", "end(-1)", "first point", show=False),
        Binding("end", "end(1)", "last point", show=False),
        Binding("plus,equals_sign", "zoom(0.5)", "zoom in", key_display="+", show=False),
        Binding("minus", "zoom(2.0)", "zoom out", key_display="-", show=False),
        Binding("0", "whole", "whole run", show=False, tooltip="Whole run: zoom out"),
        Binding("u", "stage", "next stage", show=False),
        Binding(
            "f",
            "follow",
            "follow",
            show=False,
            tooltip="Follow: the newest point, the window as wide as it is",
        ),
        Binding("left_square_bracket", "onset(-1)", "previous finding", show=False),
        Binding("right_square_bracket", "onset(1)", "next finding", show=False),
    ]

    _stage = -1  # the one that was looked at last

    @property
    def _chart(self) -> ChartView:
        return self.query_one(ChartView)

    # -- how curves are drawn --------------------------------------------------------------------

    def action_smoothing(self) -> None:
        """The next strength of smoothing."""
        self.look_at(smoothing=next_smoothing(self.chart_options.smoothing))

    def action_log_y(self) -> None:
        """Logarithmic or linear y axis."""
        picture = self._chart.picture
        self.look_at(log_y=not (picture.log_y if picture is not None else self.chart_options.log_y))

    def action_log_x(self) -> None:
        """Logarithmic or linear x axis."""
        self.look_at(log_x=not self.chart_options.log_x)

    def action_range(self) -> None:
        """A y range that holds every value, or one that a spike does not flatten."""
        self.look_at(whole_y=not self.chart_options.whole_y)

    def action_x_axis(self) -> None:
        """The next x axis that the log allows; what is shown stays shown."""
        picture = self._chart.picture
        axes = picture.axes if picture is not None else ("step",)
        if picture is None or len(axes) < 2:
            self.notify(said("this log carries steps only"), timeout=3)
            return
        axis = axes[(axes.index(picture.x_axis) + 1) % len(axes)]
        self.look_at(
            x_axis=axis, window=self._chart.carried(self.chart_options.window, picture.x_axis, axis)
        )

    def action_strip(self) -> None:
        """The next strip that the run has, then none."""
        update, view = self.runs.chosen_run, self.chart_options
        if update is None:
            return
        names = [*strips_of(update, view.smoothing), "off"]
        if len(names) == 1:
            strips = joined(", ", [known(one) for one in NAMES[:-1]])
            words = said("this log has no {strips} or {last}", strips=strips, last=NAMES[-1])
            self.notify(words, timeout=3)
        now = strip_of(update, view.strip, view.smoothing)[0]
        self.look_at(strip=names[(names.index(now) + 1) % len(names)])

    # -- zoom and pan ----------------------------------------------------------------------------

    def action_zoom(self, factor: float) -> None:
        """Zoom: at the cursor, else at the newest point where it is shown, else in the middle."""
        plot, whole = self._chart.plot, self._chart.whole
        if plot is None or whole is None:
            return
        x = self._chart.cursor_x
        at = x if x is not None and plot.column(x) is not None else None
        window = win.zoomed(plot.x, whole, factor, at)
        if window is not None and self.chart_options.window is not None:
            window = replace(window, follows=self.chart_options.window.follows and at is None)
        self.look_at(window=window)

    def action_whole(self) -> None:
        """The whole run."""
        self.look_at(window=None)

    def action_stage(self) -> None:
        """Next stage: the window on it where a run has several, then on the whole."""
        update, picture = self.runs.chosen_run, self._chart.picture
        if update is None or picture is None or not update.stages:
            self.notify(said("this run has one stage alone"), timeout=3)
            return
        at = self._stage = (self._stage + 1) % (len(update.stages) + 1)
        if at == len(update.stages):
            self.look_at(window=None)
            return
        ends = [*(stage.step for stage in update.stages), (update.step or 0) + 1]
        window = win.Window(ends[at], max(ends[at + 1] - 1, ends[at] + 1))
        self.look_at(window=self._chart.carried(window, "step", picture.x_axis))
        words = said(
            "stage {at} of {count}: {name}",
            at=at + 1,
            count=len(update.stages),
            name=update.stages[at].name,
        )
        self.notify(words, timeout=3)

    def action_follow(self) -> None:
        """Follow the newest point with the window as wide as it is."""
        window = self.chart_options.window
        if window is None:
            self.notify(said("the whole run is shown, and follows; zoom in with +"), timeout=3)
            return
        self.look_at(window=replace(window, follows=True))

    def action_move(self, by: int) -> None:
        """Move: the cursor to the next logged point; without a cursor, pan."""
        if self.cursor_step is None:
            plot, whole = self._chart.plot, self._chart.whole
            if plot is not None and whole is not None and self.chart_options.window is not None:
                self.look_at(window=win.panned(plot.x, whole, by * _PAN))
            return
        self._point(cur.moved(self._chart.curves, self.cursor_step, by))

    def action_leap(self, by: int) -> None:
        """Move far: the cursor, or the window, a larger step."""
        plot, x = self._chart.plot, self._chart.cursor_x
        if plot is None or x is None or self.cursor_step is None:
            self.action_move(by * 2)
            return
        step = self._chart.nearest(plot.x.at(plot.x.share(x) + by * _LEAP))
        if step is None or step == self.cursor_step:
            step = cur.moved(self._chart.curves, self.cursor_step, by)
        self._point(step)

    def action_end(self, side: int) -> None:
        """First or last point: the cursor there; without one, pan to the end."""
        plot, whole = self._chart.plot, self._chart.whole
        if plot is None or whole is None:
            return
        if self.cursor_step is not None:
            self._point(self._chart.nearest(plot.x.low if side < 0 else plot.x.high))
        elif self.chart_options.window is not None:
            self.look_at(window=win.panned(plot.x, whole, side * 1e9))

    @on(ChartView.Looked)
    def _looked(self, message: ChartView.Looked) -> None:
        self.look_at(window=message.window)

    # -- the cursor ------------------------------------------------------------------------------

    def action_cursor(self) -> None:
        """The cursor on the newest point that is shown, and off."""
        plot = self._chart.plot
        if self.cursor_step is not None or plot is None:
            self.cursor_step = None
        else:
            self.cursor_step = self._chart.nearest(plot.x.high)

    def action_onset(self, by: int) -> None:
        """Next finding: the cursor to where it began, or to the next mark where there is none."""
        update = self.runs.chosen_run
        if update is None:
            return
        marks = onsets_of(update) or tuple(mark for mark in marks_of(update) if mark.label)
        steps = sorted({mark.step for mark in marks})
        here = self.cursor_step
        if here is None:
            here = -(2**62) if by > 0 else 2**62
        # A finding may begin between two points: the cursor stands on the nearer one.
        places = sorted({cur.at_step(self._chart.curves, step) for step in steps})
        ahead = [p for p in places if (p > here if by > 0 else p < here)]
        if not ahead:
            words = said("nothing is marked there") if places else said("nothing is marked")
            self.notify(words, timeout=3)
            return
        self._point(ahead[0] if by > 0 else ahead[-1])

    @on(ChartView.Pointed)
    def _pointed(self, message: ChartView.Pointed) -> None:
        self._point(message.step)

    def _point(self, step: int | None) -> None:
        """The cursor to a step; the window moves where it would not show it."""
        if step is None:
            return
        plot, whole = self._chart.plot, self._chart.whole
        x = self._chart.x_of(step)
        if x is not None and plot is not None and whole is not None and plot.column(x) is None:
            self.chart_options = replace(self.chart_options, window=win.around(plot.x, whole, x))
        self.cursor_step = step

    # -- metrics ---------------------------------------------------------------------------------

    def action_metrics(self) -> None:
        """Choose what is charted from a list."""
        update = self.runs.chosen_run
        if update is not None:
            screen = MetricsScreen(update, self.chart_options.metrics, ascii=self.ascii)
            self.app.push_screen(screen, self._chart_metrics)

    def _chart_metrics(self, metrics: tuple[str, ...] | None) -> None:
        if metrics is not None:
            self.look_at(metrics=metrics)

    @property
    def _grid(self) -> SmallCharts:
        return self.query_one("#metrics", SmallCharts)

    def action_grid(self) -> None:
        """Small charts of all metrics of the run, and back."""
        self.toggle("grid")

    def show_grid(self, update: RunUpdate | None) -> None:
        """Bring the grid up to date where it is open."""
        if self.mode == "grid":
            view = self.chart_options
            entitle(self._grid, printable(update.run) if update else "")
            self._grid.show(cards_of(update), Look(view.smoothing, bool(view.log_y), view.x_axis))

    @on(SmallCharts.Opened, "#metrics")
    def _open_metric(self, message: SmallCharts.Opened) -> None:
        message.stop()
        self.chart_options = replace(
            self.chart_options, metrics=(message.key,) if message.key else ()
        )
        self.toggle("grid")
