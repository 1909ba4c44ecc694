"""The keys of other boxes: one lets ssh ask its questions, one adds a box."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from typing import ClassVar

from textual.app import SuspendNotSupported
from textual.binding import Binding, BindingType

from lossmon import settings
from lossmon.endings import BY_USER, TO_END
from lossmon.logs.source import Health
from lossmon.logs.ssh_hosts import known_hosts
from lossmon.monitor import Monitor
from lossmon.tui.links import host_in_words
from lossmon.tui.screens.boxes import BoxesScreen
from lossmon.tui.screens.shared import RunsScreen
from lossmon.tui.tongue import words_of
from lossmon.words import joined, said


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
