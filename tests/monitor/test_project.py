"""A project folder as people have it: ten libraries side by side, in every form of target.

`tests/data/project` was written by real trainings (`python -m tests.benchmarks.libraries`): two seeds
of each library, outputs of jobs in the root, two folders renamed, one training crashed.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from lossmon.monitor import RunUpdate
from lossmon.monitor.locations import called
from lossmon.monitor.sources import open_monitor
from lossmon.report.gather import gather
from tests.benchmarks.libraries.__main__ import SETTINGS, Run, below, wrong
from tests.remote.box import Box, why_not
from tests.waiting import PATIENCE_S

DATA = Path(__file__).parents[1] / "data" / "project"
RUNS = [Run(**told) for told in json.loads((DATA.parent / "project.json").read_text())]
WRITTEN = 1_700_000_000


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy, long ended."""
    root = tmp_path / "here" / "project"
    shutil.copytree(DATA, root)
    for path in root.rglob("*"):
        os.utime(path, (WRITTEN, WRITTEN))
    return root


def problems(root: Path, runs: Sequence[RunUpdate]) -> list[str]:
    return wrong(RUNS, [[below(root, log.path, Path.cwd()) for log in run.logs] for run in runs])


@pytest.mark.parametrize("form", [".", "the folder", "its full path", "a glob", "two processes"])
def test_every_form_of_target_gives_exactly_the_runs_there_were(
    project: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project if form in (".", "two processes") else project.parent)
    target = {"the folder": "project", "its full path": str(project), "a glob": "project/*"}
    found = gather([target.get(form, ".")], 2 if form == "two processes" else 1, judging="never")
    assert problems(project, found.updates) == []
    assert len(found.updates) == len(RUNS)
    for run in found.updates:
        owner = owner_of(project, run)
        assert (run.state == "failed") == bool(owner.crash), f"{owner.library} {owner.seed}"


def owner_of(root: Path, run: RunUpdate) -> Run:
    path = below(root, run.logs[0].path, Path.cwd())
    return next(one for one in RUNS if one.wrote(path))


def test_settings_of_every_library_are_read(project: Path) -> None:
    assert_configured(project, gather([str(project)], 1, judging="never").updates)


def assert_configured(project: Path, runs: Sequence[RunUpdate]) -> None:
    for run in runs:
        owner = owner_of(project, run)
        told = {"lr": owner.lr, "seed": owner.seed, "batch_size": 16}
        for name, spellings in SETTINGS.items():
            values = [
                value
                for key, value in run.hparams.values.items()
                if key.rpartition(".")[2] in spellings
            ]
            assert told[name] in values, f"{owner.library} {owner.seed}: {name}"


@pytest.mark.skipif(bool(why_not()), reason=why_not())
def test_the_same_over_ssh(project: Path, tmp_path: Path) -> None:
    from lossmon import settings

    box = Box(tmp_path / "box")
    try:
        with settings.using(settings.Settings(ssh_config=str(box.client))):
            found = gather([f"box:{project}"], 1, judging="never")
    finally:
        box.stop()
    assert problems(project, found.updates) == []
    assert_configured(project, found.updates)


def test_while_logs_grow_no_two_trainings_are_one(project: Path, tmp_path: Path) -> None:
    live = tmp_path / "live"
    live.mkdir()
    monitor = open_monitor([str(live)], watch=False, judging="never")
    known: dict[str, RunUpdate] = {}
    rng = random.Random(7)
    texts = [path for path in project.rglob("*") if path.is_file()]
    for share in (0.2, 0.4, 0.6, 0.8, 1.0):
        rng.shuffle(texts)
        for path in texts:
            into = live / path.relative_to(project)
            into.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".db" and share < 1.0:  # no database is half a file
                continue
            data = path.read_bytes()
            with into.open("ab") as file:
                file.write(data[file.tell() : int(len(data) * share)])
        for _ in range(4):
            for update in monitor.poll():
                if update.removed:
                    known.pop(update.run, None)
                else:
                    known[update.run] = update
            mixed = [one for one in problems(live, list(known.values())) if one.startswith("of ")]
            assert mixed == [], f"at {share:.0%}"
    stores = [str(path.relative_to(project)) for path in texts if path.suffix == ".db"]
    deadline = (
        time.monotonic() + PATIENCE_S
    )  # what came last is found by the next walk, some polls later
    while monitor.pending() or not all(_holds(known, store) for store in stores):
        assert time.monotonic() < deadline, "the stores that came last were never found"
        known |= {update.run: update for update in monitor.poll()}
        time.sleep(0.02)
    assert problems(live, monitor.conclude()) == []
    monitor.close()


def test_names_are_unique_whatever_trackers_call_their_runs() -> None:
    names = ["p/mlflow/s1", "p/trackio/s1", "p/swanlab/s1", "p/x", "a"]
    given = ["a", "a", "a", "b", ""]
    shown = called(names, given)
    assert shown == ["a (mlflow)", "a (trackio)", "a (swanlab)", "b", "a"]


def _holds(known: Mapping[str, RunUpdate], log: str) -> bool:
    return any(log in one.path for run in known.values() for one in run.logs)
