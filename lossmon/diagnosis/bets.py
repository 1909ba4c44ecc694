"""Bets, the noise that makes their odds, and the line they are against.

What `lossmon.diagnosis.evidence` builds its alarm of, each with its own bound: see there for the
null, the proof and the sources.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lossmon.diagnosis.statistics import spread

Floats = NDArray[np.float64]

_STAKES = ((1.0, 0.5), (0.8, 0.25), (0.5, 0.25))  # stake, share of the wealth put on it
_RUINED = 0.3  # of the wealth that a try began with: the rest is given away
_SLACK = 0.5  # standard errors of a measured persistence, added to it
_NORM = 2.10975  # sum over k >= 1 of 1 / ((k + 1) ln(k + 1)^2)
MOST = 2048  # values that are kept
_LEAST = 64  # values that a window has room for
_TIES = 0.1  # of the quartiles' distance: of printed losses many are equal, and only the trend
# that was fitted tells them apart, which is no memory of the noise
NOT_YET = math.inf


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
    t = spread(-1.0, 1.0, n)
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


def quantile(x: Floats, share: float) -> float:
    """The value at a share of all, the higher where two would do; as `np.quantile`, sooner."""
    at = min(len(x) - 1, math.ceil(share * (len(x) - 1)))
    return float(np.partition(x, at)[at])


class Window:
    """The newest values, at most `MOST` of them: O(1) a value, memory as needed."""

    __slots__ = ("_at", "_end")

    def __init__(self) -> None:
        self._at = np.empty(0)  # of a log at rest none are taken in
        self._end = 0

    def extend(self, values: Floats) -> None:
        """Take values in, oldest first."""
        values = values[-MOST:]
        if self._end + len(values) > len(self._at):
            kept = self.last(MOST - len(values))
            if 2 * (len(kept) + len(values)) > len(self._at) and len(self._at) < 2 * MOST:
                size = max(_LEAST, 2 * len(self._at), 2 * (len(kept) + len(values)))
                size = min(2 * MOST, size)
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
        self.upper = self.line = NOT_YET
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
        if event and self.line < NOT_YET:
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
        self.upper = min(self.upper, quantile(y, share))
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
