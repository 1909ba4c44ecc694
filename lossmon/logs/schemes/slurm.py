"""The jobs of Slurm, here; behind a box our agent there asks for them."""

from __future__ import annotations

import re

from lossmon.errors import TargetError
from lossmon.logs.scheme import Scheme, Target
from lossmon.logs.schemes.local import open_here
from lossmon.words import known, said

_FORM = re.compile(r"slurm:[\d,_+]*")


def _parse(text: str) -> Target | None:
    """`slurm:` stands for the jobs of the user, `slurm:4242` for one; a box may be called so."""
    return Target("slurm", text) if _FORM.fullmatch(text) else None


def _check(target: Target) -> None:
    from lossmon.logs import slurm

    try:
        slurm.check(target.path.removeprefix("slurm:"))
    except slurm.SlurmError as error:
        raise TargetError(
            said("{text}: {error}", text=target.path, error=known(str(error)))
        ) from None


SCHEME = Scheme(
    name="slurm",
    open=open_here,
    prefixes=("slurm:",),
    parse=_parse,
    check=_check,
    behind="agent",
    writes="`slurm:`, `slurm:JOB`, `HOST:slurm:`",
    sees="what the jobs write, also those still to come; their states and limits",
    misses="jobs of other users",
)
