"""A value that what is measured cannot have: a classifier's loss far below 0, a Dice of 1.97.

Masks of 0 to 255 in place of 0 and 1, ten classes behind one sigmoid: cross-entropy then falls
without a floor, and looks as if all were well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.finding import CauseId, Finding
from lossmon.diagnosis.kind import plain, whole
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.pattern import SINCE, Pattern, Picture
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    facts = Enough.facts
    loss = Limit(-1.5, "loss of a classifier or segmenter", "cross-entropy less Dice ends at -1")
    entropy = Limit(-0.01, "cross-entropy, by its name", "rounding")
    probability = Limit(8, "rows of a classifier's loss between -1 and 0", "threads")
    chance = Limit(0.03, "of 1 in C, at which a mean probability stands", "rounding, few rows")
    moves = Limit(0.1, "of its level, by which it moves", "threads")
    score = Limit(1.001, "of a score that is a share", "rounding")
    percent = Limit(5.0, "of a score: beyond it is per cent", "a Dice of 5 % is a start")
    hundred = Limit(100.5, "per cent of any score", "rounding")
    off = Limit(4, "levels below 0, each by a larger step below the one before", "threads: 5")
    faster = Limit(1.2, "x the step before", "threads: 1.7; a fall to a floor slows down")
    far = Limit(8.0, "x the first of them, in all", "threads: 47")


_OF_CLASSES = ("classifier", "segmentation")
_SHARES = r"(?:\w+_)?(?:dice|iou|miou|f1|auc|auroc)(?:_\w+)?"
_ALL = rf"(?:\w+_)?acc(?:uracy)?(?:_\w+)?|{_SHARES}"
_ENTROPY = re.compile(r"cross_?entropy|\bx?ent_loss|(?:^|_)b?ce(?:_|$)|bce|log_?loss")
_LIKELIHOOD = re.compile(r"log_?lik|elbo|density|margin|cosine|sim")  # may be negative


def find(view: View) -> Finding | None:
    """A loss or a score out of its range, in each of the newest rows."""
    train = view.train
    if train is not None and negative(view):
        return Finding(
            "impossible",
            "warning",
            0.975,
            train.at_step(int(np.argmax(train.value < _floor(view)))),
            train.name,
            said(
                "{name} is {value:.4g}, which no cross-entropy or Dice loss can be",
                name=train.name,
                value=float(train.sketch.newest[-1]),
            ),
        )
    if train is not None and _is_probability(view):
        return Finding(
            "impossible",
            "warning",
            0.8,
            train.at_step(0),
            train.name,
            said(
                "{name} lies between -1 and 0 in all rows, now at {value:.4g}",
                name=train.name,
                value=train.end,
            ),
            numbers={"probability": -train.end},
        )
    return _runs_off(view) or _score(view)


def _runs_off(view: View) -> Finding | None:
    """-145, -683, -2291, -6881: further below 0 by more in each row, as nothing holds it."""
    train = view.train
    if train is None or train.rises or not len(train.value) or np.minimum.reduce(train.value) >= 0:
        return None  # as nearly always
    if view.curve or view.warming_up:
        return None
    if view.kind.id in _NO_FLOOR or _LIKELIHOOD.search(plain(train.name)):
        return None
    few = train.n < Enough.points_live
    rows = train.sketch.newest if few else st.blocks(train.value, 12)
    last = rows[-int(Bounds.off) :]
    if len(last) < Bounds.off or not np.isfinite(last).all() or last[0] >= 0:
        return None
    down = -st.steps(last)
    if (down <= 0).any() or (down[1:] < Bounds.faster * down[:-1]).any():
        return None
    if last[-1] > Bounds.far * last[0]:
        return None
    return Finding(
        "impossible",
        "warning",
        0.9,
        train.at_step(int(np.argmax(train.value < 0))),
        train.name,
        said(
            "{name} falls below 0 faster and faster, from {first:.4g} to {last:.4g}: it has no "
            "floor",
            name=train.name,
            first=last[0],
            last=last[-1],
        ),
        numbers={"off": float(last[-1])},
    )


_NO_FLOOR = ("gan", "rl", "rlhf")  # whose losses mean nothing by themselves


def _score(view: View) -> Finding | None:
    """A share above 1, a percentage above 100; where a single line tells it, that one is enough."""
    above = _above(view)
    if above is None:
        return None
    name, step, value, most = above
    return Finding(
        "impossible",
        "warning",
        0.8,
        step,
        name,
        said("{name} is {value:.4g}, and cannot exceed {most}", name=name, value=value, most=most),
    )


def _above(view: View) -> tuple[str, int, float, int] | None:
    """(name, first step, value, the most it can be) of a score beyond its range."""
    shares = view.around.logged(_SHARES) if view.kind.id in _OF_CLASSES else None
    for score, low, high, most in (
        (shares, Bounds.score, Bounds.percent, 1),
        (view.around.logged(_ALL), Bounds.hundred, np.inf, 100),
    ):
        if score is None or len(score.value) < Bounds.facts:
            continue
        last = score.value[-int(Bounds.facts) :]
        if np.all((last > low) & (last < high)):
            return score.name, int(score.step[0]), float(last[-1]), most
    for name, value in view.around.lone_scores if view.kind.id in _OF_CLASSES else ():
        if Bounds.score < value < Bounds.percent and whole(_SHARES).search(plain(name)):
            return name, view.step, value, 1
    return None


def negative(view: View) -> bool:
    """The loss of a classifier or segmenter is far below 0 in each of the newest rows."""
    train = view.train
    if train is None or train.rises or view.curve:
        return False
    if view.kind.id not in _OF_CLASSES and not _ENTROPY.search(plain(train.name)):
        return False
    newest = train.sketch.newest[-int(Bounds.facts) :]
    return len(newest) >= int(Bounds.facts) and bool(np.all(newest < _floor(view)))


def _floor(view: View) -> float:
    """What the loss cannot be below."""
    by_name = view.train is not None and _ENTROPY.search(plain(view.train.name))
    return float(Bounds.entropy if by_name else Bounds.loss)


def _is_probability(view: View) -> bool:
    """A classifier's loss is what it gives the right class, with its sign turned: no logarithm."""
    train = view.train
    if view.kind.id != "classifier" or train is None or train.rises or view.curve:
        return False
    if train.n < Bounds.probability or _LIKELIHOOD.search(plain(train.name)):
        return False
    newest = train.sketch.newest
    return bool(np.all((newest < 0) & (newest >= -1)))


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    """The value itself is the reason: labels or masks that the loss is not made for."""
    if "probability" in finding.numbers:
        words = said(
            "a probability with its sign turned lies there: the logarithm before it is missing"
        )
        yield from _at_chance(finding.numbers["probability"], view)
        yield Reason("wrong_output", words, 2.2, ("bad_labels", "collapsed"))
        return
    if "off" in finding.numbers:  # of those that people asked about four of five
        yield Reason("target_range", said("a cross-entropy of targets beyond 1 does so"), 2.2, _NOT)
        yield Reason("unbounded_loss", finding.evidence, 2.0)
        return
    accuracy = finding.metric != view.name_of("train_loss") and "acc" in finding.metric.lower()
    yield Reason("metric_wrong" if accuracy else "target_range", finding.evidence, 2.0, _NOT)


def _at_chance(level: float, view: View) -> Iterator[Reason]:
    """The mean probability of the right class is 1 in C, and does not move."""
    train, classes = view.train, round(1 / level) if level > 0 else 0
    if train is None or classes < 2 or abs(level * classes - 1) > Bounds.chance:
        return
    if abs(train.drop) > Bounds.moves * level:
        return
    why = said(
        "{level:.3g} is 1 in {classes:,}, as guessing gives, and it does not move: nothing is "
        "learned",
        level=level,
        classes=classes,
    )
    yield Reason("frozen_gradients", why, 2.4)


_NOT: tuple[CauseId, ...] = ("bad_labels", "collapsed", "frozen_gradients")


PATTERN = Pattern(
    id="impossible",
    slot="beside",
    severity="warning",
    find=find,
    hides=(
        "healthy",
        "healthy_pair",
        "falling",
        "underfitting",
        "untold",
        "not_converged",
        "not_decreasing",
        "plateau",
        "noisy",
        "oscillating",
        "overfitting",
    ),
    forbids=("rate+", "rate-", "steps+", "capacity+"),
    looks=2,
    limits=Bounds,
    causes=_causes,
    typical=("target_range", "wrong_output", "bad_labels"),
    picture=Picture(marks=(SINCE,)),
)
