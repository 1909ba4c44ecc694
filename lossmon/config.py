r"""`config.toml`: what a user tells once. Read from the user's configuration folder.

    [roles]
    "my/objective" = "train_loss"

    [[lines]]
    name = "mylog"
    pattern = 'it (?P<step>\d+) obj (?P<loss>\S+)'

`LOSSMON_CONFIG` names another file.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lossmon.errors import ConfigError
from lossmon.formats import detect, names
from lossmon.formats.pattern import PatternFormat

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

VARIABLE = "LOSSMON_CONFIG"
_MOST_BYTES = 1 << 20
_SECTIONS = ("roles", "lines")


@dataclass(frozen=True)
class LinePattern:
    """A line of a log, told by the user.

    Attributes:
        name: the name of the format.
        pattern: matched against lines; a named group is the step, epoch, time or a metric.
    """

    name: str
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class Config:
    """Settings, checked.

    Attributes:
        roles: metric name -> role (see `lossmon.formats.names.ROLES`).
        lines: lines that are rows.
    """

    roles: Mapping[str, str] = field(default_factory=dict)
    lines: tuple[LinePattern, ...] = ()


def path() -> str:
    """Where the settings are, whether the file is there or not."""
    named = os.environ.get(VARIABLE)
    if named:
        return os.path.expanduser(named)
    from platformdirs import user_config_dir

    return os.path.join(user_config_dir("lossmon"), "config.toml")


def apply() -> Config:
    """Read the settings and put in force what concerns the reading of logs.

    Raises:
        ConfigError: the file cannot be used.
    """
    config = load()
    names.override(config.roles)
    detect.add_first([PatternFormat(line.name, line.pattern) for line in config.lines])
    return config


def load() -> Config:
    """Read the settings; none where there is no file.

    Raises:
        ConfigError: the file cannot be used; says where and what would work.
    """
    where = path()
    try:
        with open(where, "rb") as file:
            text = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        if os.environ.get(VARIABLE):
            raise ConfigError(f"{where}: no such file ({VARIABLE} names it)") from None
        return Config()
    except OSError as error:
        raise ConfigError(f"{where}: {(error.strerror or str(error)).lower()}") from None
    try:
        document = tomllib.loads(text.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{where}: not valid TOML: {error}") from None
    unknown = sorted(set(document) - set(_SECTIONS))
    if unknown:
        raise ConfigError(f"{where}: no setting {unknown[0]}; there are {', '.join(_SECTIONS)}")
    return Config(_roles(document, where), _lines(document, where))


def _roles(document: dict[str, Any], where: str) -> dict[str, str]:
    table = document.get("roles", {})
    if not isinstance(table, dict):
        raise ConfigError(f'{where}: roles is a table: [roles], then "metric" = "train_loss"')
    for name, role in table.items():
        if role not in names.ROLES:
            known = ", ".join(names.ROLES)
            raise ConfigError(f"{where}: roles.{name}: no role {role}; one of {known}")
    return dict(table)


def _lines(document: dict[str, Any], where: str) -> tuple[LinePattern, ...]:
    found = []
    tables = document.get("lines", [])
    if not isinstance(tables, list):
        raise ConfigError(f"{where}: lines are tables: [[lines]], then name and pattern")
    for i, table in enumerate(tables, 1):
        text = table.get("pattern") if isinstance(table, dict) else None
        if not isinstance(text, str):
            raise ConfigError(f"{where}: lines {i}: give it a pattern, a regular expression")
        try:
            pattern = re.compile(text)
        except re.error as error:
            raise ConfigError(f"{where}: lines {i}: not a regular expression: {error}") from None
        metrics = set(pattern.groupindex) - {"step", "epoch", "time"}
        if not metrics:
            raise ConfigError(
                f"{where}: lines {i}: name a group for each metric, such as (?P<loss>\\S+)"
            )
        found.append(LinePattern(str(table.get("name", "pattern")), pattern))
    return tuple(found)
