"""Opens the screen: connects first, since a question of ssh needs the plain terminal."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from functools import partial

_FIRST_WORD_S = 3.0  # of every box before the screen opens; slower ones connect beside it


def open_screen(
    targets: Sequence[str],
    lang: str,
    ascii: bool,
    fps: float | None,
    say: Callable[[str], None],
) -> int:
    """Watch until the user leaves; the exit status.

    Args:
        targets: as typed.
        lang: language of causes and remedies.
        ascii: draw with ASCII signs only.
        fps: redraws a second at most; None leaves it to config.toml.
        say: tells one line on the plain terminal.

    Raises:
        LossmonError: a target or the settings cannot be used.
    """
    gc.disable()  # all that is imported stays: there is no garbage to look for
    from lossmon import config, crash
    from lossmon.monitor.questions import ask_first
    from lossmon.monitor.sources import open_monitor

    settings = config.apply()
    urls, notifier = settings.notices.urls, None
    if urls:
        from lossmon import notify
        from lossmon.diagnosis.knowledge import load

        services = notify.services_at(notify.addresses(urls))
        notifier = partial(notify.Notifier, services, settings.notices.level, load(lang))
    monitor = open_monitor(targets, watch=True)
    try:
        if "-" in targets:
            from lossmon.logs.stdin import keyboard_from_tty

            keyboard_from_tty()
        ask_first(monitor, say, within_s=_FIRST_WORD_S)
        from lossmon.tui.app import LossmonApp  # heavy: not before what may fail

        app = LossmonApp(
            monitor,
            lang=lang,
            ascii=ascii,
            fps=settings.screen.fps if fps is None else fps,
            settings=settings,
            piped="-" in targets,
            notifier=notifier,
        )
        gc.freeze()
        gc.enable()
        app.run()
        if app.drain and monitor.pipe is not None:
            say("the training goes on and is read on, without a screen; ctrl+c ends both")
            monitor.pipe.drain()
    finally:
        monitor.close()
    if app.failure:
        say(app.failure)
    return app.return_code or (crash.STATUS if app.failure else 0)
