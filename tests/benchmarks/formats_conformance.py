"""How many real logs are read as they should be: a table by format, and bytes a second.

    python -m tests.benchmarks.formats_conformance [format or name ...]

Single files of `../shared/corpus` through their decoder (points in file order, nothing merged), and
whole folders of `../shared/runs` (and of `tests/data`) as `lossmon check` reads them.
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

from lossmon.errors import FormatError, LossmonError
from lossmon.formats.decoder import Record
from lossmon.formats.detect import detect
from lossmon.formats.names import choose
from lossmon.logs.sqlite import MAGIC, Store
from lossmon.monitor.whole import read_targets

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT / ".." / "shared"
DATA = ROOT / "tests" / "data" / "runs"
_HEAD = 1 << 18

# What is not read as expected, and why.
KNOWN_MISSES = {
    "d081_catboost_diabetes_mlp": "learn_error.tsv has every iteration; the printed ones expected",
    "d137_sklearn_gb_digits_mlp": "scikit-learn prints 10 rows and then every tenth; 50 expected",
    "microsoft__DeepSpeedExamples__rm_opt350m.log": "a single line with a loss is no curve",
    "mlcommons__training_results_v0.6__transformer_dgx1.txt": "mid-epoch rows are points too",
    "mlcommons__training_results_v0.6__transformer_dgx2.txt": "mid-epoch rows are points too",
    "dmlc__web-data__psp_resnet101_citys.log": "one epoch was run twice with the same position",
    "dmlc__web-data__TREC_rand.log": "rows by batch and by epoch: here those by batch",
}


# Formats whose rows do not name the step of the training: theirs is the log's own count.
OTHER_STEPS = {
    "print_imagenet": "batches of an epoch, counted from 0",
    "print_mnist": "samples of an epoch",
    "print_epoch": "epochs alone",
}


@dataclass
class Case:
    """A log, or the folder of a run, and what it should give; None where that is not known."""

    name: str
    format: str
    path: Path
    tolerance: float
    n_train: tuple[int, ...] | None
    first_train: float | None
    last_train: float | None
    n_eval: int | None
    last_eval: float | None
    whole_run: bool = False
    metric: str | None = None  # instead of the one that plays the train loss
    steps: tuple[int, int] | None = None  # of the first and the last train point


def run_cases(folder: Path) -> Iterator[Case]:
    """Real trainings, one folder each."""
    for path in sorted(folder.glob("*/truth.json")):
        truth = json.loads(path.read_text())
        want = truth["expected"]
        yield Case(
            truth["run_id"],
            truth["format"],
            path.parent,
            2e-2,  # text prints few digits
            (want["n_train_points"], want.get("n_train_points_dedup", want["n_train_points"])),
            _number(want["first_train_loss"]),
            _number(want["last_train_loss"]),
            want["n_eval_points"],
            _number(want["last_eval_loss"]),
            whole_run=True,
            metric="rollout/ep_rew_mean" if truth["format"] == "sb3" else None,
            steps=(want["first_train_step"], want["last_train_step"])
            if "first_train_step" in want and truth["format"] not in OTHER_STEPS
            else None,
        )


def corpus_cases() -> Iterator[Case]:
    """Single logs of public repositories."""
    with (SHARED / "corpus" / "MANIFEST.tsv").open() as manifest:
        for row in csv.DictReader(manifest, delimiter="\t"):
            log = SHARED / "corpus" / row["file"]
            if not log.is_file() or not (row["train_points"] or row["eval_points"]):
                continue
            yield Case(
                log.name,
                row["format"],
                log,
                1e-3,
                (int(row["train_points"]),) if row["train_points"] else None,
                _number(row["first_train_loss"]),
                _number(row["last_train_loss"]),
                int(row["eval_points"]) if row["eval_points"] else None,
                _number(row["last_eval_loss"]),
            )


def all_cases() -> list[Case]:
    """What is there: the runs of the repository, and those beside it."""
    cases = list(run_cases(DATA))
    if SHARED.is_dir():
        known = {case.name for case in cases}
        cases += [c for c in run_cases(SHARED / "runs" / "dev") if c.name not in known]
        cases += corpus_cases()
    return cases


def _number(text: object) -> float | None:
    return None if text in (None, "") else float(str(text))


def _close(got: float | None, want: float | None, tolerance: float) -> bool:
    if want is None:
        return True
    if got is None or math.isnan(want) or math.isinf(want):
        return got is not None and (got == want or (got != got and want != want))
    return abs(got - want) <= tolerance * abs(want) + tolerance * 5e-3


def _records(path: Path) -> list[Record]:
    """Every record of one file; none where it is no training log."""
    data = path.read_bytes()
    if data.startswith(MAGIC):
        data = b"".join(chunk.data for chunk in Store(str(path)).poll())
    try:
        found = detect(data[:_HEAD], str(path), len(data) <= _HEAD)
        found = found or detect(data[: 1 << 20], str(path), True)
    except FormatError:
        return []
    assert found is not None
    return [*found.decoder.feed(data), *found.decoder.flush()]


Curves = tuple[list[float], list[float], "tuple[int, int] | None"]


def _curves_of_file(case: Case) -> Curves:
    series: dict[str, list[float]] = defaultdict(list)
    for record in _records(case.path):
        for name, value in record.values.items():
            series[name].append(value)
    chosen = choose(series)
    return (
        series.get(case.metric or chosen.get("train_loss", ""), []),
        series.get(chosen.get("eval_loss", ""), []),
        None,
    )


def _curves_of_run(case: Case) -> Curves:
    updates, errors, _ = read_targets([str(case.path)], judging="never")
    if errors:
        raise errors[0]
    if len(updates) != 1:
        raise LossmonError(f"{len(updates)} runs, not 1: {[update.run for update in updates]}")
    (update,) = updates
    # A resumed run counts repeated steps in the expectation: everything that was logged.
    wanted = case.n_train or ()
    train = update.series.get(case.metric or update.train or "")
    if train is not None and len(train) not in wanted:
        train = update.logged[train.name]
    evals = update.logged.get(update.eval or "")
    return (
        [] if train is None else train.value.tolist(),
        [] if evals is None else evals.value.tolist(),
        None if train is None or not len(train) else (int(train.step[0]), int(train.step[-1])),
    )


def mismatches(case: Case) -> list[str]:
    """What differs from the expectation; empty where all is as it should be."""
    try:
        train, evals, steps = (_curves_of_run if case.whole_run else _curves_of_file)(case)
    except LossmonError as error:
        return [str(error)]
    wrong = []
    if case.n_train is not None and len(train) not in case.n_train:
        wrong.append(f"train points {len(train)}, not {case.n_train}")
    if case.n_eval is not None and len(evals) != case.n_eval:
        wrong.append(f"eval points {len(evals)}, not {case.n_eval}")
    if case.steps is not None and steps != case.steps:
        wrong.append(f"train steps {steps}, not {case.steps}")
    for what, value, wanted in (
        ("first train", train[0] if train else None, case.first_train),
        ("last train", train[-1] if train else None, case.last_train),
        ("last eval", evals[-1] if evals else None, case.last_eval),
    ):
        if not _close(value, wanted, case.tolerance):
            wrong.append(f"{what} {value}, not {wanted}")
    return wrong


def main(wanted: list[str]) -> None:
    """Print one line a format, and one a log that is not read as expected."""
    right: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    size, seconds = 0, 0.0
    for case in all_cases():
        if wanted and not {case.format, case.name} & set(wanted):
            continue
        start = time.perf_counter()
        wrong = mismatches(case)
        seconds += time.perf_counter() - start
        files = case.path.rglob("*") if case.path.is_dir() else [case.path]
        size += sum(file.stat().st_size for file in files if file.is_file())
        right[case.format][0] += not wrong
        right[case.format][1] += 1
        if wrong:
            print(f"{case.name}: {'; '.join(wrong)} [{KNOWN_MISSES.get(case.name, 'NEW')}]")
    for name, (good, total) in sorted(right.items()):
        print(f"{name:20} {good:3} of {total:3}")
    good, total = (sum(part[i] for part in right.values()) for i in (0, 1))
    print(
        f"{good} of {total} logs; {size / 1e6:.0f} MB, {size / 1e6 / max(seconds, 1e-9):.1f} MB/s"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
