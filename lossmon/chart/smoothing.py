"""The smoothed curve: a causal average, so that it never knows the future."""

from __future__ import annotations

import math

import numpy as np

from lossmon.history.columns import Floats

_PRECISION = 1e-12  # weights below this change nothing that can be drawn
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
    usable = np.isfinite(value) & (value > 0 if log else True)
    seen = value[usable]
    if not len(seen):
        return value
    averaged = _average(np.log(seen) if log else seen, min(weight, 0.9999))
    out = value.copy()
    out[usable] = np.exp(averaged) if log else averaged
    return np.asarray(out)


def _average(value: Floats, weight: float) -> Floats:
    memory = math.ceil(math.log(_PRECISION) / math.log(weight))
    n = len(value)
    if memory < _LONG:
        kernel = (1 - weight) * weight ** np.arange(min(memory, n))
        total = np.convolve(value, kernel)[:n]
    else:
        total = _blocks(value, weight, memory)
    return np.asarray(total / (1 - weight ** np.arange(1, n + 1)))


def _blocks(value: Floats, weight: float, length: int) -> Floats:
    """a_i = w a_(i-1) + (1 - w) v_i in closed form, block by block so that powers stay finite."""
    out: Floats = np.empty(len(value))
    carried = 0.0
    powers = weight ** np.arange(1, length + 1)
    for start in range(0, len(value), length):
        block = value[start : start + length]
        p = powers[: len(block)]
        out[start : start + len(block)] = p * (carried + (1 - weight) * np.cumsum(block / p))
        carried = out[start + len(block) - 1]
    return out
