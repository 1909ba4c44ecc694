"""Whether output in which no row was found yet may name a loss."""

from __future__ import annotations

import re

_LOSS_WORD = re.compile(
    rb"(?<![A-Za-z0-9])(?:[Ll]oss|LOSS|[Pp]erplexity|ppl|[Rr]eward|rew|rmse|nll|[Cc]ost)\w{0,9}[\s:=|\"'()\[\]]"
    + b"|" + "损失".encode()
)  # fmt: skip
_PARTS = tuple(map(str.encode, ("loss", "perplexity", "ppl", "rew", "rmse", "nll", "cost", "损失")))


def may_name_loss(text: bytearray, start: int) -> bool:
    """Whether a word from there on may; most output has none, and to look for parts is cheap."""
    lower = text[start:].lower()
    return any(part in lower for part in _PARTS) and bool(_LOSS_WORD.search(text, start))
