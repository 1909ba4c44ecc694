"""The chart of a run: which curves and marks its update asks for."""

from __future__ import annotations

from lossmon.chart.picture import Curve, Mark
from lossmon.monitor.update import RunUpdate

_SEVERITY_STYLE = {"critical": "mark_critical", "warning": "mark_warning", "info": "mark_info"}
_MARKED_INFO = ("spike", "not_converged")  # of the mild findings, those with a place on the curve
_ROLE_ORDER = {
    role: place
    for place, role in enumerate(
        ("train_loss", "eval_loss", "learning_rate", "grad_norm", "other_loss", "accuracy")
    )
}
_FEW = 200  # evaluations up to which each is worth a dot


def curves_of(update: RunUpdate, metric: str | None = None) -> tuple[Curve, ...]:
    """Train and eval on one chart; or one metric alone."""
    if metric is not None and metric not in (update.train, update.eval):
        view = update.series.get(metric)
        return (Curve(metric, "other", view),) if view is not None else ()
    curves = []
    if update.train is not None and update.train in update.series:
        curves.append(Curve("train", "train", update.series[update.train]))
    if update.eval is not None and update.eval in update.series:
        view = update.series[update.eval]
        curves.append(Curve("eval", "eval", view, points=len(view) <= _FEW))
    return tuple(curves)


def marks_of(update: RunUpdate) -> tuple[Mark, ...]:
    """Where a finding began, where eval was best, where the run was resumed."""
    marks = []
    for finding in update.diagnosis.findings:
        best = finding.numbers.get("best_step")
        if finding.pattern == "overfitting" and best is not None:
            value = finding.numbers.get("best_value", float("nan"))
            marks.append(Mark(int(best), "mark_warning", f"best eval {value:.4g}"))
        elif finding.severity != "info" or finding.pattern in _MARKED_INFO:
            step = int(finding.numbers.get("spike_step", finding.since_step))
            label = finding.pattern.replace("_", " ")
            marks.append(Mark(step, _SEVERITY_STYLE[finding.severity], label))
    marks += [Mark(step, "mark_info", "resumed") for step in update.restarts[-3:]]
    return tuple(marks)


def charts_of(update: RunUpdate) -> list[tuple[str | None, str, tuple[Curve, ...]]]:
    """Every chart of a run as (metric, title, curves): the loss (metric None), then the others."""
    loss = curves_of(update)
    charts: list[tuple[str | None, str, tuple[Curve, ...]]] = []
    if any(len(curve.view) for curve in loss):
        charts.append((None, "loss", loss))
    others = [
        name
        for name, view in update.series.items()
        if len(view) and name not in (update.train, update.eval)
    ]
    others.sort(key=lambda name: _ROLE_ORDER.get(update.series[name].role, len(_ROLE_ORDER)))
    return charts + [(name, name, curves_of(update, name)) for name in others]
