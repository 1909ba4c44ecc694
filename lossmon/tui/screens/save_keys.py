"""Keys that take something with you: a report to the clipboard, picture and data to files."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import ClassVar

from rich.console import Console
from rich.segment import Segment, Segments
from textual.binding import Binding, BindingType
from textual.strip import Strip

from lossmon.config.keep import keep
from lossmon.errors import ConfigError, message_of
from lossmon.monitor import RunUpdate
from lossmon.presentation.brief import WIDTH, brief
from lossmon.presentation.verdict import verdict_line
from lossmon.text import clip, printable
from lossmon.tui import clipboard
from lossmon.tui.screens.shared import RunsScreen
from lossmon.tui.widgets.chart_view import ChartView
from lossmon.where import working_folder
from lossmon.whole_file import whole
from lossmon.words import said

_MOST_NAME = 80  # characters of a file's name
_MOST_FILES = 1000
_LEAST_HEIGHT = 4  # rows: a chart is on the screen


class SaveKeys(RunsScreen):
    """Copies and saves the run that is looked at, as it is looked at."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "C",
            "copy_report",
            "copy",
            show=False,
            tooltip="Copy a report: 20 lines to the clipboard: chart, verdict, evidence",
        ),
        Binding(
            "S", "save", "save", show=False, tooltip="Save: the picture as SVG and the data as CSV"
        ),
    ]
    save_to: str = ""

    def action_copy_report(self) -> None:
        """A report of 20 lines to the clipboard, through ssh and tmux."""
        update, view = self.runs.chosen_run, self.chart_options
        if update is None:
            self.notify(said("there is no run yet"), timeout=3)
            return
        window = view.window
        text = brief(
            update,
            self.knowledge,
            ascii=self.ascii,
            smooth=view.smoothing,
            log_y=view.log_y,
            log_x=view.log_x,
            x_axis=view.x_axis,
            whole_y=view.whole_y,
            metrics=view.metrics,
            start=window.low if window is not None else None,
            end=window.high if window is not None else None,
        )
        self.app.copy_to_clipboard(text)
        self.run_worker(lambda: self._tell_copied(text), thread=True, group="copy")

    def _tell_copied(self, text: str) -> None:
        count = len(text.splitlines())
        words = said("{count} lines sent to the terminal's clipboard (OSC 52)", count=count)
        if clipboard.to_tmux(text, os.environ):
            words = said("{count} lines in tmux's buffer and clipboard", count=count)
        self.app.call_from_thread(self.notify, words, timeout=4)

    def action_save(self) -> None:
        """The chart as it is (SVG) and every point of the run (CSV), in new files."""
        update = self.runs.chosen_run
        if update is None:
            self.notify(said("there is no run yet"), timeout=3)
            return
        folder = os.path.expanduser(self.save_to) or working_folder()
        picture = self._svg(update)
        self.run_worker(lambda: self._save(update, folder, picture), thread=True, group="save")

    def action_keep_look(self) -> None:
        """Smoothing, axes, strip and language as they are now, for the next time."""
        view = self.chart_options
        try:
            where = keep(
                "screen",
                language=self.knowledge.lang,
                smoothing=view.smoothing,
                log_y=bool(view.log_y),
                log_x=view.log_x,
                x_axis=view.x_axis,
                strip=view.strip,
            )
        except ConfigError as error:
            self.notify(message_of(error), title=said("not kept"), severity="error", timeout=6)
        else:
            self.notify(where, title=said("kept"))

    def _save(self, update: RunUpdate, folder: str, picture: str) -> None:
        from lossmon.presentation.export import write_csv  # which brings the calls of Python

        try:
            with new_files(folder, file_name(update)) as (stem, svg, table):
                with open(svg, "w", encoding="utf-8") as file:
                    file.write(picture)
                with open(table, "w", encoding="utf-8", newline="") as file:
                    write_csv([update], file)
        except OSError as error:
            reason = f"{folder}: {(error.strerror or str(error)).lower()}"
            self.app.call_from_thread(
                self.notify, printable(reason), title=said("not saved"), severity="error", timeout=6
            )
            return
        self.app.call_from_thread(
            self.notify, printable(f"{os.path.join(folder, stem)}.svg, .csv"), title=said("saved")
        )

    def _svg(self, update: RunUpdate) -> str:
        """The chart as it stands on the screen; where another thing stands there, a plain one."""
        chart = self.query_one(ChartView)
        width, height = chart.size
        if height < _LEAST_HEIGHT:
            text = brief(update, self.knowledge, ascii=self.ascii)
            strips = [Strip([Segment(line)]) for line in text.splitlines()]
            return svg_of(strips, WIDTH, printable(update.run))
        verdict = clip(printable(verdict_line(update, self.knowledge)), width)
        words = Strip([Segment(verdict, chart.rich_style)])
        strips = [chart.render_line(y) for y in range(height)]
        strips.append(words.adjust_cell_length(width, chart.rich_style))
        return svg_of(strips, width, printable(update.run))


def svg_of(strips: Sequence[Strip], width: int, title: str) -> str:
    """Lines of a screen as a picture."""
    console = Console(
        width=max(1, width),
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        record=True,
        legacy_windows=False,
        safe_box=False,
    )
    lines = [segment for strip in strips for segment in (*strip, Segment.line())]
    console.print(Segments(lines), end="")
    return console.export_svg(title=title)


def file_name(update: RunUpdate) -> str:
    """What a run's files are called: its name without what a file system or a shell minds."""
    name = re.sub(r"[^\w.-]+", "-", printable(update.run)).strip(".-") or "run"
    step = f"-step{update.step}" if update.step is not None else ""
    return name[-_MOST_NAME:].strip(".-") + step


@contextmanager
def new_files(folder: str, name: str) -> Iterator[tuple[str, str, str]]:
    """Where to write a picture and a table, under a name that neither has yet.

    At the end both are there, and on failure neither.

    Returns:
        The name without an ending, and what to write to.

    Raises:
        OSError: they cannot be written there.
    """
    with ExitStack() as files:
        stem, svg, table = _held(files, folder, name)
        yield stem, svg, table


def _held(files: ExitStack, folder: str, name: str) -> tuple[str, str, str]:
    for i in range(1, _MOST_FILES):
        stem = name if i == 1 else f"{name}-{i}"
        path = os.path.join(folder, stem)
        if os.path.lexists(f"{path}.csv"):
            continue
        try:
            svg = files.enter_context(whole(f"{path}.svg", new=True))
        except FileExistsError:
            continue
        return stem, svg, files.enter_context(whole(f"{path}.csv", new=True))
    raise FileExistsError(17, f"{_MOST_FILES} files of this name are there")
