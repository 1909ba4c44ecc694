"""`lossmon check --baseline`: how runs stand against others, in words and in JSON."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from lossmon.errors import TargetError, message_of
from lossmon.monitor.update import RunUpdate
from lossmon.monitor.versus import Axis, Standing, Versus, closest, versus
from lossmon.report.contract import number
from lossmon.report.gather import gather
from lossmon.words import said

_SHOWN = 1000.0  # standard errors: more say nothing more


class Against(NamedTuple):
    """How a run stands against the baseline.

    Attributes:
        standing: None where the two have too little in common.
        by: the comparison that tells; of several baselines the closest one's.
        base: the name of the baseline, or of the first of several.
    """

    standing: Standing | None
    by: Versus | None
    base: str

    def sentence(self) -> str:
        """What is said of it."""
        by = self.by
        if by is None or self.standing is None:
            return said("too little in common with {base} to tell", base=self.base)
        place = (
            said("step {step:,}", step=int(by.place))
            if by.at == "step"
            else said("{seconds:,.0f} s", seconds=by.place)
        )
        if not math.isfinite(by.level):
            return said(
                "{standing}: {metric} is not finite at {place}",
                standing=self.in_brief(),
                metric=by.metric,
                place=place,
            )
        return said(
            "{standing}: {metric} {level:.4g} against {base_level:.4g} at {place} ({share:+.1%}, "
            "{errors:.1f} standard errors)",
            standing=self.in_brief(),
            metric=by.metric,
            level=by.level,
            base_level=by.base_level,
            place=place,
            share=by.share,
            errors=min(by.errors, _SHOWN),
        )

    def in_brief(self) -> str:
        """The same in a few words."""
        if self.standing == "behind":
            return said("behind {base}", base=self.base)
        if self.standing == "ahead":
            return said("ahead of {base}", base=self.base)
        return said("level with {base}", base=self.base)

    def as_object(self) -> dict[str, Any]:
        """The values of a JSON object."""
        by = self.by
        return {
            "run": self.base,
            "standing": self.standing,
            "metric": by.metric if by else None,
            "at": by.at if by else None,
            "place": number(by.place) if by else None,
            "level": number(by.level) if by else None,
            "baseline_level": number(by.base_level) if by else None,
            "error": number(by.error) if by else None,
        }


def against(
    updates: Sequence[RunUpdate],
    baselines: Sequence[str],
    at: Axis,
    margin: float,
    ask: Callable[[str], None] | None = None,
) -> dict[str, Against]:
    """Run -> how it stands; a run that is itself a baseline is left out.

    Args:
        updates: the runs.
        baselines: targets; several runs are several seeds of one configuration.
        at: whether runs are compared at the same step or after the same time.
        margin: differences that do not count, as a share.
        ask: see `read_targets`.

    Raises:
        TargetError: a baseline holds no run, or nothing else is there to be compared with it.
    """
    bases, errors, _ = gather(baselines, 1, ask)
    if errors:
        raise TargetError(said("the baseline: {error}", error=message_of(errors[0])))
    own = {log.path for base in bases for log in base.logs}
    others = [one for one in updates if own.isdisjoint(log.path for log in one.logs)]
    if updates and not others:
        raise TargetError(said("nothing but the baseline itself is there to be compared"))
    stand = {}
    for update in others:
        found = [one for base in bases if (one := versus(update, base, at)) is not None]
        standing, by = closest(found, margin) if found else (None, None)
        stand[update.run] = Against(standing, by, by.base if by else bases[0].run)
    return stand
