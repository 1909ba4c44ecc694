"""A stand-in for a cluster: the part of the API of Kubernetes that kubectl asks for logs.

It answers as the API's reference says, over HTTP, to the real kubectl: discovery, pods as JSON, and
`/log` with `follow`, `timestamps`, `sinceTime` (to the second) and `previous`.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

NAMESPACE = "ml"


def rfc3339(stamp: int) -> str:
    """As a kubelet writes it: all nine digits."""
    second, fraction = divmod(stamp, 1_000_000_000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)) + f".{fraction:09}Z"


@dataclass
class Instance:
    """One life of a container."""

    id: str
    lines: list[tuple[int, str]] = field(default_factory=list)
    ended: bool = False


@dataclass
class Pod:
    """A pod and the lives of its containers."""

    name: str
    uid: str
    labels: dict[str, str]
    containers: dict[str, list[Instance]]
    waits: str = ""

    def told(self) -> dict[str, Any]:
        """The pod as the API shows it."""
        states = []
        for name, lives in self.containers.items():
            state: dict[str, Any] = {"name": name, "restartCount": max(0, len(lives) - 1)}
            if self.waits or not lives:
                state["state"] = {"waiting": {"reason": self.waits or "ContainerCreating"}}
            else:
                state["containerID"] = f"containerd://{lives[-1].id}"
                ended = {"containerID": f"containerd://{lives[-1].id}", "exitCode": 0}
                state["state"] = {"terminated": ended} if lives[-1].ended else {"running": {}}
            if len(lives) > 1:
                last = {"containerID": f"containerd://{lives[-2].id}", "exitCode": 1}
                state["lastState"] = {"terminated": last}
            states.append(state)
        return {
            "kind": "Pod", "apiVersion": "v1",
            "metadata": {"name": self.name, "namespace": NAMESPACE, "uid": self.uid,
                         "labels": self.labels},
            "spec": {"containers": [{"name": name} for name in self.containers]},
            "status": {"phase": "Running", "containerStatuses": states},
        }  # fmt: skip


class Cluster:
    """Serves pods until it is closed.

    Args:
        folder: for the configuration of kubectl.
    """

    def __init__(self, folder: Path) -> None:
        self.changed = threading.Condition()
        self.pods: dict[str, Pod] = {}
        self.asked = list[str]()
        self.refuses = ""  # the reason of a 403
        self.cuts = 0  # connections that were opened before the newest cut are ended
        self._count = 0
        cluster = self

        class Handler(_Handler):
            serves = cluster

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.config = folder / "kubeconfig"
        self.config.write_text(json.dumps(self._configuration()))

    def _configuration(self) -> dict[str, Any]:
        server = f"http://127.0.0.1:{self._server.server_port}"
        names = ("lab", "arn:aws:eks:eu-1:12:cluster/big")
        return {
            "apiVersion": "v1", "kind": "Config", "current-context": "lab",
            "clusters": [{"name": "c", "cluster": {"server": server}}],
            "users": [{"name": "u", "user": {}}],
            "contexts": [
                {"name": name, "context": {"cluster": "c", "user": "u", "namespace": NAMESPACE}}
                for name in names
            ],
        }  # fmt: skip

    def run(self, name: str, *containers: str, **labels: str) -> Pod:
        """Start a pod; one of that name is gone."""
        with self.changed:
            old = self.pods.get(name)
            for lives in old.containers.values() if old is not None else ():
                lives[-1].ended = True
            lives_of = {one: [self._instance()] for one in containers or ("main",)}
            pod = self.pods[name] = Pod(name, f"uid-{self._count}", labels, lives_of)
            self.changed.notify_all()
            return pod

    def restart(self, name: str, container: str = "main") -> None:
        """A container ends and is started again."""
        with self.changed:
            lives = self.pods[name].containers[container]
            lives[-1].ended = True
            lives.append(self._instance())
            self.changed.notify_all()

    def end(self, name: str, container: str = "main") -> None:
        """A container ends for good."""
        with self.changed:
            self.pods[name].containers[container][-1].ended = True
            self.changed.notify_all()

    def write(
        self, name: str, *lines: str, container: str = "main", stamp: int | None = None
    ) -> None:
        """A container prints lines, all at one time."""
        with self.changed:
            at = time.time_ns() if stamp is None else stamp
            life = self.pods[name].containers[container][-1]
            life.lines += [(at, line) for line in lines]
            self.changed.notify_all()

    def cut(self) -> None:
        """Every connection is lost."""
        with self.changed:
            self.cuts += 1
            self.changed.notify_all()

    def close(self) -> None:
        """Stop serving."""
        self.cut()
        self._server.shutdown()
        self._server.server_close()

    def _instance(self) -> Instance:
        self._count += 1
        return Instance(f"{self._count:064x}")


class _Handler(BaseHTTPRequestHandler):
    serves: Cluster
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # an answer in two pieces took 40 ms

    def log_message(self, *_: object) -> None:
        """Not on the terminal of the tests."""

    def do_GET(self) -> None:
        cluster, url = self.serves, urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        cluster.asked.append(self.path)
        if cluster.refuses:
            self._status(403, "Forbidden", cluster.refuses)
        elif url.path == "/version":
            self._json({"major": "1", "minor": "32", "gitVersion": "v1.32.4"})
        elif url.path == "/api":
            self._json({"kind": "APIVersions", "versions": ["v1"]})
        elif url.path == "/apis":
            self._json({"kind": "APIGroupList", "apiVersion": "v1", "groups": []})
        elif url.path == "/api/v1":
            resource = {
                "name": "pods", "singularName": "pod", "namespaced": True, "kind": "Pod",
                "verbs": ["get", "list"], "shortNames": ["po"],
            }  # fmt: skip
            self._json({"kind": "APIResourceList", "groupVersion": "v1", "resources": [resource]})
        elif url.path == f"/api/v1/namespaces/{NAMESPACE}":
            self._json({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": NAMESPACE}})
        else:
            self._pods(url.path.split("/")[4:], query)

    def _pods(self, parts: list[str], query: dict[str, str]) -> None:
        """`[namespace, pods, name, log]`."""
        cluster = self.serves
        if parts[0] != NAMESPACE:
            self._status(404, "NotFound", f'namespaces "{parts[0]}" not found')
        elif len(parts) == 2:
            name, _, value = query.get("labelSelector", "").partition("=")
            with cluster.changed:
                found = [pod.told() for pod in cluster.pods.values()
                         if not name or pod.labels.get(name) == value]  # fmt: skip
            self._json({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": found})
        elif parts[2] not in cluster.pods:
            self._status(404, "NotFound", f'pods "{parts[2]}" not found')
        elif len(parts) == 3:
            self._json(cluster.pods[parts[2]].told())
        else:
            self._log(cluster.pods[parts[2]], query)

    def _log(self, pod: Pod, query: dict[str, str]) -> None:
        cluster, container = self.serves, query.get("container") or next(iter(pod.containers))
        lives = pod.containers[container]
        life = lives[-2 if query.get("previous") == "true" else -1]
        if pod.waits:
            why = f'container "{container}" in pod "{pod.name}" is waiting to start: {pod.waits}'
            self._status(400, "BadRequest", why)
            return
        since = 0
        if "sinceTime" in query:
            parsed = time.strptime(query["sinceTime"] + "+0000", "%Y-%m-%dT%H:%M:%SZ%z")
            since = int(time.mktime(parsed) - time.timezone) * 1_000_000_000
        cuts, at = cluster.cuts, 0
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            while True:
                with cluster.changed:
                    more = life.lines[at:]
                    over = life.ended or query.get("follow") != "true"
                    if not more and not over and cluster.cuts == cuts:
                        cluster.changed.wait(5)
                        continue
                at += len(more)
                text = "".join(
                    f"{rfc3339(stamp)} {line}\n" if query.get("timestamps") == "true" else line
                    for stamp, line in more
                    if stamp >= since
                ).encode()
                if text:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(text), text))
                if cluster.cuts != cuts:
                    self.close_connection = True
                    self.connection.close()
                    return
                if over and not more:
                    self.wfile.write(b"0\r\n\r\n")
                    return
        except OSError:
            self.close_connection = True

    def _status(self, code: int, reason: str, message: str) -> None:
        self._json(
            {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message,
             "reason": reason, "code": code},
            code,
        )  # fmt: skip

    def _json(self, told: dict[str, Any], code: int = 200) -> None:
        body = json.dumps(told).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
