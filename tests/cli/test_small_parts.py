"""What commands are made of, in this process: what is refused, offered and handed on."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from lossmon.cli import cli
from lossmon.cli.fleets import processes
from lossmon.cli.screens import _speed
from lossmon.errors import LossmonError

COMMAND = click.Context(click.Command("watch"))
SPEED = click.Option(["--speed"])


@pytest.mark.parametrize(("asked", "made"), [(1, 1), (3, 3), (None, os.cpu_count() or 1)])
def test_so_many_processes_read_as_were_asked_for(asked: int | None, made: int) -> None:
    assert processes(asked) == made


def test_where_nobody_knows_how_many_cores_there_are_one_process_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert processes(None) == 1


@pytest.mark.parametrize(
    ("text", "speed"), [(None, None), ("60x", 60.0), ("0.5X", 0.5), ("2", 2.0), ("1e6", 1e6)]
)
def test_a_speed_is_how_many_times_as_fast(text: str | None, speed: float | None) -> None:
    assert _speed(COMMAND, SPEED, text) == speed


@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "inf", "1000001", "fast"])
def test_what_is_no_speed_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="60x"):
        _speed(COMMAND, SPEED, text)


NUMBERS = [
    (name, parameter)
    for name, command in sorted(cli.commands.items())
    for parameter in command.params
    if isinstance(parameter.type, click.types.FloatParamType | click.types.IntParamType)
]


@pytest.mark.parametrize(
    ("command", "option"), NUMBERS, ids=[f"{name} {one.opts[0]}" for name, one in NUMBERS]
)
def test_what_is_no_number_to_compute_with_is_refused_by_every_option(
    command: str, option: click.Parameter
) -> None:
    context = click.Context(cli.commands[command])
    for text in ("nan", "inf", "-inf", "1e999", "1" + "0" * 400, "9" * 5000, "x", ""):
        with pytest.raises(click.BadParameter):
            option.type_cast_value(context, text)


def test_which_option_it_is_stands_in_one_line() -> None:
    told = CliRunner().invoke(cli, ["plot", "--from", "nan", "."])
    assert told.exit_code == 2
    assert told.stderr.splitlines()[-1] == "Error: Invalid value for '--from': not a finite number"


def test_where_there_are_no_settings_it_is_said_how_to_have_them(tmp_path: Path) -> None:
    first = CliRunner().invoke(cli, ["config"])
    assert "no file there yet; lossmon config --create writes one" in first.stderr
    where = first.stdout.strip()
    assert where.endswith("config.toml")
    assert not os.path.exists(where)
    assert CliRunner().invoke(cli, ["config", "--create"]).stdout.strip() == where
    again = CliRunner().invoke(cli, ["config"])
    assert (again.stdout.strip(), again.stderr) == (where, "")


def test_a_word_that_is_nearly_a_command_is_a_target_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LossmonError, match="did you mean lossmon check"):
        cli.make_context("lossmon", ["chek"])
    (tmp_path / "chek").touch()
    assert cli.make_context("lossmon", ["chek"]).args == ["chek"]
    assert cli.make_context("lossmon", ["run2"]).args == ["run2"]


# What an option is where it is not given; of all others nothing is asked.
UNASKED = {
    "check": {"form": "text", "fail_on": ("never",), "at": "step", "margin": 1.0},
    "plot": {"height": 24, "x_axis": "step", "strip": "off", "smooth": 0.6},
    "status": {"width": 60, "style": "auto", "max_age": 30},
    "watch": {"exec_timeout": 60, "level": "info", "fail_on": "never"},
}
NEEDED = {"report": ["-o", "out.html"], "export": ["-o", "out.csv"]}
READING = [
    name for name, one in cli.commands.items() if any(p.name == "targets" for p in one.params)
]


@pytest.mark.parametrize("name", READING)
def test_what_is_not_asked_for_is_not_done(name: str) -> None:
    asked = cli.commands[name].make_context(name, [*NEEDED.get(name, []), "runs"]).params
    given = {"targets", "lang", *(["output"] if name in NEEDED else [])}
    assert {k: v for k, v in asked.items() if v and k not in given} == UNASKED.get(name, {})
    assert asked.get("lang", "en") == "en"
    # These are settings of the whole command, which none of its functions is handed.
    assert not asked.keys() & {"debug", "ssh_option", "ssh_config", "classes", "total_steps"}


@pytest.mark.parametrize(
    ("option", "taken", "refused"),
    [
        ("--fps", ("0.1", "60"), ("0.09", "60.1", "x")),
        ("--classes", ("2", "1000"), ("1", "2.5")),
        ("--total-steps", ("1", "9000000"), ("0", "-1")),
        ("--lang", ("en", "zh"), ("fr",)),
    ],
)
def test_a_number_of_an_option_lies_within_its_range(
    option: str, taken: tuple[str, ...], refused: tuple[str, ...]
) -> None:
    for value in taken:
        cli.commands["open"].make_context("open", [option, value, "runs"])
    for value in refused:
        with pytest.raises(click.BadParameter):
            cli.commands["open"].make_context("open", [option, value, "runs"])
