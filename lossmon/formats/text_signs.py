"""Signs of a training in a text: rows that recur, or the first one."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Sequence

from lossmon.formats.decoder import Record
from lossmon.formats.lexicon import (
    STATISTICS,
    is_earned,
    is_eval,
    is_loss,
    is_measured,
    is_objective,
    is_paced,
    is_rate,
    is_score,
    plain,
)
from lossmon.formats.text import TextDecoder
from lossmon.words import Said, said

_MANY = 3  # metrics in a row that needs no second one
_RECURS = 3  # so often must lines come that tell no loss


def looks_like_training(head: bytes) -> str | None:
    """Whether the first bytes of a file hold lines of a training log.

    Returns:
        The reason, such as "12 of 14 lines have the shape 'step # loss #'", or None.
    """
    decoder = TextDecoder()
    return tells_of_training(decoder, [*decoder.feed(head), *decoder.flush()], head)


def tells_of_training(decoder: TextDecoder, records: Sequence[Record], head: bytes) -> str | None:
    """The same of what a decoder made of them."""
    episodes = any(shape.episodes and shape.is_row for shape in decoder.shapes.values())
    drawn = [
        record
        for record in records
        if any(is_loss(name) or _is_reward(name, episodes) for name in record.values)
    ]
    lines = len(head.splitlines())
    if counts_samples(decoder, records):
        return None
    if _stands_still(drawn):
        drawn = []
    if not drawn:
        for shape in decoder.shapes.values():
            if shape.spare and shape.rows >= _RECURS:
                return said(
                    "{count} of {lines} lines have the shape '{text}'",
                    count=shape.rows,
                    lines=lines,
                    text=shape.text,
                )
        beneath = {n for shape in decoder.shapes.values() if shape.beneath for n in shape.names}
        for what, tells in _OTHER_SIGNS:
            places = [
                record
                for record in records
                if any(tells(n, v) for n, v in record.values.items() if n not in beneath)
                and record.step is not None
            ]
            told = len(places)
            if told >= _RECURS and _gets_on(places, tells):
                return said(
                    "{told} of {lines} lines tell {what}", told=told, lines=lines, what=what
                )
        return None
    if len(drawn) < 2:
        return None if b"```" in head else _first_row(decoder)
    tally: Tally[str] = Tally()
    for shape in decoder.shapes.values():
        if shape.is_row and shape.rows:
            tally[shape.text] += shape.rows
    in_tables = len(drawn) - sum(tally.values())
    text, count = tally.most_common(1)[0] if tally else ("", 0)
    if count < 2 and in_tables > 1:
        return said(
            "{in_tables} of {lines} lines are rows of a table with a loss",
            in_tables=in_tables,
            lines=lines,
        )
    if count < 2:
        return None  # examples in a text about training
    return said(
        "{count} of {lines} lines have the shape '{text}'", count=count, lines=lines, text=text
    )


def is_evaluation(head: bytes) -> bool:
    """Whether a text that tells of no training tells of one evaluation."""
    decoder = TextDecoder()
    return counts_samples(decoder, [*decoder.feed(head), *decoder.flush()])


def counts_samples(decoder: TextDecoder, records: Sequence[Record]) -> bool:
    """One evaluation, batch by batch, of a model that was trained elsewhere.

    "Test: [20/124] Loss 0.31" three thousand times was a training that is too early to tell.
    """
    shapes = decoder.shapes.values()
    placed = [shape for shape in shapes if shape.rows and shape.is_row and shape.level]
    trains = any(is_loss(name) and not is_eval(name) for one in shapes for name in one.names)
    tested = all(shape.evaluation for shape in placed)
    epochs = any(record.epoch is not None for record in records)
    by_batch = any(shape.bare == "batch" for shape in placed)
    return by_batch and tested and not (trains or epochs)


def _stands_still(records: Sequence[Record]) -> bool:
    """Evaluations alone, again and again, of which none is further than another."""
    names = {name for record in records for name in record.values}
    if len(records) < _RECURS or any(is_loss(name) and not is_eval(name) for name in names):
        return False
    return not _gets_on(records, lambda *_: True)


def _gets_on(records: Sequence[Record], tells: Callable[[str, float], bool]) -> bool:
    """Whether one metric has rows at more than one step.

    Seven checkpoints evaluated one after the other tell each score at the same place.
    """
    at: dict[str, int | None] = {}
    for record in records:
        for name, value in record.values.items():
            if tells(name, value) and at.setdefault(name, record.step) != record.step:
                return True
    return False


def any_row(head: bytes) -> str | None:
    """Why a text that someone calls a log is one: a line says where it stands and what it measures.

    One is enough: the most common time for a training to die is before it prints the second.
    """
    if head.lstrip()[:1] in (b"{", b"["):
        return None  # data; rows of a training would be JSON lines
    decoder = TextDecoder()
    records = [*decoder.feed(head), *decoder.flush()]
    if _stands_still(records) or counts_samples(decoder, records):
        return None
    for shape in decoder.shapes.values():
        if shape.rows and shape.level and any(is_measured(n) or is_rate(n) for n in shape.names):
            return said("it was named, and has lines of the shape '{shape}'", shape=shape.text)
    return None


def _first_row(decoder: TextDecoder) -> str | None:
    """The only row so far, where it can be nothing else: a bar, or several metrics at a step."""
    for shape in decoder.shapes.values():
        whole = shape.bar or len(shape.names) >= _MANY
        if shape.rows and shape.level == 2 and whole and shape.has_loss:
            return said("a first row has the shape '{shape}'", shape=shape.text)
    return None


# What tells of a training without a loss, where lines that say where they stand show it.
_OTHER_SIGNS: tuple[tuple[Said, Callable[[str, float], bool]], ...] = (
    (said("a score"), lambda name, value: is_score(name) and value % 1 != 0),  # else it counts
    (said("a learning rate"), lambda name, _: is_paced(name)),
    (said("what is sought"), lambda name, _: is_objective(name)),
    (said("what a search found"), lambda name, _: plain(name) in STATISTICS),
    (said("how fast epochs are"), lambda name, _: is_rate(name)),
)


def _is_reward(name: str, episodes: bool) -> bool:
    words = plain(name).split("_")
    earned = "rew" in name.lower() or words[-1] == "return" or is_earned(name)
    return earned or (episodes and "score" in words)
