"""[hosts]: boxes that are known by a name, with what is followed there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lossmon.config.section import Section, setting, tables
from lossmon.logs.openssh import check_option


@dataclass(frozen=True)
class Host:
    """A box; `lossmon NAME` follows its paths."""

    paths: tuple[str, ...] = setting(
        (".",), "What is followed there: files, folders, patterns; ~ is expanded there.",
        example=("~/exp", "/data/runs"),
    )  # fmt: skip
    address: str = setting(
        "", "host or user@host for ssh, where the name is none.", example="me@gpu1.lab.example"
    )
    ssh_options: tuple[str, ...] = setting(
        (), "As for `ssh -o`, one each.", example=("ProxyJump=bastion",)
    )


_HOSTS = tables(Host(), "gpu1")


def _read(value: object, name: str) -> Mapping[str, Host]:
    found = _HOSTS.read(value, name)
    for host in found.values():
        for option in host.ssh_options:
            check_option(option)
    return found


HOSTS: Section[Mapping[str, Host]] = Section(_HOSTS.default, _read, _HOSTS.example)
