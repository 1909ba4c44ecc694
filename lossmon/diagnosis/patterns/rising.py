"""It goes up: from its first level, or from its lowest by a good part of that level.

A rebound loses a fair part of a fall. Fine-tuning, a resumed run or a levelled-out pre-training
start at their floor: there a rise is no rebound, and nothing else would tell of it. A loss that is
half as high again as its lowest level has gone wrong, too, however far it had come down before.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import coincidence as co
from lossmon.diagnosis import dials, rates, risen, short
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.amounts import percent, standard_errors
from lossmon.diagnosis.curve import LossCurve
from lossmon.diagnosis.figures import Numbers, checkpoint_step, resume_step
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.pattern import SINCE, Example, Level, Pattern, Picture, StepMark
from lossmon.diagnosis.patterns import rebound
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.history.columns import Floats
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    small = Limit(0.04, "of the lowest level, where it never fell", "words: 2 %, grey to 10 %")
    fell = Limit(0.20, "of the lowest level, where it had fallen before", "threads: 57 % is told")
    errors = Limit(7.0, "standard errors: the lowest level is low by chance", "words: 3 to 5")
    climbs = Limit(3.0, "Mann-Kendall z since the lowest level", "runs")
    share = Limit(0.1, "of the run that the climb has lasted", "runs")
    warm_up = Limit(2.0, "x the warm-up of the rate: a hump that it made is over by then", "runs")
    steep = Limit(0.5, "of the lowest level: it is told early", "threads: fourfold in 11 rows")


def find(view: View) -> Finding | None:
    """It went up, and no setting was moved that it is meant to go up with."""
    found = _up(view)
    return None if found is None or view.once(dials.moved) is not None else found


def _up(view: View) -> Finding | None:
    """End level above the lowest one, by size, by errors, and climbing since."""
    train = view.train
    if train is None or len(train.value) < Enough.points:
        return _of_few(view)
    low = train.low
    rise = train.end - low
    relative = rise / train.scale if low <= 0 else rise / low
    # What costs little is asked first: most looks at most runs end here.
    if relative < Bounds.small:
        return None
    smooth, _ = risen.smoothed(train)
    at = int(smooth.argmin())
    climbs = _climbs(train.value[at:], len(train.value))
    of_few = None if climbs else _of_few(view)
    if not climbs and of_few is None:
        return None
    if relative < Bounds.steep and (view.too_soon or _warms(view)):
        return None
    if relative < Bounds.fell and _fell(train):
        return None
    if not climbs:
        return of_few
    errors = rise / max(train.block_error, train.error_of(max(3, len(train.value) // 10)), 1e-300)
    if errors < Bounds.errors:
        return _of_few(view)
    if risen.swings(view, train, low, rise):
        return None
    step = train.at_step(risen.onset(train, low, rise))
    best, fell = f"{train.shown(low):.4g}", _fell(train)
    fallen = said(
        "{fell} from {start:.4g} to {best}",
        fell=train.fell,
        start=train.shown(train.start),
        best=best,
    )
    before = fallen if fell else said("was {best} at its best", best=best)
    return Finding(
        "rising",
        "warning",
        0.9 if relative > 2 * (Bounds.fell if fell else Bounds.small) else 0.75,
        step,
        train.name,
        said(
            "{before}, and {rose} to {end:.4g} since step {step:,}: by {relative} ({errors})",
            before=before,
            rose=train.rose,
            end=train.shown(train.end),
            step=step,
            relative=percent(relative),
            errors=standard_errors(errors, 0),
        ),
        numbers={
            "low": low,
            "low_step": float(train.at_step(at)),
            "level": train.end,
            "rise": relative,
        },
    )


def _climbs(since: Floats, n: int) -> bool:
    """It has climbed since its lowest level, for a good part of the run of n buckets."""
    if len(since) < max(6, Bounds.share * n):
        return False
    return not st.mann_kendall(st.blocks(since, min(24, len(since)))) < Bounds.climbs


def _fell(train: LossCurve) -> bool:
    """It had plainly fallen before."""
    fall = train.start - train.low
    return fall >= rebound.Bounds.fall * train.scale and fall > 2 * train.drop_error


def _of_few(view: View) -> Finding | None:
    """What the order of a few rows tells: of a tail, of boosting, of a fine-tuning at its floor."""
    found, train = short.rise_of(view), view.train
    if found is None or train is None or found.shape in ("turn", "undone"):
        return None
    step = int(train.sketch.newest_step[found.at])
    relative = (found.level - found.low) / max(abs(found.low), 1e-300)
    low, level = train.shown(found.low), train.shown(found.level)
    told = (
        said(
            "{name} was {low:.4g}, and all rows from step {step:,} on are far above: {level:.4g}",
            name=train.name,
            low=low,
            level=level,
            step=step,
        )
        if found.shape == "jump"
        else said(
            "{name} went from {low:.4g} to {level:.4g} from step {step:,} on, row by row",
            name=train.name,
            low=low,
            level=level,
            step=step,
        )
        if found.smooth
        else said(
            "{name} went from {low:.4g}, as its first third, to {level:.4g}, as its last",
            name=train.name,
            low=low,
            level=level,
        )
    )
    return Finding(
        "rising",
        "warning",
        _SURE[found.shape] if found.smooth or found.shape == "jump" else 0.8,
        step,
        train.name,
        told,
        numbers={
            "low": found.low,
            "low_step": float(train.at_step(max(0, found.at - 1))),
            "level": found.level,
            "rise": relative,
            "rows": float(train.n),
        },
    )


def _stands(shown: Finding, view: View) -> bool:
    """What a few rows told is told anew by more, or it is over."""
    return "rows" not in shown.numbers and risen.stands(shown, view)


_SURE = {"jump": 0.9, "turn": 0.9, "climb": 0.9, "multiplies": 0.97}


def _warms(view: View) -> bool:
    """The rate still rises, or did a short while ago: a loss may climb with it and come back."""
    if view.rate is None or len(view.rate[1]) < 4 or view.ended:
        return False
    step, value = view.rate
    peak = int(np.nanargmax(value >= 0.98 * np.nanmax(value)))
    if value[peak] <= Enough.warm_up * value[0]:
        return False
    begins, top, now = float(step[0]), float(step[peak]), float(step[-1])
    return now - begins <= Bounds.warm_up * (top - begins)


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    yield from co.at_onset(view, finding.since_step)
    yield from co.died(view, finding.since_step)
    yield from rates.rate_fell_meanwhile(view, finding.since_step)
    yield from _from_the_first(finding, view)
    yield from rates.rate_stayed(view, finding.since_step)


def _from_the_first(finding: Finding, view: View) -> Iterator[Reason]:
    """It grew to a multiple before anything was learned: updates do it, whatever the data."""
    train = view.train
    if train is None or not len(train.sketch.head) or view.tail:
        return
    times = finding.numbers["level"] / max(float(train.sketch.head[0]), 1e-300)
    if _begins(finding, view) and times >= short.Bounds.multiplies and not train.rises:
        why = said("it grows to {times:.3g} x its first row", times=times)
        yield Reason("lr_too_high", why, 1.6)


def _begins(finding: Finding, view: View) -> bool:
    """It rises from its very first row: there is nothing to go back to."""
    return view.train is not None and finding.since_step <= view.train.at_step(0)


def _figures(finding: Finding, view: View) -> Numbers:
    at = finding.since_step
    if _begins(finding, view):
        return {}
    return {"resume_step": resume_step(finding, view), **checkpoint_step(view, at)}


PATTERN = Pattern(
    id="rising",
    slot="train",
    severity="warning",
    find=find,
    needs=("train",),
    after=("rebound",),
    hides=("underfitting", "healthy_pair", "noisy", "chance_level", "untold"),
    forbids=("rate+", "steps+", "capacity+", "steps-"),
    looks=3,
    sure=0.985,  # of rows that multiply one look is enough
    limits=Bounds,
    causes=_causes,
    typical=("lr_too_high", "bad_state", "bad_labels", "loss_sign"),
    typical_of={
        "boosting": ("objective_mismatch", "bad_labels"),
        "potential": ("bad_labels", "parts_pull"),
        "rl": ("policy_collapsed", "lr_too_high", "reward_hacked"),
    },
    figures=_figures,
    stands=_stands,
    picture=Picture(
        lines=(Level("lowest", "low", "low_step"), Level("now", "level", "since_step")),
        marks=(SINCE, StepMark("lowest", "low_step", calm=True)),
    ),
    example=lambda of: Example({"train": 1.1 + 0.5 * of.t + 0.03 * of.noise}),
)
