"""The settings of several runs beside each other: only what differs says anything."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from lossmon.hparams.flat import Value
from lossmon.hparams.read import Hparams


class Configured(Protocol):
    """A run with settings."""

    @property
    def hparams(self) -> Hparams:
        """Its settings."""
        ...


# What people type for names that libraries spell out.
_SPELLINGS = {
    "lr": ("learning_rate", "learningrate", "eta", "base_lr"),
    "learning_rate": ("lr",),
    "bs": ("batch_size", "per_device_train_batch_size"),
    "batch_size": ("bs", "per_device_train_batch_size", "batch"),
    "wd": ("weight_decay",),
}
ABSENT = "-"
_SEED = re.compile(r"(?i)(?:^|[._\-/ ]|random_?|data_?)seed$")


def is_seed(name: str) -> bool:
    """Whether a setting tells repetitions of one experiment apart: it has no more and no less."""
    return _SEED.search(name) is not None


def find(values: Mapping[str, Value], name: str) -> str | None:
    """The setting that a name means: itself, the one that ends in it, or another spelling."""
    if name in values:
        return name
    for wanted in (name, *_SPELLINGS.get(name.lower(), ())):
        low = wanted.lower()
        fitting = [one for one in values if one.lower() == low or one.lower().endswith(f".{low}")]
        if fitting:
            return min(fitting, key=len)
    return None


def setting(run: Configured, name: str) -> str:
    """The value of a setting in words; "-" where the run has none of that name."""
    values = run.hparams.values
    found = find(values, name)
    return ABSENT if found is None else words(values[found])


def words(value: Value) -> str:
    """A value as it is shown."""
    if isinstance(value, bool) or value is None:
        return str(value).lower() if value is not None else "none"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def differing(runs: Sequence[Configured]) -> list[str]:
    """The settings in which runs differ, those that most of them have first.

    A setting that each run has for itself, such as an output folder, tells none from another; it
    comes last.
    """
    names = dict.fromkeys(name for run in runs for name in run.hparams.values)
    found = []
    for name in names:
        told = [words(run.hparams.values[name]) for run in runs if name in run.hparams.values]
        absent = len(runs) - len(told)
        if len(set(told)) + (absent > 0) > 1:
            unique = len(set(told)) == len(told) > 2 and not _numeric(runs, name)
            found.append((unique, absent, name))
    return [name for *_, name in sorted(found, key=lambda one: one[:2])]


def _numeric(runs: Sequence[Configured], name: str) -> bool:
    return all(isinstance(run.hparams.values.get(name), int | float | None) for run in runs)


def same(value: Value, wanted: str) -> bool:
    """Whether a setting has a value as typed: 1e-4 is 0.0001."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return words(value).lower() == wanted.lower()
    try:
        number = float(wanted)
    except ValueError:
        return False
    return abs(value - number) <= 1e-9 * max(abs(value), abs(number))
