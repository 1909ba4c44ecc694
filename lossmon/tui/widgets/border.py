"""The words on the border of a widget."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget


def entitle(widget: Widget, title: str, foot: str = "") -> None:
    """Say something above, and below: Textual sends a border again even where it says the same."""
    for side, words in (("border_title", title), ("border_subtitle", foot)):
        content = Content(words)
        if content.markup != (getattr(widget, side) or ""):
            setattr(widget, side, content)
