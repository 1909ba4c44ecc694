"""Object stores and other file systems, as fsspec reads them: S3, Google's, Azure's, sftp, ...

Who one is, where the store stands and whether it is asked in the open is the store's own
configuration (`~/.aws`, `AWS_...`, `~/.config/fsspec`): nothing of it is asked or kept here.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from lossmon.errors import TargetError
from lossmon.logs.far.apart import Unreadable
from lossmon.logs.far.files import BEYOND, MOST_LISTED, FarFiles, Listed, Whose, said_there
from lossmon.logs.far.source import Manners
from lossmon.logs.files import Stat
from lossmon.logs.source import Failure, HostState
from lossmon.logs.walk import MAX_DEPTH, NO_DIRECTORY, TOO_DEEP, not_looked
from lossmon.words import Said, said

MANNERS = Manners(every_s=5.0, an_hour=720)  # S3 asks $0.005 for 1,000 listings: 9 cents a day
_KEYED = (
    "s3",
    "s3a",
    "gs",
    "gcs",
    "az",
    "abfs",
    "abfss",
)  # folders are only names: one list of all
_S3 = ("s3", "s3a")
_PAGE = 1000
_MOST_FOLDERS = 2000  # asked one by one in one look
_TOGETHER = 32  # requests on their way
_TIMES = {"connect_timeout": 10, "read_timeout": 20, "retries": {"max_attempts": 2}}

# Names of exceptions, of any library that a store is asked by -> what that means for the user, and
# what it is in the way of.
_MEANINGS: tuple[tuple[tuple[str, ...], HostState, str, Whose], ...] = (
    (
        (
            "NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError",
            "TokenRetrievalError", "SSOTokenLoadError", "UnauthorizedSSOTokenError",
            "DefaultCredentialsError", "ClientAuthenticationError", "AuthenticationException",
            "PasswordRequiredException", "ProfileNotFound",
        ),
        "retrying",
        "no credentials for it; sign in as for its own tools (aws, gcloud, az, ssh-add), "
        "or let fsspec's configuration ask without any",
        "place",
    ),
    (("UnknownHostKey", "BadHostKeyException"), "gone", "{why}", "place"),
    (
        ("PermissionError", "Forbidden", "HttpError403"),
        "retrying",
        "access denied: who you are there may not read it",
        "file",
    ),
    (
        ("FileNotFoundError", "NoSuchBucket"),
        "retrying",
        "no such bucket, folder or file there; check the spelling",
        "file",
    ),
    (
        (
            "EndpointConnectionError", "ConnectTimeoutError", "ClientConnectorError",
            "ClientConnectorDNSError", "ConnectionRefusedError", "gaierror", "SSLError",
            "NoValidConnectionsError", "SSHException",
        ),
        "retrying",
        "no connection to it: {why}",
        "place",
    ),
    (
        (
            "ReadTimeoutError", "ConnectionClosedError", "ServerDisconnectedError",
            "ConnectionError", "ConnectionResetError", "BrokenPipeError", "TimeoutError",
            "FSTimeoutError", "EOFError", "HTTPClientError",
        ),
        "retrying",
        "no connection to it: {why}",
        "unsure",
    ),
)  # fmt: skip


class StoreFiles(FarFiles):
    """Files that fsspec reads.

    Args:
        protocol: as fsspec calls it.
        authority: bucket, container or host.
    """

    missing = said("no such bucket, folder or file there; check the spelling")

    def __init__(self, protocol: str, authority: str) -> None:
        super().__init__()
        self._protocol = protocol
        self._authority = authority
        self._root = ""
        self._fs: Any = None

    def connect(self) -> None:
        """Make the client of the store."""
        if self._fs is not None:
            return
        import fsspec

        options: dict[str, Any] = {"skip_instance_cache": True}
        if self._protocol in _KEYED:
            options["use_listings_cache"] = False
        if self._protocol in _S3:
            theirs = fsspec.config.conf.get("s3", {}).get("config_kwargs", {})
            options["config_kwargs"] = {**_TIMES, **theirs}
        if self._protocol == "sftp":
            from lossmon.logs.far.known_hosts import policy

            options |= {"host_key_policy": policy(), "timeout": _TIMES["connect_timeout"]}
        address = f"{self._protocol}://{self._authority}/"
        try:
            self._fs, root = fsspec.core.url_to_fs(address, **options)
        except (ValueError, ImportError) as error:
            raise TargetError(
                said("{address}: {why}", address=address, why=said_there(error))
            ) from None
        self._root = root.rstrip("/") + "/"
        if self._protocol == "sftp":
            self._fs.ftp.get_channel().settimeout(_TIMES["read_timeout"])

    def disconnect(self) -> None:
        """Let go of the client."""
        client, self._fs = getattr(self._fs, "client", None), None
        if client is not None and self._protocol == "sftp":
            client.close()

    def whose(self, error: Exception) -> Whose:
        """What a store says is of the object that was asked for, unless it is of its connection."""
        if isinstance(error, TargetError) or self._is_cut():
            return "place"
        row = _row(error)
        return row[3] if row is not None else "file" if isinstance(error, OSError) else "unsure"

    def _is_cut(self) -> bool:
        """The connection of sftp has ended; its errors say that in words alone."""
        if self._protocol != "sftp" or self._fs is None:
            return False
        return bool(self._fs.ftp.get_channel().closed)

    def stands(self) -> bool:
        """Whether the store answers: a bucket of S3 is asked for one name."""
        if self._protocol not in _S3:
            return False
        try:
            self._fs.call_s3("list_objects_v2", Bucket=self._authority, MaxKeys=1)
        except Exception as error:
            row = _row(error)
            return row is not None and row[3] == "file"
        return True

    # -- looking ---------------------------------------------------------------------------------

    def kind(self, path: str) -> str:
        """What a path is."""
        if not path:
            return "directory"
        self.asked()
        return "directory" if self._fs.info(self._root + path)["type"] == "directory" else "file"

    def one(self, path: str) -> Stat:
        """How one file is."""
        self.asked()
        self._fs.invalidate_cache()
        return _stat(self._fs.info(self._root + path))

    def below(self, path: str) -> Iterator[Listed]:
        """The files below a folder."""
        if self._protocol in _S3:
            yield from self._pages(f"{path}/" if path else "")
            return
        self._fs.invalidate_cache()
        if self._protocol in _KEYED:
            self.asked()
            for name, info in self._fs.find(self._root + path, detail=True).items():
                yield self._path(name), _stat(info)
            return
        folders = [(path, 0)]
        left = _MOST_FOLDERS
        while folders and left:
            left -= 1
            folder, depth = folders.pop()
            if depth > MAX_DEPTH:
                self.bar(folder, not_looked(TOO_DEEP))
                continue
            inner = []
            try:
                entries = self.tried(f"{folder}/", self._entries)
            except (FileNotFoundError, Unreadable) as error:
                if not depth:
                    raise
                if isinstance(error, Unreadable):
                    self.pass_over(folder, error)
                continue
            for info in entries[:MOST_LISTED]:
                name = self._path(info["name"])
                linked = info["type"] == "link"
                if linked:
                    with contextlib.suppress(FileNotFoundError, PermissionError):
                        info = self._fs.info(info["name"])
                if info["type"] == "file":
                    yield name, _stat(info)
                elif info["type"] == "directory" and not linked:
                    own = os.path.basename(name)
                    if name != folder and (own == ".hydra" or not NO_DIRECTORY.match(own)):
                        inner.append((name, depth + 1))
            folders += inner[::-1]
        if folders:
            self.beyond = BEYOND

    def _entries(self, folder: str) -> list[dict[str, Any]]:
        self.asked()
        return sorted(self._fs.ls(self._root + folder.rstrip("/"), detail=True), key=_name)

    def some(self, paths: Sequence[str]) -> Iterator[Listed]:
        """How some files are: in S3 a list from the first to the last of them."""
        if self._protocol not in _S3:
            yield from super().some(paths)
            return
        wanted = set(paths)
        if wanted:
            first, last = min(wanted, key=_bytes), max(wanted, key=_bytes)
            for path, stat in self._pages("", after=first[:-1], until=last):
                if path in wanted:
                    yield path, stat

    def _pages(self, prefix: str, after: str = "", until: str = "") -> Iterator[Listed]:
        """What a bucket holds, a request a thousand, in the order of the names' bytes."""
        asked: dict[str, Any] = {"Bucket": self._authority, "Prefix": prefix, "MaxKeys": _PAGE}
        if after:
            asked["StartAfter"] = after
        while True:
            self.asked()
            page = self._fs.call_s3("list_objects_v2", **asked)
            for one in page.get("Contents", ()):
                path = str(one["Key"])
                if until and _bytes(path) > _bytes(until):
                    return
                if not path.endswith("/"):
                    yield path, _stat({"size": one["Size"], **one})
            if not page.get("IsTruncated"):
                return
            asked["ContinuationToken"] = page["NextContinuationToken"]

    def _path(self, name: Any) -> str:
        return str(name).removeprefix(self._root).lstrip("/")

    # -- reading ---------------------------------------------------------------------------------

    def piece(self, path: str, offset: int, count: int) -> bytes:
        """Bytes of a file."""
        return bytes(self._fs.cat_file(self._root + path, start=offset, end=offset + count))[:count]

    def read_many(self, wanted: Sequence[tuple[str, int, int]]) -> Iterator[bytes | OSError | None]:
        """Pieces of several files, asked for together where the client can."""
        if not getattr(self._fs, "async_impl", False) or len(wanted) < 2:
            yield from super().read_many(wanted)
            return
        for at in range(0, len(wanted), _TOGETHER):
            some = wanted[at : at + _TOGETHER]
            if self.lost is not None or self.closing:
                yield from (None for _ in some)
                continue
            resting = [self._reads.resting(path) for path, _, _ in some]
            due = [one for one, why in zip(some, resting, strict=True) if why is None]
            try:
                read: list[bytes | Exception] = self._fs.cat_ranges(
                    [self._root + path for path, _, _ in due],
                    [offset for _, offset, _ in due],
                    [offset + count for _, offset, count in due],
                    on_error="return",
                    batch_size=_TOGETHER,
                )
            except Exception as error:
                read = [error] * len(due)
            came = iter(read)
            for (path, _, count), why in zip(some, resting, strict=True):
                data = next(came) if why is None else why
                yield self.judged(path, data[:count] if isinstance(data, bytes) else data)

    def judged(self, path: str, data: bytes | Exception) -> bytes | OSError | None:
        """A piece behind the end, of an object that became shorter, is none."""
        if isinstance(data, Exception) and "InvalidRange" in f"{data!r} {data.__cause__!r}":
            return b""
        return super().judged(path, data)


def meaning(error: Exception) -> Failure:
    """What an error of a store means for the user, in one line."""
    if isinstance(error, TargetError):
        return Failure("gone", str(error))
    if isinstance(error, Unreadable):
        return Failure("retrying", error.words)
    row = _row(error)
    if row is not None:
        return Failure(row[1], Said(row[2], {"why": said_there(error)}))
    return Failure("retrying", said_there(error))


def _row(error: Exception) -> tuple[tuple[str, ...], HostState, str, Whose] | None:
    names = {kind.__name__ for kind in type(error).__mro__}
    return next((row for row in _MEANINGS if names & set(row[0])), None)


def _stat(info: dict[str, Any]) -> Stat:
    """How a file is, of what a store says of it."""
    size = info.get("size")
    size = size if isinstance(size, int) and 0 <= size < 1 << 62 else 0
    times = ("LastModified", "mtime", "last_modified", "updated", "created")
    mtime = next((_seconds(info[key]) for key in times if info.get(key)), 0.0)
    tags = ("ETag", "etag", "blob_id", "generation", "md5Hash")
    version = next((str(info[key]) for key in tags if info.get(key)), None)
    return Stat(size, mtime, version or (size, mtime), None, True)


def _seconds(when: Any) -> float:
    try:
        if isinstance(when, str):
            when = datetime.fromisoformat(when.replace("Z", "+00:00"))
        return float(when.timestamp() if isinstance(when, datetime) else when)
    except (ValueError, TypeError, OverflowError, OSError):
        return 0.0


def _name(info: dict[str, Any]) -> str:
    return str(info["name"])


def _bytes(path: str) -> bytes:
    """What stores sort by."""
    return path.encode("utf-8", "surrogatepass")
