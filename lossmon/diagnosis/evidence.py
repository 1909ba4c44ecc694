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
from typing import NamedTuple

import numpy as np

from lossmon.diagnosis.bets import MOST, NOT_YET, Floats, Noise, Tries, Window, quantile, spend

ALPHA = 0.02  # chance that a run whose level never rises ever alarms
THETA = 0.5  # bets are against the lowest level plus so much of the rise that counts
_HELD = 2.6  # of a window in which the median's bound is its 95th percentile at the highest
_OFTEN = 100  # of a long run its level is measured once in so large a part of it
_SPIKE = 12  # values that a single spike lasts at most, however long the run
_FIRST = 18  # values before a level is looked for


class RiseState(NamedTuple):
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
    def told(self) -> RiseState:
        """What the bets tell by now."""
        return RiseState(self.n, self.since)

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
        return quantile(newest, 0.5) <= self.low + stands * self.least

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
            size = min(max(int(each * held * math.log(1.0 / budget)), self.n // 8), MOST)
            h = h or size
            if size > 0.9 * self.n or not tries.usable(noise):
                continue  # too early to bound a quantile
            if tries.refer(self._white(self._seen.last(size + 1)), each, budget):
                self.low = min(self.low, quantile(self._seen.last(size), 0.5))
        self._due = self.n + max(6, min(h, self.n) // 2, self.n // _OFTEN)
        self._draw_lines()

    def _draw_lines(self) -> None:
        fell = self.start - self.low >= self._fell * abs(self.start)
        for tries in self._tries:
            known = fell and tries.upper < NOT_YET
            tries.line = max(tries.upper, self.low) + THETA * self.least if known else NOT_YET

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
        y = self._white(self._seen.last(min(lasted, MOST - 1) + 1))
        half = len(y) // 2
        older, newer = quantile(y[:half], 0.5), quantile(y[half:], 0.5)
        newest = quantile(y[-max(6, half // 4) :], 0.5)
        if newest < self.low + self.least:
            return False
        falls = newer - self.low < self._falls * (older - self.low)
        return not (falls and lasted < self._recover * self.n)
