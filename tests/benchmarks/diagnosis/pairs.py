"""Generated pairs of a train and an eval curve, outside the grey zones of the definitions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from tests.benchmarks.diagnosis import shapes
from tests.benchmarks.diagnosis.case import Case
from tests.benchmarks.diagnosis.shapes import Array, Dice

Made = tuple[Callable[[Array], Array], Callable[[Array], Array], str, float | None]


def _fall(dice: Dice, start: float, end: float, speed: float) -> Callable[[Array], Array]:
    """A fall in the log of the level, by an exponential or a power law."""
    power = dice.random() < 0.4

    def at(u: Array) -> Array:
        f = (1 + 4 * speed * u) ** -0.8 if power else np.exp(-speed * u)
        g = (1 + 4 * speed) ** -0.8 if power else np.exp(-speed)
        return np.exp(np.log(end) + (np.log(start) - np.log(end)) * (f - g) / (1 - g))

    return at


def healthy_pair(dice: Dice) -> Made:
    speed, end = dice.uniform(2, 7), dice.uniform(0.05, 0.7)
    factor = dice.choice([1.0, dice.uniform(0.6, 1.6)])
    ratio = dice.uniform(0.75, 1.25)
    train = _fall(dice, 1.0, end, speed)
    kind = "together" if factor == 1.0 else "factor"
    return train, lambda u: factor * train(u) ** ratio, kind, None


def overfitting(dice: Dice) -> Made:
    speed, turn = dice.uniform(3, 7), dice.uniform(0.15, 0.65)
    train = _fall(dice, 1.0, dice.uniform(0.02, 0.3), speed)
    low, rise = dice.uniform(0.35, 0.8), dice.uniform(0.12, 1.0)
    kind = str(dice.choice(["line", "bowl", "saturating"]))

    def evals(u: Array) -> Array:
        before = low + (1 - low) * np.maximum(0, 1 - u / turn) ** 2
        v = np.maximum(0, u - turn) / (1 - turn)
        up = {"line": v, "bowl": v**1.6, "saturating": (1 - np.exp(-3 * v)) / (1 - np.exp(-3))}
        return before + low * rise * up[kind]

    return train, evals, kind, turn


def underfitting(dice: Dice) -> Made:
    a, b = dice.uniform(-0.01, 0.02, 2)
    return lambda u: 1 - a * u, lambda u: 1.02 * (1 - b * u), "flat", None


def train_high_eval_low(dice: Dice) -> Made:
    fall = _fall(dice, 1.0, dice.uniform(0.15, 0.6), dice.uniform(3, 7))
    kind = str(dice.choice(["stuck", "flat_early"]))
    if kind == "stuck":
        drop = dice.uniform(0, 0.025)
        return lambda u: 1 - drop * u, fall, kind, None
    end = float(fall(np.ones(1))[0]) ** dice.uniform(0.12, 0.28)
    return lambda u: end + (1 - end) * np.exp(-25 * u), fall, kind, None


def eval_faster(dice: Dice) -> Made:
    kind = str(dice.choice(["deeper", "sooner"]))
    speed = dice.uniform(2.5, 5)
    if kind == "deeper":
        end = dice.uniform(0.45, 0.75)
        train = _fall(dice, 1.0, end, dice.uniform(0.1, 0.9))
        return train, _fall(dice, 1.0, end ** dice.uniform(2.8, 5), speed), kind, None
    end = dice.uniform(0.1, 0.4)
    train = _fall(dice, 1.0, end, 1.5)
    lead = dice.uniform(2.3, 3.5)  # in half the steps or fewer; train catches up
    return train, lambda u: 0.97 * train(np.minimum(1, u * lead)) * 0.97**u, kind, None


MAKERS: dict[str, Callable[[Dice], Made]] = {
    f.__name__: f
    for f in (healthy_pair, overfitting, underfitting, train_high_eval_low, eval_faster)
}
HELD = {"bowl", "factor", "flat_early"}


def cases(count: int, seed: int) -> Iterator[Case]:
    """`count` pairs of each pattern."""
    dice = np.random.default_rng(seed)
    for label, make in MAKERS.items():
        for _ in range(count):
            yield _case(label, *make(dice), dice)


def _case(
    label: str,
    train: Callable[[Array], Array],
    evals: Callable[[Array], Array],
    kind: str,
    turn: float | None,
    dice: Dice,
) -> Case:
    n, m = shapes.size(dice, 80, 2000), int(dice.integers(12, 60))
    steps, total = shapes.places(n, dice)
    first = 0 if kind == "sooner" or dice.random() < 0.4 else 1  # an evaluation at the very start
    rows = np.unique(np.linspace(0, n - 1, m + 1).astype(int)[first:])
    u = np.arange(1, n + 1) / n
    noise = shapes.NOISES[str(dice.choice(list(shapes.NOISES)))]
    quiet = shapes.relative_noise(dice, 0.003, 0.05), shapes.relative_noise(dice, 0.001, 0.015)
    level = shapes.scale(dice)
    values = level * train(u) * np.maximum(0.05, 1 + quiet[0] * noise(n, dice))
    checked = level * evals(u[rows]) * (1 + quiet[1] * dice.normal(0, 1, len(rows)))
    return Case(
        "generated",
        kind,
        (steps, values),
        (steps[rows], checked),
        total=total,
        pair=label,
        onset=None if turn is None else int(turn * total),
        name=f"{label}/{kind}/{n}/{len(rows)}",
    )
