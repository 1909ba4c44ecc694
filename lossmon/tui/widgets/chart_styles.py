"""The looks of a picture's spans: one table for every widget that shows pictures."""

from __future__ import annotations

from collections.abc import Iterable

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from lossmon.chart.cursor import OVER
from lossmon.chart.picture import Span

Row = tuple[Span, ...]

_LOOKS = {
    "train": "color: $text-primary; text-style: bold;",
    "train_raw": "color: $primary; text-style: dim;",
    "eval": "color: $text-warning; text-style: bold;",
    "eval_raw": "color: $warning; text-style: dim;",
    "other": "color: $text-accent;",
    "other_raw": "color: $accent; text-style: dim;",
    "guide": "color: $text-success;",
    "axis": "color: $text-muted;",
    "mark_critical": "color: $text-error;",
    "mark_warning": "color: $text-warning;",
    "mark_info": "color: $text-muted;",
    "mark_best": "color: $text-success; text-style: bold;",
    "mark_epoch": "color: $text-muted; text-style: dim;",
    "strip": "color: $text-secondary;",
    "cursor": "color: $text-muted;",
    "cursor_dot": "color: $text; text-style: bold reverse;",
    "lit": "background: $lit;",
    "zone_warning": "background: $zone-warning;",
    "zone_critical": "background: $zone-error;",
    "selected": "text-style: reverse;",
    "value": "text-style: bold;",
    **{
        f"run_{i}": f"color: {color}; text-style: bold;"
        for i, color in enumerate(
            ("$text-primary", "$text-warning", "$text-success", "$foreground", "$text-error",
             "$text-secondary")
        )
    },
    "nonfinite": "color: $text-error; text-style: bold;",
    "clipped": "color: $text-muted; text-style: bold;",
}  # fmt: skip
CLASSES = {f"chart--{name}" for name in _LOOKS}


def css(widget: str) -> str:
    """The rules of these looks for a widget's DEFAULT_CSS."""
    return "\n".join(f"{widget} > .chart--{name} {{ {look} }}" for name, look in _LOOKS.items())


def strips_of(widget: Widget, rows: Iterable[Row], width: int) -> list[Strip]:
    """The rows of a picture in a widget that has CLASSES among its component classes."""
    base = widget.rich_style  # dear: once, and not for each span
    styles = {"": base}

    def style_of(name: str) -> Style:
        if name not in styles:
            first, *behind = name.split(OVER)
            style = styles.get(first) or base + widget.get_component_rich_style(f"chart--{first}")
            for one in behind:
                if one:
                    ground = widget.get_component_rich_style(f"chart--{one}").bgcolor
                    style += Style(bgcolor=ground)
            styles[name] = style
        return styles[name]

    return [Strip([Segment(s.text, style_of(s.style)) for s in row], width) for row in rows]
