"""Commands that open the screen: on logs, on a demonstration, on what is past."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

import click

from lossmon import settings
from lossmon.options import (
    Count,
    ascii_option,
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
)
from lossmon.usage import command
from lossmon.words import said, words

if TYPE_CHECKING:
    from lossmon.tui.first_frame import FirstFrame


@command("open", hidden=True)
@targets_argument
@ssh_options
@told_options
@click.option("--tee", metavar="FILE", default="", help="Keep what comes through a pipe in a file.")
@click.option("--session", "name", metavar="NAME", default="", help="Remember the screen by name.")
@click.option("--pick", is_flag=True, help="Choose hosts of your ssh configuration first.")
@fps_option
@lang_option
@ascii_option
def open_command(
    targets: tuple[str, ...],
    tee: str,
    name: str,
    pick: bool,
    fps: float | None,
    lang: str,
    ascii: bool,
) -> None:
    """Open the screen on log files, folders, globs, or - for a pipe."""
    if tee and "-" not in targets:
        raise click.UsageError(said("--tee keeps what comes through a pipe; name - as a target"))
    settings.say(tee=tee)
    if pick:
        targets += _pick(lang, plain(ascii))
    _open(targets, lang, ascii, fps, name)


@command()
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
            click.echo(f"{name:22} {words(lang).fixed(meaning)}")
        return
    need_terminal("lossmon demo")
    settings.say(fleeting=True)
    with stage(only, fast) as folder:
        _open((str(folder),), lang, ascii, fps, None)


def _speed(_: click.Context, __: click.Parameter, value: str | None) -> float | None:
    try:
        speed = None if value is None else float(value.rstrip("xX"))
    except ValueError:
        speed = math.nan
    if speed is not None and not 0 < speed <= 1e6:
        raise click.BadParameter(said("write how many times as fast, such as 60x"))
    return speed


@command()
@targets_argument
@told_options
@click.option(
    "--speed",
    metavar="N",
    callback=_speed,
    show_default="all in a minute",
    help="How many times as fast as it came: 60x.",
)
@click.option("--from", "start", type=Count(0), metavar="STEP", help="The step where it begins.")
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
    targets, ascii = targets or (".",), plain(ascii)
    with _first_frame(targets, lang, ascii) as frame:
        one_thread()
        from lossmon.tui.start import play

        tell_broken_plug_ins(frame.say)
        sys.exit(play(targets, lang, ascii, fps, frame.say, speed, start, frame))


def _pick(lang: str, ascii: bool) -> tuple[str, ...]:
    """Let the user choose hosts; leaves where nothing is chosen."""
    from lossmon import config
    from lossmon.errors import TargetError
    from lossmon.logs.ssh_hosts import known_hosts

    need_terminal("lossmon --pick")
    config.apply()
    hosts = known_hosts(settings.current().ssh_config)
    if not hosts:
        raise TargetError(said("--pick: your ssh configuration names no hosts"))
    one_thread()
    from lossmon.tui.screens.boxes import pick

    chosen = pick(hosts, words(lang), ascii)
    if not chosen:
        sys.exit(0)
    return chosen


def _open(
    targets: tuple[str, ...], lang: str, ascii: bool, fps: float | None, session: str | None
) -> None:
    if "-" not in targets:
        need_terminal("lossmon")
    ascii = plain(ascii)
    here = targets or (() if session else (".",))
    with _first_frame(here, lang, ascii) as frame:
        one_thread()
        from lossmon.tui.start import open_screen

        tell_broken_plug_ins(frame.say)
        sys.exit(open_screen(targets, lang, ascii, fps, frame.say, session, frame))


def _first_frame(targets: tuple[str, ...], lang: str, ascii: bool) -> FirstFrame:
    """What stands on the terminal while the rest is imported."""
    from lossmon import config
    from lossmon.tui.first_frame import first_frame

    return first_frame(targets, config.load().screen, words(lang), ascii, complain)
