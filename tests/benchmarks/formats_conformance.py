"""How many real text logs are read as they should be: a table by format, and lines a second.

    python -m tests.benchmarks.formats_conformance [format ...]

Needs ../shared beside the repository.
"""

from __future__ import annotations

import csv
import json
import math
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lossmon.formats.names import choose
from lossmon.formats.text import TextDecoder

SHARED = Path(__file__).resolve().parents[2] / ".." / "shared"

# Formats of runs/dev whose console output the text decoder reads. Lightning's bars show other
# points than its metrics.csv, from which the expectations of those runs come.
RUN_FORMATS = [
    "print_plain",
    "print_imagenet",
    "print_mnist",
    "print_nanogpt",
    "print_epoch",
    "dict_print",
    "loguru",
    "pylogging",
    "logfmt",
    "megatron_print",
    "torchtitan_print",
    "sb3",
    "mmengine",
    "sklearn_gb",
    "sklearn_mlp",
    "skorch",
    "ignite",
    "tqdm_postfix",
    "keras_verbose1",
    "keras_verbose2",
    "xgboost",
    "lightgbm",
    "catboost",
]
STRUCTURED = frozenset(
    [
        "clu",
        "mlflow",
        "hf-stdout",
        "hf-trainer-state",
        "mlperf-mllog",
        "trl",
        "tensorboard",
        "wandb",
        "trackio",
        "sacred",
        "dvclive",
        "rllib",
        "llamafactory",
        "ms-swift",
        "lightning-csv",
        "ultralytics",
        "sb3-csv",
        "sb3-json",
        "keras-csv",
        "mmcv-json",
        "tinygrad",
        "tensorflow-minigo",
        "detectron2-json",
        "format",
    ]
)
TEXT_SUFFIXES = (".log", ".txt", ".out", "")

# What is not read as expected, and why.
KNOWN_MISSES = {
    "d001_ignite_diabetes_mlp": "the bar shows every iteration, the expectation every tenth",
    "d066_ignite_diabetes_mlp": "the bar shows every iteration, the expectation every fifth",
    "d342_ignite_simclr_digits": "the bar shows every iteration, the expectation every second",
    "d058_ignite_ae_digits": "the bar shows a running average",
    "d137_sklearn_gb_digits_mlp": "scikit-learn prints 10 rows and then every tenth",
    "microsoft__DeepSpeedExamples__sft_opt1.3b.log": "the evaluation logs a perplexity, no loss",
    "mlcommons__training_results_v0.6__transformer_dgx1.txt": "mid-epoch rows are points too",
    "mlcommons__training_results_v0.6__transformer_dgx2.txt": "mid-epoch rows are points too",
    "dmlc__web-data__center_net_resnet18_voc.log": "several losses without the word, no total",
    "dmlc__web-data__faster_rcnn_resnet50_v1b_voc.log": "several losses, no total",
    "dmlc__web-data__mask_rcnn_horovod_192ranks.log": "several losses, no total",
    "dmlc__web-data__psp_resnet101_citys.log": "one epoch was run twice with the same position",
    "dmlc__web-data__TREC_rand.log": "ambiguous: rows by batch and by epoch",
    "dmlc__web-data__log_exam_db.txt": "a test loss that nothing marks as one",
    "dmlc__web-data__log_region_embedding_ag.txt": "a test loss that nothing marks as one",
    "mlcommons__training_results_v4.0__llama2_lora_redhat.txt": "MLPerf records, not text",
    "mlcommons__training_results_v0.6__ssd_dgx1.txt": "'Loss function' beside 'Average Loss'",
    "mlcommons__training_results_v0.6__ssd_dgx2h_n4.txt": "'Loss function' beside 'Average Loss'",
}


@dataclass
class Case:
    """A log and what it should give; None where that is not known."""

    name: str
    format: str
    log: Path
    tolerance: float
    n_train: int | None
    first_train: float | None
    last_train: float | None
    n_eval: int | None
    last_eval: float | None
    metric: str | None = None  # instead of the one that plays the train loss


def run_cases() -> Iterator[Case]:
    """The text logs of shared/runs/dev."""
    for path in sorted((SHARED / "runs" / "dev").glob("*/truth.json")):
        truth = json.loads(path.read_text())
        if truth["format"] not in RUN_FORMATS:
            continue
        want = truth["expected"]
        yield Case(
            truth["run_id"],
            truth["format"],
            next(path.parent.rglob("*.log")),
            2e-2,  # text prints few digits
            want["n_train_points"],
            _number(want["first_train_loss"]),
            _number(want["last_train_loss"]),
            want["n_eval_points"],
            _number(want["last_eval_loss"]),
            "rollout/ep_rew_mean" if truth["format"] == "sb3" else None,
        )


def corpus_cases() -> Iterator[Case]:
    """The text logs of shared/corpus."""
    with (SHARED / "corpus" / "MANIFEST.tsv").open() as manifest:
        for row in csv.DictReader(manifest, delimiter="\t"):
            log = SHARED / "corpus" / row["file"]
            if row["format"] in STRUCTURED or log.suffix not in TEXT_SUFFIXES or not log.is_file():
                continue
            if not row["train_points"] and not row["eval_points"]:
                continue
            yield Case(
                log.name,
                row["format"],
                log,
                1e-3,
                int(row["train_points"]) if row["train_points"] else None,
                _number(row["first_train_loss"]),
                _number(row["last_train_loss"]),
                int(row["eval_points"]) if row["eval_points"] else None,
                _number(row["last_eval_loss"]),
            )


def _number(text: object) -> float | None:
    return None if text in (None, "") else float(str(text))


def _close(got: float | None, want: float | None, tolerance: float) -> bool:
    if want is None:
        return True
    if got is None or math.isnan(want) or math.isinf(want):
        return got is not None and (got == want or (got != got and want != want))
    return abs(got - want) <= tolerance * abs(want) + tolerance * 5e-3


def mismatches(case: Case) -> list[str]:
    """What differs from the expectation; empty where all is as it should be."""
    decoder = TextDecoder()
    records = decoder.feed(case.log.read_bytes()) + decoder.flush()
    series: dict[str, list[float]] = defaultdict(list)
    for record in records:
        for name, value in record.values.items():
            series[name].append(value)
    chosen = choose(series)
    train = series.get(case.metric or chosen.get("train_loss", ""), [])
    evals = series.get(chosen.get("eval_loss", ""), [])
    wrong = []
    for what, got, want in (
        ("train points", len(train), case.n_train),
        ("eval points", len(evals), case.n_eval),
    ):
        if want is not None and got != want:
            wrong.append(f"{what} {got}, not {want}")
    for what, value, wanted in (
        ("first train", train[0] if train else None, case.first_train),
        ("last train", train[-1] if train else None, case.last_train),
        ("last eval", evals[-1] if evals else None, case.last_eval),
    ):
        if not _close(value, wanted, case.tolerance):
            wrong.append(f"{what} {value}, not {wanted}")
    return wrong


def main(formats: list[str]) -> None:
    """Print one line a format, and one a log that is not read as expected."""
    right: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    lines, seconds = 0, 0.0
    for case in (*run_cases(), *corpus_cases()):
        if formats and case.format not in formats:
            continue
        start = time.perf_counter()
        wrong = mismatches(case)
        seconds += time.perf_counter() - start
        lines += case.log.read_bytes().count(b"\n")
        right[case.format][0] += not wrong
        right[case.format][1] += 1
        if wrong:
            print(f"{case.name}: {'; '.join(wrong)} [{KNOWN_MISSES.get(case.name, 'NEW')}]")
    for name, (good, total) in sorted(right.items()):
        print(f"{name:20} {good:3} of {total:3}")
    print(f"{lines} lines, {lines / max(seconds, 1e-9):,.0f} lines/s")


if __name__ == "__main__":
    main(sys.argv[1:])
