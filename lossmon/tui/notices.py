"""Notices that leave the screen: bell, desktop notice, the window's title.

All words go through `printable`, so that no name and no line of a log ends a sequence early.
Inside tmux a desktop notice is wrapped for its pass-through (`set -g allow-passthrough on`).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from lossmon.config.notices import Notices as Settings
from lossmon.diagnosis.knowledge import Knowledge
from lossmon.monitor import RunUpdate
from lossmon.monitor.changes import Change, Changes
from lossmon.monitor.news import News
from lossmon.text import clip, printable
from lossmon.tui import look
from lossmon.words import Said, Words, said

_APART_S = 3.0  # between two notices; what starts meanwhile shares the next
_ENGLISH = Words()
_MOST_NAMED = 3
_WIDTH = 120
_ST = "\x1b\\"


class Notices:
    """Knows what is news, and when it was told last.

    Args:
        settings: what is wanted.
        write: sends a sequence to the terminal.
        environment: says which terminal it is.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        settings: Settings,
        write: Callable[[str], None],
        environment: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.on = settings.on
        self._settings = settings
        self._write = write
        self._environment = environment
        self._changes = Changes(first="present")
        self._loading: dict[str, float] = {}  # of runs that are not read to their end yet
        self._news = News(settings.level, _APART_S, clock)
        self._title = ""

    def take(self, updates: Iterable[RunUpdate]) -> None:
        """Note what starts in runs that have been read to their end, but for the newest rows."""
        settled = [update for update in updates if update.removed or self._settled(update)]
        self._news.add(self._changes.take(settled))

    def due_in(self) -> float | None:
        """Seconds until a notice can be sent; None where there is none to send."""
        return self._news.due_in()

    def send(self, knowledge: Knowledge) -> list[Change]:
        """Send what waits, as one notice.

        Returns:
            What was told, for who tells it elsewhere too; nothing while notices are off.
        """
        waiting = self._news.take()
        if not waiting or not self.on:
            return []
        if self._settings.bell:
            self._write("\a")
        kind = self._kind()
        if kind:
            self._write(desktop(kind, "lossmon", words(waiting, knowledge), self._in_tmux))
        return waiting

    def show_title(self, runs: Sequence[RunUpdate], words: Words = _ENGLISH) -> None:
        """Bring the window's title up to date; nothing is sent where it stays the same."""
        title = words.say(title_of(runs))
        if self._settings.title and title != self._title:
            self._title = title
            self._write(f"\x1b]2;{printable(title)}{_ST}")

    def forget_title(self) -> None:
        """The terminal shows another title now: it was given to another program."""
        self._title = ""

    @property
    def _in_tmux(self) -> bool:
        return bool(self._environment.get("TMUX"))

    def _kind(self) -> str:
        """How this terminal takes a desktop notice; "" for not at all."""
        wanted = self._settings.desktop
        if wanted != "auto":
            return "" if wanted == "off" else wanted
        term = self._environment.get("TERM", "")
        if term in ("linux", "dumb"):
            return ""  # they would print it
        by_777 = term.startswith(("rxvt", "foot")) or "VTE_VERSION" in self._environment
        return "osc777" if by_777 else "osc9"

    def _settled(self, update: RunUpdate) -> bool:
        """Whether what a run shows is of now: all was read, or no more of it can be."""
        before = self._loading.get(update.run)
        if update.loading < 1.0 and update.loading != before:
            self._loading[update.run] = update.loading
            return False
        self._loading.pop(update.run, None)
        return True


def title_of(runs: Sequence[RunUpdate]) -> Said:
    """How many runs need attention, of how many: "lossmon 3! 12 runs"."""
    ill = sum(look.severity(run) != "info" for run in runs)
    count = said("{runs} {runs:run|runs}", runs=len(runs))
    if ill:
        return said("lossmon {ill}! {count}", ill=ill, count=count)
    return said("lossmon {count}", count=count)


def words(changes: Sequence[Change], knowledge: Knowledge) -> str:
    """What has started, in one line."""
    named = [
        f"{printable(change.update.run)}: {_title(change, knowledge)}"
        for change in changes[:_MOST_NAMED]
    ]
    left = len(changes) - _MOST_NAMED
    more = knowledge.tell(", and {more} more", more=left) if left > 0 else ""
    return clip("; ".join(named), _WIDTH) + more


def _title(change: Change, knowledge: Knowledge) -> str:
    title = knowledge.told(change.finding).title.upper()
    return f"{title} {knowledge.since(change.finding)}"


def desktop(kind: str, title: str, body: str, tmux: bool) -> str:
    """The sequence of a desktop notice.

    Args:
        kind: "osc9" (iTerm2, WezTerm, Ghostty, Windows Terminal, kitty) or "osc777" (urxvt, foot,
            VTE).
        title: a word.
        body: a line.
        tmux: wrap it, so that tmux hands it on.
    """
    title, body = printable(title).replace(";", ","), printable(body)
    if kind == "osc777":
        sequence = f"\x1b]777;notify;{title};{body.replace(';', ',')}{_ST}"
    else:
        sequence = f"\x1b]9;{title}: {body}{_ST}"  # a number in front would mean something else
    if tmux:
        doubled = sequence.replace("\x1b", "\x1b\x1b")
        return f"\x1bPtmux;{doubled}{_ST}"
    return sequence
