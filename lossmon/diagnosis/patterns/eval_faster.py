"""Eval falls markedly faster than train, which is still falling."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis import pairs
from lossmon.diagnosis.amounts import percent
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pairs import ahead
from lossmon.diagnosis.pattern import SINCE, Example, Pattern, Picture
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    ratio = Limit(0.45, "train's log drop over eval's: no doubt is left", "runs")
    pace = Limit(0.35, "steps for the same drop, likewise", "runs")


def find(view: View) -> Finding | None:
    """Eval is clearly ahead, and train follows."""
    found, pair = view.once(ahead), view.pair
    if found is None or pair is None or found.stuck or view.too_soon:
        return None
    if found.eval_drop < pairs.Bounds.fall:
        return None  # it lies below train from its first on, and falls no faster
    if float(pair.value[0]) > 0 > pair.last(pair.value):
        return None  # of what goes down through 0 no shares can be told
    words = said("its log drop is {ratio} of eval's", ratio=percent(found.ratio))
    if found.ratio > pairs.Bounds.ratio and found.pace < 1:
        words = said(
            "eval took {pace} of the steps that train took for the same drop",
            pace=percent(found.pace),
        )
    plain = found.ratio < Bounds.ratio or found.pace < Bounds.pace
    return Finding(
        "eval_faster",
        "warning",
        0.65 if not found.plain else 0.9 if plain else 0.7,
        int(pair.step[0]),
        pair.name,
        said(
            "eval fell {eval_drop:.0%} to {eval:.4g}, train only to {train:.4g}: {words}",
            eval_drop=found.eval_drop,
            eval=pair.last(pair.value),
            train=pair.last(pair.train),
            words=words,
        ),
        numbers={"ratio": found.ratio, "pace": found.pace},
    )


PATTERN = Pattern(
    id="eval_faster",
    slot="pair",
    severity="warning",
    find=find,
    needs=("pair",),
    after=(
        "eval_apart",
        "train_high_eval_low",
    ),
    limits=Bounds,
    causes=pairs.train_above,
    # Of 5 threads with eval below train: dropout 3, computed in another way 2.
    typical=("regularised_train", "easy_eval", "hard_train"),
    picture=Picture(marks=(SINCE,)),
    example=lambda of: Example(
        {"train": 0.5 + 1.8 * np.exp(-2 * of.t), "eval": 0.2 + 2 * np.exp(-9 * of.t)}
    ),
)
