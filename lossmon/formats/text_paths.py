"""Paths and addresses in a line: numbers within them are no values, and they are no names.

    Evaluating /home/me/outputs/vlm-123.evaluation/checkpoint-7/predictions.xlsx
    [2018-01-11 17:52:23] iter training/ADE_train_00008252.jpg, loss: 0.4479, accuracy: 0.7879

What "train/loss" and "1/20" are is no path: one begins at the root of something, or ends as files
do.
"""

from __future__ import annotations

import re

from lossmon.formats.lexicon import is_loss, is_score

_SAMPLES = (
    "jpe?g|png|bmp|gif|tiff?|webp|pgm|ppm|svg|dcm|nii|gz|mhd|npy|npz|mat|wav|flac|mp3|ogg|mp4|avi"
    "|mov|mkv|ply|pcd|obj|off|stl|pdb|xyz|cif|txt|csv|tsv|xlsx?|jsonl?|xml|html?|ya?ml|parquet"
    "|arrow|tfrecords?|lmdb|pdf|log|list|lst|zip"
)
_STATES = "pth?|ckpt|pkl|h5|hdf5|safetensors|onnx|weights|params|pdparams|caffemodel|keras|tar|bin"
_WORD = re.compile(r"[^\s'\"()\[\]{}<>,;|\u2190-\u27bf]+")
_PARTS = re.compile(r"[A-Za-z]:[/\\][^:=]*|[^:=]+")  # "file=/home/me/a.jpg:12", "C:\\a.jpg"
_ROOTED = re.compile(r"(?:[A-Za-z]:|~|\.{1,2})?[/\\](?=[^A-Za-z/\\]*[A-Za-z])[^/\\]+[/\\]")
_FILE = re.compile(rf"\w\.(?:{_SAMPLES}|{_STATES})$")
_STATE = re.compile(rf"\.(?:{_STATES})$")
_SOURCE = re.compile(
    r"\.(?:pyx?|cc|cpp|cxx|cuh?|[chrR]|hpp|go|rs|jl|lua|java|scala|kt|m?[jt]s|sh)$"
)
_HELD_OUT = r"[^\s,;]*(?<![A-Za-z])(?:[Vv]al|VAL|[Tt]est|TEST|[Dd]ev|DEV|[Ee]val|EVAL)"
_IS_HELD_OUT = re.compile(_HELD_OUT)
MARK = ";"  # stands for each character of a path: no name and no number goes on over it
ENDS = frozenset(" ,;'\"()[]{}<>|")  # what is in no path


def paths(text: str) -> list[tuple[int, int]]:
    """Where each path begins and ends; of a program's source its folder alone."""
    if "/" not in text and "." not in text and "\\" not in text:
        return []
    found = []
    for word in _WORD.finditer(text):
        if "://" in word.group():  # what stands for a place on the web, a bucket
            found.append((word.start(), word.start() + len(word.group().rstrip(".:"))))
            continue
        for part in _PARTS.finditer(text, *word.span()):
            path = part.group().rstrip(".")
            length = _length(path)
            if length:
                found.append((part.start(), part.start() + length))
    return found


def _length(path: str) -> int:
    """How much of a word is a path; 0 where it is none."""
    last = max(path.rfind("/"), path.rfind("\\")) + 1
    if _FILE.search(path):
        return len(path)
    if not (last and _ROOTED.match(path)):
        return 0
    if _SOURCE.search(path):
        return last
    named = path[last:]
    return 0 if is_loss(named) or is_score(named) else len(path)  # "/train/loss: 0.5"


def hidden(text: str, mark: str = "", held_out: str = "") -> str:
    """A text with a mark for each path, or for each character of one, so that places stay.

    With another one, where it is given, for those of held-out data.
    """
    parts, at = [], 0
    for start, end in paths(text):
        other = held_out and _IS_HELD_OUT.match(text, start, end)
        parts += [text[at:start], held_out if other else mark or MARK * (end - start)]
        at = end
    return text if not parts else "".join([*parts, text[at:]])


def is_of_sample(path: str) -> bool:
    """Whether other lines may have another one in its place: files of data that are numbered."""
    return any(map(str.isdigit, path)) and not _STATE.search(path)


def like(path: str) -> str:
    """The expression of the paths that may stand in its place: of held-out data where it is."""
    told = "=" if _IS_HELD_OUT.match(path) else "!"
    return rf"(?{told}{_HELD_OUT})[^\s,;'\"()\[\]{{}}<>|\u2190-\u27bf]+"
