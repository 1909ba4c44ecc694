"""Columns of the run list that show a setting: the list goes by `lr` as it goes by the loss."""

from __future__ import annotations

from collections.abc import Sequence

from lossmon.hparams.compare import differing, setting
from lossmon.monitor import RunUpdate
from lossmon.text import clip, printable

PREFIX = "config:"  # of the key of such a column, as in the filter
_MOST = 6  # settings that `o` goes through: those in which most runs differ
WIDTH = 10  # cells

Rank = tuple[int, float, str]  # numbers before words


def keys_of(runs: Sequence[RunUpdate]) -> list[str]:
    """The keys of the settings in which these runs differ, at most a handful."""
    configured = [run for run in runs if run.hparams.values]
    if len(configured) < 2:
        return []
    return [PREFIX + name for name in differing(configured)[:_MOST]]


def name_of(key: str) -> str:
    """The setting that a key names; "" where it names none."""
    return key.removeprefix(PREFIX) if key.startswith(PREFIX) else ""


def title_of(key: str) -> str:
    """The header of its column: the last part of the name, as `optimizer.lr` is told as LR."""
    return clip(printable(name_of(key).rpartition(".")[2].upper()), WIDTH)


def shown(run: RunUpdate, key: str) -> str:
    """The value of the setting in words; "-" where the run has none."""
    return printable(setting(run, name_of(key)))


def rank(run: RunUpdate, key: str) -> Rank | None:
    """What runs are sorted by, the smallest first; None where the run has no such setting."""
    value = run.hparams.values.get(name_of(key))
    if value is None:
        return None
    if isinstance(value, int | float) and value == value:
        return 0, float(value), ""
    return 1, 0.0, str(value)
