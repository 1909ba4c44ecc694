"""What a log without a train loss tells, what few rows tell, and what is usual early on."""

from __future__ import annotations

import math

import pytest

from lossmon.diagnosis.engine import Engine
from lossmon.diagnosis.finding import Diagnosis
from lossmon.formats.lexicon import role
from lossmon.history.run import History
from tests.diagnosis.test_few_rows import judged

NAN = math.nan


def patterns(found: Diagnosis) -> list[str]:
    return [finding.pattern for finding in found.findings]


def causes(found: Diagnosis) -> set[str]:
    return {cause.id for finding in found.findings for cause in finding.causes if cause.why}


LEVEL = [1.902, 1.930, 1.896, 1.918, 1.888, 1.899, 1.911, 1.890, 1.928, 1.893, 1.861, 1.921]
RATES = [1e-6 * (i + 1) for i in range(12)]
FALLS = [0.99, 0.92, 0.87, 0.84, 0.81]
RANKS = [0.233, 0.230, 0.224, 0.223, 0.2225]
REWARDS = [-17.2, -10.5, 0.0, -18.7, -4.0, -17.2, -13.7, 7.5, -3.0, -11.5, -17.2]
KL = [0.0, 0.0, 1e-5, 3e-5, 6e-5, 2e-4, 4e-4, 7e-4, 2e-3, 2e-3, 3e-3]
OF_KL = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1e-4, 1e-4, 1e-4]
PSNR = [29.86, 30.98, 31.32, 31.41, 31.55, 31.65, 31.64, 31.86, 31.77, 31.86, 31.88, 32.0]
AUC = [0.5] * 8 + [0.54, 0.54, 0.56, 0.67, 0.70, 0.72, 0.72, 0.74]
PARTS = [4.0, 3.7, 4.2, NAN, NAN, NAN]
CLASSES = [10.7, 9.1, 9.2, 7.5, 6.7, 5.6]

TOLD = {  # metrics -> what must be told
    "a score alone": ({"psnr": PSNR}, "healthy"),
    "an eval loss alone": ({"eval_loss": [2.0, 1.5, 1.2, 1.0, 0.9, 0.85, 0.82, 0.8]}, "healthy"),
    "a part that is no number": ({"L": PARTS, "C": CLASSES}, "part_nan"),
    "a part of three, named as a loss": (
        {"loss": CLASSES, "loss_box": PARTS, "loss_cls": CLASSES},
        "part_nan",
    ),
    "two evals whose gap widens": (
        {
            "loss": [1.2, 1.0, 1.1, 0.9, 1.0, 0.9, 0.4, 0.3, 0.35, 0.3],
            "val_loss": [3.7, *[None] * 8, 3.9],
        },
        "overfitting",
    ),
    "a ranking that sinks": (
        {"loss": FALLS, "NDCG": RANKS, "epoch": [1, 2, 3, 4, 5]},
        "overfitting",
    ),
    "a flat loss under a rising rate": ({"loss": LEVEL, "lr": RATES}, "warm_up"),
    "a policy without a KL term": (
        {"loss": [0.0] * 11, "reward": REWARDS, "reward_std": [1.5] * 11},
        "policy_loss",
    ),
    "a loss of KL": (
        {"loss": OF_KL, "reward": REWARDS, "reward_std": [1.5] * 11, "kl": KL},
        "policy_loss",
    ),
}


@pytest.mark.parametrize(("columns", "pattern"), TOLD.values(), ids=list(TOLD))
def test_it_is_judged_by_what_is_there(columns: dict, pattern: str) -> None:
    found = patterns(judged(**columns))
    assert pattern in found
    assert "too_early" not in found


QUIET = {  # metrics -> what must not be said
    "a part that is NaN at first only": ({"loss": CLASSES, "loss_box": PARTS[::-1]}, "part_nan"),
    "a score that never was a number": ({"loss": CLASSES, "r": [NAN] * 6}, "part_nan"),
    "a rate at its peak": ({"loss": LEVEL, "lr": [1e-4] * 12}, "warm_up"),
    "rewards of single steps": (
        {"loss": OF_KL, "reward": REWARDS, "reward_std": [1.5] * 11, "kl": KL},
        "rebound",
    ),
    "a loss below its start": (
        {"loss": [51.7, 44.5, 51.2, 49.4, 46.3, 47.2, 45.6, 46.8]},
        "not_decreasing",
    ),
    "a mean of nothing yet": (
        {"loss": [NAN, 2.0, 1.6, 1.4, 1.3, 1.2, 1.1, 1.0, 0.9]},
        "broken_rows",
    ),
    "a train score that wobbles": (
        {"loss": FALLS, "acc": RANKS, "epoch": [1, 2, 3, 4, 5]},
        "overfitting",
    ),
}


@pytest.mark.parametrize(("columns", "pattern"), QUIET.values(), ids=list(QUIET))
def test_what_is_usual_is_not_said(columns: dict, pattern: str) -> None:
    assert pattern not in patterns(judged(**columns))


USUAL = {  # metrics -> the cause that calms
    "boosting begins late": ({"train-auc": AUC}, "late_start"),
    "an accuracy of one batch": (
        {"loss": [50.0, 44.0, 38.0, 33.0, 29.0, 26.0, 23.0, 21.0, 20.0],
         "accuracy": [0.0, 0.0, 0.0, 0.0625, 0.0, 0.0, 0.0, 0.0, 0.0]},
        "batch_accuracy",
    ),
    "a likelihood of a density": (
        {"loss": [0.19, -0.13, -0.27, -0.34, -0.40], "epoch": [1, 2, 3, 4, 5]},
        "density",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("columns", "cause"), USUAL.values(), ids=list(USUAL))
def test_what_is_usual_is_explained(columns: dict, cause: str) -> None:
    assert cause in causes(judged(**columns))


def test_a_curve_that_rises_is_not_told_as_a_fall() -> None:
    found = judged(
        loss=[3.0, 2.0, 1.5, 1.2, 1.0, 0.9, 0.85, 0.8], val_loss=[0.5 + 0.1 * i for i in range(8)]
    )
    assert "healthy_pair" not in patterns(found)


def test_a_broken_part_is_told_while_the_run_goes_on() -> None:
    assert "part_nan" in patterns(judged(ended=False, L=PARTS, C=CLASSES))
    live = judged_live(L=PARTS, C=CLASSES)
    assert "part_nan" in live


def judged_live(**columns: list[float]) -> list[str]:
    """What is shown after the last row, without a closing judgement."""
    history, engine = History(role), Engine()
    for i in range(len(next(iter(columns.values())))):
        history.append({name: column[i] for name, column in columns.items()}, i + 1)
        engine.observe(history, {})
    return patterns(engine.diagnosis)
