"""The best evaluation that is told, drawn and advised is one, and one that was logged."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lossmon.api import read_runs
from lossmon.chart.marks import marks_of
from lossmon.diagnosis.finding import Diagnosis
from lossmon.diagnosis.knowledge import load
from lossmon.report.contract import run_object
from lossmon.report.document import as_markdown
from tests.diagnosis.curves import judged, replay


def _overfitted(n: int, turn: int, lucky: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Train falls, eval turns up at a place; one evaluation elsewhere may be better by chance."""
    t = np.arange(1, n + 1)
    evals = 1.0 + 1.0 * np.exp(-4 * t / turn) + 0.8 * np.maximum(0, t - turn) / n
    evals += np.random.default_rng(3).normal(0, 0.005, n)
    if lucky is not None:
        evals[lucky] = 0.9
    return 0.1 + 2.0 * np.exp(-3 * t / n), evals


def _told(diagnosis: Diagnosis) -> dict[str, float]:
    found = next(one for one in diagnosis.findings if one.pattern == "overfitting")
    return {"since": found.since_step, **found.numbers}


@pytest.mark.parametrize(
    "n", [60, 300, *(pytest.param(n, marks=pytest.mark.slow) for n in (900, 2600, 5200))]
)
@pytest.mark.slow
def test_it_stays_where_it_was_however_long_the_run_goes_on(n: int) -> None:
    train, evals = _overfitted(n, n // 3)
    best = int(np.argmin(evals)) + 1
    for rows in (n * 2 // 3, n):
        told = _told(replay(train[:rows], evals[:rows], total=n, ended=rows == n)[1])
        assert (told["best_step"], told["best_value"]) == (best, evals[best - 1])
        assert told["since"] == best


def test_a_lucky_evaluation_is_the_best_and_no_onset() -> None:
    train, evals = _overfitted(300, 100, lucky=220)
    diagnosis = judged(train, evals, total=300)
    told = _told(diagnosis)
    assert told["best_step"] == 221
    assert abs(told["since"] - 100) <= 15
    found = next(one for one in diagnosis.findings if one.pattern == "overfitting")
    assert "its best being 0.9 at step 221" in found.evidence
    assert any("step 221" in text for text in load("en").remedies(found))


@pytest.mark.parametrize(("lucky", "n"), [(None, 600), (440, 600)])
def test_advice_mark_report_and_json_name_the_same(
    tmp_path: Path, lucky: int | None, n: int
) -> None:
    train, evals = _overfitted(n, n // 3, lucky)
    log = tmp_path / "log.jsonl"
    rows = enumerate(zip(train, evals, strict=True), 1)
    log.write_text(
        "".join(
            json.dumps({"step": step, "loss": float(loss)}) + "\n"
            + json.dumps({"step": step, "eval_loss": float(value)}) + "\n"
            for step, (loss, value) in rows
        )
    )  # fmt: skip
    (update,) = read_runs(str(log), "at the end")
    step, value = int(np.argmin(evals)) + 1, float(evals.min())
    assert update.best == ("eval_loss", step, value)
    assert _told(update.diagnosis)["best_step"] == step
    (mark,) = [mark for mark in marks_of(update) if mark.style == "mark_best"]
    assert (mark.step, mark.label) == (step, f"best eval {value:.4g}")
    told = run_object(update, load("en"))["best"]
    assert told == {"metric": "eval_loss", "step": step, "value": value}
    page = as_markdown(replace(update, run="a"), load("en"), 0.0)
    assert f"{value:.6g}  (step {step:,})".replace("(", r"\(").replace(")", r"\)") in page
