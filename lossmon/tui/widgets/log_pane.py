"""The raw log below the curve: its lines, what was made of the chosen one, a search."""

from __future__ import annotations

import os
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input
from textual.worker import get_current_worker

from lossmon.monitor import LogInfo, RunUpdate
from lossmon.monitor.made_of import Reader
from lossmon.monitor.raw import Line, find, line_at
from lossmon.text import clip, printable
from lossmon.tui.tongue import words_of
from lossmon.tui.widgets import lines
from lossmon.tui.widgets.border import entitle
from lossmon.tui.widgets.log_lines import LogLines
from lossmon.tui.widgets.typing_box import TypingBox
from lossmon.words import Words, known, said

_LOOK_S = 1.0  # between two looks for lines that are no rows
_TITLE_CELLS = 60  # at least
_FOOT_CELLS = 8  # of the border beside its title


class LogPane(Vertical):
    """One log of the run, chosen among all of them."""

    DEFAULT_CSS = """
    LogPane > TypingBox { height: 1; border: none; display: none; }
    LogPane.-search > TypingBox { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "search", key_display="/", tooltip="Search the log"),
        Binding("n", "again(1)", "next match", tooltip="The next match"),
        Binding("N", "again(-1)", "previous match", show=False, tooltip="The match before"),
        Binding("greater_than_sign", "log(1)", "next log", key_display=">", show=False),
        Binding("less_than_sign", "log(-1)", "previous log", key_display="<", show=False),
        Binding("enter", "point", "point", tooltip="The cursor of the chart to this line's point"),
    ]

    class Pointed(Message):
        """The point of a line is wanted on the chart.

        Attributes:
            step: of the row that the line gave.
        """

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    class Found(Message):
        """A line was found, by a search or for the chart's cursor; None where there is none.

        Attributes:
            line: the line.
            path: of the log in which it stands.
            trouble: what to say where there is none.
        """

        def __init__(self, line: Line | None, path: str, trouble: str) -> None:
            super().__init__()
            self.line = line
            self.path = path
            self.trouble = trouble

    def __init__(self, *, ascii: bool = False) -> None:
        super().__init__()
        self._ascii = ascii
        self._update: RunUpdate | None = None
        self._path = ""
        self._step: int | None = None  # of the point whose line was chosen last

    def compose(self) -> ComposeResult:
        """Lines, what was made of one of them, and the box for what is searched."""
        yield LogLines(ascii=self._ascii)
        yield lines.Line("log-status")
        hint = words_of(self)("words in the log")
        yield TypingBox(hint, "log-search", self._to_lines, self.close_search)

    def on_mount(self) -> None:
        """Lines that are no rows come without an update."""
        self.set_interval(_LOOK_S, self._look)

    @property
    def log(self) -> LogInfo | None:  # type: ignore[override]
        """The log that is shown."""
        logs = self._update.logs if self._update is not None else ()
        return next((log for log in logs if log.path == self._path), None)

    def show(self, update: RunUpdate | None, point: tuple[str, int] | None = None) -> None:
        """Show the run's main log, or go on with the one that is shown.

        Args:
            update: the run.
            point: metric and step that the chart points at: the line that gave them is chosen once.
        """
        if not self.display:
            self._step = None
            return
        run = self._update.run if self._update is not None else None
        self._update = update
        if update is None or update.run != run or self.log is None:
            self._open(main_log(update))
        self._look()
        step = point[1] if point is not None else None
        if step != self._step:
            self._step = step
            if update is not None and point is not None and point[0] in update.series:
                self._point_at(update, *point)

    def action_log(self, by: int) -> None:
        """Another log of the run."""
        logs = self._update.logs if self._update is not None else ()
        if len(logs) < 2:
            self.notify(said("this run has one log"), timeout=3)
            return
        at = next((i for i, log in enumerate(logs) if log.path == self._path), 0)
        self._open(logs[(at + by) % len(logs)])

    def action_search(self) -> None:
        """Type words; enter searches backwards from here, n and N go on."""
        self.add_class("-search")
        self.query_one(TypingBox).open()

    def action_again(self, by: int) -> None:
        """The next match, or the one before."""
        shown = self.query_one(LogLines)
        if not shown.words:
            self.action_search()
            return
        self._search(shown.words, backwards=by < 0)

    def action_point(self) -> None:
        """Show the point of the chosen line on the chart."""
        made = self.query_one(LogLines).made
        if made is not None and made.record is not None and made.record.step is not None:
            moved = self.log.origins.moved if self.log is not None else None
            step = made.record.step
            self._step = step if moved is None else moved.lies(step)  # whose line is chosen
            self.post_message(self.Pointed(self._step))
        else:
            self.notify(said("this line gave no row with a step"), timeout=3)

    def close_search(self) -> bool:
        """Close the box; False where it was closed."""
        open_ = self.has_class("-search")
        if open_:
            self.remove_class("-search")
            self.query_one(LogLines).words = ""
            self._to_lines()
        return open_

    def _to_lines(self) -> None:
        self.screen.set_focus(self.query_one(LogLines))

    def _point_at(self, update: RunUpdate, metric: str, step: int) -> None:
        """Choose the line that gave a point, in the log that its metric was taken from."""
        view = update.series[metric]
        values = view.value[view.step == step].tolist()
        logs = sorted(update.logs, key=lambda log: log.path != self._path)
        self.run_worker(
            lambda: self._find_point(logs, metric, step, values),
            thread=True,
            exclusive=True,
            group="find",
        )

    # -- searching, in a thread ------------------------------------------------------------------

    def _find_point(self, logs: list[LogInfo], metric: str, step: int, values: list[float]) -> None:
        worker = get_current_worker()
        for log in logs:
            if worker.is_cancelled:
                return
            reader = Reader(log.text(), log.file)
            line = reader.line_of(step, values, log.origins, metric, log.run)
            if line is not None:
                self.post_message(self.Found(line, log.path, ""))
                return
        self.post_message(
            self.Found(None, "", said("no line gave the point at step {step:,}", step=step))
        )

    def _search(self, words: str, *, backwards: bool) -> None:
        shown, log = self.query_one(LogLines), self.log
        if log is None:
            return
        text = log.text()
        here = shown.chosen
        at = (here.at if backwards else here.end) if here is not None else text.span()[1]

        def search() -> None:
            worker = get_current_worker()
            found = find(text, words, at, backwards=backwards, stopped=lambda: worker.is_cancelled)
            if not worker.is_cancelled:
                line = line_at(text, found) if found is not None else None
                self.post_message(
                    self.Found(line, log.path, said("not found: {words}", words=words))
                )

        self.run_worker(search, thread=True, exclusive=True, group="find")

    @on(Input.Submitted, "#log-search")
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        shown = self.query_one(LogLines)
        shown.words = event.value
        self.screen.set_focus(shown)
        if event.value:
            self._search(event.value, backwards=True)

    @on(Input.Changed, "#log-search")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()

    @on(Found)
    def _found(self, message: Found) -> None:
        message.stop()
        if message.line is None:
            self.notify(message.trouble, timeout=3)
            return
        if message.path != self._path:
            logs = self._update.logs if self._update is not None else ()
            found = next((log for log in logs if log.path == message.path), None)
            if found is None:  # another run is looked at by now
                return
            self._open(found)
        self.query_one(LogLines).go_to(message.line)

    # -- what is shown ---------------------------------------------------------------------------

    def _open(self, log: LogInfo | None) -> None:
        self._path = log.path if log is not None else ""
        self.query_one(LogLines).open(
            log.text() if log is not None else None, log.file if log is not None else ""
        )
        self._say()

    def _look(self) -> None:
        if self.display and self.is_mounted:
            self.query_one(LogLines).look()
            self._say()

    @on(LogLines.Moved)
    def _moved(self, message: LogLines.Moved) -> None:
        message.stop()
        self._say()

    def _say(self) -> None:
        shown, log = self.query_one(LogLines), self.log
        if log is None or self._update is None:
            return
        logs = self._update.logs
        at = next((i for i, one in enumerate(logs, 1) if one.path == log.path), 1)
        count = f" {at}/{len(logs)}" if len(logs) > 1 else ""
        dot = "|" if self._ascii else "·"
        text = log.text()
        tell = words_of(self)
        parts = [tell("log{count}", count=count), os.path.basename(log.path), log.format]
        parts.append(tell.say(text.note))
        if len(logs) > 1:
            parts.append(tell.say(log.joined))
        room = max(_TITLE_CELLS, self.size.width - _FOOT_CELLS)
        title = clip(printable(f" {dot} ".join(filter(None, parts))), room, ascii=self._ascii)
        start, end = text.span()
        share = (shown.chosen.end - start) / (end - start) if shown.chosen and end > start else 1
        foot = tell("following") if shown.following else f"{share:.0%}"
        entitle(self, title, foot)
        self.query_one("#log-status", lines.Line).say(_status(shown, log, tell))


def main_log(update: RunUpdate | None) -> LogInfo | None:
    """The log that people read: text before tables, and the one with most rows."""
    logs = update.logs if update is not None else ()
    texts = [log for log in logs if log.format in ("text", "hf-stdout")]
    return max(texts or logs, key=lambda log: log.records, default=None)


def _status(shown: LogLines, log: LogInfo, tell: Words) -> list[lines.Part]:
    if shown.trouble:
        words = tell(
            " {trouble}; {rows:,} rows were read", trouble=known(shown.trouble), rows=log.records
        )
        return [(printable(words), "$text-warning")]
    made = shown.made
    if made is None:
        return []
    if made.record is not None:
        return [
            (f" {tell.labelled(tell('read'), '')}", "bold $text-success"),
            (printable(made.words), ""),
        ]
    return [
        (f" {tell.labelled(tell('not read'), '')}", "bold $text-warning"),
        (printable(tell.say(made.words)), ""),
    ]
