"""Files of a web server as a table of answers: what an address is, an index page, a piece."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lossmon.logs.far import web as module
from lossmon.logs.far.apart import Trouble, Unreadable
from lossmon.logs.far.web import WebFiles, meaning
from lossmon.logs.files import Stat
from tests.stores.web_server import PAGE, TEXT, Answer, WebServer, page

DAY = "Thu, 01 Jan 1970 00:01:40 GMT"


@pytest.fixture(scope="module")
def running() -> Iterator[WebServer]:
    made = WebServer()
    yield made
    made.close()


@pytest.fixture
def server(running: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WebServer:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("no_proxy", "*")
    running.answers, running.asked, running.secrets = {}, [], []
    return running


@pytest.mark.parametrize(
    ("path", "answer", "kind"),
    [
        ("run.log", Answer(), "file"),
        ("runs", Answer(b"", PAGE), "directory"),
        ("runs/", Answer(), "directory"),
        ("", Answer(), "directory"),
        ("log.html", Answer(b"", PAGE), "file"),  # a page was asked for
        ("LOG.HTM?x=1", Answer(b"", PAGE), "file"),
        ("log?x=.html", Answer(b"", PAGE), "directory"),
        ("run.log", Answer(head=400), "file"),
        ("run.log", Answer(head=403), "file"),  # signed for GET alone
        ("run.log", Answer(head=405), "file"),
        ("run.log", Answer(head=501), "file"),
        ("run.log", Answer(status=404), FileNotFoundError),
        ("run.log", Answer(status=410), FileNotFoundError),
        ("run.log", Answer(status=401), PermissionError),
        ("run.log", Answer(status=403), PermissionError),
        ("run.log", Answer(status=500), OSError),
    ],
)
def test_what_an_address_is(
    path: str, answer: Answer, kind: str | type[Exception], server: WebServer
) -> None:
    server.answers[f"/{path}"] = answer
    files = WebFiles(server.address)
    if isinstance(kind, str):
        assert files.kind(path) == kind
    else:
        with pytest.raises(kind):
            files.kind(path)


@pytest.mark.parametrize(
    ("answer", "stat"),
    [
        (Answer(), Stat(64, 0.0, (64, 0.0), None, True)),
        (Answer(headers={"Last-Modified": DAY}), Stat(64, 100.0, (64, 100.0), None, True)),
        (Answer(headers={"Last-Modified": "odd"}), Stat(64, 0.0, (64, 0.0), None, True)),
        (Answer(headers={"ETag": "v" * 201}), Stat(64, 0.0, "v" * 200, None, True)),
        (Answer(head=403, pieces=True), Stat(64, 0.0, (64, 0.0), None, True)),
        (Answer(length=False), Stat(64, 0.0, (64, 0.0), None, True)),  # it is read for that
        (Answer(b"", PAGE), IsADirectoryError),
        (Answer(b"", head=403, pieces=True), Stat(0, 0.0, (0, 0.0), None, True)),
    ],
)
def test_how_a_file_is(answer: Answer, stat: Stat | type[Exception], server: WebServer) -> None:
    server.answers["/run.log"] = answer
    files = WebFiles(server.address)
    if isinstance(stat, Stat):
        assert files.one("run.log") == stat
    else:
        with pytest.raises(stat):
            files.one("run.log")


def test_a_file_that_does_not_say_its_length_is_read_again_when_it_is_another(
    server: WebServer,
) -> None:
    server.answers["/run.log"] = Answer(headers={"ETag": "1"}, length=False)
    files = WebFiles(server.address)
    for look in range(3):
        files.begin()
        assert list(files.walk("run.log")) == ["run.log"]
        assert files.stat("run.log").size == (64 if look < 2 else 128)
        files.finish()
        if look == 1:
            server.answers["/run.log"] = Answer(TEXT * 2, {"ETag": "2"}, length=False)
    assert [one for one in server.asked if one.startswith("GET")] == ["GET /run.log"] * 2


@pytest.mark.parametrize(
    ("links", "found"),
    [
        (["a.log", "b.log", "a.log"], ["a.log", "b.log"]),
        (["/runs/a.log", "./b.log", "{}runs/c.log"], ["a.log", "b.log", "c.log"]),
        (["../a.log", "/a.log", "http://127.0.0.9/runs/a.log", "//x/a.log"], []),
        (["?C=N;O=D", "#top", "a.log?x=1", "b.log#y"], ["a.log", "b.log"]),
        (["w.pt", "README.md", ".hidden", "a.log"], ["a.log"]),
        (["a%20b.log", "c&amp;d.log"], ["a%20b.log", "c&d.log"]),
        (["inner/", "a.log"], ["a.log", "inner/i.log"]),
        ([".git/", "venv/", "node_modules/"], []),
        (["page", "a.log"], ["a.log", "page/p.log"]),  # a folder without its slash
        (["__pycache__"], []),
        (["gone.log", "a.log"], ["a.log"]),
        (["lost/", "a.log"], ["a.log"]),
        (["http://[", "b.log"], ["b.log"]),
    ],
)
def test_an_index_page_leads_to_logs_below_itself(
    links: list[str], found: list[str], server: WebServer
) -> None:
    there = ("a.log", "b.log", "c.log", "a%20b.log", "c&d.log", "inner/i.log", "page/p.log")
    server.answers |= {f"/runs/{one}": Answer() for one in there}
    server.answers |= {f"/runs/{one}/": page("log") for one in (".git", "venv", "node_modules")}
    server.answers |= {"/runs/page": page(), "/runs/page/": page("p.log")}
    server.answers |= {"/runs/__pycache__": page(), "/runs/inner/": page("i.log")}
    server.answers["/runs/"] = page(*(one.format(server.address) for one in links))
    server.answers["/runs"] = page()
    for target in ("runs", "runs/"):
        files = WebFiles(server.address)
        assert sorted(files.walk(target)) == [f"runs/{one}" for one in found]
        assert files.troubles[target] == ""


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (Answer(b"{}", {"Content-Type": "application/json"}), ""),
        (Answer(b"", status=500), "the server says 500 Internal Server Error"),
        (Answer(b"", status=403), "access denied (403); a name and password belong in ~/.netrc"),
        (Answer(b"", status=404), "no such folder or file there; check the spelling"),
        (Answer(b"<a href=a.log>", PAGE, cut=4), "the answer was broken off"),
        (Answer(b"", {"Location": "/other/"}, status=302), ""),
        (Answer(b"", {"Location": "file:///etc/hosts"}, status=302), "the server says 302"),
        (
            Answer(b"", {"Location": "ftp://127.0.0.1/x"}, status=302),
            "no connection to it: unknown",
        ),
        (Answer(b"", {"Location": "http://127.0.0.1:1/x"}, status=302), "no connection to it: "),
    ],
)
def test_what_is_in_the_way_of_an_index_page(
    answer: Answer, trouble: str, server: WebServer
) -> None:
    server.answers |= {"/runs/": answer, "/other/": page()}
    files = WebFiles(server.address)
    files.meaning = meaning
    list(files.walk("runs/"))
    assert files.troubles["runs/"].startswith(trouble)
    assert bool(trouble) == bool(files.troubles["runs/"])


def test_a_folder_of_an_index_that_is_in_trouble_is_told_and_the_others_are_read(
    server: WebServer,
) -> None:
    server.answers |= {
        "/runs/": page("a/", "b/"), "/runs/a/": Answer(b"", status=500),
        "/runs/b/": page("t.log", "u.log"), "/runs/b/t.log": Answer(),
        "/runs/b/u.log": Answer(status=500),
    }  # fmt: skip
    files = WebFiles(server.address)
    files.meaning = meaning
    files.begin()
    assert list(files.walk("runs/")) == ["runs/b/t.log", "runs/b/u.log"]
    assert list(files.barred) == ["runs/a"]
    assert files.stat("runs/b/t.log").size == 64
    with pytest.raises(Unreadable, match="the server says 500"):
        files.stat("runs/b/u.log")


@pytest.mark.parametrize(("most", "found", "beyond"), [(2, 2, True), (3, 3, False), (4, 3, False)])
def test_so_many_links_are_followed(
    most: int, found: int, beyond: bool, server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_LINKS", most)
    names = ["a.log", "b.log", "c.log"]
    server.answers |= {"/runs/": page(*names), **{f"/runs/{one}": Answer() for one in names}}
    files = WebFiles(server.address)
    assert len(list(files.walk("runs/"))) == found
    assert bool(files.beyond) == beyond


@pytest.mark.parametrize(
    ("answer", "offset", "count", "piece"),
    [
        (Answer(pieces=True), 16, 6, b"step 1"),
        (Answer(pieces=True), 60, 99, TEXT[60:]),
        (Answer(pieces=True), 64, 9, b""),  # behind its end
        (Answer(), 16, 6, b"step 1"),  # a server that sends no pieces
        (Answer(pieces=True, headers={"Content-Range": "bytes 0-5/64"}), 16, 6, "another piece"),
        (Answer(pieces=True, headers={"Content-Range": "odd"}), 16, 6, "another piece"),
        (Answer(b"", status=204, length=False), 0, 9, b""),
        (Answer(status=404), 0, 9, "404"),
        (Answer(status=500), 0, 9, "500"),
        (Answer(cut=8), 0, 64, "broken off"),
        (Answer(TEXT * 9, cut=300), 0, 16, TEXT[:16]),
    ],
)
def test_a_piece_of_a_file(
    answer: Answer, offset: int, count: int, piece: bytes | str, server: WebServer
) -> None:
    server.answers["/run.log"] = answer
    files = WebFiles(server.address)
    try:
        if isinstance(piece, bytes):
            assert files.piece("run.log", offset, count) == piece
        else:
            with pytest.raises((OSError, Trouble), match=piece):
                files.piece("run.log", offset, count)
        tries = 3 if piece == "broken off" else 1
        assert server.asked == [f"GET /run.log bytes={offset}-{offset + count - 1}"] * tries
    finally:
        files.release()


def test_an_answer_is_read_on_where_a_server_sends_no_pieces(server: WebServer) -> None:
    server.answers |= {f"/{i}.log": Answer(TEXT * 999) for i in range(9)}
    files = WebFiles(server.address)
    for offset in (0, 16, 5000, 4000, 40_000):
        assert files.piece("0.log", offset, 6) == (TEXT * 999)[offset : offset + 6]
    assert len(server.asked) == 1
    assert files.piece("0.log", 0, 6) == b"step 1"
    assert len(server.asked) == 2, "what was passed is asked for again"
    for i in range(1, 9):
        files.piece(f"{i}.log", 0, 6)
    files.piece("0.log", 16, 6)
    assert len(server.asked) == 11, "eight at once are kept"
    files.piece("8.log", 16, 6)
    assert len(server.asked) == 11
    files.release()
    files.piece("8.log", 32, 6)
    assert len(server.asked) == 12
    files.release()


@pytest.mark.parametrize(
    ("lines", "secret"),
    [
        ("machine 127.0.0.1 login me password pass\n", "Basic bWU6cGFzcw=="),
        ("machine other login me password pass\n", ""),
        ("odd\n", ""),
        (None, ""),
    ],
)
def test_a_password_is_sent_to_its_host(
    lines: str | None, secret: str, server: WebServer, tmp_path: Path
) -> None:
    if lines is not None:
        (tmp_path / ".netrc").write_text(lines)
        (tmp_path / ".netrc").chmod(0o600)
    server.answers["/run.log"] = Answer()
    assert WebFiles(server.address).kind("run.log") == "file"
    assert server.secrets == [secret]


@pytest.mark.parametrize(
    ("base", "stands", "whose", "says"),
    [
        ("{}", True, "file", "no such"),
        ("{}locked/", True, "file", "access denied (401)"),
        ("http://127.0.0.1:1/", False, "place", "no connection to it: "),
    ],
)
def test_who_answers_at_all_is_there(
    base: str, stands: bool, whose: str, says: str, server: WebServer
) -> None:
    server.answers |= {"/": page(), "/locked/": Answer(status=401)}
    server.answers["/locked/none"] = Answer(status=401)
    files = WebFiles(base.format(server.address))
    assert files.stands() is stands
    with pytest.raises(OSError) as caught:  # noqa: PT011 - of any kind
        files.kind("none")
    if not isinstance(caught.value, FileNotFoundError):
        assert files.whose(caught.value) == whose
        assert meaning(caught.value).reason.startswith(says)


def test_nothing_is_asked_once_it_is_closed(server: WebServer) -> None:
    files = WebFiles(server.address)
    files.closing = True
    with pytest.raises(InterruptedError):
        list(files.walk("runs/"))
    assert server.asked == []
