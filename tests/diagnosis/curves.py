"""Curves with a known answer, for tests; noise from a fixed seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

import numpy as np

from lossmon.diagnosis.brief import Brief
from lossmon.diagnosis.engine import Engine
from lossmon.diagnosis.finding import Diagnosis
from lossmon.formats.lexicon import role
from lossmon.history.run import History

N = 600


def noise(n: int = N, size: float = 1.0, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, size, n)


def healthy(n: int = N) -> np.ndarray:
    t = np.arange(1, n + 1)
    return 0.3 + 2.0 * np.exp(-6 * t / n) + noise(n, 0.02)


def not_decreasing(n: int = N) -> np.ndarray:
    return 2.3 + noise(n, 0.02)


def not_converged(n: int = N) -> np.ndarray:
    return 2.3 - 1.2 * np.arange(n) / n + noise(n, 0.02)


def oscillating(n: int = N) -> np.ndarray:
    t = np.arange(n)
    return 2.3 + 0.9 * np.sin(t / 7) * np.sin(t / 31) + noise(n, 0.15)


def plateau(n: int = N) -> np.ndarray:
    t = np.arange(n)
    return 1.6 + 0.7 * np.exp(-t / (0.02 * n)) + noise(n, 0.02)


def rebound(n: int = N) -> np.ndarray:
    values = healthy(n)
    values[int(0.6 * n) :] += 1.2
    return values


def diverged(n: int = N) -> np.ndarray:
    values = healthy(n)
    values[int(0.5 * n) :] = np.nan
    return values


CURVES = {
    "healthy": healthy,
    "not_decreasing": not_decreasing,
    "not_converged": not_converged,
    "oscillating": oscillating,
    "plateau": plateau,
    "rebound": rebound,
    "diverged": diverged,
}


def evaluations(kind: str, m: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """(train over N steps, eval at m of them) of a pair pattern."""
    t = np.arange(1, N + 1) / N
    s = np.arange(1, m + 1) / m
    fall, eval_fall = 2.0 * np.exp(-6 * t), 2.0 * np.exp(-6 * s)
    small = noise(m, 0.005, 1)
    return {
        "overfitting": (0.05 + fall, 0.6 + eval_fall + 1.2 * np.maximum(0, s - 0.3) + small),
        "underfitting": (2.3 + noise(N, 0.02), 2.3 + small),
        "train_high_eval_low": (
            1.9 + 0.4 * np.exp(-30 * t) + noise(N, 0.02),
            0.7 + eval_fall + small,
        ),
        "eval_faster": (0.35 + 2 * np.exp(-3 * t), 0.01 + 2.2 * np.exp(-7 * s)),
        "healthy_pair": (0.3 + fall + noise(N, 0.02), 0.35 + eval_fall + small),
    }[kind]


def checked(growing: Callable[[], Iterable[tuple[History, Mapping[str, str]]]]) -> Diagnosis:
    """What `lossmon check` says of a finished run.

    As there, the run is looked at as it grew only where that may change what is said: a look is
    most of the work, and as it grows there are ninety.

    Args:
        growing: gives the history after each of its rows, and what was chosen for the roles.
    """
    engine = Engine()
    *_, (history, chosen) = growing()
    found = engine.conclude(history, chosen, True, alone=True)
    if not engine.past:
        return found
    for engine in (Brief(), Engine())[engine.past != "in brief" :]:  # noqa: B020
        for history, chosen in growing():
            engine.observe(history, chosen)
        found = engine.conclude(history, chosen, True)
        if not engine.unsure:
            break
    return found


def judged(
    train: Sequence[float],
    evals: Sequence[float] | None = None,
    *,
    total: int | None = None,
    every: int = 1,
) -> Diagnosis:
    """What is told of a finished run that nobody asks how it came to be told."""
    return checked(lambda: _growing(train, evals, total, every))


def replay(
    train: Sequence[float],
    evals: Sequence[float] | None = None,
    *,
    total: int | None = None,
    every: int = 1,
    ended: bool = True,
) -> tuple[Engine, Diagnosis]:
    """Feed a run row by row, as the live monitor does, then conclude.

    Of a curve that several tests look at it is done once: what comes back is to be looked at alone.
    """
    held_out = None if evals is None else tuple(map(float, evals))
    return _replayed(tuple(map(float, train)), held_out, total, every, ended)


@lru_cache(64)
def _replayed(
    train: Sequence[float],
    evals: Sequence[float] | None,
    total: int | None,
    every: int,
    ended: bool,
) -> tuple[Engine, Diagnosis]:
    engine, history, chosen = Engine(), History(role), dict[str, str]()
    for history, chosen in _growing(train, evals, total, every):
        engine.observe(history, chosen)
    return engine, engine.conclude(history, chosen, ended)


def _growing(
    train: Sequence[float], evals: Sequence[float] | None, total: int | None, every: int
) -> Iterator[tuple[History, dict[str, str]]]:
    """A run after each of its rows, and what plays which role."""
    history = History(role)
    history.plan.total_steps = total
    chosen = {"train_loss": "loss"}
    stride = 0 if evals is None else len(train) // len(evals)
    for i, value in enumerate(train, 1):
        history.append({"loss": float(value)}, step=i * every)
        yield history, chosen
        if evals is not None and i % stride == 0 and i // stride <= len(evals):
            chosen["eval_loss"] = "eval_loss"
            history.append({"eval_loss": float(evals[i // stride - 1])}, step=i * every)
            yield history, chosen
