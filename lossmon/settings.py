"""What the user says beside the targets, in force where it was said and nowhere else.

A command says it once, from `config.toml` and its options. A library call says what it was given,
and reads no file of settings unless it is asked to. Who reads logs takes the settings that hold
when it is made (`Monitor`), and works under them in whichever thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from lossmon.formats.detect import Format

Lists = tuple[tuple[str, ...], ...]


class NamedHost(NamedTuple):
    """A box of `[hosts]` in config.toml.

    Attributes:
        paths: what is followed there when only its name is given.
        address: host or user@host for ssh; empty where the name is one.
        options: as for `ssh -o`.
    """

    paths: tuple[str, ...] = (".",)
    address: str = ""
    options: tuple[str, ...] = ()


class Settings(NamedTuple):
    """What the user says.

    Attributes:
        roles: metric name -> its role, whatever the table of names says.
        formats: asked before all others.
        hosts: name -> box.
        ssh_options: as for `ssh -o`.
        ssh_config: file for `ssh -F`; empty for the user's own.
        total_steps: planned steps; what a log says gives way.
        classes: number of classes, for `chance_level`.
        patterns: pattern -> "off", or the severity that it has from now on.
        lang: language that was asked for on the command line; empty for the usual one.
        tee: file that what comes through a pipe is kept in; empty for none.
        together: lists of logs (paths or patterns); those of one list are one run.
        apart: likewise; those of different entries of a list are different runs.
        fleeting: nothing of what is seen stays: no setting is written down.
    """

    roles: Mapping[str, str] = {}
    formats: tuple[Format, ...] = ()
    hosts: Mapping[str, NamedHost] = {}
    ssh_options: tuple[str, ...] = ()
    ssh_config: str = ""
    total_steps: int | None = None
    classes: int | None = None
    patterns: Mapping[str, str] = {}
    lang: str = ""
    tee: str = ""
    together: Lists = ()
    apart: Lists = ()
    fleeting: bool = False


_NOTHING = Settings()
_in_force: ContextVar[Settings] = ContextVar("settings", default=_NOTHING)


def current() -> Settings:
    """What is in force here."""
    return _in_force.get()


def use(settings: Settings) -> None:
    """Put settings in force from here on, in this thread; for a program, not for a library call."""
    _in_force.set(settings)


def say(**changes: Any) -> None:
    """Put fields of the settings in force; what is not named stays."""
    use(current()._replace(**changes))


@contextmanager
def using(settings: Settings) -> Iterator[None]:
    """Put settings in force for a while."""
    token = _in_force.set(settings)
    try:
        yield
    finally:
        _in_force.reset(token)
