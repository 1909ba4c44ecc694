"""The boxes on the top line, and the key that lets ssh ask its questions."""

from __future__ import annotations

import sys
import time
from typing import ClassVar

from textual.app import SuspendNotSupported
from textual.binding import Binding, BindingType

from lossmon.logs.source import Health
from lossmon.monitor import Monitor
from lossmon.text import cell_width, clip, in_words, printable
from lossmon.tui.screens.shared import RunsScreen
from lossmon.tui.widgets.lines import Part

_LEAST_NAME = 14  # cells that the name of a run keeps beside the boxes
_MANY = 3  # boxes from which on those that are well are counted, not named


class HostKeys(RunsScreen):
    """Knows how the links to other boxes are.

    Attributes:
        _hosts: one a box, in the order they were named; empty where all is on this machine.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("P", "ask_host", "answer ssh", show=False, tooltip="Answer a question of ssh"),
    ]

    def __init__(self, ascii: bool) -> None:
        super().__init__(ascii)
        self._hosts: tuple[Health, ...] = ()
        self._monitor: Monitor | None = None
        self._counting = False

    def apply_hosts(self, hosts: tuple[Health, ...], monitor: Monitor) -> None:
        """Take how the links are now."""
        self._monitor = monitor
        if hosts == self._hosts:
            return
        self._hosts = hosts
        self._show()
        if not self._counting and any(host.retry_at is not None for host in hosts):
            self._counting = True
            self.set_timer(1.0, self._count_down)

    def _count_down(self) -> None:
        self._counting = any(host.retry_at is not None for host in self._hosts)
        if self._counting:
            self._show()
            self.set_timer(1.0, self._count_down)

    def host_parts(self, narrow: bool) -> list[Part]:
        """What the top line says of the boxes: those in trouble with the reason."""
        well = [host for host in self._hosts if host.state == "live" and not host.reason]
        parts: list[Part] = []
        if len(well) >= _MANY:
            parts.append((f"{len(well)} hosts live", "$text-success"))
        elif not narrow:
            parts += [(f"{printable(host.host)} live", "$text-success") for host in well]
        for host in self._hosts:
            if host not in well:
                parts.append((host_in_words(host), _STYLES[host.state]))
        dot = " | " if self._ascii else " · "
        spaced: list[Part] = []
        for part in parts:
            spaced += [(dot if spaced else " ", "$text-muted"), part]
        return spaced

    def with_hosts(self, parts: list[Part], hosts: list[Part]) -> list[Part]:
        """The top line with the boxes: where room is short the longest word, a name, gives way."""
        if not hosts:
            return parts
        over = sum(cell_width(text) for text, _ in [*parts, *hosts]) - self.size.width
        at = max(range(len(parts)), key=lambda i: cell_width(parts[i][0]))
        text, style = parts[at]
        room = max(_LEAST_NAME, cell_width(text) - max(0, over))
        shorter = (clip(text, room, ascii=self._ascii), style)
        return [*parts[:at], shorter, *parts[at + 1 :], *hosts]

    def action_ask_host(self) -> None:
        """Leave the screen to ssh until its question is answered, and connect anew."""
        broken = [host for host in self._hosts if host.state in ("needs_password", "gone")]
        broken = broken or [host for host in self._hosts if host.state == "retrying"]
        if not broken or self._monitor is None:
            self.notify("no box has a question", timeout=3)
            return
        try:
            with self.app.suspend():
                for host in broken:
                    sys.stdout.write(f"\nlossmon: {host_in_words(host)}\n")
                    sys.stdout.flush()
                    self._monitor.ask(host.host)
        except SuspendNotSupported:
            self.notify("this terminal can't be handed over", severity="error")


_STYLES = {
    "connecting": "$text-muted",
    "live": "$text-warning",
    "retrying": "$text-warning",
    "needs_password": "bold $text-warning",
    "gone": "bold $text-error",
}


def host_in_words(host: Health) -> str:
    """The state of a link: what, until when, why, and the key that helps."""
    name, why = printable(host.host), printable(host.reason)
    if host.state == "connecting":
        return f"{name} connecting" + (f" (before: {why})" if why else "")
    if host.state == "retrying":
        left_s = max(0.0, (host.retry_at or 0.0) - time.time())
        words = f"{name} retrying in {in_words(max(1.0, left_s))}"
    else:
        key = {"needs_password": "needs you: P", "gone": "gone: P retries"}
        words = f"{name} {key.get(host.state, host.state)}"
    return f"{words}: {why}" if why else words
