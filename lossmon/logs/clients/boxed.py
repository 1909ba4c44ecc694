"""A client on another box: the same command, over the user's own ssh."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace

from lossmon.logs import openssh
from lossmon.logs.openssh import Host

# A client that prints nothing does not notice that nobody listens: it would stay there for ever.
# What watches over it reads the connection, and ends it with that. It holds no exclamation mark,
# which csh would obey.
_LEASH = 'exec 3<&0; (cat <&3; kill $$) >/dev/null 2>&1 & exec "$@" </dev/null 3<&-'
_ALIVE = ("ServerAliveInterval=15", "ServerAliveCountMax=3")


class Box:
    """Makes command lines that run on a box.

    Args:
        host: the box.
    """

    def __init__(self, host: Host) -> None:
        self.host = host
        # A client says nothing for hours: ssh itself must notice that the network is gone.
        self._alive = replace(host, options=(*_ALIVE, *host.options))
        self._facts = openssh.settings(host)

    def command(self, command: Sequence[str]) -> list[str]:
        """A command as ssh is to be told; every word of it is quoted."""
        words = " ".join(shlex.quote(word) for word in command)
        line = f"exec sh -c '{_LEASH}' sh {words}"
        return openssh.command(
            self._alive, line, facts=self._facts, master=openssh.master_of(self.host)
        )

    @property
    def env(self) -> Mapping[str, str]:
        """The environment that ssh gets: nothing of it is sent on."""
        return openssh.environment(self._facts)
