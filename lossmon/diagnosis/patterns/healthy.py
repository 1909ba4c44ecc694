"""Falls step by step and flattens, and nothing speaks against it."""

from __future__ import annotations

from lossmon.diagnosis import dials, facts, offset, risen, short, usual
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.amounts import percent
from lossmon.diagnosis.curve import LossCurve
from lossmon.diagnosis.figures import falling
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.pattern import Example, Pattern, Picture, PowerLaw
from lossmon.diagnosis.patterns import not_converged, plateau
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """What must be there; it is not what is left when nothing else holds."""

    fall = Limit(0.03, "of the start level", "words: not_decreasing ends there")
    errors = Limit(3.0, "standard errors of the fall", "words: 3 to 5")
    late = Limit(0.5, "of the fall in the last fifth: then it has only begun", "threads")
    above = Limit(0.15, "of the lowest level that the newest rows may lie above it", "threads")
    above_errors = Limit(4.0, "standard errors, likewise", "words: 3 to 5")
    looser = Limit(1.6, "x the limits of plateau and not_converged: they nearly hold", "runs")


def find(view: View) -> Finding | None:
    """It fell, in good part before the end; it stays down; no series of the run is broken."""
    train = view.train
    if train is None or not short.enough(view):
        return None
    if not offset.falls(view, Bounds.fall, Bounds.errors):
        return None
    if any(facts.broken(sketch) is not None for sketch in view.sketches.values()):
        return None
    if late_share(train) > Bounds.late:
        return None
    if train.n < Enough.points_live and short.climbs(train.sketch.newest):
        return None
    if _comes_back(train) and view.once(dials.moved) is None:
        return None
    if risen.by_decades(view) is not None or usual.through_zero(view):
        return None
    if not view.done and plateau.find(view, held=False) is not None:
        return None  # it is flat at a high level, and only held back as yet
    still = train.left(0.8) > not_converged.Bounds.share
    if train.rises:
        words = said("still rising") if still else said("levelling off")
    else:
        words = said("still falling") if still else said("flattening out")
    return Finding(
        "healthy",
        "info",
        0.65 if _borderline(view) else 0.9,
        train.at_step(0),
        train.name,
        said(
            "{fell} from {start:.4g} to {end:.4g} ({ratio}), {words}{note}",
            fell=train.fell,
            start=train.shown(train.start),
            end=train.shown(train.end),
            ratio=percent(abs(train.drop) / train.scale),
            words=words,
            note=offset.note(view),
        ),
        numbers={"level": train.end},
    )


def late_share(train: LossCurve) -> float:
    """The part of the fall that was made in the last fifth."""
    last = st.median(train.value[-max(3, len(train.value) // 20) :])
    if train.start <= last:
        return 0.0
    return (train.level(0.8) - last) / (train.start - last)


def _comes_back(train: LossCurve) -> bool:
    """The newest rows lie above the lowest level by more than noise."""
    newest = st.median(train.value[-max(3, len(train.value) // 20) :])
    rise = newest - train.low
    error = max(train.block_error, train.error_of(max(3, len(train.value) // 20)))
    return rise > Bounds.above * abs(train.low) and rise > Bounds.above_errors * error


def _borderline(view: View) -> bool:
    """At the end, a curve that a somewhat looser threshold would call by another name."""
    if not view.done:
        return False
    looser = Bounds.looser
    late = not_converged.late_fall(view, looser)
    return late is not None or plateau.find(view, looser) is not None


PATTERN = Pattern(
    id="healthy",
    slot="train",
    severity="info",
    find=find,
    needs=("train",),
    after=("plateau",),
    positive=True,
    looks=2,
    limits=Bounds,
    causes=lambda _, view: usual.reasons(view),
    typical=("learning_well",),
    figures=falling,
    picture=Picture(lines=(PowerLaw(),)),
    example=lambda of: Example({"train": of.fall + 0.02 * of.noise}),
)
