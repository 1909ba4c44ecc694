"""The details of a crash: in a file of the user's own, or nowhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lossmon import crash
from lossmon.errors import TargetError


def test_the_newest_crash_is_kept_for_its_user_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_log_dir", lambda name: str(tmp_path / name / "log"))
    told: list[str] = []
    monkeypatch.setattr(
        crash.logger, "error", lambda _, *, exc_info: told.append(str(exc_info))
    )  # --debug has each of them
    for wrong in ("one", "two"):
        try:
            raise ValueError(wrong)
        except ValueError as error:
            where = crash.keep(error)
    assert where is not None
    text = Path(where).read_text(encoding="utf-8")
    assert "ValueError: two" in text
    assert "one" not in text.splitlines()[-1]
    assert text.startswith("lossmon ")
    assert told == ["one", "two"]
    assert os.stat(where).st_mode & 0o777 == 0o600
    (tmp_path / "a file").write_text("")
    monkeypatch.setattr("platformdirs.user_log_dir", lambda name: str(tmp_path / "a file" / name))
    assert crash.keep(ValueError("lost")) is None


def test_the_line_is_short_and_of_the_first_line_alone() -> None:
    line = crash.record(ValueError("x" * 500 + "\nsecond"))
    words, _, report = line.partition("; please report it with ")
    assert words.startswith("an error of lossmon itself, your training goes on: ValueError: xxx")
    assert len(words) == len("an error of lossmon itself, your training goes on: ") + 160
    assert os.path.isfile(report)
    assert crash.record(TargetError("no such file")) == "no such file"


def test_the_status_is_that_of_an_error_of_a_program() -> None:
    assert crash.STATUS == os.EX_SOFTWARE
