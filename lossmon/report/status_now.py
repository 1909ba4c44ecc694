"""How much `lossmon status` reads now, and what it leaves to a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence

from lossmon import config
from lossmon.errors import TargetError
from lossmon.logs.hosts import as_flags, resolve
from lossmon.logs.scheme import Target
from lossmon.logs.stamp import Stamp
from lossmon.logs.target import check_local
from lossmon.report import status_cache as cache
from lossmon.report.status_cache import Memory
from lossmon.text import in_words
from lossmon.words import known, said

_AT_ONCE_BYTES = 24 << 20  # so much is read while the caller waits, about half a second
_OF_A_LOG_BYTES = 100_000  # a log more takes as long: 20,000 small ones never came in time
_MANY = 100
_SHARE = 10.0  # a reading that took a second is not done again within ten


def parsed(targets: Sequence[str]) -> list[Target]:
    """The targets, checked.

    Raises:
        TargetError: one cannot be read, or is a pipe.
    """
    config.name_hosts()
    found = [target for text in targets for target in resolve(text)]
    for target in found:
        if target.kind == "stdin":
            raise TargetError(said("-: a pipe has no status; `lossmon watch -` follows one"))
        if target.kind == "local":
            check_local(target.path)
    return found


def now(targets: Sequence[str], lang: str, max_age_s: float) -> tuple[Memory, str]:
    """How runs stand, quickly; and a note where that is not of now.

    Nothing is read where no log has changed. Where one has, what was known at most `max_age_s` ago
    is given at once and read anew by a process of its own; what is older is read now, unless there
    is too much of it.
    """
    where = cache.place(targets, lang)
    memory = cache.load(where)
    found = parsed(targets)
    stamps = cache.stamps_of(found)
    remote = any(target.kind != "local" for target in found)  # cannot be looked at at once
    if memory.read_at and stamps == memory.stamps and not remote:
        return memory, ""
    age_s = time.time() - memory.read_at
    if memory.read_at and age_s <= max_age_s:
        _read_behind(targets, lang, memory, age_s)
        return memory, ""
    sizes = [stamp[0] for log, stamp in stamps.items() if memory.stamps.get(log) != stamp]
    size = sum(sizes)
    if size + _OF_A_LOG_BYTES * len(sizes) <= _AT_ONCE_BYTES and not remote:
        return read(targets, lang, memory, stamps), ""
    _read_behind(targets, lang, memory, age_s)
    if not memory.read_at:
        return memory, _reading(size, len(sizes))
    return memory, said("({time} ago)", time=in_words(age_s))


def read(
    targets: Sequence[str],
    lang: str,
    memory: Memory,
    stamps: dict[str, Stamp] | None = None,
    *,
    behind: bool = False,
) -> Memory:
    """Read what changed, and remember it; what was known where somebody else is at it.

    `behind` nobody waits for it: then where nothing was known, too.
    """
    from lossmon.report.status_read import refreshed

    where = cache.place(targets, lang)
    with cache.alone(where) as alone:
        if not alone and (memory.read_at or behind):
            return memory
        found = parsed(targets)
        stamps = cache.stamps_of(found) if stamps is None else stamps
        memory = refreshed(targets, found, memory, stamps, lang)
        cache.save(where, memory)
    return memory


def _reading(size: int, logs: int) -> str:
    """What is told while nothing is known yet."""
    if logs > _MANY:
        return said("reading {count:,} logs", count=logs)
    return said("reading {size:,.0f} MB", size=size / 1e6) if size else known("reading")


def refresh(targets: Sequence[str], lang: str) -> None:
    """What the process of its own does."""
    read(targets, lang, cache.load(cache.place(targets, lang)), behind=True)


def _read_behind(targets: Sequence[str], lang: str, memory: Memory, age_s: float) -> None:
    """Start a process that reads what changed; none where the last reading is recent and long."""
    if memory.read_at and age_s < _SHARE * memory.took_s:
        return
    with cache.alone(cache.place(targets, lang)) as alone:
        if not alone:
            return  # it goes on: a prompt that comes each second must not start one each second
    flags = ["--refresh", "--lang", lang, *as_flags()]
    subprocess.Popen(
        [sys.executable, "-m", "lossmon", "status", *flags, "--", *targets],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # it outlives the prompt that asked
    )
