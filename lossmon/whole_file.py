"""Files that appear whole or not at all: the one way in which a file is written to be read again.

A full disk left an empty picture, an empty table and half of a crash's report, each of which looks
like an answer. So what is written grows under another name, which takes its place in the end.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def whole(path: str, *, private: bool = False, new: bool = False) -> Iterator[str]:
    """A file to write to beside `path`; at the end it takes its place, on failure it is gone.

    Its name begins with a dot: nobody who looks for logs takes it for one.

    Args:
        path: what is written. Where a link leads, the file there is replaced, and its mode stays.
        private: the user's alone, of mode 0600; a link is replaced itself and not followed.
        new: nothing may be there yet.

    Raises:
        FileExistsError: something is there, and a new one was asked for.
        OSError: it cannot be written.
    """
    place = path if private else os.path.realpath(path)
    mode = 0o600 if private else 0o666
    if new:  # holds the name meanwhile
        _make(path, mode)
    folder, name = os.path.split(place)
    partial = os.path.join(folder, f".{name}.{os.getpid()}.part")
    done = False
    try:
        with suppress(FileNotFoundError):
            os.unlink(partial)  # of a process of this number that was killed
        _make(partial, mode)
        yield partial
        if not private and os.path.exists(place):
            shutil.copymode(place, partial)
        os.replace(partial, place)
        done = True
    finally:
        for left in [] if done else [partial, *([path] if new else [])]:
            with suppress(OSError):
                os.unlink(left)


def write(
    path: str, text: str, *, private: bool = False, new: bool = False, errors: str = "strict"
) -> None:
    """Write a text.

    Args:
        path: see `whole`.
        text: all of it.
        private: see `whole`.
        new: see `whole`.
        errors: what becomes of characters that UTF-8 has none for.
    """
    with (
        whole(path, private=private, new=new) as partial,
        open(partial, "w", encoding="utf-8", errors=errors) as file,
    ):
        file.write(text)


def _make(path: str, mode: int) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, mode))
