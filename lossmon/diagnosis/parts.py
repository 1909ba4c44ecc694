"""Parts of a loss that are no number, beside others that are."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

from lossmon.diagnosis import facts
from lossmon.diagnosis.kind import plain, whole
from lossmon.history.columns import Series

_LOSSES = ("train_loss", "other_loss")
_DETECTOR = re.compile(
    r"(?i)(?:rpn|rcnn|roi|head)_(?:b?box|reg|cls|class|loc|mask)$"
)  # say no loss
_KL = whole(r"kld?|latents?|priors?")
_LEAST = 3  # rows of a column
_ASKED, _MOST = 64, 8  # columns that are looked at, and that are told


class Broken(NamedTuple):
    """A part of which the newest rows are no number.

    Attributes:
        name: as it was logged.
        value: NaN or infinity.
        rows: how many of the newest rows.
        since: the step of the first of them.
        others: a part beside it that is sound; "" where there is none.
        loss: it is a loss by its name.
        series: all of it.
    """

    name: str
    value: float
    rows: int
    since: int
    series: Series
    others: str = ""
    loss: bool = False


def broken_parts(series: Mapping[str, Series], known: Collection[str]) -> tuple[Broken, ...]:
    """Columns of train whose newest rows are no number, losses before others.

    Of what is no loss only what always was a number before: the score of a class that nothing
    holds, the spread of a single value are NaN as they should be.

    Args:
        series: name -> points.
        known: names that other patterns look at.
    """
    ends = (one for one in series.values() if not math.isfinite(one.last_value))
    some = [one for one in ends if len(one) >= _LEAST and one.name not in known][:_ASKED]
    found = []
    for one in some:
        loss = one.role in _LOSSES or _DETECTOR.search(one.name) is not None
        part = _broken(one, loss) if loss or one.role == "other" else None
        if part is not None:
            found.append((not loss, part._replace(others=_sound_beside(one, series), loss=loss)))
    found.sort(key=lambda pair: pair[0])
    return tuple(part for _, part in found[:_MOST])


def is_of_latent(name: str) -> bool:
    """Whether a part holds the distribution of a code to its prior, by its name."""
    return _KL.search(plain(name)) is not None


def _broken(series: Series, loss: bool) -> Broken | None:
    rows = series.rows()
    found = facts.stretch(rows, facts.no_number)
    if found is None:
        return None
    before = rows.value[: found.of - found.rows]
    if not loss and (not len(before) or facts.no_number(before).any()):
        return None
    return Broken(series.name, found.value, found.rows, found.since, series)


def _sound_beside(broken: Series, series: Mapping[str, Series]) -> str:
    """Another part, of as many rows, that still is a number: the one named most alike."""
    alike = (
        one for one in series.values() if len(one) == len(broken) and math.isfinite(one.last_value)
    )
    parts = [one for one in alike if one.role in (broken.role, *_LOSSES)]
    parts.sort(key=lambda one: (one.role == "other", abs(len(one.name) - len(broken.name))))
    return parts[0].name if parts else ""
