"""What the user says that no log does: options, `[patterns]` of config.toml, Python."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

import lossmon
from lossmon import config
from lossmon.errors import ConfigError
from lossmon.settings import current
from tests.conftest import training_rows, write_jsonl
from tests.diagnosis import curves
from tests.diagnosis.curves import N, evaluations
from tests.report.test_cli import run


@pytest.fixture
def guessing(tmp_path: Path) -> Path:
    """A run that guesses among ten classes, and says so nowhere."""
    loss = math.log(10) + curves.noise(N, 0.005)
    return write_jsonl(tmp_path / "log.jsonl", training_rows(loss.tolist(), every=1))


def found(*arguments: str | Path, **env: str) -> dict:
    done = run("check", "--json", *arguments, **env)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def patterns(report: dict) -> dict[str, str]:
    return {one["pattern"]: one["severity"] for one in report["findings"]}


def test_classes_make_guessing_known(guessing: Path) -> None:
    assert "chance_level" not in patterns(found(guessing))
    assert patterns(found(guessing, "--classes", "10"))["chance_level"] == "warning"
    assert "chance_level" not in patterns(found(guessing, "--classes", "20"))


def test_a_planned_length_holds_back_what_needs_the_end(tmp_path: Path) -> None:
    loss = curves.not_converged().tolist()
    log = write_jsonl(tmp_path / "log.jsonl", training_rows(loss, every=1))
    assert found(log)["train"] == "not_converged"
    planned = found(log, "--total-steps", str(10 * N))
    assert planned["train"] == "healthy"
    assert planned["total_steps"] == 10 * N


@pytest.mark.parametrize("wrong", [["--classes", "1"], ["--total-steps", "0"]])
def test_a_number_that_makes_no_sense_is_refused(guessing: Path, wrong: list[str]) -> None:
    assert run("check", guessing, *wrong).returncode == 2


def settings(folder: Path, text: str) -> str:
    file = folder / "config.toml"
    file.write_text(f"[patterns]\n{text}\n")
    return str(file)


@pytest.fixture
def overfit(tmp_path: Path) -> Path:
    train, evals = evaluations("overfitting")
    rows = training_rows(train.tolist(), every=1)
    for i, loss in enumerate(evals.tolist(), 1):
        rows[i * 15 - 1]["eval_loss"] = loss
    return write_jsonl(tmp_path / "log.jsonl", rows)


def test_a_silenced_pattern_is_no_finding_and_fails_nothing(overfit: Path, tmp_path: Path) -> None:
    off = settings(tmp_path, 'overfitting = "off"')
    report = found(overfit, LOSSMON_CONFIG=off)
    assert "overfitting" not in patterns(report)
    assert "overfitting" not in {entry["pattern"] for entry in report["timeline"]}
    assert report["pair"] == "overfitting"  # what the curves look like is still said
    failing = ("check", overfit, "--fail-on", "warning")
    assert run(*failing).returncode == 1
    assert run(*failing, LOSSMON_CONFIG=off).returncode == 0


def test_a_pattern_may_be_taken_more_seriously(overfit: Path, tmp_path: Path) -> None:
    high = settings(tmp_path, 'overfitting = "critical"')
    report = found(overfit, LOSSMON_CONFIG=high)
    assert patterns(report)["overfitting"] == "critical"
    assert report["findings"][0]["pattern"] == "overfitting"
    assert {e["severity"] for e in report["timeline"] if e["pattern"] == "overfitting"} == {
        "critical"
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'[patterns]\noverfiting = "off"', "no pattern overfiting; did you mean overfitting?"),
        (b'[patterns]\nplateau = "silent"', 'no "silent"; one of off, info, warning, critical'),
        (b"patterns = 3", "a table"),
    ],
)
def test_a_wrong_setting_is_one_clear_line(text: bytes, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        config.parse(text)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.slow
def test_python_says_it_for_one_call_only() -> None:
    loss = math.log(10) + curves.noise(N, 0.005)
    report = lossmon.diagnose(train_loss=loss, classes=10)
    assert "chance_level" in {finding.pattern for finding in report.findings}
    assert current().classes is None
    again = lossmon.diagnose(train_loss=loss)
    assert "chance_level" not in {finding.pattern for finding in again.findings}
    assert any(cause.id == "guessing" for f in again.findings for cause in f.causes)


@pytest.mark.slow
def test_python_gives_causes_with_reasons_and_remedies_with_numbers() -> None:
    train, evals = evaluations("overfitting")
    steps = range(15, N + 1, 15)
    report = lossmon.diagnose(train_loss=train, eval_loss=evals, eval_step=list(steps))
    (first, *_) = report.as_dict()["findings"]
    assert first["pattern"] == "overfitting"
    assert first["remedies"][0] == ("Stop here, and take the checkpoint of step 225 (eval 0.8984).")
    assert {"id", "text", "why"} <= set(first["causes"][0])
