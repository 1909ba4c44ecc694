"""What a follower makes of one change of a file, as a table; and who is read first."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lossmon.logs.follower import Follower
from tests.logs.test_follower import Reader

OLD = b"step 1 loss 2.00\n" * 20
LATER = 10**9 * 2_000_000_000  # of a clock that has moved on


def rewrite(data: bytes) -> Callable[[Path], None]:
    """Write into the file where it stands, at another time."""

    def change(path: Path) -> None:
        with path.open("r+b") as file:
            file.truncate(len(data))
            file.write(data)
        os.utime(path, ns=(LATER, LATER))

    return change


def another(data: bytes) -> Callable[[Path], None]:
    """Put another file in its place."""

    def change(path: Path) -> None:
        path.with_name("new.tmp").write_bytes(data)
        path.with_name("new.tmp").rename(path)

    return change


MIDDLE = OLD[:150] + b"9" + OLD[151:]


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        (rewrite(OLD), []),  # touched
        (rewrite(OLD + b"more\n"), ["data"]),
        (rewrite(MIDDLE), ["replaced", "data"]),  # of the same size: the checksum tells
        (rewrite(b"x" + OLD[1:] + b"more\n"), ["replaced", "data"]),  # another head
        (rewrite(OLD[:-1] + b"x" + b"more\n"), ["replaced", "data"]),  # another end
        (rewrite(OLD[:-1]), ["truncated", "data"]),
        (rewrite(b""), ["truncated"]),
        (another(OLD), ["replaced", "data"]),
        (another(OLD + b"more\n"), ["replaced", "data"]),
        (lambda path: path.unlink(), ["gone"]),
    ],
    ids=[
        "touched",
        "appended",
        "middle",
        "head",
        "end",
        "shorter",
        "empty",
        "same",
        "other",
        "gone",
    ],
)
def test_what_a_change_is(tmp_path: Path, change: Callable[[Path], None], kinds: list[str]) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(OLD)
    reader = Reader(path)
    reader.poll()
    change(path)
    assert [chunk.kind for chunk in reader.poll()] == kinds
    assert reader.content.get("a.log") == (path.read_bytes() if path.exists() else None)
    assert reader.poll() == []


def test_what_was_not_read_at_all_comes_before_what_is_newer(tmp_path: Path) -> None:
    for i, name in enumerate(("old.log", "new.log")):
        (tmp_path / name).write_bytes(OLD)
        os.utime(tmp_path / name, (1e9 + i, 1e9 + i))
    reader = Follower([str(tmp_path)], slice_bytes=len(OLD) // 4)

    def order(limit: int) -> list[str]:
        return [os.path.basename(chunk.log) for chunk in reader.poll(limit)]

    assert order(1) == ["new.log"]
    assert order(1) == ["old.log"], "nothing is known of it yet"
    assert order(1) == ["new.log"]
    assert order(1) == ["new.log"]


@pytest.mark.parametrize("change", [another(b"new\n"), rewrite(b"new\n")])
def test_what_was_dropped_is_read_again_once_it_is_another(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(OLD)
    reader = Reader(path)
    reader.poll()
    reader.follower.drop(str(path))
    with path.open("ab") as file:
        file.write(b"more\n")
    assert reader.poll() == []
    assert reader.follower.newest() == []
    change(path)
    assert [chunk.kind for chunk in reader.poll()][-1] == "data"
    assert reader.content["a.log"] == b"new\n"
    assert reader.follower.newest() == [str(path)]


def test_no_more_than_was_asked_for_is_read_at_once(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.log").write_bytes(OLD)
    reader = Follower([str(tmp_path)], slice_bytes=100)
    assert sum(len(chunk.data) for chunk in reader.poll(150)) == 200, "whole slices"
    assert reader.pending() == 3 * len(OLD) - 200
    assert reader.poll(0) == []


@pytest.mark.parametrize(
    ("head", "guard", "crc", "kind"),
    [
        (OLD[:9], OLD[-9:], 0, []),
        (b"other", OLD[-9:], 0, ["replaced"]),
        (OLD[:9], b"other", 0, ["replaced"]),
    ],
)
def test_who_goes_on_for_another_checks_its_past(
    tmp_path: Path, head: bytes, guard: bytes, crc: int, kind: list[str]
) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(OLD + b"more\n")
    reader = Follower([str(path)])
    reader.restore(str(path), len(OLD), head, guard, crc)
    chunks = reader.poll()
    assert [chunk.kind for chunk in chunks] == [*kind, "data"]
    assert chunks[-1].data == (OLD if kind else b"") + b"more\n"
