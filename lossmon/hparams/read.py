"""All that is known of how a run was configured."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lossmon.hparams.flat import MOST, Value

_FOLDERS = 8  # between a log and its training's folder
_HEAD = 1 << 16  # bytes of a log
_LOGS = 8  # of a run whose heads are looked at


@dataclass(frozen=True)
class Hparams:
    """The settings of a run.

    Attributes:
        values: dotted name -> value, those that the user chose first; never a secret.
        sources: where they were found.
        name: what the run is called there; empty where it has no name.
    """

    values: Mapping[str, Value] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    name: str = ""


NONE = Hparams()


def read_hparams(logs: Iterable[tuple[str, str, bytes | None]], folder: str | None) -> Hparams:
    """Read the settings of a run.

    Args:
        logs: path, format and first bytes of each of its logs; None to read them from its file.
        folder: of the training, on this machine: no other run has a log below it. None where
            there is none, or it is on another box.
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

    if folder is not None:
        from lossmon.hparams.files import beside

        for place in _places([path for path, _, _ in logs], folder):
            for file, (found, called) in beside(place).items():
                take(found, os.path.join(place, file), called)
    for path, format_, start in logs:
        head = _start_of(path) if start is None else start
        if format_ == "wandb":
            from lossmon.hparams.binary import of_wandb

            take(*_swapped(of_wandb(head), path))
        elif format_ == "tensorboard":
            from lossmon.hparams.binary import of_events

            take(of_events(head) if b"hparams" in head else {}, path)
        elif format_ in ("text", "hf-stdout"):
            from lossmon.hparams.heads import of_text

            take(of_text(head), path)
    return Hparams(values, tuple(sources), name)


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
        with open(path, "rb") as file:
            return file.read(_HEAD)
    except OSError:
        return b""
