"""The terminal, given back on every way out: quit, crash, signal, suspension, a line that is cut.

Textual's driver, with what a program needs that people leave open all day: signals are handled in
the event loop (a plain handler may run while the writer's queue is locked), `ctrl+z` stops the
whole job as the shell expects it, a terminal that is gone ends the program instead of blocking or
spinning, one that takes nothing holds nothing up, and one that was stopped or resized by others is
drawn anew.
"""

from __future__ import annotations

import asyncio
import errno
import os
import select
import signal
import threading
import time
from codecs import getincrementaldecoder
from collections.abc import Callable
from typing import Any, cast

from textual import events
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.message import Message

from lossmon.endings import SIGNALLED, TO_END
from lossmon.tui import textual_private
from lossmon.tui.first_frame import ENTER, FirstFrame, within, without_waiting
from lossmon.tui.paste import Pastes
from lossmon.tui.textual_private import XTermParser
from lossmon.tui.wired_app import WiredApp

_KEEP_TITLE, _FORMER_TITLE = "\x1b[22;2t", "\x1b[23;2t"  # XTPUSHTITLE, XTPOPTITLE
_KEYS_S = 0.1  # between two looks whether an escape that came alone is the key
_STUCK_S = 1.0  # a terminal that takes nothing for so long gets nothing until it does
_HEARD_S = 0.05  # within which a signal that came while we were stopped is heard of
_ORPHAN_S = 0.05  # a stop that lasted less was none: no shell is there to stop us


class TerminalDriver(LinuxDriver):
    """Draws on the terminal, reads keys from standard input."""

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__(app, **options)
        self._output = _Output(_terminal(), self._hung_up, self._takes_again)
        self._file = cast(Any, self._output)
        self._ours = False  # between the start and the stop of application mode
        self._entered = False  # the alternate screen, by the first frame
        self._ends = False  # a signal said so
        self._running_loop: asyncio.AbstractEventLoop | None = None
        for number in (signal.SIGTSTP, signal.SIGCONT):
            signal.signal(number, signal.SIG_DFL)

    def start_application_mode(self) -> None:
        """Take the terminal; from here on every ending gives it back."""
        if not self._ours:
            self._ours = True
            self._handle_signals()
            frame: FirstFrame | None = getattr(self._app, "first_frame", None)
            former = frame.hand_over() if frame is not None else None
            self._entered = former is not None
            super().start_application_mode()  # type: ignore[no-untyped-call]
            if former is not None:
                self.attrs_before = (
                    former  # else an ending would leave the modes of the first frame
                )
            self.write(_KEEP_TITLE)

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was; a second call does nothing."""
        if self._ours:
            self._ours = False
            self._end_unstopped()
            self._let_stop()
            self.write(_FORMER_TITLE)
            super().stop_application_mode()

    def disable_input(self) -> None:
        """Hear no more keys; of a terminal that is another's none are thrown away either.

        From the background that would stop us, for ever: `kill %1` behind a ctrl+z ended nothing.
        """
        if self._ours or self._in_foreground():
            self._end_unstopped()
            super().disable_input()

    def _end_unstopped(self) -> None:
        """Where a signal ends us in the background, the terminal is given back all the same."""
        if self._ends:
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)

    def close(self) -> None:
        """End the writer; nothing more is sent, nor waited for, where the terminal is stuck."""
        super().close()
        self._writer_thread = None

    def process_message(self, message: Message) -> None:
        """Take what the terminal sends; also how large it says it is, within bounds."""
        if isinstance(message, events.Resize):
            size = Size(*within(message.size))
            message = events.Resize(size, size, pixel_size=message.pixel_size)
        super().process_message(message)

    def _get_terminal_size(self) -> tuple[int, int]:
        """How large the terminal is, within bounds; where it does not know, as the shell says.

        A stale `LINES=99999 COLUMNS=99999` in the environment went first: the screen took 15 MB a
        second, and neither `q` nor a signal ended it.
        """
        try:
            size = os.get_terminal_size(self._output.fileno())
        except OSError:
            size = os.terminal_size((0, 0))
        return within(size if all(size) else super()._get_terminal_size())

    def write(self, data: str) -> None:
        """Send to the terminal, while it is ours."""
        if data == ENTER and self._entered:  # some terminals would clear what stands there
            self._entered = False
        elif self._writer_thread is not None:
            super().write(data)

    def suspend_process(self) -> None:
        """Stop the job, as ctrl+z does in any program, and draw anew when it goes on."""
        self.suspend_application_mode()
        # The whole group: a wrapper script that waits for us must stop too, or no prompt comes.
        os.kill(0, signal.SIGTSTP)
        self._go_on()

    def _go_on(self) -> None:
        """Back in the foreground: take the terminal again; without one, end."""
        if not self._wait_for_foreground():
            self._hung_up()
        if self._ends:
            return
        self.resume_application_mode()
        self._app.app_resume_signal.publish(self._app)  # which draws anew

    def _wait_for_foreground(self) -> bool:
        """Stay stopped while the job is in the background; False where no shell stops us.

        Not where a signal ends it (`kill %1`, behind which a shell lets the job go on): the
        terminal was given back before, and to take it would stop us again, for ever. The signal may
        have come to another thread, which runs a moment later: once in thirty it was not heard of.
        """
        while not self._ends and not self._in_foreground():
            time.sleep(_HEARD_S)
            if self._ends or self._in_foreground():
                break
            began = time.monotonic()
            os.kill(0, signal.SIGTTOU)
            if time.monotonic() - began < _ORPHAN_S and not self._in_foreground():
                return False
        return True

    def _in_foreground(self) -> bool:
        try:
            return os.tcgetpgrp(self.fileno) == os.getpgrp()
        except OSError:
            return True  # no controlling terminal: nobody puts us in the background

    def _continued(self) -> None:
        """Another program stopped us and had the terminal: take it anew."""
        self.suspend_application_mode()
        self._go_on()

    def _handle_signals(self) -> None:
        loop = self._running_loop = asyncio.get_running_loop()
        try:
            for number in TO_END:
                signal.signal(number, self._end)
            for number in getattr(self._app, "came", ()):  # while the screen was set up
                self._end(number, None)
            loop.add_signal_handler(signal.SIGTSTP, self.suspend_process)
            loop.add_signal_handler(signal.SIGCONT, self._continued)
        except (NotImplementedError, RuntimeError, ValueError):
            pass  # not in the main thread: whoever runs us there ends us

    def _end(self, number: int, _: object) -> None:
        """A signal that ends a program ends the screen.

        It is no signal handler of asyncio: those hear of a signal by a byte in the pipe that wakes
        the loop, where each key that the input thread hands over leaves one, too. Some 280 fill it
        (a key that is held down, a paste), and Python drops the byte of a signal that comes then.
        """
        self._ends = True
        loop = self._running_loop
        if loop is not None and not loop.is_closed():
            app = self._app
            if isinstance(app, WiredApp):
                loop.call_soon_threadsafe(app.end_by, number)
            else:
                loop.call_soon_threadsafe(app.exit, None, SIGNALLED + number)

    def _let_stop(self) -> None:
        """While the terminal is another's, its ctrl+z stops us at once, as it does any program."""
        for number in (signal.SIGTSTP, signal.SIGCONT):
            try:
                asyncio.get_running_loop().remove_signal_handler(number)
            except (NotImplementedError, RuntimeError, ValueError):
                pass

    def _hung_up(self) -> None:
        """The terminal is gone (from any thread): end."""
        self._end(signal.SIGHUP, None)

    def _takes_again(self) -> None:
        """The terminal was stuck (told from another thread): what it missed is sent anew."""
        loop = self._running_loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._restore)

    def _restore(self) -> None:
        if self._ours:
            self._continued()

    def _run_input_thread(self) -> None:
        """What goes wrong with a key is an error of ours like any other."""
        try:
            self.run_input_thread()
        except Exception as error:
            textual_private.handle(self._app, error)

    def run_input_thread(self) -> None:
        """Keys and mouse, until told to stop or the terminal is gone.

        Textual's own loop takes the end of the input for a pause, and would spin on it.
        """
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        pastes = Pastes()
        while not self.exit_event.is_set():
            try:
                ready = select.select([self.fileno], [], [], _KEYS_S)[0]
                data = os.read(self.fileno, 4096) if ready else b""
            except OSError:
                ready, data = [self.fileno], b""
            if ready and not data:
                self._hung_up()
                return
            # Nothing yet of a letter whose bytes come one by one.
            text = pastes.take(decode(data), time.monotonic())
            for message in [*(parser.feed(text) if text else ()), *parser.tick()]:
                self.process_message(message)


def _terminal() -> int:
    """What is drawn on: standard error, as of every program of Textual's, where it is a terminal.

    `lossmon runs 2>errors.txt` drew into the file, and showed nothing.
    """
    return next((one for one in (2, 1, 0) if os.isatty(one)), 2)


class _Output:
    """Writes all of it while the terminal takes something, without holding up who draws.

    A link that stands still, or a frozen window, kept the loop waiting, and no signal ended it. So
    what a stuck terminal would get is dropped, and all is drawn anew once it takes something again.

    Args:
        fd: the terminal.
        on_gone: called once, when nothing can be written any more; what comes later is dropped,
            so that the thread that writes never ends and nobody waits for it.
        on_back: called when a terminal that was stuck takes something again.
    """

    def __init__(
        self, fd: int, on_gone: Callable[[], None], on_back: Callable[[], None] = lambda: None
    ) -> None:
        self._shared, self._fd = fd, without_waiting(fd)
        self._on_gone, self._on_back = on_gone, on_back
        self._gone = self._stuck = False
        self._waiting: list[str] = []

    def __del__(self) -> None:
        if self._fd != self._shared:
            os.close(self._fd)

    def fileno(self) -> int:
        return self._shared

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> None:
        self._waiting.append(text)

    def flush(self) -> None:
        data = memoryview("".join(self._waiting).encode("utf-8", "replace"))
        self._waiting.clear()
        while data and not self._gone:
            try:
                data = data[os.write(self._fd, data) :]
            except BlockingIOError:
                if self._stuck:
                    return
                if not self._has_room(_STUCK_S):
                    self._stuck = True
                    threading.Thread(target=self._await_room, daemon=True).start()
                    return
            except OSError as error:
                if error.errno != errno.EINTR:
                    self._gone = True
                    self._on_gone()

    def _has_room(self, within_s: float) -> bool:
        return bool(select.select([], [self._fd], [], within_s)[1])

    def _await_room(self) -> None:
        while not self._gone and not self._has_room(_STUCK_S):
            pass
        self._stuck = False
        self._on_back()
