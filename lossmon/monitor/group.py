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
_MOST_COMPARED = 8  # logs of a folder; one with more is no single training
_ENOUGH = 5  # points before two curves can be compared
_SAME_VALUES = 0.8  # share of the shorter curve's values that the longer one holds too
_SAME_END = 0.95  # last steps of a printed and of a structured log of one training
_SAME_LEVEL = 4.0  # and the ratio of their median losses
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


def same_training(below: Sequence[Log], above: Sequence[Log]) -> bool:
    """Whether logs in a folder tell of the training whose output stands in a folder above it.

    `python train.py > exp/train.log` with `exp/out/checkpoint-100/trainer_state.json`: only the
    values can tell, so they have to be the same.
    """
    for a in below[:_MOST_COMPARED]:
        for b in above[:_MOST_COMPARED]:
            for main in ("train_loss", "eval_loss") if a.format != b.format else ():
                one, two = _losses(a, main), _losses(b, main)
                enough = min(len(one), len(two)) >= _ENOUGH
                if enough and _shared(one, two) >= _SAME_VALUES:
                    return True
    return False


def _together(a: Log, b: Log) -> bool:
    same_kind = a.format == b.format
    if same_kind and not set(a.history.series) & set(b.history.series):
        return True  # a file for each metric
    pairs = [(_losses(a, main), _losses(b, main)) for main in ("train_loss", "eval_loss")]
    common = [(one, two) for one, two in pairs if len(one) >= _ENOUGH and len(two) >= _ENOUGH]
    if not common:
        # Too little to compare: a state file beside captured output is one training, two logs
        # of one kind are two.
        return not same_kind
    one, two = common[0]
    if _shared(one, two) >= _SAME_VALUES:
        return True
    if same_kind and _without_rank(a.path) != _without_rank(b.path):
        return False
    return _course_distance(one, two) <= _COURSE or (not same_kind and _same_extent(a, b, one, two))


def _same_extent(a: Log, b: Log, one: np.ndarray, two: np.ndarray) -> bool:
    """Both go as far and stand at the same level: one prints coarsely what the other holds."""
    ends = sorted((a.history.step or 0, b.history.step or 0))
    small, large = sorted((np.abs(one), np.abs(two)), key=np.median)
    # A bar that prints three decimals shows a small loss as 0.000.
    rounding = 2 * small[small > 0].min(initial=np.inf) if np.median(small) == 0 else 0.0
    level = max(_SAME_LEVEL * float(np.median(small)), rounding)
    return bool(ends[0] >= _SAME_END * ends[1] and np.median(large) <= level)


def _losses(log: Log, main: str) -> np.ndarray:
    """The finite values of the metric that plays a main role, shape (n,)."""
    name = log.chosen.get(main)
    if name is None:
        return np.empty(0)
    values = log.history.series[name].kept().value
    return values[np.isfinite(values)]


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
