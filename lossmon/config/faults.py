"""What is wrong with a file of settings, all of it at once: who mends a line starts once again."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from types import TracebackType

from lossmon.errors import ConfigError, message_of
from lossmon.words import said

_ALIKE = 0.7  # of two names, by difflib: "prot" means port, "no" does not mean info
_MOST = 20  # that are told; of a file that is no settings file every line is a fault


class Faults:
    """Collects errors: `with faults: ...` goes on behind one, `faults.tell()` raises them all."""

    def __init__(self) -> None:
        self._found: list[ConfigError] = []

    def __enter__(self) -> Faults:
        """Begin with what may be wrong."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Keep what was wrong, and go on."""
        if not isinstance(error, ConfigError):
            return False
        self._found += [ConfigError(message_of(error)), *error.others]
        return True

    def tell(self) -> None:
        """Raise what was found.

        Raises:
            ConfigError: the first, with the others.
        """
        if self._found:
            first, *others = self._found[:_MOST]
            raise ConfigError(message_of(first), others)


def nearest(word: object, names: Iterable[object]) -> str:
    """The name that was meant; "" where none is near."""
    if not isinstance(word, str):
        return ""
    known = {str(name).lower(): str(name) for name in names}
    close = difflib.get_close_matches(word.lower(), known, 1, _ALIKE)
    return known[close[0]] if close else ""


def no_setting(name: str, key: str, names: Iterable[str]) -> ConfigError:
    """That a table has no such setting, and which was meant, else which there are."""
    known = list(names)
    if close := nearest(key, known):
        return ConfigError(
            said("{name}: no setting {key}; did you mean {close}?", name=name, key=key, close=close)
        )
    return ConfigError(
        said(
            "{name}: no setting {key}; there are {names}",
            name=name,
            key=key,
            names=", ".join(known),
        )
    )


def no_value(name: str, one: str, value: object, names: Iterable[object]) -> ConfigError:
    """That a setting takes no such value, and which was meant, else which ones it takes.

    Args:
        name: of the setting.
        one: the value as it is shown.
        value: the value.
        names: the values it takes.
    """
    known = list(names)
    if close := nearest(value, known):
        return ConfigError(
            said("{name}: no {one}; did you mean {close}?", name=name, one=one, close=close)
        )
    words = ", ".join(map(str, known))
    return ConfigError(said("{name}: no {one}; one of {words}", name=name, one=one, words=words))
