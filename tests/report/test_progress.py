"""A long reading says how far it is, on a terminal alone."""

from __future__ import annotations

import io

import pytest

from lossmon.fleet import pools
from lossmon.report import gather as gathering
from lossmon.report import progress
from tests.conftest import falling, training_rows, write_jsonl


class Terminal(io.StringIO):
    """Standard error, as a terminal or not."""

    def __init__(self, real: bool) -> None:
        super().__init__()
        self._real = real

    def isatty(self) -> bool:
        return self._real


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_long_reading_is_told_on_a_terminal_and_the_line_goes(
    tmp_path, monkeypatch: pytest.MonkeyPatch, jobs: int
) -> None:
    for number in range(12):
        write_jsonl(tmp_path / str(number) / "log.jsonl", training_rows(falling(3)))
    monkeypatch.setattr(progress, "_AFTER_S", 0.0)
    monkeypatch.setattr(progress, "_EVERY_S", 0.0)
    monkeypatch.setattr(pools, "_LOOK_S", 0.001)
    for real in (True, False):
        terminal = Terminal(real)
        monkeypatch.setattr("sys.stderr", terminal)
        assert len(gathering.gather([str(tmp_path)], jobs, judging="at the end").updates) == 12
        told = terminal.getvalue()
        assert told.startswith("\rlossmon: read ") == real
        assert told.endswith("\r\x1b[K") == real
        assert ("of 12 logs" in told) == (real and jobs == 2)
