"""Commands that tell of lossmon itself: patterns, settings, completion, the manual."""

from __future__ import annotations

import os

import click

from lossmon.options import ascii_option, columns, complain, lang_option, plain, words_here
from lossmon.text import escaped
from lossmon.usage import command
from lossmon.words import said


@command()
@click.argument("pattern", required=False)
@lang_option
@ascii_option
@click.option("-v", "--verbose", is_flag=True, help="With the limits, and where they come from.")
def explain(pattern: str | None, lang: str, ascii: bool, verbose: bool) -> None:
    """Explain the patterns: meaning, causes, remedies."""
    from lossmon.report.explain import explain as text

    click.echo(text(pattern, lang, columns(), ascii=plain(ascii), verbose=verbose))


@command("config")
@click.option("--default", is_flag=True, help="Print a file that documents every setting.")
@click.option("--create", is_flag=True, help="Write that file, where there is none yet.")
def config_command(default: bool, create: bool) -> None:
    """Say where the settings are, and whether they are right."""
    from lossmon import config

    where = config.path()
    if default:
        click.echo(config.default_text(words_here()), nl=False)
        return
    if create:
        config.create(words_here())
    elif not os.path.exists(where):
        complain(said("no file there yet; lossmon config --create writes one"))
    else:
        config.load()
    click.echo(escaped(where))


@command()
@click.argument("shell", metavar="SHELL", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what makes TAB complete commands and options, to be read by your shell."""
    from lossmon.cli import cli
    from lossmon.report.manual import completion_of

    click.echo(completion_of(cli, shell), nl=False)


@command(hidden=True)
def manual() -> None:
    """Print the manual page: lossmon manual | man -l -."""
    from lossmon.cli import cli
    from lossmon.report.manual import page

    click.echo(page(cli), nl=False)
