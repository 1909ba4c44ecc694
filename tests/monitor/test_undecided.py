"""Text that is no log is held in a bound for all of it, and looked at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossmon.monitor import log as log_module
from lossmon.monitor.log import Log
from lossmon.monitor.undecided import Undecided

PROSE = b"It was the best of times, it was the worst of times, in the year 1775.\n"
ROWS = b"".join(b"step %d loss %.3f\n" % (i, 2 - i / 100) for i in range(1, 31))


def test_the_sum_has_a_bound_and_the_quiet_give_way() -> None:
    undecided = Undecided(most=200_000)
    logs = [Log(f"{i}.txt") for i in range(60)]
    for log in logs:
        log.feed(PROSE * 200)
        undecided.note(log)
        assert sum(one.held for one in logs) <= 200_000 + 60 * 512
    assert logs[-1].held > 10_000
    assert logs[0].held <= 512


def test_a_log_that_had_to_let_go_is_read_when_its_rows_come() -> None:
    undecided = Undecided(most=1000)
    log = Log("late.txt")
    log.feed(PROSE * 200)
    undecided.note(log)
    assert log.held <= 512
    assert len(log.feed(ROWS)) + len(log.end()) == 30


def test_a_log_that_is_known_or_refused_holds_nothing() -> None:
    undecided = Undecided(most=10_000)
    known = Log("known.txt")
    known.feed(ROWS)
    undecided.note(known)
    assert (known.format, known.held) == ("text", 0)


@pytest.mark.parametrize("size", [100_000, 900_000, 5_000_000])
def test_prose_is_held_in_part_and_looked_at_once(
    size: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    looked = []
    real = log_module.detect

    def counted(head: bytes, name: str, complete: bool) -> object:
        looked.append(len(head))
        return real(head, name, complete)

    monkeypatch.setattr(log_module, "detect", counted)
    log = Log(str(tmp_path / "prose.txt"))
    data = PROSE * (size // len(PROSE))
    for at in range(0, len(data), 1 << 16):
        log.feed(data[at : at + (1 << 16)])
    assert log.held <= 3 << 16
    assert sum(looked) <= 4 << 16


def test_rows_behind_much_prose_are_read() -> None:
    log = Log("train.log")
    data = PROSE * 20_000 + ROWS
    count = sum(len(log.feed(data[at : at + 10_000])) for at in range(0, len(data), 10_000))
    assert count + len(log.end()) == 30
