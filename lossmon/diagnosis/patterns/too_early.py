"""Not enough points yet; says how many more."""

from __future__ import annotations

from collections.abc import Iterator

from lossmon.diagnosis import early, short
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough
from lossmon.diagnosis.pattern import Pattern
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said


def find(view: View) -> Finding | None:
    """Holds until there are enough train points to tell anything."""
    train = view.train
    n = train.n if train is not None else 0
    need = view.enough
    most = view.around.logged(r"\w+") if train is None else None
    if most is not None and len(most.value) >= need:
        return None  # rows enough, and no loss or score among them: more of them tell no more
    if n >= need or short.both_fall(view) or short.falls(view):
        return None
    name = train.name if train is not None else ""
    return Finding(
        "too_early",
        "info",
        1.0,
        int(train.step[0]) if train is not None and len(train.step) else view.step,
        name,
        said(
            "{n} points; {need} more {need:is|are} needed before anything can be told",
            n=n,
            need=need - n,
        ),
        numbers={"more": float(need - n)},
    )


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    """What few rows speak for."""
    return early.reasons(view)


PATTERN = Pattern(
    id="too_early",
    slot="beside",
    severity="info",
    find=find,
    # A row for each evaluation is a mean over many steps: over-fitting shows in few.
    hides=("train", "underfitting", "train_high_eval_low", "eval_faster", "gap", "healthy_pair"),
    gives_way=True,
    looks=1,
    limits=Enough,
    causes=_causes,
)
