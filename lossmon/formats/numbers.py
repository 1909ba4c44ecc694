"""Numbers as training logs write them."""

from __future__ import annotations

import math
import re

_MAX_CHARS = 200  # of a whole repr, such as tensor(2.3, device='cuda:0', grad_fn=<...>)
_LONG_NUMBER = 20  # digits: no integer of 64 bits
_MOST_DIGITS = 400  # no float is as long
_DIGITS = re.compile(r"\d+")
_SCALE = {"k": 1e3, "K": 1e3, "m": 1e6, "M": 1e6, "G": 1e9, "B": 1e9, "T": 1e12}

_REPR = re.compile(
    r"(?:[A-Za-z_][\w.]*)?\(\s*\[?(?P<inner>[^\s,()\[\]]+)\]?\s*(?:,.*)?\)\Z"  # tensor(2.3, ...)
    r"|\[\s*(?P<item>[^\s,\[\]]+)\s*\]\Z",  # [2.3]: a list of one
    re.DOTALL,
)
_GROUPED = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d*)?\Z")  # 1,234,567.8
_FORTRAN = re.compile(r"[-+]?\d+\.\d+D[-+]\d\d\Z")  # 2.31D-05
_MICROSOFT = re.compile(r"(?P<sign>[-+]?)1\.#(?P<what>IND|[QS]NAN|INF)\d*\Z")  # until 2015
_SUFFIXED = re.compile(
    r"(?P<number>[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)(?P<suffix>[kKmMGBT%])\Z"
)


def parse_number(text: str) -> float | None:
    """Read one number; None where `text` is none.

    Takes plain and scientific notation, `nan`, `-nan`, `inf`, `Infinity` in any case, quotes around
    (`'2.31'`, as transformers 5 writes), reprs (`tensor(2.3, device='cuda:0')`, `np.float64(2.3)`),
    thousands separators (`1,234`), a percent sign (`12.5%` is 12.5) and suffixes (`1.2k`, `3M`);
    `-1.#IND`, `1.#QNAN` and `1.#INF00` of Microsoft's compilers, which were read as 1.
    """
    try:
        if "_" not in text:  # float() would take 1_000, which no logger writes
            return float(text)
    except ValueError:
        pass
    text = text.strip()
    if not text or len(text) > _MAX_CHARS:
        return None
    if text[0] in "'\"" and len(text) > 2 and text[-1] == text[0]:
        return parse_number(text[1:-1])
    if text[-1] in ")]":
        wrapped = _REPR.match(text)
        return parse_number(wrapped["inner"] or wrapped["item"]) if wrapped else None
    if "," in text and _GROUPED.match(text):
        return float(text.replace(",", ""))
    if "#" in text and (odd := _MICROSOFT.match(text)):
        return float(odd["sign"] + "inf") if odd["what"] == "INF" else math.nan
    suffixed = _SUFFIXED.match(text)
    if suffixed is None:
        return float(text.replace("D", "e")) if _FORTRAN.match(text) else None
    return float(suffixed["number"]) * _SCALE.get(suffixed["suffix"], 1.0)


def as_float(number: float | int) -> float:
    """A number as a float; an integer that is too large for one is infinite."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def whole(digits: str) -> int | float:
    """An integer; a float where none of 64 bits is as long, infinite where no float is either.

    Python itself refuses integers of more than 4,300 digits, and with them all that stands around.
    """
    return int(digits) if len(digits) < _LONG_NUMBER else float(digits)


def without_endless(text: str) -> str:
    """A text whose numbers are no longer than any float: a longer one is infinite."""
    return _DIGITS.sub(lambda digits: digits[0] if len(digits[0]) < _MOST_DIGITS else "inf", text)
