"""The fp16 loss scale falls to nothing, or most steps are skipped because of it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import numpy as np

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.limits import Limit, Limits
from lossmon.diagnosis.pattern import Pattern
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.words import said

NAMES = r"(?:loss|grad|amp|gradient|scaler)_?scale(?:r)?|scale_factor"
_TOLD = re.compile(
    r"(?:reducing|reduced|down|scale|scaling factor)(?: to| is|:| =){1,2} ?([\d.e+-]{1,24})"
)


class Bounds(Limits):
    """When it holds."""

    halvings = Limit(
        8, "halvings below its highest, none of them taken back", "GradScaler, icefall"
    )
    floor = Limit(1.0, "scale: fp16 loses small gradients at and below it", "fairseq, DeepSpeed")
    gone = Limit(0.01, "scale: critical", "icefall warns there")
    skipped = Limit(
        0.5, "of the steps skipped, where no scale is told", "dynamic scaling: 1 in 2,000"
    )
    least = Limit(20, "skipped steps, before that speaks", "a few at the start are harmless")


def find(view: View) -> Finding | None:
    """A scale that is at its floor, logged or told; else most steps skipped."""
    return _logged(view) or _told(view)


def _logged(view: View) -> Finding | None:
    scale = view.around.logged(NAMES)
    if scale is None or len(scale.value) < 3:
        return None
    good = np.isfinite(scale.value) & (scale.value >= 0)
    value, step = scale.value[good], scale.step[good]
    if len(value) < 3 or np.ptp(value) == 0:
        return None
    newest, highest = float(value[-1]), float(np.max(value))
    lowest = float(np.min(value[-max(3, len(value) // 10) :]))
    halvings = math.log2(highest / max(newest, 1e-30)) if highest > 0 else 0.0
    if newest > Bounds.floor or halvings < Bounds.halvings or newest > 4 * max(lowest, 0.0):
        return None
    since = (
        int(step[np.flatnonzero(value > Bounds.floor)[-1]])
        if highest > Bounds.floor
        else int(step[0])
    )
    return Finding(
        "loss_scale",
        "critical" if newest <= Bounds.gone else "warning",
        0.95,
        since,
        scale.name,
        said(
            "{name} fell from {highest:.4g} to {newest:.3g} ({halvings:.0f} halvings) and "
            "did not recover: gradients overflow in fp16 again and again",
            name=scale.name,
            highest=highest,
            newest=newest,
            halvings=halvings,
        ),
        numbers={"scale": newest, "halvings": halvings},
    )


def _told(view: View) -> Finding | None:
    count = view.around.counts.get("overflow", 0)
    events = [(step, text) for kind, step, text in view.around.events if kind == "overflow"]
    if count < 3 or not events:
        return None
    scales = [float(m[-1]) for _, text in events if (m := _numbers(text))]
    share = min(1.0, count / max(view.step, 1))
    if scales:
        # At its floor it can fall no further: each step that overflows there is lost.
        sick = scales[-1] <= Bounds.floor and count >= min(Bounds.least, 0.5 * max(view.step, 1))
    else:
        sick = count >= Bounds.least and share >= Bounds.skipped
    last = events[-1][0]
    if not sick or (last is not None and last < 0.8 * view.step):
        return None
    words = said(
        "{count:,} overflows told in {step:,} steps ({share:.0%} of them skipped)",
        count=count,
        step=view.step,
        share=share,
    )
    if scales:
        words += said("; the scale stands at {scale:.4g}", scale=scales[-1])
    return Finding(
        "loss_scale",
        "critical" if share >= Bounds.skipped else "warning",
        0.95,
        int(events[0][0] or 0),
        "",
        words,
        numbers={"skipped": share, **({"scale": scales[-1]} if scales else {})},
    )


def _numbers(text: str) -> list[str]:
    """The scales that a line tells, the new one last."""
    found = [number.rstrip(".e+-") for number in _TOLD.findall(text)]
    return [number for number in found if re.fullmatch(r"\d+(?:\.\d*)?(?:e[+-]?\d+)?", number)]


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    yield Reason("loss_scale", finding.evidence, 3.0)
    if view.rate is not None:
        peak = float(np.nanmax(view.rate[1]))
        if peak >= 0.01:
            yield Reason("lr_too_high", said("learning rate is up to {peak:.3g}", peak=peak), 1.5)


PATTERN = Pattern(
    id="loss_scale",
    slot="beside",
    severity="critical",
    find=find,
    hides=(
        "not_decreasing",
        "lr_zero",
        "healthy",
        "plateau",
        "underfitting",
        "healthy_pair",
        "not_converged",
        "untold",
    ),
    looks=2,
    limits=Bounds,
    causes=_causes,
    typical=("loss_scale", "lr_too_high"),
)
