"""A language model that knows its examples by heart, where no eval would tell.

Loss 6.5, 2.1, 0.6, 0.2 over 16 epochs: each row is several passes over a set that is smaller than
what is trained between two rows. To go on, as an unfinished fall would ask for, makes it worse.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
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
    row = Limit(1.5, "passes between two rows: a very small set", "threads")


def find(view: View) -> Finding | None:
    """Several passes, next to nothing left of the loss, and no eval."""
    train, epochs = view.train, view.epochs
    if train is None or epochs is None or epochs < Bounds.epochs or train.rises or view.curve:
        return None
    if "eval_loss" in view.sketches or train.n < Bounds.rows:
        return None
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
            "eval is logged",
            level=level,
            first=first,
            epochs=epochs,
        ),
        numbers={"epochs": float(epochs), "level": level},
    )


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
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
    hides=("healthy", "not_converged", "falling", "too_early"),
    forbids=("steps+", "capacity+", "rate+"),
    looks=3,
    limits=Bounds,
    causes=_causes,
    typical=("memorising", "small_data"),
    example=lambda of: Example({"train": 2.5 * np.exp(-9 * of.t) + 0.02}),
)
