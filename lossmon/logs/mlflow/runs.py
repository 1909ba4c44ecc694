"""Which runs a server keeps, and the metrics of one, point by point as they are logged."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lossmon.logs.mlflow.api import Api
from lossmon.logs.sqlite import STATUS_KEY, STORE_KEY, parameter
from lossmon.text import printable

STORE = "mlflow-server"
PAGE = 1000  # points of one request; the last page of a metric is asked for again as it grows
PAGES = 20  # of one metric at one look
MOST_KEYS = 200  # metrics of a run
_LARGEST = 1.7976931348623157e308  # how MLflow stores infinity
_MACHINE = "system/"  # what MLflow says of the machine, every ten seconds


class Point(NamedTuple):
    """One value of a metric; the time is in ms since the Unix epoch."""

    time_ms: int
    step: int
    value: float


@dataclass
class MetricCursor:
    """A metric and how far it was read.

    Attributes:
        newest: what the server said was the newest point at the last look.
        token: of the page that was read last.
        known: the points of that page.
        more: there is another page.
    """

    newest: Point | None = None
    token: str = ""
    known: Counter[tuple[int, int, str]] = field(default_factory=Counter)
    more: bool = False

    def read(self, api: Api, run: str, key: str) -> Iterator[Point]:
        """The points that are new, in bounded number."""
        for _ in range(PAGES):
            query: dict[str, str | int] = {"run_id": run, "metric_key": key, "max_results": PAGE}
            if self.token:
                query["page_token"] = self.token
            told = api.get("metrics/get-history", **query)
            known = Counter[tuple[int, int, str]]()
            for one in told.get("metrics") or ():
                point = _point(one)
                if point is None:
                    continue
                identity = point.time_ms, point.step, str(point.value)  # NaN is not equal to NaN
                known[identity] += 1
                if known[identity] > self.known[identity]:
                    yield point
            token = str(told.get("next_page_token") or "")
            self.more = bool(token) and token != self.token
            if not self.more:
                self.known = known
                return
            self.token, self.known = token, Counter()


@dataclass
class Run:
    """One run.

    Attributes:
        id: the server's.
        log: what its log is called.
        name: what its user called it.
        curves: by the name of the metric.
    """

    id: str
    log: str
    name: str
    curves: dict[str, MetricCursor] = field(default_factory=dict)
    status: str = ""
    began: bool = False
    turn: int = 0  # which metric is looked at though nothing is said to be new

    def news(self, api: Api, told: Mapping[str, Any]) -> tuple[bytes, float, bool]:
        """Lines for what is new.

        Args:
            api: of the server.
            told: the run, as a search shows it.

        Returns:
            Lines of JSON, when the newest was logged (seconds), and whether there is more.
        """
        data, status = told.get("data") or {}, str(told["info"].get("status", ""))[:20]
        points: list[tuple[int, int, str, float]] = []
        for key in self._due(data.get("metrics") or (), status):
            new = self.curves[key].read(api, self.id, key)
            points += [(point.time_ms, point.step, key, point.value) for point in new]
        points.sort(key=lambda point: point[:2])
        lines = list[str]()
        if points and not self.began:
            self.began = True
            head = {STORE_KEY: STORE, "name": self.name, "config": _config(data)}
            lines.append(json.dumps(head))
        lines += [json.dumps(row) for row in _rows(points)]
        more = any(curve.more for curve in self.curves.values())
        if self.began and not more and status != self.status:
            if status != "RUNNING" or self.status:
                lines.append(json.dumps({STATUS_KEY: status}))
            self.status = status
        written = points[-1][0] / 1000 if points else 0.0
        return "".join(line + "\n" for line in lines).encode(), written, more

    def _due(self, metrics: Any, status: str) -> list[str]:
        """The metrics whose history is to be asked for."""
        due = []
        for one in metrics:
            key, newest = str(one.get("key", "")), _point(one)
            if not key or key.startswith(_MACHINE) or newest is None:
                continue
            if key not in self.curves and len(self.curves) >= MOST_KEYS:
                continue
            curve = self.curves.setdefault(key, MetricCursor())
            if curve.more or curve.newest is None or not _same(curve.newest, newest):
                curve.newest = newest
                due.append(key)
        if status == "RUNNING" and self.curves and not due:
            # The newest is that of the highest step: a run that was resumed logs lower ones.
            self.turn = (self.turn + 1) % len(self.curves)
            due.append(list(self.curves)[self.turn])
        return due


def _rows(points: list[tuple[int, int, str, float]]) -> Iterator[dict[str, Any]]:
    """Points that were logged one after the other for one step are one row."""
    row: dict[str, Any] = {}
    for time_ms, step, key, value in points:
        if row and (row["step"] != step or key in row):
            yield row
            row = {}
        row = row or {"step": step, "timestamp": time_ms}
        row[key] = value
    if row:
        yield row


def _point(one: Any) -> Point | None:
    """A point as the API shows it: whole numbers may be texts, and so is what is not finite."""
    try:
        value = float(one["value"])
        time_ms, step = int(one["timestamp"]), int(one.get("step", 0))
    except (TypeError, ValueError, LookupError, OverflowError):
        return None
    if abs(value) >= _LARGEST:
        value = math.copysign(math.inf, value)
    return Point(time_ms, step, value)


def _same(one: Point, other: Point) -> bool:
    return one[:2] == other[:2] and str(one.value) == str(other.value)


def _config(data: Mapping[str, Any]) -> dict[str, Any]:
    """What a run was configured with."""
    found = {}
    for one in list(data.get("params") or ())[:400]:
        key, value = str(one.get("key", ""))[:200], str(one.get("value", ""))
        if len(value) < 1000:
            found[key] = parameter(value)
    for one in data.get("tags") or ():
        if one.get("key") == "mlflow.source.git.commit":
            found["git commit"] = str(one.get("value", ""))[:100]
    return found


def plain(name: str) -> str:
    """A name of the server's as a part of the name of a log."""
    return printable(name).replace("/", "_").strip()[:100] or "run"
