"""SQLite stores: rows as JSON lines, one log a run, nothing written beside them."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest

from lossmon.api import read_runs
from lossmon.logs.local import LocalSource
from lossmon.logs.sqlite import STORE_KEY, Store
from lossmon.monitor.sources import open_monitor
from tests.monitor.live import until

INSERT = "INSERT INTO metrics (run_id, timestamp, run_name, step, metrics) VALUES (?, ?, ?, ?, ?)"


@pytest.fixture
def trackio(tmp_path: Path):
    """A store as trackio makes it, with its write-ahead log open."""
    connection = sqlite3.connect(tmp_path / "demo.db")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(
        "CREATE TABLE metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT, timestamp TEXT,"
        " run_name TEXT, step INTEGER, metrics TEXT)"
    )
    connection.commit()
    yield connection
    connection.close()


def log_rows(connection: sqlite3.Connection, run: str, steps: range, slope: float = 0.01) -> None:
    for i in steps:
        row = (
            run,
            f"2026-01-01T00:00:{i % 60:02}",
            f"name-{run}",
            i,
            json.dumps({"train/loss": 2 - slope * i}),
        )
        connection.execute(INSERT, row)
    connection.commit()


def losses(store: Store) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for chunk in store.poll():
        rows = [json.loads(line) for line in chunk.data.splitlines()]
        found[Path(chunk.log).name] = [row["train/loss"] for row in rows if STORE_KEY not in row]
    return found


def test_rows_that_stand_in_the_write_ahead_log_alone_are_read(trackio, tmp_path: Path) -> None:
    log_rows(trackio, "a", range(3))
    before = sorted(os.listdir(tmp_path))
    store = Store(str(tmp_path / "demo.db"))
    assert losses(store) == {"name-a": [2.0, 1.99, 1.98]}
    assert sorted(os.listdir(tmp_path)) == before


def test_only_new_rows_come_and_each_run_is_a_log(trackio, tmp_path: Path) -> None:
    store = Store(str(tmp_path / "demo.db"))
    log_rows(trackio, "a", range(2))
    losses(store)
    log_rows(trackio, "a", range(2, 3))
    log_rows(trackio, "b", range(1))
    assert losses(store) == {"name-a": [1.98], "name-b": [2.0]}
    assert losses(store) == {}


def test_runs_of_one_name_are_told_apart(trackio, tmp_path: Path) -> None:
    """Also by ids that begin alike."""
    for run in ("one-and-a", "one-and-b", "one-and-c/d"):
        row = (run, "2026-01-01T00:00:00", "same", 1, json.dumps({"train/loss": 2.0}))
        trackio.execute(INSERT, row)
    trackio.commit()
    names = ["same", "same-one-and-", "same-one-and-c_d"]
    assert losses(Store(str(tmp_path / "demo.db"))) == {key: [2.0] for key in names}


def test_a_signal_within_a_query_is_not_dropped(
    trackio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python raises it where SQLite asks whether the time is over, and SQLite says "interrupted"."""
    log_rows(trackio, "a", range(2000))
    asked = iter((0.0, KeyboardInterrupt(), 1.0, 1.0))

    def monotonic() -> float:
        answer = next(asked)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    monkeypatch.setattr("lossmon.logs.sqlite.time", SimpleNamespace(monotonic=monotonic))
    with pytest.raises(KeyboardInterrupt):
        Store(str(tmp_path / "demo.db")).poll()


def test_another_store_in_its_place_starts_anew(trackio, tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    log_rows(trackio, "a", range(3))
    store = Store(str(path))
    losses(store)
    trackio.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    other = tmp_path / "other.db"
    other.write_bytes(path.read_bytes())
    os.replace(other, path)
    assert [chunk.kind for chunk in store.poll()] == ["replaced", "data"]


def test_a_live_store_is_watched_as_runs(trackio, tmp_path: Path) -> None:
    log_rows(trackio, "a", range(30))
    log_rows(trackio, "b", range(30), slope=0.05)
    monitor = open_monitor([str(tmp_path)], watch=False)
    try:
        updates = {update.run: update for update in monitor.poll()}
        while monitor.pending():
            updates |= {update.run: update for update in monitor.poll()}
        # A run that was found first may have had the name of the file to itself for a moment.
        found = [update for update in updates.values() if not update.removed]
        assert len(found) == 2
        assert {update.logs[0].format for update in found} == {"trackio"}
        log_rows(trackio, "a", range(30, 35))
        until(monitor, lambda runs: any(run.step == 34 for run in runs.values()))
    finally:
        monitor.close()


def test_mlflow(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "mlflow.db")
    connection.executescript(
        "CREATE TABLE runs (run_uuid TEXT, name TEXT);"
        "CREATE TABLE metrics (key TEXT, value REAL, timestamp INTEGER, run_uuid TEXT, step INTEGER, is_nan INTEGER);"
        "INSERT INTO runs VALUES ('ab12', 'grumpy-owl');"
    )
    for i in range(20):
        connection.execute(
            "INSERT INTO metrics VALUES ('loss', ?, ?, 'ab12', ?, 0)",
            (2 - i * 0.05, 1_700_000_000_000 + i, i),
        )
    connection.execute("INSERT INTO metrics VALUES ('loss', 0, 1700000000100, 'ab12', 20, 1)")
    connection.execute(
        "INSERT INTO metrics VALUES ('loss', 1.7976931348623157e308, 1700000000101, 'ab12', 21, 0)"
    )
    connection.commit()
    connection.close()
    (update,) = read_runs(str(tmp_path))
    values = update.series["loss"].value
    assert (update.logs[0].format, len(values)) == ("mlflow-sqlite", 22)
    assert values[20] != values[20]
    assert values[21] == float("inf")
    assert update.series["loss"].time[0] == 1_700_000_000.0


def test_mlflow_says_how_a_run_ended(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    connection = sqlite3.connect(path)
    connection.executescript(
        "CREATE TABLE runs (run_uuid TEXT, name TEXT, status TEXT);"
        "CREATE TABLE metrics (key TEXT, value REAL, timestamp INTEGER, run_uuid TEXT, step INTEGER, is_nan INTEGER);"
    )
    for run in ("a", "b"):
        connection.execute("INSERT INTO runs VALUES (?, ?, 'RUNNING')", (run, run))
        for i in range(10):
            row = (2 - i * 0.05, 1_700_000_000_000 + i, run, i)
            connection.execute("INSERT INTO metrics VALUES ('loss', ?, ?, ?, ?, 0)", row)
    connection.commit()
    monitor = open_monitor([str(tmp_path)], watch=False)

    def states() -> dict[str, str]:
        updates = monitor.poll()
        while monitor.pending():
            updates += monitor.poll()
        return {one.logs[0].path[-1]: one.state for one in updates if not one.removed}

    try:
        assert set(states()) == {"a", "b"}
        for status, state in (
            ("FINISHED", "finished"),
            ("RUNNING", "running"),
            ("KILLED", "failed"),
        ):
            connection.execute("UPDATE runs SET status = ? WHERE name = 'b'", (status,))
            connection.commit()
            assert states() == {"b": state}
            assert states() == {}
    finally:
        monitor.close()
        connection.close()


def test_another_database_is_refused_in_one_line(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "x.db")
    connection.execute("CREATE TABLE t (a)")
    connection.commit()
    connection.close()
    source = LocalSource([str(tmp_path / "x.db")], watch=False)
    messages = [chunk.message for _ in range(3) for chunk in source.poll() if chunk.kind == "error"]
    assert messages == ["the database can't be read: it has no metrics table of trackio or MLflow"]


def test_a_damaged_database_is_an_error_and_no_crash(trackio, tmp_path: Path) -> None:
    log_rows(trackio, "a", range(500))
    trackio.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray((tmp_path / "demo.db").read_bytes())
    data[5000:9000] = b"\xff" * 4000
    broken = tmp_path / "broken.db"
    broken.write_bytes(data)
    assert {chunk.kind for chunk in Store(str(broken)).poll()} <= {"error", "data"}
