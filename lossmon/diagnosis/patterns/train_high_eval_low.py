"""Train stays high, eval falls normally."""

from __future__ import annotations

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

    plain = Limit(0.35, "train's log drop over eval's: no doubt is left", "runs")


def find(view: View) -> Finding | None:
    """Eval is clearly ahead, and train has stopped falling."""
    found, pair = view.once(ahead), view.pair
    if found is None or pair is None or not found.stuck or view.too_soon:
        return None
    return Finding(
        "train_high_eval_low",
        "warning",
        0.65 if not found.plain else 0.9 if found.ratio < Bounds.plain else 0.7,
        int(pair.step[0]),
        pair.name,
        said(
            "eval fell {eval_drop:.0%} to {eval:.4g} while train is stuck at "
            "{train:.4g}: its log drop is {ratio} of eval's",
            eval_drop=found.eval_drop,
            eval=pair.last(pair.value),
            train=pair.last(pair.train),
            ratio=percent(found.ratio),
        ),
        numbers={"ratio": found.ratio},
    )


PATTERN = Pattern(
    id="train_high_eval_low",
    slot="pair",
    severity="warning",
    find=find,
    needs=("pair",),
    after=(
        "eval_apart",
        "underfitting",
    ),
    limits=Bounds,
    causes=pairs.train_above,
    typical=("regularised_train", "split_mismatch", "noisy_data"),
    picture=Picture(marks=(SINCE,)),
    example=lambda of: Example({"train": 1.9 + 0.02 * of.noise, "eval": of.fall}),
)
