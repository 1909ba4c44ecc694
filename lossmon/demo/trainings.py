"""The trainings: one for each pattern of the table, its cause built in."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lossmon.demo.model import Array, Network

INPUTS, CLASSES = 20, 10


class Row(NamedTuple):
    """One logged row."""

    step: int
    epoch: float
    loss: float
    rate: float
    grad_norm: float
    eval_loss: float | None


@dataclass(frozen=True)
class Training:
    """A training and what is wrong with it.

    Attributes:
        pattern: what it is meant to show.
        cause: in a few words.
        writer: the log format that it writes (see `writers`).
        rate: learning rate as a function of the share of the plan that is done.
        samples: size of the training set.
        hidden: width of the hidden layer.
        batch: samples a step.
        rows: rows to log.
        every: steps between two rows.
        eval_every: rows between two evaluations; 0 for none.
        label_noise: share of labels drawn anew at random for every batch (train alone).
        hard: share of training samples that lie far from their class's centre; none in eval.
        margin: how far apart the classes are; larger is easier.
        momentum: of the optimizer.
        spoiled_from: share of the plan from which on all labels are random; 1 for never.
    """

    pattern: str
    cause: str
    writer: str
    rate: Callable[[float], float]
    samples: int = 4000
    hidden: int = 64
    batch: int = 32
    rows: int = 500
    every: int = 2
    eval_every: int = 0
    label_noise: float = 0.0
    hard: float = 0.0
    margin: float = 2.2
    momentum: float = 0.9
    spoiled_from: float = 1.0

    @property
    def total_steps(self) -> int:
        """Steps of the plan."""
        return self.rows * self.every

    @property
    def settings(self) -> dict[str, float]:
        """What somebody would write into its configuration; not what is wrong with its data."""
        highest = max(self.rate(share / 100) for share in range(1, 101))
        return {
            "learning_rate": float(f"{highest:.3g}"),
            "momentum": self.momentum,
            "batch_size": self.batch,
            "hidden": self.hidden,
            "train_samples": self.samples,
            "max_steps": self.total_steps,
        }

    def run(self, seed: int = 0) -> Iterator[Row]:
        """Train, and yield a row every `every` steps: the mean loss since the last one."""
        rng = np.random.default_rng(seed)
        centres = rng.normal(0, 1, (CLASSES, INPUTS)) * self.margin / math.sqrt(INPUTS)
        x, labels = _sample(rng, centres, self.samples)
        eval_x, eval_labels = _sample(rng, centres, 1000)
        hard = rng.random(self.samples) < self.hard
        x[hard] += rng.normal(0, 1.0, (int(hard.sum()), INPUTS))
        network = Network(INPUTS, self.hidden, CLASSES, rng)
        losses: list[float] = []
        for step in range(1, self.total_steps + 1):
            share = step / self.total_steps
            picked = rng.integers(0, self.samples, self.batch)
            batch_labels = self._spoiled(labels[picked], share, rng)
            rate = self.rate(share)
            loss, norm = network.step(x[picked], batch_labels, rate, self.momentum)
            losses.append(loss)
            if step % self.every:
                continue
            row = step // self.every
            eval_loss = None
            if self.eval_every and row % self.eval_every == 0:
                eval_loss = network.loss(eval_x, eval_labels)
            epoch = step * self.batch / self.samples
            yield Row(step, epoch, float(np.mean(losses)), rate, norm, eval_loss)
            losses.clear()

    def _spoiled(
        self, labels: NDArray[np.int64], share: float, rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """The labels of a batch, with what is wrong with them."""
        amount = 1.0 if share > self.spoiled_from else self.label_noise
        if not amount:
            return labels
        noisy = rng.random(len(labels)) < amount
        return np.where(noisy, rng.integers(0, CLASSES, len(labels)), labels)


def _sample(
    rng: np.random.Generator, centres: Array, count: int
) -> tuple[Array, NDArray[np.int64]]:
    """Points around class centres."""
    labels = rng.integers(0, CLASSES, count)
    return centres[labels] + rng.normal(0, 0.5, (count, INPUTS)), labels


def constant(rate: float) -> Callable[[float], float]:
    """The same rate all the time."""

    def at(share: float) -> float:  # noqa: ARG001 - schedules share a signature
        return rate

    return at


def cosine(rate: float, warmup: float = 0.03) -> Callable[[float], float]:
    """A short warm-up, then half a cosine down to a hundredth."""

    def at(share: float) -> float:
        if share < warmup:
            return rate * share / warmup
        return rate * (0.01 + 0.495 * (1 + math.cos(math.pi * (share - warmup) / (1 - warmup))))

    return at


def _dies_early(share: float) -> float:
    return 0.02 * max(1e-4, math.exp(-share / 0.012))


TRAININGS: tuple[Training, ...] = (
    Training(
        "overfitting", "120 samples for a wide network, many epochs", "llamafactory",
        constant(0.02), samples=120, hidden=256, batch=16, eval_every=10, margin=1.4,
    ),
    Training("healthy", "well tuned, cosine schedule", "hf_stdout", cosine(0.05), every=3),
    Training(
        "rebound", "the labels are shuffled from the middle of the run on", "jsonl",
        constant(0.02), spoiled_from=0.5,
    ),
    Training(
        "diverged", "learning rate far too large, no clipping", "hf_stdout",
        lambda share: 0.02 if share < 0.3 else 1e5, rows=250,
    ),
    Training("plateau", "the learning rate decays to 0 far too early", "jsonl", _dies_early),
    Training("oscillating", "learning rate far too large", "print", constant(4.0), batch=8),
    Training("not_decreasing", "learning rate far too small", "print", constant(1e-6)),
    Training(
        "not_converged", "too few epochs for so small a rate", "jsonl", constant(0.0005),
        every=1, batch=64,
    ),
    Training(
        "underfitting", "learning rate far too small", "csv", constant(1e-6), eval_every=12,
        batch=128,
    ),
    Training(
        "train_high_eval_low", "half of the training labels are random in each batch; eval clean",
        "print", constant(0.02), label_noise=0.5, eval_every=12, batch=128, margin=3.0,
    ),
    Training(
        "eval_faster", "a third of the training samples are far noisier than those of eval",
        "trainer_state", constant(0.01), hard=0.35, eval_every=10, margin=3.2, batch=128,
    ),
    Training(
        "healthy_pair", "well tuned, plenty of data", "keras_csv", cosine(0.03), samples=20000,
        eval_every=10, batch=64,
    ),
)  # fmt: skip


def named(pattern: str) -> Training:
    """The training of a pattern; KeyError where there is none."""
    return {training.pattern: training for training in TRAININGS}[pattern]
