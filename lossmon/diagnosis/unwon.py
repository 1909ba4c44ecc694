"""Episodes that are all lost alike: a reward below 0 that is the same in each row.

A mean of -21 over a hundred games, three reports one after the other, is that no game has a point.
What stays above 0 may be all that there is to win.
"""

from __future__ import annotations

from lossmon.diagnosis import facts
from lossmon.diagnosis.limits import Enough
from lossmon.diagnosis.view import View


def unwon(view: View) -> facts.Stretch | None:
    """The rows of such a reward, all that there are; None where it is none."""
    train = view.train
    if view.kind.id not in ("rl", "rlhf") or train is None or not train.rises:
        return None
    found = facts.same(view.sketches.get("train_loss"))
    if found is None or not found.whole or found.rows < Enough.facts:
        return None
    return found if found.value < 0 else None
