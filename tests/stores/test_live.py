"""A run that is written live to each kind of place: nothing lost, doubled or reordered."""

from __future__ import annotations

import threading

import pytest

from tests.remote.box import Collector
from tests.stores.places import Pieces, Place
from tests.waiting import wait_until

EVERY = pytest.mark.parametrize("place", ["s3", "plain", "pieces", "sftp"], indirect=True)


def rows(start: int, end: int, word: str = "loss") -> bytes:
    return b"".join(
        b"step %d %s %.4f\n" % (i, word.encode(), 2 - i / 5000) for i in range(start, end)
    )


@EVERY
def test_a_run_shows_its_new_rows_across_restarts(place: Place) -> None:
    log = place.address.partition("://")[2].partition("/")[2] + "runs/a/train.log"
    before = set(threading.enumerate())
    place.put("runs/a/train.log", rows(0, 100))
    place.put("runs/a/model.pt", b"weights")
    got = Collector(place.source("runs"))
    try:
        got.until(lambda: bytes(got.content.get(log, b"")) == rows(0, 100))
        assert list(got.content) == [log], "weights are no log"
        for end in (150, 151, 9000):  # some, one, more than is read at once
            whole = rows(0, end)
            place.put("runs/a/train.log", whole)
            got.until(lambda whole=whole: bytes(got.content[log]) == whole)
        place.put("runs/b/train.log", rows(0, 10))  # comes while it is watched
        other = log.replace("/a/", "/b/")
        got.until(lambda: bytes(got.content.get(other, b"")) == rows(0, 10))
        assert got.source.health().state == "live"

        place.stop()
        got.until(lambda: got.source.health().state == "retrying")
        place.start()
        place.put("runs/a/train.log", rows(0, 9500))
        got.until(lambda: bytes(got.content[log]) == rows(0, 9500))
        assert {chunk.kind for chunk in got.chunks} == {"data"}, "what was read stands"

        place.put("runs/a/train.log", rows(0, 50))  # shorter
        got.until(lambda: bytes(got.content[log]) == rows(0, 50))
        place.put("runs/a/train.log", rows(0, 600, "l0ss"))  # longer, and not the same
        got.until(lambda: bytes(got.content[log]) == rows(0, 600, "l0ss"))
        place.put("runs/a/train.log", rows(0, 600, "l1ss"))  # as long
        got.until(lambda: bytes(got.content[log]) == rows(0, 600, "l1ss"))
        place.remove("runs/b/train.log")
        got.until(lambda: any(chunk.kind == "gone" for chunk in got.chunks))
        assert {chunk.log for chunk in got.chunks if chunk.kind == "gone"} == {other}
    finally:
        got.source.close()
    again = Collector(place.source("runs/a/train.log", watch=False))
    try:
        again.until(lambda: again.source.exhausted)
        assert {name: bytes(data) for name, data in again.content.items()} == {
            log: rows(0, 600, "l1ss")
        }
    finally:
        again.source.close()
    made = set(threading.enumerate()) - before  # one that waits for an answer ends behind us
    wait_until(lambda: not [one for one in made if "lossmon" in one.name and one.is_alive()])


@pytest.mark.parametrize("place", ["pieces"], indirect=True)
def test_of_a_log_that_grew_only_what_is_new_is_read(place: Pieces) -> None:
    place.put("train.log", rows(0, 3000))
    got = Collector(place.source("train.log"))
    try:
        got.until(lambda: bytes(got.content.get("train.log", b"")) == rows(0, 3000))
        place.asked.clear()
        place.put("train.log", rows(0, 3010))
        got.until(lambda: bytes(got.content["train.log"]) == rows(0, 3010))
    finally:
        got.source.close()
    size, grown = len(rows(0, 3000)), len(rows(0, 3010))
    pieces = [asked for method, _, asked in place.asked if method == "GET"]
    assert pieces == [f"bytes={size - 256}-{grown - 1}"], "and what stood before it, to compare"
