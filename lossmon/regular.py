"""Files that are read because of where they are or what names them, and may be anything there.

To open a FIFO waits for who writes into it, and a device may have no end: a FIFO in place of what
`lossmon status` remembers held every prompt up for ever.
"""

from __future__ import annotations

import errno
import os
import stat


def opener(path: str, flags: int, mode: int = 0o666) -> int:
    """For `open`: a regular file, or the null device, which stands for an empty one.

    Raises:
        OSError: it is none, or cannot be opened.
    """
    handle = os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, mode)
    try:
        found = os.fstat(handle)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, "is a directory", path)
        if not stat.S_ISREG(found.st_mode) and not _is_null(found):
            raise OSError(errno.EINVAL, "not a regular file", path)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _is_null(found: os.stat_result) -> bool:
    return stat.S_ISCHR(found.st_mode) and found.st_rdev == os.stat(os.devnull).st_rdev
