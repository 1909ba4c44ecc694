"""`config.toml`: what a user tells once. Read from the user's configuration folder.

    section.py   what a section is, and how one is made of typed, documented fields
    screen.py    [screen]
    notices.py   [notices]
    hosts.py     [hosts]
    patterns.py  [patterns]
    joining.py   [joining]
    reading.py   [roles] and [[lines]]
    faults.py    all that is wrong with the file at once, and what was meant
    keep.py      writes a setting back, and leaves the rest of the file as it is
    toml.py      TOML of a bounded depth

To add a section, write a file like `screen.py` and give it a field of `Config`; the reading, the
messages and the commented default file (`lossmon config --default`) follow from it.
`LOSSMON_CONFIG` names another file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import TypeVar

from lossmon import private, regular, settings
from lossmon.config import toml
from lossmon.config.faults import Faults, nearest
from lossmon.config.hosts import HOSTS, Host
from lossmon.config.joining import JOINING, ByHand
from lossmon.config.notices import NOTICES, Notices
from lossmon.config.patterns import PATTERNS
from lossmon.config.reading import LINES, ROLES, LinePattern
from lossmon.config.screen import SCREEN, Screen
from lossmon.config.section import Section
from lossmon.errors import ConfigError, message_of, messages_of
from lossmon.where import VARIABLE, settings_file
from lossmon.whole_file import write
from lossmon.words import ENGLISH, Words, said

_MOST_BYTES = 1 << 20

T = TypeVar("T")


def _section(section: Section[T]) -> T:
    made: T = field(default_factory=lambda: section.default, metadata={"section": section})
    return made


@dataclass(frozen=True)
class Config:
    """Settings, checked; a field's name is that of its section in the file.

    Attributes:
        screen: how the screen looks.
        notices: what happens when a finding starts.
        hosts: name -> box, with what is followed there.
        patterns: pattern -> "off" or its severity.
        joining: which logs are one run, and which are not.
        roles: metric name -> role (see `lossmon.formats.lexicon.ROLES`).
        lines: lines that are rows.
    """

    screen: Screen = _section(SCREEN)
    notices: Notices = _section(NOTICES)
    hosts: Mapping[str, Host] = _section(HOSTS)
    patterns: Mapping[str, str] = _section(PATTERNS)
    joining: ByHand = _section(JOINING)
    roles: Mapping[str, str] = _section(ROLES)
    lines: tuple[LinePattern, ...] = _section(LINES)


def path() -> str:
    """Where the settings are, whether the file is there or not."""
    return settings_file()


def apply() -> Config:
    """Read the settings and put in force what concerns the reading of logs, for this program.

    Raises:
        ConfigError: the file cannot be used.
    """
    from lossmon.formats.apart import Worker
    from lossmon.formats.pattern import PatternFormat

    config = name_hosts()
    worker = Worker()
    settings.say(
        roles=config.roles,
        patterns=config.patterns,
        together=config.joining.together,
        apart=config.joining.apart,
        formats=tuple(PatternFormat(line.name, line.pattern, worker) for line in config.lines),
    )
    return config


def name_hosts() -> Config:
    """Read the settings and put in force what targets mean: the names of boxes.

    Raises:
        ConfigError: the file cannot be used.
    """
    config = load()
    named = {
        name: settings.NamedHost(host.paths, host.address, host.ssh_options)
        for name, host in config.hosts.items()
    }
    settings.say(hosts=named)
    return config


def load() -> Config:
    """Read the settings; the defaults where there is no file.

    Raises:
        ConfigError: the file cannot be used; says where and what would work.
    """
    where = path()
    try:
        with open(where, "rb", opener=regular.opener) as file:
            text = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        if os.environ.get(VARIABLE):
            raise ConfigError(
                said("{where}: no such file ({variable} names it)", where=where, variable=VARIABLE)
            ) from None
        return Config()
    except OSError as error:
        raise ConfigError(f"{where}: {(error.strerror or str(error)).lower()}") from None
    if len(text) > _MOST_BYTES:
        raise ConfigError(said("{where}: larger than 1 MiB; this is no settings file", where=where))
    try:
        return parse(text)
    except ConfigError as error:
        first, *others = (
            ConfigError(said("{where}: {error}", where=where, error=message))
            for message in messages_of(error)
        )
        raise ConfigError(message_of(first), others) from None


def parse(text: bytes) -> Config:
    """The settings that a text in TOML says.

    Raises:
        ConfigError: it says something that is no setting.
    """
    document = toml.parse(text)
    sections = {one.name: one.metadata["section"] for one in fields(Config)}
    faults, found = Faults(), {}
    for name, value in document.items():
        with faults:
            if name not in sections:
                raise _no_section(name, sections)
            found[name] = sections[name].read(value, name)
    faults.tell()
    return Config(**found)


def _no_section(name: str, sections: Iterable[str]) -> ConfigError:
    if close := nearest(name, sections):
        return ConfigError(
            said("no section {unknown}; did you mean {close}?", unknown=name, close=close)
        )
    names = ", ".join(sections)
    return ConfigError(said("no section {unknown}; there are {names}", unknown=name, names=names))


def create(tell: Words = ENGLISH) -> None:
    """Write the commented default file, with its comments in a language.

    Raises:
        ConfigError: there is a file already, or none can be written.
    """
    where = path()
    try:
        private.make_folder(os.path.dirname(where))
        write(where, default_text(tell), private=True, new=True)
    except FileExistsError:
        raise ConfigError(
            said("{where}: there is a file already; it stays as it is", where=where)
        ) from None
    except OSError as error:
        raise ConfigError(f"{where}: {(error.strerror or str(error)).lower()}") from None


def default_text(tell: Words = ENGLISH) -> str:
    """A file that sets nothing and documents everything."""
    head = tell("Settings of lossmon. Every line that begins with # is a comment or a default.")
    sections = [one.metadata["section"].example(one.name, tell) for one in fields(Config)]
    return "\n".join([f"# {head}\n", *sections])
