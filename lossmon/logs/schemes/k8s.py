"""Pods of Kubernetes, through kubectl and the user's contexts."""

from __future__ import annotations

from lossmon.logs.scheme import Order, Scheme, Target
from lossmon.logs.source import Source


def _open(order: Order) -> Source:
    from lossmon.logs.clients.kubernetes import Pods
    from lossmon.logs.clients.source import open_clients

    return open_clients(order, map(Pods, order.paths))


def _check(target: Target) -> None:
    from lossmon.logs.clients.failures import check_client
    from lossmon.logs.clients.kubernetes import CLIENT, Pods

    Pods(target.path)
    check_client(target, CLIENT)


SCHEME = Scheme(
    name="k8s",
    open=_open,
    prefixes=("k8s:",),
    check=_check,
    behind="client",
    writes="`k8s:[CONTEXT/]NAMESPACE/POD[/CONTAINER]`, `'k8s:NAMESPACE/-l LABEL=VALUE'`",
    sees="what the containers of a pod print, live, over restarts; new pods of a label",
    misses="files inside them, settings, what a node has rotated away; more than 50 logs",
)
