"""`lossmon status`: one line for tmux's status bar and for shell prompts.

Nothing heavy is imported here: what was read is remembered (`status_cache`), and only what a log
that changed makes necessary is read anew (`status_read`).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from lossmon.presentation.signs import ASCII_SIGNS, SIGNS
from lossmon.text import cell_width, clip, in_words, printable
from lossmon.words import Words

Style = Literal["plain", "tmux", "ansi"]
STYLES = ("auto", "plain", "tmux", "ansi")

_SIGNS = {**SIGNS, "": "…"}
_ASCII_SIGNS = {**ASCII_SIGNS, "": "."}
_COLORS = {"critical": "red", "warning": "yellow", "info": "green"}
_TMUX = {"critical": "fg=red,bold", "warning": "bold"}
_ANSI = {"red": "31", "yellow": "33", "green": "32"}
_MOST = 1e15  # of steps and of seconds
_ORDER = ("critical", "warning", "info", "")

Part = tuple[str, str]  # words, and the severity whose colour they have


@dataclass(frozen=True)
class Standing:
    """What one line can say of a run; plain values, kept between two calls.

    Attributes:
        run: its name.
        logs: paths of its logs.
        severity: of its worst finding; "" where nothing is known yet.
        title: of that finding.
        state: as in the JSON of `check`.
        step, total_steps: newest step and plan, where known.
        eta_s: seconds to the end of the plan, when it was read.
        last_row_time: seconds since the Unix epoch.
        patience_s: silence after which it is taken as stalled.
    """

    run: str
    logs: tuple[str, ...] = ()
    severity: str = ""
    title: str = ""
    state: str = "silent"
    step: int | None = None
    total_steps: int | None = None
    eta_s: float | None = None
    last_row_time: float | None = None
    patience_s: float | None = None

    def values(self) -> dict[str, Any]:
        """As the values of a JSON object."""
        return asdict(self)

    @classmethod
    def of(cls, values: object) -> Standing | None:
        """From a JSON object; None where it is none of ours."""
        if not isinstance(values, dict) or set(values) != {field.name for field in fields(cls)}:
            return None
        logs = values["logs"]
        words = (values["run"], values["severity"], values["title"], values["state"])
        numbers = (
            values[name] for name in ("step", "total_steps", "eta_s", "last_row_time", "patience_s")
        )
        if not all(isinstance(word, str) for word in words) or not isinstance(logs, list):
            return None
        if not all(number is None or _is_number(number) for number in numbers):
            return None
        if values["severity"] not in _SIGNS:
            return None
        return cls(**{**values, "logs": tuple(map(str, logs))})


def _is_number(value: object) -> bool:
    """Whether a value is a number that can be counted and written with; NaN is none."""
    return isinstance(value, int | float) and abs(value) <= _MOST


def line(
    runs: Sequence[Standing],
    *,
    width: int,
    style: Style = "plain",
    ascii: bool = False,
    now: float | None = None,
    note: str = "",
    words: Words | None = None,
) -> str:
    """How the runs stand, in one line of at most `width` cells.

    Args:
        runs: any number, in any order.
        width: cells.
        style: "tmux" doubles # and colours by #[...]; "ansi" colours by escapes.
        ascii: ASCII signs only.
        now: seconds since the Unix epoch, which decides what is stalled.
        note: said at the end, or alone where there is no run.
        words: the language; English where there is none.
    """
    tell = words or Words()
    now = time.time() if now is None else now
    aged = sorted((_aged(run, now) for run in runs), key=lambda run: _need(run))
    if not aged:
        return _render([(tell.say(note) or tell("no runs"), "")], width, style, ascii)
    signs = _ASCII_SIGNS if ascii else _SIGNS
    if len(aged) == 1:
        run = aged[0]
        parts = [(signs[run.severity] + " ", run.severity), *_of_run(run, tell)]
    else:
        parts = []
        for severity in _ORDER:
            count = sum(run.severity == severity for run in aged)
            if count:
                parts.append((f"{signs[severity]}{count} ", severity))
        worst = aged[0]
        if worst.severity in ("critical", "warning"):
            parts += [
                (f" {_short(worst.run)} ", ""),
                (tell.fixed(worst.title).upper(), worst.severity),
            ]
        else:
            running = sum(run.state == "running" for run in aged)
            told = tell("{count} running", count=running) if running else tell("none running")
            parts.append((f" {told}", ""))
    if note:
        parts.append((f" {tell.say(note)}", ""))
    return _render(parts, width, style, ascii)


def style_of(wanted: str) -> Style:
    """The style to use; "auto" tells tmux's status bar, a terminal and a script apart.

    A command of tmux's status bar has TMUX in its environment and no terminal at any descriptor;
    one in a shell prompt still has one at standard error.
    """
    if wanted != "auto":
        return wanted  # type: ignore[return-value]  # one of STYLES, checked by the command line
    if os.environ.get("TMUX") and not (_terminal(0) or _terminal(1) or _terminal(2)):
        return "tmux"
    return "ansi" if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else "plain"


def _terminal(descriptor: int) -> bool:
    try:
        return os.isatty(descriptor)
    except OSError:
        return False


def _aged(run: Standing, now: float) -> Standing:
    """The run as of now: a silence may have become a stall since it was read."""
    if run.state != "running" or run.last_row_time is None or run.patience_s is None:
        return run
    if now - run.last_row_time <= run.patience_s:
        return run
    stalled = {"severity": "warning", "title": "Stalled"} if run.severity != "critical" else {}
    state = "stalled" if run.total_steps is not None else "silent"
    values = {**run.values(), "state": state, **(stalled if state == "stalled" else {})}
    return Standing(**{**values, "eta_s": None})


def _need(run: Standing) -> tuple[int, bool, str]:
    return (_ORDER.index(run.severity), run.state != "running", run.run)


def _of_run(run: Standing, tell: Words) -> list[Part]:
    alarming = run.severity in ("critical", "warning")
    parts: list[Part] = []
    if run.title:
        title = tell.fixed(run.title)
        parts.append((f"{title.upper() if alarming else title} ", run.severity))
    parts.append((f"{_short(run.run)} ", ""))
    if run.step is not None:
        total = f"/{run.total_steps:,}" if run.total_steps else ""
        parts.append((f"{run.step:,}{total} ", ""))
    if run.eta_s is not None:
        parts.append((f"{tell('ETA')} {tell.say(in_words(run.eta_s))} ", ""))
    elif run.state != "running" and run.state != "silent":
        parts.append((f"{tell.fixed(run.state)} ", ""))
    return parts


def _short(name: str) -> str:
    """Of a long path the end tells most; never more than a third of a line."""
    name = printable(name)
    if cell_width(name) > 20 and "/" in name:
        name = name.rstrip("/").rsplit("/", 1)[1]
    return clip(name, 24)


def _render(parts: Sequence[Part], width: int, style: Style, ascii: bool) -> str:
    """Clip to the width, then colour: escapes take no room."""
    room, pieces = width, []
    for i, (words, severity) in enumerate(parts):
        text = printable(words)
        if i == len(parts) - 1:
            text = text.rstrip()
        shown = clip(text, room, ascii=ascii)
        pieces.append(_colored(shown, severity, style))
        room -= cell_width(shown)
        if shown != text or room <= 0:
            break
    return "".join(pieces).rstrip()


def _colored(text: str, severity: str, style: Style) -> str:
    color = _COLORS.get(severity)
    if style == "tmux":
        text = text.replace("#", "##")
        # On the bar's own ground, green as tmux has it or dark: of the colours red is seen on both,
        # and a ground of ours made a patchwork.
        look = _TMUX.get(severity)
        return f"#[{look}]{text}#[default]" if look else text
    if style == "ansi" and color:
        return f"\x1b[{_ANSI[color]}m{text}\x1b[0m"
    return text
