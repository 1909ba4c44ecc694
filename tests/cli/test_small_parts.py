"""What commands are made of, in this process: what is refused, offered and handed on."""

from __future__ import annotations

import os
import runpy
import signal
from collections.abc import Iterator
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


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """What ctrl+c does in a program that has just begun; afterwards it is as it was."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_the_package_is_the_program_and_ctrl_c_ends_it_from_the_first_import_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    called: list[object] = []
    monkeypatch.setattr("lossmon.cli.main", lambda: called.append(signal.getsignal(signal.SIGINT)))
    runpy.run_module("lossmon", run_name="imported")
    assert called == []
    runpy.run_module("lossmon", run_name="__main__")
    assert called == [signal.SIG_DFL]


@pytest.mark.usefixtures("ctrl_c")
def test_whoever_has_ctrl_c_ignored_keeps_it_so(monkeypatch: pytest.MonkeyPatch) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    monkeypatch.setattr("lossmon.cli.main", lambda: None)
    runpy.run_module("lossmon", run_name="__main__")
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


@pytest.mark.parametrize(("asked", "made"), [(1, 1), (3, 3), (None, os.cpu_count() or 1)])
def test_so_many_processes_read_as_were_asked_for(asked: int | None, made: int) -> None:
    assert processes(asked) == made


@pytest.mark.parametrize(
    ("text", "speed"), [("", None), ("60x", 60.0), ("0.5X", 0.5), ("2", 2.0), ("1e6", 1e6)]
)
def test_a_speed_is_how_many_times_as_fast(text: str, speed: float | None) -> None:
    assert _speed(COMMAND, SPEED, text) == speed


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "1000001", "fast"])
def test_what_is_no_speed_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="60x"):
        _speed(COMMAND, SPEED, text)


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
