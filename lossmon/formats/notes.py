"""What lines of text tell beside rows: overflows, skipped NaN losses, memory, a few settings.

Bounded: each kind of event is counted and its first and newest occurrences are kept.
"""

from __future__ import annotations

import re

from lossmon.formats.decoder import Event, Facts

_KEPT = 8  # events of a kind: the first half stays, the newest replace the rest
_LONGEST = 200  # characters of a line kept

_HINTS = (
    "skip",
    "overflow",
    "memory",
    "nan",
    "finite",
    "num",
    "classes",
    "trainable",
    "batch size",
)
_SCALE = r"loss[ _-]?scal\w*"
_BAD = r"(?:\bnan\b|\binf\b|non[- ]?finite|\binfinite\b|not finite)"
_EVENTS = (
    (
        "overflow",
        re.compile(
            r"gradient overflow|\boverflow!|overflow detected|\boverflow on data"
            rf"|skipping step.{{0,40}}{_SCALE}|{_SCALE}.{{0,60}}overflow|overflow.{{0,60}}{_SCALE}",
            re.I,
        ),
    ),
    (
        "nan_skipped",
        re.compile(
            rf"skip\w*.{{0,80}}{_BAD}|{_BAD}.{{0,80}}\bskip"
            rf"|(?:loss|grad\w*)(?: norm)? (?:is|was|became|are) {_BAD}"
            rf"|{_BAD} (?:loss|grad\w*)\b|found {_BAD}|{_BAD}.{{0,20}}(?:detected|encountered)",
            re.I,
        ),
    ),
    ("out_of_memory", re.compile(r"out of memory|OutOfMemoryError|\bOOM\b")),
)
_PLAN = re.compile(  # Unsloth's headline has several in one line
    r"(?:Total (?:optimization )?(?P<steps>steps)|Num Epochs) = (?P<n>\d[\d,]{0,14})\s*(?:\||$)"
)
_NUMBER = r"['\"]?\s*[:=]\s*([\d,]+)"
_SETTINGS = (
    ("classes", re.compile(rf"\b(?:num_?(?:classes|labels)|n_?classes)\b{_NUMBER}", re.I)),
    ("examples", re.compile(rf"\bnum examples{_NUMBER}", re.I)),
    ("batch", re.compile(r"total train batch size[^=:]{0,80}[:=]\s*([\d,]+)", re.I)),
    ("trainable", re.compile(rf"\btrainable params{_NUMBER}\s*\|\|", re.I)),
    ("parameters", re.compile(rf"\|\| all params{_NUMBER}", re.I)),
    ("lora_rank", re.compile(rf"\blora_?(?:r|rank)\b{_NUMBER}", re.I)),
)


def note(line: str, step: int | None, facts: Facts) -> None:
    """Take down what a line that is no row tells.

    Args:
        line: clean text.
        step: the newest step before it.
        facts: where it is kept.
    """
    for what, n in planned(line):
        if what == "steps":
            facts.total_steps = facts.total_steps or n
    low = line.lower()
    if not any(hint in low for hint in _HINTS) and "lora" not in low:
        return
    for kind, pattern in _EVENTS:
        if pattern.search(line):
            _keep(Event(kind, step, line.strip()[:_LONGEST]), facts)
            return
    for name, pattern in _SETTINGS:
        found = pattern.search(line)
        if found and len(found[1]) <= 20:
            digits = found[1].replace(",", "")
            if digits:
                facts.settings[name] = float(digits)


def planned(line: str) -> list[tuple[str, int]]:
    """What a trainer of the Hugging Face family says before it begins: "steps" or "epochs", n."""
    found = _PLAN.finditer(line) if " = " in line else ()
    return [(m["steps"] or "epochs", int(m["n"].replace(",", ""))) for m in found]


def _keep(event: Event, facts: Facts) -> None:
    facts.counts[event.kind] = facts.counts.get(event.kind, 0) + 1
    same = [old for old in facts.events if old.kind == event.kind]
    if len(same) >= _KEPT:
        facts.events.remove(same[_KEPT // 2])
    facts.events.append(event)
