"""A log that is emptied or rotated: its curve stays until the first row of what comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lossmon.monitor import Monitor, RunUpdate
from lossmon.monitor.sources import open_monitor
from tests.conftest import falling, training_rows, write_jsonl


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write_jsonl(tmp_path / "run" / "log.jsonl", training_rows(falling(60)))


@pytest.fixture
def monitor(log: Path) -> Iterator[Monitor]:
    made = open_monitor([str(log)], watch=False)
    yield made
    made.close()


def polled(monitor: Monitor, runs: dict[str, RunUpdate]) -> RunUpdate:
    """The run as it stands after all that is there was read."""
    for _ in range(4):
        for update in monitor.poll():
            if update.removed:
                del runs[update.run]
            else:
                runs[update.run] = update
    (update,) = runs.values()
    return update


def _rotated(log: Path) -> None:
    log.rename(log.with_name("log.jsonl.1"))
    log.touch()


@pytest.mark.parametrize("empty", [_rotated, lambda log: log.write_bytes(b"")])
def test_what_was_read_stays_until_the_next_row(
    log: Path, monitor: Monitor, empty: Callable[[Path], None]
) -> None:
    runs: dict[str, RunUpdate] = {}
    assert len(polled(monitor, runs).series["loss"]) == 60
    empty(log)
    update = polled(monitor, runs)
    assert (len(update.series["loss"]), update.errors) == (60, ())
    write_jsonl(log, training_rows(falling(80))[60:])
    update = polled(monitor, runs)
    assert (len(update.series["loss"]), update.errors) == (20, ())


def test_a_log_that_is_gone_for_a_while_is_there_again_when_it_is_empty(
    log: Path, monitor: Monitor
) -> None:
    runs: dict[str, RunUpdate] = {}
    polled(monitor, runs)
    log.rename(log.with_name("log.jsonl.1"))
    assert polled(monitor, runs).errors == ("log.jsonl: the file is gone",)
    log.touch()
    update = polled(monitor, runs)
    assert (len(update.series["loss"]), update.errors) == (60, ())
