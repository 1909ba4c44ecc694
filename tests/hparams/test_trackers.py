"""Names and settings that trackers and trainers keep: databases, a pickle, ClearML's task, hydra."""

from __future__ import annotations

import enum
import io
import json
import os
import pickle
import sqlite3
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.hparams.pickled import of_training_args
from lossmon.monitor.whole import read_targets
from lossmon.report.gather import gather
from tests.conftest import falling, training_rows, write_jsonl


def trackio(path: Path, runs: int = 1) -> None:
    with sqlite3.connect(path) as store:
        store.execute(
            "CREATE TABLE metrics (id INTEGER PRIMARY KEY, run_id TEXT, timestamp TEXT,"
            " run_name TEXT, step INTEGER, metrics TEXT)"
        )
        store.execute("CREATE TABLE configs (run_id TEXT, run_name TEXT, config TEXT)")
        for i in range(runs):
            told = {"lr": 0.1 * (i + 1), "hf_token": "hf_abcdefghijklmnop", "_Created": "2026"}
            store.execute("INSERT INTO configs VALUES (?, ?, ?)", (f"{i}", "sft", json.dumps(told)))
            for step, loss in enumerate(falling(40, start=2 + i), 1):
                row = (f"{i}", "2026-01-01T00:00:00", f"sft {i}", step, json.dumps({"loss": loss}))
                store.execute(
                    "INSERT INTO metrics (run_id, timestamp, run_name, step, metrics)"
                    " VALUES (?, ?, ?, ?, ?)",
                    row,
                )


@pytest.mark.parametrize("jobs", [1, 2])
def test_runs_of_a_database_have_its_names_and_settings(tmp_path: Path, jobs: int) -> None:
    (tmp_path / "a").mkdir()
    trackio(tmp_path / "a" / "tiny.db", runs=2)
    write_jsonl(tmp_path / "b" / "log.jsonl", training_rows(falling(30, start=9.0)))
    runs = {run.run: run for run in gather([str(tmp_path)], jobs, judging="at the end").updates}
    assert set(runs) == {"sft 0", "sft 1", f"{tmp_path.name}/b"}
    assert dict(runs["sft 1"].hparams.values) == {"lr": 0.2}, "no token, nothing of trackio's own"


def test_parameters_of_an_mlflow_database(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "mlflow.db") as store:
        store.executescript(
            "CREATE TABLE runs (run_uuid TEXT, name TEXT);"
            "CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);"
            "CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT);"
            "CREATE TABLE metrics (key TEXT, value REAL, timestamp INTEGER, run_uuid TEXT,"
            " step INTEGER, is_nan INTEGER);"
            "INSERT INTO runs VALUES ('u1', 'brave-bee');"
            "INSERT INTO params VALUES ('lr', '0.001', 'u1'), ('opt', 'adam', 'u1');"
            "INSERT INTO tags VALUES ('mlflow.source.git.commit', 'abc123', 'u1');"
        )
        store.executemany(
            "INSERT INTO metrics VALUES ('loss', ?, 1, 'u1', ?, 0)",
            [(loss, step) for step, loss in enumerate(falling(40), 1)],
        )
    (run,) = read_targets([str(tmp_path)], judging="at the end").updates
    assert run.run == "brave-bee"
    assert dict(run.hparams.values) == {"lr": 0.001, "opt": "adam", "git commit": "abc123"}


def test_clearml_keeps_texts_and_their_sections(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "metrics.jsonl", training_rows(falling(40)))
    cell = {"name": "lr", "section": "Args", "type": "float", "value": "0.02", "description": ""}
    task = {"name": "tiny-s1", "hyperparams": {"Args": {"lr": cell}},
            "script": {"version_num": "abc"}}  # fmt: skip
    (tmp_path / "task.json").write_text(json.dumps(task))
    (run,) = read_targets([str(tmp_path)], judging="at the end").updates
    assert run.run == "tiny-s1"
    assert dict(run.hparams.values) == {"lr": 0.02, "git commit": "abc"}


@pytest.mark.parametrize(
    ("folder", "name"),
    [("multirun/2026-11-29/06-33-12/0", "lr=0.1,model=big"), ("out/2026-11-29_06-33-12", "lr=0.1"),
     ("exp/baseline", "baseline")],
)  # fmt: skip
def test_a_folder_of_hydra_is_called_by_what_was_overridden(
    tmp_path: Path, folder: str, name: str
) -> None:
    for place in (folder, "other"):
        write_jsonl(
            tmp_path / place / "log.jsonl", training_rows(falling(40, start=2.0 + len(place)))
        )
    (tmp_path / folder / ".hydra").mkdir()
    text = "- lr=0.1\n- model=big\n" if "model" in name else "- lr=0.1\n- hydra.verbose=true\n"
    (tmp_path / folder / ".hydra" / "overrides.yaml").write_text(text)
    runs = {
        run.run.rpartition("/")[2]
        for run in read_targets([str(tmp_path)], judging="at the end").updates
    }
    assert runs == {name, "other"}


# -- a pickle that is not carried out --------------------------------------------------------------


class Schedule(str, enum.Enum):
    LINEAR = "linear"


class Arguments:
    def __init__(self) -> None:
        self.learning_rate, self.seed, self.schedule = 3e-4, 7, Schedule.LINEAR
        self.betas, self.hub_token, self._cache = (0.9, 0.95), "hf_secretsecretsecret", object
        self.place = Path("/x")


def saved(made: object, protocol: int = 2) -> bytes:
    """What torch.save writes, as far as it matters."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(made, protocol))
        archive.writestr("archive/version", "3")
    return held.getvalue()


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_arguments_of_the_trainer_are_read(protocol: int) -> None:
    found = of_training_args(saved(Arguments(), protocol))
    assert found["learning_rate"] == 3e-4
    assert found["seed"] == 7
    assert found["schedule"] == "linear"
    assert found["betas"] == "[0.9, 0.95]"
    assert not {"hub_token", "_cache"} & set(found)


class Hostile:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.folder / "made"),), {"learning_rate": 1.0}


def test_nothing_in_it_is_carried_out(tmp_path: Path) -> None:
    data = saved(Hostile(tmp_path))

    assert of_training_args(data) == {"learning_rate": 1.0}
    assert not (tmp_path / "made").exists()


@given(st.binary(max_size=300))
def test_any_bytes_are_no_error(data: bytes) -> None:
    assert of_training_args(data) == {}
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("a/data.pkl", b"\x80\x02" + data)
    of_training_args(held.getvalue())
