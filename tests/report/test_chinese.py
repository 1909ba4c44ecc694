"""What commands print in Chinese: nothing is English but names, units and what a log says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from lossmon.cli import cli
from lossmon.diagnosis.finding import PATTERN_IDS
from lossmon.report.explain import explain
from lossmon.text import cell_width
from lossmon.usage import Formatter
from lossmon.words import words
from tests.conftest import write_jsonl
from tests.tui.synthetic import write_runs

ZH = {"LC_ALL": "zh_CN.UTF-8", "COLUMNS": "100"}
_WORD = re.compile(r"[A-Za-z]{2,}")
# Names: of commands, options and their values, patterns, files, formats, metrics; units.
_NAMES = set(
    re.findall(
        r"\w+",
        """
        cli lossmon rebound sft well runs log trainer jsonl loss eval lr grad norm train step llamafactory
        info warning critical never options command args target help json jobs integer range exec
        cmd timeout float notify url level pattern until finished fail on lang en zh ascii width
        style auto plain tmux ansi max age follow file ssh option name value total steps classes
        columns names verbose version utf current steps total
        """,
    )
)

_KNOWLEDGE = files("lossmon.diagnosis.knowledge").joinpath("zh.toml").read_text("utf-8")


def ran(*args: Any) -> str:
    """What a command prints, on both streams."""
    return CliRunner().invoke(cli, [str(one) for one in args], env=ZH, terminal_width=100).output


def english(text: str, *names: object) -> set[str]:
    """Words that are no names, nor English that stands in our Chinese texts on purpose."""
    ours = " ".join((*words("zh").table.values(), _KNOWLEDGE, *map(str, names)))
    known = _NAMES | {word.lower() for word in _WORD.findall(ours)}
    return {word for word in _WORD.findall(text) if word.lower() not in known}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_runs(tmp_path / "runs")
    return tmp_path / "runs"


@pytest.mark.parametrize(
    "args",
    [("check",), ("check", "-v"), ("plot", "--height", "12"), ("watch", "--until", "finished")],
    ids=" ".join,
)
@pytest.mark.slow
def test_commands_on_runs(folder: Path, args: tuple[str, ...]) -> None:
    runs = folder / "sft-7b" if args[0] == "watch" else folder
    text = ran(*args, runs)
    assert re.search("[\u4e00-\u9fff]", text), text
    assert not english(text, folder), text


def test_a_page_is_chinese(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    ran("report", folder / "sft-7b", "-o", page)
    assert not english(page.read_text(encoding="utf-8"), folder, "text")


@pytest.mark.parametrize("name", [None, *sorted(cli.commands)])
def test_help_is_chinese(name: str | None) -> None:
    text = ran(*([] if name is None else [name]), "--help")
    command = cli if name is None else cli.commands[name]
    values = [
        word
        for parameter in command.params
        for word in (*parameter.opts, *getattr(parameter.type, "choices", ()))
    ]
    metavars = [str(getattr(parameter, "metavar", "")) for parameter in command.params]
    assert "用法" in text
    assert not english(text, *values, *metavars, *cli.commands, "python py gpu exp"), text


def test_no_line_of_help_is_wider_than_the_terminal() -> None:
    for name, command in cli.commands.items():
        with click.Context(command, info_name=name, terminal_width=60) as context:
            formatter = Formatter(width=60)
            assert not formatter.told  # of this process
            command.format_help(context, formatter)
    for line in ran("check", "--help").splitlines():
        assert cell_width(line) <= 100, line


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("check", "/no/such/file"), "没有这个文件或文件夹；请检查拼写"),
        (("check", "--jobs", "x", "."), "的值不对"),
        (("explain", "overfiting"), "是不是 overfitting？"),
        (("report", ".", "-o", "page.doc"), "文件名请以 .md, .html 结尾"),
    ],
)
def test_errors_are_chinese(args: tuple[str, ...], said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lossmon", *args], capture_output=True, text=True, env=_with(ZH)
    )
    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.parametrize("pattern", PATTERN_IDS)
def test_every_pattern_is_explained_in_chinese(pattern: str) -> None:
    text = explain(pattern, "zh", 100)
    head = text.splitlines()[0]
    assert re.search("[\u4e00-\u9fff]", head)
    labels = [line for line in text.splitlines() if line[:1].isalpha()]
    assert all(re.search("[\u4e00-\u9fff]", line) for line in labels), labels


def test_json_speaks_the_language_that_was_asked_for(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "log.jsonl", [{"step": i, "loss": 2 / (i + 1)} for i in range(3)])
    objects = [
        json.loads(ran("check", "--json", "--lang", lang, tmp_path)) for lang in ("en", "zh")
    ]
    one, two = (found["findings"][0]["evidence"] for found in objects)
    assert "points" in one
    assert "还需" in two


def _with(more: dict[str, str]) -> dict[str, str]:
    return {**os.environ, **more}


def test_a_column_of_no_setting_is_the_newest_value_that_rows_have(tmp_path: Path) -> None:
    """The help's own example showed "-" for a log that carries its rate in every row."""
    rows = [{"step": i, "loss": 2.0 - i / 50, "lr": 3e-4, "batch_size": 32} for i in range(1, 41)]
    write_jsonl(tmp_path / "a" / "log.jsonl", rows)
    told = ran("check", tmp_path, "--columns", "lr,batch_size,absent").splitlines()
    assert told[0].split()[-4:-1] == ["lr", "batch_size", "absent"]
    assert [one for one in told[1].split() if one in ("0.0003", "32")] == ["0.0003", "32"]


@pytest.mark.parametrize("before", [("--lang", "zh"), ("--lang=zh",)])
def test_the_language_may_stand_before_the_verb(before: tuple[str, ...], folder: Path) -> None:
    english = {**ZH, "LC_ALL": "en_US.UTF-8"}
    runner = CliRunner()
    table = runner.invoke(cli, [*before, "check", str(folder)], env=english)
    assert "训练损失" in table.output
    assert "用法" in runner.invoke(cli, [*before, "--help"], env=english).output
    assert runner.invoke(cli, [*before, "config"], env=english).exit_code == 0
