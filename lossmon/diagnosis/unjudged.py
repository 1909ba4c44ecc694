"""What could not be judged of a run, and why: silence is no clean bill of health."""

from __future__ import annotations

from lossmon.diagnosis.limits import Enough
from lossmon.diagnosis.view import View


def unjudged(view: View) -> tuple[str, ...]:
    """The reasons, as names of texts (`[unjudged]` in the knowledge files)."""
    found = []
    if view.train is None:
        found.append("no_train")
    evals = view.sketches.get("eval_loss")
    if evals is None:
        found.append("no_eval")
    elif view.pair is not None and len(view.pair.value) < Enough.evals:
        found.append("few_evals")
    if "grad_norm" not in view.sketches:
        found.append("no_grad_norm")
    if "learning_rate" not in view.sketches:
        found.append("no_rate")
    if view.tail:
        found.append("tail")
    elif view.too_soon:
        found.append("too_soon")
    return tuple(found)
