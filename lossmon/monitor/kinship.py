"""Whether two logs tell of one training, and what that is concluded from.

Values at their steps are proof. Folders and names are hints: they tell which logs can only be of
different trainings, and where there is nothing to compare they let a file for each metric, or what
was printed beside what was written, stand together.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from lossmon.formats.lexicon import ACCURACY, EVAL_LOSS, GRAD_NORM, OTHER_LOSS, TRAIN_LOSS
from lossmon.history.columns import Floats, Series
from lossmon.history.run import History
from lossmon.hparams import STORES
from lossmon.logs.discover import run_of_store
from lossmon.monitor.agreement import SURE_BITS, Agreement, Curve, compare, contradict, may_agree
from lossmon.monitor.averages import can_be_one
from lossmon.monitor.common_noise import shares_noise
from lossmon.monitor.log import Log
from lossmon.words import said

Verdict = Literal["same", "parts", "beside", "unknown", "apart"]

PRINTED = frozenset({"text", "hf-stdout"})  # rows that were printed carry fewer digits
_MEASURED = (TRAIN_LOSS, EVAL_LOSS, GRAD_NORM, OTHER_LOSS, ACCURACY)
_MOST_PAIRS = 12  # metrics of two logs that are compared
_END = 0.02  # of the run by which the ends of two logs of one training may be apart
_ROWS = 2.5  # and so many rows
_RUNS_BY_FOLDER = "mlflow"  # a format whose folders say what is one run
_COPIED = ("trainer_state",)  # each checkpoint holds the whole story up to it
_FEW = 5  # points of a curve that has a course
_COURSE = 0.15  # two courses differ when their levels are further apart than this, over the range
_LEVEL = 4.0  # the ratio of the median losses of two logs of one training
_RANK = re.compile(r"(?i)(rank|worker|proc|node)[-_.]?\d+")
_JOB = re.compile(r"(?:[^/]*:)?slurm:")
_STORE = re.compile(r"(?i).+\.(db|sqlite3?)")
_PUNCTUATION = re.compile(r"[\W_]+")
_ENDINGS = re.compile(r"(?i)\.(std)?(out|err|log|txt)$")

# Why, where it is the same of many pairs.
_TWO_JOBS = said("two jobs wrote them")
_TWO_RUNS = said("the store holds them as two runs")
_TWO_IN_ONE = said("the log names them as two runs")
_TWO_NAMES = said("W&B gave them two names")
_TWO_OF_A_KIND = said("their names say that they are two of a kind")
_PARTS = said("each holds metrics that the other lacks, in one folder")
_BESIDE = said("they stand in one folder, end alike and have one course")


@dataclass(frozen=True)
class Kinship:
    """How two logs stand to each other.

    Attributes:
        verdict: `same`: their values say that they are one training; `parts`: each holds metrics
            that the other does not, in one folder; `beside`: one was printed and one written, in
            one folder, with nothing to compare; `apart`: they cannot be one training.
        strength: of the proof that values give, in bits, also where something else parts them.
        why: in words.
    """

    verdict: Verdict
    strength: float = 0.0
    why: str = ""


UNKNOWN = Kinship("unknown")


@dataclass(frozen=True, eq=False)
class Trace:
    """What remains of a log that another process has read: what it is compared by."""

    path: str
    format: str
    records: int
    chosen: Mapping[str, str]
    history: History = field(repr=False)
    generation: int = 0
    start: bytes | None = None  # of a log that is no file: its settings stand there
    within: str = ""
    run: str = ""


Told = Log | Trace  # what is known of a log that is compared with others


def trace_of(log: Told) -> Trace:
    """What a log is compared by, without its decoder and the metrics that say nothing here."""
    history = History(
        log.history.role_of, plan=log.history.plan, step=log.history.step, epoch=log.history.epoch
    )
    # What a search seeks ("f_min") is the curve that its log is known by, and measures nothing.
    known = {log.chosen.get(TRAIN_LOSS), log.chosen.get(EVAL_LOSS)}
    history.series |= {
        name: one
        for name, one in log.history.series.items()
        if one.role in _MEASURED or name in known
    }
    start = log.start if log.format in STORES else None
    told = log.path, log.format, log.records, log.chosen, history
    return Trace(*told, start=start, within=log.within, run=log.run)


class Curves:
    """The curves of a log that are compared, taken anew only when the log has grown.

    Args:
        log: the log.
    """

    def __init__(self, log: Told) -> None:
        self.log = log
        self.stamp = (log.generation, log.records)
        self._curves: dict[str, Curve] = {}
        self.names = [
            name for name, one in log.history.series.items() if one.role in _MEASURED and len(one)
        ]

    def __getitem__(self, name: str) -> Curve:
        found = self._curves.get(name)
        if found is None:
            found = self._curves[name] = Curve.of(self.log.history.series[name].kept())
        return found

    @property
    def main(self) -> Curve | None:
        """The curve that the log is known by."""
        chosen = self.log.chosen
        name = chosen.get(TRAIN_LOSS) or chosen.get(EVAL_LOSS) or next(iter(self.names), None)
        return None if name is None else self[name]


def kept_run(log: Told) -> str:
    """The folder of the run that a store says a log is of; empty where none does."""
    return run_of_store(log.path) if log.format == _RUNS_BY_FOLDER else ""


def has_curve(log: Told) -> bool:
    """Whether a log holds anything that it can be compared by."""
    return any(one.role in _MEASURED and len(one) for one in log.history.series.values())


def kinship(one: Curves, two: Curves, folder_one: str, folder_two: str) -> Kinship:
    """How two logs stand to each other; the folders are those of the trainings that wrote them."""
    a, b = one.log, two.log
    beside = folder_one == folder_two
    parts = beside and _parts(a, b)
    impossible = _impossible(a, b, beside, parts)
    if not beside and _JOB.match(folder_one) and _JOB.match(folder_two):
        impossible = _TWO_JOBS
    if impossible:
        return Kinship("apart", why=impossible)
    best = evidence(one, two)
    if best is not None:
        trouble = _ends_apart(a, b, best)
        if trouble:
            return Kinship(
                "apart", best.bits, said("the same values, but {trouble}", trouble=trouble)
            )
        why = said(
            "{agreed} of {compared} values agree in order",
            agreed=best.agreed,
            compared=best.compared,
        )
        return Kinship("same", best.bits, why)
    if not beside:
        return UNKNOWN
    if parts:
        return Kinship("parts", why=_PARTS)
    if a.format == b.format or PRINTED.issuperset((a.format, b.format)):
        return UNKNOWN
    if _evaluated_otherwise(one, two) or not (_as_long(a, b) and _same_course(one, two)):
        return UNKNOWN
    return Kinship("beside", why=_BESIDE)


def may_be_kin(one: Curves, two: Curves) -> bool:
    """Whether anything may prove that two logs in different folders are one training."""
    return any(may_agree(one[first], two[second]) for first, second in _pairs(one, two))


def _impossible(a: Told, b: Told, beside: bool, parts: bool) -> str:
    """Why two logs cannot be of one training, whatever they hold; empty where they can."""
    here, there = os.path.dirname(a.path), os.path.dirname(b.path)
    if here == there and _STORE.fullmatch(here):
        return _TWO_RUNS
    if a.within and a.within == b.within:
        return _TWO_IN_ONE
    kept = [os.path.basename(kept_run(one)) for one in (a, b)]
    if all(kept) and kept[0] != kept[1]:
        return _TWO_RUNS
    if a.format == b.format == "wandb" and os.path.basename(a.path) != os.path.basename(b.path):
        return _TWO_NAMES
    copies = a.format in _COPIED and a.format == b.format and beside
    copies |= a.format == "tensorboard" and here == there
    if not (parts or copies) and _siblings(a.path, b.path) and a.format == b.format:
        return _TWO_OF_A_KIND
    one, two = a.history.plan, b.history.plan
    for planned, other in (
        (one.total_steps, two.total_steps),
        (one.total_epochs, two.total_epochs),
    ):
        if planned and other and abs(planned - other) > _END * max(planned, other):
            return said(
                "one plans {planned:,g}, the other {other:,g}", planned=planned, other=other
            )
    return ""


def _siblings(one: str, two: str) -> bool:
    """Whether two paths differ as those of two runs do: `slurm-1.out` and `slurm-2.out`.

    Ranks of one training are none.
    """
    if _RANK.sub("#", one) == _RANK.sub("#", two):
        return False
    first, second = _DIGITS.sub("#", one).split("/"), _DIGITS.sub("#", two).split("/")
    return len(first) == len(second) and first[-1] == second[-1]


_CURVE = re.compile(r"[/\\](?:metrics|scalars)[/\\]")  # folders with a file a metric
_DIGITS = re.compile(r"\d+(?:[-_.]\d+)*")


def _parts(a: Told, b: Told) -> bool:
    """Whether each of two logs in a folder holds metrics that the other lacks."""
    if a.format != b.format:
        return False
    if set(a.history.series) & set(b.history.series):
        return a.format == "tensorboard" and _goes_on(a, b)
    if a.format in PRINTED and _ENDINGS.sub("", a.path) != _ENDINGS.sub("", b.path):
        return False  # a job's output and its errors; else two jobs of other programs
    if all(len(one.history.series) == 1 and _CURVE.search(one.path) for one in (a, b)):
        return True  # DVCLive's: metrics/train/loss.tsv, metrics/train/mean_absolute_error.tsv
    return not any(main in a.chosen and main in b.chosen for main in (TRAIN_LOSS, EVAL_LOSS))


def _goes_on(a: Told, b: Told) -> bool:
    """Whether one file of events goes on where the other was left.

    For TensorBoard a run is a folder: a writer that is opened again, as for the last evaluation or
    by a training that is resumed, begins another file in it.
    """
    if os.path.dirname(a.path) != os.path.dirname(b.path):
        return False
    return any(
        all(_follows(first, second, name) for name in set(a.history.series) & set(b.history.series))
        for first, second in ((a, b), (b, a))
    )


def _follows(first: Told, second: Told, name: str) -> bool:
    one, two = (log.history.series[name].view().step for log in (first, second))
    return bool(two[0] > one[0] + _ROWS * _gap(first) and two[-1] >= one[-1]) or two[0] >= one[-1]


def evidence(one: Curves, two: Curves) -> Agreement | None:
    """What proves that two logs hold the same curves, if anything does, and at which steps."""
    total, best = 0.0, None
    alike = one.log.format == two.log.format and one.log.format not in PRINTED
    for first, second in _pairs(one, two):
        found = compare(one[first], two[second])
        if found.same and found.bits > 0:
            total += found.bits
            if best is None or (found.compared, found.bits) > (best.compared, best.bits):
                best = found
        elif first == second and alike and found.compared >= 2 * _FEW:
            return None  # one format, one metric, all digits, other values
    if best is None or total < SURE_BITS:
        return None
    return replace(best, bits=total)


def _pairs(one: Curves, two: Curves) -> list[tuple[str, str]]:
    """The metrics of two logs that may be the same: of one name, or of one role."""
    shared = [(name, name) for name in one.names if name in two.names]
    series = one.log.history.series
    found = []
    for main in (TRAIN_LOSS, EVAL_LOSS, GRAD_NORM):
        first, second = one.log.chosen.get(main), two.log.chosen.get(main)
        if first is None or second is None:
            continue
        found.append((first, second))
        # Of a value per step and a mean per epoch the other log may have printed either.
        found += [(first, name) for name in two.names if _plays(two.log.history.series, name, main)]
        found += [(name, second) for name in one.names if _plays(series, name, main)]
    return list(dict.fromkeys(found + shared))[:_MOST_PAIRS]


def _plays(series: dict[str, Series], name: str, main: str) -> bool:
    return series[name].role == main


def _ends_apart(a: Told, b: Told, found: Agreement) -> str:
    """Why two logs with the same values are two trainings all the same; empty where they are not.

    A training that is started again with its seed prints the same values until it goes beyond.
    """
    last = max(a.history.step or 0, b.history.step or 0, 1)
    allowed = max(_END * last, _ROWS * max(_gap(a), _gap(b)))
    behind = b if found.lead > 0 else a
    if abs(found.lead) <= allowed:
        return ""
    if PRINTED.issuperset((a.format, b.format)):
        return said("one ends {lead:,.0f} steps before the other", lead=abs(found.lead))
    if behind.history.plan.failure:
        return said("one failed {lead:,.0f} steps before the other ends", lead=abs(found.lead))
    return ""


def _gap(log: Told) -> float:
    """Steps between two rows of the metric that has most of them."""
    longest = max(log.history.series.values(), key=len, default=None)
    if longest is None or len(longest) < 2:
        return 1.0
    steps = longest.view().step
    return float(steps[-1] - steps[0]) / (len(steps) - 1)


def _as_long(a: Told, b: Told) -> bool:
    """Both logs end at the same step, as far as their rows and plans can tell.

    What one died of, the other did not survive.
    """
    one, two = a.history.step or 0, b.history.step or 0
    allowed = max(_END * max(one, two), _ROWS * max(_gap(a), _gap(b)))
    if abs(one - two) > allowed and (a if one < two else b).history.plan.failure:
        return False
    if a.history.epoch and b.history.epoch and abs(a.history.epoch - b.history.epoch) <= 1.0:
        return True  # a bar's own steps start anew in each epoch
    ends = [(one, two), (a.history.plan.total_steps, two), (one, b.history.plan.total_steps)]
    return any(
        end is not None and other is not None and abs(end - other) <= allowed for end, other in ends
    )


def _evaluated_otherwise(one: Curves, two: Curves) -> bool:
    """Whether two logs hold one eval loss with other values: two seeds of one course.

    What a bar shows of train is an average of the rows of a table; an evaluation has one result.
    """
    of = [
        {
            _PUNCTUATION.sub("", name).lower(): curves[name]
            for name in curves.names
            if _plays(curves.log.history.series, name, EVAL_LOSS)
        }
        for curves in (one, two)
    ]
    return any(contradict(of[0][name], of[1][name]) for name in of[0].keys() & of[1].keys())


def _same_course(one: Curves, two: Curves) -> bool:
    """Whether two curves fall and shake alike where one is smoothed or printed late.

    True without any.
    """
    for main in (TRAIN_LOSS, EVAL_LOSS):
        names = one.log.chosen.get(main), two.log.chosen.get(main)
        if names[0] is None or names[1] is None:
            continue
        first, second = one[names[0]], two[names[1]]
        noise = shares_noise(first, second)
        if noise is False or not (noise or can_be_one(first, second)):
            return False
        if min(len(first), len(second)) >= _FEW:
            near = _course_distance(first.value, second.value) <= _COURSE
            return near or _same_level(first, second) or compare(first, second).same
    return True


def _same_level(one: Curve, two: Curve) -> bool:
    """Both stand at the same level: one prints coarsely what the other holds."""
    small, large = sorted((np.abs(one.value), np.abs(two.value)), key=np.median)
    # A bar that prints three decimals shows a small loss as 0.000.
    rounding = 2 * small[small > 0].min(initial=np.inf) if np.median(small) == 0 else 0.0
    return bool(np.median(large) <= max(_LEVEL * float(np.median(small)), rounding))


def _course_distance(one: Floats, two: Floats) -> float:
    """Median distance of the two curves at eight positions, over their common range."""
    levels = [
        np.array([np.median(part) for part in np.array_split(c, 8) if len(part)])
        for c in (one, two)
    ]
    n = min(len(level) for level in levels)
    span = max(float(np.ptp(np.concatenate(levels))), 1e-12)
    return float(np.median(np.abs(levels[0][:n] - levels[1][:n]))) / span
