"""Still falling at the end, not at its floor."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import offset, usual
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.amounts import percent
from lossmon.diagnosis.figures import falling
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.pattern import Example, Pattern, Picture, PowerLaw
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    share = Limit(0.055, "of the drop made in the last fifth", "words: 10 %, grey from 5 %")
    of_level = Limit(0.02, "of the level: a curve next to its floor has converged", "runs")
    line = Limit(0.075, "of the drop, by a line through the last 40 %, which bends up", "runs")
    errors = Limit(2.5, "standard errors of that line's fall", "runs")
    late = Limit(0.5, "of the drop made in the last fifth: no line is asked", "threads")
    rate = Limit(0.3, "of its peak: a rate above it is not spent", "usual schedules")


def find(view: View) -> Finding | None:
    """At the end of the plan: a fair part of the drop was made in the last fifth."""
    found, train = late_fall(view), view.train
    if found is None or train is None:
        return None
    share, t = found
    gain = st.power_law(train.step, train.value, 0.25)
    words = ""
    numbers = {"share": share, "level": train.end}
    if gain is not None and gain[1] < train.drop / 4 and gain[0] > 0:
        numbers |= {"gain": gain[0], "gain_error": gain[1]}
        words = said(
            "; 25 % more steps may gain {gain:.2g} (± {error:.1g})", gain=gain[0], error=gain[1]
        )
    return Finding(
        "not_converged",
        "info",
        0.9 if share >= 0.12 and t > 4 else 0.65,
        train.at_step(int(0.8 * len(train.value))),
        train.name,
        said(
            "{share} of the fall was made in the last fifth of the run{words}",
            share=percent(share),
            words=words + offset.note(view),
        ),
        numbers=numbers,
    )


def late_fall(view: View, looser: float = 1.0) -> tuple[float, float] | None:
    """The share of the drop that was made late, and the t of its line; None where it is little.

    Args:
        view: the run.
        looser: by what thresholds are divided, to see whether it nearly holds.
    """
    least = Bounds.share / looser
    train = view.train
    if train is None or not view.done or len(train.value) < Enough.points:
        return None
    if train.drop <= 0:
        return None
    # Medians around both ends of the last fifth know its bend, a line through the last two fifths
    # has a fraction of their noise: both must say so.
    fall, t = st.line(train.value[int(0.6 * len(train.value)) :])
    line = 0.5 * fall / max(train.start - train.end + 0.25 * fall, 1e-300)
    share = _share(view)
    late = share >= Bounds.late and t > 1  # a straight line cannot follow what began at the end
    if not late and (line < Bounds.line / looser or t < Bounds.errors):
        return None
    if share < least - train.block_error / train.drop:
        return None
    if 0.5 * fall < Bounds.of_level * abs(train.end) and offset.hidden(view) is None:
        return None
    return (share if share >= least else line), t


def _share(view: View) -> float:
    """The part of the drop made in the last fifth, from medians around both ends of it."""
    train = view.train
    assert train is not None
    if train.drop <= 0:
        return 0.0
    values = train.value
    window = max(1, len(values) // 20)
    at = int(0.8 * len(values))
    before = float(sorted(values[max(0, at - window) : at + window + 1])[window])
    last = float(sorted(values[-2 * window :])[window])
    return (before - last) / (train.start - last) if train.start > last else 0.0


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    yield from usual.reasons(view)
    if view.rate is None:
        return
    rate = view.rate[1]
    peak = float(np.nanmax(rate)) if np.isfinite(rate).any() else 0.0
    if peak > 0 and rate[-1] > Bounds.rate * peak:
        at = said(", in epoch {epochs:.2g}", epochs=view.epochs) if view.epochs else ""
        yield Reason(
            "few_epochs",
            said(
                "learning rate is still at {ratio:.0%} of its peak{at}",
                ratio=rate[-1] / peak,
                at=at,
            ),
            2.0,
        )


PATTERN = Pattern(
    id="not_converged",
    slot="train",
    severity="info",
    find=find,
    needs=("train",),
    after=("not_decreasing",),
    forbids=("steps-", "decay+"),
    looks=1,
    limits=Bounds,
    causes=_causes,
    typical=("few_epochs", "lr_too_low"),
    figures=falling,
    picture=Picture(lines=(PowerLaw(),)),
    example=lambda of: Example({"train": 2.3 - 1.3 * of.t**0.8 + 0.02 * of.noise}),
)
