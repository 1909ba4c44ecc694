"""Whatever is written: where a disk is full nothing half-written stays behind."""

from __future__ import annotations

import os
import resource
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from lossmon import config, crash, session
from lossmon.config.keep import keep
from lossmon.diagnosis.knowledge import load
from lossmon.errors import LossmonError
from lossmon.monitor.update import RunUpdate
from lossmon.monitor.whole import read_targets
from lossmon.presentation import export
from lossmon.report import document, status_cache
from lossmon.report.manual import write as write_manual
from lossmon.session import Session
from lossmon.tui.screens.save_keys import new_files
from lossmon.whole_file import whole, write
from tests.conftest import falling, training_rows, write_jsonl

_ROOM = 64  # bytes of any file


@contextmanager
def full_disk() -> Iterator[None]:
    """A limit of the system on what any file may hold: writes fail as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_ROOM, before[1]))  # Python ignores SIGXFSZ
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(scope="module")
def update(tmp_path_factory: pytest.TempPathFactory) -> RunUpdate:
    log = tmp_path_factory.mktemp("runs") / "log.jsonl"
    write_jsonl(log, training_rows(falling(100)))
    return read_targets([str(log)], judging="at the end").updates[0]


def _save(update: RunUpdate, folder: Path) -> None:
    with new_files(str(folder), "run") as (_, svg, table):
        Path(svg).write_text("a picture")  # that has room
        with open(table, "w", encoding="utf-8") as file:
            export.write_csv([update], file)


def _memory(folder: Path) -> None:
    stamps: dict[str, status_cache.Stamp] = {"x" * 100: (1, 2, 3, 4)}
    status_cache.save(str(folder / "status"), status_cache.Memory(1.0, stamps))


WRITERS: dict[str, Callable[[RunUpdate, Path], object]] = {
    "points as CSV": lambda update, folder: export.write([update], str(folder / "a.csv")),
    "points as JSON lines": lambda update, folder: export.write([update], str(folder / "a.jsonl")),
    "points as Parquet": lambda update, folder: export.write([update], str(folder / "a.parquet")),
    "a report as text": lambda update, folder: document.write(
        update, load("en"), str(folder / "a.md"), 0.0
    ),
    "a report as a page": lambda update, folder: document.write(
        update, load("en"), str(folder / "a.html"), 0.0
    ),
    "picture and table": _save,
    "settings": lambda _, __: keep("screen", theme="light"),
    "settings for the first time": lambda _, __: config.create(),
    "the memory of status": lambda _, folder: _memory(folder),
    "a session": lambda _, folder: session.save(
        str(folder / "session"), Session(marked=("x" * 100,))
    ),
    "a crash": lambda _, __: crash.keep(ValueError("x" * 100)),
    "manual and completions": lambda _, folder: write_manual(folder),
}


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("there", [False, True], ids=["new", "over another"])
def test_on_a_full_disk_there_is_what_there_was(
    update: RunUpdate,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    writer: Callable[[RunUpdate, Path], object],
    there: bool,
) -> None:
    if writer is WRITERS["points as Parquet"]:
        pytest.importorskip("pyarrow", reason="no pyarrow")
    monkeypatch.setenv("LOSSMON_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setattr("platformdirs.user_log_dir", lambda _: str(tmp_path))
    if there:
        with suppress(LossmonError):
            writer(update, tmp_path)
        assert list(tmp_path.iterdir())
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with full_disk(), suppress(LossmonError, OSError):
        writer(update, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_new_file_takes_no_other_ones_place(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    with pytest.raises(FileExistsError):
        write(str(path), "new", new=True)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a"]


def test_what_is_private_is_so_from_its_first_byte_and_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("theirs")
    (tmp_path / "a").symlink_to(tmp_path / "theirs")
    with whole(str(tmp_path / "a"), private=True) as partial:
        assert stat.S_IMODE(os.stat(partial).st_mode) == 0o600
        Path(partial).write_text("ours")
    assert (tmp_path / "theirs").read_text() == "theirs"
    assert (tmp_path / "a").read_text() == "ours"
    assert not (tmp_path / "a").is_symlink()


def test_what_a_killed_process_left_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / f".a.{os.getpid()}.part").symlink_to("/nowhere")
    write(str(tmp_path / "a"), "new")
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize(
    ("before", "private", "after"),
    [(0o640, False, 0o640), (0o600, False, 0o600), (0o644, True, 0o600), (None, True, 0o600)],
)
def test_what_is_replaced_keeps_its_mode_and_what_is_private_is_so(
    tmp_path: Path, before: int | None, private: bool, after: int
) -> None:
    path = tmp_path / "a.txt"
    if before is not None:
        path.write_text("old")
        path.chmod(before)
    write(str(path), "new", private=private)
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == after
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_takes_the_place_of_none(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write(str(path), "first", new=True)
    with pytest.raises(FileExistsError):
        write(str(path), "second", new=True)
    assert path.read_text() == "first"
    write(str(path), "third")
    assert path.read_text() == "third"


@pytest.mark.parametrize(("private", "mode"), [(False, 0o666), (True, 0o600)])
@pytest.mark.parametrize("new", [False, True])
def test_a_file_has_the_mode_that_the_user_lets_it_have(
    tmp_path: Path, private: bool, mode: int, new: bool
) -> None:
    before = os.umask(0)
    try:
        write(str(tmp_path / "a"), "text", private=private, new=new)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == mode


@pytest.mark.parametrize("new", [False, True])
def test_a_failure_leaves_nothing(tmp_path: Path, new: bool) -> None:
    with pytest.raises(KeyError), whole(str(tmp_path / "a"), new=new):
        raise KeyError
    assert os.listdir(tmp_path) == []
