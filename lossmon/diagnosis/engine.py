"""The diagnosis of a run as it grows: when to look, what to show, what to withdraw."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from lossmon.diagnosis import patterns
from lossmon.diagnosis.alarm import SOON_MOST, SOON_POINTS, Alarm
from lossmon.diagnosis.causes import causes
from lossmon.diagnosis.confidence import calibrated
from lossmon.diagnosis.figures import figures
from lossmon.diagnosis.finding import SEVERITIES, Diagnosis, Finding, TimelineEntry
from lossmon.diagnosis.look import Looker
from lossmon.diagnosis.thresholds import DEFAULT, Thresholds
from lossmon.diagnosis.view import View
from lossmon.history.columns import Floats
from lossmon.history.run import History

GROWTH = 1.04  # a run is looked at anew when it has grown by 4 %: O(log n) looks
_AT_LEAST = 3  # and by 3 points, once it has 20
MAX_TIMELINE = 500
_URGENT = ("diverged", "rebound")  # what is seen for the first time is looked at again soon
_SOON = 0.004  # of the run, at least and at most so many points
_MANY = 1 << 62

# Looks in a row before a finding is shown, and before it is withdrawn.
_SHOW = {
    "diverged": 2, "rebound": 2, "overfitting": 2, "spike": 1, "too_early": 1, "healthy": 2,
    "healthy_pair": 2, "not_converged": 1, "restart": 1, "staircase": 3, "slowdown": 3,
}  # fmt: skip
_SHOW_OTHERS = 6
_SHOW_SURE = 0.97  # NaN needs no second look
_WITHDRAW = 3
_TRAIN, _PAIR = "train", "pair"


@np.errstate(all="ignore")  # any logged value is allowed: what overflows is no finding
def judge(view: View) -> dict[str, Finding]:
    """What holds of a run at one moment: pure, no memory.

    Returns:
        Slot -> finding; "train" and "pair" hold the verdicts, others are named by their pattern.
    """
    found: dict[str, Finding] = {}
    for find in patterns.OTHER:
        finding = find(view)
        if finding is not None:
            found[finding.pattern] = finding
    if "too_early" not in found or view.zeroed is not None or _not_finite(view):
        verdict = _first(patterns.TRAIN, view)
        if verdict is not None:
            found[_TRAIN] = verdict
        if verdict is not None and verdict.pattern in (*_URGENT, "oscillating"):
            found.pop("spike", None)  # the verdict says it already
    diverged = _TRAIN in found and found[_TRAIN].pattern == "diverged"
    # Of a run that came back up, eval says nothing that train does not.
    risen = diverged or (_TRAIN in found and found[_TRAIN].pattern == "rebound")
    if "too_early" not in found and not risen:
        verdict = _first(patterns.PAIR, view)
        if verdict is not None:
            found[_PAIR] = verdict
    if diverged:
        found = {_TRAIN: found[_TRAIN]}
    for slot in {_TRAIN, _PAIR} & found.keys():
        found[slot] = replace(found[slot], confidence=calibrated(found[slot].confidence))
    return {slot: _supported(finding, view) for slot, finding in found.items()}


def _first(table: tuple[patterns.Pattern, ...], view: View) -> Finding | None:
    return next((finding for find in table if (finding := find(view)) is not None), None)


def _not_finite(view: View) -> bool:
    return view.train is not None and view.train.sketch.nonfinite > 0


def explain(finding: Finding, view: View) -> Finding:
    """Add the figures that remedies and pictures need, and the causes."""
    return replace(
        finding,
        causes=causes(finding, view),
        numbers=figures(finding, view),
        setting=view.around.setting,
    )


def _supported(finding: Finding, view: View) -> Finding:
    """A plateau that a cause supports is a warning."""
    if finding.pattern != "plateau" or not any(cause.why for cause in causes(finding, view)):
        return finding
    return replace(finding, severity="warning")


class Engine:
    """Watches one run. `observe` after every record; `diagnosis` is what to show.

    Findings are explained (causes, figures) when somebody asks for the diagnosis, not at each look.

    Args:
        limits: thresholds.
    """

    def __init__(self, limits: Thresholds = DEFAULT) -> None:
        self._bare = Diagnosis()  # findings as they were found
        self._explained: Diagnosis | None = None
        self._view: View | None = None  # of the newest look
        self._limits = limits
        self._looker = Looker(limits)
        self._due = 4
        self._eval_due = 2
        self._n = 0
        self._alarm = Alarm()
        self._alarmed = False  # by the newest row that was gone over
        self._m = self._eval_quiet = 0
        self._best_eval = math.inf
        self._streak: dict[tuple[str, str], int] = {}
        self._missed: dict[str, int] = {}
        self._shown: dict[str, Finding] = {}
        self._timeline: list[TimelineEntry] = []

    @property
    def bare(self) -> Diagnosis:
        """The findings as they were found, without causes."""
        return self._bare

    @property
    def diagnosis(self) -> Diagnosis:
        """What to show now, each finding with its causes."""
        if self._explained is None:
            view = self._view
            with np.errstate(all="ignore"):
                findings = tuple(
                    finding if view is None else explain(finding, view)
                    for finding in self._bare.findings
                )
            self._explained = replace(self._bare, findings=findings)
        return self._explained

    def calm(self, train: Floats | None, evals: Floats | None) -> int:
        """Of rows to come, how many may be taken in before the next look; at least one.

        `observe` is to be called when they were; that is what calling it at each row would give.

        Args:
            train: the train loss of the rows, shape (k,), k > 0; None where they have none.
            evals: the eval loss likewise.
        """
        rows = _MANY if train is None else self._due - self._n
        rows = max(1, rows if evals is None else min(rows, self._eval_due - self._m))
        if evals is None:
            return rows if train is None else self._calm_train(train[:rows].tolist())
        losses = [] if train is None else train[:rows].tolist()
        for i, check in enumerate(evals[:rows].tolist()):
            self._m += 1
            climbs = self._climbs(check, self._m)
            if losses:
                self._calm_train(losses[i : i + 1])
            self._alarmed = self._alarmed or climbs
            if self._alarmed:
                return i + 1
        return min(rows, len(evals))

    def _calm_train(self, losses: list[float]) -> int:
        """How many train losses pass until an alarm, the one that raises it included."""
        shown = self._shown.get(_TRAIN)
        diverged = shown is not None and shown.pattern == "diverged"
        found = self._alarm.first(losses, self._n, diverged)
        self._alarmed = found is not None
        rows = len(losses) if found is None else found + 1
        self._n += rows
        return rows

    def observe(self, history: History, chosen: Mapping[str, str]) -> bool:
        """Take note of a new record; True when the diagnosis changed."""
        train = history.series.get(chosen.get("train_loss", ""))
        evals = history.series.get(chosen.get("eval_loss", ""))
        n = 0 if train is None else len(train)
        m = 0 if evals is None else len(evals)
        climbs = evals is not None and m != self._m and self._climbs(evals.last_value, m)
        self._m = m
        if train is not None and n != self._n:
            self._n = n - 1
            self._calm_train([train.last_value])
        self._n = n
        due = self._alarmed or climbs or n >= self._due or m >= self._eval_due
        self._alarmed = False
        if not due:
            return False
        if n >= self._due:
            self._alarm.calm_down()
        self._due = max(n + (_AT_LEAST if n >= 20 else 1), math.ceil(n * GROWTH))
        self._eval_due = max(m + 1, math.ceil(m * GROWTH))
        return self._look(history, chosen)

    def conclude(self, history: History, chosen: Mapping[str, str], ended: bool) -> Diagnosis:
        """Judge the whole curve as of now.

        Args:
            history: the run.
            chosen: role -> metric name.
            ended: nothing more is to come: verdicts that need the end are given, at once.
        """
        view = self._view = self._looker.look(history, chosen, ended)
        found = judge(view)
        if ended:
            self._settle(found, history.step or 0)
        train, pair = found.get(_TRAIN), found.get(_PAIR)
        self._publish(
            train.pattern if train is not None else None,
            pair.pattern if pair is not None else None,
        )
        return self.diagnosis

    def _climbs(self, value: float, m: int) -> bool:
        """O(1): eval stands above its best by what over-fitting takes."""
        if not value >= self._best_eval:
            self._best_eval = value if math.isfinite(value) else self._best_eval
            return False
        away = value - self._best_eval >= self._limits.overfit_rise * abs(self._best_eval)
        shown = self._shown.get(_PAIR)
        if not away or m < self._eval_quiet or (shown and shown.pattern == "overfitting"):
            return False
        self._eval_quiet = m + max(1, m // 200)
        return True

    def _look(self, history: History, chosen: Mapping[str, str]) -> bool:
        before = self._bare
        view = self._view = self._looker.look(history, chosen, ended=False)
        found = judge(view)
        step = history.step or 0
        streak = {
            (slot, f.pattern): self._streak.get((slot, f.pattern), 0) + 1
            for slot, f in found.items()
        }
        self._streak = streak
        if any(streak.get((_TRAIN, urgent)) == 1 for urgent in _URGENT):
            self._due = self._n + min(SOON_MOST, max(SOON_POINTS, math.ceil(_SOON * self._n)))
        if streak.get((_PAIR, "overfitting")) == 1:
            self._eval_due = self._m + 1
        for slot in dict.fromkeys((*found, *self._shown)):  # in an order that does not vary
            self._consider(slot, found.get(slot), step)
        train, pair = self._shown.get(_TRAIN), self._shown.get(_PAIR)
        self._publish(
            train.pattern if train is not None else None,
            pair.pattern if pair is not None else None,
        )
        return self._bare != before

    def _consider(self, slot: str, finding: Finding | None, step: int) -> None:
        """Show what has been consistent, withdraw what has not."""
        shown = self._shown.get(slot)
        if finding is not None and shown is not None and finding.pattern == shown.pattern:
            self._shown[slot] = replace(finding, since_step=shown.since_step)
            self._missed[slot] = 0
            return
        if shown is not None:
            self._missed[slot] = self._missed.get(slot, 0) + 1
            if self._missed[slot] >= _WITHDRAW:
                self._clear(slot, step)
        if finding is not None and self._ripe(slot, finding):
            self._clear(slot, step)
            self._show(slot, finding, step)

    def _ripe(self, slot: str, finding: Finding) -> bool:
        if finding.pattern == "diverged" and finding.confidence >= _SHOW_SURE:
            return True
        needed = _SHOW.get(finding.pattern, _SHOW_OTHERS)
        return self._streak[(slot, finding.pattern)] >= needed

    def _settle(self, found: dict[str, Finding], step: int) -> None:
        """At the end, show exactly what holds."""
        for slot in list(self._shown):
            if slot not in found or found[slot].pattern != self._shown[slot].pattern:
                self._clear(slot, step)
        for slot, finding in found.items():
            if slot in self._shown:
                self._shown[slot] = replace(finding, since_step=self._shown[slot].since_step)
            else:
                self._show(slot, finding, step)

    def _show(self, slot: str, finding: Finding, step: int) -> None:
        self._shown[slot] = finding
        self._missed[slot] = 0
        if len(self._timeline) < MAX_TIMELINE:
            entry = TimelineEntry(
                finding.pattern, finding.severity, finding.metric, finding.since_step, step
            )
            self._timeline.append(entry)

    def _clear(self, slot: str, step: int) -> None:
        finding = self._shown.pop(slot, None)
        self._missed.pop(slot, None)
        if finding is None:
            return
        for i in range(len(self._timeline) - 1, -1, -1):
            entry = self._timeline[i]
            if entry.pattern == finding.pattern and entry.cleared_at_step is None:
                self._timeline[i] = replace(entry, cleared_at_step=step)
                return

    def _publish(self, train: str | None, pair: str | None) -> None:
        findings = sorted(
            self._shown.values(), key=lambda f: (-SEVERITIES.index(f.severity), -f.confidence)
        )
        self._bare = Diagnosis(tuple(findings), tuple(self._timeline), train, pair)
        self._explained = None
