"""What a line says of the end of a training, or of a row of earlier, in the words of trainers."""

from __future__ import annotations

import re
from typing import NamedTuple

from lossmon.formats.lexicon import is_measured, recalls
from lossmon.formats.lines import failure
from lossmon.formats.text_kinds import Kind, Token

_FINISHED = re.compile(
    r"(?i)(?:^|[\s`'\"*])(?:(?:training|engine run|finetuning|fine-tuning|optimization)"
    r"(?: (?:is|has|was|run))?[\s:]*(?:finished|complete[d]?|done|ended|successful)"
    r"|(?:finished|completed|done) training|end of training"
    r"|(?:solved|completed|finished) (?:at|after|in) (?:episode|epoch|step|iteration)"
    r"|terminated with the stopping criteri|early stopping[,.]? best"
    r"|stopped: `?max_(?:epochs|steps)|stopped by overfitting detector)"
)
# "Best model at step 600:", and below it what was measured there; or all of it in one sentence.
_CLOSING = re.compile(r"(?i)\s*(?:best|final) (?:model|result|checkpoint)s?\b[^:]*:\s*$")
# What a tracker says of a run behind its end, and of itself.
_TRACKER = re.compile(r"(?:wandb|COMET (?:INFO|WARNING|ERROR)|swanlab): ")
_SUMMARY = re.compile(r"(?i)best (?:iteration|epoch|step)|(?<!for )early stopping|loaded best")


class End(NamedTuple):
    """What a line says of the end.

    Attributes:
        failure: the error that ended it; None where there is none.
        finished: it says that the training is over.
        summary: the row below repeats an earlier one.
    """

    failure: str | None
    finished: bool
    summary: bool


def end_of(line: str) -> End:
    """What a line says of the end; of most nothing."""
    dead = failure(line)
    finished = dead is None and _FINISHED.search(line) is not None
    return End(dead, finished, _SUMMARY.search(line) is not None)


def is_of_tracker(line: str) -> bool:
    """Whether W&B or Comet wrote this: the last values again, under the names that they have."""
    return _TRACKER.match(line) is not None


def is_closing(line: str) -> bool:
    """Whether what stands below was measured at the best of all rows."""
    return _CLOSING.match(line) is not None


def is_recall(
    message: str, tokens: list[Token], roles: dict[int, str], metrics: list[Token]
) -> bool:
    """Whether all that a line tells is of the best row so far, or of one that was gone back to."""
    at, rest = 0, ""
    for i, token in enumerate(tokens):
        if token.kind is Kind.VALUE and i not in roles:  # "loss 0.5, best 0.4" is of now
            rest += message[at : token.key_start]
            at = token.end
    measured = [token.key for token in metrics if is_measured(token.key)]
    return recalls(rest + message[at:]) or (bool(measured) and all(map(recalls, measured)))
