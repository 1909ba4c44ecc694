"""All that is read of a run and said of it, as lines of text that a person can look through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from lossmon.history.columns import SeriesView
from lossmon.monitor.update import RunUpdate

_DIGITS = 4  # of a number: the last ones of a double are not the same on each machine
_MOST = 12  # metrics, settings


def digest(updates: Iterable[RunUpdate]) -> str:
    """Runs, one after the other."""
    return "\n".join(line for update in updates for line in _of_run(update))


def _of_run(update: RunUpdate) -> Iterator[str]:
    yield f"{update.run}: {update.state}"
    step, epoch = f"{update.step}/{update.total_steps}", f"{_n(update.epoch)}/{update.total_epochs}"
    roles = (update.train, update.eval, update.learning_rate, update.grad_norm)
    yield f"  step {step}  epoch {epoch}  {_n(update.steps_per_s)}/s  roles {roles}"
    if update.restarts or update.stages:
        yield f"  restarts {update.restarts}  stages {[tuple(one) for one in update.stages]}"
    for log in update.logs:
        yield f"  {log.format}: {log.records} rows, {log.skipped} skipped; {log.why}"
    for name, view in list(update.series.items())[:_MOST]:
        yield f"  {name}: {_curve(view)}"
    for name, value in list(update.hparams.values.items())[:_MOST]:
        yield f"  = {name}: {value}"
    if update.best:
        yield f"  best {update.best.metric} {_n(update.best.value)} at {update.best.step}"
    told = update.diagnosis
    yield f"  train {told.train}  pair {told.pair}  kind {told.kind!r}  curve {told.curve!r}"
    yield f"  not judged {' '.join(told.unjudged)}"
    for one in told.findings:
        yield f"  ! {one.severity} {one.pattern} since {one.since_step} {one.metric} {one.confidence:.2f}"
        yield f"    {one.evidence}"
        yield f"    {_numbers(one.numbers)} {one.setting!r} {' '.join(sorted(one.unwise))}"
        for cause in one.causes:
            yield f"    {cause.id}: {cause.why}"
    for entry in told.timeline:
        yield f"  @ {entry.shown_at_step}-{entry.cleared_at_step} {entry.pattern} {entry.since_step}"


def _curve(view: SeriesView) -> str:
    if not len(view):
        return "nothing"
    ends = f"{view.step[0]}:{_n(view.value[0])} to {view.step[-1]}:{_n(view.value[-1])}"
    middle = len(view) // 2
    return f"{len(view)} points, {ends}, {view.step[middle]}:{_n(view.value[middle])} between"


def _numbers(numbers: Mapping[str, float]) -> str:
    return " ".join(f"{name}={_n(value)}" for name, value in numbers.items())


def _n(number: float | None) -> str:
    return "-" if number is None else f"{number:.{_DIGITS}g}"
