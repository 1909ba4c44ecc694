"""It falls, but not so that it could be called healthy."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis import offset, rewards, short, usual
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.amounts import percent, standard_errors
from lossmon.diagnosis.curve import LossCurve
from lossmon.diagnosis.figures import falling
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import Example, Pattern, Picture, PowerLaw
from lossmon.diagnosis.patterns.healthy import late_share
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    fall = Limit(0.03, "of the start level", "words: 2 %")
    errors = Limit(2.0, "standard errors: nothing says that it does not fall", "not_decreasing")
    plain = Limit(3.0, "standard errors: the fall is plain, and it must go on", "words: 3 to 5")
    swings = Limit(0.3, "of the start level: usual move from row to row", "threads: 0.33")
    leaps = Limit(0.5, "of its median level: median move from row to row", "threads: 0.67")
    newest = Limit(0.25, "of the fall made lately: it goes on", "runs")


def find(view: View) -> Finding | None:
    """A significant fall that goes on, whatever else keeps it from being called healthy."""
    train = view.train
    if train is None or not short.enough(view):
        return None
    if not offset.falls(view, Bounds.fall, Bounds.errors):
        return None
    if rewards.judged(view) and st.mann_kendall(train.value) > -Bounds.plain:
        return None  # a few lucky episodes at the end are no rise
    late = late_share(train)
    errors = train.drop / max(train.drop_error, 1e-300)
    if errors < Bounds.plain:
        return _not_plain(train, errors) if _calm(train) else None
    if usual.through_zero(view):
        return _below_zero(train)
    if late < Bounds.newest:
        return None
    return Finding(
        "falling",
        "info",
        0.7,
        train.at_step(0),
        train.name,
        said(
            "{fell} from {start:.4g} to {end:.4g}, {late} of it in the last "
            "fifth of the rows: it goes on",
            fell=train.fell,
            start=train.shown(train.start),
            end=train.shown(train.end),
            late=percent(late),
        ),
        numbers={"level": train.end, "share": late},
    )


def _below_zero(train: LossCurve) -> Finding:
    """It falls, and no loss of answers that are right or wrong goes below 0."""
    return Finding(
        "falling",
        "info",
        0.7,
        train.at_step(0),
        train.name,
        said(
            "{fell} from {start:.4g} through 0 to {end:.4g}: right for the likelihood of a "
            "density alone",
            fell=train.fell,
            start=train.start,
            end=train.end,
        ),
        numbers={"level": train.end},
    )


def _calm(train: LossCurve) -> bool:
    """Rows do not leap about: of what swings between 1.6 and 12 a fall says little."""
    newest = train.sketch.newest[np.isfinite(train.sketch.newest)]
    moves = np.abs(np.diff(newest))
    if not len(moves) or float(np.mean(moves)) >= Bounds.swings * train.scale:
        return False
    level = st.median(np.abs(newest))  # of what it has come down to, too
    return st.median(moves) < Bounds.leaps * level or level == 0


def _not_plain(train: LossCurve, errors: float) -> Finding:
    """It fell by more than noise alone would make likely; more rows will tell."""
    return Finding(
        "falling",
        "info",
        0.6,
        train.at_step(0),
        train.name,
        said(
            "{fell} from {start:.4g} to {end:.4g} ({errors} so far)",
            fell=train.fell,
            start=train.shown(train.start),
            end=train.shown(train.end),
            errors=standard_errors(errors),
        ),
        numbers={"level": train.end},
    )


PATTERN = Pattern(
    id="falling",
    slot="train",
    on_its_way=True,
    severity="info",
    find=find,
    after=("healthy",),
    forbids=("steps-",),
    looks=2,
    limits=Bounds,
    causes=lambda _, view: usual.reasons(view),
    figures=falling,
    picture=Picture(lines=(PowerLaw(),)),
    example=lambda of: Example(
        {"train": 2.3 - 4 * of.after(0.75) * (of.t - 0.75) + 0.02 * of.noise}
    ),
)
