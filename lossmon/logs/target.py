"""What the user typed: a path here, a path on another box, a pipe, or what a scheme stands for."""

from __future__ import annotations

import difflib
import glob
import os
import re
import stat
from dataclasses import replace

from lossmon.errors import TargetError
from lossmon.logs import schemes
from lossmon.logs.scheme import Target
from lossmon.logs.walk import matching
from lossmon.where import working_folder
from lossmon.words import said

_NAME = r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+(?:%\w+)?\]"
_URL = re.compile(
    rf"ssh://(?:(?P<user>[^@/\s]+)@)?(?P<host>{_NAME})(?::(?P<port>\d{{1,5}}))?(?P<path>/.*)?",
    re.DOTALL,
)
_OTHER = re.compile(r"[a-z][a-z0-9+.-]*://")
_REMOTE = re.compile(rf"(?:(?P<user>[^@/:\s]+)@)?(?P<host>{_NAME}):(?P<path>.*)", re.DOTALL)


def parse(text: str) -> Target:
    """Read `path`, `host:path`, `user@host:path`, `ssh://user@host:port/path`, `-` or a scheme's.

    `slurm:`, `s3://bucket/runs` and the like are of a scheme (see `lossmon.logs.schemes`); behind a
    box it is `host:slurm:`. A local file whose name has a colon wins when it exists, and `./a:b` is
    always local; a box that is called as a scheme is `ssh://slurm/path`.

    Raises:
        TargetError: it is none of these.
    """
    if text == "-":
        return Target("stdin", "-")
    if not text:
        raise TargetError(said("an empty target; name a log file or a folder"))
    if text.startswith("ssh://"):
        found = _URL.fullmatch(text)
        if found is None:
            raise TargetError(
                said("{text}: not an address; write ssh://user@host:port/path", text=text)
            )
        port = int(found["port"]) if found["port"] else None
        path = (found["path"] or "/")[1:] or "."
        path = path if path.startswith(("~", ".")) or schemes.taking(path) else "/" + path
        return _remote(text, found["host"], found["user"] or "", port, path)
    if text.startswith((".", "/", "~")) or os.path.lexists(text):
        return Target("local", os.path.expanduser(text))
    scheme = schemes.taking(text)
    target = scheme.target(text) if scheme is not None else None
    if target is not None:
        return target
    if _OTHER.match(text):
        raise TargetError(
            said(
                "{text}: no kind of place that is read; those are in the table of "
                ".github/docs/places.md, and packages add more",
                text=text,
            )
        )
    found = _REMOTE.fullmatch(text)
    if found is not None:
        return _remote(text, found["host"], found["user"] or "", None, found["path"] or ".")
    return Target("local", text)


def _remote(text: str, host: str, user: str, port: int | None, path: str) -> Target:
    if host.startswith("-") or user.startswith("-") or path.startswith("-"):
        raise TargetError(said("{text}: a host or path must not begin with '-'", text=text))
    if "\0" in path or (port is not None and not 0 < port < 65536):
        raise TargetError(
            said("{text}: not an address; write ssh://user@host:port/path", text=text)
        )
    host = host.strip("[]")
    scheme = schemes.taking(path)
    if scheme is None or scheme.behind == "agent":
        return Target("ssh", path, host, user, port)
    if not scheme.behind:
        raise TargetError(
            said("{text}: {scheme} is read from here, not behind a box", text=text, scheme=path)
        )
    target = scheme.target(path) or Target("ssh", path)
    return replace(target, host=host, user=user, port=port)


def check_local(path: str) -> None:
    """Raise TargetError, with what would work, where a local target can't be read."""
    if not os.path.isabs(path) and not working_folder():
        raise TargetError(
            said("{path}: the folder you are in was removed; change to another", path=path)
        )
    if _is_barred(path):
        raise TargetError(
            said("{path}: permission denied; ask its owner for read access", path=path)
        )
    if os.path.lexists(path):
        return
    if glob.has_magic(path):
        if next(matching(path), None) is None:
            raise TargetError(
                said("{path}: matches no file; check the pattern, and quote it", path=path)
            )
        return
    parent, name = os.path.split(path)
    try:
        close = difflib.get_close_matches(name, os.listdir(parent or "."), 1)
    except OSError:
        close = []
    hint = said("check the spelling")
    if close:
        hint = said("did you mean {path}?", path=os.path.join(parent, close[0]))
    raise TargetError(said("{path}: no such file or folder; {hint}", path=path, hint=hint))


def _is_barred(path: str) -> bool:
    """Whether it, or a folder above it, may not be read; of a file that is tried.

    What access(2) says holds neither for root on another machine's disk, nor beyond modes.
    """
    try:
        if os.path.isdir(path):
            os.scandir(path).close()
            os.lstat(os.path.join(path, os.curdir))
        elif stat.S_ISREG(os.stat(path).st_mode):
            os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
    except PermissionError:
        return True
    except (OSError, ValueError):  # what it is, is said by others
        return False
    return False
