"""The diagnosis of a run as it grows: when to look, what to show, what to withdraw."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from lossmon.diagnosis import past
from lossmon.diagnosis.advice import unwise
from lossmon.diagnosis.alarm import SOON_MOST, SOON_POINTS, Alarm, Turn
from lossmon.diagnosis.finding import SEVERITIES, Diagnosis, Finding, PatternId, TimelineEntry
from lossmon.diagnosis.judge import again, explain, judge
from lossmon.diagnosis.look import Looker
from lossmon.diagnosis.measures import Judged
from lossmon.diagnosis.patterns import PATTERNS
from lossmon.diagnosis.patterns.overfitting import Bounds as Overfitting
from lossmon.diagnosis.patterns.rebound import bets
from lossmon.diagnosis.risen import Bounds as Risen
from lossmon.diagnosis.unjudged import unjudged
from lossmon.diagnosis.view import View
from lossmon.history.best import Best
from lossmon.history.columns import Floats
from lossmon.history.run import History

GROWTH = 1.04  # a run is looked at anew when it has grown by 4 %: O(log n) looks
_AT_LEAST = 3  # and by 3 points, once it has 20
MAX_TIMELINE = 500
_SOON = 0.004  # of the run, at least and at most so many points
_MANY = 1 << 62

_OFTEN, _CALM = 2, 3  # withdrawals of a pattern, and looks more for each from there on
_WITHDRAW = 3  # looks in a row that do not find it, before a finding is withdrawn
_TRAIN, _PAIR = "train", "pair"


class Engine:
    """Watches one run. `observe` after every record; `diagnosis` is what to show.

    Findings are explained (causes, figures) when somebody asks for the diagnosis, not at each look.
    """

    def __init__(self) -> None:
        self._bare = Diagnosis()  # findings as they were found
        self._explained: Diagnosis | None = None
        self._explained_by: Best | None = None  # the best evaluation then
        self._view: View | None = None  # of the newest look
        self._judged: Judged | None = None
        self._looker = Looker()
        self._due = 4
        self._eval_due = 2
        self._n = 0
        self._alarm = Alarm()
        self._alarmed = False  # by the newest row that was gone over
        self._rise, self._stage = bets(), -1
        self._m = 0
        self._turn = Turn(Overfitting.each, Overfitting.errors)
        self._streak: dict[tuple[str, PatternId], int] = {}
        self._missed: dict[str, int] = {}
        self._shown: dict[str, Finding] = {}
        self._withdrawn: dict[PatternId, int] = {}
        self._timeline: list[TimelineEntry] = []
        self.unsure = False  # what was shown went, and what took its place is not known
        self.past: past.Past = ""  # asked with the verdict: looks that would have changed it

    @property
    def bare(self) -> Diagnosis:
        """The findings as they were found, without causes."""
        return self._bare

    @property
    def diagnosis(self) -> Diagnosis:
        """What to show now, each finding with its causes.

        A better evaluation is named at once, whenever the next look is.
        """
        view = self._view
        best = None if view is None or view.lows is None else view.lows.newest
        if self._explained is None or best != self._explained_by:
            self._explained_by = best
            with np.errstate(all="ignore"):
                found = self._bare.findings
                not_to = unwise(view, found) if view is not None else frozenset()
                findings = tuple(
                    finding if view is None else explain(finding, view, not_to) for finding in found
                )
            self._explained = replace(self._bare, findings=findings)
        return self._explained

    def best(self, history: History, chosen: Mapping[str, str]) -> Best | None:
        """The best evaluation as of now."""
        return self._looker.best(history, chosen)

    def _let_go(self) -> None:
        """Keep what is shown, and not what that was seen by.

        Of 10,000 runs that was a fifth of the memory.
        """
        self._explained, self._explained_by = self.diagnosis, None
        self._view = None
        self._looker.let_go()

    def calm(self, values: Mapping[str, Floats], chosen: Mapping[str, str]) -> int:
        """Of rows to come, how many may be taken in before the next look; at least one.

        `observe` is to be called when they were; that is what calling it at each row would give.

        Args:
            values: metric -> values of the rows, shape (k,), k > 0.
            chosen: role -> metric name.
        """
        roles = chosen if self._judged is None else self._judged.roles
        train, evals = (values.get(roles.get(r, "")) for r in ("train_loss", "eval_loss"))
        if train is not None and self._judged is not None and self._judged.rises:
            train = -train
        no_curve = not roles.keys() & {"train_loss", "eval_loss"}
        rows = self._due - self._n if train is not None or no_curve else _MANY
        rows = max(1, rows if evals is None else min(rows, self._eval_due - self._m))
        if evals is None:
            return rows if train is None else self._calm_train(train[:rows].tolist())
        before = copy.copy(self._turn) if rows > 1 else self._turn
        overfits = self._is_overfitting
        found = self._turn.first(evals[:rows], self._m, overfits)
        rows = min(rows, len(evals)) if found is None else found + 1
        if train is not None:
            losses = train[:rows].tolist()
            rows = self._calm_train(losses)
            if rows < len(losses):  # that row is looked at before the next is read
                self._turn = before
                found = self._turn.first(evals[:rows], self._m, overfits)
        self._m += rows
        self._alarmed = self._alarmed or found is not None
        return rows

    def _calm_train(self, losses: list[float]) -> int:
        """How many train losses pass until an alarm, the one that raises it included."""
        shown = self._shown.get(_TRAIN)
        diverged = shown is not None and shown.pattern == "diverged"
        before = copy.copy(self._alarm) if len(losses) > 1 else self._alarm
        found = self._alarm.first(losses, self._n, diverged)
        rows = len(losses) if found is None else found + 1
        risen = self._rise.extend(losses[:rows])
        if risen is not None and risen + 1 < rows:  # that row is looked at before the next is read
            self._alarm, rows = before, risen + 1
            found = self._alarm.first(losses[:rows], self._n, diverged)
        self._alarmed = found is not None or risen is not None
        self._n += rows
        return rows

    def observe(self, history: History, chosen: Mapping[str, str]) -> bool:
        """Take note of a new record; True when the diagnosis changed."""
        judged = self._looker.judged(history, chosen)
        if judged is not self._judged:
            self._judge_by(judged)
        train = history.series.get(judged.roles.get("train_loss", ""))
        evals = history.series.get(judged.roles.get("eval_loss", ""))
        n = 0 if train is None else len(train)
        if train is None and evals is None:  # facts of other columns are looked for, too
            n = len(next(iter(history.series.values()), ()))
        m = 0 if evals is None else len(evals)
        climbs = evals is not None and m != self._m and self._climbs(evals.last_value, m)
        self._m = m
        if train is not None and n != self._n:
            self._n = n - 1
            self._calm_train([-train.last_value if judged.rises else train.last_value])
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

    def _judge_by(self, judged: Judged) -> None:
        """From here on another curve may be the one that tells."""
        old, self._judged = self._judged, judged
        if old is not None and any(
            old.roles.get(role) != judged.roles.get(role) for role in ("train_loss", "eval_loss")
        ):
            self._alarm, self._due, self._eval_due = Alarm(), 4, 2
            self._rise, self._turn = bets(), Turn(Overfitting.each, Overfitting.errors)

    def conclude(
        self,
        history: History,
        chosen: Mapping[str, str],
        ended: bool,
        *,
        alone: bool = False,
        last: bool = False,
    ) -> Diagnosis:
        """Judge the whole curve as of now.

        Args:
            history: the run.
            chosen: role -> metric name.
            ended: nothing more is to come: verdicts that need the end are given, at once.
            alone: no row was observed: ask whether that could have changed anything.
            last: no row follows: what it was seen by is let go.
        """
        view = self._view = self._looker.look(history, chosen, ended, self._rise.told)
        found = judge(view)
        if alone:
            curve = history.series.get(view.names.get("train_loss", ""))
            self.past = past.counts(found, view, curve) if ended else "as it grows"
        kept = dict(self._shown), dict(self._missed), list(self._timeline)
        if ended:
            self._settle(found, history.step or 0)
        else:
            self._tell_as_of_now(found, history.step or 0)
        train, pair = found.get(_TRAIN), found.get(_PAIR)
        self._publish(
            train.pattern if train is not None else None,
            pair.pattern if pair is not None else None,
        )
        if not ended:  # what later looks show must not depend on when the log was at rest
            self._shown, self._missed, self._timeline = kept
        if last:
            self._let_go()
        return self.diagnosis

    def _climbs(self, value: float, m: int) -> bool:
        """O(1): eval stands above its lowest level by what over-fitting takes."""
        return self._turn.asks(value, m, self._is_overfitting)

    @property
    def _is_overfitting(self) -> bool:
        shown = self._shown.get(_PAIR)
        return shown is not None and shown.pattern == "overfitting"

    def _look(self, history: History, chosen: Mapping[str, str]) -> bool:
        before = self._bare
        view = self._looker.look(history, chosen, False, self._rise.told)
        self._begin_anew(view)
        if view.risen != self._rise.told:
            view = replace(view, risen=self._rise.told)
        self._view, found = view, self._found(view)
        if view.pair is not None:
            self._turn.noise = view.pair.error * math.sqrt(view.pair.each)
        step = history.step or 0
        streak = {
            (slot, f.pattern): self._streak.get((slot, f.pattern), 0) + 1
            for slot, f in found.items()
        }
        self._streak = streak
        if any(
            PATTERNS[f.pattern].urgent and streak[slot, f.pattern] == 1 for slot, f in found.items()
        ):
            soon = self._n + min(SOON_MOST, max(SOON_POINTS, math.ceil(_SOON * self._n)))
            self._due = min(self._due, soon)
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

    def _found(self, view: View) -> dict[str, Finding]:
        """What holds on the way."""
        return judge(view)

    def _begin_anew(self, view: View) -> None:
        """Bets are on one level: a new stage is another one, and what fell back is over."""
        train, first = view.train, -1 if view.stage is None else view.stage.first
        if first != self._stage:
            self._stage, self._rise = first, bets()
            if train is not None:
                self._rise.extend(train.sketch.newest.tolist())
        if self._rise.fell_back(Risen.stands):
            self._rise.refute()

    def _consider(self, slot: str, finding: Finding | None, step: int) -> None:
        """Show what has been consistent, withdraw what has not."""
        shown = self._shown.get(slot)
        if finding is not None and shown is not None and finding.pattern == shown.pattern:
            self._go_on(slot, finding)
            return
        if shown is not None and self._stands(shown, finding):
            self._go_on(slot, again(shown, self._view) or shown)
            return
        if shown is not None:
            self._missed[slot] = self._missed.get(slot, 0) + 1
            if self._missed[slot] >= _WITHDRAW:
                self._clear(slot, step)
        if finding is not None and self._ripe(slot, finding):
            self._clear(slot, step)
            self._show(slot, finding, step)

    def _go_on(self, slot: str, finding: Finding) -> None:
        """What is shown still holds; its step is told alike in headline, evidence and timeline."""
        if PATTERNS[finding.pattern].keeps_since:
            finding = replace(finding, since_step=self._shown[slot].since_step)
        self._shown[slot], self._missed[slot] = finding, 0
        at = self._entry(finding.pattern)
        if at is not None:
            self._timeline[at] = replace(self._timeline[at], since_step=finding.since_step)

    def _stands(self, shown: Finding, other: Finding | None) -> bool:
        """A verdict that is not refuted stays, unless something worse is found."""
        stands = PATTERNS[shown.pattern].stands
        if stands is None or self._view is None or not stands(shown, self._view):
            return False
        return other is None or _rank(other) <= _rank(shown)

    def _tell_as_of_now(self, found: Mapping[str, Finding], step: int) -> None:
        """What is shown and still holds says what is so in the newest row, not at the newest look.

        A loss that had become NaN was told with "1 of 3 values" when 3 of 5 were, and eight rows as
        "7 points, 13 more are needed". What needs one look alone is told by this one.
        """
        for slot, shown in list(self._shown.items()):
            finding = found.get(slot)
            if finding is not None and finding.pattern == shown.pattern:
                self._go_on(slot, finding)
            elif self._stands(shown, finding):
                self._go_on(slot, again(shown, self._view) or shown)
            elif finding is None and PATTERNS[shown.pattern].gives_way:
                if (still := again(shown, self._view)) is None:
                    self._clear(slot, step)
                else:  # what it gives way to is not ripe
                    self._shown[slot] = still
        for slot, finding in found.items():
            of = PATTERNS[finding.pattern]
            if slot not in self._shown and (finding.confidence >= of.sure or of.looks == 1):
                self._show(slot, finding, step)

    def _entry(self, pattern: PatternId) -> int | None:
        """The place of what is shown in the timeline."""
        for i in range(len(self._timeline) - 1, -1, -1):
            if self._timeline[i].pattern == pattern and self._timeline[i].cleared_at_step is None:
                return i
        return None

    def _ripe(self, slot: str, finding: Finding) -> bool:
        pattern = PATTERNS[finding.pattern]
        if finding.confidence >= pattern.sure:
            return True
        # What has come and gone before has to stand for longer each time.
        often = self._withdrawn.get(finding.pattern, 0)
        needed = pattern.looks + (_CALM * often if often >= _OFTEN else 0)
        return self._streak[(slot, finding.pattern)] >= needed

    def _settle(self, found: dict[str, Finding], step: int) -> None:
        """At the end, show exactly what holds."""
        for slot, shown in list(self._shown.items()):
            other = found.get(slot)
            if other is not None and other.pattern == shown.pattern:
                continue
            if self._stands(shown, other):
                found[slot] = again(shown, self._view) or shown
            else:
                self._clear(slot, step)
        for slot, finding in found.items():
            if slot in self._shown:
                self._go_on(slot, finding)
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
        self._withdrawn[finding.pattern] = self._withdrawn.get(finding.pattern, 0) + 1
        at = self._entry(finding.pattern)
        if at is not None:
            self._timeline[at] = replace(self._timeline[at], cleared_at_step=step)

    def _publish(self, train: str | None, pair: str | None) -> None:
        findings = sorted(self._shown.values(), key=lambda f: (-_rank(f), -f.confidence))
        view = self._view
        of = ("", "", "") if view is None else (view.kind.id, view.curve, view.held_out)
        missing = () if view is None else unjudged(view, pair)
        self._bare = Diagnosis(tuple(findings), tuple(self._timeline), train, pair, *of, missing)
        self._explained = None


def _rank(finding: Finding) -> int:
    return SEVERITIES.index(finding.severity)
