"""Many boxes in one word: `gpu[1-8]:runs`, `gpu[01-08]`, `rack[1,3,5-7]node[1-2]:runs`."""

from __future__ import annotations

import re
from itertools import product

from lossmon.errors import TargetError
from lossmon.words import said

MOST = 256  # boxes: each has a connection of its own
_GROUP = re.compile(r"\[(\d{1,6}(?:-\d{1,6})?(?:,\d{1,6}(?:-\d{1,6})?){0,99})\]")
# Before the first colon, or the first slash behind ssh://, and with a name around it: `[::1]` and
# `[1-8]*.jsonl` are none.
_BOXES = re.compile(
    r"(?P<start>ssh://)?(?P<user>[^@/:\s\[\]]+@)?"
    r"(?P<name>[A-Za-z][A-Za-z0-9._-]*\[[\d,-]+\](?:[A-Za-z0-9._-]|\[[\d,-]+\])*)(?P<rest>[:/].*)?",
    re.DOTALL,
)


def expand(text: str) -> list[str]:
    """The targets that a word with ranges stands for; the word itself where it holds none.

    Raises:
        TargetError: a range that makes no sense, or too many boxes.
    """
    found = _BOXES.fullmatch(text)
    rest = found["rest"] or "" if found is not None else ""
    if found is None or (rest[:1] == "/" and not found["start"]):
        return [text]
    parts = _GROUP.split(found["name"])
    if "[" in "".join(parts[::2]):
        raise _wrong(text)
    choices, count = list[list[str]](), 1
    for index, part in enumerate(parts):
        names = _numbers(part, text) if index % 2 else [part]
        count *= len(names)
        if count > MOST:
            raise TargetError(
                said("{text}: more than {most} boxes; name fewer", text=text, most=MOST)
            )
        choices.append(names)
    start = (found["start"] or "") + (found["user"] or "")
    return [f"{start}{''.join(names)}{rest}" for names in product(*choices)]


def _numbers(group: str, text: str) -> list[str]:
    """`01-03,7` as 01, 02, 03, 7: as wide as its first number is written."""
    found = list[str]()
    for part in group.split(","):
        first, _, last = part.partition("-")
        low, high = int(first), int(last or first)
        if high < low:
            raise _wrong(text)
        if high - low >= MOST:
            raise TargetError(
                said("{text}: more than {most} boxes; name fewer", text=text, most=MOST)
            )
        width = len(first) if first.startswith("0") else 0
        found += [str(number).zfill(width) for number in range(low, high + 1)]
    return list(dict.fromkeys(found))


def _wrong(text: str) -> TargetError:
    return TargetError(
        said("{text}: no range; write gpu[1-8]:runs or gpu[01,03,05-08]:runs", text=text)
    )
