"""Evidence that a level rose, gathered bet by bet, with a bound on the chance of ever being false.

A threshold that is looked at again and again is crossed by noise some day. A bet is not: whoever
stakes wealth on "the next value lies above the line", at odds that are fair or worse while the
level has not risen, multiplies it by c with a chance of at most 1/c *ever* (Ville 1939). So the
alarm may be looked at after each point, and no length of run and no shape of noise makes it false
more often than its budget.

**Null.** Let y be the values, whitened by the one coefficient that a smoothing gave them, and m_t
their conditional median. H0: m_t never exceeds the lowest m before it by `THETA` of the rise that
counts. Nothing is said of variance, tails, skew, a falling trend, staircases or rounding. The
quartile's tries say the same of the conditional upper quartile.

**Bound.** P(an alarm ever) <= alpha under H0, for memory as it was measured:
half is spent on the line (in window j the value at share q + sqrt(ln(1/b_j) / 2N) is below the
quantile q with chance at most b_j, by Azuma's inequality; the b_j sum to it), half on the tries
against that line, numbered, each with its own share. Gates only hold an alarm back.

Sources: Shin, Ramdas and Rinaldo, "E-detectors" (2023); Waudby-Smith and Ramdas, "Estimating means
of bounded random variables by betting" (2024); Azuma (1967) and Hoeffding (1963).
`tests/diagnosis/test_evidence.py` simulates the null and fails where the bound is broken.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ALPHA = 0.02  # chance that a run whose level never rises ever alarms
THETA = 0.5  # bets are against the lowest level plus so much of the rise that counts
_STAKES = ((1.0, 0.5), (0.8, 0.25), (0.5, 0.25))  # stake, share of the wealth put on it
_RUINED = 0.3  # of the wealth that a try began with: the rest is given away
_SLACK = 0.5  # standard errors of a measured persistence, added to it
_HELD = 2.6  # of a window in which the median's bound is its 95th percentile at the highest
_NORM = 2.10975  # sum over k >= 1 of 1 / ((k + 1) ln(k + 1)^2)
_MOST = 2048  # values that are kept
_TIES = 0.1  # of the quartiles' distance: of printed losses many are equal, and only the trend
# that was fitted tells them apart, which is no memory of the noise
_OFTEN = 100  # of a long run its level is measured once in so large a part of it
_SPIKE = 12  # values that a single spike lasts at most, however long the run
_FIRST = 18  # values before a level is looked for
_NOT_YET = math.inf


def spend(k: int) -> float:
    """Share of a budget for its k-th use, k >= 1; they sum to one, however many there are."""
    return 1.0 / (_NORM * (k + 1) * math.log(k + 1) ** 2)


class Bets:
    """Bets that an event happens more often than chance allows.

    Tries are numbered; try k owns `spend(k)` of the budget and begins at a moment that is known
    before the outcome.

    Args:
        alpha: bound on the chance that `won` ever holds while P(event | past) <= p0.
    """

    __slots__ = ("_need", "_wealth", "open", "tries")

    def __init__(self, alpha: float) -> None:
        self.tries = 0
        self.open = False
        self._need = math.log(1.0 / alpha)
        self._wealth: list[float] = []

    def begin(self) -> None:
        """Begin the next try."""
        self.tries += 1
        self.open = True
        self._wealth = [share for _, share in _STAKES]

    def bet(self, event: bool, p0: float) -> None:
        """Take one outcome; the factor's mean is at most 1 whenever P(event | past) <= p0."""
        gain = (1.0 - p0) / p0
        self._wealth = [
            wealth * (1.0 + stake * gain if event else 1.0 - stake)
            for wealth, (stake, _) in zip(self._wealth, _STAKES, strict=True)
        ]
        self.open = sum(self._wealth) >= _RUINED

    @property
    def won(self) -> bool:
        """Whether the wealth of the open try has reached what its share of the budget asks."""
        if not self.open:
            return False
        return math.log(sum(self._wealth)) >= self._need - math.log(spend(self.tries))


@dataclass(frozen=True)
class Noise:
    """What a window tells of the noise; used for the points that follow, never for its own.

    Attributes:
        phi: of the whitening (x_t - phi x_{t-1}) / (1 - phi); an EMA of raw losses is exactly this.
        block: values to one bet (their majority).
        p0: chance that a majority is above its median, given that the one before it was.
    """

    phi: float = 0.0
    block: int = 1
    p0: float = 0.5

    @classmethod
    def of(cls, x: Floats) -> Noise:
        """Measure it by signs alone: neither spikes nor heavy tails move them.

        The block is the least power of two whose majorities correlate by less than a tenth, or by
        less than chance explains, of at least 32 blocks.
        """
        n = len(x)
        if n < 24:
            return cls()
        first = _persistence(_signs(x), 1)
        phi = 0.0
        if first > 2.0 / math.sqrt(n):
            phi = math.sin(0.5 * math.pi * first)
            phi = min(0.97, phi + 2.0 * (1.0 + 3.0 * phi) / n)  # what the fitted trend took of it
        signs = _signs((x[1:] - phi * x[:-1]) / (1.0 - phi) if phi else x)
        block = 1
        while True:
            count = n // block
            rho = _persistence(signs, block)
            if rho <= max(0.1, 1.0 / math.sqrt(count)) or count < 32:
                break
            block *= 2
        rho = max(0.0, rho) + _SLACK / math.sqrt(count)
        return cls(phi, block, min(0.8, 0.5 + 0.5 * rho))


def _signs(x: Floats) -> Floats:
    """Signs about a quadratic trend, fitted to clipped values, and its own median."""
    n = len(x)
    ordered = np.sort(x)
    rounded = 4 * np.count_nonzero(ordered[1:] == ordered[:-1]) > n
    clipped = np.clip(x, ordered[n // 20], ordered[n - 1 - n // 20])
    t = np.linspace(-1.0, 1.0, n)
    basis = np.stack((np.ones(n), t, 1.5 * t * t - 0.5))
    rest = x - np.linalg.solve(basis @ basis.T, basis @ clipped) @ basis
    ordered = np.sort(rest)
    away = rest - ordered[n // 2]
    if not rounded:
        return np.asarray(np.sign(away))
    ties = _TIES * (ordered[n - 1 - n // 4] - ordered[n // 4])
    return np.where(np.abs(away) <= ties, 0.0, np.sign(away))


def _persistence(signs: Floats, block: int) -> float:
    """Correlation of the majority signs of neighbouring blocks."""
    if block > 1:
        signs = np.sign(signs[: len(signs) // block * block].reshape(-1, block).sum(1))
    a, b = signs[:-1], signs[1:]
    n = len(a)
    if n <= 3:
        return 0.0
    spread = float(a @ a) / n
    return float((a @ b) / n - (a.sum() / n) * (b.sum() / n)) / spread if spread else 0.0


def _quantile(x: Floats, share: float) -> float:
    """The value at a share of all, the higher where two would do; as `np.quantile`, sooner."""
    at = min(len(x) - 1, math.ceil(share * (len(x) - 1)))
    return float(np.partition(x, at)[at])


class Window:
    """The newest values, at most `_MOST` of them: O(1) a value, memory as needed."""

    __slots__ = ("_at", "_end")

    def __init__(self) -> None:
        self._at = np.empty(64)
        self._end = 0

    def extend(self, values: Floats) -> None:
        """Take values in, oldest first."""
        values = values[-_MOST:]
        if self._end + len(values) > len(self._at):
            kept = self.last(_MOST - len(values))
            if 2 * (len(kept) + len(values)) > len(self._at) and len(self._at) < 2 * _MOST:
                size = min(2 * _MOST, max(2 * len(self._at), 2 * (len(kept) + len(values))))
                grown = np.empty(size)
                grown[: len(kept)] = kept
                self._at = grown
            else:
                self._at[: len(kept)] = kept.copy()
            self._end = len(kept)
        self._at[self._end : self._end + len(values)] = values
        self._end += len(values)

    def push(self, x: float) -> None:
        """Take one value in."""
        if self._end == len(self._at):
            self.extend(np.array([x]))
        else:
            self._at[self._end] = x
            self._end += 1

    def last(self, count: int) -> Floats:
        """The newest `count` values, or all that are kept; a view."""
        return self._at[max(0, self._end - max(0, count)) : self._end]


class Tries:
    """Bets that one quantile of the noise lies above a line.

    Args:
        alpha: bound for one run; half of it is for the line.
        share: the quantile, 0.5 or 0.75; of the latter three in four values lie below the line by
            chance, so that few values above it tell much.

    Attributes:
        line: what bets are against; infinite until a level is known.
        since: values before the first one of the open try.
    """

    __slots__ = (
        "_above",
        "_alpha",
        "_bets",
        "_count",
        "line",
        "share",
        "since",
        "upper",
        "windows",
    )

    def __init__(self, alpha: float, share: float) -> None:
        self.share = share
        self.upper = self.line = _NOT_YET
        self.since = 0
        self.windows = 0
        self._alpha = alpha
        self._bets = Bets(alpha / 2)
        self._count = self._above = 0

    @property
    def open(self) -> bool:
        """Whether a try goes on."""
        return self._bets.open

    def take(self, y: float, n: int, noise: Noise) -> bool:
        """Take the n-th value, whitened; True where the tries are won with it."""
        self._count += 1
        self._above += y > self.line
        if self._count < noise.block:
            return False
        event = 2 * self._above > self._count
        self._count = self._above = 0
        if self._bets.open:
            self._bets.bet(event, self._chance(noise))
            return event and self._bets.won
        if event and self.line < _NOT_YET:
            self._bets.begin()  # from the next block on: this one chose itself
            self.since = n - noise.block
        return False

    def idle(self, y: Floats, noise: Noise) -> int:
        """How many of these values surely open no try, whole blocks only."""
        if self._bets.open or self._count:
            return 0
        above = y > self.line
        if noise.block == 1:
            return int(np.argmax(above)) if above.any() else len(y)
        blocks = above[: len(y) // noise.block * noise.block].reshape(-1, noise.block).sum(1)
        events = 2 * blocks > noise.block
        return noise.block * (int(np.argmax(events)) if events.any() else len(events))

    def refer(self, y: Floats, each: float, budget: float) -> bool:
        """Bound the level of a window from above; False where it tells too little for the budget.

        Args:
            y: the window, whitened, shape (h,).
            each: values that tell as much as an independent one.
            budget: chance that the bound is too low.
        """
        share = self.share + math.sqrt(math.log(1.0 / budget) * each / (2.0 * len(y)))
        if share > 1.0:
            return False
        self.windows += 1
        self.upper = min(self.upper, _quantile(y, share))
        return True

    def forget(self) -> None:
        """Drop an unfinished block: the next ones may be of another size."""
        self._count = self._above = 0

    def budget(self) -> float:
        """What the next window may cost."""
        return 0.5 * self._alpha * spend(self.windows + 1)

    def usable(self, noise: Noise) -> bool:
        """Whether the noise lets these tries be made: rare events in blocks have no fair odds."""
        return self.share == 0.5 or noise.block == 1

    def _chance(self, noise: Noise) -> float:
        if self.share == 0.5:
            return noise.p0
        rho = 2.0 * noise.p0 - 1.0  # as if an event drew the next one as a sign does
        rare = 1.0 - self.share
        return rare + (1.0 - rare) * rho


class Told(NamedTuple):
    """What the bets of a run tell by now.

    Attributes:
        n: values taken in.
        since: values before the rise that is held; None where none is.
    """

    n: int
    since: int | None


ENOUGH = 60  # values from which on the bets decide: fewer bound no quantile of the noise


class Rise:
    """Raises its alarm once the level rose, for good, by what counts as a rebound.

    Args:
        of_fall, of_low: the rise that counts: the larger of these shares of the fall and the low.
        fell: share of the start level that it must have fallen by first.
        alpha: bound on the chance that a run whose level never rises ever alarms.
        grace: a rise counts once it lasted this share of the run: single spikes are shorter.
        recover: share of the run for which a rise that visibly falls back is waited for.
        falls: it falls back where its newer half is below so much of its older half.

    Attributes:
        n: finite values taken in.
        alarms: how often it was raised; each later one has a smaller share of the budget.
        since: values before the rise that is held now; None where none is.
        low: the lowest level that was held.
    """

    def __init__(
        self,
        of_fall: float,
        of_low: float,
        fell: float,
        alpha: float = ALPHA,
        grace: float = 0.005,
        recover: float = 0.08,
        falls: float = 0.9,
    ) -> None:
        self.n = self.alarms = 0
        self.since: int | None = None
        self.start = self.low = math.inf
        self._of_fall, self._of_low, self._fell = of_fall, of_low, fell
        self._alpha, self._grace, self._recover, self._falls = alpha, grace, recover, falls
        self._noise = Noise()
        self._tries = self._anew()
        self._first: list[float] = []
        self._seen = Window()
        self._due, self._before = _FIRST, math.nan

    def _anew(self) -> tuple[Tries, Tries]:
        alpha = self._alpha * spend(self.alarms + 1) / spend(1) / 2
        return Tries(alpha, 0.5), Tries(alpha, 0.75)

    @property
    def told(self) -> Told:
        """What the bets tell by now."""
        return Told(self.n, self.since)

    @property
    def least(self) -> float:
        """The rise that counts."""
        return max(self._of_fall * (self.start - self.low), self._of_low * abs(self.low))

    def extend(self, values: Sequence[float]) -> int | None:
        """Take values in; the index of the one that raises the alarm, behind which it stops."""
        if len(values) == 1:
            return 0 if not self._idles(values[0]) and self._take(values[0]) else None
        x = np.asarray(values, float)
        at = 0
        while at < len(x):
            at += self._skip(x[at : at + max(0, self._due - self.n)])
            if at < len(x):
                if self._take(float(x[at])):
                    return at
                at += 1
        return None

    def _idles(self, x: float) -> bool:
        """Take a value that surely changes nothing: below each line, where no try is open."""
        noise = self._noise
        if noise.block > 1 or self.n + 1 >= self._due or len(self._first) < 5 or x - x != 0.0:
            return False
        y = (x - noise.phi * self._before) / (1.0 - noise.phi)
        if any(one.open or not y <= one.line for one in self._tries):
            return False
        self._seen.push(x)
        self.n += 1
        self._before = x
        return True

    @np.errstate(all="ignore")  # any logged value is allowed: what overflows wins no bet
    def _skip(self, x: Floats) -> int:
        """Pass over values that surely change nothing; how many."""
        if len(x) < 8 or len(self._first) < 5 or any(one.open for one in self._tries):
            return 0
        if not np.isfinite(x).all():
            return 0
        y = self._white(np.concatenate(([self._before], x)))
        usable = [one for one in self._tries if one.usable(self._noise)]
        count = min(one.idle(y, self._noise) for one in usable)
        if count:
            self._seen.extend(x[:count])
            self.n += count
            self._before = float(x[count - 1])
            self._look()
        return count

    def _take(self, x: float) -> bool:
        if not math.isfinite(x):
            return False  # a pattern of its own
        self.n += 1
        if len(self._first) < 5:
            self._first.append(x)
            self.start = sorted(self._first)[len(self._first) // 2]
        phi = self._noise.phi
        y = (x - phi * self._before) / (1.0 - phi) if phi else x
        self._before = x
        self._seen.push(x)
        raised = False
        for tries in self._tries:
            won = tries.usable(self._noise) and tries.take(y, self.n, self._noise)
            if won and self.since is None and not raised and self._lasts(tries.since):
                self.since, raised = tries.since, True
                self.alarms += 1
        self._look()
        return raised

    def _look(self) -> None:
        if self.n >= self._due and not any(one.open for one in self._tries):
            self._refer()

    def fell_back(self, stands: float) -> bool:
        """Whether less than a share of the rise that counts is left of what is held now."""
        if self.since is None:
            return False
        newest = self._seen.last(max(12, min(self.n - self.since, self.n // 50)))
        return _quantile(newest, 0.5) <= self.low + stands * self.least

    def refute(self) -> None:
        """What was raised no longer holds: begin anew, with the next share of the budget."""
        if self.since is not None:
            self.since = None
            upper = [one.upper for one in self._tries]
            self._tries = self._anew()
            for one, known in zip(self._tries, upper, strict=True):
                one.upper = known
            self._draw_lines()

    @np.errstate(all="ignore")
    def _refer(self) -> None:
        """Look at the newest eighth: is it the lowest level held? O(h log h), every h/2 values."""
        noise = self._noise = Noise.of(self._seen.last(max(64, self.n // 4)))
        each = noise.block * noise.p0 / (1.0 - noise.p0)
        h = 0
        for tries in self._tries:
            tries.forget()
            budget = tries.budget()
            held = _HELD if tries.share == 0.5 else 2.0 * _HELD
            size = min(max(int(each * held * math.log(1.0 / budget)), self.n // 8), _MOST)
            h = h or size
            if size > 0.9 * self.n or not tries.usable(noise):
                continue  # too early to bound a quantile
            if tries.refer(self._white(self._seen.last(size + 1)), each, budget):
                self.low = min(self.low, _quantile(self._seen.last(size), 0.5))
        self._due = self.n + max(6, min(h, self.n) // 2, self.n // _OFTEN)
        self._draw_lines()

    def _draw_lines(self) -> None:
        fell = self.start - self.low >= self._fell * abs(self.start)
        for tries in self._tries:
            known = fell and tries.upper < _NOT_YET
            tries.line = max(tries.upper, self.low) + THETA * self.least if known else _NOT_YET

    def _white(self, x: Floats) -> Floats:
        """Values without the memory that a smoothing gave them; the first only serves the next."""
        phi = self._noise.phi
        return np.asarray((x[1:] - phi * x[:-1]) / (1.0 - phi)) if phi else x[1:]

    @np.errstate(all="ignore")
    def _lasts(self, since: int) -> bool:
        """Long enough, high enough, and not on its way back."""
        lasted = self.n - since
        if lasted < max(6, min(self._grace * self.n, _SPIKE)):
            return False
        y = self._white(self._seen.last(min(lasted, _MOST - 1) + 1))
        half = len(y) // 2
        older, newer = _quantile(y[:half], 0.5), _quantile(y[half:], 0.5)
        newest = _quantile(y[-max(6, half // 4) :], 0.5)
        if newest < self.low + self.least:
            return False
        falls = newer - self.low < self._falls * (older - self.low)
        return not (falls and lasted < self._recover * self.n)
