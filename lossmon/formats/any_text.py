"""Any text: the format that is asked last, since it finds a curve in almost anything."""

from __future__ import annotations

import re

from lossmon.formats.text import TextDecoder
from lossmon.formats.text_signs import looks_like_training

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
    if _JSON_DOCUMENT.match(head) and not _NEXT_DOCUMENT.search(head):
        return None  # settings, vocabularies, results: rows of a training would be JSON lines
    if _DOCUMENT.search(name):
        return None
    if name.lower().endswith((".csv", ".tsv")):
        return None  # a table without a loss: what its cells say of one is data
    reason = looks_like_training(head)
    if reason is not None and reason.endswith(_NUMBERS_ALONE) and not _TELLS.search(name):
        return None  # a list of numbered values; a curve is in a file that is called so
    return reason


def decoder(name: str) -> TextDecoder:
    """A fresh decoder."""
    return TextDecoder()
