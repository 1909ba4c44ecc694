"""Other boxes, by the user's own ssh."""

from __future__ import annotations

from lossmon.logs.scheme import Order, Scheme
from lossmon.logs.source import Source


def _open(order: Order) -> Source:
    from lossmon.logs.ssh import SshSource

    assert order.box is not None
    return SshSource(order.box, order.paths, watch=order.watch)


SCHEME = Scheme(
    name="ssh",
    open=_open,
    prefixes=("ssh://",),
    writes="`HOST:PATH`, `USER@HOST:PATH`, `ssh://USER@HOST:PORT/PATH`",
    sees="new rows within a quarter of a second; GPUs, and who writes the log",
    misses="without Python 3.6 there: looked at every 3 s, no GPUs, no stores in SQLite",
)
