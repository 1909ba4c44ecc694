"""Whether two logs tell of one training, and what that is concluded from.

Values at their steps are proof. Folders and names are hints: they tell which logs can only be of
different trainings, and where there is nothing to compare they let a file for each metric, or what
was printed beside what was written, stand together.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from lossmon.formats.lexicon import EVAL_LOSS, GRAD_NORM, TRAIN_LOSS
from lossmon.history.columns import Series
from lossmon.logs.discover import run_of_store
from lossmon.monitor.agreement import SURE_BITS, Agreement, compare, may_agree
from lossmon.monitor.course import END, ROWS, as_long, gap, same_course
from lossmon.monitor.curves import Curves, Told, beginnings, goes_back_to_start
from lossmon.monitor.displaced import are_sick_apart, displaces
from lossmon.monitor.strangers import are_forks, are_strangers
from lossmon.words import said

Verdict = Literal["same", "parts", "beside", "unknown", "strangers", "apart"]

PRINTED = frozenset({"text", "hf-stdout"})  # rows that were printed carry fewer digits
_MOST_PAIRS = 12  # metrics of two logs that are compared
_RUNS_BY_FOLDER = "mlflow"  # a format whose folders say what is one run
_COPIED = ("trainer_state",)  # each checkpoint holds the whole story up to it
_SEVERAL = 10  # values of one metric in one format that would agree
_RANK = re.compile(r"(?i)(rank|worker|proc|node)[-_.]?\d+")
_JOB = re.compile(r"(?:[^/]*:)?slurm:")
_STORE = re.compile(r"(?i).+\.(db|sqlite3?)")
_ENDINGS = re.compile(r"(?i)\.(std)?(out|err|log|txt)$")

# Why, where it is the same of many pairs.
_TWO_JOBS = said("two jobs wrote them")
_TWO_RUNS = said("the store holds them as two runs")
_TWO_IN_ONE = said("the log names them as two runs")
_TWO_NAMES = said("W&B gave them two names")
_TWO_OF_A_KIND = said("their names say that they are two of a kind")
_FORKED = said("from some step on other ones")
_SEVERAL_IN_ONE = said("one holds several trainings, and the other one of them")
_PARTS = said("each holds metrics that the other lacks, in one folder")
_BESIDE = said("they stand in one folder, end alike and have one course")


@dataclass(frozen=True)
class Kinship:
    """How two logs stand to each other.

    Attributes:
        verdict: `same`: their values say that they are one training; `parts`: each holds metrics
            that the other does not, in one folder; `beside`: one was printed and one written, in
            one folder, with nothing to compare; `strangers`: they tell the same metrics row by
            row, and other values; `apart`: they cannot be one training.
        strength: of the proof that values give, in bits, also where something else parts them.
        why: in words.
    """

    verdict: Verdict
    strength: float = 0.0
    why: str = ""


UNKNOWN = Kinship("unknown")


def kept_run(log: Told) -> str:
    """The folder of the run that a store says a log is of; empty where none does."""
    return run_of_store(log.path) if log.format == _RUNS_BY_FOLDER else ""


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
        trouble = _ends_apart(a, b, best) or (_FORKED if _are_forks(one, two, best) else "")
        trouble = trouble or (_SEVERAL_IN_ONE if _is_one_of_several(a, b, best) else "")
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
    if not as_long(a, b):
        return UNKNOWN
    if are_strangers(one, two) or displaces(one, two):
        return Kinship("strangers")
    return Kinship("beside", why=_BESIDE) if same_course(one, two) else UNKNOWN


def _are_forks(one: Curves, two: Curves, found: Agreement) -> bool:
    """Whether logs that agree do so but for their last rows, which each tells otherwise."""
    if are_sick_apart(one, two):
        return True
    last = min(curves.log.history.step or 0 for curves in (one, two))
    return max(int(found.first[-1]), int(found.second[-1])) < last and are_forks(one, two)


def _is_one_of_several(a: Told, b: Told, found: Agreement) -> bool:
    """Whether a training begins anew within one of the logs, and the other has one part alone.

    What printed two seeds in turn was joined to the log of either, and the rows of the other seed
    stood in that run at steps which nobody had logged.
    """
    for log, other, steps in ((a, b, found.first), (b, a, found.second)):
        parts = beginnings(log)
        if len(parts) > 1 and len(beginnings(other)) == 1 and not goes_back_to_start(other):
            return bool(np.ptp(parts.searchsorted(steps, side="right")) == 0)
    return False


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
        if planned and other and abs(planned - other) > END * max(planned, other):
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
    return bool(two[0] > one[0] + ROWS * gap(first) and two[-1] >= one[-1]) or two[0] >= one[-1]


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
        elif first == second and alike and found.compared >= _SEVERAL:
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
    allowed = max(END * last, ROWS * max(gap(a), gap(b)))
    behind = b if found.lead > 0 else a
    if abs(found.lead) <= allowed:
        return ""
    if PRINTED.issuperset((a.format, b.format)):
        return said("one ends {lead:,.0f} steps before the other", lead=abs(found.lead))
    if behind.history.plan.failure:
        return said("one failed {lead:,.0f} steps before the other ends", lead=abs(found.lead))
    return ""
