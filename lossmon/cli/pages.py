"""Commands that hand on what was read: a picture, the points, a page."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import click

from lossmon.chart.strips import NAMES
from lossmon.cli.fleets import export_folder, fleet_options
from lossmon.errors import LossmonError
from lossmon.options import (
    NUMBER,
    Count,
    Number,
    ascii_option,
    asking,
    columns,
    complain,
    lang_option,
    one_thread,
    plain,
    ssh_options,
    targets_argument,
    tell_what_failed,
    told_options,
    words_here,
)
from lossmon.text import escaped
from lossmon.usage import command
from lossmon.words import said


@command()
@targets_argument
@ssh_options
@told_options
@click.option("--width", type=Count(20, 1000), metavar="N", default=None, help="Columns.")
@click.option(
    "--height",
    type=Count(5, 500),
    metavar="N",
    default=24,
    show_default=True,
    help="Rows.",
)
@click.option("--log-y", is_flag=True, help="Logarithmic y axis.")
@click.option("--log-x", is_flag=True, help="Logarithmic x axis.")
@click.option(
    "--x",
    "x_axis",
    type=click.Choice(["step", "epoch", "time", "clock", "tokens"]),
    default="step",
    help="X axis.",
)
@click.option("--from", "start", type=NUMBER, metavar="X", help="Where on the x axis it begins.")
@click.option("--to", "end", type=NUMBER, metavar="X", help="Where on the x axis it ends.")
@click.option("--full-range", "whole_y", is_flag=True, help="A y range that also holds spikes.")
@click.option("--together", is_flag=True, help="All runs on one chart.")
@click.option("--metric", "metrics", multiple=True, metavar="NAME", help="Not the loss but this.")
@click.option(
    "--strip",
    type=click.Choice([*NAMES, "off"]),
    default="off",
    show_default=True,
    help="A strip below the curve.",
)
@click.option(
    "--smooth",
    type=Number(0, 0.999),
    metavar="W",
    default=0.6,
    show_default=True,
    help="EMA weight.",
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
    from lossmon.presentation.plot import lacks_axis, lacks_strip, render
    from lossmon.report.gather import gather

    updates, errors, _ = gather(targets or (".",), 1, asking(), "at the end")
    updates = [update for update in updates if update.series]  # why there is none is an error
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
            lacking_axis = lacks_axis(group, look["x_axis"], look["metrics"])
            for note in filter(None, (lacking_axis, lacks_strip(group, look["strip"]))):
                click.echo(f"lossmon: {load(lang).say(note)}", err=True)
    tell_what_failed(errors)
    if errors:
        sys.exit(2)


@command()
@targets_argument
@ssh_options
@click.option(
    "-o", "--output", metavar="FILE", help="Write .csv, .jsonl or .parquet [default: CSV on stdout]"
)
@fleet_options
def export(targets: tuple[str, ...], output: str | None, workers: int | None, cluster: str) -> None:
    """Hand on everything that was read: run, metric, step, epoch, time, value, stage."""
    one_thread()
    if workers or cluster:
        export_folder(targets or (".",), workers, cluster, output or "")
        return
    from lossmon.presentation import export as report
    from lossmon.report.gather import gather

    if output:
        report.check_output(output)
    updates, errors, _ = gather(targets or (".",), None, asking(), "never")
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
    told = " ".join(map(str, errors))
    for update in updates:
        if any(f"{log.path}: " in told for log in update.logs):
            continue
        for trouble in update.errors:  # such as metrics that a run does not keep
            complain(words_here().labelled(update.run, words_here().say(trouble)))
    tell_what_failed(errors)
    if errors:
        sys.exit(2)


@command()
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
    tell_what_failed(errors)
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
