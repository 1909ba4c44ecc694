"""Runs of one experiment, folded: the best of them, the worst verdict, the median curve."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from lossmon.diagnosis.finding import SEVERITIES
from lossmon.history.columns import Floats, SeriesView
from lossmon.hparams.compare import ABSENT, differing, is_seed, setting
from lossmon.monitor.update import RunUpdate

SEEDS, FOLDER, JOBS = "seeds", "folder", "job array"
_MOST_SETTINGS = 40  # by which runs can be grouped
_GRID = 400  # steps at most at which curves are compared
_QUARTILES = 8  # runs from which on the band holds half of them; fewer are all within it
# Which of several a run is: seed3, seed=3, s3, run-3, trial_3, fold3; or a number at the end.
_WHICH = re.compile(
    r"(?i)(?<![a-z0-9])(?:seed|sd|rng|s|run|trial|rep|fold|version|v)[-_=]?\d{1,9}(?![a-z0-9.])"
)
_LAST = re.compile(r"(?<![A-Za-z0-9.])\d{1,9}$")

Key = Callable[[RunUpdate], str]


def ways(runs: Sequence[RunUpdate]) -> list[str]:
    """By what runs can be grouped so that some are together and some are not."""
    settings = [name for name in _chosen_ones(runs) if _has_values(runs, name)][:_MOST_SETTINGS]
    return [way for way in (SEEDS, FOLDER, JOBS, *settings) if _tells(runs, key_of(way, runs))]


def key_of(way: str, runs: Sequence[RunUpdate]) -> Key:
    """What runs of one group have in common; empty for a run that is in none."""
    if way == FOLDER:
        return lambda run: os.path.dirname(run.location or run.run)
    if way == JOBS:
        return lambda run: run.job.id.split("_")[0] if run.job is not None else ""
    if way == SEEDS:
        if not all(any(map(is_seed, run.hparams.values)) for run in runs):
            return _named
        names = _chosen_ones(runs)
        called = _short(names)
        return lambda run: " ".join(f"{called[n]}={setting(run, n)}" for n in names) or "all"
    return lambda run: f"{way}={setting(run, way)}" if setting(run, way) != ABSENT else ""


def groups(runs: Sequence[RunUpdate], way: str) -> dict[str, list[RunUpdate]]:
    """The groups of two runs or more, by what they have in common."""
    key, found = key_of(way, runs), dict[str, list[RunUpdate]]()
    for run in runs:
        if name := key(run):
            found.setdefault(name, []).append(run)
    return {name: members for name, members in found.items() if len(members) > 1}


def folded(name: str, members: Sequence[RunUpdate]) -> RunUpdate:
    """A line that stands for several runs: the numbers of the best, the verdict of the worst."""
    best, bad = best_of(members), worst_of(members)
    return replace(
        best,
        run=name,
        revision=sum(run.revision for run in members),
        state=bad.state,
        state_note=bad.state_note,
        diagnosis=bad.diagnosis,
        hushed=bad.hushed,
        last_row_time=max((run.last_row_time or 0.0 for run in members), default=0.0) or None,
        members=tuple(members),
    )


def best_of(members: Sequence[RunUpdate]) -> RunUpdate:
    """The run with the lowest evaluation; where there is none, with the lowest loss."""
    return min(members, key=lambda run: (_lowest(run), _newest(run), run.run))


def worst_of(members: Sequence[RunUpdate]) -> RunUpdate:
    """The run that needs attention most; what the user hushed comes after."""
    return min(members, key=lambda run: (-_severity(run), run.state != "failed", run.run))


def band_of(members: Sequence[RunUpdate], metric: str) -> tuple[SeriesView, ...]:
    """Median, lower and upper edge of the curves of several runs, where two or more have points.

    Args:
        members: the runs.
        metric: "train" or "eval", whatever each calls it; or the name of a metric.
    """
    views = [
        view
        for run in members
        if (view := run.series.get(_name(run, metric) or "")) is not None and len(view)
    ]
    views = [view for view in views if np.isfinite(view.value).any()]
    if len(views) < 2:
        return ()
    steps = np.unique(np.concatenate([view.step for view in views]))
    if len(steps) > _GRID:
        steps = np.unique(steps[np.linspace(0, len(steps) - 1, _GRID).astype(int)])
    levels = np.array([_on(view, steps) for view in views])
    shared = np.isfinite(levels).sum(axis=0) >= 2
    steps, levels = steps[shared], levels[:, shared]
    if not len(steps):
        return ()
    edges = (25.0, 75.0) if len(views) >= _QUARTILES else (0.0, 100.0)
    found = np.nanpercentile(levels, (50.0, *edges), axis=0)
    return tuple(SeriesView(metric, "other", steps, value, None, None) for value in found)


def _on(view: SeriesView, steps: np.ndarray) -> Floats:
    """A curve at steps, NaN before its first and after its last, shape (n,)."""
    finite = np.isfinite(view.value)
    level: Floats = np.interp(steps, view.step[finite], view.value[finite], np.nan, np.nan)
    return level


def _name(run: RunUpdate, metric: str) -> str | None:
    return {"train": run.train, "eval": run.eval}.get(metric, metric)


def _chosen_ones(runs: Sequence[RunUpdate]) -> list[str]:
    """The settings that tell experiments apart: no seed, and no name that each run has alone."""
    found = []
    for name in differing(runs):
        values = [setting(run, name) for run in runs]
        if not is_seed(name) and len(set(values)) < len(values):
            found.append(name)
    return found


def _short(names: Sequence[str]) -> dict[str, str]:
    """Names of settings as people write them into names of runs: batch_size is bs."""
    initials = {
        name: "".join(word[0] for word in re.split(r"[_\-.]", name) if word)
        if re.search(r"[A-Za-z]_[A-Za-z]", name)
        else name.rpartition(".")[2]
        for name in names
    }
    alone = len(set(initials.values())) == len(initials)
    return initials if alone else {name: name for name in names}


def _named(run: RunUpdate) -> str:
    """What the seeds of an experiment have in common: the name without its number."""
    name = _WHICH.sub("", run.run)
    if name == run.run:
        name = _LAST.sub("", name)
    return name.strip("/-_., ")


def _tells(runs: Sequence[RunUpdate], key: Key) -> bool:
    names = [key(run) for run in runs]
    kinds = {name for name in names if name}
    return len(kinds) < len([name for name in names if name]) and (len(kinds) > 1 or "" in names)


def _has_values(runs: Sequence[RunUpdate], name: str) -> bool:
    """Whether those that have a setting differ in it: that others lack it makes it no choice."""
    return len({setting(run, name) for run in runs} - {ABSENT}) > 1


def _severity(run: RunUpdate) -> int:
    found = [one for one in run.diagnosis.findings if one.pattern not in run.hushed]
    return max((SEVERITIES.index(one.severity) for one in found), default=0)


def _lowest(run: RunUpdate) -> float:
    return run.best.value if run.best is not None else float("inf")


def _newest(run: RunUpdate) -> float:
    value = run.newest(run.train)
    return value if value is not None and np.isfinite(value) else float("inf")
