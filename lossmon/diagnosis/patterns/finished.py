"""The plan is over; `lifecycle` finds it."""

from __future__ import annotations

from lossmon.diagnosis.pattern import Pattern

PATTERN = Pattern(
    id="finished",
    slot="beside",
    severity="info",
)
