"""What the monitor hands to the front ends: one frozen value a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from lossmon.diagnosis.finding import Diagnosis
from lossmon.diagnosis.lifecycle import State
from lossmon.formats.decoder import Unread
from lossmon.history.best import Best
from lossmon.history.columns import Ints, SeriesView
from lossmon.history.run import Stage
from lossmon.hparams import NONE, Hparams
from lossmon.monitor.origins import Origins
from lossmon.monitor.pace import UNKNOWN, Rhythm
from lossmon.monitor.raw import FileText, Tail, Text

__all__ = ["Gpu", "Job", "LogInfo", "RunUpdate", "State"]


@dataclass(frozen=True)
class LogInfo:
    """What is known of one log file of a run.

    Attributes:
        path: where it is.
        format: the name of its format.
        bytes: read so far.
        records: rows read.
        skipped: lines, records or rows that were not read.
        why: what the format was recognised by.
        examples: some of what was skipped: the reason, and how it begins.
        tail: its last bytes as they came, of a log that cannot be read again; else None.
        origins: where its rows stand; grows while the log is read.
        joined: why it is one run with the other logs; empty for a log alone.
        parted: which log holds the same values and is another run all the same, and why.
        unread: metrics whose lines look like rows and mostly gave none.
        within: the log that it is a part of, where rows of several runs stand in one.
        run: what that calls it.
    """

    path: str
    format: str
    bytes: int
    records: int
    skipped: int
    why: str = ""
    examples: tuple[tuple[str, str], ...] = ()
    tail: Tail | None = field(default=None, compare=False, repr=False)
    origins: Origins = field(default_factory=Origins, compare=False, repr=False)
    joined: str = ""
    parted: str = ""
    unread: tuple[Unread, ...] = ()
    within: str = ""
    run: str = ""

    @property
    def file(self) -> str:
        """Where its text stands."""
        return self.within or self.path

    def text(self) -> Text:
        """The log as it stands, to be read in windows."""
        return self.tail if self.tail is not None else FileText(self.file)


@dataclass(frozen=True)
class Gpu:
    """What a GPU does; None where it does not tell (a MIG instance has no utilisation).

    Attributes:
        id: its number on the machine.
        name: its model.
        use: utilisation in per cent: the share of time in which a kernel ran.
        memory: bytes in use.
        memory_total: bytes it has.
        temperature: degrees Celsius.
        power: watts.
    """

    id: str
    name: str
    use: float | None = None
    memory: float | None = None
    memory_total: float | None = None
    temperature: float | None = None
    power: float | None = None


@dataclass(frozen=True)
class Job:
    """A job of Slurm that writes a log.

    Attributes:
        id: its number, with its place in an array ("4242_3").
        name: as its user named it.
        state: RUNNING, COMPLETED, FAILED, TIMEOUT, OUT_OF_MEMORY, CANCELLED, ...; ENDED where it
            has left the queue and no accounts are kept.
        node: where it runs.
        start: seconds since the Unix epoch by the clock of its cluster; None where not known.
        end: when it ended, or will be ended.
        limit_s: seconds it may run; None where there is no limit.
    """

    id: str
    name: str
    state: str
    node: str = ""
    start: float | None = None
    end: float | None = None
    limit_s: float | None = None


@dataclass(frozen=True)
class RunUpdate:
    """Everything a front end shows of one run; frozen, safe to hand to another thread.

    Attributes:
        run: the run's name, unique among the runs watched ("gpu1:runs/a").
        revision: grows with every change; equal revisions mean equal content.
        state: running, finished, stalled, failed or unknown.
        state_note: the state in words ("no new line for 12 min; usual gap 4 s"), may be empty.
        step: newest step.
        total_steps: planned steps where known.
        epoch: newest epoch.
        total_epochs: planned epochs where known.
        steps_per_s: recent speed; None where unknown.
        eta_s: seconds to the end of the plan; None where unknown.
        last_row_time: when the newest row was written (its own time, else the file's mtime),
            seconds since the Unix epoch; None where unknown.
        train, eval, learning_rate, grad_norm: names of the metrics that play the main roles.
        series: metric name -> its points (restarts resolved, steps ascend).
        ahead: metric name -> its newest points, of a long log whose reading has not got there yet.
        logged: the same with everything that was logged, also what a resumed run logged again.
        restarts: steps at which the run was resumed.
        stages: the parts of the run that began anew, in order; empty where there is one.
        diagnosis: what is going on.
        logs: the files that were read.
        errors: one line each; a decoder that crashed, a file that cannot be read.
        loading: fraction of the bytes at hand that have been read, in [0, 1].
        lost: why none of its logs can be read any more; empty where one can.
        rhythm: how it logs: usual gap, pauses, bursts, and the patience that follows from them.
        host: the box it is on; empty for this machine.
        gpus: those that the run uses, or all of its machine where that is not known; empty where
            there is none, and for a run that has ended.
        vitals: memory (GB), temperature and power of its GPUs over the run, by their strips.
        gpu_use: utilisation over the run, mean of its GPUs in per cent; None where there is none.
        writer: a process holds a log of the run open for writing; False when all that were seen to
            do so have ended; None where nothing is known (programs that open it for each line).
        job: the job of Slurm that writes its log, where it was found by `slurm:`.
        hparams: how it was configured.
        location: the folder or log that it is called after.
        removed: the run is no more (its logs turned out to belong to another one).
        hushed: patterns that the user has acknowledged or snoozed: they are still shown, but call
            for no attention (badge, order, notices).
        best: the best evaluation of the newest stage, as it was logged; None where there is none.
        members: the runs that a line stands for, where it is several; see `groups.folded`.
    """

    run: str
    revision: int
    state: State
    state_note: str
    step: int | None
    total_steps: int | None
    epoch: float | None
    total_epochs: float | None
    steps_per_s: float | None
    eta_s: float | None
    last_row_time: float | None
    train: str | None
    eval: str | None
    learning_rate: str | None
    grad_norm: str | None
    series: Mapping[str, SeriesView]
    logged: Mapping[str, SeriesView]
    restarts: tuple[int, ...]
    diagnosis: Diagnosis
    logs: tuple[LogInfo, ...]
    errors: tuple[str, ...] = ()
    loading: float = 1.0
    lost: str = ""
    rhythm: Rhythm = UNKNOWN
    host: str = ""
    gpus: tuple[Gpu, ...] = ()
    gpu_use: SeriesView | None = None
    vitals: Mapping[str, SeriesView] = field(default_factory=dict)
    writer: bool | None = None
    job: Job | None = None
    ahead: Mapping[str, SeriesView] = field(default_factory=dict)
    hparams: Hparams = NONE
    location: str = ""
    removed: bool = False
    hushed: frozenset[str] = frozenset()
    stages: tuple[Stage, ...] = ()
    best: Best | None = None
    members: tuple[RunUpdate, ...] = ()

    def stage_of(self, step: Ints) -> list[str]:
        """The stage of each step, shape (n,); empty names where the run has one alone."""
        if not self.stages:
            return [""] * len(step)
        at = np.searchsorted([stage.step for stage in self.stages], step, side="right")
        return [self.stages[max(i - 1, 0)].name for i in at.tolist()]

    @property
    def hidden(self) -> int:
        """Points that were logged and do not count: a resumed run logged their steps again."""
        return sum(len(self.logged[name]) - len(view) for name, view in self.series.items())

    def newest(self, metric: str | None) -> float | None:
        """The newest value of a metric; None where it has none."""
        view = self.ahead.get(metric or "") or self.series.get(metric or "")
        return float(view.value[-1]) if view is not None and len(view) else None


def by_name(update: RunUpdate) -> str:
    """What runs are sorted by where nothing else orders them."""
    return update.run
