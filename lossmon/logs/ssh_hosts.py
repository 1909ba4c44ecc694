"""The hosts of the user's ssh configuration, to choose from: names alone, patterns are none."""

from __future__ import annotations

import glob
import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

MOST_HOSTS = 2000
MOST_FILES = 64  # that Include leads to
_MOST_BYTES = 1 << 20  # of a file
_DEEPEST = 16  # files that include each other, as OpenSSH has it
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")
_KEYWORD = re.compile(r"(\w+)\s*=?\s*", re.ASCII)


@dataclass(frozen=True)
class Known:
    """A host that the user has given a name.

    Attributes:
        name: what it is called.
        address: where it is, where that is another name.
        user: the user there, where given.
    """

    name: str
    address: str = ""
    user: str = ""

    @property
    def where(self) -> str:
        """What is known of it beside its name."""
        at = f"{self.user}@" if self.user else ""
        return f"{at}{self.address or self.name}" if self.address or self.user else ""


def known_hosts(file: str = "") -> list[Known]:
    """The hosts in the order of the file; those of files that it includes where they are.

    Args:
        file: of ssh's configuration; empty for the user's own.
    """
    path = os.path.expanduser(file or "~/.ssh/config")
    found: dict[str, dict[str, str]] = {}
    names: list[str] = []
    for keyword, value in _lines(path, 0, set()):
        if keyword == "host":
            names = [name for name in _words(value) if _NAME.fullmatch(name)]
            for name in names[: MOST_HOSTS - len(found)]:
                found.setdefault(name, {})
        elif keyword == "match":
            names = []
        elif keyword in ("hostname", "user"):
            words = _words(value)
            for name in names:
                if name in found and words:
                    found[name].setdefault(keyword, words[0])  # the first one holds
    return [Known(name, of.get("hostname", ""), of.get("user", "")) for name, of in found.items()]


def _lines(path: str, depth: int, seen: set[str]) -> Iterator[tuple[str, str]]:
    """Keywords and values; a file that cannot be read, or includes itself, says nothing."""
    real = os.path.realpath(path)
    if depth > _DEEPEST or len(seen) >= MOST_FILES or real in seen:
        return
    seen.add(real)
    try:
        if not os.path.isfile(real):
            return
        with open(real, encoding="utf-8", errors="replace") as file:
            text = file.read(_MOST_BYTES)
    except OSError:
        return
    for line in text.splitlines():
        line = line.strip()
        found = _KEYWORD.match(line)
        if found is None:
            continue
        keyword, value = found[1].lower(), line[found.end() :]
        if keyword != "include":
            yield keyword, value
            continue
        for pattern in _words(value):
            there = os.path.join(os.path.expanduser("~/.ssh"), os.path.expanduser(pattern))
            for name in sorted(glob.glob(there))[:MOST_FILES]:
                yield from _lines(name, depth + 1, seen)


def _words(value: str) -> list[str]:
    try:
        return shlex.split(value, comments=True)
    except ValueError:
        return []
