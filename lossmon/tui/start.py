"""Opens the screen: connects first, since a question of ssh needs the plain terminal."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from lossmon.endings import SIGNALLED
from lossmon.text import printable
from lossmon.tui.colours import colours_of
from lossmon.tui.leaving import LEAVE_S
from lossmon.where import working_folder
from lossmon.words import said, words

if TYPE_CHECKING:
    from lossmon.config import Config
    from lossmon.monitor import Monitor, RunUpdate
    from lossmon.notify import Notifier
    from lossmon.session import Session
    from lossmon.tui.app import LossmonApp
    from lossmon.tui.first_frame import FirstFrame

_FIRST_LOOK_S = 1.0  # for logs in a folder, before the last session is offered
_FIRST_CURVE_S = 0.3  # for rows of which the first frame draws a curve
_FIRST_WORD_S = 3.0  # of every box before the screen opens; slower ones connect beside it


class _Left(NamedTuple):
    """How a screen was left.

    Attributes:
        status: for the shell.
        targets: what was watched.
        to_replay: logs that are to be seen again.
        to_watch: targets that are wanted beside the others.
    """

    status: int
    targets: Sequence[str]
    to_replay: tuple[str, ...] = ()
    to_watch: tuple[str, ...] = ()


def open_screen(
    targets: Sequence[str],
    lang: str,
    ascii: bool,
    fps: float | None,
    say: Callable[[str], None],
    name: str | None = "",
    frame: FirstFrame | None = None,
) -> int:
    """Watch until the user leaves; the exit status.

    Args:
        targets: as typed; none for the current folder, or the last session where it has no logs.
        lang: language of causes and remedies.
        ascii: draw with ASCII signs only.
        fps: redraws a second at most; None leaves it to config.toml.
        say: tells one line on the plain terminal.
        name: of the session; empty for that of the targets, None where nothing is remembered.
        frame: what has the terminal until the screen is there.

    Raises:
        LossmonError: a target or the settings cannot be used.
    """
    while True:
        left = _watch(targets, lang, ascii, fps, say, name, frame)
        if left.status > SIGNALLED or not (left.to_replay or left.to_watch):
            return left.status
        targets = tuple(dict.fromkeys((*left.targets, *left.to_watch)))
        # And back to where one was, unless a signal ends it all.
        if left.to_replay and (status := play(left.to_replay, lang, ascii, fps, say)) > SIGNALLED:
            return status


def play(
    targets: Sequence[str],
    lang: str,
    ascii: bool,
    fps: float | None,
    say: Callable[[str], None],
    speed: float | None = None,
    from_step: int | None = None,
    frame: FirstFrame | None = None,
) -> int:
    """Watch logs come again until the user leaves; the exit status.

    Args:
        targets: as typed; on this machine.
        lang: language of all words.
        ascii: draw with ASCII signs only.
        fps: redraws a second at most; None leaves it to config.toml.
        say: tells one line on the plain terminal.
        speed: seconds of the log in a second; None for all of it in about a minute.
        from_step: where it begins.
        frame: what has the terminal until the screen is there.

    Raises:
        LossmonError: there is nothing to play.
    """
    from lossmon import config
    from lossmon.monitor.replay import open_replay

    settings = config.apply()
    if not all(map(os.path.exists, targets)) and (frame is None or not frame.held):
        where = printable(" ".join(targets))  # all of it is read first, which may take long
        say(words(lang)("reading {target} {dots}", target=where, dots="..."))
    monitor = open_replay(targets, speed, from_step)
    try:
        from lossmon.tui.app import LossmonApp

        rate = settings.screen.fps if fps is None else fps
        app = LossmonApp(
            monitor,
            lang=lang,
            ascii=ascii,
            fps=rate,
            settings=settings,
            frame=frame,
            colours=colours_of(os.environ),
        )
        app.notices.on = False  # they were told when it happened
        app.show()
    finally:
        monitor.close(LEAVE_S)
    return _ended(app, say)


def _watch(
    targets: Sequence[str],
    lang: str,
    ascii: bool,
    fps: float | None,
    say: Callable[[str], None],
    name: str | None,
    frame: FirstFrame | None,
) -> _Left:
    """Watch once."""
    gc.disable()  # all that is imported stays: there is no garbage to look for
    from lossmon import config, session
    from lossmon.monitor.questions import ask_first

    settings = config.apply()
    notifier = _notifier(settings, lang)
    monitor, targets = _open(targets, name, say, frame)
    try:
        remembered = name is not None and "-" not in targets
        where = session.path_of(targets, name or "") if remembered else ""
        if "-" in targets:
            from lossmon.logs.stdin import keyboard_from_tty

            keyboard_from_tty()
        ask_first(monitor, say, within_s=_FIRST_WORD_S)
        known = [] if frame is None or not frame.held else _first_look(monitor, frame)
        from lossmon.tui.app import LossmonApp  # heavy: not before what may fail

        app = LossmonApp(
            monitor,
            lang=lang,
            ascii=ascii,
            fps=settings.screen.fps if fps is None else fps,
            settings=settings,
            piped="-" in targets,
            notifier=notifier,
            left=session.load(where) if where else None,
            first=session.none_yet(),
            frame=frame,
            known=known,
            colours=colours_of(os.environ),
        )
        gc.freeze()
        gc.enable()
        _run(app, monitor, targets, where, say)
    finally:
        monitor.close(LEAVE_S)
    status = _ended(app, say)
    if app.failure:
        return _Left(status, targets)
    return _Left(status, targets, app.to_replay, app.to_watch)


def _notifier(settings: Config, lang: str) -> Callable[[Callable[[str], None]], Notifier] | None:
    """What makes the thread that sends notices to the services of the settings; None without."""
    urls = settings.notices.urls
    if not urls:
        return None
    from lossmon import notify
    from lossmon.diagnosis.knowledge import load

    services = notify.services_at(notify.addresses(urls))
    return partial(notify.Notifier, services, settings.notices.level, load(lang))


def _open(
    targets: Sequence[str],
    name: str | None,
    say: Callable[[str], None],
    frame: FirstFrame | None,
) -> tuple[Monitor, Sequence[str]]:
    """Begin to watch what was named, else what a session remembers, else the current folder.

    Returns:
        What watches, and the targets that it has.
    """
    from lossmon.monitor.sources import open_monitor

    if name and not targets:
        targets = _targets_of(name)
    monitor = open_monitor(targets or (".",), watch=True)
    if targets or name is None:
        return monitor, targets or (".",)
    try:
        last = _offer(monitor, say, frame)
    except BaseException:
        monitor.close(LEAVE_S)
        raise
    if last is None:
        return monitor, (".",)
    monitor.close()
    os.chdir(last.folder)
    return open_monitor(last.targets, watch=True), last.targets


def _run(
    app: LossmonApp,
    monitor: Monitor,
    targets: Sequence[str],
    where: str,
    say: Callable[[str], None],
) -> None:
    """Show the screen, remember how it was left, and read a pipe on where that is wanted."""
    from lossmon import session

    folder = working_folder()
    try:
        app.show()
    finally:
        if where:
            session.save(where, app.left(targets, folder))
    if app.drain and monitor.pipe is not None:
        say("the training goes on and is read on, without a screen; ctrl+c ends both")
        monitor.pipe.drain()


def _ended(app: LossmonApp, say: Callable[[str], None]) -> int:
    """Say what ended the screen, where it was no one's wish; the exit status."""
    from lossmon import crash

    if app.failure:
        say(app.failure)
    return app.return_code or (crash.STATUS if app.failure else 0)


def _first_look(monitor: Monitor, frame: FirstFrame) -> list[RunUpdate]:
    """The runs as their first rows tell them; of one alone, its curve is drawn at once.

    The screen gets them again from its own reading.
    """
    runs: dict[str, RunUpdate] = {}
    end = time.monotonic() + _FIRST_CURVE_S
    try:
        while time.monotonic() < end:
            runs |= {update.run: update for update in monitor.poll()}
            if runs or monitor.exhausted:
                break
    except Exception:  # the watcher meets it again, and says so on the screen
        return []
    monitor.repeat()
    known = [update for update in runs.values() if not update.removed]
    read, logs = monitor.progress()
    if len(known) == 1 and (logs < 2 or read == logs):  # of many, the whole list comes at once
        frame.show(known[0])
    elif logs > 1:
        frame.count(read, logs)
    return known


def _targets_of(name: str) -> Sequence[str]:
    """What a named session watches, from where it was started.

    Raises:
        TargetError: there is no such session, or it cannot be read.
    """
    from lossmon import session
    from lossmon.errors import TargetError

    where = session.path_of((), name)
    found = session.load(where)
    if found is None and os.path.lexists(where):
        raise TargetError(
            said(
                "--session {name}: {path} cannot be read; remove it, or name targets to begin anew",
                name=name,
                path=where,
            )
        )
    if found is None or not found.targets:
        known = ", ".join(session.names()) or "none yet"
        raise TargetError(f"--session {name}: no such session ({known}); name targets to begin one")
    if not os.path.isdir(found.folder):
        raise TargetError(f"--session {name}: its folder {found.folder} is gone; name targets")
    os.chdir(found.folder)
    return found.targets


def _offer(
    monitor: Monitor, say: Callable[[str], None], frame: FirstFrame | None = None
) -> Session | None:
    """The last session, where the current folder has no logs and the user wants it."""
    from lossmon import session
    from lossmon.options import words_here
    from lossmon.text import in_words, printable

    last = session.last()
    if last is None or (last.folder == working_folder() and last.targets == (".",)):
        return None
    end = time.monotonic() + _FIRST_LOOK_S
    while time.monotonic() < end:
        if monitor.poll():
            monitor.repeat()
            return None
        if monitor.exhausted:
            break
    if frame is not None:
        frame.give_back()  # a question is asked on the plain terminal
    ago = in_words(max(0.0, time.time() - last.saved_at))
    tell, targets = words_here(), printable(" ".join(last.targets))
    say(tell("no training log here; {time} ago you watched {targets}", time=ago, targets=targets))
    say(tell("in {folder}", folder=printable(last.folder)))
    try:
        answer = input(tell("open that? [Y/n] "))
    except EOFError:
        return None
    return last if answer.strip().lower() in ("", "y", "yes") else None
