"""News sent to services: a real HTTP endpoint, a real mail server, secrets that stay secret."""

from __future__ import annotations

import email
import json
import os
import threading
from collections.abc import Callable, Iterator
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from lossmon.diagnosis.knowledge import load
from lossmon.errors import ConfigError
from lossmon.notify import Notifier, addresses, services_at, words
from tests.conftest import falling, training_rows, write_jsonl
from tests.monitor.test_news import change
from tests.remote.box import free_port
from tests.report.test_cli import run
from tests.report.test_watch import Watching, diverge, watching
from tests.tui.terminal import Terminal
from tests.waiting import wait_until

__all__ = ["watching"]

# What apprise 2.3 imports is deprecated here and there; nothing of ours is hidden by this.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture
def endpoint() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server that keeps what is posted to it; its address as Apprise names it."""
    taken: list[dict[str, Any]] = []

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length", 0))
            taken.append(json.loads(self.rfile.read(size)))
            self.send_response(500 if self.path == "/broken" else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"json://127.0.0.1:{server.server_port}", taken
    finally:
        server.shutdown()
        server.server_close()


def test_watch_tells_a_service_what_goes_wrong_with_the_chart(
    tmp_path: Path, endpoint: tuple[str, list[dict[str, Any]]], watching: Callable[..., Watching]
) -> None:
    url, taken = endpoint
    log = write_jsonl(tmp_path / "run.jsonl", training_rows(falling(60)))
    watch = watching(log, "--notify", url)
    watch.line(lambda line: "ealthy" in line)
    diverge(log)
    watch.line(lambda line: "DIVERGED" in line)
    wait_until(lambda: taken)
    (message,) = taken
    assert "DIVERGED since step 610" in message["message"]
    assert message["type"] == "failure"
    (picture,) = message["attachments"]
    assert picture["mimetype"] == "image/png"
    assert picture["base64"].startswith("iVBOR")


def test_the_screen_tells_the_services_of_the_settings(
    tmp_path: Path, endpoint: tuple[str, list[dict[str, Any]]]
) -> None:
    url, taken = endpoint
    log = write_jsonl(tmp_path / "log.jsonl", training_rows(falling(60)))
    settings = tmp_path / "config.toml"
    settings.write_text('[notices]\nurls = ["env:CHAT"]\n')
    screen = Terminal(str(log), environment={"LOSSMON_CONFIG": str(settings), "CHAT": url})
    try:
        screen.wait_for("HEALTHY")
        diverge(log)
        screen.wait_for("DIVERGED")
        wait_until(lambda: (screen.read(0.05), taken)[1])
        os.write(screen.fd, b"q")
        screen.end()
    finally:
        screen.close()
    assert "log.jsonl: DIVERGED since step 610" in taken[0]["message"]


def test_mail_holds_the_words_and_the_chart() -> None:
    controller_module = pytest.importorskip("aiosmtpd.controller")
    mails: list[Message] = []

    class Handler:
        async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:
            mails.append(email.message_from_bytes(envelope.content))
            return "250 OK"

    port = free_port()
    server = controller_module.Controller(Handler(), hostname="127.0.0.1", port=port)
    server.start()
    try:
        url = f"mailto://127.0.0.1:{port}?from=box@example.org&to=me@example.org&mode=insecure"
        said: list[str] = []
        notifier = Notifier(services_at([url]), "warning", load("zh"), said.append, 0.0)
        notifier.add([change("runs/a", "diverged")])
        notifier.close()
    finally:
        server.stop()
    assert said == []
    (mail,) = mails
    parts = [part for part in mail.walk() if not part.is_multipart()]
    text = parts[0].get_payload(decode=True)
    assert isinstance(text, bytes)
    assert "runs/a" in text.decode()
    assert any(part.get_content_type() == "image/png" for part in parts)


def test_a_service_that_is_down_or_refuses_is_said_without_its_secret(
    endpoint: tuple[str, list[dict[str, Any]]],
) -> None:
    url, taken = endpoint
    said: list[str] = []
    urls = [f"{url}/broken?secret=s3cr3t", f"{url}/fine", "json://127.0.0.1:9/?+X-Token=s3cr3t"]
    notifier = Notifier(services_at(urls), "warning", load(), said.append, 0.0)
    notifier.add([change("a", "diverged")])
    notifier.close()
    assert len(taken) == 2, "the others are told all the same"
    assert len(said) == 2
    assert all("s3cr3t" not in line and "\n" not in line for line in said)


def test_a_night_in_which_all_goes_wrong_sends_few_messages(
    endpoint: tuple[str, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, taken = endpoint
    monkeypatch.setattr("lossmon.notify.AN_HOUR", 3)
    notifier = Notifier(services_at([url]), "warning", load(), lambda _: None, 0.0)
    for number in range(6):
        count = len(taken)
        notifier.add([change(f"run{number}", "diverged")])
        if number < 3:
            wait_until(lambda count=count: len(taken) > count)
    notifier.close()
    assert len(taken) == 3


def test_secrets_come_from_a_variable_or_from_a_file_of_ones_own(tmp_path: Path) -> None:
    secret = tmp_path / "services"
    secret.write_text("# mine\nntfy://topic\n\nslack://a/b/c\n")
    secret.chmod(0o600)
    given = ["env:CHAT", f"file:{secret}", "ntfy://plain"]
    found = addresses(given, {"CHAT": "feishu://token json://x"})
    assert found == ["feishu://token", "json://x", "ntfy://topic", "slack://a/b/c", "ntfy://plain"]
    secret.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        addresses(given, {"CHAT": "x"})
    with pytest.raises(ConfigError, match="variable CHAT is not set"):
        addresses(given, {})
    with pytest.raises(ConfigError, match="no such file"):
        addresses([f"file:{tmp_path / 'none'}"], {})


@pytest.mark.parametrize("url", ["nothing://x/s3cr3t", "s3cr3t-without-a-scheme", "json://"])
def test_an_address_that_no_service_has_is_refused_in_one_line(tmp_path: Path, url: str) -> None:
    log = write_jsonl(tmp_path / "run.jsonl", training_rows(falling(20)))
    done = run("watch", log, "--notify", url)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "notices: no service at" in done.stderr
    assert "/s3cr3t" not in done.stderr


def test_services_of_two_names_are_known_by_both() -> None:
    names = [one.service_name for one in services_at(["dingding://token", "dingtalk://token"])]
    assert names == ["DingTalk", "DingTalk"]


def test_words_name_ten_and_count_the_rest() -> None:
    title, body = words([change(f"run{i}", "rebound") for i in range(12)], 3, load())
    assert title == "lossmon: run0: Rebound"
    assert body.count("REBOUND since step") == 10
    assert body.endswith("and 5 more")


def test_names_of_runs_reach_services_without_control_characters() -> None:
    title, body = words([change("a\x1b]0;x\x07\u202eb", "diverged")], 0, load())
    assert not any(c in title + body for c in "\x1b\x07\u202e")
    assert "\n" not in title
