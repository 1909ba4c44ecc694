"""Which directory stands for the training that wrote a log. Path logic alone, no I/O."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

# Folders that a training makes for its own files: their logs belong to the folder above.
_PART_OF_A_TRAINING = re.compile(
    r"""(?ix)
    checkpoint[-_]?\d+ | ckpts? | checkpoints?
    | tb | tensorboard | tb_logs | tensorboard_logs | events
    | logs? | lightning_logs | csv_logs? | version_\d+ | metrics
    | \d{9,11}\.\d+                                          # hparams of PyTorch's SummaryWriter
    | vis_data | \d{8}_\d{6}                                  # MMEngine's work folder
    | [a-z]{3}\d\d_\d\d-\d\d-\d\d_.*                         # HF: runs/<date>_<host>
    | dvclive | plots | scalars | train | learn | eval | val | valid | validation | test
    | wandb | (offline-)?run-\d{8}_\d{6}-\w+ | latest-run | files
    | swanlog | catboost_info | mlruns | trackio | sb3 | work | work_dirs? | outputs?
    | progress | history
    | .+\.(db|sqlite3?)                                       # one log a run in a store
    """
)


_OF_STORE = re.compile(r"(.*[/\\][0-9a-f]{32})[/\\]metrics[/\\].")
_HF_RUN = re.compile(r"(?i)[a-z]{3}\d\d_\d\d-\d\d-\d\d_.*")


# PyTorch's `add_scalars` writes the event files of one training into folders such as `loss_train`.
_SPLIT = re.compile(r"(?i).*[_-](train|val|valid|validation|eval|dev|test)")


def _above(directory: str) -> str:
    return os.path.dirname(directory) or os.curdir


def folders_above(path: str) -> Iterator[str]:
    """The folders that hold a path, the nearest first; the current one holds all relative paths."""
    while (above := os.path.dirname(path)) != path:
        yield above or os.curdir
        path = above


def run_of_store(log: str) -> str:
    """The folder of a run of MLflow's file store that a file of a metric is in; empty elsewhere.

    `mlruns/0/<32 digits>/metrics/loss` and `.../metrics/system/cpu_utilization_percentage`, which
    MLflow logs by itself, are of one run.
    """
    found = _OF_STORE.match(log)
    return found[1] if found else ""


def run_directory(log: str) -> str:
    """The directory of the training that wrote a log, whatever target it was found under.

    Args:
        log: the log's path.
    """
    directory = os.path.dirname(log) or os.curdir
    if kept := run_of_store(log):
        directory = os.path.join(kept, "metrics")
    below = ""
    if "tfevents" in log and _SPLIT.fullmatch(os.path.basename(directory)):
        directory = _above(directory)
    while directory != _above(directory):
        name = os.path.basename(directory)
        event_folder = name == "runs" and _HF_RUN.fullmatch(below)
        if not (_PART_OF_A_TRAINING.fullmatch(name) or event_folder):
            break
        below = name
        directory = _above(directory)
    return directory
