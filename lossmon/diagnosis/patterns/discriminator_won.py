"""A GAN without a game: the discriminator tells all apart, or both losses stand still."""

from __future__ import annotations

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.around import Logged
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.pattern import Pattern
from lossmon.diagnosis.view import View
from lossmon.words import said

_D = (
    r"d(?:isc\w*)?_?(?:loss|err(?:or)?)|loss_d(?:isc\w*)?|d_total|err_?d|discriminator_loss|loss_disc(?:_all)?"
    r"|d_[ab]"
)
_G = (
    r"g(?:en\w*)?_?(?:loss|err(?:or)?)|loss_g(?:en\w*)?|g_(?:total|gan|adv)|err_?g|generator_loss|adv\w*_loss"
    r"|g_[ab]"
)


class Bounds(Limits):
    """When it holds."""

    none = Limit(0.01, "discriminator's loss that is none", "ln 2 to 2 ln 2 where it guesses")
    nothing = Limit(1e-4, "both losses, in each row: no game has such", "threads: 1.2e-7")
    rise = Limit(1.5, "x the generator's loss in the first quarter", "it loses ground")
    real = Limit(0.95, "that the discriminator gives real samples: it knows them", "0.5 guesses")
    fake = Limit(0.05, "that it gives made ones, likewise", "0.5 guesses")
    still = Limit(0.003, "of the level: spread of a loss that stands still", "printed digits")
    few = Limit(6, "rows of a log that has ended", "threads")
    points = Limit(20, "rows", "the first steps swing")


def find(view: View) -> Finding | None:
    """The discriminator's loss next to 0 with the generator's risen; or neither moves."""
    d, g = view.around.logged(_D), view.around.logged(_G)
    if d is None or g is None:
        return None
    if (certain := _certain(view)) is not None:
        return certain
    climbs = len(g.value) > Enough.facts and bool((np.diff(g.value) > 0).all())
    if (dead := _dead(d, g)) is not None:
        return dead
    least = Enough.facts + 1 if climbs else Bounds.few if view.ended else Bounds.points
    if min(len(d.value), len(g.value)) < least:
        return None
    late = d.value[-max(3 if climbs else 4, len(d.value) // 5) :]
    if not np.isfinite(late).all() or not np.isfinite(g.value).all():
        return None
    if np.max(np.abs(late)) <= Bounds.none and g.late(0.2) >= Bounds.rise * g.early(0.25) > 0:
        return _finding(
            d.since(np.abs(d.value) <= Bounds.none),
            d.name,
            said(
                "{d_name} is {late:.2g} and {g_name} rose from {g_early:.3g} to {g_late:.3g}: "
                "the discriminator tells all apart, the generator gets no gradient",
                d_name=d.name,
                late=st.median(late),
                g_name=g.name,
                g_early=g.early(0.25),
                g_late=g.late(0.2),
            ),
            0.96 if climbs else 0.85,
        )
    if _still(d) and _still(g):
        return _finding(
            int(d.step[len(d.step) // 2]),
            d.name,
            said(
                "{d_name} stands at {d_late:.4g} and {g_name} at {g_late:.4g} without moving: no "
                "game goes on",
                d_name=d.name,
                d_late=d.late(),
                g_name=g.name,
                g_late=g.late(),
            ),
        )
    return None


def _certain(view: View) -> Finding | None:
    """It is sure of real and of made samples alike, in each of the newest rows: a plain fact."""
    real, fake = view.around.logged(_REAL), view.around.logged(_FAKE)
    if real is None or fake is None or len(real.value) != len(fake.value):
        return None
    if not (_are_shares(real) and _are_shares(fake)):
        return None
    sure = (real.value >= Bounds.real) & (fake.value <= Bounds.fake)
    rows = len(sure) if sure.all() else int(np.argmin(sure[::-1]))
    if rows < Enough.facts:
        return None
    since = int(real.step[-rows])
    return _finding(
        since,
        real.name,
        said(
            "{real} is {high:.3g} and {fake} {low:.2g} in the last {rows:,} rows since step "
            "{since:,}: the discriminator is sure of every sample",
            real=real.name,
            high=float(real.value[-1]),
            fake=fake.name,
            low=float(fake.value[-1]),
            rows=rows,
            since=since,
        ),
        0.97,
    )


def _dead(d: Logged, g: Logged) -> Finding | None:
    """Both are next to 0 in each row, and above it: what one wins the other must lose."""
    rows = min(len(d.value), len(g.value))
    values = np.concatenate((d.value, g.value))
    if rows < Enough.facts or not np.all((values > 0) & (values <= Bounds.nothing)):
        return None
    return _finding(
        int(d.step[0]),
        d.name,
        said(
            "{d_name} and {g_name} are at most {most:.2g} in all {rows:,} rows: what one wins the "
            "other loses, so that neither answers anything",
            d_name=d.name,
            g_name=g.name,
            most=float(values.max()),
            rows=rows,
        ),
        0.96,
    )


def _are_shares(line: Logged) -> bool:
    """Outputs of a sigmoid; a loss of either kind goes beyond 1 once."""
    return bool(np.all((line.value >= 0) & (line.value <= 1)))


_REAL = r"d_(?:x|hr|gt|real)"
_FAKE = r"d_(?:g_?z\d?|sr\d?|fake|gen\w*)"


def _still(line: Logged) -> bool:
    half = line.value[len(line.value) // 2 :]
    return float(np.ptp(half)) <= Bounds.still * abs(st.median(half)) and float(np.ptp(half)) >= 0


def _finding(since: int, name: str, words: str, confidence: float = 0.85) -> Finding:
    return Finding("discriminator_won", "warning", confidence, since, name, words)


PATTERN = Pattern(
    id="discriminator_won",
    slot="beside",
    severity="warning",
    find=find,
    kinds=("gan",),
    logs=(_D, _G),
    looks=3,
    sure=0.95,  # a plain fact needs no second look
    limits=Bounds,
    typical=("unbalanced_game", "saturated", "lr_too_high"),
)
