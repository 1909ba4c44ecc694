"""The strips below a chart: one file each, named as the strip, with one declared object, `STRIP`.

A new strip is

    1. its name in `NAMES`, in the order in which the key `v` goes through them,
    2. `strips/NAME.py` (in lower case, a blank is an underscore) with `STRIP = Strip(find, ...)`,
    3. its words in `words/zh/screen.toml`, for its name and, if it has one, its label,
    4. the documents that name them all: `python -m lossmon.report.manual` writes the manual anew,
       and `.github/docs/settings.md` has the default file of settings.

A name is what a user types and a file is called: letters and blanks. The key, `plot --strip`, the
setting and its check, help and completion follow; `tests/test_registered.py` names what is missing.
Nothing heavy is imported here: the command line and the settings read `NAMES` at each start.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from lossmon.history.columns import SeriesView
    from lossmon.monitor.update import RunUpdate

NAMES = (
    "gap", "lr", "grad norm", "throughput", "GPU", "GPU memory", "GPU temperature", "GPU power",
)  # fmt: skip


class Strip(NamedTuple):
    """One more curve below the chart, on the same x axis.

    Attributes:
        find: gives its points from a run and the weight that smooths its curves; None where the
            run has nothing of the kind.
        label: what is written at the strip; the name of the series where it is empty.
    """

    find: Callable[[RunUpdate, float], SeriesView | None]
    label: str = ""


@lru_cache(maxsize=len(NAMES))
def strip_named(name: str) -> Strip:
    """The strip of a name."""
    module = import_module(f"{__name__}.{name.lower().replace(' ', '_')}")
    found: Strip = module.STRIP
    return found
