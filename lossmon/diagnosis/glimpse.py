"""What few rows show already: sentences that are true of them, with what more such rows would be.

No verdict, as too few rows bound no noise. Their order needs none: of k + 1 rows that are as good
as any other, k rises in a row have a chance of 1 in (k + 1)!, and a later half that is better
throughout than the earlier one of 1 in as many as there are such halves.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np

from lossmon.diagnosis import age, dials, early, known, lost, short, usual
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.finding import CauseId, Hint, PatternId
from lossmon.diagnosis.kind import LIKE_LOSSES
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.measures import is_held_out
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.history.columns import Floats
from lossmon.words import joined, said


class Bounds(Limits):
    """When rows are worth a sentence."""

    rise = short.Bounds.rise
    heart = Limit(0.1, "loss of a token: no text that is new costs so little", "usual recipes")
    plain = Limit(1.2, "weight of a reason beside which nothing is said to get better", "judge")
    praise = Limit(20, "orders, of which one gets better so, or two metrics alike", "4 rows")
    moved = Limit(0.01, "of the first row, by which it got better", "threads: 0.6 %")
    most = Limit(3, "sentences", "a glance")


def reasons(view: View) -> tuple[Reason, ...]:
    """The causes that few rows support, each with its sentence."""
    return view.once(_reasons)


def _reasons(view: View) -> tuple[Reason, ...]:
    return (
        *early.reasons(view),
        *known.reasons(view),
        *usual.stopped(view),
        *(() if "rising" in view.quiet else _climbs(view)),
        *(() if "overfitting" in view.quiet else _eval_climbs(view)),
        *_beyond_guessing(view),
        *_by_heart(view),
        *_held_out_above(view),
    )


def hints(view: View) -> tuple[Hint, ...]:
    """The sentences: what speaks for a cause; where nothing does, what gets better."""
    found: dict[str, Hint] = {}
    weights: dict[str, float] = {}
    for reason in sorted(reasons(view), key=lambda one: -one.weight):
        known = found.get(reason.why, Hint(reason.why, reason.of))
        weights.setdefault(reason.why, reason.weight)
        causes: tuple[CauseId, ...] = tuple(dict.fromkeys((*known.causes, reason.id)))
        found[reason.why] = Hint(known.says, known.pattern or reason.of, causes)
    plain = [why for why, weight in weights.items() if weight >= Bounds.plain]
    better = () if plain else _better(view)
    return (*better, *found.values())[: int(Bounds.most)]


# -- what gets worse -------------------------------------------------------------------------------


def _climbs(view: View) -> Iterator[Reason]:
    """The newest rows of the loss rise, each of them."""
    train = view.train
    if train is None or train.rises or view.curve or train.n >= Enough.points_live:
        return
    values, step = train.sketch.newest, train.sketch.newest_step
    k = short.climbs(values)
    if not k or view.warming_up or short.shape(view) or view.once(dials.moved) is not None:
        return
    why = _rose(train.name, values, k)
    evals = view.sketches.get("eval_loss")
    since = values[:0] if evals is None else evals.newest[evals.newest_step >= step[-1 - k]]
    if len(since) > 1 and since[-1] >= (1 + Bounds.rise) * since[0] > 0:
        why = said(
            "{rose}; {eval} went from {first:.4g} to {last:.4g} meanwhile",
            rose=why,
            eval=view.name_of("eval_loss"),
            first=float(since[0]),
            last=float(since[-1]),
        )
    of: PatternId = "rebound" if k < len(values) - 1 else "rising"
    yield Reason("lr_too_high", why, 1.55, of=of)


def _rose(name: str, values: Floats, k: int) -> str:
    return said(
        "{name} rose in each of its last {k} rows, from {first:.4g} to {last:.4g}: by chance 1 "
        "time in {orders:,}",
        name=name,
        k=k,
        first=float(values[-1 - k]),
        last=float(values[-1]),
        orders=math.factorial(k + 1),
    )


def _eval_climbs(view: View) -> Iterator[Reason]:
    """The newest evaluations rise, each of them, and train stands below where they began."""
    pair, evals = view.pair, view.sketches.get("eval_loss")
    if pair is None or evals is None or len(evals.newest) >= Enough.points_live:
        return
    k = short.climbs(evals.newest)
    if not k or pair.each != 1 or len(pair.train) <= k or not pair.train[-1] < pair.train[-1 - k]:
        return
    why = said(
        "{rose}, while train went from {first:.4g} to {last:.4g}",
        rose=_rose(pair.name, evals.newest, k),
        first=float(pair.train[-1 - k]),
        last=float(pair.train[-1]),
    )
    yield Reason("memorising", why, 1.65, of="overfitting")
    yield Reason("small_data", why, 1.6, of="overfitting")


# -- levels of language models ---------------------------------------------------------------------


def _beyond_guessing(view: View) -> Iterator[Reason]:
    """A perplexity above that of guessing among any vocabulary, in each row."""
    told = view.around.logged(LIKE_LOSSES[0].name)
    if told is None or len(told.value) < 2 or not np.isfinite(told.value).all():
        return
    if float(told.value.min()) <= math.exp(lost.Bounds.untouched):
        return
    why = said(
        "{name} is e^{level:.3g} in its newest row and more than e^{most:.3g} in each, which is "
        "that of guessing among 400,000 tokens",
        name=told.name,
        level=math.log(float(told.value[-1])),
        most=float(lost.Bounds.untouched),
    )
    yield Reason("lr_too_high", why, 1.75, of="diverged")
    yield Reason("summed_loss", why, 1.3, of="diverged")


def _by_heart(view: View) -> Iterator[Reason]:
    """A language model, in the middle of its training, to which no token is new."""
    train = view.train
    if train is None or view.kind.id not in ("llm", "lora") or view.curve or train.rises:
        return
    if "eval_loss" in view.sketches or age.is_young(view):
        return
    values = train.sketch.newest
    if len(values) < Enough.facts or not 0 < float(values.min()) <= values.max() <= Bounds.heart:
        return
    why = said(
        "{name} is at most {most:.3g} a token in each of {rows:,} rows: of text that is new to it "
        "a model pays many times that",
        name=train.name,
        most=float(values.max()),
        rows=len(values),
    )
    yield Reason("memorising", why, 1.7, of="memorised")
    yield Reason("small_data", why, 1.6, of="memorised")


# -- what gets better ------------------------------------------------------------------------------


class _Series(NamedTuple):
    """Rows of a metric: `down` has them so that less is better."""

    name: str
    value: Floats
    down: Floats


def _series(view: View) -> list[_Series]:
    """The curve, the eval and the scores, each once."""
    found: dict[str, _Series] = {}
    for role in ("train_loss", "eval_loss"):
        sketch, name = view.sketches.get(role), view.name_of(role)
        rises = role == "train_loss" and view.train is not None and view.train.rises
        if sketch is not None:
            found[name] = _Series(name, sketch.newest, -sketch.newest if rises else sketch.newest)
    for one in view.around.scores:
        found.setdefault(
            one.name, _Series(one.name, one.value, -one.value if one.rises else one.value)
        )
    few = Enough.facts, Enough.points_live
    return [
        one
        for one in found.values()
        if few[0] <= len(one.value) < few[1] and np.isfinite(one.value).all()
    ]


def _better(view: View) -> Iterator[Hint]:
    """What gets better in each row, or in its later half; nothing where another gets worse."""
    some = _series(view)
    if any(bool((st.steps(one.down) > 0).all()) for one in some):
        return
    falls = [one for one in some if (st.steps(one.down) < 0).all()]
    halves = [one for one in some if one not in falls and _later_half(one.down)]
    told = [one for one in (_by_rows(falls), _by_halves(halves)) if one is not None]
    yield from (hint for hint, _ in sorted(told, key=lambda one: -one[1]))
    loss = view.around.loss
    if falls and loss is not None and len(loss.value) >= Enough.facts and not np.any(loss.value):
        says = said(
            "{name} is printed as 0 in all {rows:,} rows, while {better} gets better: too few "
            "digits are printed",
            name=loss.name,
            rows=len(loss.value),
            better=falls[0].name,
        )
        yield Hint(says, "reporting")


def _later_half(down: Floats) -> bool:
    half = len(down) // 2
    return half > 1 and float(down[half:].max()) < float(down[:half].min())


def _moved(one: _Series) -> bool:
    """It got better by something to speak of: 1.007 to 1.001 is no learning."""
    return abs(float(one.value[-1] - one.value[0])) >= Bounds.moved * abs(float(one.value[0]))


def _by_rows(some: Sequence[_Series]) -> tuple[Hint, int] | None:
    if not some:
        return None
    orders = math.factorial(max(len(one.value) for one in some))
    says = said(
        "better from row to row, as by chance 1 time in {orders:,}: {moves}",
        orders=orders,
        moves=_moves(some),
    )
    return Hint(says, _praise(some, orders)), len(some)


def _by_halves(some: Sequence[_Series]) -> tuple[Hint, int] | None:
    if not some:
        return None
    rows = max(len(one.value) for one in some)
    orders = math.comb(rows, rows // 2)
    if not any(_moved(one) for one in some):
        return None
    says = said(
        "better in all of the later half, as by chance 1 time in {orders:,}: {moves}",
        orders=orders,
        moves=_moves(some),
    )
    return Hint(says, _praise(some, orders)), len(some)


def _praise(some: Sequence[_Series], orders: int) -> PatternId | Literal[""]:
    """What more of it would be; of three rows of train alone nothing is said to be well."""
    both = len({is_held_out(one.name) for one in some}) > 1
    if (orders**2 if both else orders) < Bounds.praise:
        return ""
    return "healthy_pair" if both else "healthy"


def _moves(some: Sequence[_Series]) -> str:
    return joined(
        said(", "),
        [
            said(
                "{name} {first:.4g} to {last:.4g} in {rows:,} rows",
                name=one.name,
                first=float(one.value[0]),
                last=float(one.value[-1]),
                rows=len(one.value),
            )
            for one in some[: int(Bounds.most)]
        ],
    )


def _held_out_above(view: View) -> Iterator[Reason]:
    """A score of held-out data is above that of train in each row: what is measured later."""
    scores = [one for one in view.around.scores if one.rises and len(one.value) >= Enough.facts]
    held = next((one for one in scores if is_held_out(one.name)), None)
    own = next((one for one in scores if "train" in one.name.lower()), None)
    if held is None or own is None or len(own.value) - len(held.value) not in (0, 1):
        return
    rows = len(held.value)
    if bool((held.value > own.value[:rows]).all()):
        why = said(
            "{held} is above {own} in each of {rows:,} rows",
            held=held.name,
            own=own.name,
            rows=rows,
        )
        yield Reason("epoch_mean", why, 1.0, of="healthy_pair")
        yield Reason("regularised_train", why, 0.9, of="healthy_pair")
