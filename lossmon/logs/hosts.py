"""Which boxes the user named in config.toml, and how ssh is to be called."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lossmon.errors import TargetError
from lossmon.logs.openssh import Host, check_option
from lossmon.logs.target import Target, parse


@dataclass(frozen=True)
class Named:
    """A box of `[hosts]` in config.toml.

    Attributes:
        paths: what is followed there when only its name is given.
        address: host or user@host for ssh; empty where the name is one.
        options: as for `ssh -o`.
    """

    paths: tuple[str, ...] = (".",)
    address: str = ""
    options: tuple[str, ...] = ()


_named: dict[str, Named] = {}
_config_file = ""
_options: tuple[str, ...] = ()


def name(hosts: Mapping[str, Named]) -> None:
    """These are the boxes of config.toml."""
    _named.clear()
    _named.update(hosts)


def use_config(file: str) -> None:
    """What `-F` of the command line says.

    Raises:
        TargetError: no such file.
    """
    global _config_file
    if not os.access(file, os.R_OK):
        raise TargetError(f"-F {file}: no such file, or it can't be read")
    _config_file = os.path.abspath(file)


def use_options(options: Sequence[str]) -> None:
    """What `--ssh-option` of the command line says.

    Raises:
        ConfigError: an option that can't be used.
    """
    global _options
    _options = tuple(check_option(option) for option in options)


def as_flags() -> list[str]:
    """What the command line says of ssh, for a process that is to say the same."""
    flags = ["-F", _config_file] if _config_file else []
    return flags + [f"--ssh-option={option}" for option in _options]


def resolve(text: str) -> list[Target]:
    """What the user typed; the name of a box alone stands for its paths in config.toml.

    Raises:
        TargetError: it is no target.
    """
    target = parse(text)
    if target.kind == "local" and text in _named and not os.path.lexists(text):
        return [Target("remote", path, text) for path in _named[text].paths]
    return [target]


def host_of(target: Target) -> Host:
    """The box of a target, with everything that ssh is to be told of it."""
    host = Host(target.host, target.user, target.port, _options, _config_file)
    named = _named.get(target.host)
    if named is None:
        return host
    user, _, address = (named.address or target.host).rpartition("@")
    label = f"{target.user}@{target.host}" if target.user else target.host
    label = f"{label}:{target.port}" if target.port else label
    options = (*_options, *named.options)
    return replace(host, address=address, user=target.user or user, options=options, label=label)


def place_of(target: Target) -> str:
    """A target as its logs are called: a path here, or `host:path`."""
    return target.path if target.kind != "remote" else f"{host_of(target).name}:{target.path}"
