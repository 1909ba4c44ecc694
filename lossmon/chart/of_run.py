"""The charts of a run, or of several: which curves their updates ask for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from lossmon.chart.growing import known_of
from lossmon.chart.identity import Identities
from lossmon.chart.marks import marks_of
from lossmon.chart.spec import ChartSpec, Curve
from lossmon.chart.strips import NAMES, strip_named
from lossmon.history.columns import SeriesView, part_of
from lossmon.monitor.groups import band_of
from lossmon.monitor.update import RunUpdate
from lossmon.text import labels_of
from lossmon.words import known, said

__all__ = [
    "charts_of", "curves_of", "marks_of", "overlay_of", "spec_of", "strip_of", "strips_of",
    "tokens_of",
]  # fmt: skip

_ROLE_ORDER = {
    role: place
    for place, role in enumerate(
        ("train_loss", "eval_loss", "learning_rate", "grad_norm", "other_loss", "accuracy")
    )
}
_SHOWN = ("other_loss", "accuracy", "other")  # beside which a rate or a speed is no progress
_STAND_INS = 3  # curves that can be told apart at a glance
_LABEL = 14  # cells of a label at the end of a curve
_FEW = 200  # evaluations up to which each is worth a dot
_OLDER = 8  # segments that a resumed run left behind; of more, the newest
_TOKENS = re.compile(
    r"(.*[/_. ])?(num_input_tokens_seen|(num_|total_|consumed_|seen_|input_|n_)?tokens"
    r"(_seen|_total|_consumed|_processed|_trained)?)$",
    re.IGNORECASE,
)


def curves_of(update: RunUpdate, metrics: Sequence[str] = ()) -> tuple[Curve, ...]:
    """Train and eval on one chart; or these metrics, where the run has them."""
    named = [name for name in metrics if name in update.series]
    if update.members:
        return _bands(update.members, named[:1] or ("train", "eval"))
    if not named and (update.train is not None or update.eval is not None):
        return _loss(update)
    named = named or stand_ins(update)
    if len(named) == 1 and named[0] not in (update.train, update.eval):
        name = named[0]
        older = _older(update.logged.get(name), "other_raw")
        return (*older, *_pieces(update, Curve(name, "other", update.series[name])))
    identities = Identities()
    curves: list[Curve] = []
    for name in named:
        identity = identities.of(name)
        curve = Curve(
            name, identity.style, update.series[name],
            raw=False,
            pattern=identity.pattern, sign=identity.sign,
        )  # fmt: skip
        curves += _pieces(update, curve)
    return tuple(curves)


def spec_of(update: RunUpdate, width: int, height: int, smoothing: float = 0.6) -> ChartSpec:
    """The chart of a run's loss with all its marks, so many cells large."""
    return ChartSpec(
        curves_of(update), width, height, marks_of(update),
        smoothing=smoothing, tokens=tokens_of(update),
    )  # fmt: skip


def _pieces(update: RunUpdate, curve: Curve) -> list[Curve]:
    """A curve, and beyond a gap its newest part, where the reading has not got there yet."""
    ahead = update.ahead.get(curve.view.name)
    return [curve] if ahead is None else [curve, replace(curve, view=ahead)]


def _losses(update: RunUpdate) -> tuple[str, str]:
    """Train and eval, "" where there is none: perplexities, where those are judged together."""
    told = update.diagnosis
    if update.train is None and told.held_out:
        return told.curve, told.held_out
    return update.train or "", update.eval or ""


def _loss(update: RunUpdate) -> tuple[Curve, ...]:
    curves: list[Curve] = []
    name, name_held = _losses(update)
    if (train := update.series.get(name)) is not None:
        curves += _pieces(update, Curve(known("train"), "train", train))
        curves += _older(update.logged.get(name), "train_raw")
    if (held := update.series.get(name_held)) is not None:
        curve = Curve(known("eval"), "eval", held, points=len(held) <= _FEW, sign="+")
        curves += _pieces(update, curve)
        curves += _older(update.logged.get(name_held), "eval_raw")
    return tuple(curves)


def _bands(members: Sequence[RunUpdate], metrics: Sequence[str]) -> tuple[Curve, ...]:
    """The median over several runs, and faint above and below it the band they lie in."""
    curves: list[Curve] = []
    for metric in metrics:
        style = metric if metric in ("train", "eval") else "other"
        sign = "+" if metric == "eval" else "*"
        found = band_of(members, metric)
        if found:
            median, low, high = found
            curves.append(
                Curve(
                    said("{metric} median", metric=known(metric) if style == metric else metric),
                    style,
                    median,
                    raw=False,
                    sign=sign,
                )
            )
            curves += [
                Curve("", f"{style}_raw", edge, raw=False, pattern=1, sign=".", edge=True)
                for edge in (low, high)
            ]
    return tuple(curves)


def _older(logged: SeriesView | None, style: str) -> list[Curve]:
    """What a run logged before it was resumed, and logged again then: a curve a segment."""
    if logged is None or len(logged) < 2:
        return []
    known = known_of(logged)
    if known is None:
        back = (np.flatnonzero(logged.step[1:] < logged.step[:-1]) + 1).tolist()
    else:
        back = known.backs(logged)
    curves = []
    bounds = [0, *back, len(logged)]
    for place in range(max(0, len(back) - _OLDER), len(back)):
        start, stop = bounds[place], bounds[place + 1]
        resumed = int(logged.step[back[place:]].min())
        start += int(np.searchsorted(logged.step[start:stop], resumed, side="left"))
        if stop - start > 1:
            cut = part_of if known is None else known.part
            curves.append(Curve("", style, cut(logged, start, stop), faint=True))
    return curves


def charts_of(update: RunUpdate) -> list[tuple[str | None, str, tuple[Curve, ...]]]:
    """Every chart of a run as (metric, title, curves): the loss (metric None), then the others."""
    loss = _loss(update)
    charts: list[tuple[str | None, str, tuple[Curve, ...]]] = []
    if any(len(curve.view) for curve in loss):
        charts.append((None, "loss", loss))
    others = [name for name in metrics_of(update) if name not in (update.train, update.eval)]
    return charts + [(name, name, curves_of(update, (name,))) for name in others]


def stand_ins(update: RunUpdate) -> list[str]:
    """What is drawn of a run without a loss: what it is judged by, or its first few scores.

    A GAN's `generator_error` and `discriminator_error`, an accuracy, a perplexity: an empty chart
    beside a verdict on them says nothing.
    """
    if update.diagnosis.curve in update.series:
        return [update.diagnosis.curve]
    names = [name for name in metrics_of(update) if update.series[name].role in _SHOWN]
    return names[:_STAND_INS]


def metrics_of(update: RunUpdate) -> list[str]:
    """The names of all metrics that have points, those with a role first."""
    names = [name for name, view in update.series.items() if len(view)]
    return sorted(
        names, key=lambda name: _ROLE_ORDER.get(update.series[name].role, len(_ROLE_ORDER))
    )


def tokens_of(update: RunUpdate) -> SeriesView | None:
    """The metric that counts tokens; None where there is none."""
    found = [view for name, view in update.series.items() if _TOKENS.match(name) and len(view) > 1]
    return max(found, key=len, default=None)


# -- the strip -------------------------------------------------------------------------------------


def strips_of(update: RunUpdate, smoothing: float) -> list[str]:
    """The names of the strips that a run has, in the order of `strips.NAMES`."""
    return [name for name in NAMES if _strip(update, name, smoothing) is not None]


def strip_of(update: RunUpdate, name: str, smoothing: float) -> tuple[str, Curve | None]:
    """The strip of this name; where the run lacks it, the first that it has; none for "off"."""
    if name != "off":
        for found in (*[name] * (name in NAMES), *NAMES):
            curve = _strip(update, found, smoothing)
            if curve is not None:
                return found, curve
    return "off", None


def _strip(update: RunUpdate, name: str, smoothing: float) -> Curve | None:
    strip = strip_named(name)
    view = strip.find(update, smoothing)
    if view is None or not len(view):
        return None
    return Curve(strip.label or view.name, "strip", view, raw=False)


# -- several runs ----------------------------------------------------------------------------------


def overlay_of(
    updates: Iterable[RunUpdate], identities: Identities, metric: str | None = None
) -> tuple[Curve, ...]:
    """One curve a run, told apart by hue, stroke and label.

    Args:
        updates: the runs.
        identities: of the runs; kept by the caller, so that a run always looks the same.
        metric: the metric; None for each run's train loss, or its eval loss where it has no other.
    """
    curves: list[Curve] = []
    listed = list(updates)
    labels = labels_of([update.run for update in listed], _LABEL)
    for update in listed:
        name = metric if metric is not None else update.train or update.eval
        view = update.series.get(name or "")
        if view is not None and len(view):
            identity = identities.of(update.run)
            curve = Curve(
                labels[update.run], identity.style, view,
                raw=False, pattern=identity.pattern, sign=identity.sign,
            )  # fmt: skip
            curves += _pieces(update, curve)
    return tuple(curves)
