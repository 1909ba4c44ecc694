"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from lossmon.errors import TargetError


@contextmanager
def replacing(path: str) -> Iterator[str]:
    """A name to write to beside `path`; at the end it takes its place, on failure it is gone.

    A reader, or a full disk, never meets half of a file.

    Raises:
        TargetError: it cannot be written; in the system's words.
    """
    partial = f"{path}.{os.getpid()}.part"
    try:
        yield partial
        os.replace(partial, path)
    except OSError as error:
        # pyarrow has the number and a sentence of its own.
        why = os.strerror(error.errno) if error.errno else error.strerror or str(error)
        raise TargetError(f"{path}: {why.lower()}") from None
    finally:
        if os.path.exists(partial):
            os.unlink(partial)
