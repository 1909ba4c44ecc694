"""Boxes of name and value, and reports of them: a row of a training in many lines."""

from __future__ import annotations

from lossmon.formats.decoder import as_step
from lossmon.formats.lexicon import is_loss, is_measured, is_noise
from lossmon.formats.lexicon_places import counter_of
from lossmon.formats.numbers import parse_number
from lossmon.formats.text_table import MAX_COLUMNS, Row

_LEAST_BOX = 3  # metrics of a box that says no step
_MAX_REPORTED = 1000


class Box:
    """Lines of `| name | value |` between rules, as Stable-Baselines3 prints them."""

    def __init__(self) -> None:
        self._group = ""
        self._values: dict[str, float] = {}
        self._placed = False  # a box counted something: of another the lines that did are cut off
        self._boxes = 0  # that said none

    def take(self, line: str) -> bool:
        """Take a line of the box; False where it is none."""
        cells = [cell.strip() for cell in line.split("|", 4)]
        if len(cells) != 4 or cells[0] or cells[3] or not cells[1]:
            return False
        name, cell = cells[1], cells[2]
        if not cell:
            self._group = name.rstrip("/") + "/" if name.endswith("/") else ""
            return name.endswith("/")
        value = parse_number(cell)
        if value is None or not any(c.isalpha() for c in name):
            return False
        if len(self._values) < MAX_COLUMNS:
            self._values[self._group + name] = value
        return True

    def close(self) -> Row | None:
        """The box ended: its row, where it held one worth drawing."""
        values, self._values, self._group = self._values, {}, ""
        step: int | None = None
        order = ("timesteps", "step", "iter", "epoch")
        for word in order:
            for name, value in values.items():
                if step is None and word in name.lower() and value == value:
                    step = as_step(value)
        kept = {
            name: value for name, value in values.items()
            if not is_noise(name) and not counter_of(name.rpartition("/")[2])
        }  # fmt: skip
        self._placed |= any(counter_of(name.rpartition("/")[2]) for name in values)
        if (
            not self._placed
            and step is None
            and any(map(is_loss, kept))
            and len(kept) >= _LEAST_BOX
        ):
            step, self._boxes = self._boxes, self._boxes + 1  # OpenAI's baselines may say none
        drawn = any(is_measured(name) or "rew" in name for name in kept)
        return Row(kept, step, None) if drawn and step is not None else None

    @property
    def is_open(self) -> bool:
        """A box is being read."""
        return bool(self._values)


class Report:
    """Lines of `name: value`, indented below a `Result for ...:`, as Ray prints them.

    Where the training is stands among the last of them.
    """

    def __init__(self) -> None:
        self.is_open = False
        self._values: dict[str, float] = {}

    def take(self, line: str) -> bool:
        """Take a line of the report; False where it is none."""
        if not self.is_open:
            self.is_open = line.startswith("Result for ") and line.rstrip().endswith(":")
            return self.is_open
        if not line[:1].isspace():
            return False
        name, _, cell = line.strip().partition(": ")
        value = parse_number(cell)
        if value is not None and len(self._values) < _MAX_REPORTED:
            self._values.setdefault(name, value)
        return True

    def close(self) -> Row | None:
        """The report ended: its row, where it held one worth drawing."""
        values, self._values, self.is_open = self._values, {}, False
        step = values.get("training_iteration")
        kept = {name: value for name, value in values.items() if is_measured(name)}
        return Row(kept, as_step(step), None) if kept and step is not None else None
