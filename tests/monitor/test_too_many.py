"""A log that names thousands of metrics: its losses are kept, and what is not is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lossmon.api import read_runs
from lossmon.formats import csv, lexicon
from lossmon.history.run import MAX_METRICS
from tests.conftest import falling

Row = dict[str, float]


def jsonl(path: Path, rows: list[Row]) -> Path:
    return _write(path / "a.jsonl", "".join(f"{json.dumps(row)}\n" for row in rows))


def nested(path: Path, rows: list[Row]) -> Path:
    """The losses below names that come first, behind which the layers stand."""
    whole = [
        {
            "step": row["step"],
            "all": {key: value for key, value in row.items() if key.endswith("loss")},
            "norms": {key: value for key, value in row.items() if key.startswith("m/")},
        }
        for row in rows
    ]
    return _write(path / "a.jsonl", "".join(f"{json.dumps(row)}\n" for row in whole))


def table(path: Path, rows: list[Row]) -> Path:
    names = list(rows[-1])
    lines = [",".join(str(row.get(name, "")) for name in names) for row in rows]
    return _write(path / "a.csv", "\n".join([",".join(names), *lines, ""]))


def _write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def rows_of(names: int, eval_from: int = 0) -> list[Row]:
    """Rows whose losses stand behind a number of other names."""
    rows = []
    for step, loss in enumerate(falling(4)):
        row: Row = {"step": step, **{f"m/{i}": 0.5 for i in range(names)}, "train_loss": loss}
        rows.append({**row, "eval_loss": loss + 0.1} if step >= eval_from else row)
    return rows


@pytest.mark.parametrize(
    ("write", "names"),
    [
        (table, 6000),
        pytest.param(jsonl, 6000, marks=pytest.mark.slow),
        pytest.param(nested, 2500, marks=pytest.mark.slow),
    ],
)
def test_the_losses_behind_thousands_of_names_are_kept(
    tmp_path: Path, write: Callable[[Path, list[Row]], Path], names: int
) -> None:
    (run,) = read_runs(str(write(tmp_path, rows_of(names, eval_from=2))), "never")
    losses = {name.rpartition("/")[2]: len(one) for name, one in run.series.items()}
    assert (losses["train_loss"], losses["eval_loss"]) == (4, 2)
    assert len(run.series) == MAX_METRICS + 2
    assert [error.split()[0] for error in run.errors] == [f"{names - MAX_METRICS:,}"], run.errors


@pytest.mark.slow
def test_a_wide_line_that_is_not_known_yet_is_looked_at_in_bounded_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each piece of a line of a megabyte looked up the meaning of all its 90,000 cells again."""
    asked: list[str] = []

    def noted(name: str) -> str:
        asked.append(name)
        return lexicon.role(name)

    monkeypatch.setattr(csv, "role", noted)
    line = "".join(f'"m/{i}": 0.1, ' for i in range(20_000))
    assert csv.sniff(f'{{"step": 1, {line}'.encode(), "a.jsonl") is None
    assert 0 < len(asked) < 10_000
