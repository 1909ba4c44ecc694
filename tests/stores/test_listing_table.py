"""What a store lists and hands out, by a client that answers from memory."""

from __future__ import annotations

from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from lossmon.errors import TargetError
from lossmon.logs.far import stores
from lossmon.logs.far.stores import StoreFiles, _stat, meaning


class Bucket:
    """Keys in the order of their bytes, two a page."""

    async_impl = True

    def __init__(self, keys: dict[str, bytes]) -> None:
        self.keys, self.asked = keys, list[dict[str, Any]]()

    def call_s3(self, method: str, **asked: Any) -> dict[str, Any]:
        assert method == "list_objects_v2"
        self.asked.append(dict(asked))
        after = asked.get("ContinuationToken", asked.get("StartAfter", ""))
        there = [key for key in sorted(self.keys, key=str.encode) if key > after]
        there = [key for key in there if key.startswith(asked["Prefix"])]
        page = {
            "Contents": [
                {"Key": key, "Size": len(self.keys[key]), "ETag": key} for key in there[:2]
            ]
        }
        return {
            **page,
            "IsTruncated": len(there) > 2,
            "NextContinuationToken": there[:2][-1:] and there[:2][-1],
        }

    def cat_file(self, path: str, start: int, end: int) -> bytes:
        return self.keys[path.removeprefix("b/")][start : end + 1]  # a byte more, as some do

    def cat_ranges(
        self, paths: list[str], starts: list[int], ends: list[int], **more: Any
    ) -> list[Any]:
        assert more == {"on_error": "return", "batch_size": 32}
        self.asked.append({"ranges": len(paths)})
        found: list[Any] = []
        for path, start, end in zip(paths, starts, ends, strict=True):
            data = self.keys.get(path.removeprefix("b/"))
            found += [FileNotFoundError(path) if data is None else data[start : end + 1]]
        return found


def files_of(protocol: str, client: Any) -> StoreFiles:
    files = StoreFiles(protocol, "b")
    files._fs, files._root = client, "b/"
    return files


KEYS = {"runs/": b"", "runs/a/log": b"12345", "runs/b/log": b"123", "runs/c/log": b"1", "z": b""}


def test_a_bucket_is_listed_page_by_page_below_a_folder() -> None:
    bucket = Bucket(KEYS)
    files = files_of("s3", bucket)
    assert [path for path, _ in files.below("runs")] == ["runs/a/log", "runs/b/log", "runs/c/log"]
    assert [one["Prefix"] for one in bucket.asked] == ["runs/", "runs/"]
    assert [one["MaxKeys"] for one in bucket.asked] == [1000, 1000]
    assert [path for path, _ in files.below("")][-1] == "z"
    assert dict(files.below("runs"))["runs/a/log"] == stores.Stat(5, 0.0, "runs/a/log", None, True)


def test_some_files_are_asked_for_from_the_first_to_the_last() -> None:
    bucket = Bucket(KEYS)
    files = files_of("s3a", bucket)
    found = [path for path, _ in files.some(["runs/b/log", "runs/a/log", "runs/none"])]
    assert found == ["runs/a/log", "runs/b/log"]
    assert bucket.asked[0]["StartAfter"] == "runs/a/lo"
    assert list(files.some([])) == []


@pytest.mark.parametrize("count", [1, 3, 33])
def test_pieces_are_asked_for_together(count: int) -> None:
    bucket = Bucket(KEYS)
    files = files_of("s3", bucket)
    assert files.piece("runs/a/log", 1, 2) == b"23"
    wanted = [("runs/a/log", 1, 2)] * count
    assert list(files.read_many(wanted)) == [b"23"] * count
    together = [one["ranges"] for one in bucket.asked if "ranges" in one]
    assert together == {1: [], 3: [3], 33: [32, 1]}[count]
    lost = list(files.read_many([("runs/a/log", 0, 1), ("none", 0, 1)]))
    assert lost[0] == b"1"
    assert not isinstance(lost[1], bytes)


def test_a_piece_behind_the_end_is_none() -> None:
    files = files_of("s3", Bucket(KEYS))
    assert files.judged("log", OSError("InvalidRange: 416")) == b""


class Server:
    """Folders that are asked one by one."""

    TREE: ClassVar = {
        "b/": [("b/runs", "directory"), ("b/log", "file"), ("b/link", "link"), ("b/.git", "directory"),
               ("b/.hydra", "directory")],
        "b/runs": [("b/runs/log", "file"), ("b/runs", "directory"), ("b/runs/odd", "socket")],
        "b/.hydra": [("b/.hydra/config.yaml", "file")],
        "b/.git": [("b/.git/log", "file")],
    }  # fmt: skip

    def invalidate_cache(self) -> None: ...

    def ls(self, path: str, detail: bool) -> list[dict[str, Any]]:
        assert detail
        return [{"name": name, "type": kind, "size": 3} for name, kind in self.TREE[path]]

    def info(self, path: str) -> dict[str, Any]:
        return {
            "name": path,
            "type": "directory" if path == "b/runs" else "file",
            "size": 3,
            "mtime": 7,
        }

    def find(self, path: str, detail: bool) -> dict[str, Any]:
        assert (path, detail) == ("b/runs", True)
        return {"b/runs/log": {"size": 3}}


def test_a_server_is_walked_folder_by_folder() -> None:
    files = files_of("sftp", Server())
    assert [path for path, _ in files.below("")] == [
        "link",
        "log",
        ".hydra/config.yaml",
        "runs/log",
    ]
    assert [files.kind(path) for path in ("", "runs", "log")] == ["directory", "directory", "file"]
    assert files.one("log").size == 3
    assert [path for path, _ in files_of("gs", Server()).below("runs")] == ["runs/log"]


def test_so_many_folders_are_asked_in_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "_MOST_FOLDERS", 1)
    assert [path for path, _ in files_of("sftp", Server()).below("")] == ["link", "log"]


AT = datetime(2025, 6, 15, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("info", "size", "mtime", "version"),
    [
        ({"size": 3, "mtime": 7.5}, 3, 7.5, (3, 7.5)),
        ({"size": 0}, 0, 0.0, (0, 0.0)),
        ({"size": -1}, 0, 0.0, (0, 0.0)),
        ({"size": 1 << 62}, 0, 0.0, (0, 0.0)),
        ({"size": "3"}, 0, 0.0, (0, 0.0)),
        ({"size": 3, "LastModified": AT, "ETag": "x"}, 3, AT.timestamp(), "x"),
        ({"size": 3, "updated": "2025-06-15T00:00:00Z", "generation": 9}, 3, AT.timestamp(), "9"),
        ({"size": 3, "updated": "long ago"}, 3, 0.0, (3, 0.0)),
    ],
)
def test_how_a_file_is(info: dict[str, Any], size: int, mtime: float, version: Any) -> None:
    assert _stat(info) == stores.Stat(size, mtime, version, None, True)


@pytest.mark.parametrize(
    ("error", "state", "says"),
    [
        (TargetError("no such place"), "gone", "no such place"),
        (PermissionError("no"), "retrying", "access denied: who you are there may not read it"),
        (FileNotFoundError("x"), "retrying", "no such bucket, folder or file there"),
        (ConnectionResetError("reset"), "retrying", "no connection to it: "),
        (type("NoCredentialsError", (Exception,), {})("x"), "retrying", "no credentials for it"),
        (type("BadHostKeyException", (Exception,), {})("a key"), "gone", "a key"),
        (RuntimeError("odd"), "retrying", "odd"),
    ],
)
def test_what_an_error_means(error: Exception, state: str, says: str) -> None:
    told = meaning(error)
    assert told.state == state
    assert str(told.reason).startswith(says)


def test_a_client_is_made_once_and_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    fsspec = pytest.importorskip("fsspec")
    made: list[tuple[str, dict[str, Any]]] = []
    client = SimpleNamespace(client=SimpleNamespace(close=lambda: made.append(("closed", {}))))

    def url_to_fs(address: str, **options: Any) -> tuple[Any, str]:
        made.append((address, options))
        return client, "b/"

    monkeypatch.setattr(fsspec.core, "url_to_fs", url_to_fs)
    files = StoreFiles("s3", "b")
    files.connect()
    files.connect()
    ((address, options),) = made
    assert address == "s3://b/"
    assert options["config_kwargs"]["connect_timeout"] == 10
    assert (options["use_listings_cache"], options["skip_instance_cache"]) == (False, True)
    files.disconnect()
    assert len(made) == 1, "only a connection of ssh has to be closed"
    StoreFiles("webdav", "b").connect()
    assert made[-1] == ("webdav://b/", {"skip_instance_cache": True})

    def none(*_: object, **__: object) -> None:
        raise ImportError("no such protocol")

    monkeypatch.setattr(fsspec.core, "url_to_fs", none)
    with pytest.raises(TargetError, match=r"odd://b/: .*no such protocol"):
        StoreFiles("odd", "b").connect()
