"""Logs of one training that each hold a part of it: no row that one alone holds is lost."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.monitor import RunUpdate
from lossmon.monitor.sources import open_monitor
from lossmon.monitor.whole import read_targets, read_whole

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
    "a hole that the other fills in part": (
        {"a.csv": [*range(230), *range(310, N)], "b.log": range(295)},
        [*range(295), *range(310, N)],
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


NAN_ALONE = {"a.jsonl": [*range(100), *range(102, N)], "b.log": range(N)}


def test_a_row_that_one_log_alone_holds_may_be_the_one_that_is_not_a_number(tmp_path: Path) -> None:
    for name, some in NAN_ALONE.items():
        rows = [(step, math.nan if step in (100, 101) else loss(step)) for step in some]
        told = [
            json.dumps({"step": s, "loss": v}) if name == "a.jsonl" else f"step {s} loss {v:.4f}"
            for s, v in rows
        ]
        (tmp_path / name).write_text("\n".join(told) + "\n")
    view = run(tmp_path).series["loss"]
    assert view.step.tolist() == [*range(N)]
    assert np.flatnonzero(np.isnan(view.value)).tolist() == [100, 101]


@pytest.mark.parametrize("sick", ["a.jsonl", "b.log"])
def test_what_is_no_number_in_either_log_is_none_in_the_run(tmp_path: Path, sick: str) -> None:
    """A writer may put the value before in its place."""
    for name in ("a.jsonl", "b.log"):
        rows = [(s, math.nan if s == 200 and name == sick else loss(s)) for s in range(N)]
        told = [
            json.dumps({"step": s, "loss": v}) if name == "a.jsonl" else f"step {s} loss {v:.4f}"
            for s, v in rows
        ]
        (tmp_path / name).write_text("\n".join(told) + "\n")
    view = run(tmp_path).series["loss"]
    assert np.flatnonzero(np.isnan(view.value)).tolist() == [200]


BAR = "\rTraining: 50%|#####     | {s}/{n} [00:01<00:01, 9.0it/s, loss={v:.4f}]"


def bar(path: Path, rows: Sequence[int], sick: Sequence[int] = ()) -> None:
    """What tqdm draws, which shows the loss of each step."""
    values = {s: math.nan if s in sick else loss(s) for s in rows}
    path.write_text("".join(BAR.format(s=s, n=N, v=v) for s, v in values.items()))


@pytest.mark.parametrize(
    ("table", "drawn", "want"),
    [
        (range(4, N, 5), range(1, N), [*range(4, N, 5)]),  # what is logged is told by the table
        (
            [*range(4, 100, 5), *range(304, N, 5)],  # of a hole the bar tells
            range(1, N),
            [*range(4, 100, 5), *range(104, 300), *range(304, N, 5)],
        ),
        (range(4, 200, 5), range(1, N), [*range(4, 200, 5), *range(204, N)]),
    ],
    ids=["each row is there", "a hole", "the writer died"],
)
def test_what_a_bar_draws_counts_where_no_row_is_near(
    tmp_path: Path, table: Sequence[int], drawn: Sequence[int], want: list[int]
) -> None:
    write(tmp_path / "a.csv", table)
    bar(tmp_path / "b.log", drawn)
    update = run(tmp_path)
    assert len(update.logs) == 2
    found = steps(update)
    assert set(found) >= set(table)
    assert len(set(found) ^ set(want)) <= 12  # within a row or two of each end


def test_a_nan_that_a_bar_alone_shows_is_told(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", range(4, N, 5))
    bar(tmp_path / "b.log", range(1, N), sick=(201, 202))
    view = run(tmp_path).series["loss"]
    assert view.step[np.isnan(view.value)].tolist() == [201, 202]


def test_two_that_begin_alike_and_go_on_otherwise_are_two_runs(tmp_path: Path) -> None:
    """A training started again from a checkpoint, with the log it had by then."""
    write(tmp_path / "a.log", range(N))
    for fork in (50, 200, 380):
        rows = [(s, loss(s if s < fork else s + 5000)) for s in range(N)]
        told = "".join(json.dumps({"step": s, "loss": v}) + "\n" for s, v in rows)
        (tmp_path / "b.jsonl").write_text(told)
        found = read_targets([str(tmp_path)], judging="never").updates
        assert [len(update.series["loss"]) for update in found] == [N, N], fork


def test_rows_that_a_printed_log_lost_make_no_fork(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", range(N))
    told = [f"step {s} loss {loss(s + 3 * (s >= 380)):.4f}\n" for s in range(N - 3)]
    (tmp_path / "b.log").write_text("".join(told))
    assert steps(run(tmp_path)) == [*range(N)]


def test_what_printed_two_seeds_in_turn_is_joined_to_neither(tmp_path: Path) -> None:
    """Rows of the other seed stood in a run at steps that nobody had logged."""
    values = {
        seed: [loss(s + 5000 * seed) + math.exp(-s / 9) for s in range(60)] for seed in (0, 1)
    }
    for seed, some in values.items():
        (tmp_path / f"seed{seed}").mkdir()
        rows = [
            {"step": 10 * (i + 1), "epoch": (i + 1) / 10, "loss": v} for i, v in enumerate(some)
        ]
        saved = json.dumps({"global_step": 600, "max_steps": 600, "log_history": rows})
        (tmp_path / f"seed{seed}" / "trainer_state.json").write_text(saved)
    told = [
        str({"loss": round(v, 4), "epoch": (i + 1) / 10})
        for some in values.values()
        for i, v in enumerate(some)
    ]
    (tmp_path / "slurm.out").write_text("\n".join(told) + "\n")
    found = {u.run: steps(u) for u in read_targets([str(tmp_path)], judging="never").updates}
    assert [len(some) for some in found.values()] == [60, 60, 120]
    assert [max(some) for some in found.values()][:2] == [600, 600]


def test_a_training_that_was_broken_off_at_its_start_is_no_other_one(tmp_path: Path) -> None:
    rows = [(s, loss(s)) for s in (*range(4), *range(N))]
    told = [str({"loss": round(v, 4), "epoch": s / 10 + 0.1}) for s, v in rows]
    (tmp_path / "slurm.out").write_text("\n".join(told) + "\n")
    saved = [{"step": s + 1, "epoch": s / 10 + 0.1, "loss": v} for s, v in rows[4:]]
    (tmp_path / "trainer_state.json").write_text(json.dumps({"log_history": saved}))
    assert len(run(tmp_path).logs) == 2


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


@pytest.mark.parametrize("seed", range(6))
def test_in_whatever_order_logs_grow_no_row_is_missing_and_none_told_twice(
    tmp_path: Path, seed: int
) -> None:
    """Writers flush in blocks of their own, die, or lose rows; a look comes after each write."""
    rng = random.Random(seed)
    every = dict(
        zip(("a.jsonl", "b.log", "c.csv"), rng.choice([(1, 2, 4), (2, 1, 3)]), strict=True)
    )
    rows = {
        name: [s for s in range(0, N, step) if rng.random() > 0.02] for name, step in every.items()
    }
    dies = rng.choice([*rows, ""])
    if dies:
        rows[dies] = rows[dies][: int(0.7 * len(rows[dies]))]
    done = dict.fromkeys(rows, 40)
    for name, some in rows.items():
        write(tmp_path / name, some[:40])
    monitor = open_monitor([str(tmp_path)], watch=False)
    runs: dict[str, RunUpdate] = {}
    try:
        while waiting := [name for name, some in rows.items() if done[name] < len(some)]:
            name = rng.choice(waiting)
            done[name] = min(len(rows[name]), done[name] + rng.randint(1, 90))
            write(tmp_path / name, rows[name][: done[name]])
            monitor.wait(0.0)
            for _ in range(3):
                runs.update({update.run: update for update in monitor.poll()})
            shown = [steps(update) for update in runs.values() if not update.removed]
            assert all(some == sorted(set(some)) for some in shown)
        (update,) = read_whole(monitor)
    finally:
        monitor.close()
    assert steps(update) == sorted(set().union(*rows.values())) == steps(run(tmp_path))
    assert update.series["loss"].value == pytest.approx(
        [loss(step) for step in steps(update)], abs=1e-4
    )
