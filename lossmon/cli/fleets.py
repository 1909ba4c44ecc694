"""What commands do with many processes: options, and the ways they go."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lossmon.errors import message_of
from lossmon.options import LEVELS, Count, complain, words_here
from lossmon.text import escaped
from lossmon.words import said

if TYPE_CHECKING:
    from lossmon.monitor.training import Judging

F = TypeVar("F", bound=Callable[..., Any])


def fleet_options(command: F) -> F:
    """`--workers` and `--cluster`."""
    command = click.option(
        "--cluster",
        metavar="ADDRESS",
        default="",
        help="Read with the workers of a Dask scheduler (tcp://HOST:8786), or of one made here. "
        "Needs lossmon[fleet].",
    )(command)
    return click.option(
        "--workers",
        type=Count(1, 1024),
        metavar="N",
        default=None,
        help="Read with so many processes; JSON and folders of Parquet in bounded memory.",
    )(command)


def processes(workers: int | None) -> int:
    """So many as were asked for; else one a core."""
    return workers or os.cpu_count() or 1


def triage(
    targets: Sequence[str],
    workers: int | None,
    cluster: str,
    lang: str,
    judging: Judging,
    fail_on: Sequence[str],
    *,
    resume: bool,
) -> None:
    """Print one JSON object a run, read by many; exits as `check` does."""
    from lossmon import config
    from lossmon.fleet.pools import opened
    from lossmon.fleet.triage import Fleet

    config.apply()
    with Fleet(targets, lang, judging) as fleet:
        with opened(processes(workers), cluster) as pool:
            fleet.read(pool, resume)
        levels = set[str]()
        for line, severity in fleet.lines():
            click.echo(line)
            levels.add(severity)
    errors = fleet.errors()
    for error in errors:
        complain(message_of(error))
    if fleet.interrupted:
        words = said(
            "read {done:,} of {all:,} parts; --resume goes on from there",
            done=fleet.done,
            all=fleet.tasks,
        )
        complain(words_here().say(words))
        raise click.Abort
    if errors:
        sys.exit(2)
    worst = max((LEVELS.index(one) for one in levels if one), default=-1)
    if any(one != "never" and worst >= LEVELS.index(one) for one in fail_on if one in LEVELS):
        sys.exit(1)


def export_folder(targets: Sequence[str], workers: int | None, cluster: str, folder: str) -> None:
    """Write a folder of Parquet, by many."""
    from lossmon import config
    from lossmon.fleet.pools import opened
    from lossmon.fleet.table import write_folder

    if not folder.endswith("/"):
        raise click.UsageError(
            said(
                "--workers and --cluster write a folder of Parquet; name one with -o FOLDER/ or "
                "-o s3://BUCKET/FOLDER/"
            )
        )
    config.apply()
    with opened(processes(workers), cluster) as pool:
        written = write_folder(targets, pool, folder)
    words = said(
        "{points:,} points of {runs} {runs:run|runs} in {file}",
        points=written.points,
        runs=written.runs,
        file=folder,
    )
    click.echo(escaped(words_here().say(words)), err=True)
    if written.others:
        words = said(
            "{file}: {count} {count:part|parts} of other exports stand there, too, and stay; "
            "what reads the folder reads all",
            file=folder,
            count=written.others,
        )
        complain(words_here().say(words))
    for error in written.errors:
        complain(message_of(error))
    if written.errors or not written.runs:
        sys.exit(2)
