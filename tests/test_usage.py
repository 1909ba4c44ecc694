"""Help and wrong usage: as click writes them in English, in the same order in Chinese."""

from __future__ import annotations

import contextlib
import io
import warnings

import click
import pytest

from lossmon import settings
from lossmon.errors import LossmonError
from lossmon.usage import Command, Commands, Context, Formatter, show, told
from lossmon.words import Words

WORDS = Words("zh", {
    "Cells.": "格数。", "default": "默认", "60": "六十", "required": "必填", "Odd  [1]": "怪",
})  # fmt: skip


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Cells.", "格数。"),
        ("Cells.  [default: 60]", "格数。  [默认: 六十]"),
        ("Cells.  [default: plain]", "格数。  [默认: plain]"),  # a word is what one types
        ("Cells.  [default: 60; required]", "格数。  [默认: 六十; 必填]"),
        ("Cells. [required]", "格数。  [必填]"),
        ("Odd  [1]", "怪"),  # the brackets are part of our own sentence
        ("Unknown.  [x>=4]", "Unknown.  [x>=4]"),
    ],
)
def test_what_click_adds_to_an_option_is_told_too(text: str, shown: str) -> None:
    assert told(text, WORDS) == shown


@click.group(cls=Commands)
def cli() -> None:
    """Watch."""


@click.command("check", Command)
@click.argument("targets", nargs=-1)
@click.option("--width", type=click.IntRange(4, 500), default=60, show_default=True, help="Cells.")
@click.option("--a-name-too-long-for-its-column", "x", type=click.Choice(["a", "b"]), help="X.")
def check(targets: tuple[str, ...], width: int, x: str) -> None:
    """Triage once: what is wrong with each run, and what to do."""
    click.echo(f"check {targets} {width}")


@click.command("open", Command, hidden=True)
@click.argument("targets", nargs=-1)
@click.option("--must", is_flag=True)
def open_(targets: tuple[str, ...], must: bool) -> None:
    """Open."""
    click.echo(f"open {targets}")


cli.add_command(check)
cli.add_command(open_)


def call(*args: str, lang: str = "en") -> str:
    """What a command line prints, or what is said of its error."""
    settings.say(lang=lang)
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            cli.main(list(args), prog_name="lossmon", standalone_mode=False)
        except click.ClickException as error:
            show(error)
        except LossmonError as error:
            out.write(f"{error}\n")
    return out.getvalue()


@pytest.mark.parametrize(
    ("args", "done"),
    [
        ((), "open ()"),
        (("runs/a", "b"), "open ('runs/a', 'b')"),
        (("check", "a"), "check ('a',) 60"),
        (("a.log", "check"), "open ('a.log', 'check')"),
        (("chekc",), "chekc: no such file or command; did you mean lossmon check?"),
        (("--lang", "en", "chekc"), "chekc: no such file or command; did you mean lossmon check?"),
        (("opne",), "open ('opne',)"),  # nobody types a command that help does not show
        (("che/k",), "open ('che/k',)"),
        (("chek7",), "open ('chek7',)"),
        (("zzz",), "open ('zzz',)"),
    ],
)
def test_without_a_verb_the_screen_is_opened_unless_one_was_nearly_typed(
    args: tuple[str, ...], done: str
) -> None:
    assert call(*args) == f"{done}\n"


def test_a_file_that_is_called_nearly_as_a_command_is_a_target(
    tmp_path: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # type: ignore[arg-type]
    with open("chekc", "w"):
        pass
    assert call("chekc") == "open ('chekc',)\n"


@pytest.mark.parametrize("word", ["", "che"])
def test_a_shell_is_offered_verbs_and_files(word: str) -> None:
    found = cli.shell_complete(Context(cli, info_name="lossmon"), word)
    assert (found[0].value, found[0].type) == (word, "file")
    assert [one.value for one in found[1:]] == ["check"]  # and not what is hidden
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of click's own names
        context = cli.make_context("lossmon", ["a.log"], resilient_parsing=True)
        assert context.protected_args == ["a.log"]  # no verb is put in meanwhile


@pytest.mark.parametrize(
    ("args", "english", "chinese"),
    [
        (("check", "--width", "3"), "Invalid value for '--width': 3 is not in the range 4<=x<=500.",
         "'--width' 的值不对：3 不在范围 4<=x<=500 内"),
        (("check", "--width", "x"), "Invalid value for '--width': 'x' is not a valid integer range.",
         "'--width' 的值不对："),
        (("check", "--widht", "3"), "No such option '--widht'. Did you mean '--width'?",
         "没有选项 --widht；是不是 --width？"),
        (("check", "--zzz"), "No such option '--zzz'.", "没有选项 --zzz"),
    ],
)  # fmt: skip
def test_wrong_usage_is_told_with_where_help_is(
    args: tuple[str, ...], english: str, chinese: str
) -> None:
    first, second, *_ = lines = call(*args).splitlines()
    assert first == "Usage: lossmon check [OPTIONS] [TARGETS]..."
    assert second == "Try 'lossmon check --help' for help."
    assert lines[-1].replace(": --", " '--").startswith("Error: ")
    zh = call(*args, lang="zh").splitlines()
    assert len(zh) == len(lines) == 4
    assert "lossmon check --help" in zh[1]
    assert chinese in zh[-1]


def test_an_option_without_its_value_is_told() -> None:
    assert call("check", "--width") == "Error: Option '--width' requires an argument.\n"
    assert call("check", "--width", lang="zh") == "错误: 选项 '--width' 需要一个参数\n"


@pytest.mark.parametrize(
    ("error", "english", "chinese"),
    [
        (click.FileError("a", "gone"), "Error: Could not open file 'a': gone\n", "gone"),
        (click.NoSuchOption("--zzz"), "Error: No such option '--zzz'.\n", "错误: 没有选项 --zzz\n"),
        (click.BadParameter("odd"), "Error: Invalid value: odd\n", "错误: odd\n"),
        (click.UsageError("{odd}"), "Error: {odd}\n", "错误: {odd}\n"),
        (click.MissingParameter(param=click.Argument(["name"])), "Error: Missing argument 'NAME'.\n",
         "错误: 缺少 "),
    ],
)  # fmt: skip
def test_an_error_without_its_command_line_is_told(
    error: click.ClickException, english: str, chinese: str
) -> None:
    for lang, words in (("en", english), ("zh", chinese)):
        settings.say(lang=lang)
        out = io.StringIO()
        with contextlib.redirect_stderr(out):
            show(error)
        assert words in out.getvalue() if lang == "zh" else out.getvalue() == words


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_help_shows_commands_with_their_first_sentence_and_options_in_two_columns(
    lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    whole = call("--help", lang=lang)
    assert "check" in whole
    assert "open" not in whole
    lines = call("check", "--help", lang=lang).splitlines()
    named = next(i for i, line in enumerate(lines) if "--a-name-too-long" in line)
    assert "[a|b]" in lines[named]
    assert lines[named + 1].strip().startswith("X.")  # below, as it has no room beside
    (width,) = [line for line in lines if "--width" in line]
    assert "60" in "".join(lines[lines.index(width) : named])
    assert all(len(line) < 60 for line in lines)


@pytest.mark.parametrize(
    ("columns", "most", "width"), [("40", None, 50), ("70", None, 68), ("200", None, 78),
                                   ("200", 120, 118)],
)  # fmt: skip
def test_help_is_as_wide_as_the_terminal_within_reason(
    columns: str, most: int | None, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert Formatter(width=None, max_width=most).width == width
    assert Formatter(width=33).width == 33


def test_a_paragraph_of_help_is_filled_and_a_list_behind_a_backspace_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.say(lang="zh")
    page = Formatter(width=24)
    with page.indentation():
        page.write_text("one two three four five\n\n\b\na   b\nc   d")
    assert page.getvalue() == "  one two three four\n  five\n\n  a   b\n  c   d\n"
