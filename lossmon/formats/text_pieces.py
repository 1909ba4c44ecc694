"""Lines that are several, or one that is spelt in an odd way.

epoch_1_batch_10_loss_4.35                     names and numbers parted by underscores
E P O C H  1   L O S S  2.3671                 letters set apart
epoch 0 losses: [2.17, 1.98, 2.00, 1.85, ...]  the losses of all batches of an epoch
5000 5% (0m 9s) 1.99 Rios / Spanish            what was guessed, other words in each line
[00:12<19:19, 1.16s/it]Epoch 3: loss 2.3       what was printed while a bar stood
"""

from __future__ import annotations

import re

from lossmon.formats.lexicon import is_loss, phase_of

_GLUED = re.compile(r"\[[\d:]+<[\d:?]+,[^\[\]]*\](?=[A-Za-z`\[({*=#-])")
_UNDERSCORED = re.compile(
    r"[A-Za-z]+(?:_[A-Za-z]+){0,3}_\d[\d.e-]*(?:(?:_[A-Za-z]+){1,3}_\d[\d.e-]*)+"
)
_NAME_AND_NUMBER = re.compile(r"(?<=[a-zA-Z])_(?=\d)|(?<=\d)_(?=[a-zA-Z])")
_SET_APART = re.compile(r"\b[A-Z](?: [A-Z])+\b")
_LEAST = 6  # numbers of a list that are one after the other; fewer may be parts of one loss
_LIST = re.compile(
    r"(?P<head>\W{0,8}epoch\W{1,3}\d{1,6}(?P<name>(?:\W{1,3}[a-z]+(?:[ _][a-z]+){0,2})?) ?[:=] ?)"
    r"\[?(?P<numbers>\d+\.\d+(?:e-?\d+)?(?:,? \d+\.\d+(?:e-?\d+)?){5,400})\]?"
    r"(?P<rest>(?: .{0,200})?)",
    re.IGNORECASE,
)
_GUESSED = re.compile(r"(\d+ \d{1,3}% \((?:\d+[hms] ?){1,3}\) \d+\.\d+) [^\d.]+")
_PARTED = re.compile(r"[, ]+")


def pieces(line: str) -> list[str]:
    """The lines that a line is, as most logs would write them."""
    glued = _GLUED.search(line) if "<" in line else None
    if glued is not None:
        return [line[: glued.end()], line[glued.end() :]]
    if "_" in line and " " not in line and _UNDERSCORED.fullmatch(line):
        return [_NAME_AND_NUMBER.sub(" ", line)]
    if line.isupper() and len(_SET_APART.findall(line)) > 1:
        return [_SET_APART.sub(lambda word: word.group().replace(" ", ""), line)]
    if "% (" in line and (guessed := _GUESSED.fullmatch(line)):
        return [guessed[1]]
    listed = _LIST.fullmatch(line) if line.count(".") >= _LEAST else None
    name = listed["name"].strip(" ,;|-") if listed else ""
    if listed is None or not (is_loss(name) if name else phase_of(listed["rest"]) == "eval"):
        return [line]  # without a name it may be a score for each class
    head = listed["head"] if name else f"{listed['head'].rstrip(' :=')} loss: "
    rest = [line[: listed.start("numbers")].rstrip(" :=[") + listed["rest"]]
    numbers = [head + number for number in _PARTED.split(listed["numbers"])]
    return numbers + (rest if any(map(str.isdigit, listed["rest"])) else [])
