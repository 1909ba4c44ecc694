r"""[roles] and [[lines]]: what a user tells of logs that are read wrongly, or not at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lossmon.config.faults import Faults, no_setting, no_value
from lossmon.config.section import Section, shown
from lossmon.errors import ConfigError, message_of
from lossmon.formats import lexicon
from lossmon.words import Words, said


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
        raise ConfigError(
            said('{name}: a table: [{name}], then "metric" = "train_loss"', name=name)
        )
    faults = Faults()
    for metric, role in table.items():
        with faults:
            if role not in lexicon.ROLES:
                raise no_value(f"{name}.{metric}", shown(role), role, lexicon.ROLES)
    faults.tell()
    return dict(table)


def _lines(tables: object, name: str) -> tuple[LinePattern, ...]:
    if not isinstance(tables, list):
        raise ConfigError(said("{name}: tables: [[{name}]], then name and pattern", name=name))
    faults, found = Faults(), []
    for i, table in enumerate(tables, 1):
        with faults:
            found.append(_line(table, f"{name} {i}"))
    faults.tell()
    return tuple(found)


def _line(table: object, name: str) -> LinePattern:
    text = table.get("pattern") if isinstance(table, dict) else None
    if not isinstance(table, dict) or not isinstance(text, str):
        raise ConfigError(said("{name}: give it a pattern, a regular expression", name=name))
    unknown = sorted(set(table) - {"name", "pattern"})
    if unknown:
        raise no_setting(name, unknown[0], ("name", "pattern"))
    try:
        pattern = re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:  # a{99999999999}; deep groups
        raise ConfigError(
            said("{name}: not a regular expression: {error}", name=name, error=message_of(error))
        ) from None
    if not set(pattern.groupindex) - {"step", "epoch", "time"}:
        raise ConfigError(
            said("{name}: name a group for each metric, such as (?P<loss>\\S+)", name=name)
        )
    return LinePattern(str(table.get("name", "pattern")), pattern)


def _roles_example(name: str, tell: Words) -> str:
    words = tell(
        "Metric -> its role, where the name does not tell it. One of\n# {names}.",
        names=", ".join(lexicon.ROLES),
    )
    return f'[{name}]\n# {words}\n# "my/objective" = "train_loss"\n'


def _lines_example(name: str, tell: Words) -> str:
    words = tell(
        "A line of your own, asked before every other format; a named group is step, epoch,\n"
        "# time, or a metric."
    )
    return (
        f"# {words}\n"
        f'# [[{name}]]\n# name = "mylog"\n'
        r"# pattern = 'it (?P<step>\d+) obj (?P<loss>\S+)'" + "\n"
    )


_NONE: Mapping[str, str] = {}
ROLES: Section[Mapping[str, str]] = Section(_NONE, _roles, _roles_example)
LINES: Section[tuple[LinePattern, ...]] = Section((), _lines, _lines_example)
