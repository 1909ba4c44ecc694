"""What a pattern looks like, drawn: for the reference, from curves made up for it."""

from __future__ import annotations

import math

import numpy as np

from lossmon.chart.picture import ChartSpec, Curve, Mark, draw
from lossmon.history.columns import Floats, SeriesView

_N = 240
_T = np.arange(1, _N + 1) / _N
_NOISE = np.random.default_rng(7).normal(0, 1, _N)
_FALL = 0.4 + 1.8 * np.exp(-6 * _T)

Curves = dict[str, Floats]  # label -> values, shape (240,)


def _step_at(share: float) -> Floats:
    return (share <= _T).astype(float)


def _spikes() -> Floats:
    needle = np.zeros(_N)
    needle[[90, 170]] = (1.5, 1.1)
    return needle


_SKETCHES: dict[str, tuple[Curves, float | None]] = {  # and where it begins
    "not_decreasing": ({"train": 2.3 + 0.03 * _NOISE}, None),
    "not_converged": ({"train": 2.3 - 1.3 * _T**0.8 + 0.02 * _NOISE}, None),
    "oscillating": ({"train": 2 + 0.8 * np.sin(70 * _T) * np.sin(11 * _T) + 0.1 * _NOISE}, None),
    "plateau": ({"train": 1.5 + 0.8 * np.exp(-25 * _T) + 0.02 * _NOISE}, 0.15),
    "rebound": ({"train": _FALL + 1.1 * _step_at(0.6) + 0.02 * _NOISE}, 0.6),
    "healthy": ({"train": _FALL + 0.02 * _NOISE}, None),
    "diverged": ({"train": _FALL + np.where(_T > 0.7, np.exp(18 * (_T - 0.7)) - 1, 0)}, 0.7),
    "overfitting": (
        {"train": _FALL - 0.3, "eval": _FALL + 0.15 + 1.3 * np.maximum(0, _T - 0.35)}, 0.45,
    ),
    "underfitting": ({"train": 2.3 + 0.03 * _NOISE, "eval": 2.35 + 0 * _T}, None),
    "train_high_eval_low": ({"train": 1.9 + 0.02 * _NOISE, "eval": _FALL}, None),
    "eval_faster": (
        {"train": 0.5 + 1.8 * np.exp(-2 * _T), "eval": 0.2 + 2 * np.exp(-9 * _T)},
        None,
    ),
    "healthy_pair": ({"train": _FALL, "eval": _FALL + 0.15}, None),
    "spike": ({"train": _FALL + _spikes()}, None),
    "stalled": ({"train": np.where(_T < 0.6, _FALL, np.nan)}, 0.6),
    "failed": ({"train": np.where(_T < 0.6, _FALL, np.nan)}, 0.6),
    "grad_explosion": ({"grad norm": 1 + 0.1 * _NOISE + 30 * _step_at(0.7)}, 0.7),
    "grad_vanishing": ({"grad norm": 1.5 * np.exp(-25 * np.maximum(0, _T - 0.4))}, 0.55),
    "lr_zero": ({"lr": np.maximum(0, 1 - _T / 0.6)}, 0.6),
    "chance_level": (
        {
            "train": math.log(10) + np.exp(-60 * _T) + 0.02 * _NOISE,
            "ln 10": math.log(10) + 0 * _T,
        },
        None,
    ),
    "staircase": ({"train": 2 - 0.35 * np.floor(_T * 4.99) + 0.03 * _NOISE}, None),
    "restart": ({"train": _FALL + 0.02 * _NOISE}, 0.5),
    "slowdown": ({"steps/s": 2 + 0.05 * _NOISE - 1.1 * _step_at(0.6)}, 0.6),
    "noisy": ({"train": _FALL * np.exp(0.45 * _NOISE)}, None),
}  # fmt: skip


def sketch(pattern: str, width: int, height: int, *, ascii: bool = False) -> str:
    """A small picture of a pattern, without numbers on its axes; "" where it has none.

    Args:
        pattern: its identifier.
        width: in cells.
        height: in cells.
        ascii: with ASCII signs only.
    """
    made, onset = _SKETCHES.get(pattern, ({}, None))
    if not made:
        return ""
    curves = tuple(
        Curve(label, "train", _view(label, values), guide=label.startswith("ln"))
        for label, values in made.items()
    )
    marks = (Mark(int(onset * _N), "mark_info", ""),) if onset is not None else ()
    picture = draw(ChartSpec(curves, width, height, marks, ascii=ascii))
    axis = {"├", "┤", "│", "|", "+", "└"}
    rows = []
    for row in picture.rows[: height - 2]:
        text = "".join(span.text for span in row)
        cut = next((i for i, char in enumerate(text[:12]) if char in axis), 0)
        rows.append((("|" if ascii else "│") + text[cut + 1 :]).rstrip())
    return "\n".join(rows)


def _view(label: str, values: Floats) -> SeriesView:
    return SeriesView(label, "other", np.arange(1, _N + 1), values, None, None)
