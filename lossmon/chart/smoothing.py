"""The smoothed curve: a causal average, so that it never knows the future."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lossmon.history.columns import Floats

_PRECISION = 1e-12  # weights below this change nothing that can be drawn
_STRONGEST = 0.9999
_LONG = 256  # from this memory on, blocks are faster than a convolution


def smooth(value: Floats, weight: float, *, log: bool = False) -> Floats:
    """Exponential moving average without start bias, as TensorBoard computes it.

    Args:
        value: shape (n,); what is not finite is passed over and stays as it is.
        weight: of the past, in [0, 1); 0 gives `value` back.
        log: average the logarithms (for a log axis); values at or below 0 are passed over.

    Returns:
        shape (n,).
    """
    if weight <= 0 or len(value) < 2:
        return value
    out, _ = continued(value, min(weight, _STRONGEST), log, START)
    return out


@dataclass(frozen=True)
class State:
    """Where an average stands: its sum before the correction of its start, and points seen."""

    total: float = 0.0
    seen: int = 0


START = State()


def continued(value: Floats, weight: float, log: bool, state: State) -> tuple[Floats, State]:
    """Smoothed values of points that follow those that led to a state, and the state then."""
    weight = min(weight, _STRONGEST)
    usable = np.isfinite(value) & (value > 0 if log else True)
    every = bool(usable.all())
    seen = value if every else value[usable]
    if not len(seen):
        return value, state
    total = _totals(np.log(seen) if log else seen, weight, state.total)
    count = state.seen + np.arange(1, len(seen) + 1)
    averaged = total / -np.expm1(count * math.log(weight))
    averaged = np.exp(averaged) if log else averaged
    after = State(float(total[-1]), state.seen + len(seen))
    if every:
        return averaged, after
    out = value.copy()
    out[usable] = averaged
    return out, after


def _totals(value: Floats, weight: float, before: float) -> Floats:
    """t_i = w t_(i-1) + (1 - w) v_i, starting from `before`."""
    memory = max(1, math.ceil(math.log(_PRECISION) / math.log(weight)))
    n = len(value)
    if memory >= _LONG:
        return _blocks(value, weight, memory, before)
    kernel = (1 - weight) * weight ** np.arange(min(memory, n))
    total = np.convolve(value, kernel)[:n]
    fade = before * weight ** np.arange(1, min(n, 2 * memory) + 1)
    total[: len(fade)] += fade
    return np.asarray(total)


def _blocks(value: Floats, weight: float, length: int, carried: float) -> Floats:
    """The same in closed form, block by block so that powers stay finite."""
    out: Floats = np.empty(len(value))
    powers = weight ** np.arange(1, length + 1)
    for start in range(0, len(value), length):
        block = value[start : start + length]
        p = powers[: len(block)]
        out[start : start + len(block)] = p * (carried + (1 - weight) * np.cumsum(block / p))
        carried = float(out[start + len(block) - 1])
    return out
