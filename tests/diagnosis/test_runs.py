"""Real trainings with known causes: the verdicts hold on what their logs say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lossmon.monitor.whole import read_targets

# The part of the plain runs that must get their verdict; measured figures are higher (see the
# benchmark), this holds against a change that breaks a pattern.
TRAIN, PAIR = 0.88, 0.85


def plain(truth: dict) -> bool:
    return not truth["ambiguous"] and not truth.get("primary_metric")


@pytest.fixture(scope="module")
def verdicts() -> dict[str, dict]:
    runs = Path(__file__).resolve().parents[2] / ".." / "shared" / "runs" / "dev"
    if not runs.is_dir():
        pytest.skip("no ../shared beside the repository")
    folders = sorted(path for path in runs.iterdir() if path.is_dir())[::6]
    updates = read_targets([str(folder) for folder in folders], judging="at the end").updates
    found: dict[str, dict] = {}
    for update in updates:
        folder = next(f for f in folders if str(f) in update.logs[0].path)
        truth = json.loads((folder / "truth.json").read_text())
        found.setdefault(folder.name, {"truth": truth, "updates": []})["updates"].append(update)
    return found


def _scores(verdicts: dict, key: str) -> Iterator[bool]:
    for found in verdicts.values():
        truth, updates = found["truth"], found["updates"]
        label = truth["labels"][key]
        if not plain(truth) or not label or (key == "train" and truth.get("ambiguous_train")):
            continue
        diagnosis = updates[0].diagnosis
        patterns = {finding.pattern for finding in diagnosis.findings}
        yield label in (getattr(diagnosis, key), *(patterns & {"spike"}))


def test_train_verdicts_of_real_trainings(verdicts: dict) -> None:
    scores = list(_scores(verdicts, "train"))
    assert sum(scores) >= TRAIN * len(scores)


def test_pair_verdicts_of_real_trainings(verdicts: dict) -> None:
    scores = list(_scores(verdicts, "pair"))
    assert sum(scores) >= PAIR * len(scores)
