"""Containers of docker, through its own client."""

from __future__ import annotations

from lossmon.logs.scheme import Order, Scheme, Target
from lossmon.logs.source import Source


def open_containers(order: Order) -> Source:
    """One source for all containers of a client."""
    from lossmon.logs.clients.containers import Container
    from lossmon.logs.clients.source import open_clients

    client = order.targets[0].kind
    return open_clients(order, (Container(client, path) for path in order.paths))


def check_container(target: Target) -> None:
    """Raise TargetError where it is no name, or the client is not there."""
    from lossmon.logs.clients.containers import check
    from lossmon.logs.clients.failures import check_client

    check(target.kind, target.path)
    check_client(target)


SCHEME = Scheme(
    name="docker",
    open=open_containers,
    prefixes=("docker:",),
    check=check_container,
    behind="client",
    writes="`docker:NAME`, `HOST:docker:NAME`",
    sees="what a container prints, live, over its restarts and those of the daemon",
    misses="files inside it, settings; bars without a line end come in parts of 16 kB",
)
