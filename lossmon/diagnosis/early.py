"""What too few rows speak for: no verdict, and yet what a person looks for first.

Three rows at ln 1000, four that leap between 0.12 and 0.68, a loss of 2.3 that is 11 one update
later: nothing is proved, and nobody waits for twenty rows before he looks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import flat, lost, short, signs, thrown, usual
from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.chance import Chance, guessing_for_epochs, level_of
from lossmon.diagnosis.finding import PatternId
from lossmon.diagnosis.kind import plain
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.history.columns import Floats
from lossmon.words import said


class Bounds(Limits):
    """When a shape of next to no rows is worth a word."""

    facts = Enough.facts
    guesses = Limit(0.002, "of the level of guessing, at which each row stands", "threads: 6.905")
    learned = Limit(0.01, "of that level, by which the first row was better", "threads: 2 %")
    leaps = Limit(2.0, "x: the newest row over the one before", "threads: 2.3 to 11")
    swings = Limit(2.0, "x: highest over lowest row", "threads: 0.12 to 0.68")
    lost = Limit(
        0.9, "of the loss of guessing between two: back there", "runs: 6 % of healthy ones"
    )
    wide = Limit(0.25, "of the level: a move that is no noise", "threads: 0.9")
    turns = Limit(2, "moves that go back on the one before", "one may be a spike")
    upper = Limit(0.34, "of the rows, in the upper half: fewer are outliers", "words: a third")
    stands_out = Limit(3.0, "x the usual row, that an outlier is", "threads: 0.77 and 4.3")
    norm = Limit(100.0, "x the first gradient norm, without a step back", "words: many times")
    share = Limit(0.05, "of 1 / C, that right answers may be away from it", "threads: 1 / 1,000")
    alike = Limit(1.8, "x: highest over lowest of the other rows", "threads: 0.556 to 0.822")


def reasons(view: View) -> Iterator[Reason]:
    """The causes that few rows support."""
    yield from signs.of_scores(view)
    yield from _as("worst_score", thrown.unmatched(view))
    train = view.train
    if train is None or train.rises or train.n < 2:
        return
    values = train.sketch.newest
    if not np.isfinite(values).all():
        return
    if view.curve:  # of an error that stands in for the loss only what any curve says
        if float(values.min()) > 0:
            yield from _as("rising", _leapt(values, view))
            yield from _as("rising", _rises(view))
        return
    yield from signs.of_losses(values, view)
    yield from thrown.by_pairs(view)
    if float(values.min()) <= 0:
        yield from _as("oscillating", thrown.to_nothing_and_back(values, view))
        return
    yield from _as("rising", _leapt(values, view))
    yield from _as("grad_explosion", _gradients(view))
    yield from thrown.reasons(values, view)
    if len(values) >= Bounds.facts:
        yield from _as("chance_level", _guesses(values, view))
        yield from _as("chance_level", _guesses_for_epochs(view))
        yield from _as("oscillating", _swings(values, view))
        yield from _as("rising", _rises(view))
        yield from _as("overfitting", _turns(view))
        yield from _as("saturated_output", flat.saturated(view))
    yield from _as("chance_level", _errs_by_chance(values, view))
    yield from (one._replace(weight=1.0) for one in usual.eval_below(view))


def _as(pattern: PatternId, some: Iterator[Reason]) -> Iterator[Reason]:
    """Reasons, with what more such rows would be where they say nothing else."""
    return (one._replace(of=one.of or pattern) for one in some)


def _rises(view: View) -> Iterator[Reason]:
    """Rows that go up by their order alone, whether or not more of them are to come."""
    found, train = short.shape(view), view.train
    if found is None or train is None:
        return
    first, newest = float(train.sketch.newest[0]), float(train.sketch.newest[-1])
    why = said("the loss went from {before:.4g} to {newest:.4g}", before=first, newest=newest)
    if found.shape != "climb":
        why = said(
            "{fell} from {start:.4g} to {low:.4g}, and {rose} to {high:.4g} from step {since:,} on",
            fell=said("fell"),
            start=float(np.max(train.sketch.newest[: found.at])),
            low=found.low,
            rose=said("rose"),
            high=found.level,
            since=int(train.sketch.newest_step[found.at]),
        )
    undone = found.shape == "undone"
    of: PatternId = "rebound" if undone else "rising"
    yield Reason("lr_too_high", why, 1.5, of=of)
    sudden = undone or found.shape == "jump"
    yield Reason("bad_batch" if sudden else "bad_state", why, 1.3, of=of)


def _gradients(view: View) -> Iterator[Reason]:
    """The gradient norm multiplies from row to row."""
    sketch = view.sketches.get("grad_norm")
    if sketch is None or len(sketch.newest) < Bounds.facts or not np.isfinite(sketch.newest).all():
        return
    rows = sketch.newest
    if float(rows[0]) > 0 and (np.diff(rows) > 0).all() and rows[-1] >= Bounds.norm * rows[0]:
        why = said(
            "grad norm went from {first:.3g} to {newest:.3g}, row by row",
            first=float(rows[0]),
            newest=float(rows[-1]),
        )
        yield Reason("exploding_gradients", why, 1.7)
        yield Reason("lr_too_high", why, 1.65)


def _errs_by_chance(values: Floats, view: View) -> Iterator[Reason]:
    """An error rate of 0.999 or 0.9 in each row: right as often as one of so many classes is."""
    train = view.train
    assert train is not None
    if not _ERROR.search(plain(train.name)) or not 0 < float(values.min()) <= values.max() < 1:
        return
    right = 1 - values
    among = next((n for n in _CLASSES if np.all(np.abs(right * n - 1) <= Bounds.share)), None)
    if among is not None and (view.pair is None or np.all(view.pair.value >= values.min())):
        why = said(
            "{name} is {value:.4g} in each of {rows:,} rows: right answers are 1 in {among:,}, as "
            "guessing gives",
            name=train.name,
            value=float(values[-1]),
            rows=len(values),
            among=among,
        )
        yield Reason("not_started", why, 1.6)
        yield Reason("bad_labels", why, 1.5)
        yield Reason("wrong_output", why, 1.4)


_ERROR = re.compile(r"(?:^|_)err(?:or)?(?:_?rate|_?\d)?(?:_|$)")
_CLASSES = (1000, 100, 10)


def leaps(values: Floats) -> bool:
    """The newest row is far above all before it."""
    return len(values) > 1 and float(values[-1]) >= Bounds.leaps * float(values[:-1].max()) > 0


def _leapt(values: Floats, view: View) -> Iterator[Reason]:
    """A row far above the one before, right at the start."""
    if not leaps(values) or float(values[-1]) < Bounds.lost * lost.Bounds.unlearned:
        return
    before, newest = float(values[-2]), float(values[-1])
    words = said("the loss went from {before:.4g} to {newest:.4g}", before=before, newest=newest)
    rate = None if view.rate is None else float(np.nanmax(view.rate[1]))
    if rate is not None and rate <= lost.Bounds.harmless:
        why = said(
            "{words} at a learning rate of at most {rate:.2g}: no update of that size does so",
            words=words,
            rate=rate,
        )
        yield Reason("bad_state", why, 2.2, ("lr_too_high",))
        yield Reason("numeric_overflow", why, 2.0)
        return
    yield Reason("lr_too_high", words, 1.6)


def _guesses(values: Floats, view: View) -> Iterator[Reason]:
    """No row has left the level of guessing; or all have come back to it."""
    if len(values) > Bounds.facts and (back := _back(values, view)) is not None:
        why = said(
            "it was at {first:.4g}, and has come back to {chance_sum}, as guessing among "
            "{chance_words} gives",
            first=float(values[0]),
            chance_sum=back.sum,
            chance_words=back.words,
        )
        yield Reason("collapsed", why, 1.6)
        yield Reason("lr_too_high", why, 1.55)
        return
    chance = level_of(st.median(values), Bounds.guesses, view)
    if chance is None or np.any(np.abs(values / chance.level - 1) > Bounds.guesses):
        return
    why = said(
        "so far each row stands at {chance_sum}, as guessing among {chance_words} gives",
        chance_sum=chance.sum,
        chance_words=chance.words,
    )
    yield Reason("frozen_gradients", why, 1.5)
    yield Reason("collapsed", why, 1.4)
    yield Reason("not_started", why, 1.3)


def _guesses_for_epochs(view: View) -> Iterator[Reason]:
    """Epoch after epoch near the level of guessing, and no accuracy says otherwise."""
    chance, train = guessing_for_epochs(view), view.train
    if chance is None or train is None:
        return
    why = said(
        "each of {rows:,} epochs stands near {chance_sum}, as guessing among {chance_words} gives",
        rows=train.n,
        chance_sum=chance.sum,
        chance_words=chance.words,
    )
    yield Reason("collapsed", why, 1.45)
    yield Reason("not_started", why, 1.35)
    yield Reason("bad_labels", why, 1.25)


def _back(values: Floats, view: View) -> Chance | None:
    """The level of guessing at which all rows stand but the first, which was better."""
    chance = level_of(st.median(values[1:]), Bounds.guesses, view)
    if chance is None or values[0] >= (1 - Bounds.learned) * chance.level:
        return None
    stay = np.abs(values[1:] / chance.level - 1) <= Bounds.guesses
    return chance if bool(stay.all()) else None


def _swings(values: Floats, view: View) -> Iterator[Reason]:
    """It goes back and forth by its own size, and gets nowhere."""
    moves = st.steps(values)
    moves = moves[np.abs(moves) >= Bounds.wide * st.median(values)]
    turns = int(np.count_nonzero(moves[1:] * moves[:-1] < 0))
    low, high = float(values.min()), float(values.max())
    if high < Bounds.lost * lost.Bounds.unlearned:
        return  # batches of what is nearly learned differ by their multiples, and nothing is wrong
    if turns < Bounds.turns or high < Bounds.swings * low or values[-1] < st.median(values[:-1]):
        return
    if np.count_nonzero(values > (low * high) ** 0.5) < Bounds.upper * len(values):
        yield from _outliers(values)
        return
    why = said(
        "it goes back and forth between {low:.3g} and {high:.3g} from row to row",
        low=low,
        high=high,
    )
    # Where nothing was learned yet it is the rate; what has been learned is forgotten by the order.
    yield Reason("data_order", why, 1.5)
    yield Reason("lr_too_high", why, 1.6 if values[0] > lost.Bounds.unlearned else 1.4)
    yield Reason("small_batch", why, 1.3)


def _outliers(values: Floats) -> Iterator[Reason]:
    """Single rows leap out of a level that the others hold: updates that single batches throw."""
    usual = st.median(values)
    out = values >= Bounds.stands_out * usual
    others = values[~out]
    if np.count_nonzero(out) < 2 or others.max() > Bounds.alike * others.min():
        return
    why = said(
        "{some:,} of {rows:,} rows leap to {high:.3g}, where the others stand at {usual:.3g}",
        some=int(np.count_nonzero(out)),
        rows=len(values),
        high=float(values.max()),
        usual=st.median(others),
    )
    yield Reason("lr_too_high", why, 1.6)
    yield Reason("bad_batch", why, 1.5)
    yield Reason("small_batch", why, 1.3)


def _turns(view: View) -> Iterator[Reason]:
    """Eval has turned up, twice over, while train falls in each row."""
    pair, train = view.pair, view.train
    if pair is None or train is None or len(pair.value) < Bounds.facts + 1:
        return
    best = int(np.argmin(pair.value))
    since = st.steps(pair.value[best:])
    falls = bool((st.steps(train.sketch.newest) < 0).all())
    risen = float(pair.value[-1] - pair.value[best])
    if risen < short.Bounds.rise * abs(float(pair.value[best])):
        return  # drifts as small go both ways: of excerpts that are not over-fitted 4 % did so
    if falls and len(since) >= Bounds.turns and (since > 0).all() and best > 0:
        why = said(
            "{eval} was best at step {step:,}, {best:.4g}, and has risen since, while train falls",
            eval=pair.name,
            step=int(pair.step[best]),
            best=pair.value[best],
        )
        yield Reason("memorising", why, 1.7)
        yield Reason("small_data", why, 1.6)
