"""One table of `config.toml` as a typed value: its fields say what is allowed, and document it.

A table is a frozen dataclass whose fields are made by `setting`; `table(Notices())` reads it from
[notices], `tables(Host(), "gpu1")` reads a mapping of them from [hosts.gpu1], [hosts.gpu2].
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints

from lossmon.config.faults import Faults, no_setting, no_value
from lossmon.errors import ConfigError
from lossmon.words import Said, Words, said

T = TypeVar("T")

_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


@dataclass(frozen=True)
class Section(Generic[T]):
    """What stands under one name at the top of the file.

    Attributes:
        default: the value where the file does not have it.
        read: makes the value of what TOML gave, given the name it has in messages; raises
            ConfigError("name: what is wrong; what would work").
        example: given the name and a language, the section as it stands in the commented default
            file.
    """

    default: T
    read: Callable[[object, str], T]
    example: Callable[[str, Words], str]


def setting(
    default: T,
    words: str,
    *,
    one_of: Sequence[object] = (),
    least: float | None = None,
    most: float | None = None,
    example: object = None,
) -> T:
    """A field of a section.

    Args:
        default: its value where it is not given; None for "not set".
        words: one sentence, for the documentation.
        one_of: the values allowed; any where empty.
        least: the smallest number allowed.
        most: the largest number allowed.
        example: shown in the documentation where the default says little.
    """
    told = {"words": words, "one_of": tuple(one_of), "least": least, "most": most}
    made: T = field(default=default, metadata={**told, "example": example})
    return made


def table(default: T) -> Section[T]:
    """A table whose keys are the fields of a frozen dataclass made of `setting`s."""
    kind = type(default)
    return Section(
        default,
        lambda value, name: read_table(kind, value, name),
        lambda name, tell: f"[{name}]\n" + in_words(kind, tell),
    )


def tables(default: T, example: str) -> Section[Mapping[str, T]]:
    """Tables of one kind under names that the user chooses: [hosts.gpu1], [hosts.gpu2]."""
    kind = type(default)

    def read(value: object, name: str) -> Mapping[str, T]:
        if not isinstance(value, dict):
            raise ConfigError(
                said("{name}: tables, such as [{name}.{example}]", name=name, example=example)
            )
        faults, found = Faults(), {}
        for key, inner in value.items():
            with faults:
                found[key] = read_table(kind, inner, f"{name}.{key}")
        faults.tell()
        return found

    none: Mapping[str, T] = {}
    head = f"{{name}}.{example}"
    return Section(
        none, read, lambda name, tell: f"# [{head.format(name=name)}]\n" + in_words(kind, tell)
    )


def read_table(kind: type[T], value: object, name: str) -> T:
    """One table as a dataclass.

    Raises:
        ConfigError: an unknown key, a value of another type or out of range.
    """
    if not isinstance(value, dict):
        raise ConfigError(said("{name}: a table: [{name}], then its settings", name=name))
    known = {one.name: one for one in dataclasses.fields(kind)}  # type: ignore[arg-type]
    types = get_type_hints(kind)
    faults, given = Faults(), {}
    for key, inner in value.items():
        with faults:
            if key not in known:
                raise no_setting(name, key, known)
            given[key] = _checked(inner, types[key], known[key].metadata, f"{name}.{key}")
    faults.tell()
    return kind(**given)


def _checked(value: Any, kind: Any, told: Mapping[str, Any], name: str) -> Any:
    if get_origin(kind) is tuple:
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise ConfigError(
                said("{name}: a list of texts, not {value}", name=name, value=shown(value))
            )
        found: Any = tuple(value)
    else:
        found = _one(value, kind, name)
    allowed, least, most = told["one_of"], told["least"], told["most"]
    for one in found if isinstance(found, tuple) else (found,):
        if allowed and one not in allowed:
            raise no_value(name, shown(one), one, allowed)
        if (least is not None and not one >= least) or (most is not None and not one <= most):
            raise ConfigError(
                said(
                    "{name}: {least}, not {one}",
                    name=name,
                    least=_range(least, most),
                    one=shown(one),
                )
            )
    return found


def _one(value: Any, kind: Any, name: str) -> Any:
    """A single value of its type; whole numbers are numbers too, and nothing else is mixed."""
    # `str | None` is a Union under both of its names; None itself cannot be written in TOML.
    kinds = [one for one in get_args(kind) or (kind,) if one is not type(None)]
    for one in kinds:
        if one is float and isinstance(value, int) and not isinstance(value, bool):
            return _float(value)
        if type(value) is one:
            return value
    words = " or ".join(_WORDS[one] for one in kinds)
    raise ConfigError(
        said("{name}: {words}, not {value}", name=name, words=words, value=shown(value))
    )


def _float(value: int) -> float:
    """A whole number as a float; infinity for one of 400 digits."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _range(least: float | None, most: float | None) -> Said:
    if most is None:
        return said("at least {least:g}", least=least)
    if least is None:
        return said("at most {most:g}", most=most)
    return said("from {least:g} to {most:g}", least=least, most=most)


def in_words(kind: Any, tell: Words) -> str:
    """Each field as comments: what it is, what is allowed, and the line that sets its default.

    Args:
        kind: the dataclass.
        tell: the language of the comments.
    """
    lines = []
    for one in dataclasses.fields(kind):
        told = one.metadata
        words = tell.fixed(told["words"])
        if told["one_of"]:
            words += tell(" One of {names}.", names=", ".join(map(str, told["one_of"])))
        elif told["least"] is not None or told["most"] is not None:
            limits = tell.say(_range(told["least"], told["most"]))
            words += tell(" {limits}.", limits=limits.capitalize())
        value = one.default if told["example"] is None else told["example"]
        lines += [f"# {words}", f"# {one.name} = {shown(value)}"]
    return "\n".join(lines) + "\n"


def shown(value: object) -> str:
    """A value as TOML writes it."""
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(shown, value)) + "]"
    if isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, float):
        return f"{value:.1f}" if value.is_integer() else f"{value:g}"
    return "a table" if isinstance(value, dict) else str(value)
