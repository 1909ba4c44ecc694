"""Commands that say how runs stand: once, whenever it changes, in one line."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from lossmon.cli.fleets import fleet_options, triage
from lossmon.options import (
    LEVELS,
    Count,
    Number,
    ascii_option,
    asking,
    collect_seldom,
    columns,
    complain,
    lang_option,
    one_thread,
    plain,
    ssh_options,
    targets_argument,
    tell_broken_plug_ins,
    tell_what_failed,
    told_options,
    words_here,
)
from lossmon.usage import command
from lossmon.words import said

if TYPE_CHECKING:
    from lossmon.diagnosis.knowledge import Knowledge
    from lossmon.monitor.training import Judging
    from lossmon.monitor.update import RunUpdate
    from lossmon.monitor.versus import Axis
    from lossmon.report.against import Against


@command()
@targets_argument
@ssh_options
@told_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object a run, one a line.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    show_default=True,
    help="github and sarif: annotations of what calls for attention.",
)
@click.option(
    "--fail-on",
    type=click.Choice((*LEVELS, "behind")),
    default=("never",),
    show_default="never",
    multiple=True,
    help="Exit with status 1 when a finding is at this level or above, or a run is behind "
    "--baseline (repeatable).",
)
@click.option(
    "--baseline",
    "baselines",
    metavar="TARGET",
    multiple=True,
    help="A run that all are compared with, or several that differ in their seed (repeatable).",
)
@click.option(
    "--at",
    type=click.Choice(["step", "time"]),
    default="step",
    show_default=True,
    help="Compare at the same step, or as long after the first row.",
)
@click.option(
    "--margin",
    type=Number(0, 100),
    default=1.0,
    show_default=True,
    metavar="PERCENT",
    help="Differences from the baseline that do not count.",
)
@fleet_options
@click.option("--resume", is_flag=True, help="Take what was read of logs that have not changed.")
@click.option("--jobs", type=Count(1), metavar="N", default=None, help="Processes that read logs.")
@click.option(
    "--timeline/--no-timeline",
    default=None,
    help="In JSON also what a screen would have shown, and when; the same findings sooner without.",
)
@click.option("--columns", "shown", metavar="NAMES", default="", help="Settings: lr,batch_size.")
@click.option("-v", "--verbose", is_flag=True, help="Also say how each log was read.")
@lang_option
@ascii_option
def check(
    targets: tuple[str, ...],
    as_json: bool,
    form: str,
    fail_on: tuple[str, ...],
    baselines: tuple[str, ...],
    at: Axis,
    margin: float,
    workers: int | None,
    cluster: str,
    resume: bool,
    jobs: int | None,
    timeline: bool | None,
    shown: str,
    verbose: bool,
    lang: str,
    ascii: bool,
) -> None:
    """Triage once: what is wrong with each run, and what to do."""
    if "behind" in fail_on and not baselines:
        raise click.UsageError(said("--fail-on behind needs a --baseline"))
    form = "json" if as_json else form
    one_thread()
    collect_seldom()
    from lossmon.diagnosis.knowledge import load
    from lossmon.report.gather import gather
    from lossmon.report.machine import look_at_machine

    replays = form == "json" if timeline is None else timeline
    judging: Judging = "as it grows" if replays else "at the end"
    names = [name.strip() for name in shown.split(",") if name.strip()]
    answer = _Answer(form, fail_on, load(lang), plain(ascii), names)
    if targets and form in ("text", "json") and not (baselines or verbose or cluster or resume):
        _leave_if_many(targets, workers or jobs, answer, judging)
    parted = bool(cluster or resume)
    _refuse_parted(parted, form, compares=bool(baselines))
    if not baselines and (parted or (workers and form == "json" and _are_paths(targets))):
        triage(targets or (".",), workers, cluster, lang, judging, fail_on, resume=resume)
        return
    updates, errors, refused = gather(targets or (".",), workers or jobs, asking(), judging)
    updates = look_at_machine(updates, time.time())
    stand: dict[str, Against] = {}
    if baselines:
        from lossmon.report.against import against

        stand = against(updates, baselines, at, margin / 100, asking())
    answer.print(updates, stand)
    if verbose:
        answer.narrate(updates, refused)
    tell_what_failed(errors)
    status = answer.status(updates, stand)
    if errors or status:
        sys.exit(2 if errors else status)


def _are_paths(targets: Sequence[str]) -> bool:
    """Whether workers can read them; a target that is none is told of as always."""
    from lossmon.errors import LossmonError
    from lossmon.fleet.plan import are_paths

    try:
        return are_paths(targets)
    except LossmonError:
        return True


class _Answer(NamedTuple):
    """How `check` answers.

    Attributes:
        form: "text", "json", "github" or "sarif".
        fail_on: levels, of which the mildest counts, and "behind".
        knowledge: the language.
        ascii: ASCII signs only.
        columns: settings that have a column each.
    """

    form: str
    fail_on: tuple[str, ...]
    knowledge: Knowledge
    ascii: bool
    columns: Sequence[str]

    def print(self, updates: Sequence[RunUpdate], stand: Mapping[str, Against]) -> None:
        """Say how runs stand, on standard output."""
        from lossmon.report import check as report

        if self.form in ("github", "sarif"):
            from lossmon.report.annotations import written

            click.echo(written(self.form, updates, stand, self.knowledge))
        elif updates and self.form == "json":
            click.echo(report.as_json(updates, self.knowledge, stand))
        elif updates:
            click.echo(
                report.as_text(
                    updates,
                    self.knowledge,
                    columns(),
                    stand,
                    ascii=self.ascii,
                    columns=self.columns,
                )
            )

    def narrate(self, updates: Sequence[RunUpdate], refused: Mapping[str, str]) -> None:
        """Say how logs were read: beside JSON, which is data, on standard error."""
        from lossmon.report.reading import as_text

        data = self.form != "text"
        text = as_text(updates, refused, self.knowledge.lang)
        click.echo(("" if data else "\n") + text, err=data)

    def status(self, updates: Sequence[RunUpdate], stand: Mapping[str, Against]) -> int:
        """The exit status; a run that could not be compared where that was asked for is told."""
        from lossmon.report.check import fails

        untold = [
            one for one in stand.values() if one.standing is None and "behind" in self.fail_on
        ]
        for one in untold:
            complain(one.sentence())
        return 2 if untold else int(fails(updates, stand, self.fail_on))


def _refuse_parted(parted: bool, form: str, *, compares: bool) -> None:
    """Raise UsageError where logs that are read in parts, and elsewhere, cannot be told so."""
    if parted and form != "json":
        raise click.UsageError(said("--cluster and --resume are for --json"))
    if parted and compares:
        raise click.UsageError(
            said("--baseline compares in one process; leave --cluster and --resume out")
        )


def _leave_if_many(
    targets: Sequence[str], jobs: int | None, answer: _Answer, judging: Judging
) -> None:
    """Triage more logs than fit, and exit; where there are fewer, nothing is done."""
    from lossmon.report import check as report
    from lossmon.report.batches import listed, triaged

    batches = listed(targets)
    if batches is None:
        return
    whole = triaged(batches, jobs, answer.form, answer.knowledge.lang, judging, click.echo)
    if whole.neediest:
        answer.print(whole.neediest, {})
    click.echo(whole.summary(answer.knowledge), err=answer.form == "json")
    tell_broken_plug_ins()
    for error in whole.errors:
        complain(error)
    if whole.errors or not whole.runs:
        sys.exit(2)
    sys.exit(int(report.at_or_above(whole.severities, answer.fail_on)))


@command()
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
    "--exec-timeout",
    type=Number(0.1),
    metavar="N",
    default=60,
    show_default=True,
    help="Seconds.",
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


@command()
@targets_argument
@ssh_options
@click.option(
    "--width",
    type=Count(4, 500),
    metavar="N",
    default=60,
    show_default=True,
    help="Cells.",
)
@click.option(
    "--style",
    type=click.Choice(["auto", "plain", "tmux", "ansi"]),
    default="auto",
    show_default=True,
    help="tmux doubles # and colours by #[...]; auto knows where it runs.",
)
@click.option(
    "--max-age",
    type=Number(0),
    metavar="N",
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
