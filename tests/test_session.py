"""What a screen leaves for the next: kept within bounds, read as if it were anyone's."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from lossmon import __version__, crash, session
from lossmon.debug import logger, to_file
from lossmon.errors import ConfigError, TargetError
from lossmon.redaction import redacted
from lossmon.session import Session

HUSH = ["runs/a", "spike", "snoozed", "warning", 7, 1.0, 2]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return Path(session.folder())


def test_a_session_is_that_of_its_targets_and_folder_or_of_its_name(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = session.path_of(["b", "a"])
    assert here == session.path_of(["a", "b"])
    assert os.path.dirname(here) == str(folder)
    assert os.path.basename(here).startswith("auto-")
    assert (
        session.path_of(["a"], "mine") == str(folder / "mine.json") == session.path_of([], "mine")
    )
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert session.path_of(["a", "b"]) != here


@pytest.mark.parametrize("name", ["a", "A.b-c_9", "x" * 64])
def test_a_name_is_a_word(folder: Path, name: str) -> None:
    assert session.path_of([], name).endswith(f"/{name}.json")


@pytest.mark.parametrize("name", ["-a", ".a", "a/b", "x" * 65, "auto-1", "a b", "é"])
def test_what_is_no_word_is_no_name(folder: Path, name: str) -> None:
    with pytest.raises(TargetError, match="letters, digits, dots and dashes, 64 at most"):
        session.path_of([], name)


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({}, {}),
        ({"marked": ["a", 3, "b"]}, {"marked": ("a", "b")}),
        ({"marked": "a"}, {}),
        ({"marked": ["x" * 2000]}, {"marked": ("x" * 1000,)}),
        ({"marked": ["a"] * 2001}, {"marked": ("a",) * 2000}),
        ({"filter": "x" * 2000}, {"filter": "x" * 1000}),
        ({"filter": 3}, {}),
        ({"order": None}, {}),
        ({"saved_at": 3}, {"saved_at": 3.0}),
        ({"saved_at": "3"}, {}),
        ({"hushed": [HUSH]}, {"hushed": (tuple(HUSH),)}),
        ({"hushed": [[*HUSH[:2], "acknowledged", *HUSH[3:]]]}, {"hushed": (("runs/a", "spike", "acknowledged", "warning", 7, 1.0, 2),)}),
        ({"hushed": [[*HUSH[:2], "gone", *HUSH[3:]]]}, {"hushed": ()}),
        ({"hushed": [HUSH[:-1], [*HUSH, 1], "x", [*HUSH[:4], "7", 1.0, 2]]}, {"hushed": ()}),
        ({"hushed": 3}, {"hushed": ()}),
        ({"hushed": [3, None, {}]}, {"hushed": ()}),
        ({"unknown": 1}, {}),
    ],
)  # fmt: skip
def test_what_is_as_it_should_be_is_taken(
    folder: Path, tmp_path: Path, told: dict[str, Any], found: dict[str, Any]
) -> None:
    path = tmp_path / "s.json"
    path.write_text(json.dumps(told))
    assert session.load(str(path)) == Session(**found)


@pytest.mark.parametrize("text", ["[]", "3", "{", "[" * 99999, '{"a": "' + "x" * (1 << 18) + '"}'])
def test_what_is_no_session_is_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "s.json").write_text(text)
    assert session.load(str(tmp_path / "s.json")) is None
    assert session.load(str(tmp_path / "none.json")) is None


def test_a_file_up_to_its_bound_is_read(tmp_path: Path) -> None:
    head, end = '{"order": "lr", "x": "', '"}'
    (tmp_path / "s.json").write_text(head + "x" * ((1 << 18) - len(head) - len(end)) + end)
    assert session.load(str(tmp_path / "s.json")) == Session(order="lr")


def test_a_session_is_saved_for_its_user_alone_and_within_bounds(folder: Path) -> None:
    path = session.path_of([], "mine")
    before = time.time()
    kept = Session(("runs",), str(folder), marked=("a",) * 3000, filter="x\udcff" * 900)
    session.save(path, kept)
    found = session.load(path)
    assert found is not None
    assert (len(found.marked), len(found.filter)) == (2000, 1000)
    assert before <= found.saved_at <= time.time()
    assert (os.stat(path).st_mode & 0o777, os.stat(folder).st_mode & 0o777) == (0o600, 0o700)
    session.save(path, Session(marked=("x" * 1000,) * 400))  # too large for a file
    assert session.load(path) == found
    assert os.listdir(folder) == ["mine.json"]


def test_the_last_session_is_the_newest_that_can_be_opened(folder: Path, tmp_path: Path) -> None:
    assert session.none_yet()
    assert session.last() is None
    for age, (name, there) in enumerate([("b", tmp_path), ("a", tmp_path)]):
        session.save(session.path_of([], name), Session((name,), str(there)))
        os.utime(session.path_of([], name), (1000 - age, 1000 - age))
    assert not session.none_yet()
    last = session.last()
    assert last is not None
    assert last.targets == ("b",)
    session.save(session.path_of(["x"]), Session(("x",), str(tmp_path / "gone")))
    assert session.last() is None
    session.save(session.path_of(["x"]), Session((), str(tmp_path)))
    assert session.last() is None
    assert session.names() == ["a", "b"]
    (folder / "c.json").symlink_to(folder / "a.json")
    (folder / "d.txt").write_text("")
    assert session.names() == ["a", "b"]


def test_old_ones_are_forgotten_and_names_are_kept(folder: Path) -> None:
    session.save(session.path_of([], "mine"), Session())
    os.utime(session.path_of([], "mine"), (1, 1))
    for number in range(66):
        path = session.path_of([str(number)])
        session.save(path, Session())
        os.utime(path, (1000 + number, 1000 + number))
    session.save(session.path_of([], "more"), Session())
    left = [one for one in os.listdir(folder) if one.startswith("auto-")]
    assert len(left) == 64
    assert not os.path.exists(session.path_of(["0"]))
    assert session.names() == ["mine", "more"]


# -- what goes wrong -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ConfigError("wrong\x1b key"), "wrong key"),  # the user's affair
        (
            ValueError("a\nb"),
            "an error of lossmon itself, your training goes on: ValueError: a; pl",
        ),
        (ValueError("x" * 500), "ValueError: " + "x" * 147 + "…; please report it with "),
    ],
)
def test_an_error_is_one_line(folder: Path, tmp_path: Path, error: Exception, line: str) -> None:
    told = crash.record(error)
    assert line in told
    assert told.startswith(line) or not isinstance(error, ConfigError)
    assert (tmp_path / "state" / "lossmon" / "log" / "crash.txt").exists() != isinstance(
        error, ConfigError
    )


def test_where_no_report_can_be_kept_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert crash.record(ValueError("a")).endswith("your training goes on: ValueError: a")


def test_what_happens_is_written_down_where_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "debug.txt"
    path.write_text("2026-01-01 10:00:00,000 INFO MainThread lossmon 1.0, Python 3.12.1, linux\n")
    handlers, level = list(logger.handlers), logger.level
    try:
        to_file(str(path))
        logger.debug("box %s\x1b[2J", "a")
        lines = path.read_text().splitlines()
    finally:
        for one in set(logger.handlers) - set(handlers):
            logger.removeHandler(one)
            one.stream.close()  # type: ignore[attr-defined]
        logger.setLevel(level)
    assert lines[0].endswith("lossmon 1.0, Python 3.12.1, linux")  # what was there
    python = ".".join(map(str, sys.version_info[:3]))
    assert (
        f" INFO MainThread lossmon {__version__}, Python {python}, {sys.platform}, pid " in lines[1]
    )
    assert lines[2].endswith(f" called as {sys.argv[1:]}")
    assert lines[3].endswith(r" DEBUG MainThread box a\u001b[2J")
    (tmp_path / "debug").mkdir()
    with pytest.raises(TargetError, match=r"--debug .*debug: is a directory"):
        to_file(str(tmp_path / "debug"))


def test_only_the_begin_of_a_text_is_kept_of_what_may_hold_a_secret() -> None:
    assert redacted("x" * 4001) == "x" * 4000
    assert redacted("password=hunter2hunter2 and more") == "password=*** and more"
    assert redacted("Authorization: Bearer abcdefgh1") == "Authorization: Bearer ***"
    assert redacted("see https://a:b@c/d") == "see https://a:***@c/d"
