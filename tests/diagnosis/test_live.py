"""While a run grows: quiet where nothing is wrong, quick where something is."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from lossmon.diagnosis.confidence import calibrated
from lossmon.diagnosis.engine import Engine
from lossmon.formats.lexicon import role
from lossmon.history.run import History
from tests.benchmarks.diagnosis import literal, traps
from tests.benchmarks.diagnosis.case import Outcome
from tests.benchmarks.diagnosis.case import replay as replay_case
from tests.diagnosis import curves
from tests.diagnosis.curves import replay


@pytest.fixture(scope="module")
def letter() -> list[Outcome]:
    """A few generated curves of every pattern (the benchmark has hundreds)."""
    return [replay_case(case) for case in literal.cases(4, seed=99) if len(case.train[0]) < 4000]


@pytest.mark.slow
def test_generated_curves_get_their_verdicts(letter: list[Outcome]) -> None:
    wrong = [
        (o.case.name, o.final.train, o.final.pair)
        for o in letter
        if (o.case.label and o.case.label != o.final.train)
        or (o.case.pair and o.case.pair != o.final.pair)
    ]
    assert len(wrong) <= 0.12 * len(letter), wrong


@pytest.mark.slow
def test_generated_healthy_curves_raise_no_alarm(letter: list[Outcome]) -> None:
    fine = [o for o in letter if "healthy" in (o.case.label, o.case.pair)]
    assert [o.case.name for o in fine if o.warned()] == []


@pytest.mark.slow
@pytest.mark.parametrize("plan", [True, False])
def test_traps_raise_next_to_no_alarms(plan: bool) -> None:
    cases = [c for c in traps.cases(2, seed=5) if len(c.train[0]) < 1500]
    warned = Counter(c.family for c in cases if replay_case(c, plan=plan).warned())
    assert sum(warned.values()) <= 0.05 * len(cases) + 1, warned


def delay_of_rebound(n: int, at: int, rise: float, size: float) -> int:
    values = 0.3 + 2 * np.exp(-6 * np.arange(n) / n) + curves.noise(n, size, seed=n)
    values[at:] += rise
    _, diagnosis = replay(values, total=n)
    entry = next(e for e in diagnosis.timeline if e.pattern == "rebound")
    return entry.shown_at_step - at


@pytest.mark.parametrize("n", [200, 2000, 10_000])
@pytest.mark.slow
def test_a_rebound_is_said_within_twenty_points_however_long_the_run(n: int) -> None:
    assert 0 < delay_of_rebound(n, int(0.7 * n), 1.2, 0.03) <= 20


def test_a_small_rebound_in_noise_takes_the_points_that_it_needs() -> None:
    assert 0 < delay_of_rebound(2000, 1400, 0.6, 0.2) <= 100


def test_a_spike_inside_a_bucket_of_a_long_run_is_named() -> None:
    values = curves.healthy(5000)
    values[3333] = 40.0
    _, diagnosis = replay(values, total=5000)
    spike = next(f for f in diagnosis.findings if f.pattern == "spike")
    assert spike.numbers["value"] == 40.0
    assert spike.numbers["spike_step"] == pytest.approx(3334, abs=8)
    assert diagnosis.train == "healthy"


def test_over_fitting_late_in_a_long_run_is_said_at_the_evaluation_at_which_it_holds() -> None:
    m = 800
    s = np.arange(m) / m
    evals = 0.4 + 0.6 * np.exp(-8 * s) + 0.8 * np.maximum(0, s - 0.7)
    train = np.repeat(0.05 + 0.95 * np.exp(-5 * s), 2)
    _, diagnosis = replay(train, evals, total=2 * m)
    entry = next(e for e in diagnosis.timeline if e.pattern == "overfitting")
    best = int(np.argmin(evals))
    holds = best + int(np.flatnonzero(evals[best:] > 1.045 * evals[best])[0])
    assert 0 <= entry.shown_at_step // 2 - 1 - holds <= 3


def test_a_flat_start_under_a_rate_that_warms_up_is_awaited() -> None:
    n = 1000
    history, engine = History(role), Engine()
    rate = np.minimum(1, np.arange(1, n + 1) / 400)
    loss = (
        2.3 - 1.5 * (1 - np.exp(-np.maximum(0, np.arange(n) - 380) / 150)) + curves.noise(n, 0.02)
    )
    for i in range(n):
        history.append({"loss": float(loss[i]), "learning_rate": float(rate[i])}, step=i + 1)
        engine.observe(history, {"train_loss": "loss", "learning_rate": "learning_rate"})
    assert [e.pattern for e in engine.diagnosis.timeline if e.severity == "warning"] == []


def test_a_small_fall_that_may_add_up_is_no_alarm_before_the_end() -> None:
    """Fine-tuning: 6 % over the whole run is 1 % after a sixth of it."""
    n = 800
    values = 1.6 * (1 - 0.06 * np.arange(n) / n) + curves.noise(n, 0.01)
    engine, _ = replay(values, total=n, ended=False)
    assert "not_decreasing" not in {e.pattern for e in engine.diagnosis.timeline}


def test_swings_over_a_fall_are_no_oscillation_and_over_none_they_are() -> None:
    n = 1200
    dice = np.random.default_rng(2)
    swings = dice.gamma(4, 1 / 4, n)
    over_a_fall = (0.3 + 0.7 * np.exp(-4 * np.arange(n) / n)) * swings
    assert replay(over_a_fall, total=n)[1].train != "oscillating"
    alternating = 1 + 0.4 * (-1.0) ** np.arange(n) * dice.uniform(0.7, 1, n)
    assert replay(alternating, total=n)[1].train == "oscillating"


@pytest.mark.slow
def test_a_slow_fall_beneath_the_noise_of_single_examples_is_awaited() -> None:
    """Skewed, a coefficient of variation of a half, no plan: 20 runs at a budget of 2 %."""
    dice = np.random.default_rng(7)
    warned = 0
    for _ in range(20):
        n = 700
        scatter = np.exp(0.5 * dice.normal(0, 1, n))
        engine, diagnosis = replay((1 - 0.6 * np.arange(n) / n) * scatter, ended=True)
        warned += "oscillating" in {e.pattern for e in engine.diagnosis.timeline}
        assert diagnosis.train != "oscillating"
    assert warned <= 1


def test_swings_that_grow_while_the_loss_falls_are_not_those_of_samples() -> None:
    """Updates that overshoot: 0.1 about 2.3, then 1.5 about 1.9, each row independent."""
    n = 460
    t = np.arange(n) / n
    values = 2.3 - 0.5 * t + (0.05 + 0.5 * t) * np.random.default_rng(3).exponential(1, n)
    assert replay(values)[1].train == "oscillating"


@pytest.mark.parametrize("ended", [True, False])
def test_what_stands_is_told_by_the_numbers_of_now(ended: bool) -> None:
    """A rise that went on to the sixfold stood as "rose to 1.07": a rebound was found meanwhile."""
    at = np.arange(1, 400)
    falls = 2.3 * np.exp(-at / 60) + 0.6
    values = np.where(at < 230, falls, 0.65 * np.exp((at - 230) / 95)) + curves.noise(399, 0.01)
    _, diagnosis = replay(values, ended=ended)
    (shown,) = [f for f in diagnosis.findings if f.pattern in ("rising", "rebound", "diverged")]
    assert shown.numbers["level"] > 2.5


def test_what_was_withdrawn_stays_in_the_timeline() -> None:
    n = 1500
    values = curves.healthy(n)
    values[600:680] += 1.5  # it comes back
    _, diagnosis = replay(values, total=n)
    entry = next(e for e in diagnosis.timeline if e.pattern == "rebound")
    assert entry.cleared_at_step is not None
    assert "rebound" not in {f.pattern for f in diagnosis.findings}


def test_confidence_is_monotone_and_a_share() -> None:
    said = np.linspace(0, 1, 101)
    table = [calibrated(one) for one in said]
    assert table == sorted(table)
    assert min(table) >= 0
    assert max(table) <= 1


@pytest.mark.slow
def test_looks_are_few_and_do_not_grow_with_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0
    look = Engine._look

    def counted(self: Engine, *args: object) -> bool:
        nonlocal looks
        looks += 1
        return look(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Engine, "_look", counted)
    replay(curves.healthy(1000), total=1000)
    short, looks = looks, 0
    replay(curves.healthy(6000), total=6000)
    assert looks < 3 * short < 450


def test_an_eval_that_scatters_asks_for_few_looks(monkeypatch):
    """Each single evaluation above the best asked for one: 580 looks in 10,000 rows."""
    looks = []
    look = Engine._look
    monkeypatch.setattr(Engine, "_look", lambda *given: looks.append(1) or look(*given))
    fall = 0.3 + 2.5 * np.exp(-3 * np.arange(2000) / 2000)
    evals = fall + 0.2 + 0.1 * np.random.default_rng(0).random(2000)
    replay(fall, evals)
    assert len(looks) < 200


def test_swings_about_a_multiple_of_the_start_are_told_as_they_go_on() -> None:
    """A rate of 4: from 8 to 40 within three rows, and between 0 and 80 from then on.

    Neighbours tell nothing of each other, so that a fall might hide beneath them; from so far above
    its start it would be no comfort. A quarter of the plan was waited for before.
    """
    dice = np.random.default_rng(5)
    loss = np.concatenate(([8.2, 8.4, 8.3], dice.uniform(0.5, 80, 150)))
    engine, _ = replay(loss, total=1000, ended=False)
    told = [e for e in engine.diagnosis.timeline if e.pattern == "oscillating"]
    assert told[0].shown_at_step <= 130
    assert "diverged" not in {e.pattern for e in engine.diagnosis.timeline}


def test_the_same_swings_about_the_start_wait_for_more_rows() -> None:
    dice = np.random.default_rng(5)
    engine, _ = replay(dice.uniform(0.5, 80, 153), total=1000, ended=False)
    assert "oscillating" not in {e.pattern for e in engine.diagnosis.timeline}
