"""Below a folder of a store or a server runs are found as deep as here, and what is deeper is told."""

from __future__ import annotations

import pytest

from lossmon.logs.far import stores, web
from lossmon.logs.follower import Chunk
from lossmon.logs.walk import TOO_DEEP
from tests.stores.places import Place
from tests.waiting import wait_until

PLACES = pytest.mark.parametrize("place", ["plain", "pieces", "s3", "sftp"], indirect=True)


@PLACES
def test_a_log_that_lies_too_deep_is_told(place: Place) -> None:
    deep = "runs/" + "/".join("d" * 32)
    for name in ("runs/a.log", f"{deep}/b.log", f"{deep}/d/c.log", f"{deep}/d/d/c.log"):
        place.put(name, b"step 1 loss 2\n")
    source = place.source("runs", watch=False)
    try:
        chunks: list[Chunk] = []
        wait_until(
            lambda: chunks.extend(source.poll()) or source.exhausted,
            why=str(source.health()),
            timeout_s=20,
        )
    finally:
        source.close()
    at = {chunk.log[chunk.log.index("runs/") :]: chunk for chunk in chunks}
    assert {log for log, chunk in at.items() if chunk.kind == "data"} == {
        "runs/a.log",
        f"{deep}/b.log",
    }
    assert {log: one.message for log, one in at.items() if one.kind == "error"} == {
        f"{deep}/d": TOO_DEEP
    }


@pytest.mark.parametrize("place", ["plain", "sftp"], indirect=True)
def test_more_folders_than_are_asked_for_one_by_one_are_told(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "_MOST_LINKS", 2)
    monkeypatch.setattr(stores, "_MOST_FOLDERS", 2)
    for name in "abcd":
        place.put(f"runs/{name}/train.log", b"step 1 loss 2\n")
    source = place.source("runs", watch=False)
    try:
        wait_until(
            lambda: source.poll() is None or source.exhausted,
            why=str(source.health()),
            timeout_s=20,
        )
        assert "more is there than is looked at" in str(source.health())
    finally:
        source.close()
