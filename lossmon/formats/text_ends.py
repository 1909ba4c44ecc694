"""What a line of text says of the end of a training, in the words that trainers have for it."""

from __future__ import annotations

import re
from typing import NamedTuple

from lossmon.formats.lines import failure

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
