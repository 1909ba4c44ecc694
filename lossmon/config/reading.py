r"""[roles] and [[lines]]: what a user tells of logs that are read wrongly, or not at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lossmon.config.section import Section
from lossmon.errors import ConfigError
from lossmon.formats import lexicon


@dataclass(frozen=True)
class LinePattern:
    """A line of a log, told by the user.

    Attributes:
        name: the name of the format.
        pattern: matched against lines; a named group is the step, epoch, time or a metric.
    """

    name: str
    pattern: re.Pattern[str]


def _roles(table: object, name: str) -> Mapping[str, str]:
    if not isinstance(table, dict):
        raise ConfigError(f'{name}: a table: [{name}], then "metric" = "train_loss"')
    for metric, role in table.items():
        if role not in lexicon.ROLES:
            known = ", ".join(lexicon.ROLES)
            raise ConfigError(f"{name}.{metric}: no role {role}; one of {known}")
    return dict(table)


def _lines(tables: object, name: str) -> tuple[LinePattern, ...]:
    if not isinstance(tables, list):
        raise ConfigError(f"{name}: tables: [[{name}]], then name and pattern")
    return tuple(_line(table, f"{name} {i}") for i, table in enumerate(tables, 1))


def _line(table: object, name: str) -> LinePattern:
    text = table.get("pattern") if isinstance(table, dict) else None
    if not isinstance(table, dict) or not isinstance(text, str):
        raise ConfigError(f"{name}: give it a pattern, a regular expression")
    unknown = sorted(set(table) - {"name", "pattern"})
    if unknown:
        raise ConfigError(f"{name}: no setting {unknown[0]}; there are name, pattern")
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise ConfigError(f"{name}: not a regular expression: {error}") from None
    if not set(pattern.groupindex) - {"step", "epoch", "time"}:
        raise ConfigError(f"{name}: name a group for each metric, such as (?P<loss>\\S+)")
    return LinePattern(str(table.get("name", "pattern")), pattern)


def _roles_example(name: str) -> str:
    return (
        f"[{name}]\n# Metric -> its role, where the name does not tell it. One of\n"
        f"# {', '.join(lexicon.ROLES)}.\n"
        '# "my/objective" = "train_loss"\n'
    )


def _lines_example(name: str) -> str:
    return (
        "# A line of your own, asked before every other format; a named group is step, epoch,\n"
        "# time, or a metric.\n"
        f'# [[{name}]]\n# name = "mylog"\n'
        r"# pattern = 'it (?P<step>\d+) obj (?P<loss>\S+)'" + "\n"
    )


_NONE: Mapping[str, str] = {}
ROLES: Section[Mapping[str, str]] = Section(_NONE, _roles, _roles_example)
LINES: Section[tuple[LinePattern, ...]] = Section((), _lines, _lines_example)
