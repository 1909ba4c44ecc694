"""The command line: thin, and nothing heavy is imported before it is needed.

screens   open, demo, replay
verdicts  check, watch, status
pages     plot, export, report
fleets    what check and export do with many processes
about     explain, config, completion, manual
"""

from __future__ import annotations

import click

from lossmon import __version__
from lossmon.cli import about, pages, screens, verdicts
from lossmon.exits import leave
from lossmon.options import CONTEXT
from lossmon.usage import Commands


def main() -> None:
    """The console script."""
    leave(lambda: cli.main(prog_name="lossmon", standalone_mode=False))


@click.group(cls=Commands, context_settings=CONTEXT)
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


for _command in (
    *(screens.open_command, screens.demo, screens.replay),
    *(verdicts.check, verdicts.watch, verdicts.status),
    *(pages.plot, pages.export, pages.report),
    *(about.explain, about.config_command, about.completion, about.manual),
):
    cli.add_command(_command)
