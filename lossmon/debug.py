"""What a report of a fault needs: `logger` takes it, `--debug FILE` keeps it.

Nothing is kept unless it is asked for. What comes from logs and boxes is made printable on its way
into the file, which is for people.
"""

from __future__ import annotations

import logging
import os
import re
import sys

from lossmon import private
from lossmon.errors import TargetError
from lossmon.redaction import redacted
from lossmon.text import escaped
from lossmon.words import said

logger = logging.getLogger("lossmon")
logger.addHandler(logging.NullHandler())  # else a warning would be printed over the screen
_BEGINS = re.compile(rb"\S+ \S+ INFO \S+ lossmon \S+, Python ")  # a file of ours
_START = 200  # bytes of it that are looked at
_FORM = "%(asctime)s %(levelname)s %(threadName)s %(message)s"


class _Escaping(logging.Formatter):
    """A record a line, and the lines of a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """The lines of a record, which no terminal obeys and which hold no secret.

        The file goes into an issue, and the address of a log may hold a password or a signature.
        """
        return "\n".join(escaped(redacted(line)) for line in super().format(record).split("\n"))


def to_file(path: str) -> None:
    """Keep what is logged from here on in a file, behind what was kept there before.

    Raises:
        TargetError: it cannot be written; or it is another file, such as the log in `check --debug
            run.log`: the newest loss became 1.502026-11-29.
    """
    from lossmon import __version__

    try:
        if os.path.isfile(path):
            with open(path, "rb", opener=private.opener) as there:
                start = there.read(_START)
            if start and not _BEGINS.match(start):
                raise TargetError(
                    said(
                        "--debug {path}: this file is there and was not written by --debug; name "
                        "one to write to: --debug debug.txt",
                        path=path,
                    )
                )
        stream = open(path, "a", encoding="utf-8", errors="replace", opener=private.opener)  # noqa: SIM115
    except OSError as error:
        raise TargetError(
            said(
                "--debug {path}: {reason}", path=path, reason=(error.strerror or str(error)).lower()
            )
        ) from None
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Escaping(_FORM))
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    python = ".".join(map(str, sys.version_info[:3]))
    logger.info("lossmon %s, Python %s, %s, pid %d", __version__, python, sys.platform, os.getpid())
    logger.info("called as %s", sys.argv[1:])
