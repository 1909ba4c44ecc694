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
from collections.abc import Iterable, Sequence
from itertools import pairwise

from lossmon.formats.lexicon import is_error, is_eval
from lossmon.formats.text_progress import Progress
from lossmon.formats.text_shape import FEW, FEW_COLUMNS, Shape, Waiting

_RECURS = 3  # so often must a line come that does not say where it stands, or names no loss
_RECURS_AS_TABLE = 12  # so often must they come, their first number always as much larger
_FAR = 6  # other lines with numbers between two that say no place
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
        return not (shape.waiting and shape.waiting[-1].spot[0] == progress.step)  # once a row
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


def needed(shape: Shape, known: Sequence[Shape], progress: Progress) -> int:
    """How often a line of a shape must come before it is taken for a row."""
    table = shape.guessed and shape.columns > FEW_COLUMNS
    if table or (shape.earns and not progress.knows):
        return _RECURS_AS_TABLE
    if shape.spare and any(one.names == shape.names for one in known):
        return 1  # "energy=-1.4+0.1j", then "energy=-1.4-0.1j"
    tagged = shape.phase == "eval" and len(shape.names) > 1 and losses_placed(known)
    evaluated = shape.evaluation and shape.explicit and progress.step is not None
    told = evaluated and (shape.level or tagged)  # "[EVAL] mIoU: 0.5 Acc: 1.0" below a row
    if shape.guessed or not (shape.has_loss or shape.placed_twice or told):
        return _RECURS
    if shape.sentence:
        return 2 * _RECURS
    if shape.level:
        return 1
    plain = shape.explicit or shape.words <= FEW
    evaluation = shape.evaluation or progress.phase == "eval"
    # A pipeline's "Step 3: Evaluate" heads the errors of what was trained.
    headed = progress.headed and (progress.epoch is not None or not _is_error_alone(shape))
    if headed or (evaluation and plain and progress.step is not None):
        return 1
    return _RECURS


def stand_together(shape: Shape) -> bool:
    """Whether what waits of a shape is rows though nothing in the log says how far it is.

    Below each other, or with few other numbers between. A search prints "RMSE: 12.9", a table, and
    once more: scores of other models, as any error alone is unless the next line tells another.
    """
    errors = _is_error_alone(shape)
    if shape.level or (shape.time_at >= 0 and not errors):
        return True
    far = 1 if errors else _FAR
    return all(
        b.figures - a.figures <= far or _place(b) > _place(a) for a, b in pairwise(shape.waiting)
    )


def _is_error_alone(shape: Shape) -> bool:
    return all(map(is_error, shape.names))


def _place(one: Waiting) -> float:
    """Where a headline put a line."""
    _, epoch, header_step, *_ = one.spot
    return -1.0 if header_step is None and epoch is None else float(header_step or epoch or 0)
