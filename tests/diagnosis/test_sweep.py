"""Which setting goes with which ending: found where there is one, silent where there is none."""

from __future__ import annotations

import math
import random

import pytest

from lossmon.diagnosis.sweep import Value, fisher, strongest


def test_the_exact_test_of_tea() -> None:
    """Fisher's own table: three of four cups told right, p = 0.486."""
    assert fisher(3, 4, 1, 4) == pytest.approx(0.4857, abs=1e-4)
    assert fisher(7, 7, 0, 12) == pytest.approx(1 / math.comb(19, 7))


def sweep(rng: random.Random, runs: int, effect: bool) -> tuple[list[dict[str, Value]], list[bool]]:
    settings: list[dict[str, Value]] = []
    wrong = []
    for seed in range(runs):
        one: dict[str, Value] = {
            "lr": rng.choice([1e-5, 1e-4, 3e-4, 1e-3]),
            "optimizer": rng.choice(["adam", "sgd"]),
            "name": f"run{seed}",
            **{f"noise{i}": rng.random() for i in range(12)},
        }
        high = one["lr"] in (3e-4, 1e-3)
        settings.append(one)
        wrong.append(rng.random() < ((0.95 if high else 0.02) if effect else 0.3))
    return settings, wrong


def test_simulated_sweeps() -> None:
    rng = random.Random(3)
    found = [strongest(*sweep(rng, 40, effect=True)) for _ in range(30)]
    assert sum(one is not None and one.name == "lr" for one in found) >= 27
    said = sum(strongest(*sweep(rng, 30, effect=False)) is not None for _ in range(150))
    assert said <= 3, "at most 2 % of the sweeps without an effect"


def test_what_is_said() -> None:
    settings: list[dict[str, Value]] = [{"lr": 3e-4 if i < 7 else 1e-4} for i in range(19)]
    found = strongest(settings, [i < 7 for i in range(19)])
    assert found is not None
    assert (found.rule, found.bad, found.of, found.other_bad, found.other_of) == (
        ">= 0.0003", 7, 7, 0, 12,
    )  # fmt: skip
    assert strongest(settings[:5], [True, True, False, False, False]) is None, "too few"
