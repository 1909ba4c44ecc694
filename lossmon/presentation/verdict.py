"""The verdict of a run: which finding is named first, in a few words and in a line."""

from __future__ import annotations

from lossmon.diagnosis.finding import SEVERITIES, Finding
from lossmon.diagnosis.knowledge import Knowledge
from lossmon.diagnosis.limits import Enough
from lossmon.diagnosis.patterns import PATTERNS
from lossmon.monitor.update import RunUpdate
from lossmon.text import printable

_ORDINARY = ("healthy", "healthy_pair", "finished")


def headline(update: RunUpdate) -> Finding | None:
    """The finding to name first: the worst; of equals what is not ordinary, then the surest.

    What the user has hushed comes after everything else.
    """
    findings = update.diagnosis.findings
    return min(
        findings,
        key=lambda f: (
            f.pattern in update.hushed,
            -SEVERITIES.index(f.severity),
            f.pattern == "stalled",  # silence is seen at a glance, and says nothing of why
            f.pattern in _ORDINARY,
            PATTERNS[f.pattern].slot not in ("train", "pair"),  # a verdict says more
            -f.confidence,
        ),
        default=None,
    )


def verdict_line(update: RunUpdate, knowledge: Knowledge) -> str:
    """The verdict in one line: "OVERFITTING since step 1,800: eval rose 4.1 % ..."."""
    finding = headline(update)
    title = title_of(update, knowledge)
    if finding is None or not finding.evidence:
        return title
    return printable(knowledge.tongue.labelled(title, knowledge.say(finding.evidence)))


def title_of(update: RunUpdate, knowledge: Knowledge) -> str:
    """The verdict in a few words: "OVERFITTING since step 1,800"."""
    finding = headline(update)
    return nothing_told(update, knowledge) if finding is None else finding_title(finding, knowledge)


def is_untold(finding: Finding) -> bool:
    """It says why there is no verdict: too early, too few rows."""
    return PATTERNS[finding.pattern].slot == "untold"


def nothing_told(update: RunUpdate, knowledge: Knowledge) -> str:
    """What stands in the place of a verdict where nothing was found; many rows are not early."""
    rows = max((len(view) for view in update.series.values()), default=0)
    if rows >= Enough.points_live:
        return knowledge.word("nothing")
    share = (update.step or 0) / update.total_steps if update.total_steps else 0.0
    return knowledge.pattern("too_few" if rows and share >= Enough.plan else "too_early").title


def finding_title(finding: Finding, knowledge: Knowledge) -> str:
    """The same of one finding; of what is well it does not say since when."""
    title = knowledge.told(finding).title.upper()
    if finding.severity != "info":
        title = knowledge.tell("{title} since step {step:,}", title=title, step=finding.since_step)
    return printable(title)
