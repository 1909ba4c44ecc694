"""Runs that look bad for a moment, or to a naive rule, and are fine: none may raise a warning."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.benchmarks.diagnosis import shapes
from tests.benchmarks.diagnosis.case import Case
from tests.benchmarks.diagnosis.shapes import Array, Dice

Made = tuple[Array, Array | None]  # values, learning rate


def _u(n: int) -> Array:
    return np.arange(n) / n


def _fall(n: int, dice: Dice) -> Array:
    end = dice.uniform(0.1, 0.6)
    return end + (1 - end) * shapes.FALLS[str(dice.choice(["exponential", "two_phases"]))](
        _u(n), dice
    )


def _noisy(trend: Array, dice: Dice, low: float = 0.005, high: float = 0.05) -> Array:
    noise = shapes.NOISES[str(dice.choice(list(shapes.NOISES)))](len(trend), dice)
    return trend * np.maximum(0.05, 1 + shapes.relative_noise(dice, low, high) * noise)


def warm_up_bump(n: int, dice: Dice) -> Made:
    """The loss rises while the rate warms up, then falls."""
    width = dice.uniform(0.01, 0.05)
    bump = dice.uniform(0.1, 0.6) * np.exp(-(((_u(n) - 1.5 * width) / width) ** 2))
    rate = np.minimum(1, _u(n) / (3 * width)) * 1e-3
    return _noisy(_fall(n, dice) + bump, dice), rate


def cosine_restarts(n: int, dice: Dice) -> Made:
    """The rate restarts several times; each time the loss bumps and comes back lower."""
    cycles = int(dice.integers(3, 6))
    phase = (_u(n) * cycles) % 1
    bump = dice.uniform(0.05, 0.25) * np.exp(-10 * phase) * (_u(n) > 1 / cycles)
    return _noisy(_fall(n, dice) * (1 + bump), dice), 5e-4 * (1 + np.cos(np.pi * phase))


def step_schedule(n: int, dice: Dice) -> Made:
    """Flat stretches before each cut of the rate, as in ImageNet training."""
    rate = 0.1 ** np.searchsorted([0.33, 0.66, 0.9], _u(n)).astype(float) * 0.1
    return _noisy(0.1 + 0.9 * shapes.stepped(_u(n), dice), dice), rate


def staircase(n: int, dice: Dice) -> Made:
    """Fine-tuning over few epochs: the loss drops at each boundary and is flat between."""
    epochs = int(dice.integers(3, 6))
    step = np.floor(_u(n) * epochs)
    head = dice.uniform(0.1, 0.4) * np.exp(-40 * _u(n))
    return _noisy(dice.uniform(0.5, 0.8) ** step + 0.05 + head, dice, 0.03, 0.15), None


def sawtooth(n: int, dice: Dice) -> Made:
    """A running mean that starts anew each epoch, or data in a fixed order."""
    epochs = int(dice.integers(5, 25))
    saw = dice.uniform(0.05, 0.2) * (0.5 - (_u(n) * epochs) % 1)
    return _noisy(_fall(n, dice) * (1 + saw), dice, 0.003, 0.02), None


def batch_of_one(n: int, dice: Dice) -> Made:
    """Losses of single examples: a coefficient of variation of a half, over a fall."""
    return _fall(n, dice) * dice.gamma(4, 1 / 4, n), None


def smoothed_log(n: int, dice: Dice) -> Made:
    """Only a moving average was logged: neighbours agree, and wander together."""
    memory = dice.uniform(0.9, 0.985)
    raw = _fall(n, dice) * (1 + dice.uniform(0.05, 0.3) * dice.normal(0, 1, n))
    out, level = np.empty(n), raw[0]
    for i, value in enumerate(raw):
        level = memory * level + (1 - memory) * value
        out[i] = level
    return out, None


def tiny_losses(n: int, dice: Dice) -> Made:
    """A regression that goes down to 1e-6."""
    return _noisy(
        10 ** (-6 * np.minimum(1, _u(n) * dice.uniform(1, 1.4)) ** 0.7), dice, 0.02, 0.2
    ), None


def negative_losses(n: int, dice: Dice) -> Made:
    """A likelihood of densities: it falls through zero."""
    values = 2 * np.exp(-5 * _u(n)) - dice.uniform(0.5, 3)
    return values + dice.uniform(0.01, 0.06) * dice.normal(0, 1, n), None


def large_constant(n: int, dice: Dice) -> Made:
    """A regulariser or an entropy that cannot go away sits in the loss."""
    return dice.uniform(5, 30) + _noisy(np.exp(-6 * _u(n)), dice, 0.005, 0.05), None


def pre_training(n: int, dice: Dice) -> Made:
    """A power law: 95 % of the fall in the first twentieth."""
    t = np.arange(1, n + 1) * 10 ** dice.uniform(0, 2)
    trend = dice.uniform(1.8, 2.6) + 8 * (t / t[0]) ** -dice.uniform(0.35, 0.6)
    return _noisy(trend, dice, 0.004, 0.03), None


def grokking(n: int, dice: Dice) -> Made:
    """Flat for a while, then it learns."""
    return _noisy(0.1 + 0.9 / (1 + np.exp((_u(n) - dice.uniform(0.1, 0.2)) / 0.02)), dice), None


def spikes(n: int, dice: Dice) -> Made:
    """Isolated spikes that recover within a few points."""
    values = _noisy(_fall(n, dice), dice)
    for at in dice.integers(n // 10, n - n // 10, int(dice.integers(1, 4))):
        width = int(dice.integers(1, max(2, n // 150)))
        values[at : at + width] *= dice.uniform(1.5, 6)
    return values, None


def decayed_at_the_end(n: int, dice: Dice) -> Made:
    """Warm-up, stable, decay: the loss falls faster again when the rate decays."""
    u = _u(n)
    trend = 0.45 + 0.55 * np.exp(-8 * u) - 0.12 * np.maximum(0, u - 0.8) / 0.2
    return _noisy(trend, dice), 1e-3 * np.minimum(1, (1 - u) / 0.2 + 1e-3)


def fine_tuning(n: int, dice: Dice) -> Made:
    """A good model to start with: a fall of 4 to 12 % is all there is to gain."""
    depth = dice.uniform(0.04, 0.12)
    fall = np.exp(-dice.uniform(1.5, 6) * _u(n)) if dice.random() < 0.7 else 1 - _u(n)
    return _noisy(1 - depth * (1 - fall), dice, 0.003, 0.03), 2e-5 * (1 - 0.95 * _u(n))


def long_warm_up(n: int, dice: Dice) -> Made:
    """The rate rises over the first tenth or fifth; until then hardly anything happens."""
    width = dice.uniform(0.08, 0.18)
    done = np.maximum(0, _u(n) - 0.7 * width)
    rate = 3e-4 * np.minimum(1, _u(n) / width + 1e-3)
    return _noisy(0.3 + 0.7 * np.exp(-dice.uniform(4, 9) * done), dice), rate


def cosine_schedule(n: int, dice: Dice) -> Made:
    """The fall steepens in the middle of the run and ends flat."""
    fast = dice.uniform(0.3, 0.7)
    slow = (1 + np.cos(np.pi * _u(n))) / 2
    return _noisy(0.15 + 0.85 * (fast * np.exp(-20 * _u(n)) + (1 - fast) * slow), dice), 1e-3 * slow


def accumulated(n: int, dice: Dice) -> Made:
    """Few examples a step, and only a short moving average of their losses is logged."""
    raw = _fall(n, dice) * dice.gamma(4, 1 / 4, n)
    window = int(dice.integers(2, 12))
    return np.convolve(np.append(np.full(window - 1, raw[:window].mean()), raw),
                       np.ones(window) / window, "valid"), None  # fmt: skip


def batches_in_turn(n: int, dice: Dice) -> Made:
    """Hard and easy batches take turns: the loss has a period and falls beneath it."""
    period = dice.uniform(3, 20)
    wave = dice.uniform(0.05, 0.25) * np.sin(2 * np.pi * np.arange(n) / period)
    return _noisy(_fall(n, dice) * (1 + wave), dice), None


SINGLE = (
    warm_up_bump, cosine_restarts, step_schedule, staircase, sawtooth, batch_of_one, smoothed_log,
    tiny_losses, negative_losses, large_constant, pre_training, grokking, spikes,
    decayed_at_the_end, fine_tuning, long_warm_up, cosine_schedule, accumulated,
    batches_in_turn,
)  # fmt: skip


# -- train and eval ----------------------------------------------------------------------------


def dropout_gap(u: Array, dice: Dice) -> tuple[Array, Array]:
    """Train with dropout stays above eval by a factor; both fall together."""
    fall = 0.2 + 0.8 * np.exp(-5 * u)
    return fall * dice.uniform(1.1, 1.6), fall


def label_smoothing(u: Array, dice: Dice) -> tuple[Array, Array]:
    """A constant sits in the train loss alone."""
    fall = 0.25 + 0.75 * np.exp(-5 * u)
    return fall + dice.uniform(0.05, 0.15), fall


def tiny_eval_set(u: Array, dice: Dice) -> tuple[Array, Array]:
    """Eval over a handful of examples jumps about a level that falls."""
    fall = 0.25 + 0.75 * np.exp(-5 * u)
    return fall, 1.05 * fall * np.exp(dice.normal(0, dice.uniform(0.06, 0.15), len(u)))


def eval_flat(u: Array, dice: Dice) -> tuple[Array, Array]:
    """The gap opens while eval stays at its best: no over-fitting yet."""
    return 0.1 + 0.9 * np.exp(-4 * u), dice.uniform(0.4, 0.7) + 0.4 * np.exp(-9 * u)


def double_descent(u: Array, dice: Dice) -> tuple[Array, Array]:
    """Eval rises a little in the middle and falls below its first minimum again."""
    bump = dice.uniform(0.03, 0.06) * np.exp(-(((u - 0.4) / 0.1) ** 2))
    fall = 0.35 + 0.65 * np.exp(-5 * u)
    return fall * 0.9, fall + bump - 0.1 * u


PAIRS = (dropout_gap, label_smoothing, tiny_eval_set, eval_flat, double_descent)
HELD = {
    "sawtooth",
    "cosine_restarts",
    "large_constant",
    "grokking",
    "decayed_at_the_end",
    "eval_flat",
}


def cases(count: int, seed: int) -> Iterator[Case]:
    """`count` runs of each trap."""
    dice = np.random.default_rng(seed)
    for make in SINGLE:
        for _ in range(count):
            n = shapes.size(dice)
            steps, total = shapes.places(n, dice)
            values, rate = make(n, dice)
            factor = shapes.scale(dice)
            yield Case(
                "traps", make.__name__, (steps, factor * values), rate=rate, total=total,
                name=f"{make.__name__}/{n}",
            )  # fmt: skip
    for pair in PAIRS:
        for _ in range(count):
            n, m = shapes.size(dice, 100, 2000), int(dice.integers(12, 60))
            steps, total = shapes.places(n, dice)
            train, evals = pair(_u(n), dice)
            rows = np.unique(np.linspace(0, n - 1, m + 1).astype(int)[1:])
            checked = evals[rows] * (1 + 0.005 * dice.normal(0, 1, len(rows)))
            factor = shapes.scale(dice)
            yield Case(
                "traps", pair.__name__, (steps, factor * _noisy(train, dice)),
                (steps[rows], factor * checked), total=total, name=f"{pair.__name__}/{n}/{m}",
            )  # fmt: skip
