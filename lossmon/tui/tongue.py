"""The language of the screen, for widgets that are told no more than what to draw."""

from __future__ import annotations

from textual.dom import DOMNode

from lossmon.words import Words

_ENGLISH = Words()


def words_of(node: DOMNode) -> Words:
    """The words of the app that a widget or screen belongs to."""
    words = getattr(node.app, "words", None)
    return words if isinstance(words, Words) else _ENGLISH
