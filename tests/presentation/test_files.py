"""Files of points and pages: whole or not there, and the same points in each form."""

from __future__ import annotations

import csv
import errno
import io
import json
import math
import os
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest

from lossmon.errors import TargetError
from lossmon.monitor.update import RunUpdate
from lossmon.monitor.whole import read_targets
from lossmon.presentation import export
from lossmon.presentation.write import replacing
from tests.conftest import write_jsonl


def test_what_is_written_takes_its_place_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")
    with replacing(str(path)) as partial:
        Path(partial).write_text("new")
        assert path.read_text() == "old"
        assert os.path.dirname(partial) == str(tmp_path)
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["out.csv"]


def test_a_link_is_followed_and_what_was_private_stays_so(tmp_path: Path) -> None:
    there, link = tmp_path / "there.csv", tmp_path / "link.csv"
    there.write_text("old")
    there.chmod(0o600)
    link.symlink_to(there)
    with replacing(str(link)) as partial:
        Path(partial).write_text("new")
    assert link.is_symlink()
    assert there.read_text() == "new"
    assert stat.S_IMODE(there.stat().st_mode) == 0o600


def test_a_pipe_is_no_file_to_replace(tmp_path: Path) -> None:
    """It became a file, and its reader waited for ever."""
    pipe = tmp_path / "points.csv"
    os.mkfifo(pipe)
    with pytest.raises(TargetError, match="a pipe or a device"), replacing(str(pipe)):
        pytest.fail("nothing is written")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize(
    ("error", "raised", "says"),
    [
        (OSError(errno.ENOSPC, "of another's making"), TargetError, "no space left on device"),
        (OSError("Of arrow"), TargetError, "of arrow"),
        (KeyError("x"), KeyError, "x"),
    ],
)
def test_what_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, error: Exception, raised: type[Exception], says: str
) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")

    def write() -> None:
        with replacing(str(path)) as partial:
            Path(partial).write_text("half")
            raise error

    with pytest.raises(raised, match=says):
        write()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["out.csv"]


@pytest.mark.parametrize(
    ("path", "logs", "refused"),
    [
        ("log.jsonl", ["other", "log.jsonl"], True),
        ("link", ["log.jsonl"], True),
        ("log.jsonl", ["gpu1:log.jsonl", "gone"], False),
        ("new.jsonl", ["log.jsonl"], False),
    ],
)
def test_a_log_that_was_read_is_never_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, logs: list[str], refused: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("log.jsonl").write_text("precious")
    Path("other").write_text("")
    os.symlink("log.jsonl", "link")

    def write() -> None:
        with replacing(path, logs) as partial:
            Path(partial).write_text("new")

    if refused:
        with pytest.raises(TargetError, match=f"^{path}: this is a log that was read"):
            write()
        assert Path("log.jsonl").read_text() == "precious"
    else:
        write()
        assert Path(path).read_text() == "new"


@pytest.fixture
def updates(tmp_path: Path) -> Sequence[RunUpdate]:
    """Two runs; of one a row has an epoch and a time, and a loss is NaN."""
    write_jsonl(
        tmp_path / "runs" / "=a" / "log.jsonl",
        [
            {"step": 1, "loss": 2.5, "epoch": 0.5, "timestamp": 1_700_000_000.0, "-lr": 0.1},
            {"step": 2, "loss": float("nan"), "-lr": 0.1},
            *({"step": 3 + i, "loss": 2.0 - i / 100, "-lr": 0.1} for i in range(20)),
        ],
    )
    write_jsonl(
        tmp_path / "runs" / "b" / "log.jsonl",
        [{"step": i, "loss": 1.0 / (i + 1), "eval_loss": math.inf} for i in range(30)],
    )
    found = read_targets([str(tmp_path / "runs")], judging="at the end").updates
    return sorted(found, key=lambda one: one.run)


def points(updates: Sequence[RunUpdate]) -> int:
    return sum(len(view) for one in updates for view in one.logged.values())


def test_rows_are_metric_by_metric_in_the_order_of_the_log(updates: Sequence[RunUpdate]) -> None:
    rows = list(export.rows(updates))
    assert len(rows) == points(updates) == 2 * 22 + 2 * 30
    assert [row[1] for row in rows] == ["loss"] * 22 + ["-lr"] * 22 + ["loss"] * 30 + [
        "eval_loss"
    ] * 30
    assert [row[2] for row in rows[:22]] == list(range(1, 23))
    assert rows[0][3:] == (0.5, 1_700_000_000.0, 2.5, "")
    assert rows[1][3:5] == (None, None)  # what was not logged is nothing, and no NaN
    assert rows[-1][3:6] == (None, None, math.inf)


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
def test_a_file_of_points(updates: Sequence[RunUpdate], tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"out{ending}"
    assert export.write(updates, str(path)) == points(updates)
    text = path.read_text(encoding="utf-8")
    if ending == ".csv":
        table = list(csv.DictReader(io.StringIO(text)))
        assert list(table[0]) == ["run", "metric", "step", "epoch", "time", "value", "stage"]
        assert "\r" not in text
        told = [(one["metric"], one["step"], one["epoch"], one["value"]) for one in table]
        assert told[0] == ("loss", "1", "0.5", "2.5")
        assert told[1] == ("loss", "2", "", "nan")
        assert told[22][0] == "'-lr"  # no spreadsheet takes it for a formula
    else:
        lines = [json.loads(line) for line in text.splitlines()]
        assert lines[0]["metric"] == "loss"
        assert (lines[0]["epoch"], lines[0]["time"], lines[0]["value"]) == (0.5, 1.7e9, 2.5)
        assert (lines[1]["epoch"], lines[1]["value"]) == (None, "nan")
        assert lines[22]["metric"] == "-lr"  # data is as it is
        assert lines[-1]["value"] == "inf"


@pytest.mark.parametrize("ending", export.ENDINGS)
def test_names_in_a_file_hold_nothing_that_a_terminal_obeys(tmp_path: Path, ending: str) -> None:
    """Python kept a raw escape in CSV, and `cat` turned the terminal red."""
    if ending == ".parquet":
        pytest.importorskip("pyarrow", reason="no pyarrow")
    names = {"a\x1b[31m": r"a\u001b[31m", "b\x9b31m": r"b\u009b31m", "c\u202ed": r"c\u202ed"}
    rows = [{"step": i, "loss": 1.0, **dict.fromkeys(names, 2.0)} for i in range(20)]
    write_jsonl(tmp_path / "log.jsonl", rows)
    updates = read_targets([str(tmp_path / "log.jsonl")], judging="never").updates
    path = tmp_path / f"points{ending}"
    export.write(updates, str(path))
    data = path.read_bytes()
    for name, shown in names.items():
        assert name.encode() not in data
        assert shown.encode() in data
    if ending == ".jsonl":  # whose escapes stand for the names as they are
        assert set(names) < {json.loads(line)["metric"] for line in data.splitlines()}


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("x.txt", "x.txt: write to a file that ends in .csv, .jsonl, .parquet"),
        ("none/x.csv", "none/x.csv: there is no folder none; make it first"),
        ("x.csv", ""),
        ("x.jsonl", ""),
    ],
)
def test_where_nothing_can_be_written_it_is_said_before_anything_is_read(
    path: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if not says:
        export.check_output(path)
        return
    with pytest.raises(TargetError) as caught:
        export.check_output(path)
    assert str(caught.value) == says
