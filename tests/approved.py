"""Whole answers that a person has looked through, kept as text: `tests/data/approved/NAME.txt`.

A table of them notices any change of what is answered, whichever part made it. After a change that
is meant, write them anew, and read the difference before it is committed:

    LOSSMON_APPROVE=1 pytest -n 0 -k approved && git diff tests/data/approved
"""

from __future__ import annotations

import difflib
import os
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "data" / "approved"
_HEAD = "=== "  # a line that begins so begins an answer


def hold(name: str, key: str, answer: str) -> None:
    """Hold an answer against the one of that key that was approved.

    Args:
        name: of the file.
        key: of the answer within it, on one line.
        answer: any lines.
    """
    lines = [line.rstrip() for line in answer.rstrip().split("\n")]
    if os.environ.get("LOSSMON_APPROVE"):
        _approve(name, key, lines)
    else:
        told, before = (
            "\n".join(lines),
            "\n".join(_approved(name).get(key, ["nothing was approved"])),
        )
        assert told == before, f"{name}.txt, {key}: see {__name__}\n{_difference(before, told)}"


def _difference(before: str, told: str) -> str:
    """What has gone and what has come, a line each."""
    return "\n".join(difflib.unified_diff(before.split("\n"), told.split("\n"), n=0, lineterm=""))


@cache
def _approved(name: str) -> dict[str, list[str]]:
    """All answers of a file."""
    place, found = _FOLDER / f"{name}.txt", dict[str, list[str]]()
    for line in place.read_text("utf-8").split("\n") if place.exists() else ():
        if line.startswith(_HEAD):
            lines = found.setdefault(line.removeprefix(_HEAD), [])
        elif line:
            lines.append(line[1:])
    return found


def _approve(name: str, key: str, lines: list[str]) -> None:
    """Put an answer in place of the one of that key."""
    known = _approved(name)
    known[key] = lines
    _FOLDER.mkdir(exist_ok=True)
    text = "".join(
        f"{_HEAD}{key}\n" + "".join(f"|{line}\n" for line in lines) for key, lines in known.items()
    )
    (_FOLDER / f"{name}.txt").write_text(text, encoding="utf-8")
