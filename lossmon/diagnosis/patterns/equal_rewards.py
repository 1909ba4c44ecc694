"""All answers of a group get the same reward: the advantage is 0 and nothing is learned."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import Pattern
from lossmon.diagnosis.view import View
from lossmon.words import said

_SHARE = r"frac_reward_zero_std|zero_std_ratio|frac_zero_std|zero_advantage\w*"
_SPREAD = r"reward_std|rewards?_std(?:_mean)?|std_of_reward"


class Bounds(Limits):
    """When it holds."""

    share = Limit(0.8, "of the groups, in the newest quarter", "no gradient comes from them")
    rows = Limit(0.8, "of the newest rows without any spread", "likewise")
    points = Limit(8, "rows", "easy questions come in runs")


def find(view: View) -> Finding | None:
    """The share of such groups is logged, or the spread of the reward is exactly 0."""
    share, spread = view.around.logged(_SHARE), view.around.logged(_SPREAD)
    if share is not None and len(share.value) >= Bounds.points:
        late = share.late(0.25)
        if late >= Bounds.share:
            since = share.since(share.value >= Bounds.share)
            return _finding(
                since,
                share.name,
                said(
                    "{share_name} is {late:.2f} in the newest quarter",
                    share_name=share.name,
                    late=late,
                ),
            )
    if spread is not None and len(spread.value) >= Bounds.points:
        newest = spread.value[-max(int(Bounds.points), len(spread.value) // 4) :]
        if np.mean(newest == 0.0) >= Bounds.rows:
            since = spread.since(spread.value == 0.0)
            words = said(
                "{spread_name} is exactly 0 in {newest:.0%} of the newest rows",
                spread_name=spread.name,
                newest=np.mean(newest == 0.0),
            )
            return _finding(since, spread.name, words)
    return None


def _finding(since: int, name: str, words: str) -> Finding:
    words += said(": all answers of a group get the same reward, so the advantage is 0")
    return Finding("equal_rewards", "warning", 0.9, since, name, words)


PATTERN = Pattern(
    id="equal_rewards",
    slot="beside",
    severity="warning",
    find=find,
    kinds=("rl", "rlhf"),
    looks=2,
    limits=Bounds,
    typical=("task_too_hard", "task_too_easy"),
)
