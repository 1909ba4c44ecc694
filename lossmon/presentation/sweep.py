"""What sets the runs that go wrong apart from the others, in one line."""

from __future__ import annotations

from collections.abc import Sequence

from lossmon.diagnosis.sweep import Sweep
from lossmon.hparams.compare import is_seed
from lossmon.monitor.update import RunUpdate
from lossmon.text import printable
from lossmon.words import Said, known, said

_WRONG = ("diverged", "nan", "failed", "rebound", "overfitting", "not_decreasing", "oscillating")


def sweep_line(updates: Sequence[RunUpdate], *, brief: bool = False) -> Said:
    """The setting that goes with an ending; empty where nothing can be told from chance.

    The endings are looked at one by one, and all who went wrong together: each counts that is
    another. A seed is no setting that one could choose better.

    Args:
        updates: the runs.
        brief: leave out how it was tested.
    """
    configured = [update for update in updates if update.hparams.values]
    settings = [
        {name: value for name, value in update.hparams.values.items() if not is_seed(name)}
        for update in configured
    ]
    patterns = [{one.pattern for one in update.diagnosis.findings} for update in configured]
    worst = [
        any(one.severity == "critical" for one in update.diagnosis.findings)
        for update in configured
    ]
    looks = {
        tuple(pattern in found for found in patterns): _verb(pattern)
        for pattern in reversed(_WRONG)
        if any(pattern in found for found in patterns)
    }
    looks.setdefault(tuple(worst), said("went wrong"))  # where no one ending says the same
    sweep = Sweep(settings)
    found = [(words, one) for ends, words in looks.items() if (one := sweep.strongest(ends))]
    sure = [(words, one) for words, one in found if one.chance * len(looks) <= _LEVEL]
    if not sure:
        return said("")
    words, best = min(sure, key=lambda pair: pair[1].chance)
    chance = best.chance * len(looks)
    p = "p < 0.001" if chance < 0.001 else f"p = {chance:.3f}"
    test = said("({p})", p=p) if brief else said("(Fisher's exact test, corrected, {p})", p=p)
    return said(
        "{bad} of {of} runs with {name} {rule} {words}, {other_bad} of {other_of} others {test}",
        bad=best.bad,
        of=best.of,
        name=printable(best.name),
        rule=printable(best.rule),
        words=words,
        other_bad=best.other_bad,
        other_of=best.other_of,
        test=test,
    )


_LEVEL = 0.02


def _verb(pattern: str) -> Said:
    if pattern in _VERBS:
        return known(_VERBS[pattern])
    return said("show {pattern}", pattern=known(pattern.replace("_", " ")))


_VERBS = {"nan": "became nan", "diverged": "diverged", "failed": "failed"}
