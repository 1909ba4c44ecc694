"""Why a file cannot be written, whoever says it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from lossmon.errors import TargetError
from lossmon.presentation.write import replacing


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.ENOSPC, "a sentence of its own"), os.strerror(errno.ENOSPC).lower()),
        (OSError(0, "Without A Number"), "without a number"),
        (OSError("Bare"), "bare"),
    ],
)
def test_why_it_cannot_be_written_is_said_in_the_words_of_the_system(
    tmp_path: Path, error: OSError, says: str
) -> None:
    path = str(tmp_path / "out.csv")
    with pytest.raises(TargetError) as told, replacing(path):
        raise error
    assert str(told.value) == f"{path}: {says}"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("new", ""),
        ("file", ""),
        ("link to file", ""),
        ("link to nothing", ""),
        ("log", "{path}: this is a log that was read; write to another file"),
        ("link to log", "{path}: this is a log that was read; write to another file"),
        ("pipe", "{path}: this is a pipe or a device; write to a file"),
        ("link to pipe", "{path}: this is a pipe or a device; write to a file"),
        ("folder", "{path}: is a directory"),
        ("none/new", "{path}: no such file or directory"),
    ],
)
def test_where_a_file_may_be_written(tmp_path: Path, place: str, says: str) -> None:
    (tmp_path / "file").write_text("old")
    (tmp_path / "log").write_text("rows")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("file", "nothing", "log", "pipe"):
        (tmp_path / f"link to {name}").symlink_to(name)
    path, logs = tmp_path / place, [str(tmp_path / "log"), "gpu1:log"]
    told = ""
    try:
        with replacing(str(path), logs) as partial:
            Path(partial).write_text("new")
    except TargetError as error:
        told = str(error)
    assert told == says.format(path=path)
    assert (tmp_path / "log").read_text() == "rows"
    if not says:
        assert path.read_text() == "new"
        assert path.is_symlink() == place.startswith("link")
