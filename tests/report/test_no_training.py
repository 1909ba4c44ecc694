"""Files that lie beside a training and are none, and output that comes before its first row."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from lossmon.errors import LossmonError
from lossmon.logs.walk import walk
from lossmon.monitor.log import Log
from lossmon.monitor.whole import read_targets

ROWS = "".join(f"step {s} loss {3 * s**-0.3:.4f}\n" for s in range(10, 510, 10))


def dataset(rows: int, **columns: object) -> str:
    return "".join(json.dumps({"id": i, "label": i % 2, **columns}) + "\n" for i in range(rows))


def labels(seed: int) -> str:
    """Boxes as YOLO labels them: class, then four numbers up to 1."""
    rng = random.Random(seed)
    classes = sorted(rng.sample(range(80), 7))
    return "".join(
        f"{c} " + " ".join(f"{rng.random():.6f}" for _ in "xywh") + "\n" for c in classes
    )


NO_TRAININGS = {
    "prices.jsonl": dataset(300, price=2.5, cost=1.5),
    "questions.jsonl": dataset(300, question="at which step is the loss 0.5?", score=0.3),
    "texts.tsv": "text\tlabel\n" + "".join(f"the loss is {i}\t{i % 2}\n" for i in range(99)),
    "summary.json": json.dumps({"eval_loss": 0.3, "accuracy": 0.9}),
    "boxes.txt": "".join(map(labels, range(3))),
    "box.txt": "".join(f"{c} 0.51 0.42 0.13 0.2{c}\n" for c in range(8)),
}


@pytest.mark.parametrize("name", NO_TRAININGS)
def test_data_and_summaries_are_no_runs(tmp_path: Path, name: str):
    (tmp_path / name).write_text(NO_TRAININGS[name])
    with pytest.raises(LossmonError):
        raise read_targets([str(tmp_path / name)], judging="at the end")[1][0]
    (tmp_path / "train.log").write_text(ROWS)
    (run,) = read_targets([str(tmp_path)], judging="at the end")[0]
    assert list(run.series) == ["loss"]


def test_folders_of_labels_and_the_tracker_s_own_files_are_passed_by(tmp_path: Path):
    for name in ("labels/im1.txt", "wandb/run-1/files/wandb-summary.json", "logs/train.log"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(ROWS)
    assert [Path(path).name for path in walk(str(tmp_path))] == ["train.log"]


def test_megabytes_of_output_before_the_first_row_are_passed_over(tmp_path: Path):
    before = "Packing shard 17 of 70000: wrote 512 lines to cache/00017.bin\n" * 60_000
    (tmp_path / "train.log").write_text(before + ROWS)
    (run,) = read_targets([str(tmp_path / "train.log")], judging="at the end")[0]
    assert run.series["loss"].step.tolist() == list(range(10, 510, 10))


def test_a_notebook_is_told_how_to_write_a_log(tmp_path: Path):
    (tmp_path / "train.ipynb").write_text(json.dumps({"cells": [], "nbformat": 4}, indent=1))
    errors = read_targets([str(tmp_path / "train.ipynb")], judging="at the end")[1]
    assert "notebook" in str(errors[0])


@pytest.mark.slow  # twelve megabytes
def test_output_without_end_is_given_up():
    log = Log("train.log", 0, 0.0)
    piece = b"the loss of a shard that was wrapped is written to the cache, as ever\n" * 15_000
    for _ in range(12):
        log.feed(piece)
    assert log.refused is not None


def test_evaluations_alone_are_a_curve(tmp_path: Path):
    log = tmp_path / "eval.log"
    log.write_text("".join(f"Validation loss: 1.{i}\n" for i in range(9)))
    (run,) = read_targets([str(log)], judging="at the end")[0]
    assert run.series["Validation loss"].step.tolist() == list(range(9))
