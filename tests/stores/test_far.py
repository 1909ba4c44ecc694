"""Whatever happens between a listing and a reading, at rest the log is as it is there."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.logs.far.files import FarFiles, Listed
from lossmon.logs.far.source import FarSource, Manners, in_its_words
from lossmon.logs.files import Stat
from lossmon.logs.follower import Follower
from lossmon.logs.scheme import Order, Target
from lossmon.words import said

LOG = "runs/a/train.log"


class Shelf(FarFiles):
    """One object; a change may come between any two requests, and a request may fail."""

    def __init__(self) -> None:
        super().__init__()
        self.data: bytes | None = b""
        self.version = 0
        self.coming: list[bytes | str | None] = []

    def change(self) -> None:
        if self.coming:
            what = self.coming.pop(0)
            if isinstance(what, str):
                raise ConnectionError(what)
            self.data, self.version = what, self.version + 1

    def kind(self, path: str) -> str:
        return "directory"

    def one(self, path: str) -> Stat:
        if self.data is None:
            raise FileNotFoundError(path)
        return Stat(len(self.data), 1.0, self.version, None, True)

    def below(self, path: str) -> Iterator[Listed]:
        self.change()
        if self.data is not None:
            yield LOG, self.one(LOG)

    def piece(self, path: str, offset: int, count: int) -> bytes:
        self.change()
        if self.data is None:
            raise FileNotFoundError(path)
        return self.data[offset : offset + count]


def objects() -> st.SearchStrategy[list[bytes | str | None]]:
    """What an object is, one after the other: it grows, is cut, rewritten, removed; links fail."""
    line = st.integers(0, 9).map(lambda n: b"step %d loss 2.%d\n" % (n, n))
    text = st.lists(line, max_size=40).map(b"".join)
    grown = st.tuples(text, st.integers(1, 4)).map(lambda pair: pair[0] * pair[1])
    return st.lists(st.one_of(text, grown, st.none(), st.just("broken")), max_size=12)


@settings(max_examples=300)
@given(objects(), st.integers(1, 700))
def test_at_rest_all_is_as_it_is_there(coming: list[bytes | str | None], slice_bytes: int) -> None:
    files = Shelf()
    follower = Follower(["runs"], files=files, slice_bytes=slice_bytes, every_s=float("inf"))
    files.coming = list(coming)
    content: bytes | None = None
    for _ in range(len(coming) + 3):
        files.begin()
        files.lost = None
        follower.rescan()
        for _ in range(200):
            walking = follower.walking
            try:
                chunks = follower.poll()
            except ConnectionError:
                break
            for chunk in chunks:
                if chunk.kind == "data":
                    assert chunk.offset == len(content or b""), "lost or doubled"
                    content = (content or b"") + chunk.data
                elif chunk.kind in ("truncated", "replaced"):
                    content = b""
                elif chunk.kind == "gone":
                    content = None
            if files.lost is not None:
                break
            if walking and not follower.walking:
                files.finish()
                follower.notice()
            elif not walking and not follower.pending():
                break
        else:
            raise AssertionError("it never comes to rest")
    assert (content or b"") == (files.data or b"")


def test_a_place_is_asked_so_often_and_no_more() -> None:
    manners = Manners(every_s=5.0, an_hour=720)
    assert manners.pause_s(1) == 5.0
    assert manners.pause_s(100) == 500.0, "a bucket of 100,000 objects takes 100 listings"


def read_once(files: Shelf) -> tuple[bytes, str]:
    """What a source reads that was given files and no more, and what it says of its target."""
    shelf = FarSource(Order((Target("shelf", "runs"),), watch=False, prefix="shelf:"), files)
    data = b""
    while not shelf.exhausted:
        shelf.wait(0.1)
        data += b"".join(chunk.data for chunk in shelf.poll())
    shelf.close()
    return data, str(shelf.trouble("runs"))


def test_four_methods_are_a_place() -> None:
    files = Shelf()
    files.data = b"step 1 loss 2.0\n"
    assert read_once(files) == (files.data, "")


def test_a_place_says_what_is_missing_in_its_own_words() -> None:
    class Empty(Shelf):
        missing = said("no such drawer there")

        def kind(self, path: str) -> str:
            raise FileNotFoundError(path)

    assert read_once(Empty()) == (b"", "no such drawer there")
    assert Shelf.missing == "no such folder or file there; check the spelling"


def test_an_error_without_a_meaning_says_its_own_words() -> None:
    told = in_its_words(OSError(5, "the shelf fell\nTraceback"))
    assert (told.state, told.reason) == ("retrying", "the shelf fell")
