"""Files that are handed on: whole or not at all, and never in place of a log."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from lossmon.errors import TargetError
from lossmon.whole_file import whole
from lossmon.words import said


@contextmanager
def replacing(path: str, logs: Iterable[str] = ()) -> Iterator[str]:
    """A name to write to beside `path`; at the end it takes its place, on failure it is gone.

    A reader, or a full disk, never meets half of a file. Where a link leads, the file there is
    replaced, and one that its owner has kept from others stays so.

    Args:
        path: what is to be replaced.
        logs: what was read: `export runs/a -o runs/a/log.jsonl` would destroy the training's log.

    Raises:
        TargetError: it cannot be written, in the system's words; or it is one of the logs, or a
            pipe or a device.
    """
    if os.path.exists(path) and any(_same(path, log) for log in logs):
        raise TargetError(
            said("{path}: this is a log that was read; write to another file", path=path)
        )
    place = os.path.realpath(path)
    if os.path.exists(place) and not os.path.isfile(place) and not os.path.isdir(place):
        raise TargetError(said("{path}: this is a pipe or a device; write to a file", path=path))
    try:
        with whole(path) as partial:
            yield partial
    except OSError as error:
        # pyarrow has the number and a sentence of its own.
        why = os.strerror(error.errno) if error.errno else error.strerror or str(error)
        raise TargetError(f"{path}: {why.lower()}") from None


def _same(path: str, log: str) -> bool:
    try:
        return os.path.samefile(path, log)
    except OSError:  # a log on another box, or within a database
        return False
