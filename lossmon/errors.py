"""Every error a user can meet, on one page.

LossmonError
├── TargetError        what was asked for cannot be read: no such path, no permission, nothing in it
├── FormatError        the content is no training log: binary, empty, or in no format we know
└── ConfigError        config.toml or a flag is wrong

The message is one line, says what was seen and what would work, and is printed as it stands.
"""

from __future__ import annotations

from collections.abc import Sequence


class LossmonError(Exception):
    """The root: `str(error)` is one line for the user; the exit status is 2."""


def messages_of(error: Exception) -> list[str]:
    """What an error says, a line each where it says more than one thing."""
    others = error.others if isinstance(error, ConfigError) else ()
    return [message_of(one) for one in (error, *others)]


def message_of(error: Exception) -> str:
    """What an error says, as a text that can be told in another language (see `lossmon.words`)."""
    told = error.args[0] if len(error.args) == 1 else None
    return told if isinstance(told, str) else str(error)


class TargetError(LossmonError):
    """A target that cannot be read."""


class LeftOut(TargetError):
    """A target holds more than is kept: what came of it is good, and not all."""


class FormatError(LossmonError):
    """Content in which no training log was recognised."""


class ConfigError(LossmonError):
    """A setting that cannot be used.

    Args:
        message: the first one that cannot.
        others: the other ones, which are told in lines of their own.
    """

    def __init__(self, message: str, others: Sequence[ConfigError] = ()) -> None:
        super().__init__(message)
        self.others = tuple(others)
