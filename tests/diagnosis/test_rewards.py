"""Rewards of single episodes vary by nature: what they vary about is the level that is judged."""

from __future__ import annotations

import numpy as np

from tests.diagnosis.test_few_rows import judged

DICE = np.random.default_rng(11)


def episodes(level: np.ndarray) -> list[float]:
    """Rewards about a level: most near it, a few lucky ones far above."""
    lucky = np.where(DICE.random(len(level)) < 0.08, DICE.exponential(2.0, len(level)), 0.0)
    return list(np.round(level * (1 + 0.1 * DICE.normal(0, 1, len(level)) + lucky)))


def test_a_reward_at_its_least_does_not_rise() -> None:
    """CartPole at 10, now and then 24: that was "swings by 62 % of its level"."""
    told = [
        [f.pattern for f in judged(reward=[*episodes(np.full(90, 10.0)), 51, 16, 12, 21]).findings]
        for _ in range(20)
    ]
    assert all(one in (["not_decreasing"], []) for one in told)
    assert told.count([]) <= 5


def test_a_reward_whose_level_comes_and_goes_swings() -> None:
    level = 60 + 45 * np.sin(np.arange(240) / 14)
    assert judged(reward=episodes(level)).findings[0].pattern in ("oscillating", "rebound")


def test_a_reward_that_rises_does() -> None:
    found = judged(reward=episodes(np.linspace(10, 60, 120)))
    assert all(one.severity == "info" for one in found.findings)
