"""What holds of a run at one moment, and why: pure, no memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from math import isfinite

import numpy as np

from lossmon.diagnosis.advice import alien, refuted
from lossmon.diagnosis.coincidence import log_advises
from lossmon.diagnosis.confidence import calibrated
from lossmon.diagnosis.figures import Numbers, levels, rates
from lossmon.diagnosis.finding import Cause, Finding, PatternId
from lossmon.diagnosis.limits import Enough
from lossmon.diagnosis.pattern import PARTS, Pattern
from lossmon.diagnosis.patterns import HIDDEN, ORDER, PATTERNS
from lossmon.diagnosis.patterns.too_few import of_nothing
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View

_Asked = tuple[Pattern, str, Callable[[View], Finding | None]]
MOST = 4  # causes of a finding
_PLACE = {one.id: place for place, one in enumerate(ORDER)}
PLAIN = 1.2  # weight of a reason from which on it supports a finding (see `coincidence`)


@np.errstate(all="ignore")  # any logged value is allowed: what overflows is no finding
def judge(view: View, among: frozenset[PatternId] | None = None) -> dict[str, Finding]:
    """All that holds.

    Args:
        view: the run at one moment.
        among: patterns that are asked, with all that decides over them (see `deciding`); None for
            all patterns.

    Returns:
        Slot -> finding; "train" and "pair" hold the verdicts, others are named by their pattern.
    """
    found: dict[str, Finding] = {}
    hidden = set(view.quiet)
    for pattern, slot, find in _asked(view, among):
        if slot in found or pattern.id in hidden:
            continue
        finding = find(view)
        if finding is None:
            continue
        if pattern.slot in ("train", "pair"):
            finding = replace(finding, confidence=calibrated(_by_rows(finding.confidence, view)))
        if pattern.supported is not None and _supported(finding, view):
            finding = replace(finding, severity=pattern.supported)
        found[slot] = finding
        hidden |= HIDDEN[pattern.id]
    told = {slot: f for slot, f in found.items() if not _contradicted(slot, f, found)}
    if not told and among is None and "too_few" not in hidden and (few := of_nothing(view)):
        told[PATTERNS[few.pattern].slot] = few
    return told


def _by_rows(said: float, view: View) -> float:
    """How plainly it holds, of rows that are fewer than it takes while more may come: hardly."""
    few = view.train is not None and view.train.n < Enough.points and view.over
    return min(said, Enough.plainly) if few else said


@np.errstate(all="ignore")
def holds(view: View, any_of: frozenset[PatternId]) -> bool:
    """Whether any of some patterns would be found, were nothing else there to decide over it."""
    return any(find(view) is not None for _, _, find in _asked(view, any_of))


def again(shown: Finding, view: View | None) -> Finding | None:
    """What is shown with the numbers of now, where its pattern still finds it beside another.

    A loss that was told to rise to 1.07 stood so in words when it had reached 3.8, since a rebound,
    which comes first, had been found meanwhile.
    """
    find = PATTERNS[shown.pattern].find
    return find(view) if find is not None and view is not None else None


def _asked(view: View, among: frozenset[PatternId] | None) -> tuple[_Asked, ...]:
    """What may hold at all, in order, with the slot that it takes: found out once.

    Of sixty patterns a log of losses can show thirty: each look asked for entropies and rewards.
    """
    there = tuple(getattr(view, part) is not None for part in PARTS)
    return view.around.names.kept(
        (view.kind.id, there, among),
        lambda: tuple(
            (one, one.id if one.slot == "beside" else one.slot, one.find)
            for one in ORDER
            if one.find is not None and (among is None or one.id in among) and one.may_hold(view)
        ),
    )


def deciding(wanted: Iterable[PatternId]) -> frozenset[PatternId]:
    """Some patterns with all that is asked before them and decides whether they are said."""
    found = set(wanted)
    for one in reversed(ORDER):
        if any(
            (one.slot != "beside" and one.slot == PATTERNS[id_].slot) or id_ in HIDDEN[one.id]
            for id_ in found
            if _PLACE[id_] > _PLACE[one.id]
        ):
            found.add(one.id)
    return frozenset(found)


def _contradicted(slot: str, finding: Finding, found: Mapping[str, Finding]) -> bool:
    """All is said to be well, or that it is too early to tell, and something else warns."""
    pattern = PATTERNS[finding.pattern]
    slots = {"beside", slot} if pattern.positive else set()
    if pattern.gives_way:
        slots = {"train", "pair", "beside"}
    return any(
        other.severity != "info" and PATTERNS[other.pattern].slot in slots
        for other in found.values()
    )


def sober(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """What is shown of findings: no praise beside a warning about a curve, whichever came first.

    Train may be called healthy by itself while eval turns up: a tick below a warning is read
    as "and yet all is well". What the log's end or a clock tells (stalled, failed) is of no curve.
    """
    findings = tuple(findings)
    if not any(f.severity != "info" and PATTERNS[f.pattern].find is not None for f in findings):
        return findings
    return tuple(f for f in findings if f.severity != "info" or not _praise(PATTERNS[f.pattern]))


def _praise(pattern: Pattern) -> bool:
    return pattern.positive or pattern.on_its_way or pattern.gives_way


def _supported(finding: Finding, view: View) -> bool:
    """A cause that coincides plainly, more than one that is merely worth saying."""
    measured = PATTERNS[finding.pattern].causes
    return measured is not None and any(r.weight >= PLAIN for r in measured(finding, view))


def explain(finding: Finding, view: View, unwise: frozenset[str] = frozenset()) -> Finding:
    """Add the figures of remedies and pictures, the causes, and what is not to be advised."""
    own, shown = PATTERNS[finding.pattern].figures, PATTERNS[finding.pattern].hints
    numbers = levels(view) | (own(finding, view) if own is not None else {})
    numbers |= rates(view, finding)
    numbers |= {"since_step": float(finding.since_step), **finding.numbers}
    if view.train is not None and view.train.rises and finding.metric == view.train.name:
        numbers = _as_logged(numbers)
    found, ruled_out = _causes(finding, view)
    if "lr_too_high" in ruled_out:  # "resume with a lower rate" is no remedy of faulty boxes
        unwise |= {"rate-"}
    return replace(
        finding,
        causes=found,
        numbers={name: float(value) for name, value in numbers.items() if isfinite(value)},
        setting=view.kind.id,
        unwise=unwise,
        hints=() if shown is None else shown(view),
    )


_LEVELS = frozenset((
    "start", "end", "low", "level", "threshold", "base", "band_low", "band_high", "trend_start",
    "trend_end",
))  # fmt: skip


def _as_logged(numbers: Numbers) -> Numbers:
    """The figures of a curve that should rise: levels as logged, without what a fall may bring."""
    return {
        name: -value if name in _LEVELS else value
        for name, value in numbers.items()
        if not name.startswith(("fit_", "gain", "left_", "flat_", "more_"))
    }


def causes(finding: Finding, view: View) -> tuple[Cause, ...]:
    """The causes of a finding: what was measured to coincide, then what is typical; each once."""
    return _causes(finding, view)[0]


def _causes(finding: Finding, view: View) -> tuple[tuple[Cause, ...], frozenset[str]]:
    """The causes, and what weightier reasons rule out."""
    pattern = PATTERNS[finding.pattern]
    own = pattern.causes(finding, view) if pattern.causes else ()
    told = log_advises(view, finding) if finding.severity != "info" else ()
    reasons = sorted((*told, *own), key=_by_weight)
    ruled_out: set[str] = {*alien(view)}
    sound = []  # what a weightier reason rules out is no cause, however it coincides
    for reason in reasons:
        if reason.id not in ruled_out:
            sound.append(reason)
            ruled_out.update(reason.rules_out)
    found = list(_once(sound))
    known = {cause.id for cause in found} | ruled_out
    known |= refuted(view)
    found += [Cause(id_) for id_ in pattern.usual(view.kind.id) if id_ not in known]
    return tuple(found[:MOST]), frozenset(ruled_out)


def _by_weight(reason: Reason) -> float:
    return -reason.weight


def _once(reasons: Iterable[Reason]) -> Iterator[Cause]:
    """Each cause once, with the reason that weighs most."""
    known = set()
    for reason in reasons:
        if reason.id not in known:
            known.add(reason.id)
            yield Cause(reason.id, reason.why)
