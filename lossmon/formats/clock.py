"""Times: the one place that reads them, whatever the format.

A date without a zone is local time, in JSON as in text: the same rows in a `.jsonl` and a `.log`
lie at the same moment. Nothing here asks `datetime.fromisoformat`, which reads other texts in each
Python.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from lossmon.formats.decoder import Floats
from lossmon.formats.numbers import as_float, parse_number

_DAY = (
    r"(?:(?P<y>\d{4})[-/.](?P<m>\d\d?)[-/.](?P<d>\d\d?)"  # 2024-05-19
    r"|(?P<m2>\d\d?)/(?P<d2>\d\d?)/(?P<y2>\d{4})"  # 05/19/2024
)
_ZONE = r"(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d)?"
# A date and a time of day, as loggers put them before a line. One without a year, or that does not
# say which of its numbers is the year, is recognised and tells no time.
STAMP = (
    rf"{_DAY}|\d\d?/\d\d?(?:/\d\d)?|\d\d-\d\d-\d\d|\d\d?-[A-Z][a-z]{{2}}(?:-(?:\d\d){{1,2}})?)"
    rf"(?: at |[T ]+)(?P<clock>\d\d?:\d\d:\d\d(?:[.,]\d+)?){_ZONE}"  # " at ": loguru
)
_CELLS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_DAY})(?:(?:[T_]|,? +)(?P<clock>\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?) ?{_ZONE})?",
        rf"(?P<y>\d{{4}})(?P<m>\d\d)(?P<d>\d\d)[T_ -](?P<clock>\d{{6}}(?:[.,]\d+)?){_ZONE}",
        r"(?:[A-Z][a-z]{2} +)?(?P<month>[A-Z][a-z]{2}) +(?P<d>\d\d?) "  # as ctime writes it
        rf"(?P<clock>\d\d:\d\d:\d\d) {_ZONE} ?(?P<y>\d{{4}})",
        r"(?:[A-Z][a-z]{2}, +)?(?P<d>\d\d?)[ -](?P<month>[A-Z][a-z]{2})[ -](?P<y>\d{4}) "  # e-mail
        rf"(?P<clock>\d\d:\d\d:\d\d(?:[.,]\d+)?) ?{_ZONE}",
    )
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNITS = (1.0, 1e3, 1e6, 1e9)  # seconds to nanoseconds
_FIRST, _LAST = 5e8, 5e9  # 1985 to 2128
_LONGEST = 64  # characters of a date


def read_time(cell: Any) -> float | None:
    """Seconds since the Unix epoch of a date, or of a count of seconds, ms, µs or ns since then.

    None where the cell is neither: "time" may as well be how long an epoch took.
    """
    if isinstance(cell, str):
        if cell[16:17] == ":" and cell[10:11] in " T":
            start = _minute_of(cell[:16])
            if start is not None:  # 2024-05-19 04:54 was met before: only the seconds are new
                try:
                    return start + float(cell[17:].replace(",", "."))
                except ValueError:
                    pass  # a zone is behind them
        if len(cell) > _LONGEST:
            return None
        found = next((m for p in _CELLS if (m := p.fullmatch(cell.strip()))), None)
        if found is not None:
            return time_of(found)
    number = as_float(cell) if isinstance(cell, float | int) else parse_number(str(cell))
    if number is None:
        return None
    for unit in _UNITS:
        if _FIRST <= number / unit < _LAST:
            return number / unit
    return None


def read_times(numbers: Floats) -> Floats | None:
    """`read_time` of a column of numbers; ValueError where it holds for some of them alone."""
    for unit in _UNITS:
        fits = (numbers / unit >= _FIRST) & (numbers / unit < _LAST)
        if fits.all():
            times: Floats = numbers / unit
            return times
        if fits.any():
            raise ValueError
    return None


def time_of(found: re.Match[str]) -> float | None:
    """Seconds since the Unix epoch of a matched date; None where it has no year, or is none."""
    parts = found.groupdict()
    year, day = parts["y"] or parts.get("y2"), parts["d"] or parts.get("d2")
    month = parts.get("m") or parts.get("m2")
    if parts.get("month") in _MONTHS:
        month = str(_MONTHS.index(parts["month"]) + 1)
    if year is None or month is None or day is None:
        return None
    clock = parts["clock"] or "00:00"
    if ":" not in clock:  # 20240519T045430
        clock = f"{clock[:2]}:{clock[2:4]}:{clock[4:]}"
    hour, minute, *seconds = clock.split(":")
    start = _minute(int(year), int(month), int(day), int(hour), int(minute), parts["zone"] or "")
    if start is None:
        return None
    return start + (float(seconds[0].replace(",", ".")) if seconds else 0.0)


@lru_cache(maxsize=64)
def _minute_of(text: str) -> float | None:
    found = _CELLS[0].fullmatch(text)
    return None if found is None else time_of(found)


@lru_cache(maxsize=64)
def _minute(year: int, month: int, day: int, hour: int, minute: int, zone: str) -> float | None:
    """When a minute began; looking up the local zone is slow, and minutes recur."""
    try:
        local = datetime(year, month, day, hour, minute)
        if not zone:
            return local.timestamp()
        return local.replace(tzinfo=_zone(zone)).timestamp()
    except (ValueError, OverflowError, OSError):
        return None  # 2024-13-45: a date in shape only


def _zone(text: str) -> timezone:
    if text[0] not in "+-":
        return timezone.utc
    ahead = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(ahead if text[0] == "+" else -ahead)
