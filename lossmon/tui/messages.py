"""What travels from the watching thread to the screen, and that it is there."""

from __future__ import annotations

from textual.message import Message


class RunsUpdated(Message, bubble=False):
    """Runs changed; the app takes the newest update of each from the watcher."""

    def can_replace(self, message: Message) -> bool:
        """Several in the queue are one: the watcher keeps the newest update of every run."""
        return isinstance(message, RunsUpdated)


class Shown(Message):
    """The main screen has said for the first time what there is, if only that it waits."""


class WatchFailed(Message, bubble=False):
    """The watching thread ended with an error.

    Attributes:
        reason: one line.
    """

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class ServiceFailed(Message, bubble=False):
    """A service did not take a notice.

    Attributes:
        reason: one line.
    """

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason
