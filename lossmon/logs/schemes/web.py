"""Logs on web servers."""

from __future__ import annotations

from lossmon.logs.scheme import Order, Scheme, Target
from lossmon.logs.schemes.stores import address
from lossmon.logs.source import Source


def _open(order: Order) -> Source:
    from lossmon.logs.far.source import FarSource
    from lossmon.logs.far.web import WebFiles, meaning

    return FarSource(order, WebFiles(order.prefix), meaning=meaning)


def _parse(text: str) -> Target:
    protocol, authority, path = address(text)
    return Target("web", path.partition("#")[0], heading=f"{protocol}://{authority}/")


SCHEME = Scheme(
    name="web",
    open=_open,
    prefixes=("http://", "https://"),
    parse=_parse,
    writes="`https://HOST/FILE`, `https://HOST/FOLDER/`",
    sees="new rows after 2 s; in a folder, what its index page lists",
    misses="stores in SQLite, GPUs; where a server sends no pieces, each look reads the log anew",
)
