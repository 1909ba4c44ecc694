"""On held-out data next to no answer is right, while most are on what is trained: not learning.

An accuracy of 0.91 beside a val_acc of 0, 0, 0, 0.07, 0, 0.01: no over-fitting is worse than
guessing. Sorted data were split without shuffling, labels are numbered anew for eval, or eval mode
computes something else.
"""

from __future__ import annotations

from collections.abc import Iterator

from lossmon.diagnosis import signs
from lossmon.diagnosis.finding import CauseId, Finding
from lossmon.diagnosis.limits import Enough, Limits
from lossmon.diagnosis.pattern import Pattern
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    facts = Enough.facts
    learned = signs.Bounds.learned
    missed = signs.Bounds.missed
    as_bad = signs.Bounds.as_bad


def find(view: View) -> Finding | None:
    """Accuracy and loss agree that eval is answered wrongly; a fact, three rows suffice."""
    found = signs.missed(view)
    if found is None or found.evals < Bounds.facts or view.train is None:
        return None
    return Finding(
        "eval_misses",
        "warning",
        0.95,
        found.step,
        found.held,
        said(
            "{name} is {missed:.2%} in the newest rows, beside {own} of {learned:.0%}; the eval "
            "loss of {eval:.3g} against {train:.3g} says the same",
            name=found.held,
            missed=found.missed,
            own=found.own,
            learned=found.learned,
            eval=found.loss,
            train=view.train.end,
        ),
        numbers={"score": found.missed, "other": found.learned},
    )


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    if view.tail:  # what eval was when the weights were new is not told
        words = said("no over-fitting is worse than guessing")
        yield Reason("other_mode", words, 2.0, _LEARNED)
        yield Reason("eval_statistics", words, 1.8)
        yield Reason("classes_apart", words, 1.7)
        return
    words = said("it is worse than guessing, from the first evaluation on")
    yield Reason("classes_apart", words, 2.2, _LEARNED)
    yield Reason("other_mode", words, 1.8)
    yield Reason("eval_statistics", words, 1.6)


_LEARNED: tuple[CauseId, ...] = ("memorising", "small_data", "high_capacity")


PATTERN = Pattern(
    id="eval_misses",
    slot="beside",
    severity="warning",
    find=find,
    hides=("pair", "healthy", "falling", "worst_score", "untold", "not_converged"),
    forbids=("rate+", "steps-", "capacity-"),
    looks=2,
    limits=Bounds,
    causes=_causes,
    typical=("classes_apart", "other_mode", "eval_statistics"),
)
