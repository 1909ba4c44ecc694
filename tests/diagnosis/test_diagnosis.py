"""What a curve means: each pattern on a plain case, early, without false alarms, scale-free."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.diagnosis import statistics
from lossmon.diagnosis.finding import SEVERITIES
from tests.diagnosis import curves
from tests.diagnosis.curves import CURVES, N, evaluations, judged, replay

PAIRS = ("overfitting", "underfitting", "train_high_eval_low", "eval_faster", "healthy_pair")


@pytest.mark.parametrize("pattern", CURVES)
def test_each_pattern_of_one_curve_is_recognised(pattern: str) -> None:
    diagnosis = judged(CURVES[pattern](), total=N)
    assert diagnosis.train == pattern
    assert pattern in {finding.pattern for finding in diagnosis.findings}


@pytest.mark.parametrize("pattern", PAIRS)
def test_each_pattern_of_train_and_eval_is_recognised(pattern: str) -> None:
    train, evals = evaluations(pattern)
    assert judged(train, evals, total=N).pair == pattern


@pytest.mark.slow  # six runs of each
@pytest.mark.parametrize("pattern", CURVES)
@given(power=st.integers(-9, 9), every=st.sampled_from([1, 10, 500]))
@settings(max_examples=6)
def test_nothing_depends_on_the_scale_or_the_logging_interval(pattern, power, every) -> None:
    values = CURVES[pattern]() * 10.0**power
    assert judged(values, total=N * every, every=every).train == pattern


@pytest.mark.parametrize("factor", [0.2, 3, pytest.param(20, marks=pytest.mark.slow)])
@pytest.mark.parametrize("pattern", ["healthy", "plateau", "not_decreasing", "rebound"])
def test_longer_and_shorter_runs_are_judged_alike(pattern: str, factor: float) -> None:
    n = int(N * factor)
    assert judged(CURVES[pattern](n), total=n).train == pattern


def test_nan_is_said_at_the_very_point() -> None:
    _, diagnosis = replay(curves.diverged(), total=N)
    entry = next(e for e in diagnosis.timeline if e.pattern == "diverged")
    assert entry.shown_at_step == N // 2 + 1
    assert entry.severity == "critical"


def test_a_loss_that_never_was_a_number_is_diverged_from_its_first_row() -> None:
    """A hundred rows and not one value: what asks for its levels has none."""
    diagnosis = judged([math.nan] * 100, total=100)
    assert diagnosis.train == "diverged"
    assert diagnosis.findings[0].since_step == 1


def test_a_single_nan_that_recovers_is_withdrawn() -> None:
    values = curves.healthy()
    values[300] = np.nan
    _, diagnosis = replay(values, total=N)
    assert diagnosis.train == "healthy"
    entry = next(e for e in diagnosis.timeline if e.pattern == "diverged")
    assert entry.cleared_at_step is not None


def test_a_rebound_is_caught_within_twenty_points() -> None:
    _, diagnosis = replay(curves.rebound(), total=N)
    entry = next(e for e in diagnosis.timeline if e.pattern == "rebound")
    assert 0 < entry.shown_at_step - 0.6 * N <= 20
    assert abs(entry.since_step - 0.6 * N) <= 5


def test_overfitting_names_the_best_eval_and_never_comes_before_it() -> None:
    train, evals = evaluations("overfitting")
    _, diagnosis = replay(train, evals, total=N)
    finding = next(f for f in diagnosis.findings if f.pattern == "overfitting")
    best = int(np.argmin(evals)) + 1
    assert finding.since_step == best * N // len(evals)
    assert finding.numbers["best_value"] == pytest.approx(evals.min())
    entry = next(e for e in diagnosis.timeline if e.pattern == "overfitting")
    assert entry.shown_at_step > finding.since_step


def warnings_of(
    train: np.ndarray, evals: np.ndarray | None = None, total: int | None = N
) -> set[str]:
    """Every warning or worse that the live monitor would ever have shown."""
    _, diagnosis = replay(train, evals, total=total)
    return {e.pattern for e in diagnosis.timeline if SEVERITIES.index(e.severity) >= 1}


T = np.arange(1, N + 1)
TRAPS = {
    "warm-up bump": curves.healthy() + 0.8 * np.exp(-((T - 25) ** 2) / 80),
    "cosine schedule": 0.4 + 1.9 * np.cos(np.pi * T / N / 2) ** 2 * np.exp(-T / 200) + curves.noise(N, 0.02),
    "step schedule": 0.3 + np.where(T < 300, 1.0, 0.4) + np.exp(-T / 40) + curves.noise(N, 0.02),
    "batch of one": (0.4 + 2 * np.exp(-4 * T / N)) * np.random.default_rng(1).gamma(4, 0.25, N),
    "smoothed log": np.convolve(curves.healthy(N + 30), np.ones(31) / 31, "valid"),
    "tiny losses": 1e-6 * (0.02 + np.exp(-8 * T / N)) * np.exp(curves.noise(N, 0.05)),
    "negative losses": -0.1 - 0.8 * (1 - np.exp(-5 * T / N)) + curves.noise(N, 0.01),
    "power law": 2.5 + 8 * T**-0.4 + curves.noise(N, 0.01),
    "epoch staircase": 2.2 - 0.35 * ((T - 1) // 100) + curves.noise(N, 0.02),
}  # fmt: skip


@pytest.mark.parametrize("trap", TRAPS)
def test_what_is_healthy_raises_no_alarm(trap: str) -> None:
    assert warnings_of(TRAPS[trap]) == set()


def test_dropout_that_keeps_train_above_eval_is_no_finding() -> None:
    train, evals = evaluations("healthy_pair")
    assert warnings_of(train * 1.5, evals) == set()


def test_a_tiny_noisy_eval_set_is_not_overfitting() -> None:
    train, evals = evaluations("healthy_pair")
    noisy = evals * np.exp(curves.noise(len(evals), 0.08, seed=3))
    assert "overfitting" not in warnings_of(train, noisy)


def test_too_few_points_are_said_plainly() -> None:
    _, diagnosis = replay(curves.healthy()[:5], ended=False)
    finding = diagnosis.findings[0]
    assert finding.pattern == "too_early"
    assert finding.numbers["more"] > 0
    assert diagnosis.train is None


def test_before_the_end_of_the_plan_a_fall_is_just_a_fall() -> None:
    _, diagnosis = replay(curves.not_converged(), total=10 * N, ended=False)
    assert diagnosis.train == "healthy"


def test_a_loss_logged_as_zero_while_the_gradient_is_nan_has_diverged() -> None:
    from lossmon.diagnosis.engine import Engine
    from lossmon.formats.lexicon import role
    from lossmon.history.run import History

    history, engine = History(role), Engine()
    chosen = {"train_loss": "loss", "grad_norm": "grad_norm"}
    for i in range(1, 101):
        bad = i > 50
        history.append({"loss": 0.0 if bad else 2 / i, "grad_norm": np.nan if bad else 1.0}, step=i)
        engine.observe(history, chosen)
    assert engine.conclude(history, chosen, True).train == "diverged"


def test_a_jump_of_the_learning_rate_is_named_with_its_number() -> None:
    from lossmon.diagnosis.engine import Engine
    from lossmon.formats.lexicon import role
    from lossmon.history.run import History

    history, engine = History(role), Engine()
    chosen = {"train_loss": "loss", "learning_rate": "lr"}
    for i, value in enumerate(curves.rebound(), 1):
        history.append({"loss": float(value), "lr": 1e-3 if i <= 0.6 * N else 1.2e-2}, step=i)
        engine.observe(history, chosen)
    diagnosis = engine.conclude(history, chosen, True)
    cause = next(f for f in diagnosis.findings if f.pattern == "rebound").causes[0]
    assert cause.id == "lr_jump"
    assert "12 x" in cause.why


def test_findings_come_worst_first_and_carry_their_evidence() -> None:
    train, evals = evaluations("overfitting")
    diagnosis = judged(train, evals, total=N)
    order = [SEVERITIES.index(f.severity) for f in diagnosis.findings]
    assert order == sorted(order, reverse=True)
    assert all(f.evidence and 0 <= f.confidence <= 1 for f in diagnosis.findings)


@given(
    st.lists(
        st.one_of(st.floats(allow_nan=True, allow_infinity=True, width=32), st.just(0.0)),
        max_size=120,
    )
)
@settings(max_examples=60)
def test_any_values_give_a_diagnosis_and_never_an_error(values: list[float]) -> None:
    replay(values, values[::3] or None)


def test_statistics_agree_with_their_definitions() -> None:
    values = np.random.default_rng(0).normal(0, 2.0, 5000)
    assert statistics.noise(values) == pytest.approx(2.0, rel=0.1)
    assert statistics.von_neumann(values) == pytest.approx(2.0, rel=0.1)
    assert statistics.von_neumann(np.tile([1.0, -1.0], 100)) == pytest.approx(4.0, rel=0.05)
    assert statistics.mann_kendall(np.arange(30.0)) > 5
    assert statistics.theil_sen(3 * np.arange(20.0)) == pytest.approx(3)
    t = np.arange(1.0, 400)
    gain = statistics.power_law(t, 1 + 2 * t**-0.5, 0.25)
    assert gain is not None
    assert gain[0] == pytest.approx(2 * (t[-1] ** -0.5 - (1.25 * t[-1]) ** -0.5), rel=0.2)


def test_ranks_of_skewed_noise_are_as_independent_as_its_values() -> None:
    values = np.exp(np.random.default_rng(1).normal(0, 1, 2000))
    assert abs(statistics.rank_von_neumann(values) - 2) < 3 * 2 / 2000**0.5
    assert statistics.rank_von_neumann(np.repeat(values[:500], 4)) < 1
    assert statistics.rank_von_neumann((-1.0) ** np.arange(100) + values[:100] / 1e6) > 2.9


def test_a_slow_fall_at_a_high_level_that_goes_on_is_no_plateau() -> None:
    """0.66 of its start at the end, 8 % of the drop left at 40 %, 11 standard errors of it."""
    t = np.arange(260) / 260
    slow = 0.65 + 0.23 * np.exp(-14 * t) + 0.12 * np.exp(-3 * t) + curves.noise(260, 0.004)
    assert judged(slow).train == "healthy"
    flat = 0.66 + 0.34 * np.exp(-14 * t) + curves.noise(260, 0.05)
    assert judged(flat).train == "plateau"


def test_train_that_falls_as_far_as_eval_in_the_end_is_late_and_not_stuck() -> None:
    t, s = np.arange(250) / 250, np.arange(1, 26) / 25
    train = 2.8 + 3.3 * np.exp(-4 * t) + curves.noise(250, 0.03)
    evals = 2.32 + 3.7 * np.exp(-18 * s) + curves.noise(25, 0.005, 1)
    assert judged(train, evals).pair == "eval_faster"


def test_overfitting_is_said_at_the_second_evaluation_that_shows_it() -> None:
    """No third look is waited for: 3 % and 4 standard errors each, and the second confirms."""
    m = 40
    train = 0.05 + 2.0 * np.exp(-6 * np.arange(1, N + 1) / N)
    evals = 0.6 + np.exp(-np.arange(m) / 4) + curves.noise(m, 0.002, 1)
    evals[20:] += 0.035 * np.arange(1, m - 19)
    engine, _ = replay(train, evals, total=N, ended=False)
    entry = next(e for e in engine.diagnosis.timeline if e.pattern == "overfitting")
    best = int(np.argmin(evals))
    assert 2 <= entry.shown_at_step * m // N - 1 - best <= 3


def test_overfitting_is_withdrawn_when_eval_passes_its_former_best_and_says_so() -> None:
    """Double descent."""
    m = 40
    s = np.arange(1, m + 1) / m
    evals = 0.5 + 1.5 * np.exp(-3 * s) + 0.5 * np.exp(-(((s - 0.4) / 0.08) ** 2))
    train = 0.3 + 1.5 * np.exp(-3 * np.arange(1, N + 1) / N) + curves.noise(N, 0.01)
    engine, diagnosis = replay(train, evals + curves.noise(m, 0.002, 1), total=N)
    (entry,) = [e for e in engine.diagnosis.timeline if e.pattern == "overfitting"]
    low = float(evals[:14].min())
    passed = int(np.flatnonzero((evals < low) & (s > 0.4))[0])
    assert entry.cleared_at_step is not None
    assert entry.cleared_at_step * m // N - 1 - passed <= 3
    (found,) = [f for f in diagnosis.findings if f.pattern == "healthy_pair"]
    assert "has passed that best since" in found.evidence
