"""Reasons that show in train and eval together: over-fitting, and why train may lie above eval."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import coincidence as co
from lossmon.diagnosis.coincidence import Reason
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.patterns.staircase import stairs
from lossmon.diagnosis.view import View

_TAIL = 4.0  # x: highest values of buckets over their mean
_FEW_EXAMPLES = 5000
_LARGE_RANK = 64


def eval_rises(view: View) -> Iterator[Reason]:
    """Eval has turned up while the train curve alone shows nothing of it."""
    pair = view.pair
    if pair is None or len(pair.value) < 4:
        return
    best = pair.best_at
    lowest, newest = float(pair.smooth[best]), pair.last(pair.value)
    if lowest > 0 and newest > 1.02 * lowest and newest - lowest > 3 * pair.error:
        yield Reason(
            "overfit_suspected",
            f"eval is {newest / lowest - 1:.1%} above its best at step {int(pair.step[best]):,}",
            2.0,
        )


def overfitting(finding: Finding, view: View) -> Iterator[Reason]:
    """How often which data was passed, and what the size of the model says."""
    around = view.around
    examples = around.settings.get("examples")
    over = f" over {examples:,.0f} examples" if examples else ""
    if view.epochs is not None and view.step and view.epochs >= 2:
        best = view.epochs * finding.since_step / view.step
        yield Reason(
            "memorising",
            f"{view.epochs:.3g} passes{over or ' over the same data'}, the best after {best:.2g}",
            2.0,
        )
    steps = stairs(view)
    if steps is not None:
        yield Reason(
            "memorising",
            f"train drops by {steps.drop:.0%} at each of {len(steps.drops)} epoch boundaries{over}",
            3.0,
        )
    if examples and examples < _FEW_EXAMPLES:
        yield Reason("small_data", f"{examples:,.0f} training examples", 1.5)
    rank = around.settings.get("lora_rank")
    if rank and rank >= _LARGE_RANK:
        yield Reason("high_capacity", f"LoRA rank is {rank:,.0f}", 1.0)


def ahead(finding: Finding, view: View) -> Iterator[Reason]:
    """Why train may lie above eval: how it is averaged, its tail, what only train carries."""
    pair, train = view.pair, view.train
    if pair is None or train is None:
        return
    yield from _epoch_mean(view)
    high, mean = train.sketch.high[-200:], train.value[-200:]
    keep = np.isfinite(high) & (mean > 0)
    if train.sketch.width > 1 and keep.sum() > 8:
        tail = float(np.median(high[keep] / mean[keep]))
        if tail > _TAIL:
            yield Reason(
                "hard_train", f"the highest losses of a batch are {tail:.2g} x the mean", 1.2
            )


def _epoch_mean(view: View) -> Iterator[Reason]:
    """One train row an epoch is a mean over it: half an epoch behind the eval at its end."""
    pair, train = view.pair, view.train
    assert pair is not None
    assert train is not None
    if not 0.8 <= train.n / max(len(pair.value), 1) <= 1.25 or len(pair.value) < 6:
        return
    half = 0.5 * co.spacing_of(train.step)
    shifted = np.interp(pair.step + half, train.step, train.value)
    apart = np.abs(np.log(np.maximum(pair.train, 1e-300) / np.maximum(pair.value, 1e-300)))
    closer = np.abs(np.log(np.maximum(shifted, 1e-300) / np.maximum(pair.value, 1e-300)))
    early = slice(0, max(3, len(apart) // 2))
    if float(np.mean(closer[early])) < 0.7 * float(np.mean(apart[early])):
        yield Reason(
            "epoch_mean",
            "there is one train row for each eval; half an epoch later train is closer to eval by "
            f"{1 - np.mean(closer[early]) / np.mean(apart[early]):.0%}",
            1.5,
        )
