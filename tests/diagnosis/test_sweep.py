"""Which setting goes with which ending: found where there is one, silent where there is none."""

from __future__ import annotations

import itertools
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
    found = [strongest(*sweep(rng, 40, effect=True)) for _ in range(20)]
    assert sum(one is not None and one.name == "lr" for one in found) >= 18
    said = sum(strongest(*sweep(rng, 30, effect=False)) is not None for _ in range(100))
    assert said <= 2, "at most 2 % of the sweeps without an effect"


def test_what_is_said() -> None:
    settings: list[dict[str, Value]] = [{"lr": 3e-4 if i < 7 else 1e-4} for i in range(19)]
    found = strongest(settings, [i < 7 for i in range(19)])
    assert found is not None
    assert (found.rule, found.bad, found.of, found.other_bad, found.other_of) == (
        ">= 0.0003", 7, 7, 0, 12,
    )  # fmt: skip
    assert strongest(settings[:5], [True, True, False, False, False]) is None, "too few"


@pytest.mark.parametrize(
    ("runs", "wrong", "told"),
    [(8, 4, False), (9, 4, True), (10, 3, True), (10, 5, True), (12, 6, True), (12, 2, False)],
)
def test_how_many_runs_it_takes(runs: int, wrong: int, told: bool) -> None:
    """Nine of one setting, where those on one side of it went wrong and no other."""
    settings: list[dict[str, Value]] = [{"lr": float(i >= runs - wrong)} for i in range(runs)]
    found = strongest(settings, [i >= runs - wrong for i in range(runs)])
    assert (found is not None) == told


def test_what_could_never_look_as_clear_is_not_counted() -> None:
    """Four rates, three runs each: a threshold that parts 3 from 9 could not reach 0.002."""
    settings: list[dict[str, Value]] = [{"lr": 10.0 ** (i // 3)} for i in range(12)]
    found = strongest(settings, [i >= 6 for i in range(12)])
    assert found is not None
    assert (found.rule, found.bad, found.of, found.other_of) == (">= 100", 6, 6, 6)
    assert found.chance == pytest.approx(2 / math.comb(12, 6))
    halves: list[dict[str, Value]] = [one | {"batch": i % 2} for i, one in enumerate(settings)]
    twice = strongest(halves, [i >= 6 for i in range(12)])
    assert twice is not None
    assert twice.chance == pytest.approx(4 / math.comb(12, 6)), "what could counts"


@pytest.mark.parametrize(("halves", "told"), [(1, 2), (3, 0)])
def test_the_bound_holds_over_all_endings(halves: int, told: int) -> None:
    """Of the 252 ways in which 5 of 10 runs can go wrong, at most one in a hundred is told of."""
    sides = [(0, 1, 2, 3, 4), (0, 2, 4, 6, 8), (0, 1, 4, 6, 7)][:halves]
    settings: list[dict[str, Value]] = [
        {f"setting{n}": int(i in side) for n, side in enumerate(sides)} for i in range(10)
    ]
    ways = itertools.combinations(range(10), 5)
    said = [strongest(settings, [i in bad for i in range(10)]) for bad in ways]
    assert sum(one is not None for one in said) == told <= len(said) / 100
