"""The log says, in words or by a setting, that something else is trained from here on."""

from __future__ import annotations

from collections.abc import Iterator

from lossmon.diagnosis import dials
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.pattern import SINCE, Pattern, Picture
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.stages import Bounds
from lossmon.diagnosis.view import View
from lossmon.words import said


def find(view: View) -> Finding | None:
    """Words of a new stage, and a level that changed with them; or a setting that was moved."""
    stage = view.stage
    if stage is None:
        return _of_setting(view)
    return Finding(
        "stage",
        "info",
        0.9,
        stage.first,
        view.around.loss_name,
        said(
            'the log says "{text}" at step {step:,}; the loss went from '
            "{before:.4g} to {after:.4g}: levels before and after do not compare",
            text=stage.text[:80],
            step=stage.step,
            before=stage.before,
            after=stage.after,
        ),
        numbers={"resume_before": stage.before, "resume_after": stage.after},
    )


def _of_setting(view: View) -> Finding | None:
    """What the loss is made of, or how hard its task is, was changed as it is logged."""
    dial = view.once(dials.moved)
    if dial is None:
        return None
    return Finding(
        "stage",
        "info",
        0.85,
        dial.step,
        view.around.loss_name,
        said(
            "{setting} went from {was:.4g} to {now:.4g} from step {step:,} on, and the loss from "
            "{before:.4g} to {after:.4g} with it: it rises by design, and levels before and after "
            "do not compare",
            setting=dial.name,
            was=dial.was,
            now=dial.now,
            step=dial.step,
            before=dial.low,
            after=dial.level,
        ),
        numbers={"resume_before": dial.low, "resume_after": dial.level},
    )


def _causes(finding: Finding, view: View) -> Iterator[Reason]:
    yield Reason("loss_redefined", finding.evidence, 3.0)


PATTERN = Pattern(
    id="stage",
    slot="beside",
    severity="info",
    find=find,
    looks=1,
    limits=Bounds,
    causes=_causes,
    picture=Picture(marks=(SINCE,)),
)
