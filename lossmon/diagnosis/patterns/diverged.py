"""NaN or infinity, or far above the start and staying there."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import coincidence as co
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.coincidence import Reason
from lossmon.diagnosis.figures import Numbers, best_eval, resume_step
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.pattern import SINCE, Level, Pattern, Picture, Sketch
from lossmon.diagnosis.view import Curve, View


class Bounds(Limits):
    """When it holds."""

    factor = Limit(2.5, "x the start level, sustained", "words: 2 to 3")
    far = Limit(10.0, "x the start level: so far away it may swing as it likes", "runs")
    share = Limit(0.05, "of the run, its newest part, that must be up there", "runs")
    back = Limit(0.02, "of the run that must be finite again before it counts as over", "runs")


def find(view: View) -> Finding | None:
    """Holds from the first non-finite value on, until finite ones have come back for a while."""
    train = view.train
    if train is None or not train.n:
        return None
    if view.zeroed is not None:
        return _finding(
            train,
            view.zeroed,
            0.97,
            f"loss is logged as exactly 0 while grad norm is NaN since step {view.zeroed:,}: "
            "a NaN loss that the logger filtered",
        )
    newest, steps = train.sketch.newest, train.sketch.newest_step
    finite = np.isfinite(newest)
    if not finite.all():
        last_bad = int(np.flatnonzero(~finite)[-1])
        since_then = len(newest) - 1 - last_bad
        if since_then < max(3, Bounds.back * train.n):
            first = _start_of_run(~finite, last_bad)
            kind = "NaN" if np.isnan(newest[last_bad]) else "infinite"
            return _finding(
                train,
                int(steps[first]),
                0.99,
                f"loss is {kind} at step {int(steps[last_bad]):,}; "
                f"{train.sketch.nonfinite:,} of {train.n:,} values are not finite",
            )
    return _far_above(view, train)


def _start_of_run(bad: np.ndarray, last_bad: int) -> int:
    """First index of the stretch of bad values that ends at `last_bad`."""
    good = np.flatnonzero(~bad[: last_bad + 1])
    return int(good[-1]) + 1 if len(good) else 0


def _far_above(view: View, train: Curve) -> Finding | None:
    values = train.value
    enough = Enough.points if view.ended else Enough.points_live
    if train.n < enough or len(values) < Enough.points or train.start <= 0 or np.min(values) <= 0:
        return None
    newest = values[-max(3, int(Bounds.share * len(values))) :]
    line = Bounds.factor * train.start
    stays = np.min(newest) > line and train.drop < -5 * train.drop_error
    far = st.median(newest) > Bounds.far * train.start and train.end > line
    if not (stays or far):
        return None
    below = np.flatnonzero(values <= line)
    since = int(below[-1]) + 1 if len(below) else 0
    return _finding(
        train,
        train.at_step(since),
        0.9,
        f"loss {newest[-1]:.4g} is {newest[-1] / train.start:.3g} x its start {train.start:.4g} "
        "and stays there",
    )


def _finding(train: Curve, since: int, confidence: float, evidence: str) -> Finding:
    return Finding("diverged", "critical", confidence, since, train.name, evidence)


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    at = finding.since_step
    yield from (r for r in co.at_onset(view, at) if r.id != "data_changed")  # NaN is fast
    yield from co.rise_before(view, at)
    if view.rate is not None:
        highest = float(np.nanmax(view.rate[1]))
        if highest >= 0.1:
            yield Reason("lr_too_high", f"learning rate is {highest:.3g}", 1.0)
    first = None if view.train is None else view.train.sketch.head[:1]
    if first is not None and len(first) and not np.isfinite(first[0]):
        yield Reason("numeric_overflow", "it holds from the very first row on", 1.5)


def _figures(finding: Finding, view: View) -> Numbers:
    train = view.train
    line = Bounds.factor * train.start if train is not None and train.start > 0 else math.nan
    numbers = {"threshold": line, "resume_step": resume_step(finding, view)}
    return numbers | best_eval(view, finding.since_step)


PATTERN = Pattern(
    id="diverged",
    slot="train",
    severity="critical",
    find=find,
    hides=("train", "pair", "beside"),
    looks=2,
    sure=0.97,  # NaN needs no second look
    urgent=True,
    limits=Bounds,
    causes=_causes,
    typical=("lr_too_high", "numeric_overflow", "exploding_gradients"),
    figures=_figures,
    picture=Picture(
        lines=(Level("limit", "threshold"), Level("start", "start")), marks=(SINCE,), log_far=True
    ),
    sketch=lambda of: Sketch(
        {"train": of.fall + np.where(of.t > 0.7, np.exp(18 * (of.t - 0.7)) - 1, 0)}, 0.7
    ),
)
