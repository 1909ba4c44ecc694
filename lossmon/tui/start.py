"""Opens the screen: connects first, since a question of ssh needs the plain terminal."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from lossmon.endings import SIGNALLED
from lossmon.tui.colours import colours_of
from lossmon.tui.leaving import LEAVE_S

if TYPE_CHECKING:
    from lossmon.monitor import Monitor, RunUpdate
    from lossmon.session import Session
    from lossmon.tui.first_frame import FirstFrame

_FIRST_LOOK_S = 1.0  # for logs in a folder, before the last session is offered
_FIRST_CURVE_S = 0.3  # for rows of which the first frame draws a curve
_FIRST_WORD_S = 3.0  # of every box before the screen opens; slower ones connect beside it


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
        status, targets, wanted, more = _watch(targets, lang, ascii, fps, say, name, frame)
        if status > SIGNALLED or not (wanted or more):
            return status
        targets = tuple(dict.fromkeys((*targets, *more)))
        # And back to where one was, unless a signal ends it all.
        if wanted and (status := play(wanted, lang, ascii, fps, say)) > SIGNALLED:
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
    from lossmon import config, crash
    from lossmon.monitor.replay import open_replay

    settings = config.apply()
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
        app.run()
    finally:
        monitor.close(LEAVE_S)
    if app.failure:
        say(app.failure)
    return app.return_code or (crash.STATUS if app.failure else 0)


def _watch(
    targets: Sequence[str],
    lang: str,
    ascii: bool,
    fps: float | None,
    say: Callable[[str], None],
    name: str | None,
    frame: FirstFrame | None,
) -> tuple[int, Sequence[str], tuple[str, ...], tuple[str, ...]]:
    """Watch once: the exit status, what was watched, what is to be seen again, what comes to it."""
    gc.disable()  # all that is imported stays: there is no garbage to look for
    from lossmon import config, crash, session
    from lossmon.monitor.questions import ask_first
    from lossmon.monitor.sources import open_monitor

    settings = config.apply()
    urls, notifier = settings.notices.urls, None
    if urls:
        from lossmon import notify
        from lossmon.diagnosis.knowledge import load

        services = notify.services_at(notify.addresses(urls))
        notifier = partial(notify.Notifier, services, settings.notices.level, load(lang))
    if name and not targets:
        targets = _targets_of(name)
    monitor = open_monitor(targets or (".",), watch=True)
    try:
        if not targets and name is not None and (last := _offer(monitor, say, frame)) is not None:
            monitor.close()
            os.chdir(last.folder)
            targets = last.targets
            monitor = open_monitor(targets, watch=True)
        targets = targets or (".",)
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
        folder = os.getcwd()
        try:
            app.run()
        finally:
            if where:
                session.save(where, app.left(targets, folder))
        if app.drain and monitor.pipe is not None:
            say("the training goes on and is read on, without a screen; ctrl+c ends both")
            monitor.pipe.drain()
    finally:
        monitor.close(LEAVE_S)
    if app.failure:
        say(app.failure)
    status = app.return_code or (crash.STATUS if app.failure else 0)
    if app.failure:
        return status, targets, (), ()
    return status, targets, app.to_replay, app.to_watch


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
    if len(known) == 1:
        frame.show(known[0])
    return known


def _targets_of(name: str) -> Sequence[str]:
    """What a named session watches, from where it was started.

    Raises:
        TargetError: there is no such session.
    """
    from lossmon import session
    from lossmon.errors import TargetError

    found = session.load(session.path_of((), name))
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
    if last is None or (last.folder == os.getcwd() and last.targets == (".",)):
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
