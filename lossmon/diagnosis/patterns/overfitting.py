"""Train falls, eval rises."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.amounts import percent, standard_errors, went
from lossmon.diagnosis.figures import Numbers
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.kind import RANKED as RANKS
from lossmon.diagnosis.kind import plain, whole
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.measures import is_held_out
from lossmon.diagnosis.pairs import eval_guesses
from lossmon.diagnosis.pattern import Example, Level, Pattern, Picture, StepMark
from lossmon.diagnosis.patterns.staircase import stairs
from lossmon.diagnosis.reasons import Reason, epoch_of
from lossmon.diagnosis.view import Pair, View
from lossmon.history.best import Best
from lossmon.words import said

RANKED = whole("|".join(one.name for one in RANKS))  # of held-out data by their nature


class Bounds(Limits):
    """When it holds."""

    rise = Limit(0.045, "over eval's minimum", "words: 3 to 6 %")
    each = Limit(0.03, "over it, of each of the two newest", "words: 3 to 6 %")
    errors = Limit(4.0, "standard errors; half of it where eval climbs steadily", "words")
    climb = Limit(2.5, "Mann-Kendall z since the minimum: it climbs steadily", "runs")
    train = Limit(-0.01, "log drop of train since then: it must not rise", "words")
    evals = Limit(2, "evaluations after the minimum", "words")
    gains = Limit(0.2, "of all that the score gained, behind the best loss", "threads")
    goal = Limit(0.01, "of a score: by so much it must be better than at eval's best", "noise")
    fold = Limit(2.5, "x train, in each of two or three evaluations", "threads: 3.8 and 5.8")
    mode = Limit(20.0, "x train: so far apart evaluation itself is another", "batch norm")
    widens = Limit(1.2, "x the gap of the first of them", "threads: 1.5")
    scores = Limit(5, "rows of a held-out score", "threads: 5 rows, 20 epochs apart")
    worse = Limit(0.03, "of its best, that a score has lost", "words: 3 to 6 %")
    sinks = Limit(-2.2, "Mann-Kendall z of a score since its best", "1 of 120 orders")
    few = Limit(5000, "examples: a small set", "runs")
    rank = Limit(64, "of LoRA: a large one", "usual: 8 to 32")


def find(view: View) -> Finding | None:
    """Smoothed eval is well above its minimum, some evals after it, while train did not rise."""
    pair = view.pair
    if pair is None:
        return _of_score(view)
    if len(pair.value) < Enough.evals:
        return _of_few(pair, view)
    best = pair.best_at
    after = len(pair.value) - 1 - best
    if after < Bounds.evals:
        return None
    lowest = float(pair.smooth[best])
    newest = st.median(pair.value[-min(3, after) :])
    rise = newest - lowest
    relative = rise / max(abs(lowest), 1e-300)
    errors = rise / max(pair.error, 1e-300)
    climbs = st.mann_kendall(pair.value[best:]) if after < 200 else 0.0
    sure = errors >= Bounds.errors or (errors >= Bounds.errors / 2 and climbs >= Bounds.climb)
    twice = _twice(pair, lowest, best)
    if not twice and (relative < Bounds.rise or not sure):
        return None
    train_fall = st.log_drop(float(pair.train[best]), pair.last(pair.train))
    if train_fall < Bounds.train:
        return None
    top = None if view.lows is None else view.lows.newest
    if top is None:
        return None
    since = _since(pair, top, best)
    goal, words = _goal(view, top.step)
    turned = said("above its best {value:.4g} at step {step:,}", value=top.value, step=top.step)
    if since != top.step:  # a single evaluation was better, elsewhere
        turned = said(
            "above its level of {level:.4g} at step {since:,}, its best being {best}",
            level=lowest,
            since=since,
            best=said("{value:.4g} at step {step:,}", value=top.value, step=top.step),
        )
    return Finding(
        "overfitting",
        "info" if goal else "warning",  # a loss may rise by a few sure mistakes alone
        0.97 if twice else 0.95 if relative > 2 * Bounds.rise and after >= 3 else 0.8,
        since,
        pair.name,
        said(
            "eval rose {relative} {turned} ({errors}, {after:,} evals), while train "
            "{train_fall}{words}",
            relative=percent(relative, 1),
            turned=turned,
            errors=standard_errors(errors),
            after=after * pair.each,
            train_fall=went(1 - np.exp(-train_fall)),
            words=words,
        ),
        numbers={"best_step": float(top.step), "best_value": top.value, "rise": relative, **goal},
    )


def enough(pair: Pair, lowest: float) -> float:
    """By how much each of two evaluations must lie above the minimum: the second confirms it."""
    return max(Bounds.each * abs(lowest), Bounds.errors * pair.error)


def _twice(pair: Pair, lowest: float, best: int) -> bool:
    """The second evaluation confirms the first: each tells it alone, and it goes up and up.

    Both are the highest since, as of an eval that wanders they are not, and the newest is beyond
    the grey zone, which one that creeps never leaves.
    """
    one, newest = pair.value[-2:]
    if min(one, newest) - lowest < enough(pair, lowest):
        return False
    climbs = min(one, newest) > np.max(pair.value[best:-2], initial=-math.inf)
    return bool(climbs and newest - lowest >= Bounds.rise * abs(lowest))


def _of_few(pair: Pair, view: View) -> Finding | None:
    """Two or three evaluations at a multiple of train that widens, and none of them better."""
    value, train = pair.value, pair.train
    if not view.ended or len(value) < 2 or np.min(train) <= 0:
        return None
    gap = value / train
    if not (np.all(gap >= Bounds.fold) and np.all(gap <= Bounds.mode)):
        return None
    if gap[-1] < Bounds.widens * gap[0] or np.min(value[1:]) < value[0]:
        return None
    first = int(pair.step[0])
    return Finding(
        "overfitting",
        "warning",
        0.8,
        first,
        pair.name,
        said(
            "eval is {first:.2g} x train at step {step:,} and {last:.2g} x at step {newest:,}: "
            "{name} went from {low:.4g} to {high:.4g} while train fell from {above:.4g} to "
            "{below:.4g}",
            first=gap[0],
            step=first,
            last=gap[-1],
            newest=int(pair.step[-1]),
            name=pair.name,
            low=value[0],
            high=value[-1],
            above=train[0],
            below=train[-1],
        ),
        numbers={"best_step": float(first), "best_value": float(value[0]), "gap": float(gap[-1])},
    )


def _of_score(view: View) -> Finding | None:
    """No eval loss is told: a score of held-out data gets worse, row by row, while train falls."""
    train = view.train
    if train is None or train.rises or train.n < Bounds.scores:
        return None
    if not (view.ended or view.rows_are_epochs):
        return None
    for score in view.around.scores:
        held_out = is_held_out(score.name) or RANKED.search(plain(score.name))
        if not (score.rises and held_out) or len(score.value) < Bounds.scores:
            continue
        if not np.isfinite(score.value).all():
            continue
        best = int(np.argmax(score.value))
        since, top = score.value[best:], float(score.value[best])
        newest = st.median(since[-2:])
        if best > len(score.value) // 2 or len(since) < Bounds.scores or top <= 0:
            continue
        lost = (top - newest) / top
        noise = Bounds.errors * st.curve_noise(score.value) if len(since) >= 12 else 0.0
        if lost < Bounds.worse or top - newest < noise or st.mann_kendall(since) > Bounds.sinks:
            continue
        at = min(int(np.searchsorted(train.step, score.step[best])), len(train.value) - 1)
        then = float(train.value[at])
        if not train.end < (1 - Bounds.worse) * then:
            continue
        return Finding(
            "overfitting",
            "warning",
            0.8,
            int(score.step[best]),
            score.name,
            said(
                "{name} fell {lost} from its best {top:.4g} at step {step:,} to {newest:.4g}, "
                "while train fell from {above:.4g} to {below:.4g}",
                name=score.name,
                lost=percent(lost, 1),
                top=top,
                step=int(score.step[best]),
                newest=newest,
                above=then,
                below=train.end,
            ),
            numbers={"best_step": float(score.step[best]), "best_value": top},
        )
    return None


def _since(pair: Pair, best: Best, turn: int) -> int:
    """Since when eval rises: from its best on, but where that was a lucky one elsewhere.

    Args:
        pair: the evaluations.
        best: of all of them.
        turn: the place of the lowest level.
    """
    at = min(int(np.searchsorted(pair.step, best.step)), len(pair.step) - 1)
    apart = float(pair.smooth[at] - pair.smooth[turn])
    return best.step if apart <= Bounds.errors * pair.error else int(pair.step[turn])


def _goal(view: View, step: int) -> tuple[Numbers, str]:
    """What is wanted in the end, where it went on getting better after eval's best step.

    Fine-tuned classifiers and speech models grow more certain of their few mistakes: eval loss
    rises while accuracy or WER still improves.
    """
    goal = view.around.goal
    if goal is None or len(goal.value) < Enough.evals or not np.isfinite(goal.value).all():
        return {}, ""
    score = st.median3(goal.value if goal.rises else -goal.value)
    at = int(np.searchsorted(goal.step, step, side="right")) - 1
    best, span = int(np.argmax(score)), float(np.ptp(score))
    noise = max(st.curve_noise(score), Bounds.goal * abs(float(score[best])))
    if at < 0 or best <= at or score[best] - np.max(score[: at + 1]) <= noise:
        return {}, ""
    if st.median(score[-min(3, len(score) - 1 - at) :]) < score[best] - max(noise, 0.25 * span):
        return {}, ""  # it has turned, too
    then, now = float(goal.value[at]), float(goal.value[best])
    if (now - then) * (1 if goal.rises else -1) <= 0:
        return {}, ""  # the levels say so, and the very rows that would be named do not
    return (
        {"goal_best": now, "goal_best_step": float(goal.step[best]), "goal_then": then},
        said(
            "; but {name} went on from {then:.4g} to {now:.4g} (step {best_step:,})",
            name=goal.name,
            then=then,
            now=now,
            best_step=int(goal.step[best]),
        ),
    )


def _gains(numbers: Numbers, view: View) -> bool:
    """A fair part of what the score gained at all it gained behind the best loss."""
    goal = view.around.goal
    span = float(np.ptp(goal.value)) if goal is not None else 0.0
    return abs(numbers["goal_best"] - numbers["goal_then"]) >= Bounds.gains * span


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    """How often which data was passed, and what the size of the model says."""
    yield from eval_guesses(view)
    if "goal_best" in finding.numbers and _gains(finding.numbers, view):
        yield Reason(
            "overconfident",
            said(
                "the score went on from {then:.4g} to {best:.4g} behind the best loss",
                then=finding.numbers["goal_then"],
                best=finding.numbers["goal_best"],
            ),
            2.4,
        )
    around = view.around
    examples = around.settings.get("examples")
    over = said(" over {examples:,.0f} examples", examples=examples) if examples else ""
    if view.epochs is not None and view.step and view.epochs >= 2:
        best = epoch_of(view, finding.numbers["best_step"])
        yield Reason(
            "memorising",
            said(
                "{epochs:.3g} passes{over}, the best after {best:.2g}",
                epochs=view.epochs,
                over=over or said(" over the same data"),
                best=best,
            ),
            2.0,
        )
    steps = stairs(view)
    if steps is not None:
        yield Reason(
            "memorising",
            said(
                "train drops by {drop:.0%} at each of {count} epoch boundaries{over}",
                drop=steps.drop,
                count=len(steps.drops),
                over=over,
            ),
            3.0,
        )
    if examples and examples < Bounds.few:
        yield Reason(
            "small_data", said("{examples:,.0f} training examples", examples=examples), 1.5
        )
    rank = around.settings.get("lora_rank")
    if rank and rank >= Bounds.rank:
        yield Reason("high_capacity", said("LoRA rank is {rank:,.0f}", rank=rank), 1.0)


def _figures(finding: Finding, view: View) -> Numbers:
    best = finding.numbers.get("best_value", math.nan)
    numbers = {"threshold": best + Bounds.rise * abs(best)}
    if view.epochs and view.step:
        numbers["best_epoch"] = epoch_of(view, finding.numbers["best_step"])
    numbers["wasted_steps"] = view.step - finding.numbers["best_step"]
    return numbers


PATTERN = Pattern(
    id="overfitting",
    slot="pair",
    severity="warning",
    find=find,
    needs=("train",),
    after=("eval_apart",),
    hides=("untold",),
    forbids=("steps+", "capacity+", "rate+"),
    looks=2,
    sure=0.985,  # two evaluations, each of which tells it, are two looks
    limits=Bounds,
    causes=_causes,
    typical=("memorising", "small_data", "high_capacity"),
    figures=_figures,
    picture=Picture(
        lines=(
            Level("limit", "threshold", "since_step"),
            Level("best", "best_value", "since_step"),
        ),
        marks=(StepMark("best eval {best_value:.4g}", "best_step"),),
    ),
    example=lambda of: Example(
        {"train": of.fall - 0.3, "eval": of.fall + 0.15 + 1.3 * np.maximum(0, of.t - 0.35)}, 0.45
    ),
)
