"""What could not be judged of a run, and why: silence is no clean bill of health.

Each reason says what was found, and no more. "No eval" stood beside 25 evaluations where their
perplexity was the curve itself, and beside scores of held-out data without a loss.
"""

from __future__ import annotations

from collections.abc import Iterator

from lossmon.diagnosis.kind import RANKED
from lossmon.diagnosis.limits import Enough
from lossmon.diagnosis.measures import HELD_OUT, is_held_out
from lossmon.diagnosis.view import View


def unjudged(view: View, pair: str | None) -> tuple[str, ...]:
    """The reasons, as names of texts (`[unjudged]` in the knowledge files).

    Args:
        view: the run as of now.
        pair: what was told of train and eval together; then it was judged.
    """
    found = []
    if view.train is None:
        found.append("no_train")
    if pair is None:
        found.extend(_of_evals(view))
    if "grad_norm" not in view.sketches:
        found.append("no_grad_norm")
    if "learning_rate" not in view.sketches:
        found.append("no_rate")
    if view.tail:
        found.append("tail")
    elif view.too_soon:
        found.append("too_soon")
    return tuple(found)


def _of_evals(view: View) -> Iterator[str]:
    """Why over-fitting is not judged: what there is of held-out data decides what may be said."""
    if view.sketches.get("eval_loss") is not None:
        if view.pair is not None and len(view.pair.value) < Enough.evals:
            yield "few_evals"
    elif view.train is not None and is_held_out(view.train.name):
        yield "evals_alone"
    elif any(view.around.names.matching(one) for one in (HELD_OUT, *(m.name for m in RANKED))):
        yield "no_eval_loss"
    else:
        yield "no_eval"
