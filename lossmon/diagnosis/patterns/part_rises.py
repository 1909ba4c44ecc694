"""A part of the loss rises for good while the total falls: the total hides it.

A force error that grows tenfold while the prefactors shrink, a box loss that climbs under a class
loss that falls: the sum looks well, and what is wanted gets worse.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.around import Logged
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import Pattern
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    rows = Limit(9, "rows of a part", "threads")
    rise = Limit(1.5, "x its first third that its last third is", "threads")
    climbs = Limit(3.0, "Mann-Kendall z of block medians", "words: 3 to 5")
    least = Limit(0.02, "of the total that the part makes up", "runs")


# Losses that work against each other, or that are meant to rise.
_PULL = ("gan", "rl", "rlhf", "preference", "diffusion", "boosting", "contrastive")
_MEANT = ("kl", "reg", "aux", "balance", "commit", "adv", "disc", "gen", "wd", "l2", "z_loss")


def find(view: View) -> Finding | None:
    """The part that rose most, beside a total that did not."""
    if view.kind.id in _PULL or view.train is None or view.train.rises:
        return None
    some, total = list(view.around.parts), None
    if some:
        total = view.around.loss
    if total is None:
        return None
    rising = [(_rise(one), one) for one in some if _rises(one, total)]
    if not rising or total.late(0.33) > total.early(0.33):
        return None
    ratio, part = max(rising, key=lambda found: found[0])
    return Finding(
        "part_rises",
        "info",
        0.8,
        int(part.step[len(part.step) // 3]),
        part.name,
        said(
            "{part} rose from {early:.4g} to {late:.4g} while {total} went from {first:.4g} to "
            "{last:.4g}",
            part=part.name,
            early=part.early(0.33),
            late=part.late(0.33),
            total=total.name,
            first=total.early(0.33),
            last=total.late(0.33),
        ),
        numbers={"ratio": ratio},
    )


def _rise(part: Logged) -> float:
    return part.late(0.33) / max(part.early(0.33), 1e-300)


def _rises(part: Logged, total: Logged) -> bool:
    values = part.value
    if part.name == total.name or len(values) < Bounds.rows or not np.isfinite(values).all():
        return False
    if any(word in part.name.lower() for word in _MEANT) or part.early(0.33) <= 0:
        return False
    if part.late(0.33) < Bounds.least * abs(total.late(0.33)) or _rise(part) < Bounds.rise:
        return False
    return st.mann_kendall(st.blocks(values, 24)) >= Bounds.climbs


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    if view.rate is not None:
        rate = view.rate[1]
        if np.isfinite(rate).all() and rate[0] > 10 * rate[-1] > 0:
            yield Reason(
                "bad_labels",
                said(
                    "learning rate fell from {first:.2g} to {last:.2g} meanwhile: what is learned "
                    "is wrong, not how fast",
                    first=rate[0],
                    last=rate[-1],
                ),
                1.5,
            )


PATTERN = Pattern(
    id="part_rises",
    slot="beside",
    severity="info",
    find=find,
    needs=("train",),
    hides=("healthy",),
    looks=4,
    limits=Bounds,
    causes=_causes,
    typical=("parts_pull", "bad_labels"),
    typical_of={"potential": ("bad_labels", "energy_weight", "parts_pull")},
)
