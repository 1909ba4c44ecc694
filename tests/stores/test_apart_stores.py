"""What is in the way of one object of a bucket, or one folder over sftp, is told of that alone."""

from __future__ import annotations

import http.client
import http.server
import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from lossmon.logs.far import apart
from lossmon.monitor.whole import read_targets
from tests.remote.box import Collector
from tests.stores.places import Bucket, Sftp
from tests.stores.test_live import rows
from tests.waiting import PATIENCE_S

DENIED = "access denied: who you are there may not read it"
_ERROR = "<?xml version='1.0'?><Error><Code>{}</Code><Message>{}</Message></Error>"


class Between(http.server.ThreadingHTTPServer):
    """Stands before the server of a bucket, and answers itself what is asked of one name."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = port
        self.at = ""  # what requests for it have in their address
        self.status, self.code, self.message = 0, "", ""  # 0: the connection is closed


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Between
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = self.server
        if server.at and server.at in self.path:
            self.close_connection = not server.status
            if server.status:
                self._send(server.status, _ERROR.format(server.code, server.message).encode(), ())
            return
        link = http.client.HTTPConnection("127.0.0.1", server.behind, timeout=PATIENCE_S)
        link.request(self.command, self.path, headers=dict(self.headers))
        answer = link.getresponse()
        self._send(answer.status, answer.read(), answer.getheaders())
        link.close()

    do_HEAD = do_GET

    def _send(self, status: int, body: bytes, headers: object) -> None:
        self.send_response(status)
        told = {name.lower(): value for name, value in headers}  # type: ignore[attr-defined]
        told.setdefault("content-length", str(len(body)))
        for name, value in told.items():
            if name not in ("server", "date", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def between(place: Bucket) -> Iterator[Between]:
    with Between(int(os.environ["AWS_ENDPOINT_URL"].rpartition(":")[2])) as made:
        threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
        os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{made.server_port}"
        yield made
        made.shutdown()


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "RESTS_S", (0.05, 0.1))
    monkeypatch.setattr(apart, "SLOW_S", (0.1, 0.2))


OF_OBJECTS = {
    "it may not be read": (403, "AccessDenied", "Access Denied", DENIED),
    "it lies in an archive": (403, "InvalidObjectState", "restore it first", DENIED),
    "its key is off": (
        400,
        "KMS.DisabledException",
        "its key is disabled",
        "An error occurred (KMS",
    ),
    "an error of the store": (500, "InternalError", "we are sorry", "we are sorry"),
}
CLOSED = pytest.param(  # s3fs tries it several times
    0, "", "", "no connection to it: ", id="the connection is closed", marks=pytest.mark.slow
)


@pytest.mark.parametrize("place", ["s3"], indirect=True)
@pytest.mark.parametrize(
    ("status", "code", "message", "words"),
    [*(pytest.param(*one, id=words) for words, one in OF_OBJECTS.items()), CLOSED],
)
def test_a_trouble_of_one_object_keeps_no_other_away(
    place: Bucket, between: Between, status: int, code: str, message: str, words: str
) -> None:
    place.put("runs/bad.log", rows(0, 50))
    place.put("runs/ok.log", rows(0, 60))
    between.at, between.status, between.code, between.message = "bad.log", status, code, message
    got = Collector(place.source("runs"))
    try:
        got.until(lambda: bytes(got.content.get("runs/ok.log", b"")) == rows(0, 60))
        got.until(lambda: any(chunk.kind == "error" for chunk in got.chunks))
        assert got.source.health().state == "live"
        between.at = ""
        got.until(lambda: bytes(got.content.get("runs/bad.log", b"")) == rows(0, 50))
    finally:
        got.source.close()
    ((log, why),) = {(chunk.log, chunk.message) for chunk in got.chunks if chunk.kind == "error"}
    assert (log, why[: len(words)]) == ("runs/bad.log", words)


@pytest.mark.parametrize("place", ["s3"], indirect=True)
def test_a_folder_of_a_bucket_that_may_not_be_listed_keeps_no_other_away(
    place: Bucket, between: Between
) -> None:
    place.put("mine/a.log", rows(0, 60))
    place.put("theirs/b.log", rows(0, 50))
    between.at, between.status, between.code = "prefix=theirs", 403, "AccessDenied"
    found = read_targets(["s3://bucket/theirs", "s3://bucket/mine"], judging="never")
    assert [update.step for update in found.updates] == [59]
    assert list(map(str, found.errors)) == [f"s3://bucket/theirs: {DENIED}"]


@pytest.mark.parametrize("place", ["sftp"], indirect=True)
@pytest.mark.parametrize(
    ("error", "words"),
    [
        pytest.param(PermissionError(13, "Permission denied"), DENIED, id="it may not be read"),
        pytest.param(OSError("Failure"), "Failure", id="a failure that has no more words"),
    ],
)
def test_what_cant_be_read_over_sftp_keeps_nothing_else_away(
    place: Sftp, monkeypatch: pytest.MonkeyPatch, error: OSError, words: str
) -> None:
    """Root, who runs this at times, may read all: the client says so itself."""
    from fsspec.implementations.sftp import SFTPFileSystem

    closed = ["runs/bad.log", "runs/closed"]

    def barred(name: str) -> None:
        real = getattr(SFTPFileSystem, name)

        def call(self: Any, path: str, *args: Any, **named: Any) -> Any:
            if path.endswith(tuple(closed)):
                raise error
            return real(self, path, *args, **named)

        monkeypatch.setattr(SFTPFileSystem, name, call)

    for name in ("ok.log", "bad.log", "closed/c.log"):
        place.put(f"runs/{name}", rows(0, 60))
    barred("ls")
    barred("cat_file")
    got = Collector(place.source("runs"))
    log = place.address.partition("://")[2].partition("/")[2] + "runs/"
    try:
        got.until(lambda: bytes(got.content.get(f"{log}ok.log", b"")) == rows(0, 60))
        got.until(lambda: len([one for one in got.chunks if one.kind == "error"]) == 2)
        assert got.source.health().state == "live"
        closed[:] = ["nothing more"]
        for name in ("bad.log", "closed/c.log"):
            got.until(lambda name=name: bytes(got.content.get(log + name, b"")) == rows(0, 60))
    finally:
        got.source.close()
    errors = {(chunk.log, chunk.message) for chunk in got.chunks if chunk.kind == "error"}
    assert errors == {(f"{log}bad.log", words), (f"{log}closed", words)}
