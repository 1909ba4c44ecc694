"""Words that depend on a number: {n:eval|evals}."""

from __future__ import annotations

import string
from typing import Any


class _Plurals(string.Formatter):
    """Formats as `str.format` does, and the word that fits a number."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if "|" in format_spec:
            one, many = format_spec.split("|")
            return one if value == 1 else many
        return format(value, format_spec)


PLURALS = _Plurals()
