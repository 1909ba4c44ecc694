"""From a history to what patterns look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.around import Around
from lossmon.diagnosis.curve import LossCurve
from lossmon.diagnosis.evidence import RiseState
from lossmon.diagnosis.kind import NOISE_OF_REWARDS, UNKNOWN, has_adapters, kind_of
from lossmon.diagnosis.limits import Enough
from lossmon.diagnosis.measures import Judged, Names, judged, names_of, twin_of
from lossmon.diagnosis.stages import newest_stage
from lossmon.diagnosis.view import Pair, View
from lossmon.history.best import Best
from lossmon.history.columns import Floats, Series
from lossmon.history.run import History, Plan
from lossmon.history.summary import Sketch, Summary

_MOST_LEVELS = 200  # places at which the train level is measured for its pair


def _about(names: int) -> int:
    """A number of names to seven binary digits: beyond 127 some must be new to make another."""
    return names >> max(0, names.bit_length() - 7) << max(0, names.bit_length() - 7)


class Looker:
    """Keeps a summary of each metric that patterns need."""

    def __init__(self) -> None:
        self._summaries: dict[str, tuple[Series, Summary]] = {}
        self._names, self._kind, self._known = Names(()), UNKNOWN, (0, 0)
        self._judged: Judged | None = None
        self._judged_of: tuple[int, str | None, str | None] = (0, None, None)
        self._first: int | None = None  # of the stage that was seen at the newest look

    def judged(self, history: History, chosen: Mapping[str, str], anew: bool = False) -> Judged:
        """What the run is judged by; O(1) but where names are new, or at a look (anew).

        Of very many names some must be new: a log may name another one in each row.
        """
        of = _about(len(history.series)), chosen.get("train_loss"), chosen.get("eval_loss")
        if self._judged is None or anew or of != self._judged_of:
            plan = history.plan
            known = len(history.series), len(plan.settings) + len(plan.events)
            if known != self._known:
                names = self._names = names_of(history.series)
                self._known = known
                adapters = has_adapters(plan.settings)
                self._kind = names.kept(
                    (kind_of, adapters), lambda: kind_of(history.series, plan.settings)
                )
                if not self._kind.id:  # what single lines tell besides may say it
                    told, words = _told_once(plan.events), _words(plan)
                    self._kind = (
                        kind_of((*history.series, *told), words=words)
                        if told
                        else names.kept(
                            (kind_of, words), lambda: kind_of(history.series, words=words)
                        )
                    )
            self._judged = judged(self._kind, self._names, history.series, chosen)
            self._judged_of = of
        return self._judged

    def look(
        self,
        history: History,
        chosen: Mapping[str, str],
        ended: bool,
        risen: RiseState | None = None,
    ) -> View:
        """The run as of now; `risen` is what the bets on its loss tell."""
        judged = self.judged(history, chosen, anew=True)
        loss, chosen = chosen.get("train_loss", ""), judged.roles
        sketches = {
            role: sketch
            for role, name in chosen.items()
            if (sketch := self._sketch(history, name)) is not None and sketch.n
        }
        stage = newest_stage(history.plan.events, history.series.get(loss))
        self._first = None if stage is None else stage.first
        if stage is not None:
            sketches |= {
                role: sketches[role].since(stage.first)
                for role in ("train_loss", "eval_loss")
                if role in sketches
            }
        train_sketch, train = sketches.get("train_loss"), None
        if train_sketch is not None and train_sketch.n:
            sketch = train_sketch.negative if judged.rises else train_sketch
            train = LossCurve(chosen["train_loss"], sketch, judged.rises)
        evals = sketches.get("eval_loss")
        pair = None
        if train is not None and evals is not None and len(evals.mean) and len(train.value):
            twin = None if judged.rises else self._twin(history, chosen)
            pair = _pair(chosen["eval_loss"], evals, train, twin)
        grad, rate = sketches.get("grad_norm"), sketches.get("learning_rate")
        return View(
            train=train,
            pair=pair,
            rate=_line(rate),
            grad_norm=_line(grad),
            step=history.step or 0,
            plan_share=history.plan_share,
            ended=ended,
            epochs=history.epoch,
            first_epoch=_first_epoch(history.series.get(chosen.get("train_loss", ""))),
            sketches=sketches,
            names=chosen,
            around=Around(history, chosen, self._kind, self._names, loss),
            quiet=judged.quiet | self._too_few(train),
            stage=stage,
            lows=None if evals is None else history.lows(chosen["eval_loss"], self._first),
            risen=risen,
        )

    def _twin(self, history: History, chosen: Mapping[str, str]) -> Sketch | None:
        """What an evaluation logs of train beside it, where that is not the train loss itself.

        nanoGPT evaluates both over many batches ("train loss 0.98, val loss 3.75"), and logs the
        loss of single batches in rows of their own: those say less of the same thing.
        """
        name = twin_of(chosen["eval_loss"], self._names)
        return None if name == chosen["train_loss"] else self._sketch(history, name)

    def _too_few(self, train: LossCurve | None) -> frozenset[str]:
        """A row is the mean reward of the few answers of a step: dozens of rows are noise."""
        few = train is not None and train.rises and train.n < Enough.rewards
        return NOISE_OF_REWARDS if few and self._kind.id == "rlhf" else frozenset()

    def let_go(self) -> None:
        """Nothing more is to come: another look would sum up all points anew."""
        self._summaries.clear()

    def best(self, history: History, chosen: Mapping[str, str]) -> Best | None:
        """The best evaluation as of now: of what the run is judged by, else of its eval loss."""
        metric = self.judged(history, chosen).roles.get("eval_loss", chosen.get("eval_loss"))
        lows = None if metric is None else history.lows(metric, self._first)
        return None if lows is None else lows.newest

    def _sketch(self, history: History, name: str | None) -> Sketch | None:
        series = history.series.get(name) if name else None
        if name is None or series is None or series.last_step < series.begins:
            return None
        known = self._summaries.get(name)
        if known is None or known[0] is not series:
            known = self._summaries[name] = (series, Summary())
        return known[1].catch_up(series)


def _first_epoch(train: Series | None) -> float | None:
    view = None if train is None or not len(train) else train.view()
    epoch = None if view is None or view.epoch is None else float(view.epoch[0])
    return epoch if epoch == epoch else None


def _line(sketch: Sketch | None) -> tuple[Floats, Floats] | None:
    return (sketch.step, sketch.mean) if sketch is not None and len(sketch.mean) >= 2 else None


def _pair(name: str, evals: Sketch, train: LossCurve, twin: Sketch | None) -> Pair:
    end = max(float(train.step[-1]), float(evals.step[-1]), 1e-9)
    levels = partial(_levels, evals.step, train)
    if twin is not None and np.array_equal(twin.step, evals.step) and np.isfinite(twin.mean).all():
        levels = partial(np.copy, twin.mean)
    return Pair(name, evals.step, evals.mean, levels, evals.step / end, evals.width)


def _levels(at: Floats, train: LossCurve) -> Floats:
    """The train level at some steps: a local median, so that noise does not pass for a gap."""
    window, last = max(1, len(train.value) // 40), len(train.value) - 1
    after = np.minimum(train.step.searchsorted(at), last)
    if len(after) > _MOST_LEVELS:
        after = np.linspace(0, last, _MOST_LEVELS).astype(int)
    there = st.distinct(np.concatenate((np.maximum(after - 1, 0), after)))
    places = there[:, None] + np.arange(-window, window + 1)
    around = train.value[np.minimum(np.maximum(places, 0), last)]
    return np.asarray(np.interp(at, train.step[there], st.row_medians(around)))


def _words(plan: Plan) -> tuple[str, ...]:
    """What the text of the log tells of what is trained."""
    return ("llm",) if plan.counts.get("language") else ()


def _told_once(events: Iterable[tuple[str, int | None, str]]) -> list[str]:
    """Names of scores that single lines told."""
    return [text.rpartition(": ")[0] for kind, _, text in events if kind == "score"]
