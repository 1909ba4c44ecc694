"""What a screen leaves for the next one on the same targets, in the user's private state folder.

One small file a set of targets, or a name given with `--session`. It is data of the user's own, yet
read as if it were anyone's: sizes are bounded, and what is not as it should be counts as nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from lossmon import private
from lossmon.errors import TargetError
from lossmon.where import working_folder
from lossmon.whole_file import write

_MOST_BYTES = 1 << 18  # of a file
_MOST = 2000  # entries of a list
_LONGEST = 1000  # characters of an entry
_FILES = 64  # sets of targets that are remembered; names are kept until their file is removed
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_AUTO = "auto-"

Hushed = tuple[str, str, str, str, int, float, float]  # run, pattern, and a `Hush` of `tui.quiet`


@dataclass(frozen=True)
class Session:
    """How a screen was left.

    Attributes:
        targets: as typed.
        folder: where lossmon was started: names of runs are relative to it.
        marked: names of runs.
        baseline: name of the run that others are compared with; empty for none.
        chosen: the run or group that was looked at.
        hushed: findings that were acknowledged or snoozed.
        filter: as typed.
        order: column that runs are sorted by.
        way: by what runs are grouped; empty for no groups.
        unfolded: groups that are not folded.
        panes: what was open: list, wall, panel, solo, log, overlay, alone; what was folded.
        sizes: of panels that were resized, "list 30".
        saved_at: seconds since the Unix epoch.
    """

    targets: tuple[str, ...] = ()
    folder: str = ""
    marked: tuple[str, ...] = ()
    baseline: str = ""
    chosen: str = ""
    hushed: tuple[Hushed, ...] = ()
    filter: str = ""
    order: str = "need"
    way: str = ""
    unfolded: tuple[str, ...] = ()
    panes: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    saved_at: float = 0.0


def folder() -> str:
    """Where sessions are kept."""
    from platformdirs import user_state_dir

    return os.path.join(user_state_dir("lossmon"), "sessions")


def path_of(targets: Sequence[str], name: str = "") -> str:
    """The file of a session: by its name, or by what is watched and from where.

    Raises:
        TargetError: the name is none.
    """
    if name:
        if not _NAME.fullmatch(name) or name.startswith(_AUTO):
            raise TargetError(f"--session {name}: letters, digits, dots and dashes, 64 at most")
        return os.path.join(folder(), f"{name}.json")
    words = json.dumps([working_folder(), sorted(targets)])
    key = hashlib.sha256(words.encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return os.path.join(folder(), f"{_AUTO}{key}.json")


def load(path: str) -> Session | None:
    """What is remembered; None where the file is missing, damaged or not the user's own."""
    try:
        with open(path, "rb", opener=private.opener) as file:
            if os.fstat(file.fileno()).st_uid != os.getuid():
                return None
            text = file.read(_MOST_BYTES + 1)
        told = json.loads(text) if len(text) <= _MOST_BYTES else None
    except (OSError, ValueError, RecursionError):
        return None
    return _checked(told) if isinstance(told, dict) else None


def save(path: str, session: Session) -> None:
    """Remember a session; where that is not possible it is forgotten, and nothing else happens."""
    values = {key: _bounded(value) for key, value in asdict(session).items()}
    text = json.dumps(values | {"saved_at": time.time()})
    if len(text) > _MOST_BYTES:
        return
    with contextlib.suppress(OSError):
        private.make_folder(os.path.dirname(path))
        write(path, text, private=True)
        _forget_old(os.path.dirname(path))


def none_yet() -> bool:
    """Whether no screen was ever left on this machine."""
    return next(iter(_files(folder())), None) is None


def last() -> Session | None:
    """The session that was left last, whatever it watched; None where there is none."""
    newest = next(iter(_files(folder())), None)
    found = load(newest) if newest is not None else None
    return found if found is not None and found.targets and os.path.isdir(found.folder) else None


def names() -> list[str]:
    """The names under which sessions are kept."""
    found = (os.path.basename(path).removesuffix(".json") for path in _files(folder()))
    return sorted(name for name in found if not name.startswith(_AUTO))


def _files(where: str) -> list[str]:
    """The files of sessions, the newest first."""
    try:
        with os.scandir(where) as entries:
            found = [
                (entry.stat().st_mtime, entry.path)
                for entry in entries
                if entry.name.endswith(".json") and entry.is_file(follow_symlinks=False)
            ]
    except OSError:
        return []
    return [path for _, path in sorted(found, reverse=True)]


def _forget_old(where: str) -> None:
    for path in [one for one in _files(where) if os.path.basename(one).startswith(_AUTO)][_FILES:]:
        os.unlink(path)


def _bounded(value: Any) -> Any:
    if isinstance(value, str):
        return value[:_LONGEST].encode("utf-8", "replace").decode()
    return [_bounded(one) for one in value[:_MOST]] if isinstance(value, tuple | list) else value


def _checked(told: dict[str, Any]) -> Session:
    """What of a table is as it should be."""
    found: dict[str, Any] = {}
    for one in fields(Session):
        value, default = told.get(one.name), one.default
        if one.name == "hushed":
            rows = value[:_MOST] if isinstance(value, list) else []
            found[one.name] = tuple(tuple(row) for row in rows if _is_hush(row))
        elif isinstance(default, tuple) and isinstance(value, list):
            words = [word[:_LONGEST] for word in value[:_MOST] if isinstance(word, str)]
            found[one.name] = tuple(words)
        elif isinstance(default, str) and isinstance(value, str):
            found[one.name] = value[:_LONGEST]
        elif isinstance(default, float) and isinstance(value, int | float):
            found[one.name] = float(value)
    return Session(**found)


def _is_hush(row: Any) -> bool:
    kinds: tuple[Any, ...] = (str, str, str, str, int, int | float, int | float)
    return (
        isinstance(row, list)
        and len(row) == len(kinds)
        and all(isinstance(cell, kind) for cell, kind in zip(row, kinds, strict=True))
        and row[2] in ("acknowledged", "snoozed")
    )
