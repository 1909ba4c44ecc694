"""All that is known of how a run was configured."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lossmon import regular
from lossmon.hparams.flat import MOST, Value

_FOLDERS = 8  # between a log and its training's folder
_HEAD = 1 << 16  # bytes of a log
_LOGS = 8  # of a run whose heads are looked at
_LONGEST_NAME = 120  # characters
_OVERRIDES = ".hydra/overrides.yaml"
# Their logs are no files: the first line says all.
STORES = ("trackio", "mlflow-sqlite", "mlflow-server")
# A folder that hydra calls after the time or the number of a job; what was overridden says more.
_UNTOLD = re.compile(r"\d{1,6}|\d{2}-\d{2}-\d{2}|\d{4}-\d{2}-\d{2}[_T-]\d{2}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Hparams:
    """The settings of a run.

    Attributes:
        values: dotted name -> value, those that the user chose first; never a secret.
        sources: where they were found.
        name: what the run is called there; empty where it has no name.
        ended: how MLflow's file store says that it ended; empty while it does not.
    """

    values: Mapping[str, Value] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    name: str = ""
    ended: str = ""


NONE = Hparams()


def read_hparams(
    logs: Iterable[tuple[str, str, bytes | None]],
    folder: str | None,
    files: Mapping[str, bytes] | None = None,
) -> Hparams:
    """Read the settings of a run.

    Args:
        logs: path, format and first bytes of each of its logs; None to read them from its file.
        folder: of the training: no other run has a log below it. None where there is none.
        files: where it is on another box, what was brought from there, by path.
    """
    logs = list(logs)[:_LOGS]
    values: dict[str, Value] = {}
    sources: list[str] = []
    name = ""

    def take(found: dict[str, Value], source: str, called: str = "") -> None:
        nonlocal name
        name = name or called
        fresh = {key: value for key, value in found.items() if key not in values}
        if fresh and len(values) < MOST:
            values.update(fresh)
            sources.append(source)

    spare = ended = ""
    if folder is not None:
        from lossmon.hparams.files import beside, status_in

        if any(format_ == "mlflow" for _, format_, _ in logs):
            ended = status_in(folder, files)
        for place in _places([path for path, _, _ in logs], folder):
            for file, (found, called) in beside(place, files).items():
                take(found, os.path.join(place, file), called)
                if file == _OVERRIDES and _UNTOLD.fullmatch(os.path.basename(place)):
                    chosen = (pair for pair in found.items() if not pair[0].startswith("hydra"))
                    spare = ",".join(f"{key}={value}" for key, value in chosen)[:_LONGEST_NAME]
    for path, format_, start in logs:
        head = _start_of(path) if start is None else start
        if format_ == "wandb":
            from lossmon.hparams.binary import of_wandb

            take(*_swapped(of_wandb(head), path))
        elif format_ == "swanlab":
            from lossmon.hparams.binary import of_swanlab

            take(*_swapped(of_swanlab(head), path))
        elif format_ == "tensorboard":
            from lossmon.hparams.binary import of_events

            take(of_events(head) if b"hparams" in head else {}, path)
        elif format_ in STORES:
            from lossmon.hparams.binary import of_store

            take(*_swapped(of_store(head), path))
        elif format_ in ("text", "hf-stdout"):
            from lossmon.hparams.heads import of_text

            take(of_text(head), path)
    return Hparams(values, tuple(sources), name or spare, ended)


def _swapped(found: tuple[dict[str, Value], str], path: str) -> tuple[dict[str, Value], str, str]:
    return found[0], path, found[1]


def _places(paths: list[str], folder: str) -> list[str]:
    """The folders in which settings may lie: those from each log up to the training's."""
    found: dict[str, None] = {}
    for path in paths:
        place = os.path.dirname(path) or os.curdir
        for _ in range(_FOLDERS):
            found[place] = None
            if place == folder or os.path.dirname(place) == place:
                break
            place = os.path.dirname(place) or os.curdir
    found[folder] = None
    return list(found)


def _start_of(path: str) -> bytes:
    try:
        with open(path, "rb", opener=regular.opener) as file:
            return file.read(_HEAD)
    except OSError:
        return b""
