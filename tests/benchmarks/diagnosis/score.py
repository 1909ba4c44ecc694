"""From outcomes to figures."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tests.benchmarks.diagnosis.case import Outcome


@dataclass(frozen=True)
class Report:
    """Macro-F1 over the classes that occur, F1 of each, and (truth, said) -> count of the errors."""

    f1: dict[str, float]
    errors: Counter[tuple[str, str]]
    right: int
    count: int

    @property
    def macro(self) -> float:
        return float(np.mean(list(self.f1.values()))) if self.f1 else float("nan")


def classify(pairs: Iterable[tuple[str, str]], classes: Sequence[str]) -> Report:
    """Scores of (truth, said)."""
    pairs = list(pairs)
    f1 = {}
    for one in classes:
        hit = sum(t == one and s == one for t, s in pairs)
        truth, said = sum(t == one for t, _ in pairs), sum(s == one for _, s in pairs)
        if truth:
            f1[one] = 2 * hit / (truth + said)
    errors = Counter(pair for pair in pairs if pair[0] != pair[1])
    return Report(f1, errors, len(pairs) - sum(errors.values()), len(pairs))


def false_alarms(outcomes: Iterable[Outcome]) -> tuple[int, int, Counter[str]]:
    """Runs that ever showed a warning or worse, runs, and which warnings."""
    outcomes = list(outcomes)
    warned = [set(outcome.warned()) for outcome in outcomes]
    return sum(map(bool, warned)), len(outcomes), Counter(p for w in warned for p in w)


def delays(outcomes: Iterable[Outcome], patterns: Sequence[str]) -> tuple[list[int | None], int]:
    """Points from the onset to the showing of one of the patterns (None: never), and those before.

    A showing before the onset is an alarm of its own and counts separately.
    """
    found: list[int | None] = []
    early = 0
    for outcome in outcomes:
        steps, onset = outcome.case.train[0], outcome.case.onset
        assert onset is not None
        shown = [e.shown_at_step for e in outcome.live.timeline if e.pattern in patterns]
        early += any(step < onset for step in shown)
        after = [step for step in shown if step >= onset]
        found.append(int(np.sum((steps > onset) & (steps <= min(after)))) if after else None)
    return found, early


def eval_delays(outcomes: Iterable[Outcome]) -> tuple[list[int | None], int]:
    """Evaluations from that at which over-fitting holds to its showing, and showings before the
    minimum. It holds at the second evaluation that lies 5 % above the (final) minimum."""
    found: list[int | None] = []
    early = 0
    for outcome in outcomes:
        assert outcome.case.evals is not None
        steps, values = outcome.case.evals
        best = int(np.argmin(values))
        above = np.flatnonzero(values[best:] > 1.05 * values[best]) + best
        if len(above) < 2:
            continue
        shown = [e.shown_at_step for e in outcome.live.timeline if e.pattern == "overfitting"]
        early += any(step < steps[best] for step in shown)
        after = [step for step in shown if step >= steps[best]]
        if after:
            found.append(max(0, int(np.sum(steps <= min(after))) - 1 - int(above[1])))
        else:
            found.append(None)
    return found, early


def reliability(
    findings: Iterable[tuple[float, bool]],
    edges: Sequence[float] = (0, 0.55, 0.65, 0.75, 0.85, 0.95, 1.01),
) -> list[tuple[float, float, int, float, float]]:
    """(from, to, count, mean confidence, part that holds) of findings by confidence."""
    pairs = list(findings)
    table = []
    for low, high in itertools.pairwise(edges):
        inside = [(c, ok) for c, ok in pairs if low <= c < high]
        if inside:
            confidence = float(np.mean([c for c, _ in inside]))
            table.append(
                (low, high, len(inside), confidence, float(np.mean([ok for _, ok in inside])))
            )
    return table
