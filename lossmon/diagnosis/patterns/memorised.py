"""A language model that knows its examples by heart, where no eval would tell.

Loss 6.5, 2.1, 0.6, 0.2 over 16 epochs: each row is several passes over a set that is smaller than
what is trained between two rows. To go on, as an unfinished fall would ask for, makes it worse.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis.around import Logged
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.measures import HELD_OUT, is_held_out
from lossmon.diagnosis.pattern import Example, Pattern
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    rows = Limit(4, "rows", "threads")
    epochs = Limit(3.0, "passes over the data", "usual recipes")
    left = Limit(0.12, "of the start level that is left", "threads")
    level = Limit(0.3, "loss of a token: answers are known by heart", "usual recipes")
    scores = Limit(3, "newest rows in which each example of train is right", "threads")
    right = Limit(0.99, "of the examples of train", "threads: 0.996 to 1")
    apart = Limit(0.1, "by which the score of held-out data is below it", "threads: 0.18")
    row = Limit(1.5, "passes between two rows: a very small set", "threads")


def find(view: View) -> Finding | None:
    """Next to nothing is left of the loss, and no eval; or scores alone that say so."""
    return _by_scores(view) or _by_loss(view)


def _by_scores(view: View) -> Finding | None:
    """Each example of train is right, and those of held-out data are not."""
    if "eval_loss" in view.sketches:
        return None
    scores = [one for one in view.around.scores if one.rises and len(one.value) >= Bounds.scores]
    held = [one for one in scores if is_held_out(one.name)]
    own = next((one for one in scores if "train" in one.name.lower()), None)
    if own is None or not held:
        return None
    last = int(Bounds.scores)
    here, there = own.value[-last:] / _full(own), held[0].value[-last:] / _full(held[0])
    if not (here.min() >= Bounds.right and 0 < there.max() <= here.min() - Bounds.apart):
        return None
    return Finding(
        "memorised",
        "warning",
        0.85,
        int(own.step[-last]),
        held[0].name,
        said(
            "{own} is {value:.4g}, and {held} no more than {most:.4g}",
            own=own.name,
            value=own.value[-1],
            held=held[0].name,
            most=held[0].value[-last:].max(),
        ),
        numbers={"scores": float(there.max())},
    )


def _full(score: Logged) -> float:
    return 100.0 if float(score.value.max()) > 1.5 else 1.0


def _by_loss(view: View) -> Finding | None:
    """Several passes, next to nothing left of the loss, and no eval."""
    train, epochs = view.train, view.epochs
    if train is None or epochs is None or epochs < Bounds.epochs or train.rises or view.curve:
        return None
    if "eval_loss" in view.sketches or train.n < Bounds.rows:
        return None
    if view.around.names.matching(HELD_OUT):
        return None  # scores of held-out data are evals, too
    tiny = view.rate is not None and epochs >= Bounds.row * train.n
    if view.kind.id not in ("llm", "lora") and not (tiny and view.kind.id == ""):
        return None
    first, last = float(train.sketch.head[0]), float(np.mean(train.sketch.newest[-2:]))
    newest = float(train.sketch.newest[-1])
    level = newest if tiny else last
    if not (0 < level <= Bounds.left * first and level <= Bounds.level):
        return None
    return Finding(
        "memorised",
        "info",
        0.85,
        int(train.sketch.newest_step[-1]),
        train.name,
        said(
            "{level:.2g} is left of {first:.3g} after {epochs:.3g} passes over the data, and no "
            "eval was found",
            level=level,
            first=first,
            epochs=epochs,
        ),
        numbers={"epochs": float(epochs), "level": level},
    )


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    if "scores" in finding.numbers:
        words = said("each example that is trained on is right, and of others far fewer")
        yield Reason("memorising", words, 2.0)
        yield Reason("small_data", words, 1.8)
        yield Reason("eval_statistics", words, 1.4)
        yield Reason("split_mismatch", words, 1.2)
        return
    train, epochs = view.train, finding.numbers["epochs"]
    yield Reason("memorising", said("{epochs:.3g} passes over the same data", epochs=epochs), 2.0)
    if train is not None and epochs >= Bounds.row * train.n:
        yield Reason(
            "small_data",
            said("{passes:.2g} passes are made between two rows", passes=epochs / train.n),
            1.8,
        )


PATTERN = Pattern(
    id="memorised",
    slot="beside",
    severity="info",
    find=find,
    needs=("train",),
    hides=("healthy", "not_converged", "falling", "untold"),
    forbids=("steps+", "capacity+", "rate+"),
    looks=3,
    limits=Bounds,
    causes=_causes,
    typical=("memorising", "small_data"),
    example=lambda of: Example({"train": 2.5 * np.exp(-9 * of.t) + 0.02}),
)
