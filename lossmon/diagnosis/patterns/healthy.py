"""Falls step by step and flattens."""

from __future__ import annotations

from lossmon.diagnosis.figures import falling
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.pattern import Pattern, Picture, PowerLaw, Sketch
from lossmon.diagnosis.patterns import not_converged, plateau
from lossmon.diagnosis.view import View


class Bounds(Limits):
    """When it holds."""

    looser = Limit(1.6, "x the limits of plateau and not_converged: they nearly hold", "runs")


def find(view: View) -> Finding | None:
    """What is left when nothing else holds: it fell, and no more than noise speaks against it."""
    train = view.train
    limit = Enough.points if view.ended else Enough.points_live
    if train is None or train.n < limit:
        return None
    if train.drop <= 0 or train.drop < 2 * train.drop_error:
        return None
    falling = not view.done and train.left(0.8) > not_converged.Bounds.share
    words = "still falling" if falling else "flattening out"
    return Finding(
        "healthy",
        "info",
        0.65 if _borderline(view) else 0.9,
        train.at_step(0),
        train.name,
        f"{train.fell} from {train.shown(train.start):.4g} to {train.shown(train.end):.4g} "
        f"({abs(train.drop) / train.scale:.0%}), {words}",
        numbers={"level": train.end},
    )


def _borderline(view: View) -> bool:
    """At the end, a curve that a somewhat looser threshold would call by another name."""
    if not view.done:
        return False
    looser = Bounds.looser
    return plateau.find(view, looser) is not None or not_converged.find(view, looser) is not None


PATTERN = Pattern(
    id="healthy",
    slot="train",
    severity="info",
    find=find,
    after=("plateau",),
    looks=2,
    limits=Bounds,
    typical=("learning_well",),
    figures=falling,
    picture=Picture(lines=(PowerLaw(),)),
    sketch=lambda of: Sketch({"train": of.fall + 0.02 * of.noise}),
)
