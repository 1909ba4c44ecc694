"""Read targets once: what `check` and `plot` show."""

from __future__ import annotations

from collections.abc import Sequence

from lossmon.api import read_targets
from lossmon.monitor.update import RunUpdate


def gather(targets: Sequence[str], jobs: int | None) -> tuple[list[RunUpdate], list[str]]:
    """Read every target; one that cannot be read does not stop the others.

    Args:
        targets: as typed.
        jobs: processes to read with; None lets the number of logs decide.

    Returns:
        The runs in the order they were found, and one line for each target that failed.
    """
    updates, errors = read_targets(targets)
    return updates, [str(error) for error in errors]
