"""How a loss that is no number was lost, which tells the causes apart.

From the first row on it was the data or the weights; from a first loss of 2.8e10 on, data that
nobody scaled; behind a climb the rate; with usual rows between, single batches; all at once within
the first rows, updates that were too large or numbers that overflowed.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import Curve, View
from lossmon.history.columns import Floats
from lossmon.words import said


class Bounds(Limits):
    """What each way looks like."""

    before = Limit(12, "rows before the end that tell how it came", "threads")
    climbs = Limit(1.25, "x the usual level, at the newest row, which is the highest", "threads")
    grows = Limit(3.0, "x: it is plain that it grew", "threads")
    errors = Limit(4.0, "MADs of the rows before the climb", "words: 3 to 5")
    early = Limit(30, "rows within which a loss that ends has learned nothing yet", "threads")
    unscaled = Limit(1e6, "first loss: of data in its own units, squared", "threads: 2.8e10")


_PRETRAINED = frozenset(("llm", "lora", "preference", "rlhf", "diffusion", "speech"))


def ways(view: View, onset: int) -> Iterator[Reason]:
    """How the loss was lost, each way with its reasons.

    Args:
        view: a run whose loss is no number.
        onset: the step since when.
    """
    train = view.train
    if train is None:
        return
    sketch = train.sketch
    if len(sketch.head) and not np.isfinite(sketch.head[0]):
        yield from _from_the_first(view)
        return
    start = float(sketch.head[0]) if len(sketch.head) else 0.0
    if abs(start) >= Bounds.unscaled and not view.curve:  # a perplexity begins as high
        yield Reason("unscaled", said("the very first loss is {start:.2g}", start=start), 2.6)
    lost = ~np.isfinite(sketch.newest)
    if not lost.any():
        return
    sound_after = np.count_nonzero(~lost[int(np.argmax(lost)) :])
    if sound_after >= 2:
        why = said(
            "{broken:,} of {n:,} values are no number, with usual ones "
            "between: the weights are sound, single batches are not",
            broken=sketch.nonfinite,
            n=sketch.n,
        )
        yield Reason("numeric_overflow", why, 2.4)
        yield Reason("bad_batch", why, 1.6)
        return
    before = sketch.newest[sketch.newest_step < onset]
    yield from _before(before[np.isfinite(before)][-int(Bounds.before) :], train, view)


def _from_the_first(view: View) -> Iterator[Reason]:
    """Nothing was ever sound: what goes in, or what it goes through."""
    why = said("it holds from the very first row on")
    pretrained = view.kind.id in _PRETRAINED or "grad_norm" in view.sketches
    if not pretrained:  # a network of one's own on data of one's own
        yield Reason("nan_in_data", why, 2.1)
    yield Reason("broken_weights", why, 1.9)
    yield Reason("numeric_overflow", why, 1.5)
    if pretrained:
        yield Reason("nan_in_data", why, 1.2)


def _before(before: Floats, train: Curve, view: View) -> Iterator[Reason]:
    """A climb, or nothing to be seen until the very row."""
    if len(before) < 4:
        return
    half = before[: len(before) // 2 + 1]
    usual, newest = st.median(half), float(before[-1])
    scatter = max(st.mad(half), 1e-3 * abs(usual))
    climbs = newest >= np.max(before) and newest - usual > max(
        Bounds.errors * scatter, (Bounds.climbs - 1) * abs(usual)
    )
    if climbs and usual > 0:
        yield Reason(
            "lr_too_high",
            said(
                "the loss grew from {usual:.3g} to {newest:.3g} over the points before: updates "
                "overshoot further and further",
                usual=usual,
                newest=newest,
            ),
            2.0 if newest < Bounds.grows * usual else 2.2,
        )
        return
    if newest > 2 * train.start > 0:
        return  # it had been far away before it ended
    early = train.n - train.sketch.nonfinite
    if early < Bounds.early and not view.tail and view.rate is None:
        yield Reason(
            "lr_too_high",
            said(
                "it came after {early:,} rows, when nothing was learned yet; no warm-up is logged",
                early=early,
            ),
            1.9,
        )
    yield Reason(
        "numeric_overflow",
        said(
            "the loss was as usual, {newest:.3g}, one point before: it came at once", newest=newest
        ),
        1.8,
    )
