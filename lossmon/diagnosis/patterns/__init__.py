"""The patterns: one file each, one function each, and the table that orders them.

A pattern takes a View and returns a Finding, or None where it does not hold. Of the patterns of
one curve the first in TRAIN that holds is the verdict; likewise of two curves in PAIR. Those in
OTHER stand beside any verdict.
"""

from __future__ import annotations

from collections.abc import Callable

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.patterns import (
    chance_level,
    diverged,
    eval_faster,
    gradients,
    healthy,
    healthy_pair,
    lr_zero,
    noisy,
    not_converged,
    not_decreasing,
    oscillating,
    overfitting,
    plateau,
    rebound,
    restart,
    slowdown,
    spike,
    staircase,
    too_early,
    train_high_eval_low,
    underfitting,
)
from lossmon.diagnosis.view import View

Pattern = Callable[[View], Finding | None]

TRAIN: tuple[Pattern, ...] = (
    diverged.find,
    rebound.find,
    oscillating.find,
    not_decreasing.find,
    not_converged.find,
    plateau.find,
    healthy.find,
)
PAIR: tuple[Pattern, ...] = (
    overfitting.find,
    underfitting.find,
    train_high_eval_low.find,
    eval_faster.find,
    healthy_pair.find,
)
OTHER: tuple[Pattern, ...] = (
    too_early.find,
    spike.find,
    noisy.find,
    gradients.exploding,
    gradients.vanishing,
    lr_zero.find,
    chance_level.find,
    staircase.find,
    restart.find,
    slowdown.find,
)
