"""The loss of a group-relative policy starts at 0 and follows the KL term, as it should.

With one update a batch the ratio is 1 and the advantages of a group sum to 0: what is printed is
beta x KL alone, 0.0000 at first. The gradient is not 0, and the reward tells how it goes.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis.around import Logged
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.pattern import Pattern
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import Said, said

_KL = r"(?:objective_|mean_|train_)?kl(?:_mean)?|ref_kl|kl_ref"
_SPREAD = r"reward_std|rewards?_std(?:_mean)?"


class Bounds(Limits):
    """When it holds."""

    facts = Enough.facts
    zero = Limit(1e-4, "loss at first: it is printed as 0", "threads: 0.000000")
    beta = Limit(0.5, "of KL: the most that the loss is of it", "usual: 0.01 to 0.1")
    alone = Limit(1e-3, "loss of a policy without a KL term", "threads: 0.0 in each row")
    apart = Limit(1e-4, "loss: rounding", "printed with 4 digits")


def find(view: View) -> Finding | None:
    """The loss begins at 0 and stays a small part of KL; or, without a KL term, next to 0."""
    loss = view.around.loss
    if view.kind.id != "rlhf" or loss is None or not loss.whole:
        return None
    if len(loss.value) < Bounds.facts or not np.isfinite(loss.value).all():
        return None
    kl = view.around.logged(_KL)
    words = _beside(loss, kl) if kl is not None else _alone(loss, view)
    if words is None:
        return None
    return Finding("policy_loss", "info", 0.9, int(loss.step[0]), loss.name, words)


def _beside(loss: Logged, kl: Logged) -> Said | None:
    rows = min(len(loss.value), len(kl.value))
    value, drift = loss.value[-rows:], kl.value[-rows:]
    if rows < Bounds.facts or abs(float(loss.value[0])) > Bounds.zero:
        return None
    if not np.all(np.abs(value) <= Bounds.beta * np.abs(drift) + Bounds.apart):
        return None
    return said(
        "{loss} is {first:.4g} at first and {last:.4g} now, while {kl} went from "
        "{kl_first:.2g} to {kl_last:.2g}",
        loss=loss.name,
        first=abs(float(value[0])),
        last=value[-1],
        kl=kl.name,
        kl_first=drift[0],
        kl_last=drift[-1],
    )


def _alone(loss: Logged, view: View) -> Said | None:
    spread, largest = view.around.logged(_SPREAD), float(np.max(np.abs(loss.value)))
    if largest > Bounds.alone or spread is None or not np.any(spread.value > 0):
        return None
    return said("{loss} is at most {largest:.2g} in all rows", loss=loss.name, largest=largest)


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    spread, why = view.around.logged(_SPREAD), finding.evidence
    if spread is not None and np.any(spread.value > 0):
        why += said(
            "; {name} is above 0 in {some:,} of {rows:,} rows: there is a gradient",
            name=spread.name,
            some=int(np.sum(spread.value > 0)),
            rows=len(spread.value),
        )
    yield Reason("loss_of_kl", why, 2.0)


PATTERN = Pattern(
    id="policy_loss",
    slot="beside",
    severity="info",
    find=find,
    hides=("untold", "zero_loss"),
    looks=2,
    limits=Bounds,
    causes=_causes,
)
