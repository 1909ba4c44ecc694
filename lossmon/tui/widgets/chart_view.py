"""The chart of a run, or of several: drawn once a change, looked at with the mouse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from textual import events
from textual.message import Message

from lossmon.chart import cursor as cur
from lossmon.chart import window as win
from lossmon.chart.axis import XScale
from lossmon.chart.identity import Identities
from lossmon.chart.of_run import curves_of, marks_of, overlay_of, strip_of, tokens_of
from lossmon.chart.picture import ChartSpec, Picture, Span, draw
from lossmon.chart.readout import readout, readout_height
from lossmon.chart.spec import Curve, Plot, named_in, told_in
from lossmon.monitor import RunUpdate
from lossmon.presentation.verdict import headline
from lossmon.text import cell_width, clip, printable
from lossmon.tui.chart_options import ChartOptions
from lossmon.tui.tongue import words_of
from lossmon.tui.widgets.border import entitle
from lossmon.tui.widgets.picture_view import PictureView

_WHEEL = 0.8  # of its width is shown after a turn of the wheel


class ChartView(PictureView):
    """Train and eval of one run, with marks where findings began."""

    class Looked(Message):
        """The mouse chose another part of the x axis; None for all of it."""

        def __init__(self, window: win.Window | None) -> None:
            super().__init__()
            self.window = window

    class Pointed(Message):
        """The mouse put the cursor on a step."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    class Dragged(Message):
        """The mouse has the left (-1) or right (1) border, and is at this column of the screen."""

        def __init__(self, side: int, x: int) -> None:
            super().__init__()
            self.side, self.x = side, x

    def __init__(self, *, ascii: bool = False) -> None:
        super().__init__(ascii=ascii)
        self._edge = 0  # the border that the mouse has: -1, 1, or 0 for none
        self._update: RunUpdate | None = None
        self._view = ChartOptions()
        self._cursor: int | None = None
        self._drag: tuple[int, XScale, bool] | None = None  # column, axis then, selects a range
        self._selected: tuple[int, int] | None = None  # columns
        self._others: tuple[RunUpdate, ...] = ()
        self.identities = Identities()
        self.curves: tuple[Curve, ...] = ()

    @property
    def plot(self) -> Plot | None:
        """Where the curves stand; None where nothing is drawn."""
        return self.picture.plot if self.picture is not None else None

    @property
    def whole(self) -> XScale | None:
        """The whole x axis, whatever is shown of it."""
        return XScale(*self.plot.extent, self.plot.x.log) if self.plot is not None else None

    @property
    def cursor_x(self) -> float | None:
        """Where the cursor stands on the x axis; None where it is off."""
        return self.x_of(self._cursor) if self._cursor is not None else None

    def x_of(self, step: int) -> float | None:
        """Where a step stands on the x axis."""
        if self._update is None or self.picture is None:
            return None
        return cur.x_of(self.curves, step, self.picture.x_axis, tokens_of(self._update))

    def nearest(self, x: float) -> int | None:
        """The logged step that is nearest to a place on the x axis."""
        if self._update is None or self.picture is None:
            return None
        return cur.nearest(self.curves, x, self.picture.x_axis, tokens_of(self._update))

    def carried(self, window: win.Window | None, before: str, after: str) -> win.Window | None:
        """A window on another x axis: what is shown stays shown."""
        if window is None or self._update is None:
            return None
        tokens, ends = tokens_of(self._update), []
        for x in (window.low, window.high):
            step = cur.nearest(self.curves, x, before, tokens)
            ends.append(cur.x_of(self.curves, step, after, tokens) if step is not None else None)
        low, high = ends
        if low is None or high is None or high <= low:
            return None
        return win.Window(low, high, window.follows)

    def show(
        self,
        update: RunUpdate | None,
        view: ChartOptions,
        cursor: int | None = None,
        others: Sequence[RunUpdate] = (),
    ) -> None:
        """Draw a run; nothing happens where nothing changed.

        Args:
            update: the run.
            view: how it is looked at.
            cursor: the step on which the cursor stands.
            others: runs to draw with it: then each is one curve, and marks and strip stay away.
        """
        self._update, self._view, self._cursor = update, view, cursor
        self._others = tuple(others)
        self._draw()

    # -- drawing ---------------------------------------------------------------------------------

    def _draw(self) -> None:
        update, size = self._update, self.size
        if not size.width or not size.height:
            return
        below = 0
        if update is not None and self._cursor is not None:
            below = readout_height(update, size.width, size.height)
        runs = (update, *self._others) if update is not None else ()
        key = (
            tuple((one.run, one.revision, one.state) for one in runs),
            self._view,
            size,
            below,
            words_of(self).lang,
            zone_of(update),
        )
        if key != self._drawn:
            self._drawn = key
            self.picture = self._picture(update, size.width, size.height - below)
        self._put(self._with_marks(update, below))
        entitle(self, self._titled(update) if update is not None else "")

    def _titled(self, update: RunUpdate) -> str:
        """What is charted of which run and how; a long name gives way to the rest."""
        view, picture, dot = self._view, self.picture, " | " if self._ascii else " · "
        how, tell = [], words_of(self)
        if view.window is not None:
            how.append(tell("following") if view.window.follows else tell("zoomed"))
        how.append(tell(picture.x_axis if picture is not None else view.x_axis))
        if picture is not None and picture.log_y:
            by_itself = tell(" (auto)") if view.log_y is None else ""
            how.append(tell("log{axis}", axis=by_itself))
        how += [tell("log x")] if view.log_x else []
        how += [tell("full range")] if view.whole_y else []
        how += [tell("ema {weight}", weight=view.smoothing)] if view.smoothing else []
        how += [tell("{n} logs", n=len(update.logs))] if len(update.logs) > 1 else []
        metric, after = ", ".join(view.metrics) or tell("loss"), dot.join(["", *how])
        room = min(70, max(20, self.size.width - 4)) - cell_width(metric + dot + after)
        runs = len(self._others) + 1 if self._others else len(update.members)
        run = tell("{runs} {runs:run|runs}", runs=runs) if runs else printable(update.run)
        if cell_width(run) > room:
            run = clip(run.rsplit("/", 1)[-1], max(8, room), ascii=self._ascii)
        return clip(printable(f"{metric}{dot}{run}{after}"), 70, ascii=self._ascii)

    def _picture(self, update: RunUpdate | None, width: int, height: int) -> Picture:
        view = self._view
        if update is None:
            self.curves = ()
            return draw(ChartSpec((), width, height))
        several = bool(self._others or update.members)
        if self._others:
            metric = view.metrics[0] if view.metrics else None
            self.curves = overlay_of((update, *self._others), self.identities, metric)
        else:
            self.curves = curves_of(update, view.metrics)
        spec = ChartSpec(
            self.curves,
            width,
            height,
            () if several else marks_of(update),
            view.x_axis,
            view.log_y,
            view.smoothing,
            self._ascii,
            update.state == "running",
            view.log_x,
            view.window,
            view.whole_y,
            tokens_of(update),
            None if several else strip_of(update, view.strip, view.smoothing)[1],
        )
        picture = draw(told_in(spec, words_of(self)))
        zone = None if several else zone_of(update)
        return picture if zone is None else self._shaded(picture, update, *zone)

    def _shaded(self, picture: Picture, update: RunUpdate, since: int, style: str) -> Picture:
        """The picture with a zone from where what is wrong began to the newest point."""
        axis, tokens = picture.x_axis, tokens_of(update)
        low = cur.x_of(self.curves, since, axis, tokens)
        high = cur.x_of(self.curves, update.step or since, axis, tokens)
        if picture.plot is None or low is None or high is None or high <= low:
            return picture
        return replace(picture, rows=cur.with_zone(picture.rows, picture.plot, low, high, style))

    def _with_marks(self, update: RunUpdate | None, below: int) -> tuple[tuple[Span, ...], ...]:
        """The picture with what the user put on it."""
        if self.picture is None:
            return ()
        rows, plot, step = self.picture.rows, self.plot, self._cursor
        if plot is not None and self._selected is not None:
            rows = cur.with_selection(rows, plot, *self._selected)
        if update is None or step is None:
            return rows
        if plot is not None:
            x = self.x_of(step)
            values = [
                value
                for curve in self.curves
                for value in cur.values_at({"": curve.view}, step).values()
            ]
            if x is not None:
                rows = cur.with_cursor(rows, plot, x, values, ascii=self._ascii)
        words = readout(
            update,
            named_in(self.curves, words_of(self)),
            step,
            self.size.width,
            below,
            ascii=self._ascii,
            tell=words_of(self).fixed,
        )
        return (*rows, *words)

    # -- mouse -----------------------------------------------------------------------------------

    def _column(self, event: events.MouseEvent) -> int:
        """The column of the picture under the mouse, the nearest where it is outside."""
        plot, left = self.plot, self.content_region.x - self.region.x
        column = int(event.x) - left
        return column if plot is None else min(max(column, plot.left), plot.left + plot.width - 1)

    def _wheel(self, event: events.MouseEvent, factor: float) -> None:
        if self.plot is not None and self.whole is not None:
            event.stop()
            at = self.plot.x_at(self._column(event))
            self.post_message(self.Looked(win.zoomed(self.plot.x, self.whole, factor, at)))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel zooms in at the pointer."""
        self._wheel(event, _WHEEL)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel zooms out at the pointer."""
        self._wheel(event, 1 / _WHEEL)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """A drag begins; on the whole run, with shift or the right button it selects a range."""
        if self.styles.border_left[0] and event.x in (0, self.outer_size.width - 1):
            self._edge = -1 if event.x == 0 else 1
            self.capture_mouse()
            return
        if self.plot is not None:
            selects = event.shift or event.button != 1 or self._view.window is None
            self._drag = self._column(event), self.plot.x, selects
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """The part that is shown moves along, or the range grows; or a border goes with it."""
        if self._edge:
            self.post_message(self.Dragged(self._edge, int(event.screen_x)))
            return
        if self._drag is None or self.plot is None or self.whole is None:
            return
        start, scale, selects = self._drag
        column = self._column(event)
        if selects:
            self._selected = (start, column) if column != start else None
            self._draw()
        elif column != start or self._selected is not None:
            self._selected = None
            share = (start - column) / max(1, self.plot.width - 1)
            self.post_message(self.Looked(win.panned(scale, self.whole, share)))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """A range is shown alone; a click puts the cursor there."""
        self.release_mouse()
        if self._edge:
            self._edge = 0
            return
        drag, self._drag = self._drag, None
        range_, self._selected = self._selected, None
        if drag is None or self.plot is None or self.whole is None:
            return
        if range_ is not None:
            low, high = (self.plot.x_at(column) for column in range_)
            self.post_message(self.Looked(win.between(low, high, self.whole)))
        elif self._column(event) == drag[0]:
            step = self.nearest(self.plot.x_at(drag[0]))
            if step is not None:
                self.post_message(self.Pointed(step))


def zone_of(update: RunUpdate | None) -> tuple[int, str] | None:
    """Since which step what calls for attention holds, and the look of it; None where nothing."""
    found = headline(update) if update is not None else None
    if update is None or found is None or found.severity == "info":
        return None
    if found.pattern in update.hushed:
        return None
    return int(found.since_step), f"zone_{found.severity}"
