"""A number in a line of text, and what it can be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """What a number in a line is."""

    VALUE = auto()  # has a name: "loss: 0.5"
    INDEX = auto()  # opens the line: "[12]", "10:", "250 train ..."
    PLACE = auto()  # a counter without a name: "[10/5005]", "| 9/20 ["
    TOTAL = auto()  # what the number before it counts up to
    SECOND = auto()  # in brackets behind another value: an average, a change
    UNTIL = auto()  # the last of the steps that a value is about: "avg. loss [1901-2000]: 0.5"
    SCALE = auto()  # part of a name: "lr(1e-4)"
    PERCENT = auto()
    CLOCK = auto()  # a time of day, a duration, a number with a unit, a line of a program
    BARE = auto()  # nothing says what it is


@dataclass
class Token:
    """A number in a line.

    Attributes:
        kind: what it is.
        key: what it is called; empty where nothing says so.
        text: as written.
        start: where it begins in the line.
        end: where it ends.
        key_start: where its name begins, or where it begins itself.
        explicit: a colon or an equals sign stands between name and number.
        behind: its name follows it: "31 leaves".
    """

    kind: Kind
    key: str
    text: str
    start: int
    end: int
    key_start: int
    explicit: bool = False
    behind: bool = False

    @property
    def unit(self) -> str:
        """What is written right behind a number and changes nothing of it."""
        return next((unit for unit in ("%", "dB") if self.text.endswith(unit)), "")
