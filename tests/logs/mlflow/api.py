"""A stand-in for a tracking server: the part of its REST API that is asked, as its reference says.

Points are shown in the order of time, step and value, in pages; the newest point of a metric is
that of its highest step.
"""

from __future__ import annotations

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Tracking:
    """Serves experiments until it is closed.

    Attributes:
        asked: what was asked, in order.
        login: "user:password" or a token that is asked for; empty for nothing.
        trouble: a status that everything is answered with.
    """

    def __init__(self) -> None:
        self.runs: list[dict[str, Any]] = []
        self.points: dict[tuple[str, str], list[tuple[int, int, float]]] = {}
        self.asked = list[str]()
        self.login = ""
        self.trouble = 0
        self.page = 10_000
        tracking = self

        class Handler(_Handler):
            serves = tracking

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def run(self, experiment: str, name: str, **params: object) -> str:
        """Start a run; its id."""
        id = f"{len(self.runs) + 1:032x}"
        self.runs.insert(0, {
            "info": {"run_id": id, "run_name": name, "status": "RUNNING", "experiment_id": experiment},
            "data": {"params": [{"key": k, "value": str(v)} for k, v in params.items()]},
        })  # fmt: skip
        return id

    def log(self, id: str, key: str, step: int, value: float, time_ms: int) -> None:
        """Log a point."""
        points = self.points.setdefault((id, key), [])
        points.append((time_ms, step, value))
        points.sort(key=lambda point: point[:2])

    def end(self, id: str, status: str = "FINISHED") -> None:
        """End a run."""
        next(run for run in self.runs if run["info"]["run_id"] == id)["info"]["status"] = status

    def told(self, run: dict[str, Any]) -> dict[str, Any]:
        """A run with its newest points."""
        newest = []
        for (id, key), points in self.points.items():
            if id == run["info"]["run_id"]:
                newest.append(_point(key, max(points, key=lambda point: (point[1], point[0]))))
        return {**run, "data": {**run["data"], "metrics": newest}}

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


def _point(key: str, point: tuple[int, int, float]) -> dict[str, Any]:
    value: Any = point[2]
    if value != value or abs(value) == float("inf"):  # as protobuf has it in JSON
        value = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    return {"key": key, "value": value, "timestamp": point[0], "step": point[1]}


class _Handler(BaseHTTPRequestHandler):
    serves: Tracking
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # an answer in two pieces took 40 ms, and a look rests ten times

    def log_message(self, *_: object) -> None:
        """Not on the terminal of the tests."""

    def do_POST(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        tracking, url = self.serves, urlsplit(self.path)
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        path = url.path.removeprefix("/api/2.0/mlflow/")
        tracking.asked.append(path)
        pair = base64.b64encode(tracking.login.encode()).decode()
        if tracking.login and self.headers.get("Authorization") not in (
            f"Basic {pair}", f"Bearer {tracking.login}",
        ):  # fmt: skip
            self._send(b"You are not authenticated.", 401)
        elif tracking.trouble:
            self._send(b"<html>trouble</html>", tracking.trouble)
        elif path == "experiments/search":
            names = dict.fromkeys(run["info"]["experiment_id"] for run in tracking.runs)
            self._json({"experiments": [{"experiment_id": n, "name": n} for n in names]})
        elif path == "experiments/get-by-name":
            name = query["experiment_name"]
            if any(run["info"]["experiment_id"] == name for run in tracking.runs):
                self._json({"experiment": {"experiment_id": name, "name": name}})
            else:
                self._json({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "none"}, 404)
        elif path == "runs/search":
            wanted = [run for run in tracking.runs
                      if run["info"]["experiment_id"] in body["experiment_ids"]]  # fmt: skip
            answer = {"runs": [tracking.told(run) for run in wanted[: body["max_results"]]]}
            self._json(
                answer | ({"next_page_token": "x"} if len(wanted) > body["max_results"] else {})
            )
        elif path == "runs/get":
            self._json({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "none"}, 404)
        else:
            points = tracking.points.get((query["run_id"], query["metric_key"]), [])
            start, most = (
                int(query.get("page_token", 0)),
                min(tracking.page, int(query["max_results"])),
            )
            answer = {"metrics": [_point("", p) for p in points[start : start + most]]}
            more = {"next_page_token": str(start + most)} if len(points) > start + most else {}
            self._json({**answer, **more})

    def _json(self, told: dict[str, Any], code: int = 200) -> None:
        self._send(json.dumps(told).encode(), code)

    def _send(self, body: bytes, code: int) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
