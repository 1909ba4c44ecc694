"""A recipe: one script with a table at its head (PEP 723) that says what to install and expect.

# /// script
# dependencies = ["xgboost==3.2.0"]       pinned; the first is the tool itself
# [tool.zoo]
# tool = "XGBoost"                         as people call it
# environment = "classic"                  recipes that name one share it
# train = "train-logloss"                  the metric that is the curve, as lossmon names it
# ///
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, fields
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

RECIPES = Path(__file__).parent / "recipes"
_TABLE = re.compile(r"^# /// script\n((?:#.*\n)+?)# ///$", re.M)


@dataclass(frozen=True)
class Recipe:
    """What to install and what to expect.

    Attributes:
        name: of its file.
        dependencies: pinned, the tool itself first.
        tool: as people call it.
        environment: recipes that name one share it; its own where empty.
        apt: packages of Debian that it needs.
        log: where its output goes, in its folder; outside of it, where no log is captured, if empty.
        train, eval, rate: the metrics that play these roles.
        also: expressions for names of metrics that are right, though the truth has no points of
            them (seconds, memory).
        whole: every point of the truth is in the log; of a bar that is redrawn now and then, only
            some are.
        ends: how the log says that it ended: "finished", or "silent" where it doesn't.
        runs: how many trainings it does.
        stored: files kept in tests/data/zoo; where empty those that were read.
        pace_s: seconds between rows, so that a training of milliseconds can be watched.
        note: what is to know, for RESULTS.md.
    """

    name: str
    dependencies: tuple[str, ...]
    tool: str
    environment: str = ""
    apt: tuple[str, ...] = ()
    log: str = "train.log"
    train: str | None = None
    eval: str | None = None
    rate: str | None = None
    also: tuple[str, ...] = ()
    whole: bool = True
    ends: str = "silent"
    runs: int = 1
    stored: tuple[str, ...] = ()
    pace_s: float = 0.25
    note: str = ""

    @property
    def script(self) -> Path:
        return RECIPES / f"{self.name}.py"

    @property
    def version(self) -> str:
        """Of the tool, as pinned."""
        return self.dependencies[0].rpartition("=")[2]


def load(name: str) -> Recipe:
    """Read the table at the head of a recipe."""
    text = (RECIPES / f"{name}.py").read_text(encoding="utf-8")
    table = _TABLE.search(text)
    if table is None:
        raise ValueError(f"{name}: no table at its head")
    said = tomllib.loads(re.sub(r"^# ?", "", table[1], flags=re.M))
    zoo = {key: tuple(one) if isinstance(one, list) else one for key, one in said["tool"]["zoo"].items()}  # fmt: skip
    if unknown := zoo.keys() - {field.name for field in fields(Recipe)}:
        raise ValueError(f"{name}: no such keys: {', '.join(sorted(unknown))}")
    return Recipe(name=name, dependencies=tuple(said["dependencies"]), **zoo)


def names() -> list[str]:
    return sorted(path.stem for path in RECIPES.glob("[a-z]*.py"))
