"""A far place as a table: which files a target leads to, what is in whose way, how often one looks."""

from __future__ import annotations

import contextlib

import pytest

from lossmon.logs.far import files as module
from lossmon.logs.far.apart import Unreadable
from lossmon.logs.far.files import FarFiles, in_its_words, said_there
from lossmon.logs.far.source import FarSource, Manners, batches
from lossmon.logs.scheme import Order, Target
from tests.logs.clients.reading import HASTY, Reading
from tests.stores.cabinet import TREE, Cabinet
from tests.waiting import wait_until


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("r", ["r/a/t.log", "r/ab/x.log", "r/b/deep/t.log", "r/b/t.log"]),
        ("r/b", ["r/b/deep/t.log", "r/b/t.log"]),
        ("r/a/t.log", ["r/a/t.log"]),
        ("r/*/t.log", ["r/a/t.log", "r/b/t.log"]),
        ("r/**/t.log", ["r/a/t.log", "r/b/deep/t.log", "r/b/t.log"]),
        ("**/t.log", ["r/a/t.log", "r/b/deep/t.log", "r/b/t.log", "t.log"]),
        ("r/[ab]", ["r/a/t.log", "r/b/deep/t.log", "r/b/t.log"]),  # folders, with logs in them
        ("r/?b", ["r/ab/x.log"]),
        ("r/b/*", ["r/b/deep/t.log", "r/b/t.log", "r/b/w.pt"]),  # a file that is named is taken
        ("r/*/*/*/*", []),
        ("[rt]*", ["r/a/t.log", "r/ab/x.log", "r/b/deep/t.log", "r/b/t.log", "t.log"]),
        ("zz*", []),
    ],
)
def test_files_that_a_target_leads_to(target: str, found: list[str]) -> None:
    files = Cabinet(*TREE)
    files.begin()
    assert list(files.walk(target)) == found
    assert files.troubles[target] == ""
    assert files.kinds[target] == (
        "pattern" if set(target) & set("*?[") else "file" if target in TREE else "directory"
    )
    assert [files.stat(path).size for path in found] == [16] * len(found)


def test_where_patterns_are_none_a_name_may_hold_their_signs() -> None:
    class Web(Cabinet):
        globs = False

    files = Web("a?b/t.log", "axb/t.log")
    assert list(files.walk("a?b")) == ["a?b/t.log"]
    assert files.kinds["a?b"] == "directory"


def test_what_is_not_there_may_come() -> None:
    files = Cabinet("r/t.log")
    assert list(files.walk("none")) == ["none"]
    assert files.troubles["none"] == "no such folder or file there; check the spelling"
    assert "none" not in files.failed
    files.data["none/t.log"] = b""
    assert list(files.walk("none")) == ["none/t.log"]
    assert files.troubles["none"] == ""


def test_a_file_may_turn_into_a_folder() -> None:
    files = Cabinet("r")
    assert list(files.walk("r")) == ["r"]
    files.data = {"r/t.log": b""}
    files.trouble["one r"] = IsADirectoryError("r")
    assert list(files.walk("r")) == ["r/t.log"]
    assert files.kinds["r"] == "directory"


@pytest.mark.parametrize(
    ("name", "most", "left"), [("MAX_ENTRIES", 3, 3), ("MAX_ENTRIES", 4, 4), ("MAX_ENTRIES", 9, 4)]
)
def test_so_many_files_are_followed(
    name: str, most: int, left: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, name, most)
    files = Cabinet(*TREE)
    assert len(list(files.walk("r"))) == left
    assert bool(files.beyond) == (left < 4)


@pytest.mark.parametrize(
    ("most", "left", "beyond"), [(3, 3, True), (4, 4, True), (5, 4, False), (None, 4, False)]
)
def test_so_many_files_are_looked_at(most: int | None, left: int, beyond: bool) -> None:
    files = Cabinet(*TREE)  # of five below it the last is no log
    files.most_listed = most
    assert len(list(files.walk("r"))) == left
    assert bool(files.beyond) == beyond


@pytest.mark.parametrize(("length", "there"), [(1024, True), (1025, False)])
def test_a_name_without_end_is_passed_over(length: int, there: bool) -> None:
    name = "r/" + "x" * (length - 2)
    files = Cabinet(name, "r/t.log")
    assert (name in list(files.walk("r"))) == there


@pytest.mark.parametrize(("depth", "barred"), [(32, False), (33, True), (40, True)])
def test_what_is_too_deep_is_told_and_not_looked_at(depth: int, barred: bool) -> None:
    log = "r/" + "d/" * depth + "t.log"
    files = Cabinet(log, "r/t.log")
    assert (log in list(files.walk("r"))) != barred
    assert list(files.barred) == (["r/" + "d/" * 32 + "d"] if barred else [])


@pytest.mark.parametrize(
    ("at", "error", "answers", "words"),
    [
        ("r", PermissionError("no"), True, "no"),
        ("below r", PermissionError("no"), True, "no"),
        ("below r", TimeoutError("slow"), True, "slow"),
        ("below r", TimeoutError("slow"), False, None),  # the place itself does not answer
        ("below r", ConnectionError("cut"), True, None),
        ("below r", InterruptedError("closed"), True, None),
        ("r", NotADirectoryError("odd"), True, "odd"),
    ],
)
def test_what_is_in_the_way_of_one_target_is_told_of_it(
    at: str, error: Exception, answers: bool, words: str | None
) -> None:
    files = Cabinet("r/t.log", "other/t.log")
    files.trouble[at], files.answers = error, answers
    files.begin()
    if words is None:
        with pytest.raises(type(error)):
            list(files.walk("r"))
        assert not files.troubles
        return
    assert list(files.walk("r")) == []
    assert files.troubles["r"] == words
    assert files.failed == {"r"}
    assert "r" in files.barred
    assert list(files.walk("other")) == ["other/t.log"]
    asked = files.requests
    assert (list(files.walk("r")), files.requests) == ([], asked), "it is left alone for a while"
    files.trouble.clear()
    files.again()
    slow = isinstance(error, TimeoutError)
    assert list(files.walk("r")) == ([] if slow else ["r/t.log"])
    assert files.failed == ({"r"} if slow else set())


def test_a_file_that_cannot_be_looked_at_is_told_and_stays() -> None:
    files = Cabinet("r/t.log", "r/u.log", "v.log")
    files.trouble |= {"one r/t.log": PermissionError("no"), "one v.log": PermissionError("no")}
    files.begin()
    assert list(files.walk("r")) == ["r/t.log", "r/u.log"]
    assert files.failed == set()
    with pytest.raises(Unreadable, match="no"):
        files.stat("r/t.log")
    assert list(files.walk("v.log")) == ["v.log"]
    assert files.failed == {"v.log"}
    with pytest.raises(Unreadable, match="no"):
        files.stat("v.log")
    assert "v.log" not in files.barred


def test_what_a_look_could_not_see_is_as_it_was() -> None:
    files = Cabinet("r/a/t.log", "r/b/t.log", "s/t.log", "u.log")
    files.begin()
    for target in ("r", "s", "u.log"):
        list(files.walk(target))
    files.finish()
    files.trouble["below r"] = Unreadable("busy")
    del files.data["s/t.log"], files.data["r/b/t.log"]
    files.begin()
    assert files.stat("s/t.log").size == 16, "the look is not complete"
    for target in ("r", "s", "u.log"):
        list(files.walk(target))
    files.finish()
    there = [one for one in ("r/a/t.log", "r/b/t.log", "s/t.log", "u.log") if is_there(files, one)]
    assert there == ["r/a/t.log", "r/b/t.log", "u.log"]
    del files.trouble["below r"]
    files.again()
    files.begin()
    for target in ("r", "u.log"):
        list(files.walk(target))
    files.finish()
    assert is_there(files, "r/a/t.log")
    assert not is_there(files, "r/b/t.log")


def test_what_a_pattern_could_not_see_is_as_it_was() -> None:
    files = Cabinet("r/a/t.log")
    for trouble in ({}, {"below r": PermissionError("no")}):
        files.trouble |= trouble
        files.begin()
        list(files.walk("r/*/t.log"))
        files.finish()
    assert is_there(files, "r/a/t.log")


def is_there(files: FarFiles, path: str) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return bool(files.stat(path))
    return False


def test_of_all_files_those_alone_are_looked_at() -> None:
    files = Cabinet(*TREE)
    files.only = ("r/a/t.log", "r/none.log", "r/b/t.log")
    files.trouble["one r/b/t.log"] = PermissionError("no")
    files.begin()
    assert list(files.walk("r")) == ["r/a/t.log", "r/b/t.log"]
    assert list(files.walk("r/a")) == [], "they were listed in this look"


@pytest.mark.parametrize(
    ("error", "told", "lost"),
    [
        (None, [b"step", b"step"], None),
        (FileNotFoundError("x"), [FileNotFoundError, b"step"], None),
        (PermissionError("no"), [Unreadable, b"step"], None),
        (TimeoutError("slow"), [Unreadable, b"step"], None),
        (ConnectionError("cut"), [type(None), type(None)], ConnectionError),
    ],
)
def test_pieces_of_several_files(
    error: Exception | None, told: list[object], lost: type[Exception] | None
) -> None:
    files = Cabinet("a.log", "b.log")
    if error is not None:
        files.trouble["piece a.log"] = error
    wanted = [("a.log", 0, 4), ("b.log", 0, 4)]
    for _ in range(2):  # what rests is told again
        found = list(files.read_many(wanted))
        assert [one if isinstance(one, bytes) else type(one) for one in found] == told
    assert (None if files.lost is None else type(files.lost)) == lost
    if told[0] == b"step":
        assert files.read_at("a.log", 0, 4) == b"step"
    else:
        with pytest.raises(OSError):  # noqa: PT011 - of any kind
            files.read_at("a.log", 0, 4)
    files.closing = True
    assert not any(isinstance(one, bytes) for one in files.read_many(wanted))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(2, "gone"), "gone"),
        (ValueError("[Errno -3] no \x1bname\nmore"), "no name"),
        (ValueError(""), "ValueError"),
        (ValueError("x" * 201), "x" * 199 + "…"),
        (ValueError("x" * 200), "x" * 200),
        (ValueError("[Errno 1] [Errno 2] a"), "[Errno 2] a"),
    ],
)
def test_what_a_server_says_is_a_line_that_is_safe_to_show(error: Exception, words: str) -> None:
    assert said_there(error) == words
    assert in_its_words(error).reason == words


# -- a source over it ------------------------------------------------------------------------------


def source(files: Cabinet, *targets: str, watch: bool = False, manners: Manners | None = None):  # type: ignore[no-untyped-def]
    order = Order(tuple(Target("shelf", one) for one in targets), watch, prefix="shelf:")
    return FarSource(order, files, manners or Manners(), patience=HASTY)


@pytest.mark.parametrize(
    ("trouble", "state", "reason"),
    [
        ({}, "live", ""),
        ({"below r/b": PermissionError("no")}, "live", "b: no"),
        ({"below r/b": PermissionError("no"), "below r/ab": PermissionError("odd")}, "live",
         "b: no; 1 more log or folder can't be read"),
        ({f"below r/{one}": PermissionError("no") for one in ("a", "b", "ab")}, "live",
         "a: no; 2 more logs and folders can't be read"),
        ({"below r/b": ConnectionError("cut")}, "gone", "cut"),
        ({"piece r/b/t.log": ConnectionError("cut")}, "gone", "cut"),
    ],
)  # fmt: skip
def test_how_a_place_is_that_is_read_once(
    trouble: dict[str, Exception], state: str, reason: str
) -> None:
    files = Cabinet(*TREE)
    files.trouble |= trouble
    opened = source(files, "r/a", "r/b", "r/ab")

    def told() -> bool:
        opened.poll()
        health = opened.health()
        return (health.state, health.reason) == (state, reason)

    wait_until(lambda: told() and opened.exhausted)
    opened.close()
    assert files.connected == 0


@pytest.mark.parametrize(
    ("manners", "reason", "note"),
    [
        (Manners(0.01, 10**9), "", "looked at every 0 s, 1,000,000,000 listings an hour at most"),
        (Manners(2.0, 3600), "looked at every 7 s, 3,600 listings an hour at most", ""),
        (Manners(3.5, 3600), "", "looked at every 7 s, 3,600 listings an hour at most"),
    ],
)
def test_looking_less_often_than_usual_is_a_limit(manners: Manners, reason: str, note: str) -> None:
    files = Cabinet(*TREE)
    reading = Reading(source(files, "r", watch=True, manners=manners))

    def is_told() -> bool:
        told = reading.source.health()
        return told is not None and (told.state, told.reason, told.note) == ("live", reason, note)

    reading.until(is_told)
    assert [reading.source.is_directory(one) for one in ("r", "r/a/t.log")] == [True, False]
    reading.until(lambda: reading.source.exhausted)
    reading.source.close()
    assert set(reading.content) == {"r/a/t.log", "r/ab/x.log", "r/b/deep/t.log", "r/b/t.log"}


def test_a_log_grows_until_it_is_dropped() -> None:
    files = Cabinet("r/a.log", "r/b.log")
    reading = Reading(source(files, "r", watch=True, manners=Manners(0.01, 10**9)))
    reading.until(lambda: len(reading.content) == 2 and reading.source.exhausted)
    reading.source.drop("r/a.log")
    grown = b"step 1 loss 2.0\nstep 2 loss 1.0\n"
    seen = files.requests
    reading.until(lambda: files.requests > seen + 4)
    files.data = dict.fromkeys(files.data, grown)
    reading.until(lambda: reading.content["r/b.log"] == grown)
    assert reading.content["r/a.log"] == grown[:16]
    reading.source.close()


@pytest.mark.parametrize(
    ("most", "sizes"),
    [(1, [1, 2, 2, 2, 1]), (2, [4, 3, 1]), (3, [6, 2]), (4, [7, 1]), (8, [8]), (100, [8])],
)
def test_the_logs_of_one_training_are_in_one_batch_where_they_are_not_too_many(
    most: int, sizes: list[int]
) -> None:
    """Of the folders a, b and c, which hold one, six and one."""
    files = Cabinet("r/a/0.log", *(f"r/b/{i}.log" for i in range(6)), "r/c/0.log")
    found = list(batches(files, "r", most))
    assert [len(one) for one in found] == sizes
    assert [path for one in found for path in one] == sorted(files.data)
    with pytest.raises(FileNotFoundError):
        list(batches(Cabinet(), "none", most))
