"""Questions of ssh (passwords, host keys, second factors), asked on the plain terminal."""

from __future__ import annotations

import time
from collections.abc import Callable

from lossmon.monitor.watch import Monitor

_QUIET_S = 0.7  # a link that takes longer is spoken of
_LOOK_S = 0.02


def ask_first(monitor: Monitor, say: Callable[[str], None], within_s: float) -> None:
    """Wait for the first word of every box, and let ssh ask where it must.

    The terminal must be free: nothing draws on it yet.

    Args:
        monitor: what is to be watched.
        say: shows a line on the terminal.
        within_s: boxes that take longer are left to connect by themselves.
    """
    end, silent_until = time.monotonic() + within_s, time.monotonic() + _QUIET_S
    in_vain: set[str] = set()
    while True:
        asking = [one for one in monitor.hosts() if one.state == "needs_password"]
        asking = [one for one in asking if one.host not in in_vain]
        if asking:
            say(f"{asking[0].host}: {asking[0].reason}")
            if not monitor.ask(asking[0].host):
                in_vain.add(asking[0].host)
            end = time.monotonic() + within_s
            continue
        waiting = [one.host for one in monitor.hosts() if one.state == "connecting"]
        now = time.monotonic()
        if not waiting or now > end:
            return
        if silent_until < now:
            say(f"connecting to {', '.join(waiting)} …")
            silent_until = end + 1
        time.sleep(_LOOK_S)
