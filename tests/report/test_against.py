"""`check --baseline` and `--format`: what a job in CI fails on, and what its host shows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from lossmon.cli import cli
from tests.conftest import training_rows, write_jsonl
from tests.diagnosis import curves
from tests.tui.synthetic import write_runs

ROWS = 120


def losses(seed: int, floor: float = 0.5) -> list[float]:
    noise = np.random.default_rng(seed).normal(0, 0.02, ROWS)
    return (floor + 2 / (1 + np.arange(ROWS) / 12) + noise).tolist()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    for name, values in {
        "base": losses(0), "seed": losses(1), "worse": losses(2, 0.6), "better": losses(3, 0.4),
        "short": losses(4)[:3], "nan": [*losses(5)[:90], *[float("nan")] * 30],
    }.items():  # fmt: skip
        write_jsonl(folder / name / "log.jsonl", training_rows(values))
    return folder


@pytest.fixture
def check(runs: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(runs)

    def call(*arguments: str):
        return CliRunner().invoke(cli, ["check", *arguments])

    return call


@pytest.mark.parametrize(
    ("run", "options", "status"),
    [
        ("seed", (), 0),
        ("better", (), 0),
        ("worse", (), 1),
        ("worse", ("--margin", "50"), 0),
        ("worse", ("--baseline", "better"), 1),  # behind both
        ("seed", ("--baseline", "worse"), 0),  # behind neither
        ("seed", ("--baseline", "better"), 0),  # behind one of them
        ("nan", (), 1),
        ("short", (), 2),  # an answer that can't be had is no pass
        ("seed", ("--at", "time"), 2),
        ("base", (), 2),  # against itself
        (".", (), 2),  # one of them can't be compared
    ],
)
def test_a_run_that_is_behind_fails_the_job(
    check, run: str, options: tuple[str, ...], status: int
) -> None:
    try:
        done = check(run, "--baseline", "base", "--fail-on", "behind", *options)
    except Exception as error:
        pytest.fail(repr(error))
    refused = done.exception is not None and not isinstance(done.exception, SystemExit)
    assert (2 if refused else done.exit_code) == status, done.output


def test_without_a_wish_to_fail_it_is_told_and_the_status_is_0(check) -> None:
    done = check("worse", "nan", "short", "--baseline", "base")
    assert done.exit_code == 0
    *_, one, two, three = done.output.splitlines()
    assert one.startswith("nan: behind base: loss is not finite at step 1,200")
    assert two == "short: too little in common with base to tell"
    assert three.startswith("worse: behind base: loss 0.7")
    assert "standard errors)" in three


def test_the_json_holds_the_comparison_or_null(check) -> None:
    (line,) = check("worse", "--json", "--baseline", "base").output.splitlines()
    told = json.loads(line)["baseline"]
    assert set(told) == {
        "run", "standing", "metric", "at", "place", "level", "baseline_level", "error",
    }  # fmt: skip
    assert (told["run"], told["standing"], told["at"], told["place"]) == (
        "base",
        "behind",
        "step",
        1200,
    )
    assert told["level"] - told["baseline_level"] == pytest.approx(0.1, abs=0.03)
    (line,) = check("worse", "--format", "json").output.splitlines()
    assert json.loads(line)["baseline"] is None
    assert '"level": "nan"' in check("nan", "--json", "--baseline", "base").output


def test_the_mildest_of_what_to_fail_on_counts(check) -> None:
    assert check("nan", "--fail-on", "critical").exit_code == 1
    assert check("seed", "--fail-on", "critical", "--fail-on", "info").exit_code == 1
    assert check("seed", "--fail-on", "warning", "--fail-on", "never").exit_code == 0


def test_behind_needs_something_to_be_behind(check) -> None:
    done = check("seed", "--fail-on", "behind")
    assert done.exit_code == 2
    assert "needs a --baseline" in done.output


def test_a_baseline_that_is_not_there_is_one_line(check) -> None:
    done = check("seed", "--baseline", "gone")
    assert str(done.exception).startswith("the baseline: gone: ")


@pytest.fixture
def sick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_runs(tmp_path)
    name = "a%,:b"
    write_jsonl(tmp_path / name / "log.jsonl", training_rows(curves.rebound(200).tolist()))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_annotations_of_github_name_the_file_and_end_nowhere_too_early(sick: Path) -> None:
    lines = CliRunner().invoke(cli, ["check", "--format", "github"]).output.splitlines()
    assert all(line.startswith(("::warning file=", "::error file=")) for line in lines)
    (odd,) = [line for line in lines if "file=a%25%2C%3Ab/log.jsonl," in line and "REBOUND" in line]
    assert "title=a%25%2C%3Ab%3A REBOUND since step " in odd
    (told,) = [line for line in lines if "OVERFITTING" in line]
    assert told.startswith("::warning file=sft-7b/trainer_log.jsonl,title=sft-7b%3A OVERFITTING")
    assert not any("well" in line for line in lines), "what is well needs no annotation"


def test_the_sarif_is_what_code_scanning_takes(sick: Path) -> None:
    options = ["check", "--format", "sarif", "--baseline", "well"]
    log = json.loads(CliRunner().invoke(cli, options).output)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert {"overfitting", "rebound", "behind"} <= set(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        (place,) = result["locations"]
        file = place["physicalLocation"]["artifactLocation"]["uri"]
        assert (sick / file.replace("%25", "%").replace("%2C", ",").replace("%3A", ":")).is_file()
        assert place["physicalLocation"]["region"]["startLine"] == 1
    prints = [result["partialFingerprints"]["lossmon/v1"] for result in run["results"]]
    assert len(set(prints)) == len(prints)


def test_a_log_elsewhere_has_no_file_and_nothing_to_tell_is_valid(
    sick: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    told = CliRunner().invoke(cli, ["check", "--format", "github", str(sick / "rebound")]).output
    assert told.startswith("::warning title=")
    told = CliRunner().invoke(cli, ["check", "--format", "sarif", str(sick / "well")]).output
    assert json.loads(told)["runs"][0]["results"] == []


def test_json_of_nothing_is_nothing(check, tmp_path: Path) -> None:
    done = check("--json", str(tmp_path))
    assert (done.exit_code, done.stdout) == (2, "")
