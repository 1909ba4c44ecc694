"""Logs of one training that each hold a part of it: no row that one alone holds is lost."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.monitor import RunUpdate
from lossmon.monitor.sources import open_monitor
from lossmon.monitor.whole import read_targets

N = 400


def loss(step: int) -> float:
    return 2 * math.exp(-step / 80) + 0.5 + random.Random(step).gauss(0, 0.02)


def write(path: Path, steps: Sequence[int], sick: int = N) -> None:
    """A log of some steps in the form that its name says; the loss is NaN from one on."""
    rows = [(step, loss(step) if step < sick else math.nan) for step in steps]
    if path.suffix == ".jsonl":
        text = "".join(json.dumps({"step": s, "loss": v}) + "\n" for s, v in rows)
    elif path.suffix == ".csv":
        text = "step,loss\n" + "".join(f"{s},{v!r}\n" for s, v in rows)
    else:
        text = "".join(f"step {s} loss {v:.4f}\n" for s, v in rows)
    path.write_text(text)


def run(folder: Path, judging: str = "never") -> RunUpdate:
    (update,) = read_targets([str(folder)], judging=judging).updates  # type: ignore[arg-type]
    return update


def steps(update: RunUpdate) -> list[int]:
    return update.series["loss"].step.tolist()


HELD = {
    "the writer of the finer log died": (
        {"a.jsonl": range(200), "b.log": range(0, N, 5)},
        [*range(200), *range(200, N, 5)],
    ),
    "the finer log begins late": (
        {"a.jsonl": range(100, N), "b.log": range(0, N, 5)},
        [*range(0, 100, 5), *range(100, N)],
    ),
    "each has an end of its own": (
        {"a.csv": range(250), "b.csv": range(150, N)},
        [*range(N)],
    ),
    "one row more, at either end": (
        {"a.jsonl": range(1, N - 1), "b.log": range(N)},
        [*range(N)],
    ),
    "it lies between what the other has": (
        {"a.jsonl": range(100, 300), "b.log": range(0, N, 4)},
        [*range(0, 100, 4), *range(100, 300), *range(300, N, 4)],
    ),
    "three go on from one another": (
        {"a.jsonl": range(300), "b.log": range(0, 350, 2), "c.csv": range(0, N, 4)},
        sorted({*range(300), *range(300, 350, 2), *range(300, N, 4)}),
    ),
    "the coarser one is written, and the finer one printed": (
        {"a.jsonl": range(9, N, 10), "b.log": range(N)},
        [*range(N)],
    ),
    "the coarser one reaches further": (
        {"a.jsonl": range(0, N, 10), "b.log": range(N - 20)},
        sorted({*range(0, N, 10), *range(N - 20)}),
    ),
    "rows that one lost the other has": (
        {"a.jsonl": [*range(140), *range(160, N)], "b.log": range(N)},
        [*range(N)],
    ),
}


@pytest.mark.parametrize(("logs", "want"), HELD.values(), ids=HELD)
def test_what_one_log_lacks_at_an_end_the_other_has(
    tmp_path: Path, logs: dict[str, range], want: list[int]
) -> None:
    for name, some in logs.items():
        write(tmp_path / name, some)
    update = run(tmp_path)
    assert steps(update) == want
    assert update.step == want[-1]
    assert update.series["loss"].value == pytest.approx([loss(step) for step in want], abs=1e-4)


def test_a_run_is_as_sick_as_the_log_that_goes_on(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", range(200))
    write(tmp_path / "b.log", range(0, N, 2), sick=300)
    found = {finding.pattern for finding in run(tmp_path, "at the end").diagnosis.findings}
    assert "diverged" in found


def test_the_last_row_of_the_longer_log_may_be_the_one_that_tells(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", range(N))
    write(tmp_path / "b.log", range(N + 1))
    update = run(tmp_path, "at the end")
    assert math.isnan(update.series["loss"].value[-1])
    assert "diverged" in {finding.pattern for finding in update.diagnosis.findings}


def test_a_printed_log_that_lost_rows_is_some_steps_off_and_completes_nothing(
    tmp_path: Path,
) -> None:
    write(tmp_path / "a.jsonl", range(0, N, 4))
    told = "".join(f"step {s + 40 * (s > 360)} loss {loss(s):.4f}\n" for s in range(0, N, 4))
    (tmp_path / "b.log").write_text(told)
    assert steps(run(tmp_path)) == [*range(0, N, 4)]


@given(
    parts=st.lists(
        st.tuples(st.integers(0, 20), st.integers(60, 80), st.sampled_from((1, 2, 4))),
        min_size=2,
        max_size=3,
    )
)
def test_whatever_logs_hold_the_run_reaches_from_the_first_row_to_the_last(
    tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[int, int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("parts")
    # all of them hold each fourth step of the middle, by which they are known to be one
    ranges = [range(4 * first, 4 * last + 60, every) for first, last, every in parts]
    for name, some in zip(("a.jsonl", "b.log", "c.csv"), ranges, strict=False):
        write(folder / name, some)
    update = run(folder)
    found = steps(update)
    assert found == sorted(set(found))
    assert set(found) <= set().union(*ranges)
    apart = 2 * max(some.step for some in ranges)
    assert found[0] <= min(some[0] for some in ranges) + apart
    assert found[-1] >= max(some[-1] for some in ranges) - apart


def test_while_both_grow_the_run_follows_the_one_that_goes_on(tmp_path: Path) -> None:
    """A log that is written in blocks lags, and is waited for; one whose writer died is not."""
    write(tmp_path / "a.jsonl", range(100))
    write(tmp_path / "b.log", range(0, 100, 2))
    monitor = open_monitor([str(tmp_path)], watch=False)
    runs: dict[str, RunUpdate] = {}

    def look() -> RunUpdate:
        for _ in range(4):
            runs.update({update.run: update for update in monitor.poll(now=None)})
        (update,) = (one for one in runs.values() if not one.removed)
        return update

    try:
        look()
        for end in range(110, N + 1, 10):
            write(tmp_path / "b.log", range(0, end, 2))
            if end <= 200:
                write(tmp_path / "a.jsonl", range(end))
            update = look()
        assert steps(update) == [*range(200), *range(200, N, 2)]
    finally:
        monitor.close()
