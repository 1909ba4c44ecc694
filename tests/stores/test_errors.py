"""What goes wrong at a store is one line that says what to do; the run goes on when it is mended."""

from __future__ import annotations

import http.server
import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import pytest

from lossmon.errors import TargetError
from lossmon.logs.far.files import Unreadable
from lossmon.logs.far.source import FarSource
from lossmon.logs.far.web import WebFiles
from lossmon.logs.far.web import meaning as of_web
from lossmon.logs.scheme import Order, Target
from lossmon.logs.tail import GUARD_BYTES
from lossmon.logs.target import parse
from lossmon.monitor.whole import read_targets
from tests.remote.box import Collector
from tests.report.test_cli import run
from tests.stores.places import OFTEN, Bucket, Pieces, Place, Plain, Sftp, tell
from tests.stores.test_live import rows
from tests.waiting import wait_until


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("s3://bucket", Target("stores", "", heading="s3://bucket/")),
        ("s3://bucket/runs/", Target("stores", "runs", heading="s3://bucket/")),
        ("s3://bucket/runs/*/a b.log", Target("stores", "runs/*/a b.log", heading="s3://bucket/")),
        ("sftp://me@box:2222/data", Target("stores", "data", heading="sftp://me@box:2222/")),
        ("https://h:80/a/b.log?x=1#y", Target("web", "a/b.log?x=1", heading="https://h:80/")),
    ],
)
def test_addresses(text: str, target: Target) -> None:
    assert parse(text) == target


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("s3:///runs", "not an address; write s3://bucket/folder"),
        ("s3://b ucket/x", "not an address"),
        ("https://me:secret@host/x", "no password in an address"),
        ("s3://a::file:///etc/passwd", "not an address"),
        ("ftp://host/x", "no kind of place that is read"),
        ("gpu1:s3://bucket/x", "is read from here, not behind a box"),
    ],
)
def test_what_is_no_address(text: str, words: str) -> None:
    with pytest.raises(TargetError, match=words) as caught:
        parse(text)
    assert "secret" not in str(caught.value)


def trouble(place: Place, name: str) -> str:
    """What is said where it is read once."""
    source = place.source(name, watch=False)
    try:
        wait_until(lambda: source.exhausted, why=str(source.health()))
        assert source.poll() == []
        target = parse(place.address + name)
        return str(source.trouble(target.path))
    finally:
        source.close()


S3 = pytest.mark.parametrize("place", ["s3"], indirect=True)


@S3
def test_who_may_not_read_a_bucket(place: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    place.put("runs/a.log", rows(0, 20))
    assert trouble(place, "nothing").startswith("no such bucket, folder or file there")
    place.address = "s3://no-such-bucket/"
    assert trouble(place, "x").startswith("no such bucket, folder or file there")
    place.address = "s3://bucket/"
    ask_who(b"0")  # from here on the server looks at who asks
    try:
        got = Collector(place.source("runs"))
        try:
            got.until(lambda: got.source.health().state == "retrying")
            assert got.source.health().reason.startswith("runs: access denied")
            ask_who(b"inf")
            got.until(lambda: bytes(got.content.get("runs/a.log", b"")) == rows(0, 20))
        finally:
            got.source.close()
        for name in [name for name in os.environ if name.startswith("AWS_") and "KEY" in name]:
            monkeypatch.delenv(name)
        assert trouble(place, "runs").startswith("no credentials for it; sign in")
    finally:
        ask_who(b"inf")
    place.stop()
    try:
        os.environ |= {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}
        assert trouble(place, "runs").startswith("no connection to it: Could not connect")
    finally:
        place.start()


def ask_who(after: bytes) -> None:
    """After so many requests moto asks who it is that asks."""
    tell("reset-auth", after)


@S3
def test_a_bucket_is_triaged_by_name(place: Bucket) -> None:
    place.put("runs/a/train.log", rows(0, 60))
    place.put("runs/a/args.json", b'{"lr": 0.25}')
    place.put("runs/b/train.log", rows(0, 80))
    done = run("check", "--json", "s3://bucket/runs")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["run"], one["step"]) for one in found] == [
        ("s3://bucket/runs/a", 59),
        ("s3://bucket/runs/b", 79),
    ]
    assert done.returncode == 0, done.stderr
    assert run("check", "--json", "--workers", "2", "s3://bucket/runs").stdout == done.stdout
    refused = run("check", "--json", "--cluster", "local", "s3://bucket/runs")
    assert refused.stderr.count("\n") == 1
    assert "workers read paths" in refused.stderr
    again = read_targets(["s3://bucket/runs"], logs=["s3://bucket/runs/b/train.log"])
    assert [update.step for update in again.updates] == [79], "one of them, as runs name it"
    wrong = run("check", "s3://bucket/none")
    assert wrong.stderr.strip().endswith("check the spelling")
    assert wrong.returncode == 2


@S3
def test_a_bucket_is_listed_in_batches_by_folder(place: Bucket) -> None:
    from lossmon.logs import schemes

    names = [f"sweep/run{n:02}/{log}" for n in range(7) for log in ("eval.log", "train.log")]
    for name in [*names, "sweep/run03/model.pt", "other/x.log"]:
        place.put(name, rows(0, 3))
    target = parse("s3://bucket/sweep")
    batches = schemes.of(target.kind).batches
    assert batches is not None
    found = list(batches(target, 3))
    assert [len(batch) for batch in found] == [4, 4, 4, 2], "a folder is in one batch"
    assert [log for batch in found for log in batch] == [f"s3://bucket/{name}" for name in names]
    only = [log.removeprefix("s3://bucket/") for log in found[1]]
    got = Collector(place.source("sweep", watch=False, only=tuple(only)))
    try:
        got.until(lambda: got.source.exhausted)
        assert sorted(got.content) == only, "the others are left alone"
    finally:
        got.source.close()


@pytest.mark.parametrize("place", ["sftp"], indirect=True)
def test_a_host_whose_key_nobody_accepted_is_not_asked(place: Sftp) -> None:
    place.put("a.log", rows(0, 20))
    known = place.known.read_text()
    place.known.write_text("")
    assert "is not in ~/.ssh/known_hosts; connect once with sftp" in trouble(place, "a.log")
    place.known.write_text(known)
    assert trouble(place, "none.log").startswith("no such")


@pytest.mark.parametrize("place", ["plain", "pieces"], indirect=True)
def test_what_a_web_server_lacks(place: Plain | Pieces) -> None:
    assert trouble(place, "none.log").startswith("no such")
    place.stop()
    try:
        assert trouble(place, "none.log").startswith("no connection to it")
    finally:
        place.start()


@pytest.mark.parametrize("place", ["plain"], indirect=True)
@pytest.mark.parametrize("target", ["runs/", "runs", ""])
def test_a_folder_of_a_web_server_is_read_with_those_below(place: Plain, target: str) -> None:
    """Of `https://HOST/FOLDER/` only the files in the folder itself were."""
    place.put("runs/train.log", rows(0, 60))
    place.put("runs/deep/er/train.log", rows(20, 80))
    found = read_targets([f"{place.address}{target}"], judging="never")
    assert found.errors == []
    assert sorted(update.step or 0 for update in found.updates) == [59, 79]


class _Short(http.server.BaseHTTPRequestHandler):
    """Promises more than it sends, as a proxy that gives up does."""

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(2 * len(rows(0, 40))))
        self.end_headers()

    def do_GET(self) -> None:
        self.do_HEAD()
        self.wfile.write(rows(0, 40))

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[str]:
    """A web server here; its address."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,)).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()


@pytest.mark.parametrize("known", [0, GUARD_BYTES])
def test_what_came_before_an_answer_broke_off_is_read(known: int) -> None:
    """A follower asks for bytes that it has along with new ones: those alone are no progress."""
    with serving(_Short) as address:
        files = WebFiles(address)
        whole = 2 * len(rows(0, 40))
        assert files.read_at("train.log", 0, whole) == rows(0, 40)
        with pytest.raises(Unreadable, match="broken off"):
            files.read_at("train.log", len(rows(0, 40)) - known, whole)


def test_a_log_that_is_sent_in_part_is_read_as_far_as_it_came_and_told() -> None:
    with serving(_Short) as address:
        found = read_targets([f"{address}train.log"], judging="never")
    assert [update.step for update in found.updates] == [39]
    (error,) = map(str, found.errors)
    assert error.endswith("train.log: the answer was broken off; what was read until then is shown")


class _Silent(http.server.BaseHTTPRequestHandler):
    """Sends half of one log, and no more; all of another."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[list[str]] = []
    over: ClassVar[threading.Event] = threading.Event()

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(rows(0, 80))))
        self.end_headers()

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.do_HEAD()
        half = self.path == "/half.log"
        self.wfile.write(rows(0, 40) if half else rows(0, 80))
        if half:
            self.over.wait()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_log_whose_server_falls_silent_is_left_alone_for_a_while() -> None:
    with serving(_Silent) as address:
        files = WebFiles(address, silent_s=0.3)
        try:
            assert files.read_at("half.log", 0, 1 << 16) == rows(0, 40)
            for _ in range(3):
                with pytest.raises(Unreadable, match="sends no more of it"):
                    files.read_at("half.log", len(rows(0, 40)) - GUARD_BYTES, 1 << 16)
            assert _Silent.asked == ["/half.log"], "asked once, and not at each look"
            assert files.read_at("train.log", 0, 1 << 16) == rows(0, 80)
        finally:
            files.release()
            _Silent.over.set()


class _Stale(http.server.BaseHTTPRequestHandler):
    """An index page that is older than what it names, and not all for everybody."""

    _THERE: ClassVar[dict[str, tuple[str, bytes]]] = {
        "/": ("text/html", b'<a href="gone/">x</a> <a href="closed/">x</a> <a href="runs/">x</a>'),
        "/runs/": ("text/html", b'<a href="none.log">x</a> <a href="train.log">x</a>'),
        "/runs/train.log": ("text/plain", rows(0, 40)),
    }

    def do_GET(self) -> None:
        kind, body = self._THERE.get(self.path, ("", b""))
        self.send_response(403 if self.path.startswith("/closed") else 200 if kind else 404)
        self.send_header("Content-Type", kind or "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_folder_that_an_index_names_and_is_not_there_hides_no_other() -> None:
    """One of 404 made the whole address one at which nothing was."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Stale) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,)).start()
        try:
            address = f"http://127.0.0.1:{server.server_port}/"
            updates, (closed,), _ = read_targets([address], judging="never")
        finally:
            server.shutdown()
    assert [update.step for update in updates] == [39]
    denied = "access denied (403); a name and password belong in ~/.netrc"
    assert str(closed) == f"{address}closed: {denied}"


@pytest.mark.slow
@S3
def test_more_logs_than_fit_are_triaged_batch_by_batch(
    place: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lossmon.report import batches

    for n in range(7):
        place.put(f"sweep/run{n}/train.log", rows(0, 60))
    place.put("sweep/run3/train.log", b"".join(b"step %d loss nan\n" % n for n in range(60)))
    assert batches.listed(["s3://bucket/sweep"]) is None, "few are read as all others are"
    monkeypatch.setattr(batches, "BATCH", 3)
    said: list[str] = []
    listed = batches.listed(["s3://bucket/sweep"])
    assert listed is not None
    whole = batches.triaged(listed, 1, "json", "en", "as it grows", said.append)
    assert whole.errors == []
    found = [json.loads(line) for text in said for line in text.splitlines()]
    assert [one["run"] for one in found] == [f"s3://bucket/sweep/run{n}" for n in range(7)]
    assert (whole.logs, whole.runs, whole.severities["critical"]) == (7, 7, 1)
    assert whole.neediest == []


def test_the_table_of_many_batches_has_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lossmon.report import batches

    monkeypatch.setattr(batches, "MOST_ROWS", 3)
    whole = batches.Triage()
    for n in range(4):
        log = tmp_path / f"run{n}.log"
        losses = ["nan" if n == 2 and i > 30 else f"{2 - i / 100}" for i in range(60)]
        log.write_text("".join(f"step {i} loss {loss}\n" for i, loss in enumerate(losses)))
        whole.add(batches.Triage(neediest=read_targets([str(log)]).updates, logs=1))
    named = [Path(update.run).stem for update in whole.neediest]
    assert named == ["run2", "run0", "run1"]
    assert whole.logs == 4


PIECES = pytest.mark.parametrize("place", ["pieces"], indirect=True)


@PIECES
def test_a_file_that_a_server_fails_to_send_stops_no_other(place: Pieces) -> None:
    for name in "ab":
        place.put(f"runs/{name}/train.log", rows(0, 60))
    place.broken = "a/train.log"
    got = Collector(place.source("runs"))
    try:
        got.until(lambda: bytes(got.content.get("runs/b/train.log", b"")) == rows(0, 60))
        got.until(lambda: any(chunk.kind == "error" for chunk in got.chunks))
        place.broken = ""
        got.until(lambda: bytes(got.content.get("runs/a/train.log", b"")) == rows(0, 60))
    finally:
        got.source.close()
    errors = {(chunk.log, chunk.message) for chunk in got.chunks if chunk.kind == "error"}
    assert errors == {("runs/a/train.log", "the server says 500 Internal Server Error")}


def test_who_leaves_waits_for_no_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        files = WebFiles(address)
        order = Order((Target("web", "a.log", heading=address),), True, None, address)
        source = FarSource(order, files, OFTEN, of_web)
        connection, _ = silent.accept()  # and never answer
        with connection:
            source.close()
            asking = [one for one in threading.enumerate() if address[:-1] in one.name]
            assert len(asking) == 1, "it still waits, and nobody waits for it"
    wait_until(lambda: not asking[0].is_alive(), why="it ends by itself")
