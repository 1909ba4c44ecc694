"""Runs of a tracking server of MLflow."""

from __future__ import annotations

import re
from urllib.parse import unquote

from lossmon.errors import TargetError
from lossmon.logs.scheme import Order, Scheme, Target
from lossmon.logs.source import Source
from lossmon.words import said

_FORM = re.compile(
    r"(?P<heading>mlflow\+https?://(?P<host>[\w.-]+|\[[0-9a-fA-F:]+\])(?P<port>:\d{1,5})?)"
    r"(?:/(?P<path>[^\0\n]*))?",
    re.ASCII,
)


def _parse(text: str) -> Target:
    """`mlflow+http://host[:port]/experiment[/run]`; without a path, all experiments."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise TargetError(
            said(
                "{text}: not an address; write mlflow+http://host:port/experiment[/run], with "
                "credentials in MLflow's own variables",
                text=text if "@" not in text else "mlflow+http://...",
            )
        )
    path = unquote(found["path"] or "").rstrip("/")
    return Target("mlflow", path, heading=found["heading"] + "/")


def _open(order: Order) -> Source:
    from lossmon.logs.mlflow.source import MlflowSource

    address = order.targets[0].heading.removeprefix("mlflow+").rstrip("/")
    return MlflowSource(order.name, address, order.paths, watch=order.watch, prefix=order.prefix)


SCHEME = Scheme(
    name="mlflow",
    open=_open,
    prefixes=("mlflow+http://", "mlflow+https://"),
    parse=_parse,
    writes="`mlflow+http://HOST:PORT/EXPERIMENT[/RUN]`, `mlflow+https://...`",
    sees="metrics some seconds after they are logged, parameters, how runs ended",
    misses="MLflow's system metrics; more than the newest 200 runs of an experiment",
)
