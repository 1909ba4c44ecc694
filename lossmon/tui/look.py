"""Words, signs and styles that several widgets share."""

from __future__ import annotations

import math
import time

from lossmon.diagnosis.finding import SEVERITIES, Finding, Severity, TimelineEntry
from lossmon.diagnosis.patterns import PATTERNS
from lossmon.monitor import RunUpdate
from lossmon.presentation.signs import ASCII_SIGNS, SIGNS
from lossmon.presentation.verdict import headline, is_untold
from lossmon.text import short_exponent
from lossmon.words import Said, said

STYLE = {"critical": "$text-error", "warning": "$text-warning", "info": "$text-success"}
_FRESH_S = 60.0  # an age that is shown as one: a ticking clock would cost bytes all day

TONES = ("advice", *SEVERITIES)
ADVICE = "$text-accent"  # what is neither wrong nor quite fine
_DOTS = {"running": "●", "finished": "■", "stalled": "○", "failed": "✗", "silent": "·"}
_ASCII_DOTS = {"running": "*", "finished": "#", "stalled": "o", "failed": "x", "silent": "."}


def badge(finding: Finding | None, *, ascii: bool) -> tuple[str, str]:
    """A sign and its style; no colour is needed to read it."""
    if finding is None or is_untold(finding):
        return ("." if ascii else "…"), "$text-muted"
    if tone(finding) == "advice":
        return "~", ADVICE
    return (ASCII_SIGNS if ascii else SIGNS)[finding.severity], STYLE[finding.severity]


def tone(finding: Finding | TimelineEntry) -> str:
    """How it is meant: critical, warning, info where all is fine, else advice."""
    pattern = PATTERNS[finding.pattern]
    fine = pattern.positive or pattern.on_its_way or finding.pattern == "finished"
    return "advice" if finding.severity == "info" and not fine else finding.severity


def style_of(finding: Finding | TimelineEntry) -> str:
    """The style of its words."""
    return ADVICE if tone(finding) == "advice" else STYLE[finding.severity]


def sign_of(severity: Severity, *, ascii: bool) -> str:
    """The sign of a severity."""
    return (ASCII_SIGNS if ascii else SIGNS)[severity]


def dot(update: RunUpdate, *, ascii: bool) -> str:
    """The state of a run as a sign."""
    exited = update.state == "running" and update.writer is False
    return (_ASCII_DOTS if ascii else _DOTS)["stalled" if exited else update.state]


def severity(update: RunUpdate) -> Severity:
    """The worst of its findings that the user has not hushed."""
    found = headline(update)
    return found.severity if found is not None and found.pattern not in update.hushed else "info"


def named(update: RunUpdate) -> Finding | None:
    """The finding to name: what calls for attention; else what is hushed, before what is fine."""
    found = headline(update)
    if not update.hushed or (found is not None and found.severity != "info"):
        return found
    hushed = [one for one in update.diagnosis.findings if one.pattern in update.hushed]
    return min(hushed, key=lambda one: -SEVERITIES.index(one.severity), default=found)


def seen_beside(update: RunUpdate, found: Finding) -> Finding | None:
    """The gravest hushed finding where it is graver than the one that is named.

    A run that diverged and was acknowledged stood in the list as STALLED once it wrote no more.
    """
    hushed = [one for one in update.diagnosis.findings if one.pattern in update.hushed]
    worst = max(hushed, key=lambda one: SEVERITIES.index(one.severity), default=found)
    graver = SEVERITIES.index(worst.severity) > SEVERITIES.index(found.severity)
    return worst if graver else None


def badge_of(update: RunUpdate, *, ascii: bool) -> tuple[str, str]:
    """The sign of a run; a quiet one where all that is wrong with it is hushed."""
    found = headline(update)
    if update.hushed and (found is None or found.severity == "info"):
        return "z", "$text-muted"
    if found is not None and found.pattern in update.hushed:
        return "z", "$text-muted"
    return badge(found, ascii=ascii)


def progress(update: RunUpdate) -> str:
    """The step and the plan, "2,140/3,000"; the step alone where no plan is known."""
    if update.step is None:
        return ""
    total = f"/{update.total_steps:,}" if update.total_steps else ""
    return f"{update.step:,}{total}"


def number(value: float | None, width: int = 10) -> str:
    """A metric's value in at most so many characters, never cut: 1.201e+04 becomes 1.2e4."""
    if value is None:
        return ""
    text = f"{value:.4g}"
    for digits in (4, 3, 2, 1):
        if len(text) <= width:
            break
        text = short_exponent(f"{value:.{digits}g}")
    return text


def rate(per_second: float) -> str:
    """A speed in two digits and a half: 0.35, 4.2, 1,900. More would only flicker."""
    if per_second >= 100:
        digits = 10 ** (len(str(int(per_second))) - 2)
        return f"{round(per_second / digits) * digits:,}"
    return f"{per_second:.2g}"


_MINUTES = (1, 2, 3, 5, 10, 15, 20, 30, 40, 50)


def coarse(seconds: float) -> Said:
    """An age in words that change rarely: a clock that ticks would cost bytes all day."""
    if seconds < _FRESH_S:
        return said("<1 min")
    if seconds < 3600:
        return said("{n:.0f} min", n=max(one for one in _MINUTES if one * 60 <= seconds))
    if seconds < 48 * 3600:
        return said("{n:.0f} h", n=seconds // 3600)
    return said("{n:.0f} d", n=seconds // 86400)


def clock(at: float, now: float) -> str:
    """A time to come by the clock, coarse, so that it stands still: "14:05", "12-01 03:20"."""
    grain = 300.0 if at - now > 1800 else 60.0
    then = time.localtime(math.ceil(at / grain) * grain)
    today = time.localtime(now)
    same = (then.tm_year, then.tm_yday) == (today.tm_year, today.tm_yday)
    return time.strftime("%H:%M" if same else "%m-%d %H:%M", then)


def signed(number: int) -> str:
    """A whole number with its sign, short: "+120", "-3.4k"."""
    return f"{number:+d}" if abs(number) < 10_000 else f"{number / 1000:+.3g}k"


def short_progress(update: RunUpdate, width: int) -> str:
    """The step and the plan in so many cells, with k and M where they are long."""
    text = progress(update)
    if len(text) <= width or update.step is None:
        return text
    parts = [update.step, *([update.total_steps] if update.total_steps else [])]
    return "/".join(_short_number(part) for part in parts)


def _short_number(number: int) -> str:
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.4g}{unit}"
    return str(number)
