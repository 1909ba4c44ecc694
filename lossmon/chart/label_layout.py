"""What is written among the curves: names, marks, values that are clipped or not finite."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from lossmon.chart.canvas import BLANK, PATTERNS, Cell
from lossmon.chart.lines import Line
from lossmon.chart.scale import Scale
from lossmon.chart.spec import Curve, Mark
from lossmon.history.columns import Ints
from lossmon.text import cell_width, cells_of, clip, printable

_BARS = ("┊", ":", "·", ".")  # of marks; text may be written over them
_LONGEST = 14  # cells of a curve's name
_SIDEWAYS = 3  # columns between an end label and its stroke at most
_FEWEST_COLUMNS = 8  # between two dotted marks; closer ones are left out, all of them


@dataclass
class LabelGrid:
    """Cells of the curves, and where values stand in them.

    Attributes:
        grid: rows of cells, changed in place.
        x_limits, y_limits: in drawn units.
    """

    grid: list[list[Cell]]
    x_limits: tuple[float, float]
    y_limits: tuple[float, float]
    ascii: bool

    @property
    def width(self) -> int:
        """Columns."""
        return len(self.grid[0])

    def column(self, x: float) -> int:
        """The column of a drawn x."""
        low, high = self.x_limits
        return round((x - low) / (high - low) * (self.width - 1))

    def row(self, drawn: float) -> int:
        """The row of a drawn y; the nearest where it is outside."""
        low, high = self.y_limits
        below_top = min(max((high - drawn) / (high - low), 0.0), 1.0)
        return round(below_top * (len(self.grid) - 1))

    def free(self, row: int, column: int, length: int) -> bool:
        """Whether cells are blank (a mark's line may be written over)."""
        if not 0 <= row < len(self.grid) or column < 0 or column + length > self.width:
            return False
        return all(
            cell == BLANK or (cell[0] in _BARS and cell[1].startswith("mark"))
            for cell in self.grid[row][column : column + length]
        )

    def touches(self, row: int, column: int, length: int) -> bool:
        """Whether a word there would run into one beside it ("evaltrain")."""
        beside = (at for at in (column - 1, column + length) if 0 <= at < self.width)
        return any(self.grid[row][at][0].isalnum() for at in beside)

    def write(self, row: int, column: int, text: str, style: str) -> None:
        """Text over whatever is there, as far as there is room."""
        for offset, char in enumerate(cells_of(text, max(0, self.width - column))):
            self.grid[row][column + offset] = (char, style)


def name_of(label: str, longest: int = _LONGEST) -> str:
    """A label in at most so many cells; of a long one both ends."""
    label = printable(label)
    if cell_width(label) <= longest:
        return label
    end = ""
    for char in reversed(label):
        if cell_width(char + end) > longest // 2:
            break
        end = char + end
    return clip(label, longest - cell_width(end), ascii=True) + end


def write_clipped(labels: LabelGrid, lines: Sequence[Line], y: Scale) -> int:
    """Say at the edge how many points lie beyond it, at their columns; how many in all."""
    beyond = np.zeros((2, labels.width), dtype=np.int64)
    for line in lines:
        if not (line.curve.faint or line.curve.guide or line.curve.edge):
            beyond += line.clipped(y, labels.width)
    _write_counts(labels, beyond[0], 0, "^" if labels.ascii else "▲")
    _write_counts(labels, beyond[1], len(labels.grid) - 1, "v" if labels.ascii else "▼")
    return int(beyond.sum())


def _write_counts(labels: LabelGrid, counts: Ints, row: int, sign: str) -> None:
    """Counts at their columns; those whose labels would touch are counted together."""
    groups: list[tuple[int, int, int]] = []  # first and last column, count
    for column in np.flatnonzero(counts).tolist():
        count = int(counts[column])
        if groups and column <= groups[-1][1] + 2 + len(str(groups[-1][2])):
            first, _, before = groups[-1]
            groups[-1] = (first, column, before + count)
        else:
            groups.append((column, column, count))
    for first, last, count in groups:
        label = f"{sign}{count}"
        column = first if first == last else (first + last - len(label) + 1) // 2
        labels.write(row, max(0, min(column, labels.width - len(label))), label, "clipped")


def write_not_finite(labels: LabelGrid, lines: Iterable[Line]) -> None:
    """A cross at the top where a value is not finite."""
    for line in lines:
        for column in np.flatnonzero(line.not_finite(labels.width)).tolist():
            labels.write(0, column, "x" if labels.ascii else "✗", "nonfinite")


def write_newest(labels: LabelGrid, lines: Iterable[Line], y: Scale) -> None:
    """A dot at the newest point of each curve: where a run stands now is looked for first."""
    newest = {line.curve.label: line for line in lines if line.seen and line.curve.label}
    for line in newest.values():
        at = line.newest()
        if at is None or line.curve.faint or line.curve.guide:
            continue
        drawn = float(y.drawn(np.array(at[1:]))[0])
        if y.low <= drawn <= y.high:
            sign = "o" if labels.ascii else "●"
            labels.write(labels.row(drawn), labels.column(at[0]), sign, line.curve.style)


def write_names(labels: LabelGrid, lines: Sequence[Line], y: Scale) -> None:
    """Each curve's name near its newest point: colour is never the only sign.

    Where many curves end close together, the names without room there stand in a list at the top.
    Of a curve in pieces the newest is named.
    """
    listed = []
    pieces = {line.curve.label: line for line in lines if line.seen}
    for line in pieces.values():
        label, newest = name_of(line.curve.label), line.newest()
        if newest is None or not label:
            continue
        drawn = float(y.drawn(np.array(newest[1:]))[0])
        if np.isfinite(drawn):
            end = labels.column(newest[0])
            if not _write_near(labels, labels.row(drawn), end, label, line.curve.style):
                listed.append(line.curve)
    if len(lines) > 2:
        _write_list(labels, listed)


def _write_list(labels: LabelGrid, listed: Sequence[Curve]) -> None:
    """Names with a piece of their strokes, where there is room, from the top right."""
    row = 0
    for curve in listed:
        pattern = PATTERNS[curve.pattern % len(PATTERNS)]
        full = curve.sign if labels.ascii else "━"
        sample = "".join(full if pattern[i % len(pattern)] else " " for i in range(4))
        text = f"{sample} {name_of(curve.label, 2 * _LONGEST)} "
        length = cell_width(text)
        for y in range(row, len(labels.grid)):
            columns = range(labels.width - length, labels.width // 3, -max(1, length // 3))
            at = next((column for column in columns if labels.free(y, column, length)), None)
            if at is not None:
                labels.write(y, at, text, curve.style)
                row = y + 1
                break


def _write_near(labels: LabelGrid, row: int, end: int, label: str, style: str) -> bool:
    """In the nearest free cells above or below; a little to the left where there are none."""
    length = cell_width(label)
    column = max(0, min(end + 1, labels.width) - length)
    for back in range(0, _SIDEWAYS * length + 1, max(1, length)):
        for shift in (-1, 1, -2, 2, -3, 3, -4, 4):
            if labels.free(row + shift, column - back, length) and not labels.touches(
                row + shift, column - back, length
            ):
                labels.write(row + shift, column - back, label, style)
                return True
    return False


def write_marks(
    labels: LabelGrid, marks: Sequence[Mark], x_of_step: Callable[[int], float | None]
) -> None:
    """Lines at steps with their labels, the first marks first; none where a label would collide."""
    placed = []
    for mark in marks:
        x = x_of_step(mark.step)
        if x is not None and labels.x_limits[0] <= x <= labels.x_limits[1]:
            placed.append((labels.column(x), mark))
    dotted = [column for column, mark in placed if not mark.label]
    if len(dotted) > labels.width // _FEWEST_COLUMNS:
        placed = [(column, mark) for column, mark in placed if mark.label]
    for column, mark in placed:
        _bar(labels, column, mark)
    for column, mark in placed:
        if mark.label:
            _label(labels, column, mark)


def _bar(labels: LabelGrid, column: int, mark: Mark) -> None:
    bar = (":" if labels.ascii else "┊") if mark.label else ("." if labels.ascii else "·")
    for row in range(0, len(labels.grid), 1 if mark.label else 2):
        if labels.grid[row][column] == BLANK:
            labels.grid[row][column] = (bar, mark.style)


def _label(labels: LabelGrid, column: int, mark: Mark) -> None:
    head = "v" if labels.ascii else "▾"
    label = printable(mark.label)
    length = cell_width(label)
    for row in range(len(labels.grid) * 2 // 3):
        if labels.free(row, column, 1) and labels.free(row, column + 1, length + 1):
            labels.write(row, column, head + label, mark.style)
            return
        left = column - length
        if labels.free(row, left, length + 1) and (left == 0 or labels.free(row, left - 1, 1)):
            labels.write(row, left, label + head, mark.style)
            return
