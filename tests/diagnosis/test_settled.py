"""Whether a curve was flat since early on, or flattened all the way: told by all of it."""

from __future__ import annotations

import numpy as np
import pytest

from lossmon.diagnosis.engine import Engine
from lossmon.formats.lexicon import role
from lossmon.history.run import History
from tests.diagnosis import curves
from tests.diagnosis.curves import replay

FALLS = {
    "exponential": lambda u, t: np.exp(-u / t),
    "power law": lambda u, t: (1 + u / t) ** -1.5,
    "after a warm-up": lambda u, t: np.exp(-np.maximum(u - 0.05, 0) / t),
}


def said(values: np.ndarray, evals: np.ndarray | None = None) -> tuple[str | None, str | None]:
    """The verdicts at the end: train and pair."""
    history = History(role)
    history.plan.total_steps = len(values)
    places = {} if evals is None else dict(zip(every(len(values), len(evals)), evals, strict=True))
    for step, value in enumerate(values.tolist(), 1):
        history.append({"loss": value}, step=step)
        if step in places:
            history.append({"eval_loss": float(places[step])}, step=step)
    chosen = {"train_loss": "loss"} | ({} if evals is None else {"eval_loss": "eval_loss"})
    found = Engine().conclude(history, chosen, ended=True)
    return found.train, found.pair


def every(n: int, m: int) -> list[int]:
    return [round((i + 1) * n / m) for i in range(m)]


@pytest.mark.parametrize("kind", list(FALLS))
@pytest.mark.parametrize("seed", range(6))
def test_a_noisy_fall_that_flattens_all_the_way_is_no_plateau(kind: str, seed: int) -> None:
    """A tenth of it is made after 40 %, beneath noise of 7 % of the fall from row to row.

    The median around 40 % has an error of that size: such runs were called plateau.
    """
    u = np.arange(150) / 150
    values = 1.6 + 0.8 * FALLS[kind](u, 0.18) + curves.noise(150, 0.06, seed)
    assert said(values)[0] in ("healthy", "not_converged")


@pytest.mark.parametrize("kind", list(FALLS))
@pytest.mark.parametrize("seed", range(6))
def test_what_fell_at_once_and_is_flat_since_is_a_plateau_beneath_the_same_noise(
    kind: str, seed: int
) -> None:
    u = np.arange(150) / 150
    values = (
        1.6
        + 0.8 * FALLS[kind](u, 0.03 if kind != "power law" else 0.006)
        + curves.noise(150, 0.06, seed)
    )
    assert said(values)[0] == "plateau"


def test_a_smoothed_log_tells_little_and_its_plateau_stays_one() -> None:
    """Residuals that follow one another are few news: all kinds fit, and none may pull it up."""
    u = np.arange(400) / 400
    values = 1.6 + 0.8 * np.exp(-u / 0.03) + curves.noise(400, 0.05)
    for i in range(1, 400):
        values[i] = 0.95 * values[i - 1] + 0.05 * values[i]
    assert said(values)[0] == "plateau"


@pytest.mark.parametrize("seed", range(4))
def test_train_that_follows_slowly_is_not_stuck(seed: int) -> None:
    """Eval fell three times as far, and train falls on to the end: eval is ahead."""
    u, s = np.arange(240) / 240, np.arange(1, 21) / 20
    train = 2.3 - 0.5 * (1 - np.exp(-u / 0.2)) + curves.noise(240, 0.05, seed)
    evals = 2.3 - 1.3 * (1 - np.exp(-s / 0.12))
    assert said(train, evals)[1] == "eval_faster"


@pytest.mark.parametrize("seed", range(4))
def test_train_that_stopped_early_is_stuck(seed: int) -> None:
    """It made the same drop in the first tenth: labels that nobody can learn."""
    u, s = np.arange(240) / 240, np.arange(1, 21) / 20
    train = 2.3 - 0.5 * (1 - np.exp(-u / 0.03)) + curves.noise(240, 0.05, seed)
    evals = 2.3 - 1.3 * (1 - np.exp(-s / 0.12))
    assert said(train, evals)[1] == "train_high_eval_low"


def test_pass_after_pass_train_learns_its_noise_and_follows_nobody() -> None:
    """A row a pass: 60 epochs over noisy labels fall from 2.3 to 1.7 while eval goes to 0.9."""
    s = np.arange(1, 61) / 60
    train = 1.7 + 0.6 * np.exp(-s / 0.22) + curves.noise(60, 0.03)
    evals = 0.88 + 1.4 * np.exp(-s / 0.2)
    assert said(train, evals)[1] == "train_high_eval_low"


def test_a_plateau_is_found_as_it_grows_too() -> None:
    values = curves.plateau(400)
    assert replay(values, total=400)[1].train == "plateau"


def test_eval_that_does_not_fall_falls_no_faster() -> None:
    """It lay at half of train from its first evaluation on: 'eval fell 0 %, ... falls faster'."""
    s = np.arange(1, 11)
    train = 0.175 - 0.003 * s
    assert said(train, np.full(10, 0.072) + 0.001 * (s % 3))[1] != "eval_faster"
