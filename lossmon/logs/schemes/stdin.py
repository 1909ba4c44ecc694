"""A pipe."""

from __future__ import annotations

from lossmon import settings
from lossmon.logs.scheme import Order, Scheme
from lossmon.logs.source import Source


def _open(order: Order) -> Source:  # noqa: ARG001 - of every scheme
    from lossmon.logs.stdin import StdinSource

    return StdinSource(settings.current().tee)


SCHEME = Scheme(
    name="stdin",
    open=_open,
    writes="`-`",
    sees="what comes through the pipe, at once",
    misses="what the program wrote before",
)
