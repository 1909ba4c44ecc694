"""A web server in this process whose answers are a table."""

from __future__ import annotations

import http.server
import threading
from dataclasses import dataclass, field

PAGE = {"Content-Type": "text/html; charset=utf-8"}
TEXT = b"step 1 loss 2.0\n" * 4


@dataclass
class Answer:
    """What the server says to one address."""

    body: bytes = TEXT
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    head: int = 0  # another status for HEAD; 0 for the same
    length: bool = True  # it says how long the body is
    cut: int | None = None  # so many bytes of it are sent
    pieces: bool = False  # it sends what is asked for, else all


def page(*links: str) -> Answer:
    """An index page."""
    return Answer("".join(f'<a href="{one}">x</a>' for one in links).encode(), PAGE)


class WebServer:
    """Answers by address."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.secrets: list[str] = []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None: ...

            def do_HEAD(self) -> None:
                self.do_GET(head=True)

            def do_GET(self, head: bool = False) -> None:
                wanted = self.headers.get("Range", "")
                server.asked.append(" ".join(filter(None, [self.command, self.path, wanted])))
                server.secrets.append(self.headers.get("Authorization", ""))
                answer = server.answers.get(self.path, Answer(b"", status=404))
                status, headers, body = _piece(answer, wanted)
                self.send_response(answer.head if head and answer.head else status)
                if answer.length:
                    headers["Content-Length"] = str(len(body))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                if not head:
                    self.wfile.write(body[: answer.cut])

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.005,))
        self._thread.start()
        self.address = f"http://127.0.0.1:{self._server.server_port}/"

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _piece(answer: Answer, wanted: str) -> tuple[int, dict[str, str], bytes]:
    headers, body = dict(answer.headers), answer.body
    if not (answer.pieces and wanted and answer.status == 200):
        return answer.status, headers, body
    start, stop = map(int, wanted.removeprefix("bytes=").split("-"))
    if start >= len(body):
        return 416, {"Content-Range": f"bytes */{len(body)}"}, b""
    piece = body[start : stop + 1]
    headers.setdefault("Content-Range", f"bytes {start}-{start + len(piece) - 1}/{len(body)}")
    return 206, headers, piece
