"""Help and wrong usage of the command line in the user's language, wrapped by cells.

English stays as click writes it; every other language looks its texts up (see `lossmon.words`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from click.shell_completion import CompletionItem

from lossmon import settings
from lossmon.errors import LossmonError
from lossmon.options import CONTEXT, begins, columns, words_here
from lossmon.text import cell_width, pad, wrap
from lossmon.words import LANGUAGES, Said, Words, known, said

_WIDEST = 30  # cells of a first column
_EXTRA = re.compile(r"^(.*?)(?:\s+\[([^\[\]]*)\])?$", re.S)  # "Cells.  [default: 60; x>=4]"

# What click says of a value, as it says it: each with the words that it quotes.
_WRONG = (
    (r"(?P<value>.+) is not one of (?P<names>.+)\.", "{value} is not one of {names}"),
    (r"(?P<value>.+) is not a valid (?P<kind>.+)\.", "{value} is not a valid {kind}"),
    (r"(?P<value>.+) is not in the range (?P<range>.+)\.", "{value} is not in the range {range}"),
    (r"Option (?P<name>.+) requires an argument\.", "option {name} requires an argument"),
    (r"Got unexpected extra arguments? (?P<names>.+)", "unexpected arguments {names}"),
)


class Formatter(click.HelpFormatter):
    """Writes help in the language in use."""

    def __init__(self, *args: Any, **options: Any) -> None:
        if not args and options.get("width") is None:  # else click loads what tells it so much
            options["width"] = max(min(columns(), options.get("max_width") or 80) - 2, 50)
        super().__init__(*args, **options)
        self._words: Words = words_here()

    @property
    def told(self) -> bool:
        """Whether it is in another language than click's own."""
        return bool(self._words.table)

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The first line."""
        if self.told and prefix is None:
            prefix = f"{self._words('Usage:')} "
        super().write_usage(prog, args, prefix)

    def write_heading(self, heading: str) -> None:
        """The title of a list."""
        super().write_heading(self._words.fixed(heading))

    def write_text(self, text: str) -> None:
        """Paragraphs; what stands behind a backspace is a list of lines."""
        if not self.told:
            super().write_text(text)
            return
        indent = " " * self.current_indent
        paragraphs = re.split(r"\n\s*\n", self._words.fixed(text))
        for number, paragraph in enumerate(paragraphs):
            lines = paragraph.split("\n")
            if lines[0].strip() == "\b":
                lines = lines[1:]
            else:
                lines = wrap("".join(lines), max(20, self.width - self.current_indent))
            self.write("".join(f"{indent}{line}\n" for line in lines))
            if number < len(paragraphs) - 1:
                self.write("\n")

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = _WIDEST, col_spacing: int = 2
    ) -> None:
        """Two columns."""
        if not self.told:
            super().write_dl(rows, col_max, col_spacing)
            return
        rows = list(rows)
        left = min(col_max, max(cell_width(first) for first, _ in rows)) + col_spacing
        indent = " " * self.current_indent
        for first, second in rows:
            room = max(20, self.width - left - self.current_indent)
            lines = wrap(told(second, self._words), room)
            if cell_width(first) > left - col_spacing:
                self.write(f"{indent}{first}\n")
                first = ""
            self.write(f"{indent}{pad(first, left)}{lines[0]}".rstrip() + "\n")
            self.write("".join(f"{indent}{' ' * left}{line}\n" for line in lines[1:]))


def told(text: str, words: Words) -> str:
    """What click says of an option, with what it adds to it, in a language."""
    found = _EXTRA.match(text)
    assert found is not None
    about, extra = found[1].strip(), found[2]
    if text in words.table:
        about, extra = text, None
    if not extra:
        return words.fixed(about)
    parts = [_extra(part.strip(), words) for part in extra.split(";")]
    return f"{words.fixed(about)}  [{'; '.join(parts)}]".strip()


def _extra(part: str, words: Words) -> str:
    name, colon, value = part.partition(": ")
    if colon:  # a word by itself is what one types
        return f"{words.fixed(name)}: {value if value.isalpha() else words.fixed(value)}"
    return words.fixed(part)


class Context(click.Context):
    """A command's context, whose help is told in the language in use."""

    formatter_class = Formatter


class Command(click.Command):
    """A command whose help is told in the language in use."""

    context_class = Context


def command(
    name: str | None = None, *, hidden: bool = False
) -> Callable[[Callable[..., Any]], click.Command]:
    """Declare a command of the command line; `lossmon.cli` adds it to the others."""
    return click.command(name, Command, hidden=hidden, context_settings=CONTEXT)


@contextmanager
def _without_a_word() -> Iterator[None]:
    """An interrupt is told by who started the program: click writes an empty line for it.

    That closes the terminal's ^C; of `timeout 15 lossmon check box:runs` cron sent it as mail.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise click.exceptions.Abort from None


class Commands(click.Group):
    """A group whose default command opens the screen: `lossmon runs/a` needs no verb."""

    context_class = Context

    def make_context(self, *given: Any, **more: Any) -> click.Context:
        """What the arguments say."""
        with _without_a_word():
            return super().make_context(*given, **more)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with _without_a_word():
            return super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The commands, each with its first sentence."""
        rows = [
            (name, " ".join((command.help or "").split("\n\n")[0].split()))
            for name, command in sorted(self.commands.items())
            if not command.hidden
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the verb in where there is none; a word that is nearly one is no target."""
        own = {"--help", "-h", "--version"}
        args = self._verb_first(args)
        if ctx.resilient_parsing:  # a shell asks what may follow: a verb, or a target
            return super().parse_args(ctx, args)
        if not args or (args[0] not in self.commands and args[0] not in own):
            self._refuse_typo(_parted(args)[1])
            args = ["open", *args]
        return super().parse_args(ctx, args)

    def _verb_first(self, args: list[str]) -> list[str]:
        """The language may stand before the verb: `lossmon --lang zh check runs` checks runs."""
        before, rest = _parted(args)
        if not before or not rest:
            return args
        verb = self.commands.get(rest[0])
        lang = before[-1].rpartition("=")[2]
        if lang in LANGUAGES:
            settings.say(lang=lang)  # also of a verb that has no such option, and of a typo
        if verb is None:
            return rest if rest[0] in ("--help", "-h", "--version") else args
        takes = any("--lang" in option.opts for option in verb.params)
        return [rest[0], *(before if takes else ()), *rest[1:]]

    def _refuse_typo(self, args: list[str]) -> None:
        word = args[0] if args else ""
        if not word.isalpha() or os.path.exists(word):
            return
        import difflib

        visible = [name for name, command in self.commands.items() if not command.hidden]
        close = difflib.get_close_matches(word, visible, 1, cutoff=0.75)
        if close:
            raise LossmonError(
                said(
                    "{word}: no such file or command; did you mean lossmon {close}?",
                    word=word,
                    close=close[0],
                )
            )

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands, and files: a target needs no verb."""
        # Files first: click's script for bash forgets what came before them.
        found = [*super().shell_complete(ctx, incomplete), *begins(incomplete)]
        return [CompletionItem(incomplete, type="file"), *found]


def _parted(args: list[str]) -> tuple[list[str], list[str]]:
    """The language before the verb, and the rest."""
    at = 0
    while at < len(args) and args[at].partition("=")[0] == "--lang":
        at += 1 if "=" in args[at] else 2
    return args[:at], args[at:]


def show(error: click.ClickException) -> None:
    """Say on standard error what was wrong with the command line, and where help is."""
    words = words_here()
    if not words.table or not isinstance(error, click.UsageError):
        error.show()
        return
    context = error.ctx
    if context is not None:
        click.echo(context.get_usage(), err=True)
        command = f"{context.command_path} {context.help_option_names[-1]}"
        click.echo(words("Try '{command}' for help.", command=command), err=True)
        click.echo(err=True)
    click.echo(f"{words('Error')}: {words.say(_said_of(error))}", err=True)


def _said_of(error: click.UsageError) -> str:
    """What was wrong, as a text of ours where it is one of click's usual ones."""
    if isinstance(error, click.NoSuchOption):
        close = ", ".join(error.possibilities or ())
        if close:
            return said(
                "no such option: {name}; did you mean {close}?", name=error.option_name, close=close
            )
        return said("no such option: {name}", name=error.option_name)
    if isinstance(error, click.MissingParameter):
        name = error.param.get_error_hint(error.ctx) if error.param is not None else ""
        return said("missing: {name}", name=name)
    told = _matched(error.message)
    if isinstance(error, click.BadParameter) and error.param is not None and error.ctx is not None:
        return said(
            "invalid value for {name}: {what}",
            name=error.param.get_error_hint(error.ctx),
            what=told,
        )
    return told


def _matched(message: str) -> str:
    for expression, template in _WRONG:
        found = re.fullmatch(expression, message, re.S)
        if found is not None:
            values = found.groupdict()
            return Said(template, values | {"kind": known(values.get("kind", ""))})
    return Said(message.replace("{", "{{").replace("}", "}}"), {})
