"""How much, in words that a person can take in: beyond some size more digits say nothing.

A loss that stood at 1e-12 and rose to 0.2 rose by 20,000,000,000,000 %, and where a curve is smooth
to its last digit a rise is 161,641,541,038 standard errors: true, and no help.
"""

from __future__ import annotations

_MOST_SHARE = 10.0  # a share; past it what counts is that it is many times as much
_MOST_ERRORS = 100.0  # past it nobody asks whether it may be chance


def percent(share: float, digits: int = 0) -> str:
    """A relative change or share: "12%", "12.3%", "more than 1,000%"."""
    if abs(share) > _MOST_SHARE:
        return f"more than {'-' if share < 0 else ''}{_MOST_SHARE:,.0%}"
    return f"{share:.{digits}%}"


def standard_errors(n: float, digits: int = 1) -> str:
    """How sure a change is: "5.2 standard errors", "more than 100 standard errors"."""
    if abs(n) > _MOST_ERRORS:
        return f"more than {'-' if n < 0 else ''}{_MOST_ERRORS:.0f} standard errors"
    return f"{n:.{digits}f} standard errors"
