"""The kinds of places that logs are read from, by how a target begins.

A kind of ours is one file here that declares `SCHEME = Scheme(...)`, and its name below; where the
place has files, they are another one in `lossmon/logs/far/` (`web.py` here and there). A kind of
another package is an entry point whose name is that of the scheme, and with which its prefixes
begin; it is imported when a target begins so:

    [project.entry-points."lossmon.sources"]
    vault = "my_package.vault:SCHEME"        # for `lossmon vault:runs/a`

The box stands before it all, `gpu1:docker:train`; see `lossmon.logs.target` for the grammar.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache, partial
from importlib import import_module
from typing import TypeVar

from lossmon import plugins
from lossmon.errors import LossmonError, TargetError
from lossmon.logs.caller import Caller
from lossmon.logs.guarded import Guarded, Unopened, fault_of
from lossmon.logs.scheme import Order, Scheme, Target
from lossmon.logs.source import Source
from lossmon.words import said

ENTRY_POINTS = "lossmon.sources"

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

BUILT: tuple[str, ...] = (
    "local",
    "stdin",
    "ssh",
    "slurm",
    "docker",
    "podman",
    "k8s",
    "journal",
    "stores",
    "web",
    "mlflow",
)  # in the order of the table in places.md

_WORD = re.compile(r"([a-z][a-z0-9+.-]*):")


def built() -> Iterator[Scheme]:
    """Those of ours."""
    for name in BUILT:
        yield import_module(f"lossmon.logs.schemes.{name}").SCHEME


def taking(text: str) -> Scheme | None:
    """The kind of place that a target leads to by how it begins; None where it names none.

    Raises:
        TargetError: a package that offers it cannot be imported.
    """
    found = _WORD.match(text)
    if found is None:
        return None
    ours = next((scheme for scheme in built() if scheme.takes(text)), None)
    return ours or _foreign(found[1])


def of(kind: str) -> Scheme:
    """The scheme of a target, by its kind."""
    return next((scheme for scheme in built() if scheme.name == kind), None) or _there(kind)


def check(target: Target, text: str) -> None:
    """Raise TargetError, with what would work, where a target can't be read.

    Args:
        target: what is read.
        text: as it was typed.
    """
    scheme = of(target.kind)
    lacking = scheme.lacks()
    if lacking:
        package = f"'lossmon[{scheme.extra}]'" if scheme.extra else lacking[0]
        raise TargetError(
            said(
                "{text}: to read this, {needed} is needed; pip install {package}",
                text=text,
                needed=lacking[0],
                package=package,
            )
        )
    scheme.check(target)


def table() -> list[tuple[str, str, str]]:
    """How a target is written, what it shows and what it cannot: for the README and for people."""
    return [(scheme.writes, scheme.sees, scheme.misses) for scheme in built()]


def _there(kind: str) -> Scheme:
    scheme = _foreign(kind)
    if scheme is None:
        raise KeyError(kind)
    return scheme


@lru_cache(maxsize=64)
def _foreign(name: str) -> Scheme | None:
    """What another package offers by this name."""
    for entry in plugins.offered(ENTRY_POINTS):
        if entry.name == name:
            try:
                scheme = Caller().ask(entry.load)
            except Exception as error:
                raise TargetError(
                    said(
                        "{name}: the package that reads this cannot be imported ({error}); "
                        "upgrade or remove {package}",
                        name=name,
                        error=f"{type(error).__name__}: {error}"[:200],
                        package=entry.value,
                    )
                ) from None
            if isinstance(scheme, Scheme) and _is_called(scheme, name):
                return _guarded(scheme)
            raise TargetError(
                said(
                    "{name}: {package} is no Scheme of this name; upgrade or remove it",
                    name=name,
                    package=entry.value,
                )
            )
    return None


def _guarded(scheme: Scheme) -> Scheme:
    """The same, with an end to what hangs in it, and no other end for an error of it."""
    return replace(
        scheme,
        open=partial(_open, scheme),
        check=partial(_of_package, scheme, scheme.check, Caller()),
        parse=scheme.parse and partial(_of_package, scheme, scheme.parse, Caller()),
    )


def _open(scheme: Scheme, order: Order) -> Source:
    caller = Caller()
    try:
        return Guarded(caller.ask(lambda: scheme.open(order)), scheme.name, caller)
    except LossmonError:
        raise
    except Exception as error:
        return Unopened(order.name, fault_of(scheme.name, error))


def _of_package(
    scheme: Scheme, call: Callable[[Asked], Answer], caller: Caller, asked: Asked
) -> Answer:
    """What a package answers.

    Raises:
        TargetError: it raised anything, or did not answer in time.
    """
    try:
        return caller.ask(lambda: call(asked))
    except LossmonError:
        raise
    except Exception as error:
        raise TargetError(fault_of(scheme.name, error)) from None


def _is_called(scheme: Scheme, name: str) -> bool:
    begin = [prefix.startswith(f"{name}:") for prefix in scheme.prefixes]
    return scheme.name == name and bool(begin) and all(begin)
