"""The demo's logs are read as they were written, and its trainings learn."""

from __future__ import annotations

import io
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import lossmon
from lossmon.demo import keeper, patterns
from lossmon.demo.model import Network
from lossmon.demo.train import train
from lossmon.demo.trainings import TRAININGS, Row, Training, constant, cosine, named
from lossmon.demo.writers import WRITERS
from tests.waiting import PATIENCE_S

ROWS = [  # step, epoch, loss, rate, grad norm, eval loss
    Row(10 * i, 0.25 * i, 2 - i / 10, 0.01 / i, 1 + i / 10, 2.5 - i / 10 if i % 2 == 0 else None)
    for i in range(1, 9)
]
PLAN = Training("x", "y", "z", constant(0.1), rows=10, every=10)


def test_how_far_it_is_stands_in_a_row_as_a_trainer_writes_it(tmp_path: Path) -> None:
    writer = WRITERS["llamafactory"](tmp_path, PLAN)
    writer.write(ROWS[0])
    writer.close()
    (log,) = tmp_path.iterdir()
    row = json.loads(log.read_text())
    assert (row["current_steps"], row["total_steps"], row["percentage"]) == (10, 100, 10.0)


@pytest.mark.parametrize("name", WRITERS)
def test_a_log_is_read_as_what_was_written(name: str, tmp_path: Path) -> None:
    writer = WRITERS[name](tmp_path, PLAN)
    for row in ROWS:
        writer.write(row)
    writer.close()
    (log,) = tmp_path.iterdir()
    frame = lossmon.read(log)
    of_epochs = name == "keras_csv"  # a row an epoch: the mean of its losses
    told = dict(tuple(frame.groupby("metric")))
    train = next(told[one] for one in ("loss", "train_loss", "train/loss") if one in told)
    evals = next(
        told[one] for one in ("eval_loss", "val_loss", "eval/loss", "val loss") if one in told
    )
    losses = [row.loss for row in ROWS]
    if of_epochs:
        losses = [(one + two) / 2 for one, two in zip(losses[::2], losses[1::2], strict=True)]
    assert train.value.tolist() == pytest.approx(losses)
    assert evals.value.tolist() == pytest.approx([2.3, 2.1, 1.9, 1.7])
    if not of_epochs:
        assert train.step.tolist() == [row.step for row in ROWS]
        assert evals.step.tolist() == [row.step for row in ROWS[1::2]]
    rates = next((told[one] for one in ("lr", "learning_rate", "train/lr") if one in told), None)
    assert rates is not None
    kept = ROWS[1::2] if of_epochs else ROWS
    assert rates.value.tolist() == pytest.approx([row.rate for row in kept], rel=1e-2)
    norms = next((told[one] for one in told if "norm" in str(one)), None)
    if norms is not None:
        assert norms.value.tolist() == pytest.approx([row.grad_norm for row in ROWS], rel=1e-3)
    if name in ("hf_stdout", "llamafactory", "csv", "trainer_state"):
        assert train.epoch.tolist() == pytest.approx([row.epoch for row in ROWS], rel=1e-3)
    if name not in ("keras_csv", "csv"):
        assert lossmon.diagnose(log).update.total_steps == 100


@pytest.mark.parametrize("name", WRITERS)
def test_a_row_is_in_the_file_when_it_is_written(name: str, tmp_path: Path) -> None:
    writer = WRITERS[name](tmp_path, PLAN)
    writer.write(ROWS[1])
    (log,) = (one for one in tmp_path.iterdir() if one.suffix != ".tmp")
    assert "1.8" in log.read_text()
    writer.close()
    assert [one.name for one in tmp_path.iterdir()] == [log.name]


@pytest.mark.parametrize(
    ("share", "rate"),
    [(0.0, 0.0), (0.015, 1.0), (0.03, 2.0), (0.515, 2 * (0.01 + 0.495)), (1.0, 0.02)],
)
def test_a_cosine_warms_up_and_falls_to_a_hundredth(share: float, rate: float) -> None:
    assert cosine(2.0)(share) == pytest.approx(rate, abs=1e-12)
    assert constant(2.0)(share) == 2.0


def test_a_network_has_the_gradient_of_its_loss() -> None:
    rng = np.random.default_rng(0)
    network = Network(4, 5, 3, rng)
    x, labels = rng.normal(0, 1, (8, 4)), rng.integers(0, 3, 8)
    before = [one.copy() for one in network.weights]
    loss, norm = network.step(x, labels, rate=1.0, momentum=0.0)
    gradients = [old - new for old, new in zip(before, network.weights, strict=True)]
    network.weights = [one.copy() for one in before]
    assert network.loss(x, labels) == loss
    for weight, gradient in zip(network.weights, gradients, strict=True):
        for at in np.ndindex(*weight.shape):
            kept, ends = weight[at], []
            for moved in (1e-5, -1e-5):
                weight[at] = kept + moved
                ends.append(network.loss(x, labels))
            weight[at] = kept
            assert gradient[at] == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-8)
    assert norm == pytest.approx(math.sqrt(sum(float((one**2).sum()) for one in gradients)))


def test_momentum_carries_a_step_on() -> None:
    rng = np.random.default_rng(0)
    x, labels = rng.normal(0, 1, (8, 4)), rng.integers(0, 3, 8)
    moved = []
    for momentum in (0.0, 0.5):
        network = Network(4, 5, 3, np.random.default_rng(1))
        start = network.weights[3].copy()
        network.step(x, labels, 1e-6, momentum)
        network.step(x, labels, 1e-6, momentum)
        moved.append(np.abs(network.weights[3] - start).sum())
    assert moved[1] == pytest.approx(1.25 * moved[0], rel=1e-3)  # 1 + 1 against 1 + (0.5 + 1)


def test_a_network_that_has_blown_up_shows_it() -> None:
    network = Network(2, 2, 2, np.random.default_rng(0))
    network.weights[2][:] = np.inf
    with np.errstate(all="ignore"):
        assert not math.isfinite(network.loss(np.ones((1, 2)), np.array([0])))


def test_rows_come_at_the_plan_s_steps() -> None:
    told = Training(
        "x", "y", "z", constant(0.05), samples=64, batch=16, rows=6, every=3, eval_every=2,
        hidden=8,
    )  # fmt: skip
    rows = list(told.run())
    assert told.total_steps == 18
    assert [row.step for row in rows] == [3, 6, 9, 12, 15, 18]
    assert [row.epoch for row in rows] == [step * 16 / 64 for step in (3, 6, 9, 12, 15, 18)]
    assert [row.eval_loss is not None for row in rows] == [False, True] * 3
    assert {row.rate for row in rows} == {0.05}
    assert rows == list(told.run())  # the same each time
    assert rows != list(told.run(seed=1))


@pytest.mark.parametrize(
    ("changes", "worse"),
    [({"label_noise": 0.9}, True), ({"spoiled_from": 0.1}, True), ({"margin": 8.0}, False),
     ({"spoiled_from": 1.0}, None)],
)  # fmt: skip
def test_what_is_wrong_with_a_training_shows_in_its_loss(
    changes: dict[str, float], worse: bool | None
) -> None:
    def end(**changes: float) -> float:
        told = Training(
            "x",
            "y",
            "z",
            constant(0.05),
            rows=30,
            every=2,
            hidden=16,
            samples=500,
            **changes,  # type: ignore[arg-type]
        )
        return float(np.mean([row.loss for row in told.run()][-10:]))

    if worse is None:
        assert end(**changes) == end()
    else:
        assert (end(**changes) > end() + 0.1) == worse


def test_each_training_is_found_by_its_pattern() -> None:
    assert [name for name, _ in patterns()] == [one.pattern for one in TRAININGS]
    assert all(named(one.pattern) is one for one in TRAININGS)
    assert all(one.writer in WRITERS for one in TRAININGS)


def test_a_training_in_a_process_writes_its_whole_plan(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    train("not_decreasing", tmp_path / "a" / "b", rows_per_s=0)
    told = json.loads((tmp_path / "a" / "b" / "config.json").read_text())
    assert told == named("not_decreasing").settings
    (log,) = (tmp_path / "a" / "b").glob("*.log")
    assert log.read_text().count("\n") == named("not_decreasing").rows


def test_the_keeper_waits_for_its_parent_and_removes_the_folder(tmp_path: Path) -> None:
    (tmp_path / "demo" / "run").mkdir(parents=True)
    program = [sys.executable, keeper.__file__, str(tmp_path / "demo")]
    child = subprocess.Popen(program, stdin=subprocess.PIPE)
    assert isinstance(child.stdin, io.BufferedIOBase)
    child.stdin.write(b"still here")
    child.stdin.flush()
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(0.2)
    assert (tmp_path / "demo").is_dir()
    child.stdin.close()
    assert child.wait(PATIENCE_S) == 0
    assert not (tmp_path / "demo").exists()
