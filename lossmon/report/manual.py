"""The manual page and the completion of shells, made from the commands themselves.

`python -m lossmon.report.manual` writes them anew below `lossmon/share`; a wheel installs them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from lossmon import whole_file
from lossmon.usage import told
from lossmon.words import ENGLISH, Words, said, words

SHARE = Path(__file__).resolve().parents[1] / "share"
_FILES = {"bash": "lossmon.bash", "zsh": "_lossmon", "fish": "lossmon.fish"}


_WIDE = re.compile("[\u3001\u3002\u4e00-\u9fff\uff08-\uff1b](?=\\S)")


def completion_of(cli: click.Command, shell: str) -> str:
    """What a shell reads to complete `lossmon`; the answers come from the program itself."""
    kind = get_completion_class(shell)
    assert kind is not None
    # Of bash click asks the version first, which needs bash at hand; the text is the same.
    made = kind(cli, {}, "lossmon", "_LOSSMON_COMPLETE")
    return str(made.source_template % made.source_vars()).lstrip("\n")


def page(cli: click.Group, tongue: Words = ENGLISH) -> str:
    """The manual page in the language of man(7)."""
    tell = tongue.fixed
    lines = [
        ".TH LOSSMON 1",
        *([".ad l"] if tongue.table else []),  # Chinese has no blanks to stretch
        f".SH {tongue('NAME')}",
        f"lossmon \\- {tongue('loss curves and diagnosis of model trainings in the terminal')}",
        f".SH {tongue('SYNOPSIS')}",
        ".B lossmon",
        "[COMMAND] [OPTION]... [TARGET]...",
        f".SH {tongue('DESCRIPTION')}",
        *_paragraphs(tell(cleandoc(cli.help or ""))),
        f".SH {tongue('COMMANDS')}",
    ]
    for name, command in sorted(cli.commands.items()):
        if not command.hidden:
            lines += [
                ".SS " + _plain(f"lossmon {name}"),
                *_paragraphs(tell(cleandoc(command.help or ""))),
            ]
            lines += _options(command, tongue)
    lines += [f".SH {tongue('ENVIRONMENT')}"]
    for name, meaning in _ENVIRONMENT:
        lines += [".TP", f".B {name}", _plain(tongue.say(meaning))]
    lines += [f".SH {tongue('EXIT STATUS')}", _plain(tongue.say(_STATUS))]
    return "\n".join(lines) + "\n"


_ENVIRONMENT = (
    (
        "LOSSMON_CONFIG",
        said("the file of settings, in place of the usual one (see lossmon config)"),
    ),
    ("NO_COLOR", said("draw without colours where it is set")),
    ("COLUMNS", said("width of tables and pictures, where it is no terminal's")),
)
_STATUS = said(
    "0 fine; 1 a finding at or above --fail-on; 2 wrong usage or nothing to read; 3 of watch "
    "--until finished: a run is silent, and its log does not say that it finished; "
    "70 an error of lossmon itself."
)


def _options(command: click.Command, tongue: Words) -> Iterator[str]:
    context = click.Context(command)
    for parameter in command.params:
        record = parameter.get_help_record(context)
        if record is not None:
            yield from (".TP", f".B {_plain(record[0])}", _plain(told(record[1], tongue)))


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        listed = paragraph.lstrip().startswith("\b")
        rows = [row.strip() for row in paragraph.replace("\b", "").splitlines() if row.strip()]
        yield ".PP"
        if listed:
            yield from (".nf", *map(_plain, rows), ".fi")
        else:
            yield _plain(" ".join(rows))


def _plain(text: str) -> str:
    """Text in which nothing is a request or an escape of man's."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...")
    text = _WIDE.sub("\\g<0>\\\\:", text)  # where a line may break: man knows of blanks alone
    return "\\&" + text if text.startswith((".", "'")) else text


def write(folder: Path = SHARE) -> None:
    """Write the manual page and the completions."""
    from lossmon.cli import cli

    texts = {"lossmon.1": page(cli), "lossmon.zh.1": page(cli, words("zh"))}
    texts |= {name: completion_of(cli, shell) for shell, name in _FILES.items()}
    for name, text in texts.items():
        whole_file.write(str(folder / name), text)


if __name__ == "__main__":
    write()
