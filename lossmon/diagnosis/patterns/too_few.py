"""Not enough rows for a verdict, of a training that is not young: none is to be waited for."""

from __future__ import annotations

from lossmon.diagnosis import age, glimpse
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough
from lossmon.diagnosis.pattern import Pattern
from lossmon.diagnosis.patterns import too_early
from lossmon.diagnosis.view import View
from lossmon.words import said


def find(view: View) -> Finding | None:
    """Holds where rows are too few to tell anything, and it is not early."""
    return None if too_early.missing(view) is None or age.is_young(view) else told(view)


def of_nothing(view: View) -> Finding | None:
    """The same where there are a few more, of which nothing whatever holds."""
    if view.train is None or view.train.n >= Enough.points_live:
        return None
    return too_early.told(view) if age.is_young(view) else told(view)


def told(view: View) -> Finding:
    """How many rows there are, and where the training stands."""
    train, n = view.train, too_early.rows(view)
    missing = too_early.missing(view)
    return Finding(
        "too_few",
        "info",
        1.0,
        int(train.step[0]) if train is not None and len(train.step) else view.step,
        train.name if train is not None else "",
        said(
            "{n} {n:row|rows} {n:is|are} too few for a verdict, {where}", n=n, where=age.told(view)
        ),
        numbers={} if missing is None else {"more": float(missing)},
    )


PATTERN = Pattern(
    id="too_few",
    slot="untold",
    severity="info",
    find=find,
    after=("too_early",),
    hides=too_early.PATTERN.hides,
    gives_way=True,
    looks=1,
    limits=age.Bounds,
    causes=too_early.PATTERN.causes,
    hints=glimpse.hints,
)
