"""Lines beneath a row that say more of it: the parts of its loss, its rate.

    iter: 20 / 70000, total loss: 2.31              [epoch  1][iter  100] loss: 6.7142, lr: 1.00e-03
     >>> rpn_loss_cls: 0.648382                             rpn_cls: 0.7190, rpn_box: 1.7119
     >>> lr: 0.010000

They say no place of their own, and of a log whose rows do such lines are mostly talk. What sets
them apart: they are indented, hold nothing but names and numbers, and come again beneath one row
after the other. A total that is NaN by one of its parts is told by them alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lossmon.formats.lexicon import is_eval
from lossmon.formats.text_progress import Progress
from lossmon.formats.text_shape import Shape

_INDENTED = re.compile(
    r"(?:[ ]{1,24}|\t{1,4})(?:>{1,3} |[-*+|>] |[-=]> )?(?=[A-Za-z_])|>{2,3} (?=[A-Za-z_])"
)
_PAIR = r"[A-Za-z_][\w/.-]{0,60}\s?[:= ]\s?[-+]?(?:\d[\d.]*(?:e[-+]?\d+)?|nan|inf)"
_PAIRS = re.compile(rf"{_PAIR}(?:[,;|]?\s{{1,4}}{_PAIR}){{0,11}}[,;]?\s*", re.IGNORECASE)


def only_pairs(message: str) -> bool:
    """An indented line of names and numbers, and of nothing else."""
    indent = _INDENTED.match(message)
    return indent is not None and _PAIRS.fullmatch(message, indent.end()) is not None


def belongs(shape: Shape, known: Iterable[Shape], progress: Progress) -> bool:
    """Whether a line that says no place of its own belongs to the training at all.

    Args:
        shape: of the line, not accepted yet.
        known: of lines that are rows.
        progress: where the training is.
    """
    train = not (shape.evaluation or shape.scores) and progress.phase != "eval"
    if train and _is_new_beneath(shape, known, progress):
        return not (shape.waiting and shape.waiting[-1][1][0] == progress.step)  # once a row
    fine = progress.fine and not progress.headed
    if train and fine and not any(map(is_eval, shape.names)) and losses_placed(known):
        return False  # rows of this log say where they stand: this is text about a loss
    nowhere = progress.step is None or not shape.scores
    # An accuracy or a rate by itself belongs to nothing.
    return not nowhere or progress.headed or shape.has_loss or shape.earns


def losses_placed(known: Iterable[Shape]) -> bool:
    """Whether rows that say where they stand tell a loss; of episodes they tell rewards."""
    return any(shape.level and shape.has_loss for shape in known)


def _is_new_beneath(shape: Shape, known: Iterable[Shape], progress: Progress) -> bool:
    """Whether it may say of the newest row what no row says itself."""
    if not shape.beneath or progress.step is None or not progress.fine or progress.headed:
        return False
    return not any(set(one.names) & set(shape.names) for one in known if one.level)
