"""Which boxes the user named in config.toml, and how ssh is to be called."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from dataclasses import replace

from lossmon import settings
from lossmon.errors import TargetError
from lossmon.logs.openssh import Host, check_option
from lossmon.logs.ranges import expand
from lossmon.logs.scheme import Target
from lossmon.logs.target import parse
from lossmon.words import said


def use_config(file: str) -> None:
    """What `-F` of the command line says.

    Raises:
        TargetError: no such file.
    """
    if not os.access(file, os.R_OK):
        raise TargetError(said("-F {file}: no such file, or it can't be read", file=file))
    settings.say(ssh_config=os.path.abspath(file))


def use_options(options: Sequence[str]) -> None:
    """What `--ssh-option` of the command line says.

    Raises:
        ConfigError: an option that can't be used.
    """
    settings.say(ssh_options=tuple(check_option(option) for option in options))


def as_flags() -> list[str]:
    """What the command line says of ssh, for a process that is to say the same."""
    told = settings.current()
    flags = ["-F", told.ssh_config] if told.ssh_config else []
    return flags + [f"--ssh-option={option}" for option in told.ssh_options]


def resolve(text: str) -> list[Target]:
    """What the user typed; the name of a box alone stands for its paths in config.toml.

    `gpu[1-8]:runs` is eight boxes, where nothing here is called so.

    Raises:
        TargetError: it is no target.
    """
    many = _boxes(text)
    return _resolve(text) if many == [text] else [one for name in many for one in _resolve(name)]


def _boxes(text: str) -> list[str]:
    """The targets of a word with ranges of boxes; the word itself where it is none."""
    named = settings.current().hosts
    if "[" not in text or (":" not in text and not named):
        return [text]
    if os.path.lexists(text) or next(glob.iglob(text), None) is not None:
        return [text]
    if ":" in text:
        return expand(text)
    try:
        many = expand(text)
    except TargetError:
        return [text]  # a pattern
    return many if all(one in named for one in many) else [text]


def _resolve(text: str) -> list[Target]:
    target = parse(text)
    named = settings.current().hosts.get(text)
    if named is not None and target.kind == "local" and not os.path.lexists(text):
        return [Target("ssh", path, text) for path in named.paths or (".",)]
    return [target]


def host_of(target: Target) -> Host:
    """The box of a target, with everything that ssh is to be told of it."""
    told = settings.current()
    host = Host(target.host, target.user, target.port, told.ssh_options, told.ssh_config)
    named = told.hosts.get(target.host)
    if named is None:
        return host
    user, _, address = (named.address or target.host).rpartition("@")
    label = f"{target.user}@{target.host}" if target.user else target.host
    label = f"{label}:{target.port}" if target.port else label
    options = (*told.ssh_options, *named.options)
    return replace(host, address=address, user=target.user or user, options=options, label=label)


def prefix_of(target: Target) -> str:
    """What stands before the names of its logs: its box, and what its scheme puts before."""
    box = f"{host_of(target).name}:" if target.host else ""
    return box + target.heading


def location_of(target: Target) -> str:
    """A target as its logs are called: a path here, `host:path`, `s3://bucket/path`."""
    return prefix_of(target) + target.path
