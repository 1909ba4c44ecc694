"""The JSON of `check`: one object a run, keys always present, strict JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from lossmon.diagnosis.finding import Finding, TimelineEntry
from lossmon.diagnosis.knowledge import Knowledge
from lossmon.history.columns import SeriesView
from lossmon.monitor.update import Gpu, Job, RunUpdate
from lossmon.text import printable

SCHEMA = 1
ROLES = ("train_loss", "eval_loss", "learning_rate", "grad_norm")


def run_object(
    update: RunUpdate, knowledge: Knowledge, baseline: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What is known of a run, as the values of a strict JSON object.

    Args:
        update: the run.
        knowledge: the language of causes and remedies.
        baseline: how it stands against the one that it is compared with, if it is.
    """
    diagnosis = update.diagnosis
    return {
        "schema": SCHEMA,
        "run": update.run,
        "logs": [
            {
                "path": log.path,
                "format": log.format,
                "bytes": log.bytes,
                "records": log.records,
                "skipped": log.skipped,
                "unread": [
                    {"metric": printable(one.metric), "lines": one.lines, "rows": one.rows}
                    for one in log.unread
                ],
            }
            for log in update.logs
        ],
        "state": update.state,
        "state_note": printable(knowledge.say(update.state_note)),
        "step": update.step,
        "total_steps": update.total_steps,
        "epoch": number(update.epoch),
        "stages": [{"name": printable(s.name), "step": s.step} for s in update.stages],
        "metrics": _metrics(update),
        "best": None if update.best is None else update.best._asdict(),
        "findings": [finding_object(finding, knowledge) for finding in diagnosis.findings],
        "timeline": [_entry(entry) for entry in diagnosis.timeline],
        "train": diagnosis.train,
        "pair": diagnosis.pair,
        "kind": diagnosis.kind or None,
        "curve": diagnosis.curve or None,
        "gpus": [_plain(gpu) for gpu in update.gpus],
        "writer": update.writer,
        "job": None if update.job is None else _plain(update.job),
        "config": dict(update.hparams.values),
        "baseline": baseline,
        "errors": [printable(knowledge.say(error)) for error in update.errors],
    }


def _metrics(update: RunUpdate) -> dict[str, Any]:
    names = dict(
        zip(ROLES, (update.train, update.eval, update.learning_rate, update.grad_norm), strict=True)
    )
    main = {name: key for key, name in names.items() if name is not None}
    metrics = {}
    for name, view in update.series.items():
        other = f"{name} (other)" if name in main.values() else name  # a role has the key
        metrics[main.get(name, other)] = _metric(view)
    return metrics


def _metric(view: SeriesView) -> dict[str, Any]:
    finite = view.value[np.isfinite(view.value)]
    return {
        "name": view.name,
        "n": len(view),
        "first": number(view.value[0]) if len(view) else None,
        "last": number(view.value[-1]) if len(view) else None,
        "min": number(finite.min()) if len(finite) else None,
        "nonfinite": len(view) - len(finite),
    }


def _plain(told: Gpu | Job) -> dict[str, Any]:
    return {
        key: printable(value) if isinstance(value, str) else value
        for key, value in asdict(told).items()
    }


def finding_object(finding: Finding, knowledge: Knowledge) -> dict[str, Any]:
    """What is said of a finding, as the values of a strict JSON object."""
    return {
        "pattern": finding.pattern,
        "severity": finding.severity,
        "confidence": round(float(finding.confidence), 3),
        "since_step": int(finding.since_step),
        "metric": finding.metric,
        "evidence": printable(knowledge.say(finding.evidence)),
        "causes": [
            {
                "id": cause.id,
                "text": knowledge.cause(cause.id).text,
                "why": printable(knowledge.say(cause.why)),
            }
            for cause in finding.causes
        ],
        "remedies": list(knowledge.remedies(finding)),
        "hints": [
            {
                "text": printable(knowledge.say(hint.says)),
                "pattern": hint.pattern or None,
                "causes": list(hint.causes),
            }
            for hint in finding.hints
        ],
    }


def _entry(entry: TimelineEntry) -> dict[str, Any]:
    return {
        "pattern": entry.pattern,
        "severity": entry.severity,
        "metric": entry.metric,
        "since_step": int(entry.since_step),
        "shown_at_step": int(entry.shown_at_step),
        "cleared_at_step": None if entry.cleared_at_step is None else int(entry.cleared_at_step),
    }


def number(value: float | None) -> float | str | None:
    """Strict JSON has no NaN: a number that is not finite is a string."""
    if value is None or math.isfinite(value):
        return None if value is None else float(value)
    return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
