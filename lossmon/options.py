"""What commands share: options, what the terminal at hand can show."""

from __future__ import annotations

import gc
import math
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

import click
from click.shell_completion import CompletionItem

from lossmon import settings
from lossmon.errors import LossmonError, messages_of
from lossmon.where import VARIABLE, settings_file
from lossmon.words import LANGUAGES, Words, said, words

MOST_COLUMNS = 1000  # of what is printed
_MOST_WORDS = 50  # that a shell offers
_MOST_COUNT = 1 << 53  # up to which each whole number is a float, too
Command = Callable[..., Any]
CONTEXT = {"help_option_names": ["-h", "--help"]}
LEVELS = ("info", "warning", "critical", "never")  # of what a command fails on


def _speak(_: click.Context, __: click.Parameter, lang: str) -> str:
    settings.say(lang=lang)
    return lang


class _Target(click.Path):
    """A file, a folder, a pattern, a box, or what a scheme stands for; who reads it judges it."""

    def __init__(self) -> None:
        super().__init__(readable=False)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Files, and how other targets may begin; see `begins`."""
        return [*super().shell_complete(ctx, param, incomplete), *begins(incomplete)]


class _Finite(click.types.FloatParamType):
    """A number that is one: what click takes for a float may be NaN, which no range leaves out."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number; `plot --smooth nan` drew a chart without a curve."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            raise click.BadParameter(said("not a finite number"), ctx, param)
        return number


class Number(_Finite, click.FloatRange):
    """A finite number within a range."""


NUMBER = _Finite()


class Count(click.IntRange):
    """A whole number that numbers can be computed with: one of 400 digits ended each diagnosis."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number."""
        number: int = super().convert(value, param, ctx)
        if abs(number) > _MOST_COUNT:
            raise click.BadParameter(said("too large a number"), ctx, param)
        return number


def begins(incomplete: str) -> list[CompletionItem]:
    """Prefixes of schemes and hosts of the ssh configuration that a word may become."""
    from lossmon.logs import schemes
    from lossmon.logs.ssh_hosts import known_hosts

    if not incomplete or "/" in incomplete or incomplete.startswith((".", "~", "-")):
        return []
    found = [prefix for scheme in schemes.built() for prefix in scheme.prefixes]
    found += [f"{host.name}:" for host in known_hosts(settings.current().ssh_config)]
    words = [word for word in dict.fromkeys(found) if word.startswith(incomplete)]
    return [CompletionItem(word) for word in words[:_MOST_WORDS] if word != incomplete]


targets_argument = click.argument("targets", nargs=-1, metavar="[TARGET]...", type=_Target())
lang_option = click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    default=lambda: default_lang(),
    show_default="config.toml, else LANG",
    is_eager=True,  # before --help, which is told in it
    callback=_speak,
    help="Language of all that is said.",
)
ascii_option = click.option("--ascii", is_flag=True, help="Draw with ASCII signs only.")


def _all(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Several options as one decorator."""

    def decorate(command: Command) -> Command:
        for option in options:
            command = option(command)
        return command

    return decorate


def _use_ssh(_: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value:
        from lossmon.logs import hosts

        if parameter.name == "ssh_config":
            hosts.use_config(value)
        else:
            hosts.use_options(value)


def _debug(_: click.Context, __: click.Parameter, value: str | None) -> None:
    if value is not None:
        from lossmon import debug

        debug.to_file(value)


# Of every command that reads, here or from other boxes.
ssh_options = _all(
    click.option(
        "--debug",
        metavar="FILE",
        expose_value=False,
        callback=_debug,
        help="Write down what happens (links, faults), for a report.",
    ),
    click.option(
        "--ssh-option",
        multiple=True,
        metavar="NAME=VALUE",
        expose_value=False,
        callback=_use_ssh,
        help="Passed to ssh as -o (repeatable).",
    ),
    click.option(
        "-F",
        "ssh_config",
        metavar="FILE",
        expose_value=False,
        callback=_use_ssh,
        help="Configuration file for ssh.",
    ),
)


def _say(_: click.Context, parameter: click.Parameter, value: int | None) -> None:
    if value is not None:
        settings.say(**{str(parameter.name): value})


# What the user may say that no log does: of every command that gives a verdict.
told_options = _all(
    click.option(
        "--classes",
        type=Count(2),
        metavar="C",
        expose_value=False,
        callback=_say,
        help="Number of classes: a loss that stays at ln C is guessing.",
    ),
    click.option(
        "--total-steps",
        type=Count(1),
        metavar="N",
        expose_value=False,
        callback=_say,
        help="Planned length, where the log does not say it.",
    ),
)
fps_option = click.option(
    "--fps",
    type=Number(0.1, 60),
    metavar="N",
    default=None,
    show_default="5, or that of config.toml",
    help="Redraws a second at most; fewer spare a thin link.",
)


def need_terminal(command: str) -> None:
    """Refuse to draw where there is no terminal.

    Raises:
        LossmonError: it says what works instead.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise LossmonError(
            said(
                "{command} draws on a terminal and there is none; use `lossmon check` or "
                "`lossmon plot` in scripts, `lossmon -` behind a pipe",
                command=command,
            )
        )


def tell_what_failed(errors: Iterable[LossmonError]) -> None:
    """Say what could not be read, and which formats of other packages cannot be imported."""
    tell_broken_plug_ins()
    for error in errors:
        for message in messages_of(error):
            complain(message)


def tell_broken_plug_ins(say: Callable[[str], None] | None = None) -> None:
    """Say which formats of other packages cannot be imported, a line each."""
    from lossmon.formats.detect import broken_plug_ins

    for line in broken_plug_ins():
        (say or complain)(line)


def asking() -> Callable[[str], None] | None:
    """How to speak to the person at the terminal; None where there is none."""
    return complain if sys.stdin.isatty() and sys.stderr.isatty() else None


def complain(message: str) -> None:
    """Say one line on standard error, in the language in use."""
    from lossmon.text import printable

    click.echo(f"lossmon: {printable(words_here().say(message))}", err=True)


def words_here() -> Words:
    """The words of the language in use: the one that was asked for, else the usual one."""
    lang = settings.current().lang
    if not lang:
        try:
            lang = default_lang()
        except LossmonError:  # the file of settings is the trouble, and will be told
            lang = _of_locale()
    return words(lang)


def columns() -> int:
    """COLUMNS, else the terminal's width, else 100; no more than anything is drawn on."""
    # As `shutil` does it, which brings three kinds of packing along: --help has 60 ms.
    told = os.environ.get("COLUMNS", "")
    if told.isascii() and told.isdigit() and int(told[:9]) > 0:
        return min(int(told[:9]), MOST_COLUMNS)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 100  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):
        return 100


def plain(ascii: bool) -> bool:
    """ASCII when asked for, or when the locale cannot show anything else."""
    from lossmon import config

    return ascii or not _unicode() or config.load().screen.ascii


def _unicode() -> bool:
    """Whether the locale can show more than ASCII.

    Python writes UTF-8 in the C locale too, and sets LC_CTYPE to C.UTF-8 there (PEP 538); the
    terminal need not show it. Where nothing is set at all, as in many containers, it mostly does.
    """
    told = os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG", "")
    if told == "C.UTF-8" and not os.environ.get("LC_ALL"):
        told = os.environ.get("LANG", "")
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    return told not in ("C", "POSIX") and encoding.startswith(("utf", "cp65001"))


def default_lang() -> str:
    """What config.toml says, else what the locale says."""
    if not os.environ.get(VARIABLE) and not os.path.exists(settings_file()):
        return _of_locale()  # what reads settings is not loaded where there are none
    from lossmon import config

    told = config.load().screen.language
    return told if told != "auto" else _of_locale()


def _of_locale() -> str:
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG", "")
    return "zh" if locale.lower().startswith("zh") else "en"


def collect_seldom() -> None:
    """Let Python look for circles of objects less often: a command that ends soon makes few.

    Over 10,000 runs it went through all of them, again and again, for an eighth of the time.
    """
    gc.set_threshold(20_000, 20, 20)


def one_thread() -> None:
    """Import numpy without the threads that its OpenBLAS would start and keep busy, one a core.

    Nothing here multiplies matrices. A command that a user has us run may: it is told nothing.
    """
    variable = "OPENBLAS_NUM_THREADS"
    if variable in os.environ:
        return
    os.environ[variable] = "1"
    try:
        import numpy  # noqa: F401
    finally:
        del os.environ[variable]
