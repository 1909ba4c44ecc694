"""The app: starts the watcher, hands its updates to the screen, restores the terminal."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.actions import ActionParseResult
from textual.app import SystemCommand
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.driver import Driver
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from lossmon import crash
from lossmon.config import Config
from lossmon.config.keep import keep
from lossmon.errors import ConfigError, message_of
from lossmon.monitor import Monitor
from lossmon.monitor.replay import ReplayMonitor
from lossmon.session import Session
from lossmon.text import printable
from lossmon.tui import clipboard, textual_private, themes
from lossmon.tui.driver import TerminalDriver
from lossmon.tui.leaving import LEAVE_S, Impatient
from lossmon.tui.messages import RunsUpdated, ServiceFailed, Shown, WatchFailed
from lossmon.tui.notices import Notices
from lossmon.tui.palette import Commands, Palette, commands_of
from lossmon.tui.screens.help import HelpScreen, keys_of
from lossmon.tui.screens.leave import Choice, LeaveScreen
from lossmon.tui.screens.main import MainScreen
from lossmon.tui.watcher import Watcher
from lossmon.tui.wired_app import WiredApp
from lossmon.words import Words, known, said

if TYPE_CHECKING:
    from lossmon.monitor import RunUpdate
    from lossmon.notify import Notifier
    from lossmon.tui.first_frame import FirstFrame

_KEY_NAMES = {"↑": "up", "↓": "down", "←": "left", "→": "right", "⏎": "enter", "⇥": "tab"}
_EMPTY_S = (1.5, 5.0, 20.0)  # after which a screen without a run says what was looked at
_FIRST_RUNS_S = 1.6  # the first frame stands so long, instead of a screen without a run
_NOTICE_S = 3.0  # between two looks whether a notice waits, or the title says too much


class LossmonApp(WiredApp):
    """Watches runs.

    Args:
        monitor: what to watch; polled from a thread of its own, closed by the caller.
        lang: language of causes and remedies.
        ascii: draw with ASCII signs only.
        fps: redraws a second at most.
        waiting: what to say before the first run shows up.
        settings: what config.toml says; the arguments above go before it.
        piped: a pipe is watched, whose writer is a process of the same job.
        left: how the last screen on these targets was left.
        first: there was no screen before this one, ever.
        frame: what has the terminal, and is taken over.
        known: runs to begin with, until the reading tells of them.
        colours: how many the terminal has.

    Attributes:
        failure: one line, once an error of our own ended the screen or the reading.
        drain: the screen was left, and the pipe is to be read on.
    """

    TITLE = "lossmon"
    CSS_PATH = "lossmon.tcss"
    ENABLE_COMMAND_PALETTE = True
    ALLOW_SELECT = False  # nothing copies a selection of Textual's; the terminal's own works
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {Commands}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "quit", show=False, priority=True),
        Binding(
            "N", "notices", "notices", show=False, tooltip="Notices: bell and desktop, on, off"
        ),
        Binding(
            "T",
            "next_theme",
            "theme",
            show=False,
            tooltip="Next theme: dark, light, contrast, colour-blind; kept in config.toml",
        ),
        Binding("question_mark", "help", "all keys", show=False, key_display="?"),
        Binding("ctrl+l", "redraw", "draw anew", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", "suspend", show=False, priority=True),
    ]

    def __init__(
        self,
        monitor: Monitor,
        *,
        lang: str = "en",
        ascii: bool = False,
        fps: float = 5.0,
        waiting: str = said("waiting for the first rows …"),
        settings: Config | None = None,
        piped: bool = False,
        notifier: Callable[[Callable[[str], None]], Notifier] | None = None,
        left: Session | None = None,
        first: bool = False,
        frame: FirstFrame | None = None,
        known: Sequence[RunUpdate] = (),
        colours: int = 1 << 24,
    ) -> None:
        super().__init__()
        self.first_frame = frame
        if frame is not None and not issubclass(self.get_driver_class(), TerminalDriver):
            frame.give_back()  # Textual's own driver takes the terminal from the start
        textual_private.tell()
        self.animation_level = "none"
        self.failure: str | None = None
        self.drain = False
        self._piped = piped
        self._ascii = self.plain_signs = ascii
        self.settings = settings or Config()
        for theme in themes.OURS.values():
            self.register_theme(themes.for_colours(theme, colours))
        self.theme = self.settings.screen.theme
        self._main = MainScreen(lang, ascii, waiting, self.settings.screen)
        if left is not None:
            self._main.recall(left)
        self._main.reading = monitor.progress()
        self._main.apply([*known])
        self._main.awaits_runs = frame is not None and frame.held
        self._monitor = monitor
        self._main.hint = first
        if isinstance(monitor, ReplayMonitor):
            self._main.replayed = monitor
        self.notices = Notices(self.settings.notices, self._write)
        self._notifier = None if notifier is None else notifier(self._tell_service_failed)
        self._watcher = Watcher(
            monitor,
            on_updates=self._tell_updates,
            on_failure=self._tell_failure,
            fps=fps,
            begun=bool(known),
        )

    @property
    def words(self) -> Words:
        """The language in use."""
        return self._main.knowledge.tongue

    def _tell_updates(self) -> None:
        self.post_message(RunsUpdated())

    def _tell_failure(self, reason: str) -> None:
        self.post_message(WatchFailed(reason))

    def _tell_service_failed(self, reason: str) -> None:
        self.post_message(ServiceFailed(reason))

    @property
    def to_replay(self) -> tuple[str, ...]:
        """Logs that the user left the screen for, to see them come again."""
        return self._main.to_replay

    @property
    def to_watch(self) -> tuple[str, ...]:
        """Targets that the user left the screen for, to watch them, too."""
        return self._main.to_watch

    def left(self, targets: Sequence[str], folder: str) -> Session:
        """How the screen was left, for the next one; see `MainScreen.left`."""
        return self._main.left(targets, folder)

    def get_default_screen(self) -> Screen[None]:
        """The main screen is there from the first paint."""
        return self._main

    def on_mount(self) -> None:
        """Begin to watch."""
        self.set_timer(_FIRST_RUNS_S, self._main.await_no_runs)
        self.set_interval(_NOTICE_S, self._give_notice)
        self.app_resume_signal.subscribe(self, self._title_again)
        asyncio.get_running_loop().set_default_executor(Impatient())
        self._watcher.start()
        for after_s in _EMPTY_S:
            self.set_timer(after_s, partial(self._tell_empty, late=after_s == _EMPTY_S[-1]))

    def _tell_empty(self, late: bool) -> None:
        """Say that there is no log once that is known; much later, that there is none so far."""
        if self._monitor.exhausted:
            self._main.tell_barred(self._monitor)
        if late or self._monitor.exhausted:
            self._main.tell_empty(self._monitor)
            self.call_after_refresh(self.unveil)

    def _title_again(self, _: object) -> None:
        self.notices.forget_title()
        self.notices.show_title(list(self._main.runs), self.words)

    def on_unmount(self) -> None:
        """No thread outlives the screen."""
        self._watcher.stop()
        if self._notifier is not None:
            self._notifier.close(LEAVE_S)

    def on_shown(self, _: Shown) -> None:
        """What there is at first is laid out: the terminal gets it in one frame.

        After two refreshes: the line of keys is said after the first.
        """
        self.call_after_refresh(self._main.call_after_refresh, self.unveil)

    def on_runs_updated(self) -> None:
        """Hand the newest updates to the screen."""
        self._main.reading = self._watcher.progress
        self._main.apply_hosts(self._watcher.hosts, self._monitor)
        updates = [self._main.quiet.mark(update) for update in self._watcher.take()]
        self._main.apply(updates)
        self.notices.take(updates)
        self._give_notice()
        self.call_after_refresh(self._watcher.drawn)

    def _give_notice(self) -> None:
        """Bring the title up to date; send a notice when the last one is some seconds old."""
        self.notices.show_title(list(self._main.runs), self.words)
        if self.notices.due_in() == 0.0:
            told = self.notices.send(self._main.knowledge)
            if self._notifier is not None:
                self._notifier.add(told)

    def _write(self, sequence: str) -> None:
        """Send what is no picture to the terminal."""
        driver = textual_private.driver_of(self)
        if driver is not None:
            driver.write(sequence)

    def copy_to_clipboard(self, text: str) -> None:
        """Through ssh, tmux and screen, to the machine at which the user sits."""
        textual_private.keep_clipboard(self, text)
        self._write(clipboard.osc52(text, os.environ))

    def action_notices(self) -> None:
        """Notices on or off."""
        self.notices.on = not self.notices.on
        self.notify(said("notices on") if self.notices.on else said("notices off"), timeout=3)

    def on_watch_failed(self, message: WatchFailed) -> None:
        """Reading has ended; what is on the screen stays."""
        self.failure = said("reading stopped: {reason}", reason=printable(message.reason))
        self.notify(message.reason, title=said("reading stopped"), severity="error", timeout=3600)

    def on_service_failed(self, message: ServiceFailed) -> None:
        """Say which service did not take a notice; the watching goes on."""
        self.notify(message.reason, severity="warning")

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,  # noqa: ARG002 - Textual's signature
    ) -> None:
        """Say something over the line of keys; never as markup: it may hold words of a log."""
        if title:  # on one line with the rest
            message = said("{word}: {note}", word=title, note=message)
        super().notify(
            printable(self.words.say(message)),
            severity=severity,
            timeout=timeout,
            markup=False,
        )

    def get_driver_class(self) -> type[Driver]:
        """Ours, where Textual would take the one it comes from."""
        usual = super().get_driver_class()
        ours = not textual_private.DRIVER and issubclass(TerminalDriver, usual)
        return TerminalDriver if ours else usual

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """No cursor blinks, in our boxes or the library's: it would cost bytes all day."""
        if isinstance(event.widget, Input):
            event.widget.cursor_blink = False

    def get_key_display(self, binding: Binding) -> str:
        """What a key is called; without signs where those cannot be shown."""
        shown = super().get_key_display(binding)
        if not self._ascii:
            return shown
        for sign, name in _KEY_NAMES.items():
            shown = shown.replace(sign, name)
        return shown.encode("ascii", "replace").decode()

    def action_help(self) -> None:
        """The keys of the place one is in."""
        if not isinstance(self.screen, HelpScreen):
            ascii = self._main.has_class("-ascii")
            self.push_screen(HelpScreen(keys_of(self.screen), ascii=ascii))

    def action_command_palette(self) -> None:
        """Every action by name."""
        if not isinstance(self.screen, Palette):
            ask = self.words("Search for commands…")
            self.push_screen(
                Palette(placeholder=ask)
            )  # no id: the one just left may still be there

    def action_next_theme(self) -> None:
        """Other colours, kept in config.toml."""
        self.theme = themes.after(self.theme)
        try:
            keep("screen", theme=self.theme)
            self.notify(said("theme: {theme}", theme=known(self.theme)), timeout=2)
        except ConfigError as error:
            title = said("theme: {theme}, not kept", theme=known(self.theme))
            self.notify(message_of(error), title=title, timeout=5)

    async def action_quit(self) -> None:
        """Quit: where a training still writes into the pipe, ask what becomes of it.

        Asked again, by a second ctrl+c, it leaves, and the training goes on.
        """
        pipe = self._monitor.pipe if self._piped else None
        if pipe is None or pipe.exhausted:
            self.exit()
        elif isinstance(self.screen, LeaveScreen):
            self._leave("drain")
        else:
            self.push_screen(LeaveScreen(printable(pipe.kept)), self._leave)

    def _leave(self, choice: Choice | None) -> None:
        if choice is not None:
            self.drain = choice == "drain"
            self.exit()

    def action_suspend_process(self) -> None:
        """Suspend: as ctrl+z does in any program."""
        if self._piped:
            self.notify(said("ctrl+z would stop the training that writes into this pipe; q leaves"))
        elif isinstance(driver := textual_private.driver_of(self), TerminalDriver):
            driver.suspend_process()
        else:
            super().action_suspend_process()

    def pop_screen(self) -> AwaitComplete:
        """Close what lies over the main screen, which stays: two quick clicks may both close."""
        if len(self.screen_stack) > 1:
            return super().pop_screen()
        return AwaitComplete.nothing()  # type: ignore[no-any-return, no-untyped-call]

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """A key whose action breaks says so, and the screen goes on."""
        self._main.hint = False
        if isinstance(default_namespace, Screen):
            there = default_namespace.is_mounted and default_namespace.is_current
            if not there:  # the key came while its screen was opened or closed
                return False
        try:
            return await super().run_action(action, default_namespace, namespaces)
        except Exception as error:
            if isinstance(error, NoMatches) and _is_being_built(default_namespace):
                return False  # the key came before what it is about
            if self.is_headless:
                raise  # a test wants to see it
            self.notify(crash.record(error), severity="error", timeout=30)
            return True

    def _fatal_error(self) -> None:
        """An error of ours, in a widget or a handler: end with one line, not a traceback."""
        self._end_with(textual_private.error_of(self))

    def _end_with(self, error: Exception) -> None:
        self.failure = crash.record(error)
        textual_private.end(self, crash.STATUS)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every action that has a key, as the key says it; nothing of Textual's own."""
        return commands_of(screen, self.words)


def _is_being_built(node: DOMNode | None) -> bool:
    """Whether parts of a screen are still to come."""
    if not isinstance(node, Screen):
        return False
    parts = node.walk_children(Widget)
    return not parts or not all(one.is_mounted for one in parts)
