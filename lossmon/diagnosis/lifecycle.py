"""Findings that need a clock or the end of the log: stalled, failed, finished."""

from __future__ import annotations

from typing import Protocol

from lossmon.diagnosis.finding import Finding


class Plan(Protocol):
    """What a log says of the training's length and end (see `lossmon.history.run.Plan`)."""

    total_steps: int | None
    finished: bool
    failure: str | None


def lifecycle_findings(
    *,
    now: float,
    last_time: float,
    usual_gap_s: float | None,
    patience_s: float,
    plan: Plan,
    step: int,
    metric: str,
) -> tuple[Finding, ...]:
    """What holds of a training that no longer writes.

    Args:
        now: seconds since the Unix epoch.
        last_time: when the newest line was written.
        usual_gap_s: median seconds between rows, where known.
        patience_s: silence after which a training that goes on is taken as stalled.
        plan: what the log says.
        step: the newest step.
        metric: the metric to name.
    """
    if plan.failure:
        words = f"the log ends in: {plan.failure}"
        return (Finding("failed", "critical", 0.95, step, metric, words),)
    if plan.finished or (plan.total_steps is not None and step >= plan.total_steps):
        total = f" of {plan.total_steps:,}" if plan.total_steps else ""
        words = f"the training ended at step {step:,}{total}"
        return (Finding("finished", "info", 1.0, step, metric, words),)
    silence = now - last_time
    if silence > patience_s:
        usual = f", usually one every {usual_gap_s:.3g} s" if usual_gap_s else ""
        total = f" of {plan.total_steps:,}" if plan.total_steps else ""
        words = f"no new line for {silence / 60:.0f} min{usual}; it stands at step {step:,}{total}"
        return (Finding("stalled", "warning", 0.8, step, metric, words),)
    return ()
