"""A fall that is small beside its level and plain beside its noise: a constant hides the drop.

A regulariser, an entropy or the log of a normaliser sits in the loss and cannot go away: 1364 to
1360 is a fall from 4.5 to 0.5 with 1359.5 added. What share of the level it is says nothing then,
and shares of the drop say all.
"""

from __future__ import annotations

import math

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.amounts import standard_errors
from lossmon.diagnosis.chance import chances
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds, and when it may yet."""

    errors = Limit(20.0, "standard errors, between quarters of the run", "words: well over 20")
    row = Limit(10.0, "noises of a row: one row tells the end from the start", "no test needed")
    tiny = Limit(
        5e-4, "of the level: noise of a row that is not the level's", "10^6 examples a row"
    )
    some = Limit(3.0, "standard errors, likewise: it falls, and will be plain", "words: 3 to 5")
    trend = Limit(-4.0, "Mann-Kendall z of block medians: it falls throughout", "runs")
    small = Limit(0.10, "of the start level: beyond, no constant is needed", "words: grey to 10 %")
    exact = Limit(1e-6, "of the level: noise so small is none of a batch", "10^12 examples a row")
    guess = Limit(0.02, "of a level of guessing, which has no constant in it", "words")


def hidden(view: View) -> float | None:
    """Standard errors of a small fall that is plain; None where there is none.

    Rows over the same data each time (epochs, rounds of boosting, the full batch) have no noise of
    sampling: of these any fall is plain, one of 0.04 % in 80 rounds as well, and only what share of
    the level it is can tell. Nor is there a constant in a loss that begins at a level of guessing.
    """
    errors, train = view.once(_plain), view.train
    if train is None or errors is None or errors < Bounds.errors:
        return None
    # A drift of 1.5 % is plain as well, in 10,000 rows with a noise of 0.4 %: that is no learning.
    noise = train.sigma * math.sqrt(train.sketch.width)
    seen = train.drop >= Bounds.row * noise or noise <= Bounds.tiny * train.scale
    return errors if seen else None


def falls(view: View, share: float, errors: float) -> bool:
    """Whether the train loss fell: by a share of its start level, or by less, for a constant.

    Args:
        view: the run.
        share: of the start level.
        errors: standard errors that the fall is at least.
    """
    train = view.train
    if train is None or train.drop < errors * train.drop_error:
        return False
    return train.drop >= share * train.scale or hidden(view) is not None


def may_be_hidden(view: View) -> bool:
    """While a run goes on: its small fall is no chance, and will be plain if it goes on.

    Of a steady fall the standard errors grow as the power 3/2 of the rows.
    """
    errors, train = view.once(_plain), view.train
    if train is None or errors is None or errors < Bounds.some:
        return False
    if train.sigma * math.sqrt(train.sketch.width) > Bounds.tiny * train.scale:
        return False
    return bool(errors >= Bounds.errors * (view.plan_share or Enough.plan) ** 1.5)


def note(view: View) -> str:
    """What is said of such a fall, in passing; empty where there is none."""
    errors = hidden(view)
    if errors is None or view.train is None:
        return ""
    return said(
        "; small beside its level, and yet {errors}: the loss may hold a large constant",
        errors=standard_errors(errors),
    )


def _plain(view: View) -> float | None:
    """The fall from the first quarter to the last, in standard errors of block means."""
    train = view.train
    if train is None or len(train.value) < 16 or not 0 < train.drop <= Bounds.small * train.scale:
        return None
    if view.rows_are_epochs or view.kind.id == "boosting" or train.rises:
        return None
    if train.sigma <= Bounds.exact * train.scale or train.trend > Bounds.trend:
        return None
    if any(abs(train.start / chance.level - 1) <= Bounds.guess for chance in chances(view)):
        return None
    quarter = len(train.value) // 4
    fall = st.mean(train.value[:quarter]) - st.mean(train.value[-quarter:])
    return fall / max(math.sqrt(2) * train.error_of(quarter), 1e-300)
