"""TOML of a bounded depth: parsers take time that grows with the square of a key's parts, or more.

A key of 20,000 parts in 40 kB held every command up for 16 s.
"""

from __future__ import annotations

import re
import sys
from typing import Any

from lossmon.errors import ConfigError, message_of
from lossmon.words import said

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_MOST_PARTS = 16  # of a key; ours have three
_TEXTS = re.compile(  # and comments: what is left of a line has dots in keys and numbers alone
    r'"""(?:\\[\s\S]|[^\\])*?(?:"""|\Z)'
    r"|'''[\s\S]*?(?:'''|\Z)"
    r'|"(?:\\.|[^"\\\n])*"?'
    r"|'[^'\n]*'?"
    r"|#[^\n]*"
)


def parse(text: bytes) -> dict[str, Any]:
    """What a text says.

    Raises:
        ConfigError: it is no TOML, or nested far beyond any settings.
    """
    try:
        plain = text.decode("utf-8-sig")
        if any(line.count(".") > _MOST_PARTS for line in _TEXTS.sub("", plain).split("\n")):
            raise RecursionError
        return tomllib.loads(plain)
    except ValueError as error:  # of its syntax, bytes, or 5,000 digits
        raise ConfigError(said("not valid TOML: {error}", error=message_of(error))) from None
    except RecursionError:
        raise ConfigError(
            said("a key or value nested more than {most} deep; no setting is", most=_MOST_PARTS)
        ) from None
