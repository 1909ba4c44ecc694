"""Falls to a point, then rises suddenly and stays up."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import dials, rewards, risen, short
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.amounts import percent
from lossmon.diagnosis.coincidence import both_rise, died, gradients_grew, sudden
from lossmon.diagnosis.curve import LossCurve
from lossmon.diagnosis.evidence import ENOUGH, Rise
from lossmon.diagnosis.figures import Numbers, checkpoint_step, resume_step
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.held_alone import learned_by_heart
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.pattern import SINCE, Example, Level, Pattern, Picture, StepMark
from lossmon.diagnosis.rates import at_that_rate
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.history.columns import Floats
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    of_drop = Limit(0.25, "of the fall", "words")
    of_low = Limit(0.10, "of the lowest level", "words")
    fall = Limit(0.10, "of the start level that it must have fallen by first", "runs")
    errors = Limit(5.0, "standard errors", "words: 3 to 5")
    errors_soon = Limit(6.0, "standard errors, of the newest few points", "runs")
    stays = Limit(0.85, "of the newest points beyond the threshold", "prototype")
    plain = Limit(1.6, "x what is needed: no doubt is left", "runs")


def bets() -> Rise:
    """What bets on such a rise as the rows come."""
    return Rise(float(Bounds.of_drop), float(Bounds.of_low), float(Bounds.fall))


def find(view: View) -> Finding | None:
    """Newest level above the lowest one by a quarter of the fall, sustained to now.

    Not where the log shows a setting that it is meant to rise with.
    """
    found = (
        _of_few(view, ("jump", "turn"))
        or _of_many(view)
        or _by_decades(view)
        or _of_few(view, ("undone",))
    )
    return None if found is None or view.once(dials.moved) is not None else found


def _of_few(view: View, shapes: tuple[short.Shape, ...]) -> Finding | None:
    """A fall and a climb without a step back; or a jump of the newest rows behind a fall."""
    found, train = short.rise_of(view), view.train
    if found is None or train is None or found.shape not in shapes:
        return None
    before = train.sketch.newest[: found.at]
    fall = float(np.max(before)) - found.low
    if fall < Bounds.fall * abs(found.low):
        return None
    since = int(train.sketch.newest_step[found.at])
    return Finding(
        "rebound",
        "warning",
        0.9,
        since,
        train.name,
        said(
            "{fell} from {start:.4g} to {low:.4g}, and {rose} to {high:.4g} from step {since:,} on",
            fell=train.fell,
            start=train.shown(float(np.max(before))),
            low=train.shown(found.low),
            rose=train.rose,
            high=train.shown(found.level),
            since=since,
        ),
        numbers={
            "low": found.low,
            "low_step": float(train.sketch.newest_step[int(np.argmin(before))]),
            "level": found.level,
            "onset_step": float(since),
        },
    )


def _by_decades(view: View) -> Finding | None:
    """From 92 to 2e-12, and back at 0.0017: no trouble of its size, and no convergence either."""
    train = view.train
    found = risen.by_decades(view)
    if found is None or train is None:
        return None
    at, low, level = found
    since = train.at_step(at + 1)
    return Finding(
        "rebound",
        "info",
        0.8,
        since,
        train.name,
        said(
            "fell from {start:.4g} to {low:.4g}, and has come back to {level:.4g}, {ratio:.1g} x "
            "that",
            start=train.start,
            low=low,
            level=level,
            ratio=level / low,
        ),
        numbers={
            "low": low,
            "low_step": float(train.at_step(at)),
            "level": level,
            "onset_step": float(since),
            "decades": level / low,
        },
    )


def _of_many(view: View) -> Finding | None:
    """Levels that statistics tell apart."""
    train = view.train
    if train is None or len(train.value) < Enough.points:
        return None
    fall, newest = train.start - train.low, 3 if view.rows_are_epochs else 6
    if fall <= 0 or fall < Bounds.fall * train.scale:
        return None
    least = max(Bounds.of_drop * fall, Bounds.of_low * abs(train.low))
    if _is_low(train, least, newest) or fall < 2 * train.drop_error:
        return None
    rise, needed = _lasting(train, least, view)
    sudden = rise < needed
    if sudden:
        rise, needed = _sudden(train, least, newest), least
    if rise < needed or (sudden and not _proved(view)):
        return None
    if rewards.judged(view) and not rewards.held(train):
        return None
    onset = _onset(train, train.low + rise / 2)
    after = train.value[onset:]
    line = train.low + min(rise / 2, Bounds.of_drop * fall)
    if not sudden and (len(after) < 3 or np.mean(after > line) < Bounds.stays):
        return None
    if risen.swings(view, train, train.low, rise):
        return None  # that is another pattern
    then = at_that_rate(view, train.low_at)
    if then is not None and train.low + rise <= then + Bounds.errors * train.block_error:
        return None  # a warm restart: the rate has a cycle, and nothing is lost at this rate
    begins = risen.onset(train, train.low, rise)
    awaited = 0 if view.ended else risen.came_back(train, train.low, rise)
    if len(train.value) - begins <= awaited:
        return None
    since = train.at_step(begins)
    if sudden:  # a jump is placed by its points; a slope began long before half of it was climbed
        jumped = _first_above(train, train.low + rise / 2)
        if jumped <= train.at_step(begins + 3 + len(train.value) // 20):
            since = max(since, jumped)
    return Finding(
        "rebound",
        "warning",
        0.9 if rise > Bounds.plain * needed else 0.75,
        since,
        train.name,
        said(
            "{fell} from {start:.4g} to {low:.4g}, and {rose} to "
            "{high:.4g} from step {since:,} on: {ratio} of it is lost, and it stays so",
            fell=train.fell,
            start=train.shown(train.start),
            low=train.shown(train.low),
            rose=train.rose,
            high=train.shown(train.low + rise),
            since=since,
            ratio=percent(rise / fall),
        ),
        numbers={
            "low": train.low,
            "low_step": float(train.at_step(train.low_at)),
            "level": train.low + rise,
            "onset_step": float(since),
        },
    )


def _proved(view: View) -> bool:
    """Whether a few points may interrupt a person: the bets decide (see `evidence`).

    At the end, and within the first rows, which bound no noise, the figures of the curve do.
    """
    if view.ended or view.risen is None or view.risen.n < ENOUGH:
        return True
    return view.risen.since is not None


def _is_low(train: LossCurve, least: float, count: int) -> bool:
    """No level at its end is so far above the lowest, whatever its noise.

    That is so at most looks, and the noise takes ten times as long to measure.
    """
    if not train.end - train.low < least:
        return False
    levels = (st.median(few[np.isfinite(few)]) for few in _windows(train, count))
    return not any(level - train.low >= least for level in levels)


def _windows(train: LossCurve, count: int) -> Iterator[Floats]:
    """So many newest points, twice as many, ...: up to a twentieth of the run."""
    newest = train.sketch.newest
    while count <= max(6, min(train.n // 20, len(newest))):
        yield newest[-count:]
        count *= 2


def _lasting(train: LossCurve, least: float, view: View) -> tuple[float, float]:
    """The rise of the last tenth and of the last fiftieth, the lesser, and what it must reach."""
    buckets = max(3, len(train.value) // 10)
    newest = st.median(train.value[-max(5, len(train.value) // 50) :])
    error = max(train.block_error, train.error_of(buckets))
    if view.ended:
        error = min(error, train.least_error)
    rise = train.end - train.low
    return (rise if newest - train.low >= least else 0.0), max(least, Bounds.errors * error)


def _sudden(train: LossCurve, least: float, count: int) -> float:
    """The fast path: the rise that nearly all of the newest points agree on, or 0.

    The fewer points, the larger it must be: windows of 6, 12, 24, ... points, up to a twentieth
    of the run, against the standard error of their median; of means over an epoch 3 are enough.
    """
    newest = train.sketch.newest
    sigma = train.sigma * train.sketch.width**0.5
    memory = train.memory * train.sketch.width if train.memory > 1.5 else 1.0
    for recent in _windows(train, count):
        # In a few rows what rose is a good part of the noise: take that before it.
        noise = sigma if len(recent) >= 6 else st.curve_noise(newest[: -len(recent)])
        error = 1.25 * noise * min(1.0, memory / len(recent)) ** 0.5
        rise = st.median(recent[np.isfinite(recent)]) - train.low
        if rise >= max(least, Bounds.errors_soon * error):
            above = np.count_nonzero(recent > train.low + rise / 2)
            if above >= Bounds.stays * len(recent):
                return rise
    return 0.0


def _first_above(train: LossCurve, line: float) -> int:
    """Step of the first of the newest points that all but single ones stay above a line."""
    below = np.flatnonzero(st.median3(train.sketch.newest) <= line)
    return int(train.sketch.newest_step[min(int(below[-1]) + 1, len(train.sketch.newest) - 1)
                                        if len(below) else 0])  # fmt: skip


def _onset(train: LossCurve, line: float) -> int:
    """First bucket after the lowest level from which on the curve stays above a line."""
    below = np.flatnonzero(train.smooth[train.low_at :] <= line)
    return train.low_at + int(below[-1]) + 1 if len(below) else train.low_at + 1


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    if "decades" in finding.numbers:
        words = said("it had fallen to {low:.2g} before", low=finding.numbers["low"])
        yield Reason("adam_epsilon", words, 2.0)
        yield Reason("lr_too_high", words, 1.8)
        return
    few = short.rise_of(view)
    own = view.kind.id in ("", "regression", "classifier") and not view.curve
    turns = few is not None and few.shape == "turn" and few.smooth
    if turns and own and short.swings_evenly(view):
        yield Reason(
            "gradients_kept",
            said(
                "it climbs as evenly as it fell, without noise, like a pendulum: the updates "
                "carry on what they did before"
            ),
            2.0,
        )
    yield from learned_by_heart(view, finding.numbers.get("low_step", finding.since_step))
    yield from died(view, finding.since_step)
    yield from both_rise(view, finding.since_step)
    yield from gradients_grew(view, finding.since_step)
    yield from sudden(finding, view)


def _figures(finding: Finding, view: View) -> Numbers:
    train = view.train
    if train is None:
        return {}
    low = finding.numbers.get("low", train.low)
    line = low + Bounds.of_drop * (train.start - low)
    numbers = {"threshold": line, "resume_step": resume_step(finding, view)}
    return numbers | checkpoint_step(view, finding.since_step)


PATTERN = Pattern(
    id="rebound",
    slot="train",
    severity="warning",
    find=find,
    needs=("train",),
    after=("constant",),
    hides=(
        "spike",
        "noisy",
        "pair",
        "untold",
    ),  # its two levels are no scatter; eval tells nothing else
    forbids=("rate+", "steps+"),
    looks=2,
    stands=risen.stands,
    urgent=True,
    limits=Bounds,
    causes=_causes,
    # Of 11 threads: the rate 4, Adam 2, the sign or code 2, a resume 1, the policy 1.
    typical=("lr_too_high", "adam_epsilon", "bad_batch", "lr_jump"),
    typical_of={"rl": ("policy_collapsed", "lr_too_high", "reward_hacked")},
    figures=_figures,
    picture=Picture(
        lines=(
            Level("limit", "threshold", "low_step"),
            Level("lowest", "low", "low_step"),
            Level("now", "level", "since_step"),
        ),
        marks=(SINCE, StepMark("lowest", "low_step", calm=True)),
    ),
    example=lambda of: Example({"train": of.fall + 1.1 * of.after(0.6) + 0.02 * of.noise}, 0.6),
)
