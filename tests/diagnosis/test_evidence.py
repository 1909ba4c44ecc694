"""Alarms whose chance of ever being false is bounded: the null is simulated, the bound must hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.diagnosis.bets import Bets, Floats, Noise, Window, spend
from lossmon.diagnosis.evidence import ALPHA, Rise

NOISES = ("gauss", "student", "lognormal", "skewed down", "pareto", "ema", "changing", "rounded")


def rise(alpha: float = ALPHA) -> Rise:
    return Rise(0.25, 0.10, 0.10, alpha)


def noise(kind: str, n: int, rng: np.random.Generator) -> Floats:
    """Noise of a kind, of about unit size and median 0."""
    plain = rng.normal(size=n)
    if kind == "student":
        return rng.standard_t(2, n)
    if kind == "lognormal":
        return rng.lognormal(0.0, 0.8, n) - 1.0
    if kind == "skewed down":
        return 1.0 - rng.lognormal(0.0, 0.8, n)
    if kind == "pareto":
        return rng.pareto(1.5, n) - 0.59
    if kind == "changing":
        return plain * np.exp(np.cumsum(rng.normal(size=n)) * 0.02)
    if kind == "ema":
        out, level = np.empty(n), 0.0
        for i in range(n):
            level += 0.1 * (plain[i] - level)
            out[i] = level / 0.23
        return out
    return plain


def noisy(level: Floats, kind: str, size: float, rng: np.random.Generator) -> Floats:
    """A level with noise of a size; what is printed with few digits is rounded as a whole."""
    x = level + size * noise(kind, len(level), rng)
    return np.round(x / size) * size if kind == "rounded" else x


def fall(n: int, which: int) -> Floats:
    """A level that never rises: power laws, exponentials, a ramp that ends, stairs."""
    t = np.arange(n) / n
    stairs = np.select([t < 0.2, t < 0.5], [1.0, 0.5], 0.2)
    return (1 / (1 + 8 * t), np.exp(-5 * t), 1 - 0.9 * np.minimum(1, 3 * t), stairs)[which % 4]


def test_the_shares_of_a_budget_sum_to_one_however_many_there_are() -> None:
    shares = [spend(k) for k in range(1, 200_000)]
    assert shares == sorted(shares, reverse=True)
    tail = 1 / (2.10975 * math.log(200_001))  # the integral of what is left
    assert sum(shares) + tail == pytest.approx(1.0, abs=2e-3)


@pytest.mark.parametrize("p0", [0.25, 0.5, 0.65])
@pytest.mark.slow
def test_fair_coins_win_no_more_often_than_the_budget(p0: float) -> None:
    """Ville's inequality, for tries of any number: of 300 runs at 10 % at most about 30 + 3 sd."""
    rng = np.random.default_rng(7)
    won = 0
    for _ in range(300):
        bets = Bets(0.10)
        for event in (rng.random(300) < p0).tolist():
            if bets.open:
                bets.bet(event, p0)
                if bets.won:
                    won += 1
                    break
            elif event:
                bets.begin()
    assert won <= 30 + 3 * math.sqrt(300 * 0.1 * 0.9)
    assert won > 0, "a bound that nothing comes near is no test"


def test_a_coin_that_lies_wins_soon() -> None:
    bets, count = Bets(0.01), 0
    bets.begin()
    while not bets.won:
        bets.bet(True, 0.5)
        count += 1
    assert count == 9  # log2(1/0.01), a bit for the first try, and the stakes that hold back


@pytest.mark.slow  # 320 runs
def test_a_level_that_never_rises_alarms_within_its_budget() -> None:
    """Of 320 runs at 10 %: noise of unknown shape, 1 to 15 % of the start, four ways to fall."""
    rng = np.random.default_rng(20260101)
    alarmed = 0
    for i in range(320):
        n = int(rng.choice([60, 200, 600]))
        size = float(rng.choice([0.01, 0.03, 0.08, 0.15]))
        x = noisy(fall(n, i), NOISES[i % len(NOISES)], size, rng)
        alarmed += rise(0.10).extend(x.tolist()) is not None
    assert alarmed <= 32


def test_spikes_and_a_level_that_steps_back_to_an_older_one_do_not_alarm() -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        x = fall(800, 1) + 0.02 * rng.normal(size=800)
        for at in rng.integers(100, 790, 6):
            x[at : at + 2] += rng.uniform(0.3, 4.0)
        assert rise().extend(x.tolist()) is None


@pytest.mark.parametrize("kind", NOISES)
@pytest.mark.slow
def test_a_rise_of_twenty_noises_is_found_soon_and_dated_right(kind: str) -> None:
    rng = np.random.default_rng(11)
    delays, dates = [], []
    for _ in range(9):
        n, onset = 600, 400
        x = fall(n, 1)
        x[onset:] += 0.5
        x = noisy(x, kind, 0.5 / 20, rng)
        one = rise()
        at = one.extend(x.tolist())
        if at is not None and at >= onset:
            delays.append(at - onset + 1)
            assert one.since is not None
            dates.append(one.since - onset)
    assert len(delays) >= 8
    assert np.median(delays) <= (40 if kind == "ema" else 20)
    assert np.median(np.abs(dates)) <= (25 if kind == "ema" else 3)


@settings(max_examples=40)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(NOISES),
    st.lists(st.integers(1, 90), max_size=12),
    st.booleans(),
)
def test_any_split_of_the_values_alarms_at_the_same_one(
    seed: int, kind: str, cuts: list[int], rises: bool
) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(10, 500))
    x = noisy(fall(n, seed), kind, 0.05, rng)
    if rises:
        x[n // 2 :] += 0.6
    x[rng.random(n) < 0.01] = np.nan
    values = x.tolist()
    whole = rise()
    expected = whole.extend(values)
    pieces, at, found = rise(), 0, None
    for size in [*cuts, n]:
        part = values[at : at + size]
        one = pieces.extend(part)
        if one is not None:
            found = at + one
            break
        at += len(part)
    assert found == expected
    singly = rise()
    assert next((i for i, v in enumerate(values) if singly.extend([v]) is not None), None) == found
    assert (pieces.n, pieces.low, pieces.since) == (whole.n, whole.low, whole.since)
    assert (singly.n, singly.low, singly.since) == (whole.n, whole.low, whole.since)


def test_what_is_refuted_may_rise_again() -> None:
    rng = np.random.default_rng(3)
    x = np.exp(-5 * np.arange(1200) / 1200) + 0.01 * rng.normal(size=1200)
    x[500:600] += 0.6
    x[1000:] += 0.6
    one = rise()
    first = one.extend(x.tolist())
    assert first is not None
    assert 500 <= first < 540
    one.refute()
    assert one.since is None
    rest = x[700:].tolist()
    again = one.extend(rest)
    assert again is not None
    assert 300 <= again < 350
    assert one.alarms == 2


@settings(max_examples=40)
@given(st.lists(st.integers(1, 700), max_size=20))
def test_a_window_keeps_the_newest_values(sizes: list[int]) -> None:
    window, all_ = Window(), np.empty(0)
    for size in sizes:
        values = np.arange(len(all_), len(all_) + size, dtype=float)
        if size == 1:
            window.push(float(values[0]))
        else:
            window.extend(values)
        all_ = np.concatenate((all_, values))
    for count in (0, 1, 5, 2048):
        kept = all_[-count:] if count else all_[:0]
        assert window.last(count).tolist() == kept.tolist()


@pytest.mark.parametrize(
    ("kind", "phi", "block"),
    [("gauss", (0.0, 0.15), 1), ("student", (0.0, 0.15), 1), ("ema", (0.8, 0.97), 1)],
)
def test_noise_is_known_by_its_signs(kind: str, phi: tuple[float, float], block: int) -> None:
    x = 0.1 * noise(kind, 1500, np.random.default_rng(2)) + np.linspace(2, 1, 1500) ** 2
    found = Noise.of(x)
    assert phi[0] <= found.phi <= phi[1]
    assert found.block <= 4 * block
    assert 0.5 <= found.p0 <= 0.8


@pytest.mark.parametrize(
    "values", [[], [1.0], [math.nan] * 50, [0.0] * 200, [5.0] * 200, [1e308] * 99]
)
def test_odd_values_harm_nothing(values: list[float]) -> None:
    with np.errstate(all="ignore"):
        assert rise().extend(values) is None
