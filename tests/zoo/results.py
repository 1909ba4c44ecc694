"""RESULTS.md: what was run, when, in which version, and what lossmon made of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from lossmon.formats import store
from lossmon.formats.detect import table
from lossmon.hparams.read import STORES

PAGE = Path(__file__).parents[2] / ".github" / "docs" / "formats.md"
FILE = Path(__file__).parent / "RESULTS.md"
STORED = Path(__file__).parents[1] / "data" / "zoo"

_HEAD = "| recipe | tool | version | run | format | at rest | live | held back by the tool | note |"
_EXACT = "exact"
_SOON_S = 3.0
_BETWEEN = "; "


class Result(NamedTuple):
    """What came of one recipe.

    Attributes:
        name: of the recipe.
        tool, version: what was run.
        date: when.
        formats: of the logs that were read.
        rest: what was misread at rest; empty where nothing was.
        live: what was misread, or read late, while it ran.
        held_back_s: how long the tool kept a row of the curve to itself, at most; None: to the end.
        note: what is to know.
    """

    name: str
    tool: str
    version: str
    date: str
    formats: tuple[str, ...]
    rest: tuple[str, ...]
    live: tuple[str, ...]
    held_back_s: float | None
    note: str = ""

    def line(self) -> str:
        """A row of the table."""
        held = self.held_back_s
        cells = [
            self.name, self.tool, self.version, self.date, ", ".join(self.formats),
            _told(self.rest), _told(self.live),
            "never read live" if held is None else "" if held <= _SOON_S else f"{held:.0f} s",
            self.note,
        ]  # fmt: skip
        return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def _told(wrong: Iterable[str]) -> str:
    return _BETWEEN.join(wrong) or _EXACT


def _list(cell: str) -> tuple[str, ...]:
    return () if cell == _EXACT else tuple(cell.split(_BETWEEN))


def load() -> dict[str, Result]:
    """The table, by recipe."""
    text = FILE.read_text(encoding="utf-8") if FILE.exists() else ""
    rows = text.partition(_HEAD)[2].partition("<!-- end -->")[0].splitlines()[2:]
    return {one.name: one for one in map(untold, rows)}


def untold(line: str) -> Result:
    """A row of the table, read back."""
    cells = [cell.strip() for cell in line[1:-1].split("|")]
    name, tool, version, date, formats, rest, live, held, note = cells
    seconds = None if held == "never read live" else float(held.removesuffix(" s") or 0)
    return Result(name, tool, version, date, tuple(filter(None, formats.split(", "))),
                  _list(rest), _list(live), seconds, note)  # fmt: skip


def save(result: Result) -> None:
    """Put one row into the table."""
    rows = {**load(), result.name: result}
    table = [_HEAD, re.sub(r"[^|]+", "---", _HEAD)]
    table += [rows[name].line() for name in sorted(rows)]
    text = FILE.read_text(encoding="utf-8")
    before, rest = text.split("<!-- table -->\n")[0], text.split("<!-- end -->\n")[1]
    before = re.sub(r"(?m)^\*\*.*recipes.*\*\*$", f"**{summary(rows)}**", before)
    body = "\n".join(table)
    FILE.write_text(f"{before}<!-- table -->\n{body}\n<!-- end -->\n{rest}", encoding="utf-8")


def summary(rows: dict[str, Result] | None = None) -> str:
    rows = load() if rows is None else rows
    rest, live = (sum(not getattr(one, how) for one in rows.values()) for how in ("rest", "live"))
    return f"{len(rows)} recipes: {rest} read exactly at rest, {live} live"


def checked() -> dict[str, str]:
    """Format -> the tools that it was last read right of, with their versions."""
    found: dict[str, list[str]] = {}
    for one in load().values():
        for name in one.formats if not one.rest else ():
            row = store.NAME if name in STORES else name  # one row tells of both
            found.setdefault(row, []).append(f"{one.tool} {one.version}")
    return {name: ", ".join(sorted(tools, key=str.lower)) for name, tools in found.items()}


def formats_table() -> str:
    """The table of formats in the reference."""
    tools = checked()
    cells = [(log, sign, tools.get(name, "")) for name, log, sign in table()]
    rows = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in cells]
    return "| log | recognised by | last checked with |\n|---|---|---|\n" + "".join(rows)


def into_page() -> None:
    """Bring the reference's table up to date."""
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(re.sub(r"\| log \| recog.*\n(?:\|.*\n)+", lambda _: formats_table(), text))
