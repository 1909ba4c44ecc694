"""Files and folders that are the user's alone: settings, what is remembered, reports of crashes."""

from __future__ import annotations

import errno
import os

from lossmon import regular


def make_folder(path: str) -> None:
    """Make a folder and what is missing above it, of mode 0700; what is there stays as it is."""
    missing = []
    while path and not os.path.isdir(path):
        missing.append(path)
        path = os.path.dirname(path)
    for folder in reversed(missing):
        try:
            os.mkdir(folder, 0o700)
        except FileExistsError:
            if not os.path.isdir(folder):
                raise


def opener(path: str, flags: int) -> int:
    """For `open`: a file that is made has mode 0600, and a link to elsewhere is not followed.

    Raises:
        OSError: it is a link, or cannot be opened.
    """
    try:
        return regular.opener(path, flags | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP and os.path.islink(path):  # "too many levels", of one
            raise OSError(errno.ELOOP, "is a link; name the file itself", path) from None
        raise
