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
