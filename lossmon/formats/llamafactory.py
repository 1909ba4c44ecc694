"""LLaMA-Factory's `trainer_log.jsonl` and ms-swift's `logging.jsonl`: JSON lines with a plan."""

from __future__ import annotations

from lossmon.formats.jsonl import JsonlDecoder, load_object
from lossmon.words import joined, said

NAME = "llamafactory"
READS = "LLaMA-Factory `trainer_log.jsonl`, ms-swift `logging.jsonl`"
SIGN = "`current_steps` and `total_steps`, or `global_step/max_steps`"
_MARKS = ({"current_steps", "total_steps"}, {"global_step/max_steps"})


def sniff(head: bytes, name: str) -> str | None:
    """The first row names the current and the planned number of steps."""
    row = load_object(head.lstrip().split(b"\n", 1)[0])
    for marks in _MARKS:
        if row is not None and marks <= set(row):
            return said("rows carry {names}", names=joined(said(" and "), sorted(marks)))
    return None


def decoder(name: str) -> JsonlDecoder:
    """A fresh decoder."""
    return JsonlDecoder(NAME)
