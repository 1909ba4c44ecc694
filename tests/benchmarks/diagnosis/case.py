"""A run with a known answer, and what lossmon says of it while it grows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lossmon.diagnosis.engine import Engine
from lossmon.diagnosis.finding import Diagnosis
from lossmon.formats.lexicon import role
from lossmon.history.run import History

SINGLE = (
    "not_decreasing",
    "not_converged",
    "oscillating",
    "plateau",
    "rebound",
    "healthy",
    "diverged",
)
PAIR = ("overfitting", "underfitting", "train_high_eval_low", "eval_faster", "healthy_pair")
WARNINGS = ("warning", "critical")
Array = np.ndarray


@dataclass(frozen=True)
class Case:
    """One run.

    Attributes:
        source: where it comes from ("generated", "traps", "runs", ...).
        family: what was made or which task was trained; whole families are held back.
        train: (step, value), shapes (n,).
        evals: likewise; None where there are none.
        rate: learning rate at each train step; None where not logged.
        grad_norm: likewise.
        total: planned steps; None where not known.
        label: the single-curve pattern; None where it is not scored.
        pair: the pattern of both curves; None where it is not scored.
        onset: step at which the pattern began.
        kinds: 0 for train, 1 for eval, shape (n + m,), in log order; None: in order of steps.
    """

    source: str
    family: str
    train: tuple[Array, Array]
    evals: tuple[Array, Array] | None = None
    rate: Array | None = None
    grad_norm: Array | None = None
    total: int | None = None
    label: str | None = None
    pair: str | None = None
    onset: int | None = None
    name: str = ""
    kinds: Array | None = None

    def rows(self) -> Iterator[tuple[int, dict[str, float]]]:
        """(step, values) in the order in which a training writes them: train before eval."""
        for kind, i in self._order():
            if kind:
                assert self.evals is not None
                yield int(self.evals[0][i]), {"eval_loss": float(self.evals[1][i])}
                continue
            step, row = int(self.train[0][i]), {"loss": float(self.train[1][i])}
            if self.rate is not None:
                row["learning_rate"] = float(self.rate[i])
            if self.grad_norm is not None:
                row["grad_norm"] = float(self.grad_norm[i])
            yield step, row

    def _order(self) -> Iterator[tuple[int, int]]:
        if self.kinds is not None:
            seen = [0, 0]
            for kind in self.kinds:
                yield int(kind), seen[kind]
                seen[kind] += 1
            return
        events = [(int(step), 0, i) for i, step in enumerate(self.train[0])]
        if self.evals is not None:
            events += [(int(step), 1, i) for i, step in enumerate(self.evals[0])]
        yield from ((kind, i) for _, kind, i in sorted(events))


@dataclass(frozen=True)
class Outcome:
    """What was said: at the end, and while the run grew.

    Attributes:
        final: the diagnosis of the whole curve.
        live: that of the last look while it grew; its timeline is what was shown.
        seconds: time spent in the diagnosis.
        points: rows that were fed.
    """

    case: Case
    final: Diagnosis
    live: Diagnosis
    seconds: float
    points: int

    def warned(self) -> list[str]:
        """Patterns shown at warning or worse while the run grew."""
        return [e.pattern for e in self.live.timeline if e.severity in WARNINGS]


def time_a_point(n: int) -> float:
    """Microseconds of CPU that the diagnosis takes a point over a healthy run of n points."""
    dice = np.random.default_rng(0)
    values = 0.3 + 2 * np.exp(-6 * np.arange(n) / n) + dice.normal(0, 0.02, n)
    history, engine = History(role), Engine()
    history.plan.total_steps = n
    chosen, spent, batch = {"train_loss": "loss"}, 0.0, 1000
    for first in range(0, n, batch):  # timed in batches, so that the clock costs nothing
        start = time.process_time()
        for i, value in enumerate(values[first : first + batch].tolist(), first + 1):
            history.append({"loss": value}, step=i)
            engine.observe(history, chosen)
        spent += time.process_time() - start
        start = time.process_time()
        bare = History(role)
        for i, value in enumerate(values[first : first + batch].tolist(), first + 1):
            bare.append({"loss": value}, step=i)
        spent -= time.process_time() - start
    return 1e6 * spent / n


CHOSEN = {
    "train_loss": "loss",
    "eval_loss": "eval_loss",
    "learning_rate": "learning_rate",
    "grad_norm": "grad_norm",
}


def replay(case: Case, plan: bool = True) -> Outcome:
    """Feed a run row by row, as the live monitor does, then judge it whole."""
    history, engine = History(role), Engine()
    history.plan.total_steps = case.total if plan else None
    seconds, points = 0.0, 0
    for step, values in case.rows():
        history.append(values, step=step)
        chosen = {r: name for r, name in CHOSEN.items() if name in history.series}
        points += 1
        start = time.process_time()
        engine.observe(history, chosen)
        seconds += time.process_time() - start
    live = engine.diagnosis
    return Outcome(case, engine.conclude(history, chosen, ended=True), live, seconds, points)
