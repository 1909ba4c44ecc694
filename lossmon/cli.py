"""The command line: thin, and nothing heavy is imported before it is needed."""

from __future__ import annotations

import math
import os
import sys
import time
from typing import Any

import click

from lossmon import __version__, settings
from lossmon.errors import LossmonError, message_of
from lossmon.exits import status_of
from lossmon.options import (
    ascii_option,
    asking,
    columns,
    complain,
    fps_option,
    lang_option,
    need_terminal,
    one_thread,
    plain,
    ssh_options,
    targets_argument,
    tell_broken_plug_ins,
    told_options,
    words_here,
)
from lossmon.text import escaped
from lossmon.usage import Commands
from lossmon.words import said

LEVELS = ("info", "warning", "critical", "never")
_CONTEXT = {"help_option_names": ["-h", "--help"]}


def main() -> None:
    """The console script."""
    sys.exit(status_of(lambda: cli.main(prog_name="lossmon", standalone_mode=False)))


@click.group(cls=Commands, context_settings=_CONTEXT)
@click.version_option(__version__, prog_name="lossmon")
def cli() -> None:
    """Watch training logs: loss curves, and what is going wrong, why, and what to do.

    \b
    lossmon [TARGET]...    open the screen (default: the current folder)
    lossmon open --help    its options

    A TARGET is a log file, a folder, a glob, any of them on another box, or - for a pipe:

    \b
    lossmon runs/sft/trainer_log.jsonl
    lossmon gpu1:runs me@gpu2:'~/exp/*/log.jsonl'
    lossmon slurm: login1:slurm:4242
    python train.py 2>&1 | lossmon -
    """  # noqa: D301 - click reads the character \b


@cli.command("open", hidden=True, context_settings=_CONTEXT)
@targets_argument
@ssh_options
@told_options
@click.option("--tee", metavar="FILE", default="", help="Keep what comes through a pipe in a file.")
@click.option("--session", "name", metavar="NAME", default="", help="Remember the screen by name.")
@fps_option
@lang_option
@ascii_option
def open_command(
    targets: tuple[str, ...], tee: str, name: str, fps: float | None, lang: str, ascii: bool
) -> None:
    """Open the screen on log files, folders, globs, or - for a pipe."""
    if tee and "-" not in targets:
        raise click.UsageError(said("--tee keeps what comes through a pipe; name - as a target"))
    settings.say(tee=tee)
    _open(targets, lang, ascii, fps, name)


@cli.command(context_settings=_CONTEXT)
@targets_argument
@ssh_options
@told_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object a run, one a line.")
@click.option(
    "--fail-on",
    type=click.Choice(LEVELS),
    default="never",
    show_default=True,
    help="Exit with status 1 when a finding is at this level or above.",
)
@click.option("--jobs", type=click.IntRange(1), default=None, help="Processes that read logs.")
@click.option("--columns", "shown", metavar="NAMES", default="", help="Settings: lr,batch_size.")
@click.option("-v", "--verbose", is_flag=True, help="Also say how each log was read.")
@lang_option
@ascii_option
def check(
    targets: tuple[str, ...],
    as_json: bool,
    fail_on: str,
    jobs: int | None,
    shown: str,
    verbose: bool,
    lang: str,
    ascii: bool,
) -> None:
    """Triage once: what is wrong with each run, and what to do."""
    one_thread()
    from lossmon.diagnosis.finding import SEVERITIES
    from lossmon.diagnosis.knowledge import load
    from lossmon.report import check as report
    from lossmon.report.gather import gather
    from lossmon.report.machine import look_at_machine
    from lossmon.report.sweep import sweep_line

    updates, errors, refused = gather(targets or (".",), jobs, asking())
    updates = look_at_machine(updates, time.time())
    knowledge = load(lang)
    if updates and as_json:
        click.echo(report.as_json(updates, knowledge))
    elif updates:
        names = [name.strip() for name in shown.split(",") if name.strip()]
        table = report.as_table(updates, knowledge, columns(), ascii=plain(ascii), columns=names)
        click.echo(table)
        going_with = sweep_line(updates)
        if going_with:
            click.echo(knowledge.say(going_with))
    if verbose:
        from lossmon.report.reading import as_text

        # Beside JSON, which is data, this is narration.
        click.echo(("" if as_json else "\n") + as_text(updates, refused, lang), err=as_json)
    tell_broken_plug_ins()
    for error in errors:
        complain(message_of(error))
    worst = report.worst(updates)
    if errors:
        sys.exit(2)
    if worst and fail_on != "never" and SEVERITIES.index(worst) >= LEVELS.index(fail_on):
        sys.exit(1)


@cli.command(context_settings=_CONTEXT)
@targets_argument
@ssh_options
@told_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object an event, one a line.")
@click.option(
    "--exec",
    "command",
    metavar="CMD",
    help="Run a command at each finding that starts: no shell; {run}, {pattern} and others stand "
    "for values, which are in LOSSMON_RUN, LOSSMON_PATTERN, ... as well.",
)
@click.option(
    "--exec-timeout", type=click.FloatRange(0.1), default=60, show_default=True, help="Seconds."
)
@click.option(
    "--notify",
    "services",
    multiple=True,
    metavar="URL",
    help="Tell a service when a warning starts (repeatable): ntfy://topic, slack://..., "
    "feishu://..., mailto://..., env:NAME, file:PATH. Needs lossmon[notify].",
)
@click.option(
    "--level",
    type=click.Choice(LEVELS[:3]),
    default="info",
    show_default=True,
    help="The mildest finding to tell.",
)
@click.option("--pattern", "patterns", multiple=True, metavar="PATTERN", help="Only this one.")
@click.option(
    "--until",
    type=click.Choice(["finished"]),
    default=None,
    help="Watch until every run has finished or failed.",
)
@click.option(
    "--fail-on",
    type=click.Choice(LEVELS),
    default="never",
    show_default=True,
    help="Exit with status 1 when at the end a finding is at this level or above.",
)
@lang_option
def watch(targets: tuple[str, ...], **options: Any) -> None:
    """Tell without a screen when a finding starts or ends, one a line."""
    one_thread()
    from lossmon.report.headless import watch as run

    tell_broken_plug_ins()
    sys.exit(run(targets or (".",), complain, **options))


@cli.command(context_settings=_CONTEXT)
@targets_argument
@ssh_options
@click.option("--width", type=click.IntRange(4, 500), default=60, show_default=True, help="Cells.")
@click.option(
    "--style",
    type=click.Choice(["auto", "plain", "tmux", "ansi"]),
    default="auto",
    show_default=True,
    help="tmux doubles # and colours by #[...]; auto knows where it runs.",
)
@click.option(
    "--max-age",
    type=click.FloatRange(0),
    default=30,
    show_default=True,
    help="Seconds up to which what was read before is good enough while the new is read.",
)
@click.option("--follow", is_flag=True, help="Stay, and print the line each time it changes.")
@click.option("--refresh", is_flag=True, hidden=True)  # read and remember; what the background does
@lang_option
@ascii_option
def status(
    targets: tuple[str, ...],
    width: int,
    style: str,
    max_age: float,
    follow: bool,
    refresh: bool,
    lang: str,
    ascii: bool,
) -> None:
    """Say in one line how runs stand: for tmux's status bar and shell prompts."""
    from lossmon.report import status as report
    from lossmon.report import status_now

    if refresh:
        status_now.refresh(targets, lang)
        return
    look: Any = {"width": width, "style": report.style_of(style), "ascii": plain(ascii)}
    if follow:
        from lossmon.diagnosis.knowledge import load
        from lossmon.report.status_read import follow as stay

        stay(targets or (".",), sys.stdout, load(lang), **look)
        return
    memory, note = status_now.now(targets or (".",), lang, max_age)
    click.echo(report.line(memory.runs, note=note, words=words_here(), **look))


@cli.command(context_settings=_CONTEXT)
@targets_argument
@ssh_options
@told_options
@click.option("--width", type=click.IntRange(20, 1000), default=None, help="Columns.")
@click.option("--height", type=click.IntRange(5, 500), default=24, show_default=True, help="Rows.")
@click.option("--log-y", is_flag=True, help="Logarithmic y axis.")
@click.option("--log-x", is_flag=True, help="Logarithmic x axis.")
@click.option(
    "--x",
    "x_axis",
    type=click.Choice(["step", "epoch", "time", "clock", "tokens"]),
    default="step",
    help="X axis.",
)
@click.option("--from", "start", type=float, help="Where on the x axis it begins.")
@click.option("--to", "end", type=float, help="Where on the x axis it ends.")
@click.option("--full-range", "whole_y", is_flag=True, help="A y range that also holds spikes.")
@click.option("--together", is_flag=True, help="All runs on one chart.")
@click.option("--metric", "metrics", multiple=True, metavar="NAME", help="Not the loss but this.")
@click.option(
    "--strip",
    type=click.Choice(["gap", "lr", "grad norm", "throughput", "GPU", "off"]),
    default="off",
    show_default=True,
    help="A strip below the curve.",
)
@click.option(
    "--smooth", type=click.FloatRange(0, 0.999), default=0.6, show_default=True, help="EMA weight."
)
@lang_option
@ascii_option
def plot(
    targets: tuple[str, ...],
    width: int | None,
    height: int,
    together: bool,
    lang: str,
    ascii: bool,
    **look: Any,
) -> None:
    """Draw one picture of each run on standard output."""
    one_thread()
    from lossmon.diagnosis.knowledge import load
    from lossmon.report.gather import gather
    from lossmon.report.plot import render

    updates, errors, _ = gather(targets or (".",), 1, asking())
    color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    groups = [updates] if together and updates else [[update] for update in updates]
    for group in groups:
        try:
            picture = render(
                group,
                width or columns(),
                height,
                color=color,
                ascii=plain(ascii),
                knowledge=load(lang),
                **look,
            )
        except LossmonError as lacking:
            errors.append(lacking)  # this run lacks what was asked for; the others are drawn
        else:
            click.echo(picture)
    tell_broken_plug_ins()
    for error in errors:
        complain(message_of(error))
    if errors:
        sys.exit(2)


@cli.command(context_settings=_CONTEXT)
@targets_argument
@ssh_options
@click.option(
    "-o", "--output", metavar="FILE", help="Write .csv, .jsonl or .parquet [default: CSV on stdout]"
)
def export(targets: tuple[str, ...], output: str | None) -> None:
    """Hand on everything that was read: run, metric, step, epoch, time, value, stage."""
    one_thread()
    from lossmon.report import export as report
    from lossmon.report.gather import gather

    if output:
        report.check_output(output)
    updates, errors, _ = gather(targets or (".",), None, asking())
    if updates and output:
        count = report.write(updates, output)
        words = said(
            "{points:,} points of {runs} {runs:run|runs} in {file}",
            points=count,
            runs=len(updates),
            file=output,
        )
        click.echo(escaped(words_here().say(words)), err=True)
    elif updates:
        report.write_csv(updates, sys.stdout)
    tell_broken_plug_ins()
    for error in errors:
        complain(message_of(error))
    if errors:
        sys.exit(2)


@cli.command(context_settings=_CONTEXT)
@targets_argument
@ssh_options
@told_options
@click.option("-o", "--output", metavar="FILE", required=True, help="Write .md or .html.")
@lang_option
def report(targets: tuple[str, ...], output: str, lang: str) -> None:
    """Write one run on a page, for an issue or a chat: verdict, evidence, chart, timeline."""
    one_thread()
    from lossmon.diagnosis.knowledge import load
    from lossmon.errors import TargetError
    from lossmon.report import document
    from lossmon.report.gather import gather

    document.check_output(output)
    updates, errors, _ = gather(targets or (".",), 1, asking())
    tell_broken_plug_ins()
    for error in errors:
        complain(message_of(error))
    if len(updates) > 1:
        names = ", ".join(update.run for update in updates[:3]) + ", ..." * (len(updates) > 3)
        raise TargetError(
            said(
                "a report is of one run, and these are {updates}: {names}",
                updates=len(updates),
                names=names,
            )
        )
    if updates:
        document.write(updates[0], load(lang), output, time.time())
        words = said("{run} in {file}", run=updates[0].run, file=output)
        click.echo(escaped(words_here().say(words)), err=True)
    if errors or not updates:
        sys.exit(2)


@cli.command(context_settings=_CONTEXT)
@click.argument("pattern", required=False)
@lang_option
@ascii_option
@click.option("-v", "--verbose", is_flag=True, help="With the limits, and where they come from.")
def explain(pattern: str | None, lang: str, ascii: bool, verbose: bool) -> None:
    """Explain the patterns: meaning, causes, remedies."""
    from lossmon.report.explain import explain as text

    click.echo(text(pattern, lang, columns(), ascii=plain(ascii), verbose=verbose))


@cli.command(context_settings=_CONTEXT)
@click.option("--list", "listing", is_flag=True, help="List the trainings and stop.")
@click.option("--only", multiple=True, metavar="PATTERN", help="Only this one (repeatable).")
@click.option("--fast", is_flag=True, help="Train as fast as the machine can.")
@fps_option
@lang_option
@ascii_option
def demo(
    listing: bool, only: tuple[str, ...], fast: bool, fps: float | None, lang: str, ascii: bool
) -> None:
    """Watch real tiny trainings that go wrong, live; nothing is left behind."""
    from lossmon.demo import patterns, stage

    if listing:
        for name, meaning in patterns():
            click.echo(f"{name:22} {meaning}")
        return
    need_terminal("lossmon demo")
    with stage(only, fast) as folder:
        _open((str(folder),), lang, ascii, fps, None)


def _speed(_: click.Context, __: click.Parameter, value: str) -> float | None:
    try:
        speed = float(value.rstrip("xX")) if value else None
    except ValueError:
        speed = math.nan
    if speed is not None and not 0 < speed <= 1e6:
        raise click.BadParameter(said("write how many times as fast, such as 60x"))
    return speed


@cli.command(context_settings=_CONTEXT)
@targets_argument
@told_options
@click.option(
    "--speed",
    metavar="N",
    default="",
    callback=_speed,
    show_default="all in a minute",
    help="How many times as fast as it came: 60x.",
)
@click.option(
    "--from", "start", type=click.IntRange(0), metavar="STEP", help="The step where it begins."
)
@fps_option
@lang_option
@ascii_option
def replay(
    targets: tuple[str, ...],
    speed: float | None,
    start: int | None,
    fps: float | None,
    lang: str,
    ascii: bool,
) -> None:
    """See logs come again: what would it have said, and when?"""
    need_terminal("lossmon replay")
    one_thread()
    from lossmon.tui.start import play

    tell_broken_plug_ins()
    sys.exit(play(targets or (".",), lang, plain(ascii), fps, complain, speed, start))


@cli.command("config", context_settings=_CONTEXT)
@click.option("--default", is_flag=True, help="Print a file that documents every setting.")
@click.option("--create", is_flag=True, help="Write that file, where there is none yet.")
def config_command(default: bool, create: bool) -> None:
    """Say where the settings are, and whether they are right."""
    from lossmon import config

    where = config.path()
    if default:
        click.echo(config.default_text(), nl=False)
        return
    if create:
        config.create()
    elif not os.path.exists(where):
        complain(said("no file there yet; lossmon config --create writes one"))
    else:
        config.load()
    click.echo(escaped(where))


@cli.command(context_settings=_CONTEXT)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what makes TAB complete commands and options, to be read by your shell."""
    from lossmon.report.manual import completion_of

    click.echo(completion_of(cli, shell), nl=False)


@cli.command(context_settings=_CONTEXT, hidden=True)
def manual() -> None:
    """Print the manual page: lossmon manual | man -l -."""
    from lossmon.report.manual import page

    click.echo(page(cli), nl=False)


def _open(
    targets: tuple[str, ...], lang: str, ascii: bool, fps: float | None, session: str | None
) -> None:
    if "-" not in targets:
        need_terminal("lossmon")
    one_thread()
    from lossmon.tui.start import open_screen

    tell_broken_plug_ins()
    sys.exit(open_screen(targets, lang, plain(ascii), fps, complain, session))
