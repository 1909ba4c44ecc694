"""The patterns: one file each, named as the pattern, with one declared object, `PATTERN`.

Everything but the words is in that file (see `lossmon.diagnosis.pattern.Pattern`): where it
stands, what it comes after and hides, its limits with unit and source, `find`, causes, figures, how
it is drawn. The words are two tables, `[pattern.ID]` in `knowledge/en.toml` and `zh.toml`. A new
pattern is

    1. its id in `lossmon.diagnosis.finding.PatternId`, at its place in the reference,
    2. `patterns/ID.py` with `PATTERN = Pattern(id="ID", slot=..., severity=..., find=find, ...)`,
    3. the two tables, its causes where they are new (`CauseId`, `[cause.ID]`), the sentences of
       `said(...)` in `words/zh/evidence.toml`, units and sources of its limits in
       `knowledge/limits.zh.toml`,
    4. its name in `.github/docs/patterns.md`,
    5. a log for it and one against it, in `SAID` and `NOT_SAID` of
       `tests/diagnosis/test_of_kinds.py`.

One beside the verdicts (`slot="beside"`) is done with that. Of two verdicts of one slot it is
declared which is asked first: a new one names in `after` those that it gives way to, and stands in
the `after` of those that give way to it.

Where it can only hold of runs that log something, or of a kind, it declares so (`needs`, `logs`,
`kinds`), and costs the others nothing at each look.

Order of asking, severities, looks, causes, figures, guides of the chart, examples, `explain` and
its `-v` all follow from it; `tests/test_registered.py` names what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from lossmon.diagnosis.finding import PATTERN_IDS, PatternId
from lossmon.diagnosis.pattern import Pattern, Slot

__all__ = ["HIDDEN", "ORDER", "PATTERNS", "PatternId", "of_slot"]


def _load(id_: PatternId) -> Pattern:
    found: Pattern = import_module(f"{__name__}.{id_}").PATTERN
    return found


def of_slot(slot: Slot) -> tuple[PatternId, ...]:
    """The patterns of a slot, in the order of the reference."""
    return tuple(id_ for id_, pattern in PATTERNS.items() if pattern.slot == slot)


def _hidden(pattern: Pattern) -> frozenset[PatternId]:
    """What a pattern hides, slots written out; never itself."""
    hides = {id_ for id_ in PATTERN_IDS if {id_, PATTERNS[id_].slot} & set(pattern.hides)}
    return frozenset(hides - {pattern.id})


def _ordered() -> tuple[Pattern, ...]:
    """Those with a `find`, so that each is asked after what it comes after and what hides it.

    Raises:
        ValueError: two of them each want to be first.
    """
    before: dict[PatternId, set[PatternId]] = {id_: set(PATTERNS[id_].after) for id_ in PATTERNS}
    for hider, hidden in HIDDEN.items():
        for id_ in hidden:
            if hider not in HIDDEN[id_]:
                before[id_].add(hider)
    order: list[PatternId] = []
    while len(order) < len(before):
        ready = [i for i in before if i not in order and before[i] <= set(order)]
        if not ready:
            raise ValueError(f"patterns in a circle: {sorted(set(before) - set(order))}")
        order.append(ready[0])
    return tuple(PATTERNS[id_] for id_ in order if PATTERNS[id_].find is not None)


PATTERNS: Mapping[PatternId, Pattern] = {id_: _load(id_) for id_ in PATTERN_IDS}
HIDDEN: Mapping[PatternId, frozenset[PatternId]] = {
    id_: _hidden(pattern) for id_, pattern in PATTERNS.items()
}
ORDER: tuple[Pattern, ...] = _ordered()
