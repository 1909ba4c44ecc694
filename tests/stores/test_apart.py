"""What is in the way of one file is told of that file, and keeps no other one of its server away."""

from __future__ import annotations

import http.server
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from lossmon.logs.far import apart, web
from lossmon.logs.far.apart import Apart, Unreadable
from lossmon.logs.far.source import FarSource
from lossmon.logs.far.web import WebFiles
from lossmon.logs.far.web import meaning as of_web
from lossmon.logs.scheme import Order, Target
from lossmon.monitor.sources import open_monitor
from lossmon.monitor.whole import read_targets
from tests.remote.box import Collector, free_port
from tests.stores.places import HASTY, OFTEN
from tests.stores.test_live import rows
from tests.waiting import wait_until

BAD, OK = rows(0, 50), rows(0, 60)
DENIED = "access denied ({}); a name and password belong in ~/.netrc"
ENDLESS = "the server says 302 The HTTP server returned a redirect error that would lead to an"

# What the server does with each request for the log -> what is said of it.
TROUBLES = {
    "a name and password are wanted": ("401", DENIED.format(401)),
    "it may not be read": ("403", DENIED.format(403)),
    "it is asked for too often": ("429", "the server says 429 Too Many Requests"),
    "an error of the server": ("500", "the server says 500 Internal Server Error"),
    "what is behind the server is off": ("502", "the server says 502 Bad Gateway"),
    "the server is busy with it": ("503", "the server says 503 Service Unavailable"),
    "it leads to itself": ("itself", ENDLESS),
    "it leads to where nobody is": ("nobody", "no connection to it: Connection refused"),
    "the connection is closed": ("closed", "the answer was broken off"),
    "its answer is not of the web": ("noise", "the answer was broken off"),
    "its answer breaks off at once": ("cut", "the answer was broken off"),
    "it is not answered": ("mute", "the server does not answer for it"),
}
WHERE = {
    "named before the good one": ("bad.log", "ok.log"),
    "named behind it": ("ok.log", "bad.log"),
    "in a folder": ("runs/",),
    "in a folder of that folder": ("above",),
}


class Server(http.server.ThreadingHTTPServer):
    """Two logs, by themselves and in a folder; with one of them something is wrong."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.trouble = ""
        self.at = "bad.log"  # what is in trouble
        self.over = threading.Event()
        self.asked: list[tuple[str, float]] = []
        self.nobody = free_port()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.path, time.monotonic()))
        name = self.path.rpartition("/")[2]
        if self.server.trouble and self.path.endswith(self.server.at):
            self._fail(self.server.trouble)
        elif name in ("bad.log", "ok.log"):
            self._send(BAD if name == "bad.log" else OK, "text/plain")
        elif self.path == "/above/":
            self._send(b'<a href="inner/">x</a>', "text/html")
        elif self.path in ("/runs/", "/above/inner/"):
            self._send(b'<a href="bad.log">x</a> <a href="ok.log">x</a>', "text/html")
        elif self.path in ("/runs", "/above", "/above/inner"):
            self._send(b"", "text/html")
        else:
            self.send_error(404)

    do_HEAD = do_GET

    def _send(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def _fail(self, trouble: str) -> None:
        if trouble.isdigit():
            self.send_error(int(trouble))
        elif trouble in ("itself", "nobody"):
            nobody = f"http://127.0.0.1:{self.server.nobody}/"
            self.send_response(302)
            self.send_header("Location", nobody if trouble == "nobody" else self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif trouble == "noise":
            self.wfile.write(b"\x00\x01 no such protocol\r\n\r\n")
        elif trouble == "cut":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.send_header("Content-Type", f"text/{'html' if self.path[-1] == '/' else 'plain'}")
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(b"ff\r\n")
        elif trouble == "mute":
            self.server.over.wait()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
        yield made
        made.over.set()
        made.shutdown()


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask again soon, and wait for no answer for long."""
    monkeypatch.setattr(apart, "RESTS_S", (0.05, 0.1))
    monkeypatch.setattr(apart, "SLOW_S", (0.1, 0.2))
    monkeypatch.setattr(web, "_SILENT_AGAIN_S", 0.3)


def watched(server: Server, *targets: str) -> Collector:
    order = Order(tuple(Target("web", one) for one in targets), True, None, server.address)
    files = WebFiles(server.address, silent_s=0.3)
    return Collector(FarSource(order, files, OFTEN, of_web, HASTY))


def content(got: Collector, name: str) -> bytes:
    """Of the log of a name, wherever it stands."""
    return bytes(next((data for log, data in got.content.items() if log.endswith(name)), b""))


def errors(got: Collector) -> set[tuple[str, str]]:
    return {
        (chunk.log.rpartition("/")[2], chunk.message)
        for chunk in got.chunks
        if chunk.kind == "error"
    }


@pytest.mark.parametrize("targets", WHERE.values(), ids=WHERE.keys())
@pytest.mark.parametrize(("trouble", "words"), TROUBLES.values(), ids=TROUBLES.keys())
def test_a_trouble_of_one_log_is_told_of_it_while_others_are_read_and_ends_with_it(
    server: Server, trouble: str, words: str, targets: tuple[str, ...]
) -> None:
    server.trouble = trouble
    got = watched(server, *targets)
    try:
        got.until(lambda: content(got, "ok.log") == OK and errors(got) != set())
        ((log, why),) = errors(got)
        assert (log, why[: len(words)]) == ("bad.log", words)
        assert got.source.health().state == "live"
        told = got.source.health().reason
        assert told.startswith(f"bad.log: {words}" if "bad.log" in targets else "")
        server.trouble = ""
        server.over.set()
        got.until(lambda: content(got, "bad.log") == BAD)
        got.until(lambda: got.source.health() and got.source.health().reason == "")
        kinds = [chunk.kind for chunk in got.chunks if chunk.log.endswith("ok.log")]
        assert set(kinds) == {"data"}
        assert len(errors(got)) == 1, "it was told once"
    finally:
        got.source.close()


@pytest.mark.parametrize("targets", WHERE.values(), ids=WHERE.keys())
@pytest.mark.parametrize(
    ("trouble", "words"),
    [pytest.param(*TROUBLES[one], id=one) for one in TROUBLES if one != "it is not answered"],
)
def test_read_once_a_trouble_of_one_log_is_a_line_beside_the_others(
    server: Server, trouble: str, words: str, targets: tuple[str, ...]
) -> None:
    server.trouble = trouble
    found = read_targets([server.address + one for one in targets], judging="never")
    assert [update.step for update in found.updates] == [59]
    (error,) = map(str, found.errors)
    where, _, why = error.partition("bad.log: ")
    assert where in (server.address, f"{server.address}runs/", f"{server.address}above/inner/")
    assert why.startswith(words)


@pytest.mark.parametrize(
    "trouble", ["403", "500", "closed", "cut"], ids=["403", "500", "closed", "broken off"]
)
@pytest.mark.parametrize(
    ("at", "targets"),
    [
        pytest.param("/above/", ("above/", "ok.log"), id="the folder that was named"),
        pytest.param("/above", ("above", "ok.log"), id="the folder that was named without a slash"),
        pytest.param("/inner/", ("above", "runs"), id="a folder below it"),
    ],
)
def test_a_folder_that_cant_be_listed_keeps_what_was_read_and_hides_no_other(
    server: Server, at: str, targets: tuple[str, ...], trouble: str
) -> None:
    got = watched(server, *targets)
    try:
        got.until(lambda: len(got.content) == (4 if "runs" in targets else 3))
        server.at, server.trouble = at, trouble
        looked = len(server.asked)
        wait_until(lambda: len(server.asked) > looked + 20)
        if at != "/above":  # what a target is, is asked but once
            got.until(lambda: errors(got) != set())
            assert len(errors(got)) == 1
        assert got.source.health().state == "live"
        server.trouble = ""
        looked = len(server.asked)
        wait_until(lambda: len(server.asked) > looked + 20)
        got.until(lambda: got.source.health() and got.source.health().reason == "")
        assert not [chunk for chunk in got.chunks if chunk.kind in ("gone", "replaced")]
    finally:
        got.source.close()


def test_what_is_wrong_with_all_that_was_named_is_the_state_of_its_place(server: Server) -> None:
    server.trouble = "503"
    got = watched(server, "bad.log")
    try:
        got.until(lambda: got.source.health().state == "retrying")
        words = "bad.log: the server says 503 Service Unavailable"
        assert got.source.health().reason == words
        server.trouble = ""
        got.until(lambda: content(got, "bad.log") == BAD)
        assert got.source.health().state == "live"
    finally:
        got.source.close()
    server.trouble = "403"
    named = [server.address + one for one in ("bad.log", "nothing.log")]
    assert list(map(str, read_targets(named).errors)) == [
        f"{named[0]}: {DENIED.format(403)}",
        f"{named[1]}: no such folder or file there; check the spelling",
    ], "each in its own words"


def refused() -> str:
    return f"http://127.0.0.1:{free_port()}/"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        pytest.param(refused, "Connection refused", id="nobody listens"),
        pytest.param(lambda: "http://no-such-host.invalid/", "", id="its name is not known"),
        pytest.param(None, "SSL", id="what it speaks is no TLS"),
    ],
)
def test_a_server_that_is_out_of_reach_is_so_for_all_its_logs(
    server: Server, address: Callable[[], str] | None, words: str
) -> None:
    where = address() if address else server.address.replace("http:", "https:")
    found = read_targets([f"{where}a.log", f"{where}b.log"])
    assert [str(error).partition(": ")[2] for error in found.errors] == [
        str(found.errors[0]).partition(": ")[2]
    ] * 2
    for name, error in zip("ab", map(str, found.errors), strict=True):
        assert error.startswith(f"{where}{name}.log: no connection to it: ")
        assert words in error


def test_a_server_that_answers_nothing_at_all_is_in_trouble_itself() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        files = WebFiles(address, silent_s=0.2)
        order = Order((Target("web", "a.log"), Target("web", "b.log")), True, None, address)
        got = Collector(FarSource(order, files, OFTEN, of_web, HASTY))
        try:
            got.until(lambda: got.source.health().state == "retrying")
            assert got.source.health().reason == "the server does not answer for it"
            assert got.chunks == []
        finally:
            got.source.close()


def test_a_log_in_trouble_is_asked_for_less_and_less(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(apart, "RESTS_S", (1.0, 30.0))
    paths, error = Apart(), Unreadable("busy")
    pauses = []
    for _ in range(7):
        paths.failed("a.log", error)
        start = now[0]
        while paths.resting("a.log"):
            now[0] += 0.5
        pauses.append(now[0] - start)
        assert paths.resting("b.log") is None
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    paths.passed("a.log")
    paths.failed("a.log", error)
    now[0] += 1.0
    assert paths.resting("a.log") is None, "from the start, once it could be read"
    paths.failed("a.log", error)
    paths.all_due()
    assert paths.resting("a.log") is None, "who asks anew has waited"
    assert paths.last("a.log") is error


def test_no_more_paths_in_trouble_are_kept_than_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "_MOST", 10)
    paths = Apart()
    for n in range(25):
        paths.failed(f"{n}.log", Unreadable("busy"))
    assert [n for n in range(25) if paths.last(f"{n}.log")] == list(range(15, 25))


def test_a_run_is_told_of_its_log_until_that_can_be_read_again_though_nothing_is_new(
    server: Server,
) -> None:
    monitor = open_monitor([f"{server.address}bad.log"], watch=True)
    told: list[list[str]] = []

    def look() -> list[str] | None:
        told.extend(list(map(str, one.errors)) for one in monitor.poll())
        return told[-1] if told else None

    try:
        wait_until(lambda: look() == [], timeout_s=30)
        server.trouble = "500"
        error = "bad.log: the server says 500 Internal Server Error"
        wait_until(lambda: look() == [error], timeout_s=30)
        server.trouble = ""
        wait_until(lambda: look() == [], timeout_s=30)
    finally:
        monitor.close()
