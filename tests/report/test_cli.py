"""The command line, as a user or a script meets it: real processes, real files."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import lossmon
from lossmon.cli import cli
from lossmon.monitor.update import by_name
from lossmon.monitor.whole import read_targets
from lossmon.report.gather import gather
from lossmon.usage import Commands
from tests.conftest import falling, training_rows, write_jsonl
from tests.diagnosis.curves import evaluations
from tests.waiting import PATIENCE_S

KEYS = {
    "schema", "run", "logs", "state", "step", "total_steps", "epoch", "metrics", "findings",
    "timeline", "train", "pair", "kind", "curve", "stages", "errors", "state_note", "gpus", "writer", "job", "config",
    "baseline", "best",
}  # fmt: skip


def run(
    *arguments: str | Path, cwd: Path | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lossmon", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(Path(lossmon.__file__).parents[1]), "LC_ALL": "C.UTF-8", "COLUMNS": "120", **env},
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE_S,
    )  # fmt: skip


@pytest.fixture
def overfit(tmp_path: Path) -> Path:
    """A run that overfits, in LLaMA-Factory's format."""
    train, evals = evaluations("overfitting")
    rows = []
    for i, loss in enumerate(train.tolist(), 1):
        place = {"current_steps": i, "total_steps": len(train), "epoch": i / 100}
        rows.append({**place, "loss": loss, "lr": 1e-4})
        if i % 15 == 0:
            rows.append({**place, "eval_loss": float(evals[i // 15 - 1])})
    return write_jsonl(tmp_path / "runs" / "sft" / "trainer_log.jsonl", rows)


def test_the_json_is_the_contract_to_the_letter(overfit: Path) -> None:
    done = run("check", "--json", overfit)
    (line,) = done.stdout.splitlines()
    found = json.loads(line)
    assert set(found) == KEYS
    assert found["schema"] == 1
    assert found["logs"] == [
        {
            "path": str(overfit),
            "format": "llamafactory",
            "bytes": overfit.stat().st_size,
            "records": 640,
            "skipped": 0,
            "unread": [],
        }
    ]
    assert (found["state"], found["step"], found["total_steps"]) == ("finished", 600, 600)
    assert set(found["metrics"]) == {"train_loss", "eval_loss", "learning_rate"}
    assert set(found["metrics"]["eval_loss"]) == {"name", "n", "first", "last", "min", "nonfinite"}
    assert found["metrics"]["eval_loss"]["n"] == 40
    assert found["pair"] == "overfitting"
    finding = next(f for f in found["findings"] if f["pattern"] == "overfitting")
    assert set(finding) == {
        "pattern", "severity", "confidence", "since_step", "metric", "evidence", "causes", "remedies",
        "hints",
    }  # fmt: skip
    assert set(finding["causes"][0]) == {"id", "text", "why"}
    assert finding["metric"] == "eval_loss"
    entry = next(e for e in found["timeline"] if e["pattern"] == "overfitting")
    assert set(entry) == {
        "pattern", "severity", "metric", "since_step", "shown_at_step", "cleared_at_step",
    }  # fmt: skip
    assert entry["since_step"] < entry["shown_at_step"] < 600
    assert found["errors"] == []


def test_numbers_that_are_not_finite_are_strings(tmp_path: Path) -> None:
    rows = training_rows([*falling(30), math.inf, math.nan])
    done = run("check", "--json", write_jsonl(tmp_path / "log.jsonl", rows))

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no strict JSON")

    found = json.loads(done.stdout, parse_constant=refuse)
    assert found["metrics"]["train_loss"]["last"] == "nan"
    assert found["metrics"]["train_loss"]["nonfinite"] == 2
    assert found["train"] == "diverged"


@pytest.mark.parametrize(
    ("level", "status"), [("critical", 0), ("warning", 1), ("info", 1), ("never", 0)]
)
def test_fail_on(overfit: Path, level: str, status: int) -> None:
    assert run("check", overfit, "--fail-on", level).returncode == status
    assert run("check", overfit).returncode == 0


def test_the_table_names_the_run_the_verdict_and_what_to_do(overfit: Path) -> None:
    done = run("check", overfit.parents[1], cwd=overfit.parents[2])
    assert "OVERFITTING since step" in done.stdout
    assert "do: Stop here, and take the checkpoint of step" in done.stdout
    assert all(len(line) <= 120 for line in done.stdout.splitlines())
    assert done.stderr == ""


def test_texts_in_chinese(overfit: Path) -> None:
    assert "过拟合" in run("check", overfit, "--lang", "zh").stdout
    assert "过拟合" in run("check", overfit, LC_ALL="zh_CN.UTF-8").stdout


def test_ascii_is_ascii(overfit: Path) -> None:
    assert run("check", overfit, "--ascii").stdout.isascii()
    assert run("plot", overfit, "--ascii").stdout.isascii()
    assert run("plot", overfit, PYTHONIOENCODING="ascii").stdout.isascii()


def test_plot_draws_one_picture_of_the_asked_size(overfit: Path) -> None:
    done = run("plot", overfit, "--width", "70", "--height", "20")
    lines = done.stdout.splitlines()
    assert len(lines) == 20
    assert max(map(len, lines)) <= 70
    assert "best eval" in done.stdout
    assert "\x1b" not in done.stdout, "no colours where no terminal is"


def test_plot_shows_any_metric_axis_and_range(overfit: Path) -> None:
    lr = run("plot", overfit, "--metric", "lr", "--height", "16").stdout
    assert "lr" in lr.splitlines()[0]
    assert "train " not in lr
    part = run("plot", overfit, "--x", "epoch", "--from", "2", "--to", "3", "--strip", "gap").stdout
    assert part.splitlines()[-5].split()[:3] == ["2", "2.2", "2.4"]
    assert "eval - train" in part
    other = run("plot", overfit, "--strip", "GPU")
    assert other.stderr.endswith(": nothing for the strip GPU; drawn with gap\n")
    tokens = run("plot", overfit, "--x", "tokens")
    assert tokens.stderr.endswith(": its rows have no tokens; drawn by step\n")
    assert tokens.stdout == run("plot", overfit).stdout
    none = run("plot", overfit, "--x", "tokens", "--from", "2", "--to", "3")
    assert none.stdout == tokens.stdout, "tokens 2 to 3 are no steps 2 to 3"
    assert "10" in run("plot", overfit, "--log-x").stdout.splitlines()[-2]


def test_plot_puts_runs_on_one_chart(overfit: Path, tmp_path: Path) -> None:
    other = write_jsonl(tmp_path / "other.jsonl", training_rows(falling(60)))
    done = run("plot", overfit, other, "--together", "--height", "20")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("2 runs")
    assert len(lines) == 20
    assert "other" in done.stdout
    assert "iner_log" in done.stdout


def test_plot_knows_the_learning_rate_by_its_short_name(tmp_path: Path) -> None:
    rows = [
        {"step": i, "loss": 2.0 / (1 + i), "learning_rate": 0.1 - i / 1000} for i in range(1, 60)
    ]
    done = run("plot", write_jsonl(tmp_path / "a.jsonl", rows), "--metric", "lr")
    assert done.returncode == 0
    assert "learning_rate" in done.stdout.splitlines()[0]


def test_help_gives_each_example_a_line_of_its_own() -> None:
    lines = [line.strip() for line in run("--help").stdout.splitlines()]
    assert "python train.py 2>&1 | lossmon -" in lines
    assert not [line for line in lines if "\\b" in line]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is full")
@pytest.mark.parametrize("command", ["export", "check", "plot"])
def test_a_full_disk_behind_standard_output_is_one_line(command: str, overfit: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "lossmon", command, str(overfit)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 2
    assert done.stderr == "lossmon: the output can't be written: no space left on device\n"


def test_plot_says_what_a_run_lacks_and_draws_the_others(overfit: Path, tmp_path: Path) -> None:
    other = write_jsonl(tmp_path / "other.jsonl", training_rows(falling(60)))
    done = run("plot", overfit, other, "--metric", "eval_loss")
    assert done.returncode == 2
    assert "no metric 'eval_loss'; it has loss" in done.stderr
    assert "eval_loss" in done.stdout
    done = run("plot", overfit, "--from", "9", "--to", "3")
    assert "--from 9 is not before --to 3" in done.stderr


BAD = {
    "missing": (None, "no such file or folder"),
    "empty.log": (b"", "empty file"),
    "model.bin": (b"\x80\x02\x00pickle", "pickle"),
    "weights.safetensors": (b"\x10\x00\x00\x00\x00\x00\x00\x00{}", "binary data"),
    "prose.txt": (b"This is a story of a boat.\n" * 40, "no line repeats"),
    "config.json": (b'{"hidden_size": 768, "layers": 12}\n', "JSON without rows"),
    "data.csv": (b"name,city\nAnn,Rome\nBob,Oslo\n", "without a loss column"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("command", ["check", "plot"])
def test_bad_input_is_one_clear_line_and_status_2(tmp_path: Path, name: str, command: str) -> None:
    content, words = BAD[name]
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = run(command, tmp_path / name)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert words in line
    assert line.startswith("lossmon: ")


def test_on_a_narrow_terminal_names_go_without_the_folder_that_all_are_in(tmp_path: Path) -> None:
    paths = []
    for name in ("warm-1e-3", "warm-1e-4"):
        paths.append(tmp_path / ("deep" * 10) / name)
        paths[-1].mkdir(parents=True)
        rows = "".join(
            f'{{"step": {i}, "loss": {float(name[5:]) + 2 / i}}}\n' for i in range(1, 60)
        )
        (paths[-1] / "train.jsonl").write_text(rows)
    narrow = run("check", *paths, COLUMNS="80").stdout.splitlines()
    assert sorted(line.split()[1] for line in narrow if "warm" in line) == [
        "warm-1e-3",
        "warm-1e-4",
    ]
    wide = run("check", *paths, COLUMNS="300").stdout
    assert all(str(path) in wide for path in paths)


def test_one_bad_target_does_not_stop_the_others(overfit: Path) -> None:
    done = run("check", overfit, "nonsense", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["pair"] == "overfitting"
    assert "nonsense: no such file" in done.stderr


def test_an_empty_folder_says_what_would_work(tmp_path: Path) -> None:
    done = run("check", tmp_path)
    assert done.returncode == 2
    assert "nothing to read" in done.stderr


def test_escapes_and_markup_never_reach_the_terminal(tmp_path: Path) -> None:
    name = "[red]evil\x1b]0;title\x07"
    rows = "".join(
        json.dumps({"step": i, "loss": 2.0 - i / 50, f"x\x1b[31m{i % 2}": 1.0}) + "\n"
        for i in range(60)
    )
    (tmp_path / name).mkdir()
    (tmp_path / name / "log.jsonl").write_text(rows)
    for command in (["check"], ["check", "--json"], ["plot"]):
        done = run(*command, tmp_path)
        assert done.returncode == 0
        assert not any(ord(c) < 32 and c != "\n" for c in done.stdout + done.stderr)


def test_a_pipe_is_read_to_its_end() -> None:
    rows = "".join(json.dumps(row) + "\n" for row in training_rows(falling(50)))
    done = subprocess.run(
        [sys.executable, "-m", "lossmon", "check", "--json", "-"],
        input=rows, capture_output=True, text=True, timeout=PATIENCE_S, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["metrics"]["train_loss"]["n"] == 50


def test_without_a_terminal_the_screen_says_what_to_use(overfit: Path) -> None:
    done = run(overfit)
    assert done.returncode == 2
    assert "lossmon check" in done.stderr


def test_a_reader_that_goes_away_is_no_error(overfit: Path) -> None:
    command = f"{sys.executable} -m lossmon explain | head -1"
    done = subprocess.run(
        command, shell=True, capture_output=True, text=True, timeout=PATIENCE_S, check=True
    )
    assert done.stderr == ""


def test_files_named_like_commands_are_reached_by_their_path() -> None:
    assert isinstance(cli, Commands)
    assert {"check", "plot", "export", "explain", "demo", "config", "open"} <= set(cli.commands)


def test_jobs_give_the_same_answer(tmp_path: Path) -> None:
    for i in range(6):
        write_jsonl(tmp_path / f"run{i}" / "log.jsonl", training_rows(falling(40 + i)))
    for name in ("pymoo_ga", "hyperopt"):  # known by what they seek, which measures no loss
        shutil.copytree(Path(__file__).parent.parent / "data" / "zoo" / name, tmp_path / name)
    one = run("check", "--json", "--jobs", "1", tmp_path).stdout.splitlines()
    two = run("check", "--json", "--jobs", "2", tmp_path).stdout.splitlines()
    assert len(one) == 8
    assert sorted(one) == sorted(two)


@pytest.mark.parametrize("jobs", [1, 2])
def test_no_run_of_a_store_is_lost_where_a_log_elsewhere_holds_the_same(
    tmp_path: Path, jobs: int
) -> None:
    """Of two runs of one seed one was in no answer, where two processes read."""
    cases = Path(__file__).parent.parent / "data" / "cases"
    store = tmp_path / "store"
    shutil.copytree(cases / "reading_same_seed_twice_in_one_store", store)
    (update, _) = sorted(read_targets([str(store)], judging="never").updates, key=by_name)
    view = update.series[update.train or ""]
    rows = zip(view.step.tolist(), view.value.tolist(), strict=True)
    write_jsonl(tmp_path / "log" / "log.jsonl", [{"step": s, "loss": v} for s, v in rows])
    found = gather([str(tmp_path)], jobs, judging="never").updates
    assert sorted((one.run, len(one.logs)) for one in found) == [("again", 2), ("first", 1)]


def test_a_target_that_gives_nothing_is_told_however_many_processes_read(tmp_path: Path) -> None:
    """With folders enough for a second process nothing was said, and the status was 0."""
    for number in range(30):
        (tmp_path / "empty" / str(number)).mkdir(parents=True)
        (tmp_path / "empty" / str(number) / "notes.txt").write_text("nothing of a training\n")
        write_jsonl(tmp_path / "runs" / str(number) / "log.jsonl", training_rows(falling(20)))
    for command in ("check", "export"):
        for jobs in ((), ("--jobs", "2")) if command == "check" else ((),):
            done = run(command, tmp_path / "empty", *jobs)
            assert (done.returncode, done.stdout) == (2, "")
            assert done.stderr.count("\n") == 1
            assert "no training log among 30 files" in done.stderr
    done = run("check", tmp_path / "runs", tmp_path / "empty")
    assert (done.returncode, done.stderr.count("no training log among 30 files")) == (2, 1)
    assert "29" in done.stdout


@pytest.mark.parametrize("output", [(), ("-o", "all.csv")])
def test_export_says_what_it_leaves_out(tmp_path: Path, output: tuple[str, ...]) -> None:
    """Of 3,001 metrics 2,001 were handed on, without a word."""
    row = {f"layer_{i}": 0.5 for i in range(3000)}
    log = write_jsonl(tmp_path / "log.jsonl", [{"step": i, "loss": 1 / i, **row} for i in (1, 2)])
    done = run("export", log, *(word.replace("all", str(tmp_path / "all")) for word in output))
    assert done.returncode == 0
    assert "1,0" in done.stderr
    assert "metrics are left out" in done.stderr


def test_what_is_written_never_takes_the_place_of_a_log(tmp_path: Path) -> None:
    """`export runs/a -o runs/a/log.jsonl` replaced the training's own log, and ended well."""
    log = tmp_path / "log.jsonl"
    log.write_text("".join(f'{{"step": {i}, "loss": {2 / i}}}\n' for i in range(1, 30)))
    before = log.read_bytes()
    for command in (("export", str(tmp_path), "-o", str(log)),):
        done = run(*command)
        assert done.returncode == 2
        assert "this is a log that was read" in done.stderr
    assert log.read_bytes() == before
