"""Logs that are joined by their course alone hide no row that one of them tells alone."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from lossmon.api import read_runs
from tests.monitor.test_common_noise import losses, smoothed

ROWS = 200


def beside(folder: Path, written: Sequence[float], printed: Sequence[float], every: int) -> None:
    """JSON lines of some rows, and what was printed of all."""
    rows = [{"step": s, "loss": written[s]} for s in range(every - 1, len(written), every)]
    (folder / "m.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    lines = (f"step {s} loss {value:.4f}\n" for s, value in enumerate(printed))
    (folder / "out.log").write_text("".join(lines))


def shown(folder: Path) -> list[int]:
    """How many points each run has."""
    return sorted(len(one.series["loss"]) for one in read_runs(str(folder), "never"))


@pytest.mark.parametrize("until", [150, ROWS])
def test_another_seed_that_jumps_up_takes_the_place_of_nothing(tmp_path: Path, until: int) -> None:
    other = losses(11, ROWS)
    other[100:until] += 6
    beside(tmp_path, losses(10, ROWS).tolist(), other.tolist(), 10)
    assert shown(tmp_path) == [20, ROWS]


@pytest.mark.parametrize("seed", range(8))
def test_each_row_of_a_console_that_averages_is_in_a_run(tmp_path: Path, seed: int) -> None:
    own = losses(seed, ROWS)
    printed = smoothed(own, 0.1).tolist()
    printed[154] = math.nan
    beside(tmp_path, own.tolist(), printed, 10)
    views = [one.series["loss"] for one in read_runs(str(tmp_path), "never")]
    assert any(154 in v.step[v.value != v.value] for v in views)
    assert ROWS in map(len, views)


def test_an_average_at_the_steps_of_what_it_averages_is_no_second_run(tmp_path: Path) -> None:
    own = losses(1, ROWS)
    beside(tmp_path, own.tolist(), smoothed(own, 0.1).tolist(), 1)
    assert shown(tmp_path) == [ROWS]


@pytest.mark.parametrize("every", [1, 10])
def test_a_fork_of_the_last_few_rows_is_a_run(tmp_path: Path, every: int) -> None:
    """Of fewer rows than tell a stranger all values differ: they were in no run."""
    own, other = losses(1, 20 * every), losses(2, 20 * every)
    fork = [*own[: 15 * every], *other[15 * every :]]
    beside(tmp_path, own.tolist(), fork, every)
    assert shown(tmp_path) == [20, 20 * every]


@pytest.mark.parametrize("sick", [0, 1])
def test_a_training_that_diverged_and_the_one_that_was_begun_again_are_two(
    tmp_path: Path, sick: int
) -> None:
    own = losses(1, ROWS).tolist()
    both = [own, own]
    both[sick] = [*own[:150], *[math.nan] * 50]
    beside(tmp_path, both[0], both[1], 1)
    assert shown(tmp_path) == [ROWS, ROWS]
