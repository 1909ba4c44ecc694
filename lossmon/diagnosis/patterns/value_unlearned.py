"""The critic explains nothing of the returns."""

from __future__ import annotations

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import Pattern
from lossmon.diagnosis.view import View
from lossmon.words import said

_EXPLAINED = r"explained_var\w*|vf_explained_var\w*"
_VALUE = r"value_loss|vf_loss|v_loss|critic_loss|cri_loss"


class Bounds(Limits):
    """When it holds."""

    explained = Limit(
        0.05, "explained variance of the newest half", "SB3: 0 is no better than a mean"
    )
    points = Limit(30, "updates", "a critic needs some")
    large = Limit(
        100.0, "value loss: returns of that scale swamp the policy", "normalised: about 1"
    )


def find(view: View) -> Finding | None:
    """Explained variance next to 0 or below, for half of a run that is long enough."""
    explained = view.around.logged(_EXPLAINED)
    if explained is None or len(explained.value) < Bounds.points:
        return None
    late = explained.late(0.5)
    if not late <= Bounds.explained:
        return None
    value = view.around.logged(_VALUE)
    words, numbers = "", {"explained": late}
    if value is not None and value.late() > Bounds.large:
        words = said(
            "; {name} is {late:.3g}: the returns are not scaled",
            name=value.name,
            late=value.late(),
        )
        numbers["value_loss"] = value.late()
    return Finding(
        "value_unlearned",
        "warning" if words else "info",
        0.75,
        int(explained.step[len(explained.step) // 2]),
        explained.name,
        said(
            "{name} is {late:.2g} over the newest half: the critic is no better than a mean",
            name=explained.name,
            late=late,
        )
        + words,
        numbers=numbers,
    )


PATTERN = Pattern(
    id="value_unlearned",
    slot="beside",
    severity="info",
    find=find,
    kinds=("rl",),
    logs=(_EXPLAINED,),
    looks=4,
    limits=Bounds,
    typical=("returns_unscaled", "lr_too_low"),
)
