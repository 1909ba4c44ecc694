"""What the terminal and its environment say of width, language and signs, and what a shell offers."""

from __future__ import annotations

import gc
import io
import os
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from lossmon import options, settings
from lossmon.errors import ConfigError, LossmonError, TargetError


@pytest.fixture(autouse=True)
def no_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_CTYPE", "LC_MESSAGES", "LANG", "COLUMNS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("told", "wide"),
    [("1", 1), ("80", 80), ("1234567890", 1000), ("0", 100), ("-5", 100), ("x", 100),
     ("", 100), ("٨٠", 100)],
)  # fmt: skip
def test_columns_come_from_the_environment_where_it_says_a_number(
    told: str, wide: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", told)
    monkeypatch.setattr(sys, "__stdout__", io.StringIO())  # no terminal to ask
    assert options.columns() == wide


@pytest.mark.parametrize(("width", "columns"), [(132, 132), (0, 100)])
def test_else_from_the_terminal(width: int, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((width, 24)))
    with open(os.devnull) as nowhere:
        monkeypatch.setattr(sys, "__stdout__", nowhere)
        assert options.columns() == columns


@pytest.mark.parametrize(
    ("environment", "encoding", "ascii"),
    [
        ({}, "utf-8", False),  # in many containers nothing is set
        ({}, "UTF8", False),
        ({}, "cp65001", False),
        ({}, "ascii", True),
        ({}, "latin-1", True),
        ({}, None, True),
        ({"LANG": "C"}, "utf-8", True),
        ({"LANG": "POSIX"}, "utf-8", True),
        ({"LANG": "de_DE.UTF-8"}, "utf-8", False),
        ({"LC_CTYPE": "C", "LANG": "de_DE.UTF-8"}, "utf-8", True),
        ({"LC_ALL": "en_US.UTF-8", "LC_CTYPE": "C"}, "utf-8", False),
        ({"LC_CTYPE": "C.UTF-8", "LANG": "C"}, "utf-8", True),  # Python set it, not the user
        ({"LC_CTYPE": "C.UTF-8"}, "utf-8", False),
        ({"LC_ALL": "C.UTF-8", "LANG": "C"}, "utf-8", False),
    ],
)
def test_signs_are_ascii_where_the_locale_can_show_no_others(
    environment: dict[str, str], encoding: str | None, ascii: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    class Output(io.StringIO):
        pass

    Output.encoding = encoding  # type: ignore[misc]
    monkeypatch.setattr(sys, "stdout", Output())
    assert options.plain(False) == ascii
    assert options.plain(True)


def test_signs_are_ascii_where_the_settings_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "c.toml").write_text("[screen]\nascii = true\n")
    monkeypatch.setenv("LOSSMON_CONFIG", str(tmp_path / "c.toml"))
    assert options.plain(False)


@pytest.mark.parametrize(
    ("environment", "settings_say", "lang"),
    [
        ({}, "", "en"),
        ({"LANG": "zh_CN.UTF-8"}, "", "zh"),
        ({"LANG": "ZH_TW"}, "", "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "de_DE"}, "", "en"),
        ({"LC_ALL": "zh_CN", "LC_MESSAGES": "de_DE"}, "", "zh"),
        ({"LANG": "zh_CN.UTF-8"}, "auto", "zh"),
        ({"LANG": "zh_CN.UTF-8"}, "en", "en"),
        ({}, "zh", "zh"),
    ],
)
def test_the_language_is_that_of_the_settings_else_of_the_locale(
    environment: dict[str, str], settings_say: str, lang: str,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    if settings_say:
        (tmp_path / "c.toml").write_text(f'[screen]\nlanguage = "{settings_say}"\n')
        monkeypatch.setenv("LOSSMON_CONFIG", str(tmp_path / "c.toml"))
    assert options.default_lang() == lang
    assert options.words_here().lang == lang
    settings.say(lang="zh")
    assert options.words_here().lang == "zh"  # what was asked for goes before


def test_where_the_settings_are_broken_the_trouble_is_told_in_the_locale_s_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "c.toml").write_text("[no_such]\n")
    monkeypatch.setenv("LOSSMON_CONFIG", str(tmp_path / "c.toml"))
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    with pytest.raises(ConfigError):
        options.default_lang()
    assert options.words_here().lang == "zh"
    options.complain("a\nb\x1b[2J")
    assert capsys.readouterr() == ("", "lossmon: ab[2J\n")


@pytest.mark.parametrize("stdin", [False, True])
@pytest.mark.parametrize("stdout", [False, True])
@pytest.mark.parametrize("stderr", [False, True])
def test_a_screen_and_a_question_need_a_terminal_to_read_and_to_write(
    stdin: bool, stdout: bool, stderr: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, there in (("stdin", stdin), ("stdout", stdout), ("stderr", stderr)):
        monkeypatch.setattr(getattr(sys, name), "isatty", lambda there=there: there)
    assert (options.asking() is not None) == (stdin and stderr)
    if stdin and stdout:
        options.need_terminal("lossmon")
    else:
        with pytest.raises(LossmonError, match="lossmon demo draws on a terminal"):
            options.need_terminal("lossmon demo")


@pytest.fixture
def boxes(tmp_path: Path) -> None:
    """A user's ssh configuration with 60 boxes, one alone and some whose names begin as paths."""
    names = [f"box{number:02}" for number in range(60)] + ["-lab", ".lab", "~lab"]
    (tmp_path / "ssh").write_text("".join(f"Host {name}\n" for name in [*names, "lab"]))
    settings.say(ssh_config=str(tmp_path / "ssh"))


@pytest.mark.usefixtures("boxes")
@pytest.mark.parametrize(
    ("word", "offered"),
    [
        ("la", ["lab:"]),
        ("lab:", []),  # is whole
        ("dock", ["docker:"]),
        ("s3:", ["s3://"]),
        ("", []),
        ("./la", []),
        (".la", []),
        ("~la", []),
        ("-l", []),
        ("zzz", []),
    ],
)
def test_a_shell_is_offered_how_targets_begin(word: str, offered: list[str]) -> None:
    assert [item.value for item in options.begins(word)] == offered


@pytest.mark.usefixtures("boxes")
def test_a_shell_is_offered_so_many_words_at_most() -> None:
    assert [one.value for one in options.begins("box")] == [f"box{n:02}:" for n in range(50)]


def test_what_failed_is_told_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    options.tell_what_failed([TargetError("a: gone"), TargetError("b: gone")])
    assert capsys.readouterr().err == "lossmon: a: gone\nlossmon: b: gone\n"


def test_circles_of_objects_are_looked_for_seldom() -> None:
    before = gc.get_threshold()
    try:
        options.collect_seldom()
        assert gc.get_threshold() == (20_000, 20, 20)
    finally:
        gc.set_threshold(*before)


@pytest.mark.parametrize("told", [None, "3"])
def test_numpy_is_loaded_with_one_thread_and_the_environment_stays(
    told: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if told:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", told)
    options.one_thread()
    assert os.environ.get("OPENBLAS_NUM_THREADS") == told


@click.command()
@options.told_options
@options.ssh_options
@options.fps_option
@click.option("--smooth", type=options.NUMBER)
def command(fps: float | None, smooth: float | None) -> None:
    """Says what it was told."""
    told = settings.current()
    shown = (told.classes, told.total_steps, told.ssh_options, told.ssh_config, fps, smooth)
    click.echo(shown)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], (None, None, (), "", None, None)),
        (["--classes", "2"], (2, None, (), "", None, None)),
        (["--classes", "1"], "is not in the range"),
        (["--total-steps", "1"], (None, 1, (), "", None, None)),
        (["--total-steps", "0"], "is not in the range"),
        (["--total-steps", str(2**53)], (None, 2**53, (), "", None, None)),
        (["--total-steps", str(2**53 + 1)], "too large a number"),
        (["--ssh-option", "Port=1", "--ssh-option", "User=me"],
         (None, None, ("Port=1", "User=me"), "", None, None)),
        (["-F", os.devnull], (None, None, (), os.devnull, None, None)),
        (["--fps", "0.1"], (None, None, (), "", 0.1, None)),
        (["--fps", "60"], (None, None, (), "", 60.0, None)),
        (["--fps", "60.1"], "is not in the range"),
        (["--fps", "nan"], "not a finite number"),
        (["--smooth", "-3.5"], (None, None, (), "", None, -3.5)),
        (["--smooth", "inf"], "not a finite number"),
    ],
)  # fmt: skip
def test_what_commands_share_is_taken_within_bounds(words: list[str], told: object) -> None:
    done = CliRunner().invoke(command, words)
    if isinstance(told, str):
        assert told in done.output
        assert done.exit_code == 2
    else:
        assert done.output == f"{told}\n"


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("1", ""),
        ("0", "0 is not in the range x>=1."),
        (str(2**53), ""),
        (str(2**53 + 1), "too large a number"),
        ("9" * 400, "too large a number"),
        ("1.5", "'1.5' is not a valid integer range."),
    ],
)
def test_a_whole_number_is_one_that_a_float_can_be(number: str, says: str) -> None:
    if not says:
        assert options.Count(1).convert(number, None, None) == int(number)
        return
    with pytest.raises(click.BadParameter) as told:
        options.Count(1).convert(number, None, None)
    assert told.value.message == says


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("0.1", ""), ("60", ""), ("nan", "not a finite number"), ("inf", "not in the range"),
        ("0.09", "not in the range"), ("60.1", "not in the range"),
    ],
)  # fmt: skip
def test_a_number_of_a_range_is_finite_and_within_it(number: str, says: str) -> None:
    if not says:
        assert options.Number(0.1, 60).convert(number, None, None) == float(number)
        return
    with pytest.raises(click.BadParameter, match=says):
        options.Number(0.1, 60).convert(number, None, None)
