"""It falls, but not so that it could be called healthy."""

from __future__ import annotations

from lossmon.diagnosis.amounts import percent
from lossmon.diagnosis.figures import falling
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import Pattern, Picture, PowerLaw, Sketch
from lossmon.diagnosis.patterns.healthy import late_share
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    fall = Limit(0.03, "of the start level", "words: 2 %")
    errors = Limit(3.0, "standard errors", "words: 3 to 5")
    newest = Limit(0.25, "of the fall made lately: it goes on", "runs")


def find(view: View) -> Finding | None:
    """A significant fall that goes on, whatever else keeps it from being called healthy."""
    train = view.train
    if train is None or train.n < view.enough:
        return None
    if train.drop < Bounds.fall * train.scale or train.drop < Bounds.errors * train.drop_error:
        return None
    late = late_share(train)
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
    figures=falling,
    picture=Picture(lines=(PowerLaw(),)),
    sketch=lambda of: Sketch({"train": 2.3 - 4 * of.after(0.75) * (of.t - 0.75) + 0.02 * of.noise}),
)
