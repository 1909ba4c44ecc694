"""Warm restarts of the learning rate: the loss goes up with it and comes down with it."""

from __future__ import annotations

import numpy as np
import pytest

from lossmon.diagnosis.engine import Engine
from lossmon.formats.lexicon import role
from lossmon.history.run import History
from tests.diagnosis import curves

N = 900
T = np.arange(N) / N


def warned(loss: np.ndarray, rate: np.ndarray) -> set[str]:
    """What was ever warned of while the run grew."""
    history, engine = History(role), Engine()
    for i in range(N):
        history.append({"loss": float(loss[i]), "learning_rate": float(rate[i])}, step=i + 1)
        engine.observe(history, {"train_loss": "loss", "learning_rate": "learning_rate"})
    return {e.pattern for e in engine.diagnosis.timeline if e.severity in ("warning", "critical")}


def cosine(phase: np.ndarray) -> np.ndarray:
    return 1e-3 * (0.5 + 0.5 * np.cos(np.pi * phase))


@pytest.mark.parametrize("cycles", [2, 3, 5])
def test_a_warm_restart_is_no_rebound_however_far_the_loss_goes_up(cycles: int) -> None:
    phase = (T * cycles) % 1
    falls = 0.4 + 2 * np.exp(-5 * T)
    loss = falls + 0.6 * (cosine(phase) / 1e-3) * (cycles * T >= 1) + curves.noise(N, 0.02)
    assert warned(loss, cosine(phase)) == set()


def test_what_is_lost_at_a_restart_and_not_regained_with_the_rate_is_a_rebound() -> None:
    phase = (T * 2) % 1
    loss = 0.4 + 2 * np.exp(-5 * T) + 1.0 * (2 * T >= 1) + curves.noise(N, 0.02)
    assert "rebound" in warned(loss, cosine(phase))


def test_a_jump_back_to_an_old_rate_that_stays_explains_nothing() -> None:
    rate = np.where(T < 0.5, 1e-3 * 0.1 ** (4 * T), 1e-3)
    loss = 0.4 + 2 * np.exp(-5 * T) + 1.0 * (T >= 0.5) + curves.noise(N, 0.02)
    assert "rebound" in warned(loss, rate)


def test_a_rate_that_was_never_so_high_explains_nothing() -> None:
    """It goes down again from ten times its peak: that is no cycle of a schedule."""
    rate = cosine(T) * np.where(T < 0.5, 1, 10)
    loss = 0.4 + 2 * np.exp(-5 * T) + 1.0 * (T >= 0.5) + curves.noise(N, 0.02)
    assert "rebound" in warned(loss, rate)


def replayed(loss: np.ndarray) -> list[int]:
    """Steps at which a rebound was shown, where no rate is logged."""
    engine, _ = curves.replay(loss, ended=False)
    return [e.shown_at_step for e in engine.diagnosis.timeline if e.pattern == "rebound"]


@pytest.mark.parametrize("doubles", [False, True])
def test_restarts_that_are_not_logged_are_told_by_the_first_that_came_back(doubles: bool) -> None:
    """Of the first one nobody can say whether it will."""
    ends = np.array([0, 1 / 7, 3 / 7, 1]) if doubles else np.array([0, 0.25, 0.5, 0.75, 1])
    cycle = np.searchsorted(ends, T, side="right") - 1
    phase = (T - ends[cycle]) / np.diff(ends)[cycle]
    loss = 0.4 + 2 * np.exp(-5 * T) + 0.6 * (cosine(phase) / 1e-3) * (cycle >= 1)
    assert all(at < ends[2] * N for at in replayed(loss + curves.noise(N, 0.02)))


def test_a_rise_that_outlasts_the_one_before_is_a_rebound() -> None:
    loss = 0.4 + 2 * np.exp(-5 * T) + 0.6 * ((T > 0.3) & (T < 0.35)) + 0.7 * (T > 0.6)
    assert [at for at in replayed(loss + curves.noise(N, 0.02)) if 0.6 * N < at < 0.8 * N]
