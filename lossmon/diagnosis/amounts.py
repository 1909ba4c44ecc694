"""How much, in words that a person can take in: beyond some size more digits say nothing.

A loss that stood at 1e-12 and rose to 0.2 rose by 20,000,000,000,000 %, and where a curve is smooth
to its last digit a rise is 161,641,541,038 standard errors: true, and no help.
"""

from __future__ import annotations

import math

from lossmon.words import Said, said

_MOST_SHARE = 10.0  # a share; past it what counts is that it is many times as much
_MOST_ERRORS = 100.0  # past it nobody asks whether it may be chance


def percent(share: float, digits: int = 0) -> Said:
    """A relative change or share: "12%", "12.3%", "more than 1,000%"."""
    if abs(share) > _MOST_SHARE:
        return said("more than {share:,.0%}", share=math.copysign(_MOST_SHARE, share))
    return said("{share}", share=f"{share:.{digits}%}")


def standard_errors(n: float, digits: int = 1) -> Said:
    """How sure a change is: "5.2 standard errors", "more than 100 standard errors"."""
    if abs(n) > _MOST_ERRORS:
        return said("more than {n:.0f} standard errors", n=math.copysign(_MOST_ERRORS, n))
    return said("{n} standard errors", n=f"{n:.{digits}f}")


def went(drop: float) -> str:
    """A relative drop in words."""
    if abs(drop) < 0.0005:
        return said("stayed")
    return (
        said("fell {drop}", drop=percent(drop, 1))
        if drop >= 0
        else said("rose {drop}", drop=percent(-drop, 1))
    )
