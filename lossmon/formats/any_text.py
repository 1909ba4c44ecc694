"""Any text: the format that is asked last, since it finds a curve in almost anything."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from lossmon.formats.decoder import Record
from lossmon.formats.text import TextDecoder
from lossmon.formats.text_signs import tells_of_training

NAME = "text"
READS = (
    "any text: PyTorch examples, Keras, Lightning bars, tqdm, nanoGPT, llm.c, Megatron-LM,"
    " NeMo, torchtune, torchtitan, veRL, fairseq, timm, MMEngine, Darknet, Caffe, GluonCV,"
    " XGBoost, LightGBM, scikit-learn, spaCy, flair, logfmt, loguru and more"
)
SIGN = 'lines that repeat a step or epoch with a loss, such as `print(f"step {i} loss {l}")`'

_JSON_DOCUMENT = re.compile(rb'\s*(?:\{\s*"|\[\s*[\{"\]])')
_NUMBERS_ALONE = ("'# #'", "'# # #'", "'(#, #)'", "'(#, #, #)'")  # shapes of lines
_TELLS = re.compile(
    r"(?i)(?:loss|train|val|test|log|metric|err|cost|acc|hist|result|curve|epoch|step|run|learn"
    r"|std|out|nll|ppl|perplexity)[^/\\]*$|^-?$"
)
_DOCUMENT = re.compile(  # in which a log is quoted at most
    r"(?i)(?:^|[/\\])(?:readme|changelog|contributing|licen[cs]e)(?:[._-][\w-]+)?"
    r"(?:\.(?:md|rst|txt))?$"
)
_NEXT_DOCUMENT = re.compile(rb"\n\}[^\S\n]*\n\s*\{[^\S\n]*\n")  # objects printed one after another


def sniff(head: bytes, name: str) -> str | None:
    """Say why it looks like a training; JSON documents do not."""
    found = read(head, name)
    return None if found is None else found[0]


def read(head: bytes, name: str) -> tuple[str, tuple[TextDecoder, Sequence[Record]] | None] | None:
    """The same, with the decoder that found it out where it can go on from there, and its rows."""
    if _JSON_DOCUMENT.match(head) and not (_NEXT_DOCUMENT.search(head) or _goes_on(head)):
        return None  # settings, vocabularies, results: rows of a training would be JSON lines
    if _DOCUMENT.search(name):
        return None
    if name.lower().endswith((".csv", ".tsv")):
        return None  # a table without a loss: what its cells say of one is data
    decoder = TextDecoder()
    rows = decoder.feed(head)
    going_on = decoder.at_rest  # else the verdict needs its end, from which it can't go on
    reason = tells_of_training(decoder, rows if going_on else [*rows, *decoder.flush()], head)
    if reason is None:
        return None
    if reason.endswith(_NUMBERS_ALONE) and not _TELLS.search(name):
        return None  # a list of numbered values; a curve is in a file that is called so
    return reason, (decoder, rows) if going_on else None


def _goes_on(head: bytes) -> bool:
    """Whether text follows the document that a log begins with: its settings."""
    text = head.decode("utf-8", "replace").lstrip()
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return False
    behind = (line.lstrip() for line in text[end:].splitlines()[1:])
    return next((line[0].isalpha() or line[0] in "[=-*#<" for line in behind if line), False)


def decoder(name: str) -> TextDecoder:
    """A fresh decoder."""
    return TextDecoder()
