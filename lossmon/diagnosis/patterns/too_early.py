"""Not enough points yet, as the training is young; says how many more."""

from __future__ import annotations

from collections.abc import Iterator

from lossmon.diagnosis import age, glimpse, short
from lossmon.diagnosis.finding import Finding, PatternId
from lossmon.diagnosis.limits import Enough
from lossmon.diagnosis.pattern import Pattern
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said


def rows(view: View) -> int:
    """Points of the curve."""
    return view.train.n if view.train is not None else 0


def missing(view: View) -> int | None:
    """How many more rows anything could be told from; None where there are enough."""
    n, need = rows(view), view.enough
    most = view.around.logged(r"\w+") if view.train is None else None
    if most is not None and len(most.value) >= need:
        return None  # rows enough, and no loss or score among them: more of them tell no more
    return None if n >= need or short.both_fall(view) or short.falls(view) else need - n


def find(view: View) -> Finding | None:
    """Holds until there are enough train points to tell anything, while the training is young."""
    return None if missing(view) is None or not age.is_young(view) else told(view)


def told(view: View) -> Finding:
    """How many points there are, and how many are to come until a shape shows without doubt."""
    n = rows(view)
    need = missing(view) or int(Enough.points_live) - n
    words = said(
        "{n} points; {need} more {need:is|are} needed before anything can be told", n=n, need=need
    )
    return untold("too_early", view, words, need)


def untold(pattern: PatternId, view: View, words: str, need: int | None) -> Finding:
    """That no verdict is told of all rows there are, and how many more it takes, where known."""
    train = view.train
    return Finding(
        pattern,
        "info",
        1.0,
        int(train.step[0]) if train is not None and len(train.step) else view.step,
        train.name if train is not None else "",
        words,
        numbers={} if need is None else {"more": float(need)},
    )


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    """What few rows speak for."""
    return iter(glimpse.reasons(view))


PATTERN = Pattern(
    id="too_early",
    slot="untold",
    severity="info",
    find=find,
    # A row for each evaluation is a mean over many steps: over-fitting shows in few.
    hides=("train", "underfitting", "train_high_eval_low", "eval_faster", "gap", "healthy_pair"),
    gives_way=True,
    looks=1,
    limits=Enough,
    causes=_causes,
    hints=glimpse.hints,
)
