"""Whether what was shown of a run while it grew can still count in its verdict at the end.

A verdict over a log at rest takes one look. Live, a hundred looks came before it, and they leave
two things behind: a rise that was shown stands until it is refuted (`Pattern.stands`), and noise
keeps the step of its first sight (`Pattern.keeps_since`). Where neither can have happened, the one
look says all; else the run has to be gone through as it grew. Asking that is a screen and never a
verdict: it may say yes in vain, and then costs time alone. Of 1,061 runs it said no in vain for
one, of which something was told in its first 20 rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.curve import LossCurve
from lossmon.diagnosis.evidence import RiseState
from lossmon.diagnosis.finding import SEVERITIES, Finding, PatternId
from lossmon.diagnosis.limits import Enough
from lossmon.diagnosis.pattern import Pattern
from lossmon.diagnosis.patterns import ORDER, PATTERNS
from lossmon.diagnosis.patterns.rebound import Bounds as Rebound
from lossmon.diagnosis.patterns.rebound import bets
from lossmon.diagnosis.patterns.rising import Bounds as Rising
from lossmon.diagnosis.risen import Bounds as Risen
from lossmon.diagnosis.view import View
from lossmon.history.columns import Floats, Series, part_of

_GRID = 1.02  # growth between two moments that are looked at: half of that between two looks
_PLAIN = 20.0  # standard errors of a fall that no doubt is about at any moment
_CLEAR = 3.0  # standard errors of the whole curve: both patterns ask for 5 to 7 of a part of it
_SUDDEN = 6  # newest points by which a jump is told
_NEWEST = 512  # points of them that a summary keeps


Past = Literal["", "in brief", "as it grows"]


def counts(found: Mapping[str, Finding], view: View, series: Series | None) -> Past:
    """Whether looks before this one may change what is shown after it.

    Args:
        found: all that holds now.
        view: the run as of now, at its end.
        series: all points of the curve that it is judged by.

    Returns:
        "" where they may not; else how to go through it: in brief where a rise may be left that
        was shown, which a few patterns tell (see `brief`).
    """
    if any(PATTERNS[finding.pattern].keeps_since for finding in found.values()):
        return "as it grows"
    train, now = view.train, found.get("train")
    if train is None or series is None:
        return "as it grows"  # one of several scores may have been judged before the others came
    rank = 0 if now is None else SEVERITIES.index(now.severity)
    known: PatternId | None = None if now is None else now.pattern
    # What is worse is shown in any case, and of itself nothing remains but its name.
    standing = [
        one
        for one in ORDER
        if one.stands is not None and one.id != known and SEVERITIES.index(one.severity) >= rank
    ]
    if not standing:
        return ""
    if series.restarts or view.stage is not None or series.begins > -(2**62):
        return "in brief"  # of what was replaced by later points nothing is left to look at
    told = _Bets(-series.kept().value if train.rises else series.kept().value)
    left = any(_left(before, view, standing, told) for before in _moments(view, train))
    return "in brief" if left else ""


class _Bets:
    """What the bets on a rise told at moments that follow upon each other (see `evidence`)."""

    def __init__(self, values: Floats) -> None:
        self._values = values
        self._at = 0
        self._rise = bets()

    def by(self, n: int) -> RiseState:
        """By the n-th value."""
        while self._at < n:
            raised = self._rise.extend(self._values[self._at : n].tolist())
            self._at = n if raised is None else self._at + raised + 1
        if self._rise.fell_back(Risen.stands):
            self._rise.refute()
        return self._rise.told


def _left(before: View, view: View, standing: Sequence[Pattern], told: _Bets) -> bool:
    """Whether what may have been found at a moment before is left now."""
    for pattern in standing:
        finding = pattern.find(before) if pattern.find is not None else None
        if finding is None or pattern.stands is None or not pattern.stands(finding, view):
            continue
        if pattern.after and before.train is not None:
            proved = replace(before, risen=told.by(before.train.n))
            first = (PATTERNS[id_].find for id_ in pattern.after)
            if any(find is not None and find(proved) is not None for find in first):
                continue  # it was not asked
        return True
    return False


@np.errstate(all="ignore")
def _moments(view: View, train: LossCurve) -> Iterator[View]:
    """The run at moments at which a rise that is left now could have been shown."""
    below = np.flatnonzero(st.median3(train.value) < train.end)
    if not len(below):
        return  # it has never been lower than it is
    k, count = max(int(below[0]) + 1, int(Enough.points)), len(train.value)
    error = _PLAIN * train.drop_error
    slow, sudden = _CLEAR * train.block_error, _CLEAR * train.error_of(_SUDDEN)
    while k < count:
        so_far = train.value[:k]
        low, jump = st.low_level(so_far), st.median(so_far[-_SUDDEN:])
        if st.end_level(so_far) - low >= slow or jump - low >= sudden:
            curve = _upto(train, k)
            least = _least(curve, low, error)
            rose = curve.end - low >= max(least, slow) or jump - low >= max(least, sudden)
            if rose and train.end - low > Risen.stands * least:
                yield _as_of(view, curve, k / count)
        k = max(k + 1, int(k * _GRID))


def _upto(train: LossCurve, k: int) -> LossCurve:
    """The curve when it had k buckets."""
    sketch, newest = train.sketch, max(0, k - _NEWEST)
    return LossCurve(
        train.name,
        replace(
            sketch,
            n=k * sketch.width,
            step=sketch.step[:k],
            mean=sketch.mean[:k],
            deviation=sketch.deviation[:k],
            jump=sketch.jump[:k],
            low=sketch.low[:k],
            high=sketch.high[:k],
            nonfinite=0,
            head=sketch.head[: k * sketch.width],
            newest_step=sketch.step[newest:k].astype(np.int64),
            newest=sketch.mean[newest:k],
            logged=part_of(sketch.logged, 0, k * sketch.width),
        ),
        train.rises,
    )


def _least(curve: LossCurve, low: float, plain: float) -> float:
    """The smallest rise that either pattern tells: less of a loss that never plainly fell."""
    fall = curve.start - low
    fell = fall > max(plain, Rebound.fall * curve.scale)
    rising = (Rising.fell if fell else Rising.small) * abs(low)
    return min(rising, max(Rebound.of_drop * fall, Rebound.of_low * abs(low)))


def _as_of(view: View, curve: LossCurve, share: float) -> View:
    """The run when its curve ended there."""
    rate, last = view.rate, float(curve.step[-1])
    if rate is not None:
        upto = max(2, int(np.searchsorted(rate[0], last, side="right")))
        rate = rate[0][:upto], rate[1][:upto]
    return replace(
        view,
        train=curve,
        pair=None,
        rate=rate,
        step=int(last),
        plan_share=None if view.plan_share is None else view.plan_share * share,
        epochs=None if view.epochs is None else view.epochs * share,
        ended=False,
    )
