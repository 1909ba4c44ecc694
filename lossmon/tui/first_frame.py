"""What stands on the terminal before Textual is there: its import takes most of a start.

The title and what is read come with the standard library alone, a first curve as soon as some rows
are read; then Textual takes the terminal over as it is. Until then no key is echoed or lost, and
every way out gives the terminal back.
"""

from __future__ import annotations

import os
import select
import signal
import termios
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

from lossmon.endings import TO_END
from lossmon.text import cell_width, clip, clip_middle, printable
from lossmon.tui import colours
from lossmon.words import Words

if TYPE_CHECKING:
    from lossmon.config.screen import Screen
    from lossmon.monitor import RunUpdate

ENTER = "\x1b[?1049h"  # the alternate screen, as Textual enters it
_TAKE = f"{ENTER}\x1b[?25l"
_GIVE_BACK = "\x1b[m\x1b[?1049l\x1b[?25h"
_BEGIN, _DONE = "\x1b[?2026h", "\x1b[?2026l"  # shown at once, where a terminal can
_STUCK_S = 1.0  # a terminal that takes nothing for so long gets nothing
_SMALLEST = (20, 4)  # columns and rows: below, there is nothing to say
_LARGEST = (500, 200)  # columns and rows that are drawn on: each cell takes memory and time
_TITLE = " lossmon "

# Styles of a picture -> roles of `colours`; all others are words.
_ROLES = {
    **dict.fromkeys(("train", "train_raw"), "primary"),
    **dict.fromkeys(("eval", "eval_raw"), "warning"),
    **dict.fromkeys(("axis", "mark_info", "mark_epoch", "clipped"), "muted"),
}

Part = tuple[str, str]  # a text, and the role of its colour ("" for words)


class FirstFrame:
    """Has the terminal, from the start of a `with` until it is given back or handed over.

    Without having taken it, it draws nothing, and what is said is said at once.

    Args:
        settings: how the screen looks.
        tell: its words.
        ascii: draw with ASCII signs only.
        complain: says a line on the plain terminal.
        targets: what is read; none where the terminal is left alone.
    """

    def __init__(
        self,
        settings: Screen,
        tell: Words,
        ascii: bool,
        complain: Callable[[str], None],
        targets: Sequence[str] = (),
    ) -> None:
        self.held = False
        self._targets = targets
        self._settings, self._tell, self._ascii = settings, tell, ascii
        self._complain = complain
        self._kept: list[str] = []
        self._keys, self._screen = 0, 2  # descriptors: where Textual reads and draws
        self._modes: list[Any] = []
        self._top: list[Part] = []
        self._pens = colours.pens(settings.theme, os.environ)

    def __enter__(self) -> FirstFrame:
        """Take the terminal; a signal meanwhile has it back."""
        try:
            if self._targets:
                self._take()
        except BaseException:
            self.give_back()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the terminal back, and say what was kept."""
        self.give_back()
        kept, self._kept = self._kept, []
        for line in kept:
            self._complain(line)

    def say(self, line: str) -> None:
        """Say a line on the plain terminal, when there is one."""
        if self.held:
            self._kept.append(line)
        else:
            self._complain(line)

    # -- the terminal ------------------------------------------------------------------------------

    def _take(self) -> None:
        """Take the terminal, where it is ours, and say what is read."""
        if not _usable(self._keys, self._screen) or not self._fits():
            return
        try:
            self._modes = termios.tcgetattr(self._keys)
            self.held = True
            termios.tcsetattr(self._keys, termios.TCSANOW, _silent(self._modes, self._keys))
        except termios.error:
            self.held = False
            return
        for number in TO_END:
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, self._end)
        self._write(_TAKE)
        self._announce(self._targets)

    def hand_over(self) -> list[Any] | None:
        """The terminal is another's from here on, alternate screen and all; its former modes."""
        held, self.held = self.held, False
        return self._modes if held else None

    def give_back(self) -> None:
        """Make the terminal what it was; a second call does nothing."""
        if not self.held:
            return
        self.held = False
        self._write(_GIVE_BACK)
        try:
            termios.tcsetattr(self._keys, termios.TCSANOW, self._modes)
        except termios.error:
            pass  # it is gone

    def _end(self, number: int, _: FrameType | None) -> None:
        """A signal that ends a program ends it, after the terminal was given back."""
        self.give_back()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def _write(self, text: str) -> None:
        """Write what the terminal takes; one that is gone or stuck holds nothing up."""
        fd = without_waiting(self._screen)
        data = memoryview(text.encode("utf-8", "replace"))
        try:
            while data:
                try:
                    data = data[os.write(fd, data) :]
                except BlockingIOError:
                    if not select.select([], [fd], [], _STUCK_S)[1]:
                        return  # Textual draws all anew, once there is room
        except OSError:
            return
        finally:
            if fd != self._screen:
                os.close(fd)

    # -- what is drawn -----------------------------------------------------------------------------

    def _size(self) -> tuple[int, int]:
        try:
            return within(os.get_terminal_size(self._screen))
        except OSError:
            return (0, 0)

    def _fits(self) -> bool:
        return all(has >= needs for has, needs in zip(self._size(), _SMALLEST, strict=True))

    def _announce(self, targets: Sequence[str]) -> None:
        """The title, and what is read."""
        dots = "..." if self._ascii else "…"

        def told(target: str) -> str:
            return self._tell("reading {target} {dots}", target=target, dots=dots)

        room = self._size()[0] - len(_TITLE) - cell_width(told("")) - 1
        name = clip_middle(printable(" ".join(targets)), max(1, room), ascii=self._ascii)
        self._top = [(_TITLE, "primary"), (f" {told(name)}", "muted")]
        self._draw([self._top])

    def count(self, read: int, known: int) -> None:
        """Say how many logs there are, and how many were read."""
        if self.held:
            words = self._tell("read {read:,} of {known:,} logs", read=read, known=known)
            self._draw([[*self._top, (f"  {words}", "primary")]])

    def show(self, update: RunUpdate) -> None:
        """Draw the curve of a run, as far as it is read."""
        if not self.held:
            return
        from lossmon.chart.of_run import spec_of
        from lossmon.chart.picture import draw
        from lossmon.chart.spec import told_in

        width, height = self._size()
        look = self._settings
        spec = replace(
            spec_of(update, width, max(1, height - 1), look.smoothing),
            marks=(),
            x_axis=look.x_axis,
            log_y=look.log_y or None,
            log_x=look.log_x,
            ascii=self._ascii,
        )
        picture = draw(told_in(spec, self._tell))
        about = f"  {self._tell('reading')} {update.loading:.0%}" if update.loading < 1 else ""
        room = max(1, width - len(_TITLE) - cell_width(about) - 1)
        name = clip_middle(printable(update.run), room, ascii=self._ascii)
        top = [(_TITLE, "primary"), (f" {name}", ""), (about, "muted")]
        rows = [[(one.text, _ROLES.get(one.style, "")) for one in row] for row in picture.rows]
        self._draw([top, *rows])

    def _draw(self, rows: Sequence[Sequence[Part]]) -> None:
        """Rows from the top; below them nothing."""
        width, height = self._size()
        lines = [self._line(rows[y] if y < len(rows) else [], y, width) for y in range(height)]
        self._write(f"{_BEGIN}{''.join(lines)}{_DONE}")

    def _line(self, parts: Sequence[Part], y: int, width: int) -> str:
        """A line from its first column to its last."""
        out, left = [f"\x1b[{y + 1}H"], width
        for text, role in parts:
            shown = clip(text, left, ascii=self._ascii)
            left -= cell_width(shown)
            out.append(f"{self._pens[role]}{shown}")
        # Without the background in use on some terminals; blanks would cost a screen of bytes.
        out.append(f"{self._pens['']}\x1b[K")
        return "".join(out)


def first_frame(
    targets: Sequence[str],
    settings: Screen,
    tell: Words,
    ascii: bool,
    complain: Callable[[str], None],
) -> FirstFrame:
    """A first frame that takes the terminal, where all targets are on this machine.

    For what is elsewhere ssh may have to ask on the plain terminal.
    """
    here = all(os.path.exists(target) for target in targets)
    return FirstFrame(settings, tell, ascii, complain, targets if here else ())


def _usable(keys: int, screen: int) -> bool:
    """Whether both are a terminal that can do more than print, and we are in its foreground."""
    if os.environ.get("TERM", "") in ("", "dumb", "unknown"):
        return False
    try:
        return os.isatty(keys) and os.isatty(screen) and os.tcgetpgrp(keys) == os.getpgrp()
    except OSError:
        return False


def _silent(modes: Sequence[Any], keys: int) -> list[Any]:
    r"""Keys wait as they are, without an echo; of signals, ctrl+c is left.

    Others (ctrl+z, ctrl+\) would leave the terminal as it is now; they reach Textual as keys.
    """
    out: list[Any] = [*modes[:6], list(modes[6])]
    out[0] &= ~(termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR)
    out[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
    none = os.fpathconf(keys, "PC_VDISABLE").to_bytes(1, "little")
    for name in ("VSUSP", "VQUIT", "VDSUSP"):
        if hasattr(termios, name):
            out[6][getattr(termios, name)] = none
    out[6][termios.VMIN], out[6][termios.VTIME] = 1, 0
    return out


def without_waiting(fd: int) -> int:
    """The terminal of a descriptor by one of our own, on which a write does not wait.

    To make theirs so would make that of the shell so, which is the same.
    """
    try:
        how = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        return os.open(os.ttyname(fd), how)
    except OSError:  # none, or one that is not to be found here: its writes wait
        return fd


def within(size: tuple[int, int]) -> tuple[int, int]:
    """The columns and rows of a terminal that are drawn on."""
    columns, rows = (min(has, most) for has, most in zip(size, _LARGEST, strict=True))
    return columns, rows
