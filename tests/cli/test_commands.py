"""The command line in this process: which status, what on which stream, what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lossmon import settings
from lossmon.cli import cli
from lossmon.errors import LossmonError, message_of
from lossmon.exits import status_of
from lossmon.report.manual import completion_of, page
from tests.conftest import falling, training_rows, write_jsonl

Call = Callable[..., Result]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A healthy run, one that has diverged, and what is no log."""
    folder = tmp_path_factory.mktemp("work")
    write_jsonl(folder / "runs" / "well" / "log.jsonl", training_rows(falling(60)))
    sick = [*falling(40), *[float("nan")] * 20]
    write_jsonl(folder / "runs" / "sick" / "log.jsonl", training_rows(sick))
    (folder / "prose.txt").write_text("This is a story of a boat.\n" * 40)
    return folder


@pytest.fixture
def call(runs: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Call lossmon in the folder; an error of ours is a line and a status, as in `exits`."""
    monkeypatch.chdir(runs)
    monkeypatch.setenv("COLUMNS", "100")

    def call(*arguments: str) -> Result:
        settings.use(settings.Settings())
        done = CliRunner().invoke(cli, list(arguments))
        if isinstance(done.exception, LossmonError):
            done.exit_code = 2
            done.stderr_bytes = f"lossmon: {message_of(done.exception)}\n".encode()
        elif done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return call


@pytest.mark.parametrize(
    ("target", "options", "status"),
    [
        ("runs/well", (), 0),
        ("runs/sick", (), 0),  # a finding is no failure unless it was asked for
        ("runs/sick", ("--fail-on", "critical"), 1),
        ("runs/sick", ("--fail-on", "warning"), 1),
        ("runs/sick", ("--fail-on", "never"), 0),
        ("runs/sick", ("--fail-on", "never", "--fail-on", "critical"), 1),
        ("runs/well", ("--fail-on", "warning"), 0),
        ("runs/well", ("--fail-on", "info"), 1),
        ("runs", ("--fail-on", "critical"), 1),
        ("prose.txt", ("--fail-on", "info"), 2),
        ("none", (), 2),
    ],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_the_status_of_check(
    call: Call, target: str, options: tuple[str, ...], status: int, form: str
) -> None:
    done = call("check", target, *options, "--format", form)
    assert done.exit_code == status
    assert bool(done.stderr) == (status == 2)
    assert bool(done.stdout) == (status != 2)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("check", "runs", "--fail-on", "behind"), "--fail-on behind needs a --baseline"),
        (("check", "runs", "--cluster", "local"), "--cluster and --resume are for --json"),
        (("check", "runs", "--resume"), "--cluster and --resume are for --json"),
        (("check", "runs", "--json", "--resume", "--baseline", "runs/well"),
         "--baseline compares in one process; leave --cluster and --resume out"),
        (("export", "runs", "--workers", "2"), "write a folder of Parquet; name one with -o"),
        (("export", "runs", "--cluster", "x", "-o", "out.parquet"), "write a folder of Parquet"),
        (("open", "--tee", "x", "runs"), "--tee keeps what comes through a pipe; name - as a target"),
        (("replay", "--speed", "0"), "write how many times as fast, such as 60x"),
        (("replay", "--speed", "x"), "write how many times as fast, such as 60x"),
        (("replay", "--speed", "nan"), "write how many times as fast, such as 60x"),
        (("replay", "--speed", "1e7"), "write how many times as fast, such as 60x"),
        (("replay", "--speed", "60x", "runs"), "lossmon replay draws on a terminal"),
        (("replay", "--speed", "1e6", "runs"), "lossmon replay draws on a terminal"),
        (("demo",), "lossmon demo draws on a terminal"),
        (("open", "runs"), "lossmon draws on a terminal"),
        (("open", "--pick"), "lossmon --pick draws on a terminal"),
        (("plot", "--width", "19"), "not in the range 20<=x<=1000"),
        (("plot", "--height", "501"), "not in the range 5<=x<=500"),
        (("check", "--classes", "1"), "not in the range x>=2"),
        (("check", "--total-steps", "0"), "not in the range x>=1"),
        (("export", "-o", "x.txt"), "x.txt: write to a file that ends in .csv, .jsonl, .parquet"),
        (("report", "runs/well", "-o", "x.txt"), "x.txt"),
        (("report", "runs", "-o", "x.md"), "a report is of one run, and these are 2: "),
        (("status", "-"), "-: a pipe has no status"),
        (("explain", "zzz"), "zzz"),
        *(((*command, "none"), "none: ") for command in (
            ("check",), ("check", "--json"), ("plot",),
            ("plot", "--together"), ("report", "-o", "x.md"), ("export", "-o", "x.csv"),
        )),
    ],
)  # fmt: skip
def test_what_is_refused(call: Call, arguments: tuple[str, ...], says: str) -> None:
    done = call(*arguments)
    assert done.exit_code == 2
    assert says in done.stderr
    assert done.stdout == ""


@pytest.mark.slow
def test_json_is_an_object_a_run_and_the_timeline_is_there_unless_it_is_declined(
    call: Call,
) -> None:
    told = {
        options: [
            json.loads(line)
            for line in call("check", "runs", "--json", *options).stdout.splitlines()
        ]
        for options in ((), ("--timeline",), ("--no-timeline",))
    }
    for found in told.values():
        assert [one["run"].split("/")[-1] for one in found] == ["sick", "well"]
    shown = {
        options: [(one["pattern"], one["shown_at_step"]) for one in found[0]["timeline"]]
        for options, found in told.items()
    }
    assert shown[()] == shown[("--timeline",)]
    assert shown[()][-1] == ("diverged", 410)
    assert shown[("--no-timeline",)] == [("diverged", 600)]  # one look, at the end
    assert told["--no-timeline",][0]["findings"][0]["pattern"] == "diverged"


def test_narration_is_below_a_table_and_beside_data(call: Call) -> None:
    text = call("check", "runs/well", "-v")
    assert "jsonl" in text.stdout
    assert text.stderr == ""
    data = call("check", "runs/well", "-v", "--json")
    assert len(data.stdout.splitlines()) == 1
    assert "jsonl" in data.stderr


def test_a_setting_has_its_column(call: Call, runs: Path) -> None:
    (runs / "runs" / "well" / "config.json").write_text('{"lr": 0.25}')
    head, *lines = call("check", "runs", "--columns", " lr, ").stdout.splitlines()
    assert "LR" in head.split()
    assert any("0.25" in line for line in lines)
    assert "LR" not in call("check", "runs").stdout.split()


def test_who_has_no_loss_of_that_name_is_told_and_the_others_are_drawn(call: Call) -> None:
    done = call("plot", "runs/well", "prose.txt", "--width", "60", "--height", "12")
    assert done.exit_code == 2
    assert len(done.stdout.splitlines()) == 12
    assert done.stderr.count("\n") == 1
    assert "prose.txt" in done.stderr
    lacking = call("plot", "runs", "--metric", "zzz")
    assert (lacking.exit_code, lacking.stdout) == (2, "")
    assert lacking.stderr.count("no metric 'zzz'; it has loss") == 2
    two = call("plot", "runs", "--height", "12")
    one = call("plot", "runs", "--height", "12", "--together")
    assert (two.exit_code, one.exit_code) == (0, 0)
    assert (len(two.stdout.splitlines()), len(one.stdout.splitlines())) == (24, 12)
    assert max(map(len, two.stdout.splitlines())) > 90  # as wide as the terminal


def test_points_go_to_standard_output_or_to_a_file(call: Call, tmp_path: Path) -> None:
    shown = call("export", "runs")
    assert shown.exit_code == 0
    assert len(shown.stdout.splitlines()) == 1 + 120
    out = tmp_path / "x.csv"
    written = call("export", "runs", "-o", str(out))
    assert (written.exit_code, written.stdout) == (0, "")
    assert written.stderr == f"120 points of 2 runs in {out}\n"
    assert out.read_text() == shown.stdout
    assert call("export", "runs/well", "-o", str(out)).stderr.startswith("60 points of 1 run in ")
    assert call("export", "none").exit_code == 2


@pytest.mark.parametrize("ending", ["md", "html"])
def test_a_page_of_one_run(call: Call, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"x.{ending}"
    done = call("report", "runs/sick", "-o", str(out))
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr.endswith(f" in {out}\n")
    assert "DIVERGED" in out.read_text()
    assert call("report", "prose.txt", "-o", str(tmp_path / "no.md")).exit_code == 2
    assert not (tmp_path / "no.md").exists()


@pytest.mark.parametrize("form", ["github", "sarif"])
def test_annotations_are_of_what_calls_for_attention(call: Call, form: str) -> None:
    sick, well = (
        call("check", f"runs/{name}", "--format", form).stdout for name in ("sick", "well")
    )
    assert "diverged" in sick.lower()
    assert "healthy" not in well.lower()


def test_what_is_said_of_lossmon_itself(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = tmp_path / "c.toml"
    monkeypatch.setenv("LOSSMON_CONFIG", str(where))
    default = call("config", "--default").stdout
    assert "[screen]" in default
    absent = call("config")
    assert absent.stdout == f"{where}\n"
    assert "no file there yet" in absent.stderr
    made = call("config", "--create")
    assert (made.stdout, made.stderr) == (f"{where}\n", "")
    assert where.read_text() == default
    assert call("config").stderr == ""
    where.write_text("[zzz]")
    assert call("config").exit_code == 2
    assert call("config", "--default").exit_code == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_of_the_shell(call: Call, shell: str) -> None:
    done = call("completion", shell)
    assert done.exit_code == 0
    assert "_LOSSMON_COMPLETE" in done.stdout
    assert shell in done.stdout
    assert done.stdout == completion_of(cli, shell)


def test_the_manual_is_a_page_for_man(call: Call) -> None:
    assert call("manual").stdout.startswith((".TH", '.\\"', "'\\\" "))
    assert "\n.SH " in call("manual").stdout
    assert call("manual").stdout == page(cli)


@pytest.mark.parametrize(("lang", "word"), [("en", "Overfitting"), ("zh", "过拟合")])
def test_patterns_are_explained_in_a_language(call: Call, lang: str, word: str) -> None:
    text = call("explain", "overfitting", "--lang", lang).stdout
    assert word in text
    assert len(call("explain", "overfitting", "-v", "--lang", lang).stdout) > len(text)


def test_the_trainings_of_the_demo_are_listed(call: Call) -> None:
    lines = call("demo", "--list").stdout.splitlines()
    assert len(lines) == 12
    assert all(line[22] == " " != line[23] for line in lines)


def test_a_plan_and_classes_hold_for_a_command(call: Call) -> None:
    (told,) = call("check", "runs/well", "--json", "--total-steps", "5000").stdout.splitlines()
    assert json.loads(told)["total_steps"] == 5000
    (untold,) = call("check", "runs/well", "--json").stdout.splitlines()
    assert json.loads(untold)["total_steps"] is None


def test_watch_tells_what_it_finds_until_the_runs_have_ended(call: Call, tmp_path: Path) -> None:
    rows = [
        {**row, "max_steps": 600} for row in training_rows([*falling(40), *[float("nan")] * 20])
    ]
    log = str(write_jsonl(tmp_path / "log.jsonl", rows))
    done = call("watch", log, "--json", "--until", "finished")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["event"], one["finding"]["pattern"]) for one in events] == [
        ("present", "diverged"),
        ("present", "finished"),
    ]
    assert done.exit_code == 0
    assert call("watch", log, "--until", "finished", "--fail-on", "critical").exit_code == 1
    mild = call("watch", log, "--until", "finished", "--level", "critical", "--json").stdout
    assert [json.loads(line)["finding"]["pattern"] for line in mild.splitlines()] == ["diverged"]
    one = call("watch", log, "--until", "finished", "--pattern", "finished", "--json").stdout
    assert [json.loads(line)["finding"]["pattern"] for line in one.splitlines()] == ["finished"]


def test_the_command_line_is_run_through_its_one_way_out() -> None:
    assert status_of(lambda: cli.main(["--version"], standalone_mode=False)) == 0
