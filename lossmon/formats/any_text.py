"""Any text: the format that is asked last, since it finds a curve in almost anything."""

from __future__ import annotations

import re

from lossmon.formats.text import TextDecoder, looks_like_training

NAME = "text"
READS = (
    "any text: PyTorch examples, Keras, Lightning bars, tqdm, nanoGPT, llm.c, Megatron-LM,"
    " NeMo, torchtune, torchtitan, veRL, fairseq, timm, MMEngine, Darknet, Caffe, GluonCV,"
    " XGBoost, LightGBM, scikit-learn, spaCy, flair, logfmt, loguru and more"
)
SIGN = 'lines that repeat a step or epoch with a loss, such as `print(f"step {i} loss {l}")`'

_JSON_DOCUMENT = re.compile(rb'\s*(?:\{\s*"|\[\s*[\{"\]])')
_NEXT_DOCUMENT = re.compile(rb"\n\}\s*\n\s*\{\s*\n")  # objects printed one after another


def sniff(head: bytes, name: str) -> str | None:
    """Say why it looks like a training; JSON documents do not."""
    if _JSON_DOCUMENT.match(head) and not _NEXT_DOCUMENT.search(head):
        return None  # settings, vocabularies, results: rows of a training would be JSON lines
    if name.lower().endswith((".csv", ".tsv")):
        return None  # a table without a loss: what its cells say of one is data
    return looks_like_training(head)


def decoder(name: str) -> TextDecoder:
    """A fresh decoder."""
    return TextDecoder()
