"""An error of lossmon's own: one line for the user, the details in a file for who repairs it."""

from __future__ import annotations

import os
import platform
import sys
import traceback

from lossmon import private
from lossmon.debug import logger
from lossmon.errors import LossmonError
from lossmon.text import clip, printable
from lossmon.whole_file import write

STATUS = 70  # EX_SOFTWARE of sysexits.h: apart from 1 (a finding) and 2 (wrong usage)
_WORDS = 160  # of the error itself


def record(error: BaseException) -> str:
    """Keep the details and say in one line what happened and what to do."""
    if isinstance(error, LossmonError):
        return printable(str(error))
    words = clip(printable(f"{type(error).__name__}: {error}".split("\n")[0]), _WORDS)
    where = keep(error)
    told = f"; please report it with {where}" if where else ""
    return f"an error of lossmon itself, your training goes on: {words}{told}"


def keep(error: BaseException) -> str | None:
    """Write the newest crash over the last one; the values of variables are not in it.

    Returns:
        Where it is; None where nothing can be written.
    """
    logger.error("an error of lossmon itself", exc_info=error)
    from platformdirs import user_log_dir

    from lossmon import __version__

    folder = user_log_dir("lossmon")
    where = os.path.join(folder, "crash.txt")
    head = f"lossmon {__version__}, Python {platform.python_version()}, {sys.platform}\n"
    try:
        private.make_folder(folder)
        text = head + "".join(traceback.format_exception(error))
        write(where, text, private=True, errors="backslashreplace")
    except OSError:
        return None
    return where
