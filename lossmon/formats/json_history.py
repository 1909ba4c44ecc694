"""A JSON list of rows, or an object of equally long lists (Keras' `History.history`, Chainer)."""

from __future__ import annotations

import json
from itertools import islice

from lossmon.formats.decoder import Facts
from lossmon.formats.json_document import (
    DocumentDecoder,
    keys_at_top,
    load_document,
    rows_of,
)
from lossmon.formats.jsonl import has_metric, load_value
from lossmon.formats.lexicon import EVAL_LOSS, OTHER, TRAIN_LOSS, is_loss, role
from lossmon.formats.rows import RowReader, flatten
from lossmon.words import said

NAME = "json"
READS = "JSON histories: Keras `History`, AllenNLP, Chainer"
SIGN = "lists of losses, or a list of rows"
_LOOKED_AT = 50  # rows


def sniff(head: bytes, name: str) -> str | None:
    """`[{"epoch": 1, "loss": 2.3}, ...]` or `{"loss": [2.3, ...], "val_loss": [...]}`."""
    text = head.lstrip()
    if text[:1] not in (b"[", b"{"):
        return None
    document = load_document(text)
    if document is not None:
        rows = [flatten(row) for row in islice(rows_of(document), _LOOKED_AT)]
        if any(map(_names_loss, rows)):
            return said(
                "a JSON document with {rows}{more} rows",
                rows=len(rows),
                more="+" * (len(rows) == _LOOKED_AT),
            )
    elif text[:1] == b"[" and load_value(text.partition(b"\n")[0]) is None:
        row = _first_object(text[1:].lstrip())
        if row is not None and has_metric(flatten(row)):
            return said("a JSON list of rows with a metric")
    elif text[:1] == b"{":
        keys = keys_at_top(text)
        losses = [key for key in keys if _is_loss(key)]
        if any(_holds_list(text, key) for key in losses):
            return said("a JSON object whose {losses} is a list", losses=losses[0])
    return None


def _names_loss(row: dict[str, object]) -> bool:
    record = RowReader(Facts()).read(row)
    return record is not None and any(map(_is_loss, record.values))


def _is_loss(name: str) -> bool:
    """A loss of the whole, or a perplexity, of which some tell no more."""
    role_ = role(name)
    return role_ in (TRAIN_LOSS, EVAL_LOSS) or (role_ == OTHER and is_loss(name))


def decoder(name: str) -> DocumentDecoder:
    """A fresh decoder."""
    return DocumentDecoder(NAME)


def _first_object(text: bytes) -> dict[str, object] | None:
    try:
        value, _ = json.JSONDecoder().raw_decode(text.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _holds_list(text: bytes, key: str) -> bool:
    after = text.partition(b'"' + key.encode() + b'"')[2].lstrip()
    return after[:1] == b":" and after[1:].lstrip()[:1] == b"["
