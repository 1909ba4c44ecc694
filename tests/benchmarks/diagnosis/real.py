"""Real trainings with known causes, and published labelled histories, where they are at hand."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.benchmarks.diagnosis.case import Case

SHARED = Path(__file__).resolve().parents[4] / "shared"
# Tasks whose runs are held back from tuning.
HELD_TASKS = {"digits_cnn", "docs_lm", "diabetes_mlp"}


def _number(text: str) -> float:
    return float(text) if text else float("nan")


def runs() -> Iterator[Case]:
    """Trainings whose cause was injected; ambiguous labels are left out."""
    for folder in sorted((SHARED / "runs" / "dev").glob("*")):
        points = SHARED / "runs" / "dev_points" / f"{folder.name}.csv.gz"
        truth = json.loads((folder / "truth.json").read_text())
        if truth["ambiguous"] or truth.get("primary_metric") or not points.exists():
            continue
        with gzip.open(points, "rt") as file:
            rows = list(csv.DictReader(file))
        train = [row for row in rows if row["kind"] == "train"]
        evals = [row for row in rows if row["kind"] == "eval"]
        if not train:
            continue
        labels = truth["labels"]
        rate = np.array([_number(row["lr"]) for row in train])
        grad = np.array([_number(row["grad_norm"]) for row in train])
        yield Case(
            "runs",
            truth["task"],
            _columns(train),
            _columns(evals) if evals else None,
            rate=rate if np.isfinite(rate).all() else None,
            grad_norm=grad if any(row["grad_norm"] for row in train) else None,
            total=truth["total_steps"],
            label=None if truth.get("ambiguous_train") else labels["train"],
            pair=labels["pair"],
            onset=truth["onset_step"],
            name=folder.name,
            kinds=np.array([int(row["kind"] == "eval") for row in rows]),
        )


def _columns(rows: list[dict[str, str]]) -> tuple[np.ndarray, np.ndarray]:
    return (
        np.array([int(float(row["step"])) for row in rows]),
        np.array([_number(row["value"]) for row in rows]),
    )


def overfit_histories() -> Iterator[Case]:
    """OverfitGuard: 419 histories of 1,000 epochs, labelled as overfit or not."""
    folder = SHARED / "labelled" / "overfitguard" / "training" / "dataset_exp4"
    for path in sorted(folder.glob("*/*.json")):
        found = json.loads(path.read_text())
        train, evals = (
            np.array(found[found[k]], float) for k in ("train_metric", "monitor_metric")
        )
        steps = np.arange(1, len(train) + 1)
        yield Case(
            "overfitguard",
            path.stem.removeprefix("training_log_").split("_")[0],
            (steps, train),
            (steps[: len(evals)], evals),
            pair="overfitting" if path.parent.name == "overfit" else "not_overfitting",
            name=path.stem,
        )


def autotrainer() -> Iterator[Case]:
    """DeepDiagnosis: 17 Keras logs, weakly labelled by a tool that saw the gradients too."""
    folder = SHARED / "labelled" / "deepdiagnosis_autotrainer"
    for path in sorted(folder.glob("*.csv")):
        with path.open() as file:
            rows = list(csv.DictReader(file))
        steps = np.arange(1, len(rows) + 1)
        losses = np.array([_number(row["loss"]) for row in rows])
        evals = np.array([_number(row["val_loss"]) for row in rows])
        yield Case("autotrainer", "keras", (steps, losses), (steps, evals), name=path.stem[:60])
