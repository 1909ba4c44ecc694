"""Logs on a web server, by the standard library: one file by its address, or an index page's files.

Not through fsspec, which takes an answer to its end however long it is, and takes the whole file
for a piece of it where a server does not know pieces (`findings/`).
"""

from __future__ import annotations

import base64
import html
import http.client
import netrc
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

from lossmon import __version__
from lossmon.logs.far.answer import MOST_PASSED, MUTE, Answer, Broken, entire, len_of
from lossmon.logs.far.apart import CUT, Unreadable
from lossmon.logs.far.files import BEYOND, FarFiles, Listed, Whose, said_there
from lossmon.logs.files import Stat
from lossmon.logs.source import Failure
from lossmon.logs.walk import MAX_DEPTH, NO_DIRECTORY, TOO_DEEP, is_log, not_looked
from lossmon.words import said

_SILENT_S = 20.0  # without a byte
_SILENT_AGAIN_S = 4.0  # likewise, of a file that has been silent before
_TRIES = 3  # of an answer that breaks off
_PAGE_BYTES = 1 << 20  # of an index page
_MOST_LINKS = 5000  # of all pages of a look
_MOST_STREAMS = 8  # answers that are read on, where a server sends no pieces
_HREF = re.compile(r"href\s{0,4}=\s{0,4}[\"']?([^\"'\s<>]{1,1024})", re.IGNORECASE)
_RANGE = re.compile(r"bytes (?:(\d{1,18})-\d{1,18}|\*)/(\d{1,18})")
_NO_HEAD = (400, 403, 405, 501)  # also from addresses that were signed for GET alone


class WebFiles(FarFiles):
    """Files of a web server.

    Args:
        base: its address, such as "https://host/".
        silent_s: how long to wait for a byte.
    """

    globs = False  # a question mark begins a query

    def __init__(self, base: str, silent_s: float = _SILENT_S) -> None:
        super().__init__()
        self._base = base
        self._silent_s = silent_s
        self._answers: dict[str, Answer] = {}
        self._opener = urllib.request.OpenerDirector()  # http alone: no redirect to a file, or ftp
        for handler in (
            urllib.request.ProxyHandler(), urllib.request.HTTPHandler(),
            urllib.request.HTTPSHandler(), _Redirects(),
            urllib.request.HTTPErrorProcessor(), urllib.request.HTTPDefaultErrorHandler(),
            urllib.request.UnknownHandler(),
        ):  # fmt: skip
            self._opener.add_handler(handler)

    def release(self) -> None:
        """A look is over: answers that were not read to their end are dropped."""
        for answer in self._answers.values():
            answer.close()
        self._answers.clear()

    def whose(self, error: Exception) -> Whose:
        """Who can't be reached is the server; what it answers is of the file that was asked for."""
        if isinstance(error, urllib.error.HTTPError | PermissionError | Unreadable):
            return "file"
        return "place" if isinstance(error, urllib.error.URLError) else "unsure"

    def stands(self) -> bool:
        """Whether the server answers at all."""
        try:
            self._open("", "HEAD", {}, _SILENT_AGAIN_S).close()
        except urllib.error.HTTPError as error:
            error.close()
        except Unreadable:
            pass
        except (OSError, Broken):
            return False
        return True

    # -- looking ---------------------------------------------------------------------------------

    def kind(self, path: str) -> str:
        """What an address is: that of a folder leads to an index page."""
        if not path or path.endswith("/"):
            return "directory"
        with self._look_at(path) as answer:
            return "directory" if _is_index(answer, path) else "file"

    def one(self, path: str) -> Stat:
        """How a file is."""
        with self._look_at(path) as answer:
            headers = answer.headers
            if _is_index(answer, path):
                raise IsADirectoryError(path)
            length = headers.get("Content-Length", "")
            total = _RANGE.fullmatch(headers.get("Content-Range", ""))
            size = int(total[2]) if total else int(length) if length.isdigit() else -1
            when = _moment(headers.get("Last-Modified", ""))
            tag = headers.get("ETag", "")[:200]
        before = self._before.get(path)
        if size < 0 and isinstance(before, Stat) and tag and before.version == tag:
            return before
        if size < 0:  # it is made as it is sent: nobody knows how long it is
            size = len_of(self._get(path))
        return Stat(size, when, tag or (size, when), None, True)

    def below(self, path: str) -> Iterator[Listed]:
        """The files that index pages name, below the page itself."""
        path = path.rstrip("/")  # as `https://HOST/FOLDER/` has it: `//` would lead nowhere below
        seen = {path}
        folders = [(path, 0)]
        links = 0
        while folders:
            folder, depth = folders.pop()
            inner = []
            if depth > MAX_DEPTH:
                self.bar(folder, not_looked(TOO_DEEP))
                continue
            try:
                names = self.tried(f"{folder}/", self._links)
            except (FileNotFoundError, Unreadable) as error:
                if not depth:
                    raise
                if isinstance(error, Unreadable):  # else an index names it that is older
                    self.pass_over(folder, error)
                continue
            for name in names:
                links += 1
                if links > _MOST_LINKS:
                    self.beyond = BEYOND
                    return
                if name in seen:
                    continue
                seen.add(name)
                last = urllib.parse.unquote(name.rstrip("/").rpartition("/")[2])
                if name.endswith("/"):
                    if not NO_DIRECTORY.match(last):
                        inner.append((name.rstrip("/"), depth + 1))
                elif is_log(last, settings=True):
                    try:
                        yield name, self.tried(name, self.one)
                    except IsADirectoryError:
                        if not NO_DIRECTORY.match(last):
                            inner.append((name, depth + 1))
                    except Unreadable as error:
                        yield name, error
                    except FileNotFoundError:
                        continue
            folders += inner[::-1]

    def _links(self, folder: str) -> list[str]:
        """What an index page leads to below itself, as in addresses; folders with a slash."""
        self.asked()
        page = "" if folder == "/" else folder
        with self._get(page) as answer:
            if "html" not in answer.headers.get("Content-Type", ""):
                return []
            base = answer.url.partition("?")[0].rstrip("/") + "/"
            base = urllib.parse.urljoin(base, "x")[:-1]  # as addresses below it are made
            text = entire(Answer(answer), _PAGE_BYTES).decode("utf-8", "replace")
        found = []
        for href in _HREF.findall(text):
            try:
                whole = urllib.parse.urljoin(base, html.unescape(href))
            except ValueError:
                continue
            below = whole.removeprefix(base).partition("#")[0].partition("?")[0]
            if whole.startswith(base) and below and ".." not in below.split("/"):
                found.append(page + below)
        return sorted(dict.fromkeys(found))

    def _look_at(self, path: str) -> Any:
        """The head of an answer."""
        self.asked()
        try:
            return self._open(path, "HEAD", {})
        except urllib.error.HTTPError as error:
            if error.code not in _NO_HEAD:
                raise _told(error) from None
        return self._get(path, {"Range": "bytes=0-0"})

    # -- reading ---------------------------------------------------------------------------------

    def piece(self, path: str, offset: int, count: int) -> bytes:
        """Bytes of a file; where a server sends no pieces, an answer is read on.

        One that breaks off is asked for again, one that falls silent not for a while: meanwhile the
        other logs of its server stood still.
        """
        last = self._reads.last(path)
        silent_s = _SILENT_AGAIN_S if last is not None and last.slow else None
        for left in reversed(range(_TRIES)):
            try:
                return self._piece_of(path, offset, count, silent_s)
            except Broken as broken:
                known = self._answers.pop(path, None)
                if known is not None:
                    known.close()
                if broken.slow or not left:
                    raise
        raise AssertionError

    def _piece_of(self, path: str, offset: int, count: int, silent_s: float | None) -> bytes:
        known = self._answers.get(path)
        if known is not None and known.reaches(offset):
            return known.read(offset, count)
        try:
            pieces = {"Range": f"bytes={offset}-{offset + count - 1}"}
            answer = self._get(path, pieces, silent_s)
        except urllib.error.HTTPError as error:
            raise _told(error) from None
        body = Answer(answer)
        if answer.status == 206:
            with answer:
                part = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
                if part is None or part[1] is None or int(part[1]) != offset:
                    raise Unreadable("the server sends another piece than was asked for")
                return body.read(0, count)
        if answer.status != 200:
            answer.close()
            return b""  # it ends before
        if offset > MOST_PASSED:
            answer.close()
            raise Unreadable("too long for a server that sends no pieces of a file")
        if known is not None:
            known.close()
        elif len(self._answers) >= _MOST_STREAMS:
            self._answers.pop(next(iter(self._answers))).close()
        self._answers[path] = body
        return body.read(offset, count)

    def _get(
        self, path: str, headers: dict[str, str] | None = None, silent_s: float | None = None
    ) -> Any:
        try:
            return self._open(path, "GET", headers or {}, silent_s)
        except urllib.error.HTTPError as error:
            if error.code == 416:
                return error  # an answer too: of an empty file, or one that became shorter
            raise _told(error) from None

    def _open(
        self, path: str, method: str, headers: dict[str, str], silent_s: float | None = None
    ) -> Any:
        url = self._base + urllib.parse.quote(path, safe="%/?&=+~!$'()*,;:@[]-._")
        headers = {
            "Accept-Encoding": "identity",
            "User-Agent": f"lossmon/{__version__}",
            **headers,
        }
        request = urllib.request.Request(url, headers=headers, method=method)
        secret = _secret(urllib.parse.urlsplit(url).hostname or "")
        if secret:  # for this host, and none that it leads to
            request.add_unredirected_header("Authorization", f"Basic {secret}")
        try:
            return self._opener.open(request, timeout=silent_s or self._silent_s)
        except (urllib.error.URLError, Unreadable):
            raise
        except TimeoutError:
            raise Broken(MUTE, slow=True) from None
        except (OSError, http.client.HTTPException):
            raise Broken(CUT) from None


class _Redirects(urllib.request.HTTPRedirectHandler):
    """To another server, which need not be there: that is no trouble of the one that was asked."""

    def http_error_302(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any
    ) -> Any:
        try:
            return super().http_error_302(req, fp, code, msg, headers)
        except urllib.error.HTTPError:
            raise
        except urllib.error.URLError as error:
            raise Unreadable(meaning(error).reason) from None

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def _is_index(answer: Any, path: str) -> bool:
    """Whether an answer is a page, where no page was asked for."""
    page = "text/html" in answer.headers.get("Content-Type", "")
    return page and not path.partition("?")[0].lower().endswith((".html", ".htm"))


def meaning(error: Exception) -> Failure:
    """What an error means for the user, in one line."""
    if isinstance(error, Broken | Unreadable):
        return Failure("retrying", error.words)
    if isinstance(error, urllib.error.HTTPError):
        words = said_there(f"{error.code} {error.reason}")
        return Failure("retrying", said("the server says {words}", words=words))
    if isinstance(error, PermissionError):
        return Failure(
            "retrying",
            said("access denied ({why}); a name and password belong in ~/.netrc", why=str(error)),
        )
    why = getattr(error, "reason", error)
    return Failure("retrying", said("no connection to it: {why}", why=said_there(why)))


def _told(error: urllib.error.HTTPError) -> Exception:
    error.close()
    if error.code in (404, 410):
        return FileNotFoundError(error.code)
    if error.code in (401, 403):
        return PermissionError(str(error.code))
    return error


def _secret(host: str) -> str:
    """What the user keeps in ~/.netrc for a host."""
    try:
        found = netrc.netrc().authenticators(host)
    except (OSError, netrc.NetrcParseError):
        return ""
    if found is None:
        return ""
    return base64.b64encode(f"{found[0]}:{found[2]}".encode()).decode("ascii")


def _moment(text: str) -> float:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0.0
