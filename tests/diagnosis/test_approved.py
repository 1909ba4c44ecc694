"""All that is said of the curves that the reference draws of each pattern, and how they are drawn."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from lossmon.diagnosis.knowledge import load
from lossmon.diagnosis.patterns import PATTERNS
from lossmon.monitor.whole import read_targets
from lossmon.presentation.brief import brief
from lossmon.report.sketch import draft
from tests import approved
from tests.conftest import WRITTEN, write_jsonl
from tests.diagnosis.curves import CURVES, evaluations
from tests.diagnosis.test_examples import DRAWN, LOGGED
from tests.digest import digest

pytestmark = pytest.mark.snapshot
PAIRS = ("overfitting", "underfitting", "train_high_eval_low", "eval_faster", "healthy_pair")


def _told(folder: Path, rows: list[dict[str, float]], lang: str = "en") -> str:
    """All that is read of rows and said of them, and the run in twenty lines."""
    finite = [{name: float(value) for name, value in row.items() if value == value} for row in rows]
    log = write_jsonl(folder / "run" / "log.jsonl", finite)  # type: ignore[arg-type]
    os.utime(log, (WRITTEN, WRITTEN))
    (update,) = read_targets([str(log.parent)], now=WRITTEN + 60.0, judging="at the end").updates
    return f"{digest([update])}\n{brief(update, load(lang), ascii=lang == 'zh')}".replace(
        str(folder), "HERE"
    )


@pytest.mark.parametrize("pattern", DRAWN)
def test_of_its_picture_all_is_said_as_approved(pattern: str, tmp_path: Path) -> None:
    made = draft()
    example = PATTERNS[pattern].example  # type: ignore[index]
    assert example is not None
    drawn = example(made).curves
    curves = {LOGGED[label]: values for label, values in drawn.items() if label in LOGGED}
    curves.setdefault("loss", made.fall + 0.02 * made.noise)
    rows = [
        {"step": i + 1, **{name: values[i] for name, values in curves.items()}}
        for i in range(len(made.t))
    ]
    approved.hold("patterns", pattern, _told(tmp_path, rows))


@pytest.mark.parametrize("rows", [12, 45, 600])
@pytest.mark.parametrize("kind", CURVES)
def test_of_a_curve_all_is_said_as_approved(kind: str, rows: int, tmp_path: Path) -> None:
    losses = CURVES[kind](rows)
    rates = 1e-3 * np.cos(np.linspace(0, 1.5, rows))
    told = [
        {
            "step": 10 * i,
            "max_steps": 15 * rows,
            "loss": loss,
            "lr": rate,
            "grad_norm": 1 + loss / 9,
        }
        for i, (loss, rate) in enumerate(zip(losses, rates, strict=True), 1)
    ]
    approved.hold("curves", f"{kind} {rows}", _told(tmp_path, told, "zh" if rows == 45 else "en"))


@pytest.mark.parametrize("evals", [6, 40])
@pytest.mark.parametrize("kind", PAIRS)
def test_of_a_pair_all_is_said_as_approved(kind: str, evals: int, tmp_path: Path) -> None:
    train, others = evaluations(kind, evals)
    told = []
    for i, loss in enumerate(train, 1):
        told.append({"step": i, "epoch": i / 60, "loss": loss, "max_steps": 600})
        if i % (600 // evals) == 0:
            told.append({"step": i, "epoch": i / 60, "eval_loss": others[i * evals // 600 - 1]})
    approved.hold("curves", f"{kind} {evals}", _told(tmp_path, told))
