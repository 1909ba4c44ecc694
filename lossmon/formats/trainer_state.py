"""Hugging Face's `trainer_state.json`: rewritten at every save, everything up to that step."""

from __future__ import annotations

from lossmon.formats.json_document import DocumentDecoder
from lossmon.formats.jsonl import load_object
from lossmon.words import said

NAME = "trainer_state"
READS = "Hugging Face `trainer_state.json`, with its `checkpoint-*` copies"
SIGN = "`log_history`"


def sniff(head: bytes, name: str) -> str | None:
    """A JSON object with a log history (its keys are sorted, so it comes early or late)."""
    start = head.lstrip()[:1]
    if start != b"{" or _is_row(head):
        return None
    if b'"log_history"' in head:
        return said("a JSON object with a log_history")
    if b'"best_model_checkpoint"' in head and b'"epoch"' in head:
        return said("a JSON object with the keys of a trainer state")
    return None


def _is_row(head: bytes) -> bool:
    """Whether the first line is an object by itself: JSON lines, whose last may sum up the run."""
    row = load_object(head.lstrip().split(b"\n", 1)[0])
    return row is not None and "log_history" not in row


def decoder(name: str) -> DocumentDecoder:
    """A fresh decoder."""
    return DocumentDecoder(NAME)
