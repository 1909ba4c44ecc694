"""To which loop a row belongs where its line does not say so: the training, or an evaluation."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from lossmon.formats.decoder import Facts
from lossmon.formats.lexicon import is_eval, is_loss, is_train
from lossmon.formats.text_progress import Counter, Progress
from lossmon.formats.text_shape import Shape

_SHOW = 3  # rows


@dataclass
class _Bar:
    """A redraw of a Keras bar: where it stands, of how many, and whether val metrics are in it."""

    position: int
    span: float | None
    evaluated: bool


@dataclass
class Loops:
    """What surrounds a row and gives its loop away: counts, phases, the bar before.

    Attributes:
        facts: planned length of the training.
        progress: where it is.
        counters: its axes, by what they count.
        bar: where a bar without metrics stands, and of how many batches.
        arrived: the kind of line that told the newest training row.
    """

    facts: Facts
    progress: Progress
    counters: dict[str, Counter] = field(default_factory=dict)
    bar: tuple[float | None, float | None] = (None, None)
    arrived: Shape | None = None
    _keras: _Bar | None = None

    def end(self) -> int:
        """The last step of the epoch, where its last row has come; else 0."""
        return max((counter.end() or 0 for counter in self.counters.values()), default=0)

    def count_from_zero(self, epochs: float) -> bool:
        """Whether a row's epochs do: "Epoch 5/5" is the sixth of "max_epochs=6"."""
        return self.facts.total_epochs == epochs + 1

    def span_at(self, position: float) -> float | None:
        """The batches of an epoch, where a bar stands here: `tqdm.write` prints rows below it."""
        return self.bar[1] if position == self.bar[0] else None

    def evaluates(self, shape: Shape, groups: tuple[str, ...]) -> None:
        """A row of an evaluation; a bar of one that is full ends the epoch."""
        if shape.bar and (batches := self.counters.get("batch")) is not None:
            batches.passed = shape.is_full(groups)

    def copied(self) -> dict[str, Counter]:
        """The axes as they stand, for a line that may turn out to be a row of this place."""
        return {what: replace(counter) for what, counter in self.counters.items()}

    def is_by_rows(self, shape: Shape) -> bool:
        """Whether rows of a kind name one epoch several times, as the first three of them show.

        Of two a second process may have printed one.
        """
        if shape.rows > _SHOW:
            return shape.by_rows
        epoch = self.progress.epoch
        headed = shape.bar or self.progress.header_step is not None
        again = epoch is not None and epoch == shape.epoch and not headed
        shape.again = shape.again + 1 if again else 0
        shape.epoch = epoch
        if shape.again == _SHOW - 1 and shape.has_loss and not self.progress.fine:
            shape.by_rows = self.progress.fine = True
            self.facts.total_steps = None  # so many epochs
            self.progress.step = (self.progress.step or 0) + 1
        return shape.by_rows

    def is_evaluate(self, shape: Shape, groups: tuple[str, ...]) -> bool:
        """A Keras bar that starts anew without a new epoch: `evaluate` after `fit`, no point."""
        now = _Bar(
            int(shape.counter(groups, "batch") or 0),
            shape.counter(groups, "batches"),
            any(map(is_eval, shape.names)),
        )
        last = self._keras
        if last is not None and not self.progress.headed and self.progress.epoch is not None:
            back = now.position < last.position or now.span != last.span
            if back or (last.evaluated and not now.evaluated):
                return True
        self._keras, self.progress.headed = now, False
        return False

    def is_other(self, shape: Shape, groups: tuple[str, ...]) -> bool:
        """Rows of an evaluation that only their surroundings give away."""
        if shape.level == 0:
            return self.progress.phase == "eval" and not any(map(_says_which, shape.names))
        if shape.level == 1 and not shape.bar and self.progress.phase == "eval":
            # "testing in eval mode", then a second "epoch: 3, loss is: 0.29", as the training's
            epoch = shape.counter(groups, "epoch")
            return epoch == self.progress.epoch and not any(map(_says_which, shape.names))
        if not shape.bar and self.progress.phase == "eval" and self._goes_back(shape, groups):
            return True
        if shape.bare == "batch" and self._is_behind_epoch(shape, groups):
            return True
        if shape.bar or not shape.bare:
            return False
        by_epoch = shape.bare == "batch" and self.progress.batches_by_epoch
        return by_epoch or self._is_of_evaluation(shape, groups)

    def is_past(self, shape: Shape, groups: tuple[str, ...]) -> bool:
        """Whether a line recalls a row of earlier: "best result at step 600", a thousand later."""
        if not shape.recalls or shape.bar or shape is self.arrived or self.is_alone(shape, groups):
            return False
        epoch, newest = shape.counter(groups, "epoch"), self.progress.epoch
        if epoch is not None and newest is not None and epoch != newest:
            return epoch < newest
        counter, step = self.counters.get("step"), shape.counter(groups, "step")
        last = self.progress.step if counter is None else counter.last
        return step is not None and last is not None and step < last

    def _goes_back(self, shape: Shape, groups: tuple[str, ...]) -> bool:
        """Rows below a headline of an evaluation, with another count of the epoch at hand."""
        what = "step" if "step" in shape.counters else "batch"
        counter, at = self.counters.get(what), shape.counter(groups, what)
        epoch = shape.counter(groups, "epoch")
        if counter is None or at is None or epoch is None:
            return False
        return epoch == counter.epoch and at <= counter.last

    def _is_behind_epoch(self, shape: Shape, groups: tuple[str, ...]) -> bool:
        """Batches up to another number, where those of the epoch at hand have all come."""
        counter, epoch = self.counters.get("batch"), self.progress.epoch
        if counter is None or epoch is None or counter.epoch != epoch or not counter.span:
            return False
        return counter.last >= counter.span != shape.counter(groups, "batches") is not None

    def is_headline_of_other(self, shape: Shape, groups: tuple[str, ...]) -> bool:
        """A headline that counts up to other numbers than the training: of its evaluations."""
        counter, epochs = self.counters.get("batch"), shape.counter(groups, "epochs")
        batches = shape.counter(groups, "batches")
        if counter is not None and counter.span and batches not in (None, counter.span):
            return True
        return bool(counter and epochs and self.facts.total_epochs not in (None, epochs))

    def _is_of_evaluation(self, shape: Shape, groups: tuple[str, ...]) -> bool:
        """Batches counted up to another number than those of the training, where one was said."""
        what, whole = ("batch", "batches") if shape.bare == "batch" else ("step", "steps")
        counter = self.counters.get(what)
        if self.progress.phase != "eval" or counter is None or counter.span is None:
            return False
        return shape.counter(groups, whole) not in (counter.span, None)

    def is_alone(self, shape: Shape, groups: tuple[str, ...]) -> bool:
        """Steps of an evaluation, up to another number than those of the training.

        What an epoch's line says of all of them comes after them, and takes their place.
        """
        counter, total = self.counters.get("step"), shape.counter(groups, "steps")
        return counter is not None and total is not None and counter.span not in (None, total)

    def is_last(self, shape: Shape, groups: tuple[str, ...]) -> bool:
        """A bar at the end of the last epoch, as Lightning draws it behind the words of its end."""
        epoch, epochs = shape.counter(groups, "epoch"), shape.counter(groups, "epochs")
        return epoch is not None and epoch == epochs and shape.is_full(groups)


def _says_which(name: str) -> bool:
    """Of "loss: 2.3 val_loss: 2.4" one names its data, and so the other one is of the training."""
    return is_train(name) or (is_eval(name) and is_loss(name))
