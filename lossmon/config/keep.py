"""Put settings into the user's file: a line of it changes for each, comments stay."""

from __future__ import annotations

import os
import re

from lossmon import config, private, regular
from lossmon.config.section import shown
from lossmon.errors import ConfigError, message_of
from lossmon.settings import Lists, current
from lossmon.whole_file import write
from lossmon.words import said, words


def keep(section: str, **settings: str | bool | float | Lists) -> str:
    """Change settings in the file; the documented file is written where there is none.

    Returns:
        The path of the file.

    Raises:
        ConfigError: the file cannot be changed, or is not to be; it stays as it was.
    """
    if current().fleeting:
        raise ConfigError(said("a demo leaves nothing behind"))
    where = os.path.realpath(config.path())
    try:
        with open(where, encoding="utf-8", opener=regular.opener) as file:
            text = file.read()
    except FileNotFoundError:
        text = config.default_text(words(current().lang or "en"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(said("{where}: {error}", where=where, error=message_of(error))) from None
    for key, value in settings.items():
        text = with_setting(text, section, key, f"{key} = {shown(value)}")
    try:
        told = getattr(config.parse(text.encode()), section)
    except ConfigError as error:
        raise ConfigError(said("{where}: {error}", where=where, error=message_of(error))) from None
    for key, value in settings.items():
        if getattr(told, key) != value:
            raise ConfigError(
                said("{where}: set {section}.{key} by hand", where=where, section=section, key=key)
            )
    _replace(where, text)
    return where


def with_setting(text: str, section: str, key: str, line: str) -> str:
    """A file's text with a line in place of the setting, of its comment, or new."""
    lines = text.splitlines()
    head = re.compile(rf"\s*\[\s*{re.escape(section)}\s*\]\s*(#.*)?$")
    start = next((i for i, one in enumerate(lines) if head.match(one)), None)
    if start is None:
        return "\n".join([*lines, *([""] if lines else []), f"[{section}]", line]) + "\n"
    ends = (i for i in range(start + 1, len(lines)) if lines[i].lstrip().startswith("["))
    inside = range(start + 1, next(ends, len(lines)))
    for form in (rf"\s*{re.escape(key)}\s*=", rf"\s*#\s*{re.escape(key)}\s*="):
        for i in inside:
            if re.match(form, lines[i]):
                lines[i] = line
                return "\n".join(lines) + "\n"
    lines.insert(start + 1, line)
    return "\n".join(lines) + "\n"


def _replace(where: str, text: str) -> None:
    """Write the file anew; one that is not there yet is the user's alone."""
    try:
        private.make_folder(os.path.dirname(where))
        write(where, text, private=not os.path.exists(where))
    except OSError as error:
        raise ConfigError(f"{where}: {(error.strerror or str(error)).lower()}") from None
