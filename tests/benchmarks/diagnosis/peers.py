"""The rules that people use today, by their published definitions, on the same histories.

SageMaker Debugger: LossNotDecreasing (diff_percent 0.1, num_steps 10), Overfit (patience 1,
ratio_threshold 0.1, start_step 0), Overtraining (patience_train and patience_validation 5,
delta 0.01), from its documentation of built-in rules. Keras and Lightning EarlyStopping:
patience 10 and 3, min_delta 0. Prechelt (1998), "Early stopping, but when?": GL5, PQ(0.75, k=5),
UP(s=3, k=5). UMLAUT (2021): eval rises over three evaluations in a row while train falls.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Array = np.ndarray
Rule = Callable[[Array, Array], int | None]  # (train at each eval, eval) -> eval at which it fires


def sagemaker_not_decreasing(train: Array, evals: Array) -> int | None:
    """The loss did not fall by 0.1 % within 10 steps."""
    for i in range(10, len(train), 10):
        if train[i] > train[i - 10] * (1 - 0.001):
            return i
    return None


def sagemaker_overfit(train: Array, evals: Array) -> int | None:
    """(eval - train) / train exceeds a tenth for longer than patience allows."""
    beyond = 0
    for i, (t, e) in enumerate(zip(train, evals, strict=True)):
        beyond = beyond + 1 if e - t > 0.1 * abs(t) else 0
        if beyond > 1:
            return i
    return None


def sagemaker_overtraining(train: Array, evals: Array) -> int | None:
    """No improvement of either by 0.01 for 5 evaluations."""
    return _patience(evals, 5, 0.01)


def keras(train: Array, evals: Array) -> int | None:
    return _patience(evals, 10, 0.0)


def lightning(train: Array, evals: Array) -> int | None:
    return _patience(evals, 3, 0.0)


def _patience(values: Array, patience: int, delta: float) -> int | None:
    best, wait = np.inf, 0
    for i, value in enumerate(values):
        if value < best - delta:
            best, wait = value, 0
        else:
            wait += 1
            if wait >= patience:
                return i
    return None


def prechelt_gl(train: Array, evals: Array) -> int | None:
    """Generalisation loss: 5 % above the best."""
    loss = 100 * (evals / np.minimum.accumulate(evals) - 1)
    return _first(loss > 5)


def prechelt_pq(train: Array, evals: Array) -> int | None:
    """Generalisation loss over the progress of train in strips of five."""
    loss = 100 * (evals / np.minimum.accumulate(evals) - 1)
    for i in range(4, len(evals), 5):
        strip = train[i - 4 : i + 1]
        progress = 1000 * (strip.mean() / strip.min() - 1)
        if progress > 0 and loss[i] / progress > 0.75:
            return i
    return None


def prechelt_up(train: Array, evals: Array) -> int | None:
    """Eval rose at the ends of three strips of five in a row."""
    rises = 0
    for i in range(9, len(evals), 5):
        rises = rises + 1 if evals[i] > evals[i - 5] else 0
        if rises >= 3:
            return i
    return None


def umlaut(train: Array, evals: Array) -> int | None:
    """Eval rises three times in a row while train falls."""
    up = np.diff(evals) > 0
    down = np.diff(train) < 0
    both = up & down
    return next((i + 3 for i in range(len(both) - 2) if both[i : i + 3].all()), None)


def _first(mask: Array) -> int | None:
    found = np.flatnonzero(mask)
    return int(found[0]) if len(found) else None


RULES: dict[str, Rule] = {
    "SageMaker Overfit": sagemaker_overfit,
    "SageMaker Overtraining": sagemaker_overtraining,
    "Keras EarlyStopping(10)": keras,
    "Lightning EarlyStopping(3)": lightning,
    "Prechelt GL5": prechelt_gl,
    "Prechelt PQ0.75": prechelt_pq,
    "Prechelt UP3": prechelt_up,
    "UMLAUT": umlaut,
}
