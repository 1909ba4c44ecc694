"""Two logs that tell one metric row by row, with other values, are two trainings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lossmon.api import read_runs
from lossmon.history.columns import Floats
from lossmon.monitor.agreement import Curve
from lossmon.monitor.places import are_apart, places
from lossmon.monitor.strangers import is_set_otherwise, tell_otherwise
from tests.monitor.test_common_noise import curve, losses, smoothed

ROWS = 120
EPOCHS = np.arange(1, ROWS + 1) / 100
RATE = 5e-5 * (1 - EPOCHS / 4)
OWN, OTHER = losses(1, ROWS), losses(2, ROWS)


def state(folder: Path, loss: Floats, rate: Floats = RATE, epoch: Floats = EPOCHS) -> None:
    """What HF Trainer saves."""
    rows = [
        {"epoch": e, "learning_rate": lr, "loss": round(value, 4), "step": 10 * (i + 1)}
        for i, (e, lr, value) in enumerate(
            zip(epoch.tolist(), rate.tolist(), loss.tolist(), strict=True)
        )
    ]
    saved = {"global_step": 10 * len(rows), "max_steps": 4000, "log_history": rows}
    path = folder / f"checkpoint-{10 * len(rows)}" / "trainer_state.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"num_train_epochs": 4, "epoch": float(epoch[-1]), **saved}))


def output(path: Path, loss: Floats, rate: Floats | None = RATE, epoch: Floats = EPOCHS) -> None:
    """What HF Trainer prints: no step."""
    rows = []
    for i, (value, e) in enumerate(zip(loss.tolist(), epoch.tolist(), strict=True)):
        set_to = {} if rate is None else {"learning_rate": float(rate[i])}
        rows.append(str({"loss": round(value, 4), **set_to, "epoch": round(e, 2)}))
    path.write_text("\n".join(rows) + "\n")


LATER = EPOCHS + EPOCHS[-1]
FINE = EPOCHS / 50  # of an epoch two digits are printed, and 50 rows have the same


@pytest.mark.parametrize(
    ("loss", "rate", "epoch", "runs"),
    [
        (OWN, RATE, EPOCHS, 1),
        (OTHER, RATE, EPOCHS, 2),
        (OTHER, None, EPOCHS, 2),
        (OTHER, RATE, FINE, 2),
        (OWN, RATE, FINE, 1),
        (smoothed(OWN, 0.1), 2 * RATE, EPOCHS, 2),
        (smoothed(OWN, 0.1), RATE, EPOCHS, 1),
        (smoothed(OWN, 0.1), RATE.round(5), EPOCHS, 1),
        (OTHER * 0.2, RATE, LATER, 2),
        (OTHER, RATE, LATER - 0.01, 2),
        (np.append(OTHER[:90], [9.0] * 30), RATE, EPOCHS, 2),
    ],
    ids=[
        "own", "seed", "seed without a rate", "seed, epochs of two digits", "own, so as well",
        "another rate", "smoothed", "smoothed, a rate of few digits",
        "a job that goes on", "and tells one row again", "another end",
    ],
)  # fmt: skip
def test_what_hf_trainer_saved_stands_beside_what_it_printed(
    tmp_path: Path, loss: Floats, rate: Floats | None, epoch: Floats, runs: int
) -> None:
    state(tmp_path, OWN, epoch=FINE if epoch is FINE else EPOCHS)
    output(tmp_path / "job.out", loss, rate, epoch)
    assert len(read_runs(str(tmp_path), "never")) == runs


def test_a_stranger_joins_none_of_two_that_are_one(tmp_path: Path) -> None:
    state(tmp_path, OWN)
    output(tmp_path / "a.out", OWN)
    output(tmp_path / "b.out", OTHER)
    found = read_runs(str(tmp_path), "never")
    assert sorted(len(run.logs) for run in found) == [1, 2]


@pytest.mark.parametrize("rows", [10, 14, 20, 23, 30, 60])
@pytest.mark.parametrize(
    ("told", "runs"),
    [("seed", 2), ("smoothed", 1), ("mean", 1), ("penalty", 1), ("end of epoch", 1)],
)
@pytest.mark.parametrize(
    "form", ["step {step} loss {loss:.4f}\n", "Epoch {epoch}: loss {loss:.4f}\n"]
)
def test_a_train_loss_alone_tells_a_seed_by_few_rows(
    tmp_path: Path, rows: int, told: str, runs: int, form: str
) -> None:
    """A table of single rows or of epochs, beside what was printed."""
    course = 3 * np.exp(-np.arange(50 * rows) / (12 * rows)) + 0.5
    batches = course + np.random.default_rng(1).normal(0, 0.05, 50 * rows)
    ends = smoothed(batches, 0.1)[49::50]
    own = batches.reshape(-1, 50).mean(1) if told == "end of epoch" else losses(1, rows)
    shown = {
        "seed": losses(3, rows),
        "smoothed": smoothed(own, 0.3),
        "mean": np.cumsum(own) / np.arange(1, rows + 1),
        "penalty": own + 0.05,
        "end of epoch": ends,
    }[told]
    axis = "step" if "step" in form else "epoch"
    table = "".join(f"{i},{loss!r}\n" for i, loss in enumerate(own.tolist(), 1))
    (tmp_path / "history.csv").write_text(f"{axis},loss\n{table}")
    lines = (form.format(step=i, epoch=i, loss=loss) for i, loss in enumerate(shown, 1))
    (tmp_path / "train.log").write_text("".join(lines))
    assert len(read_runs(str(tmp_path), "never")) == runs


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (curve(losses(2, 20)), True),
        (curve(losses(2, 20).round(3)), True),
        (curve(losses(2, 20), 0), True),
        (curve(losses(2, 20).round(1)), None),
        (curve(losses(1, 20)), None),
        (curve(losses(2, 5)), None),
        (curve(losses(2, 20), 1, 40), True),
        (curve(losses(2, 30), 1, 40), None),
        (curve(losses(2, 20) - 0.2), None),
        (curve(0.3 * losses(2, 20)), None),
        (curve(losses(1, 20) + 0.001 * losses(3, 20)), None),
    ],
    ids=[
        "seed", "three digits", "counted from 0", "one digit", "own", "five rows", "rows that are counted", "elsewhere",
        "always below", "calmer", "alike",
    ],
)  # fmt: skip
def test_rows_tell_a_stranger_or_nothing(other: Curve, told: bool | None) -> None:
    own = curve(losses(1, 20))
    assert tell_otherwise(own, other) is told
    assert tell_otherwise(other, own) is told


@pytest.mark.parametrize(
    ("rows", "least", "smoothed_most"), [(8, 70, 2), (10, 80, 1), (16, 93, 0), (40, 98, 0)]
)
def test_nearly_all_seeds_are_told_and_no_running_average(
    rows: int, least: int, smoothed_most: int
) -> None:
    """Of 100; two seeds of so few rows lie now and then on either side of each other, or alike."""
    own = [losses(seed, rows) for seed in range(100)]
    seeds = sum(
        tell_otherwise(curve(one), curve(losses(seed + 1000, rows))) is True
        for seed, one in enumerate(own)
    )
    bars = sum(tell_otherwise(curve(one), curve(smoothed(one, 0.2))) is True for one in own)
    assert (seeds >= least, bars <= smoothed_most) == (True, True), (seeds, bars)


def rate(value: Sequence[float] | Floats, every: int = 1) -> Curve:
    at = np.arange(every - 1, len(value), every)
    return Curve(at + 1, np.asarray(value, float)[at])


FALLING = 1e-3 * (1 - np.arange(100) / 120)
CYCLE = 1e-3 * (1 + np.cos(np.arange(100) / 5))


@pytest.mark.parametrize(
    ("one", "two", "differ"),
    [
        (rate(FALLING), rate(2 * FALLING), True),
        (rate(FALLING), rate(1.3 * FALLING, 10), True),
        (rate(FALLING), rate(1e-3 * (1 - np.arange(100) / 150)), True),
        (rate([1e-3] * 50), rate([3e-4] * 50), True),
        (rate(FALLING), rate(FALLING.round(6), 10), False),
        (rate(FALLING), rate((1.2 * FALLING).round(3)), False),
        (rate(FALLING[1:]), rate(FALLING[:-1]), False),
        (rate(CYCLE, 5), rate(np.convolve(CYCLE, np.ones(5) / 5)[:100], 5), False),
        (rate([1e-3] * 50), rate([9e-4] * 50), False),
        (rate(FALLING), rate(2 * FALLING[:5]), False),
        (rate(FALLING), rate([]), False),
    ],
    ids=[
        "twice", "a third more, each tenth row", "falls slower", "constant", "rounded", "one digit",
        "a row late", "a mean since the last row", "constant, as near as one digit", "five rows",
        "none",
    ],
)  # fmt: skip
def test_a_rate_is_what_it_was_set_to(one: Curve, two: Curve, differ: bool) -> None:
    assert is_set_otherwise(one, two) is differ
    assert is_set_otherwise(two, one) is differ


def at(step: Sequence[int], epoch: Sequence[float] | None = None) -> Curve:
    known = None if epoch is None else np.array(epoch, float)
    return Curve(np.array(step), np.zeros(len(step)), known)


TENTHS = [i / 10 for i in range(1, 11)]
TEN = range(1, 11)


@pytest.mark.parametrize(
    ("one", "two", "rows"),
    [
        (at(TEN), at(TEN), 10),
        (at(TEN), at(range(10)), 10),
        (at(TEN), at(range(5, 105, 10)), 10),
        (at(range(0, 70, 7)), at(range(5, 105, 10)), None),
        (at(range(10, 110, 10), TENTHS), at(range(9), TENTHS[1:]), 9),
        (at(range(10, 110, 10), TENTHS), at(TEN, [e + 2 for e in TENTHS]), None),
        (at(range(10, 110, 10), [e / 99 for e in TENTHS]), at(TEN, [0.0] * 5 + [0.01] * 5), 10),
        (at(range(10, 110, 10), TENTHS), at(TEN, [np.nan, *TENTHS[1:]]), 10),
        (at(range(10, 110, 10), TENTHS), at(TEN, [*TENTHS[1:], 1e300]), 10),
        (at([1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]), at(range(1, 13)), 6),
        (at(range(5)), at(range(5)), None),
    ],
    ids=[
        "steps", "from 0", "rows that are counted", "other steps", "epochs", "later epochs",
        "epochs of two digits", "an epoch that is missing", "one that is none", "two rows a step", "few",
    ],
)  # fmt: skip
def test_rows_of_one_moment_are_found(one: Curve, two: Curve, rows: int | None) -> None:
    for first, second in ((one, two), (two, one)):
        met = places(first, second)
        assert (None if met is None else len(met)) == rows


@pytest.mark.parametrize(
    ("two", "apart"),
    [
        (at(TEN, [e + 1 for e in TENTHS]), True),
        (at(TEN, [e + 0.7 for e in TENTHS]), True),
        (at(TEN, [e + 0.3 for e in TENTHS]), False),
        (at(TEN, range(2, 12)), False),
        (at(TEN), False),
        (at(range(3), [1.5, 1.6, 1.7]), False),
        (at(TEN, [*(e + 1 for e in TENTHS[1:]), 1e300]), False),
    ],
    ids=[
        "goes on",
        "three again",
        "seven again",
        "whole epochs",
        "no epochs",
        "three rows",
        "none",
    ],
)
def test_a_job_that_goes_on_tells_hardly_a_row_again(two: Curve, apart: bool) -> None:
    one = at(range(10, 110, 10), TENTHS)
    assert are_apart(one, two) is apart
    assert are_apart(two, one) is apart


def test_of_a_bar_that_shows_any_step_since_the_last_time_nothing_is_told() -> None:
    """Lightning draws its bar each tenth step, with the loss of some step before."""
    own = 3 + np.random.default_rng(5).normal(0, 0.6, 200)
    drawn = np.arange(10, 200, 10)
    stale = curve(own[drawn - 7].round(3))
    bar = replace(stale, step=drawn)
    assert tell_otherwise(curve(own), bar, drawn=True) is not True
    assert tell_otherwise(bar, curve(own), drawn=True) is not True
    assert tell_otherwise(curve(own), bar) is True  # lines of a log are told when they are made


@pytest.mark.parametrize("sparse", [10, 15, 20])
@pytest.mark.parametrize("dense", ["out.log", "out.csv"])
def test_few_rows_of_one_seed_beside_many_of_another_are_two_runs(
    tmp_path: Path, sparse: int, dense: str
) -> None:
    """All rows of the longer log were in no run, and its NaN was told of nowhere."""
    every = 200 // sparse
    own, other = losses(10, 200).tolist(), losses(11, 200).tolist()
    rows = [json.dumps({"step": s, "loss": own[s]}) for s in range(every - 1, 200, every)]
    (tmp_path / "log.jsonl").write_text("\n".join(rows) + "\n")
    form = "{},{:.4f}" if dense.endswith("csv") else "step {} loss {:.4f}"
    told = [form.format(s, value) for s, value in enumerate(other)]
    header = ["step,loss"] if dense.endswith("csv") else []
    (tmp_path / dense).write_text("\n".join([*header, *told]) + "\n")
    assert sorted(len(update.series["loss"]) for update in read_runs(str(tmp_path))) == [
        len(rows),
        200,
    ]
