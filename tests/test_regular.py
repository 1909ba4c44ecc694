"""What stands where a file is looked for: read, refused or empty, and never waited for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lossmon import config, crash, private, regular, session
from lossmon.errors import ConfigError
from lossmon.hparams.files import head_of


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """A FIFO into which nobody writes; to open it waits for ever."""
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


@pytest.mark.parametrize("flags", ["rb", "wb", "ab"])
def test_a_pipe_is_refused_at_once(pipe: Path, flags: str) -> None:
    for opener in (regular.opener, private.opener):
        refused = pytest.raises(OSError, match=r"not a regular file|No such device")
        with refused, open(pipe, flags, opener=opener):
            pass


@pytest.mark.parametrize("place", ["/dev/zero", "/dev/full", "/dev/tty"])
def test_a_device_is_refused(place: str) -> None:
    refused = pytest.raises(OSError, match=r"not a regular file|No such device")
    with refused, open(place, "rb", opener=regular.opener):
        pass


def test_a_folder_is_refused_by_its_name(tmp_path: Path) -> None:
    refused = pytest.raises(IsADirectoryError, match="is a directory")
    with refused, open(tmp_path, "rb", opener=regular.opener):
        pass


def test_the_null_device_is_an_empty_file() -> None:
    with open(os.devnull, "rb", opener=regular.opener) as file:
        assert file.read() == b""


def test_what_is_refused_is_closed_and_what_is_open_no_child_inherits(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with pytest.raises(OSError, match="is a directory"):
            regular.opener(str(tmp_path), os.O_RDONLY)
    assert len(os.listdir("/proc/self/fd")) == before
    (tmp_path / "file").touch()
    handle = regular.opener(str(tmp_path / "file"), os.O_RDWR)
    try:
        assert not os.get_inheritable(handle)
        assert os.write(handle, b"x") == 1
    finally:
        os.close(handle)


def test_nobody_can_execute_what_is_written(tmp_path: Path) -> None:
    for name, opener in (("shared", regular.opener), ("own", private.opener)):
        with open(tmp_path / name, "w", opener=opener) as file:
            assert os.fstat(file.fileno()).st_mode & 0o111 == 0
    private.make_folder(str(tmp_path / "a" / "b"))
    for folder in ("a", "a/b"):
        assert (tmp_path / folder).stat().st_mode & 0o777 == 0o700


def test_settings_sessions_and_files_beside_a_log_may_be_pipes(
    pipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(config.VARIABLE, str(pipe))
    with pytest.raises(ConfigError, match="pipe: not a regular file"):
        config.load()
    assert session.load(str(pipe)) is None
    assert head_of(str(pipe)) is None


def test_a_report_of_a_crash_does_not_wait_for_a_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "lossmon").mkdir()
    os.mkfifo(tmp_path / "lossmon" / "crash.txt")
    assert "ZeroDivisionError" in crash.record(ZeroDivisionError("by zero"))


def test_a_terminal_is_refused() -> None:
    """A device that is there on every machine; the null device alone stands for a file."""
    handles = os.openpty()
    try:
        with pytest.raises(OSError, match="not a regular file"):
            regular.opener(os.ttyname(handles[1]), os.O_RDONLY)
    finally:
        for handle in handles:
            os.close(handle)
