"""The step went back: the run was resumed from an earlier checkpoint."""

from __future__ import annotations

from collections.abc import Iterator

from lossmon.diagnosis.amounts import percent
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import Example, Pattern, Picture
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """When it holds."""

    rise = Limit(0.05, "of the level: the loss came back higher than it had been there", "runs")


def find(view: View) -> Finding | None:
    """An event: the newest restart, how far it went back, and how the loss came back."""
    restarts = view.around.restarts
    if not restarts or view.train is None:
        return None
    newest = restarts[-1]
    jumped = newest.rise >= Bounds.rise
    words = said(
        "the step went from {left:,} back to {step:,}",
        step=newest.step,
        left=newest.left,
    )
    if jumped:
        words += said(
            "; the loss came back at {after:.4g}, and had been {before:.4g} there",
            after=newest.after,
            before=newest.before,
        )
    if len(restarts) > 1:
        words += said("; {count} times in all", count=len(restarts))
    return Finding(
        "restart",
        "info",
        0.95,
        newest.step,
        view.train.name,
        words,
        numbers={
            "count": float(len(restarts)),
            "resume_before": newest.before,
            "resume_after": newest.after,
            "resume_rise": newest.rise,
            "lost_steps": float(max(0, newest.left - newest.step)),
        },
    )


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    rise = finding.numbers["resume_rise"]
    if rise >= Bounds.rise:
        yield Reason(
            "resume_mismatch",
            said("the loss came back {ratio} higher than it had been there", ratio=percent(rise)),
            3.0,
        )


PATTERN = Pattern(
    id="restart",
    slot="beside",
    severity="info",
    find=find,
    looks=1,
    limits=Bounds,
    causes=_causes,
    picture=Picture(every="restart"),
    example=lambda of: Example({"train": of.fall + 0.02 * of.noise}, 0.5),
)
