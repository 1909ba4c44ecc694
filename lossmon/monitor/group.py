"""Which logs were written by the same training.

Logs in one training directory belong together unless what they say contradicts it: the same
losses to the digits both print, or the same course of the curve, or different metrics.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from lossmon.monitor.log import Log

_RANK = re.compile(r"(?i)(rank|worker|proc|node)[-_.]?\d+")
_ENOUGH = 5  # points before two curves can be compared
_SAME_VALUES = 0.8  # share of the shorter curve's values that the longer one holds too
_COURSE = 0.15  # two courses differ when their levels are further apart than this, over the range


def partition(logs: Sequence[Log]) -> list[list[Log]]:
    """Split the logs of one directory into trainings; order is kept."""
    trainings: list[list[Log]] = []
    for log in logs:
        for training in trainings:
            if all(_together(log, other) for other in training):
                training.append(log)
                break
        else:
            trainings.append([log])
    return trainings


def _together(a: Log, b: Log) -> bool:
    one, two = _losses(a), _losses(b)
    same_kind = a.format == b.format
    if len(one) < _ENOUGH or len(two) < _ENOUGH:
        # Too little to compare: a state file beside captured output is one training, two logs
        # of one kind are two, unless each holds what the other lacks (one file a metric).
        return not same_kind or not (set(a.history.series) & set(b.history.series))
    if _shared(one, two) >= _SAME_VALUES:
        return True
    if same_kind and _without_rank(a.path) != _without_rank(b.path):
        return False
    return _course_distance(one, two) <= _COURSE


def _losses(log: Log) -> np.ndarray:
    """The finite train losses, shape (n,); of the eval loss where there is no train loss."""
    for main in ("train_loss", "eval_loss"):
        name = log.chosen.get(main)
        if name is not None:
            values = log.history.series[name].kept().value
            return values[np.isfinite(values)]
    return np.empty(0)


def _shared(one: np.ndarray, two: np.ndarray) -> float:
    """Share of the shorter curve's distinct values, to three digits, that the other holds."""
    small, large = sorted((_three_digits(one), _three_digits(two)), key=len)
    return len(small & large) / len(small)


def _three_digits(values: np.ndarray) -> set[str]:
    return {f"{value:.2e}" for value in values[:5000].tolist()}


def _course_distance(one: np.ndarray, two: np.ndarray) -> float:
    """Median distance of the two curves at eight positions, over their common range."""
    levels = [
        np.array([np.median(part) for part in np.array_split(c, 8) if len(part)])
        for c in (one, two)
    ]
    n = min(len(level) for level in levels)
    span = max(float(np.ptp(np.concatenate(levels))), 1e-12)
    return float(np.median(np.abs(levels[0][:n] - levels[1][:n]))) / span


def _without_rank(path: str) -> str:
    return _RANK.sub("#", path)
