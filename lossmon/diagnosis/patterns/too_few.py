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
    words = said(
        "{n} {n:row|rows} {n:is|are} too few for a verdict, {where}",
        n=too_early.rows(view),
        where=age.told(view),
    )
    return too_early.untold("too_few", view, words, too_early.missing(view))


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
