"""The boxes on the top line, and the key that lets ssh ask its questions."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Callable
from typing import ClassVar

from textual.app import SuspendNotSupported
from textual.binding import Binding, BindingType

from lossmon import settings
from lossmon.endings import BY_USER, TO_END
from lossmon.logs.source import Health
from lossmon.logs.ssh_hosts import known_hosts
from lossmon.monitor import Monitor
from lossmon.text import cell_width, clip, clip_middle, in_words, printable
from lossmon.tui.screens.boxes import BoxesScreen
from lossmon.tui.screens.shared import RunsScreen
from lossmon.tui.tongue import words_of
from lossmon.tui.widgets.lines import Part
from lossmon.words import Said, joined, known, said

_LEAST_NAME = 14  # cells that the name of a run keeps beside the boxes
_LEAST_REASON = 12  # cells; in fewer a reason says nothing
_TINY = 60  # columns
_MANY = 3  # boxes from which on those that are well are counted, not named


class HostKeys(RunsScreen):
    """Knows how the links to other boxes are.

    Attributes:
        to_watch: targets that the user wants beside the others; the screen was left for that.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "P",
            "ask_host",
            "answer ssh",
            show=False,
            tooltip="Answer ssh: type a password, confirm a host key, or connect now",
        ),
        Binding(
            "O",
            "boxes",
            "add a box",
            show=False,
            tooltip="Add a box: hosts of your ssh configuration, beside what is watched",
        ),
    ]

    def __init__(self, ascii: bool, lang: str) -> None:
        super().__init__(ascii, lang)
        self.to_watch: tuple[str, ...] = ()
        self._counting = False

    def apply_hosts(self, hosts: tuple[Health, ...], monitor: Monitor) -> None:
        """Take how the links are now."""
        self.monitor = monitor
        if hosts == self.hosts:
            return
        self.hosts = hosts
        self.show_all()
        if not self._counting and any(host.retry_at is not None for host in hosts):
            self._counting = True
            self.set_timer(1.0, self._count_down)

    def _count_down(self) -> None:
        self._counting = any(host.retry_at is not None for host in self.hosts)
        if self._counting:
            self.show_all()
            self.set_timer(1.0, self._count_down)

    def with_hosts(self, parts: list[Part], wide: bool) -> list[Part]:
        """The top line with the boxes: where room is short the name of the run gives way."""
        longest = max(range(len(parts)), key=lambda i: cell_width(parts[i][0]))
        at = next((i for i, (_, style) in enumerate(parts) if style == "bold"), longest)
        text, style = parts[at]
        others = sum(cell_width(words) for words, _ in parts) - cell_width(text)
        least = min(cell_width(text), _LEAST_NAME)
        if self.size.width < _TINY and any(host.state != "live" for host in self.hosts):
            parts = parts[: at + 1]  # in a tiny pane a box in trouble is said before the numbers
            others = sum(cell_width(words) for words, _ in parts) - cell_width(text)
        room = self.size.width - others
        hosts = self._host_parts(room - least, wide) if self.hosts else []
        left = room - sum(cell_width(words) for words, _ in hosts)
        shorter = clip_middle if style == "bold" else clip  # of a name the end tells most
        said = shorter(text, max(least, left), ascii=self.ascii)
        return [*parts[:at], (said, style), *parts[at + 1 :], *hosts]

    def _host_parts(self, room: int, wide: bool) -> list[Part]:
        """What is said of the boxes in so many cells: how each is, then why, as room allows."""
        ill = [host for host in self.hosts if host.state != "live" or host.reason]
        ill.sort(key=lambda host: _URGENCY.index(host.state))
        well = [host for host in self.hosts if host not in ill]
        say = words_of(self).say
        heads = [(say(head_of(host)), _STYLES[host.state]) for host in ill]
        if len(well) >= _MANY:
            heads.append((say(said("{count} hosts live", count=len(well))), "$text-success"))
        elif wide or not ill:
            heads += [(say(head_of(host)), "$text-success") for host in well]
        dot = " | " if self.ascii else " · "
        left = room - 1 - sum(cell_width(head) + len(dot) for head, _ in heads)
        parts: list[Part] = []
        for i, (head, style) in enumerate(heads):
            why = printable(say(ill[i].reason)) if i < len(ill) else ""
            share = left // (len(ill) - i) - 2 if why else 0
            if share >= _LEAST_REASON:
                words = clip(why, share, ascii=self.ascii)
                left -= cell_width(words) + 2
                head = f"{head}: {words}"
            parts += [(dot if parts else " ", "$text-muted"), (head, style)]
        return parts

    def action_boxes(self) -> None:
        """Choose hosts of the ssh configuration, to be watched beside what is."""
        hosts = known_hosts(settings.current().ssh_config)
        if not hosts:
            self.notify(said("your ssh configuration names no hosts"), timeout=4)
            return

        def chosen(targets: tuple[str, ...] | None) -> None:
            if targets:
                self.to_watch = targets
                self.app.exit()

        self.app.push_screen(BoxesScreen(hosts, ascii=self.ascii), chosen)

    def action_ask_host(self) -> None:
        """Let ssh ask where it must, and connect anew; with all well, say how the boxes are."""
        asking = [host for host in self.hosts if host.state in ("needs_password", "gone")]
        waiting = [host for host in self.hosts if host.state == "retrying"]
        if self.monitor is None or not (asking or waiting):
            words = joined("\n", [host_in_words(host) for host in self.hosts])
            words = words if self.hosts else said("all logs are on this machine")
            self.notify(words)
            return
        for host in waiting:
            self.monitor.ask(host.host)  # which only connects now
        if asking:
            self._hand_over(asking, self.monitor)

    def _hand_over(self, asking: list[Health], monitor: Monitor) -> None:
        """Leave the terminal to ssh until its questions are answered."""
        try:
            with self.app.suspend():
                _let_interrupts_pass(lambda status: self.app.exit(None, status))
                for host in asking:
                    sys.stdout.write(f"\nlossmon: {words_of(self).say(host_in_words(host))}\n")
                    sys.stdout.flush()
                    if not monitor.ask(host.host):
                        see = words_of(self)("see above; enter goes back to the screen")
                        sys.stdout.write(f"lossmon: {see} ")
                        sys.stdout.flush()
                        sys.stdin.readline()
        except SuspendNotSupported:
            self.notify(said("this terminal can't be handed over"), severity="error")


def _let_interrupts_pass(leave: Callable[[int], None]) -> None:
    """ctrl+c at a question gives up the question and not the screen; the driver sets it anew.

    Args:
        leave: called with the status when we are told to end.
    """
    loop = asyncio.get_running_loop()
    try:
        for number in TO_END:
            loop.remove_signal_handler(number)
        for number in BY_USER:
            # A handler, and not SIG_IGN, which ssh would inherit.
            signal.signal(number, lambda *_: None)
        for number in set(TO_END) - set(BY_USER):
            signal.signal(number, lambda received, _: leave(128 + received))
        # Else the loop would hear of the interrupt later, when its own handlers are back.
        signal.set_wakeup_fd(-1)
    except (NotImplementedError, RuntimeError, ValueError):
        pass  # not in the main thread


_URGENCY = ("gone", "needs_password", "retrying", "connecting", "live")
_STYLES = {
    "connecting": "$text-muted",
    "live": "$text-warning",
    "retrying": "$text-warning",
    "needs_password": "bold $text-warning",
    "gone": "bold $text-error",
}


def head_of(host: Health) -> Said:
    """A box and the state of its link: until when, and the key that helps."""
    name = printable(host.host)
    if host.state == "retrying":
        left_s = max(1.0, (host.retry_at or 0.0) - time.time())
        return said("{host} retrying in {time}", host=name, time=in_words(round(left_s)))
    words = {"needs_password": "needs you: P", "gone": "gone: P retries"}
    return said("{host} {state}", host=name, state=known(words.get(host.state, host.state)))


def host_in_words(host: Health) -> Said:
    """The state of a link, and why."""
    why = host.reason or host.note
    return head_of(host) + ": " + why if why else head_of(host)
