"""Files and folders of ours are their user's alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lossmon import private


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_what_is_made_is_the_user_s_alone_and_what_is_there_stays(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir(mode=0o755)
    there.chmod(0o755)
    private.make_folder(str(there / "a" / "b"))
    assert [mode(one) for one in (there, there / "a", there / "a" / "b")] == [0o755, 0o700, 0o700]
    private.make_folder(str(there / "a" / "b"))
    with open(there / "file", "w", opener=private.opener):
        pass
    assert mode(there / "file") == 0o600


def test_a_file_in_the_way_and_a_link_to_elsewhere_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        private.make_folder(str(tmp_path / "file"))
    os.symlink(tmp_path / "file", tmp_path / "link")
    with pytest.raises(OSError, match="link"):
        private.opener(str(tmp_path / "link"), os.O_WRONLY)


def test_a_folder_is_made_below_the_one_that_one_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    private.make_folder("a/b")
    assert (tmp_path / "a" / "b").is_dir()


def test_what_is_wrong_with_a_link_is_told_of_links_alone(tmp_path: Path) -> None:
    (tmp_path / "round").symlink_to(tmp_path / "round")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    for name, mode, says in (
        ("link", "w", "is a link; name the file itself"),
        ("round/file", "w", "Too many levels"),  # of a folder above it
        ("link", "x", "File exists"),
    ):
        with pytest.raises(OSError, match=says), open(tmp_path / name, mode, opener=private.opener):
            pass
