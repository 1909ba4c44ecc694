"""Units of systemd, through journalctl."""

from __future__ import annotations

from lossmon.logs.scheme import Order, Scheme, Target
from lossmon.logs.source import Source


def _open(order: Order) -> Source:
    from lossmon.logs.clients.journal import Unit
    from lossmon.logs.clients.source import open_clients

    return open_clients(order, map(Unit, order.paths))


def _check(target: Target) -> None:
    from lossmon.logs.clients.failures import check_client
    from lossmon.logs.clients.journal import CLIENT, Unit

    Unit(target.path)
    check_client(target, CLIENT)


SCHEME = Scheme(
    name="journal",
    open=_open,
    prefixes=("journal:",),
    check=_check,
    behind="client",
    writes="`journal:UNIT`, `journal:user/UNIT`, `HOST:journal:UNIT`",
    sees="what a unit of systemd printed, live, all that the journal keeps of it",
    misses="what the journal has let go of",
)
