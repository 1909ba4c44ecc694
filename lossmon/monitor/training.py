"""One training: the logs it wrote, taken together, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal, TypeVar

from lossmon import crash
from lossmon.diagnosis.brief import Brief
from lossmon.diagnosis.engine import Engine
from lossmon.diagnosis.finding import Diagnosis, Finding, worst_first
from lossmon.diagnosis.judge import sober
from lossmon.diagnosis.lifecycle import Signs, Situation, State, lifecycle_findings, silence
from lossmon.formats.decoder import Record, Rows, Skipped, batches
from lossmon.history.run import History
from lossmon.hparams import NONE, Hparams, read_hparams
from lossmon.monitor.ahead import beyond
from lossmon.monitor.at_once import add_all
from lossmon.monitor.faults import faults
from lossmon.monitor.jobs import ending, runs_on, too_short
from lossmon.monitor.log import Log
from lossmon.monitor.merge import Merge
from lossmon.monitor.pace import Pace
from lossmon.monitor.pulse import Pulse, Sample
from lossmon.monitor.standing import describe
from lossmon.monitor.told import treat
from lossmon.monitor.update import Gpu, Job, LogInfo, RunUpdate
from lossmon.words import said

Judging = Literal["as it grows", "in brief", "at the end", "never"]

_AT_REST: tuple[Judging, ...] = ("at the end", "never")  # no look is between two rows
T = TypeVar("T")
_AS_JOB = {"FINISHED": "COMPLETED", "FAILED": "FAILED", "KILLED": "CANCELLED"}  # MLflow's words
_PACED = 64  # newest rows of a batch whose own times tell the rhythm


@dataclass(eq=False)
class Training:
    """A run: one training and every log that it wrote.

    Of several logs the most complete source of each metric is taken (see `merge`). It is judged as
    it grows, as on a screen; or of a log at rest with one look at the end, without a timeline, or
    in brief (see `Brief`), where `again` says whether that is all; or never.
    """

    name: str
    logs: list[Log]
    judging: Judging = "as it grows"
    pace: Pace = field(default_factory=Pace)
    pulse: Pulse = field(default_factory=Pulse)
    job: Job | None = None
    revision: int = 0
    location: str = ""
    hparams: Hparams | None = None
    outdated: bool = False  # they may say more by now
    _joined: dict[Log, str] = field(default_factory=dict)
    _parted: dict[Log, str] = field(default_factory=dict)
    _engine: Engine = field(default_factory=Engine)
    _merge: Merge | None = None
    _fault: str | None = None
    _generation: int = 0
    _situation: tuple[tuple[float, int, float], Situation] | None = None
    _said: tuple[object, ...] = ()
    _stalled: float | None = None  # the newest line's time when silence was called a stall

    def __post_init__(self) -> None:
        if self.judging == "in brief":
            self._engine = Brief()

    @property
    def history(self) -> History:
        """What is known of the run."""
        return self._merge.history if self._merge else self.logs[0].history

    @property
    def chosen(self) -> dict[str, str]:
        """Role -> name of the metric that plays it."""
        return self._merge.chosen if self._merge else self.logs[0].chosen

    @property
    def diagnosis(self) -> Diagnosis:
        """What the curves say; without stalls and endings, which need a clock."""
        return self._safely(lambda: self._engine.diagnosis, self._engine.bare)

    @property
    def mtime(self) -> float:
        """When any of the logs was last written; 0 where unknown."""
        return max((log.mtime for log in self.logs), default=0.0)

    def take(self, log: Log, records: Sequence[Record], now: float, live: bool) -> None:
        """New records of one of the logs.

        Args:
            log: the log they were read from.
            records: in log order.
            now: when they were seen, seconds since the Unix epoch.
            live: they were written while we watched.
        """
        if log.generation != self._generation and not self._merge:
            self._generation = log.generation
            self._engine = type(self._engine)()
        log.note_facts()
        if self._merge is not None or self.judging in _AT_REST:
            add_all(log, records)
        else:
            for part in batches(records):
                self._watch(part, log)
        if log.history.stages:
            log.note_facts()  # the plan is that of the newest
        newest = records[-_PACED:]
        newest = newest if any(record.time for record in newest) else newest[-1:]
        for record in newest:
            step = None if self._merge and self._merge.moves(log) else record.step
            self.pace.note(record.time or (now if live else None), step, live)
        if live and records:
            self.pace.arrived(now, len({record.step for record in newest}))
        self.revision += 1

    def join(self, logs: list[Log]) -> None:
        """The logs of this training are these from now on."""
        self.logs = logs
        self.hparams = None
        self._merge = Merge()  # also for one log: its rows were read already and are played anew
        self._engine = type(self._engine)()
        self.revision += 1

    def holds(self, logs: list[Log]) -> None:
        """Its rows are those of these logs, which stand for the ones it had."""
        if self._merge is not None:
            self.join(logs)
        self.logs = logs

    def stands_at(self, location: str, name: str) -> bool:
        """Call the run by a name, after its location; True where that is another one."""
        moved = (location, name) != (self.location, self.name)
        if location != self.location:
            self.hparams = None  # other files lie there
        self.location, self.name = location, name
        self.revision += moved
        return moved

    def explain(self, joined: dict[Log, str], parted: dict[Log, str]) -> None:
        """Say why its logs are one run, and why others that hold the same are not."""
        self.revision += (joined, parted) != (self._joined, self._parted)
        self._joined, self._parted = joined, parted

    def configure(self, folder: str | None, files: Mapping[str, bytes] | None = None) -> None:
        """Read the settings of the run; on another box from files that were brought from there."""
        logs = [(log.path, log.format, log.start) for log in self.logs]
        self.hparams, self.outdated = read_hparams(logs, folder, files), False
        self.revision += 1

    def bring_up_to_date(self, settled: bool, over: bool = False) -> None:
        """Take what is new in the logs into the merged history; see `Merge.choose`."""
        if self._merge is None:
            return
        if self._merge.choose(self.logs, settled, over):
            self._engine = type(self._engine)()
        self._merge.note_plan(self.logs)
        for part in self._merge.parts():
            self._watch(part, self._merge)
        self.revision += 1

    def conclude(self, now: float, whole: bool = False) -> None:
        """Judge the curve as a whole: nothing more is to be read for now.

        Args:
            now: seconds since the Unix epoch.
            whole: what is there is all that will be looked at, however fresh; only a plan that
                says that more is to come holds back the verdicts that need the end.
        """
        if self._merge is not None and self._merge.is_late:
            self.bring_up_to_date(settled=False, over=True)
        self._choose_names()
        self.revision += 1
        if self.judging == "never" or (self.judging == "at the end" and not whole):
            return
        over = self.state(now) != "running" or (whole and not self.history.steps_remain)
        how = {"alone": self.judging == "at the end", "last": whole}
        self._safely(
            lambda: self._engine.conclude(self.history, self.chosen, over, **how), Diagnosis()
        )

    @property
    def again(self) -> Judging | None:
        """How it must be judged once more; None where looks on the way can't change the verdict."""
        if self._fault is not None or self._engine.unsure:
            return "as it grows" if self.judging in ("in brief", "at the end") else None
        return self._engine.past or None

    def _choose_names(self) -> None:
        for log in self.logs:
            log.choose_names()

    def _watch(self, part: Record | Rows, into: Log | Merge) -> None:
        """Add what was read, and judge the run wherever a look is due."""
        if self.judging in _AT_REST:
            into.add(part)
            return
        for piece in self._pieces(part, into):
            into.add(piece)
            self._safely(lambda: self._engine.observe(into.history, into.chosen), False)

    def _pieces(self, part: Record | Rows, into: Log | Merge) -> Iterator[Record | Rows]:
        """A record as it is; of many, as many at once as need no look between them."""
        if not isinstance(part, Rows):
            yield part
            return
        if not part.values.keys() <= into.history.series.keys():
            yield part[0]  # a new metric may be chosen for a role
            part = part[1:]
        while len(part):
            rows = self._safely(partial(self._engine.calm, part.values, into.chosen), len(part))
            yield part[:rows]
            part = part[rows:]

    def _safely(self, judge: Callable[[], T], otherwise: T) -> T:
        """One run's diagnosis that breaks says so in that run; the others go on."""
        if self._fault is None:
            try:
                return judge()
            except Exception as error:
                crash.keep(error)
                told = {"kind": type(error).__name__, "error": str(error)}
                self._fault = said("the diagnosis failed: {kind}: {error}", **told)
        return otherwise

    def situation(self, now: float) -> Situation:
        """Where the training stands; asked several times at each look, so kept for one moment."""
        mtime = self.mtime
        moment = (now, self.revision, mtime)
        if self._situation is None or self._situation[0] != moment:
            self._situation = (moment, self._situated(now, mtime))
        return self._situation[1]

    def _situated(self, now: float, mtime: float) -> Situation:
        plan, step = self.history.plan, self.history.step or 0
        return Situation(
            silence_s=now - mtime if mtime else 0.0,
            usual_gap_s=self.pace.rhythm.usual_gap_s,
            patience_s=self.pace.rhythm.patience_s,
            plan=plan,
            step=step,
            live=self.pace.seen_live,
            signs=self._signs(now),
            alarmed=self._stalled == self.mtime,
            closed=any(kind == "saved" and at == step for kind, at, _ in plan.events),
            from_zero=step + 1 == plan.total_steps and self.history.counts_from_zero,
        )

    def _signs(self, now: float) -> Signs:
        signs = self.pulse.signs(now)
        if self.job is None:
            ended = self.hparams.ended if self.hparams is not None else ""
            words = said("MLflow: {state}", state=ended)
            return replace(signs, job=_AS_JOB[ended], job_words=words) if ended else signs
        return replace(signs, job=self.job.state, job_words=ending(self.job))

    def state(self, now: float) -> State:
        """Running, finished, stalled, failed or unknown."""
        return self.situation(now).state

    def hear(self, sample: Sample, paths: Sequence[str], now: float) -> None:
        """Take what the machine tells; of a training that has ended nothing is asked.

        Args:
            sample: what it told.
            paths: the logs of the training, as the machine calls them.
            now: seconds since the Unix epoch.
        """
        if self.job is not None and not runs_on(self.job, sample.host):
            sample = replace(sample, gpus=())  # those of a login node are not the job's
        state = self.state(now)
        if state in ("finished", "failed"):
            return
        before = self._shown_gpus(now), self.pulse.writer
        self.pulse.note(sample, paths, self.history.step or 0, now, state != "silent")
        self._situation = None
        self.revision += (self._shown_gpus(now), self.pulse.writer) != before

    def belongs_to(self, job: Job | None) -> None:
        """A job of a scheduler writes the logs of this training, where there is one."""
        if job != self.job:
            self.job = job
            self.revision += 1

    def _shown_gpus(self, now: float) -> tuple[Gpu, ...]:
        """A run that has ended has no GPU, nor has one that nobody is known to be at."""
        state, writer = self.state(now), self.pulse.writer
        ended = writer is False or state in ("finished", "failed")
        return () if ended or (state == "silent" and not writer) else self.pulse.gpus

    def tick(self, now: float) -> bool:
        """Whether the mere passing of time changed what is to be said (a stall began)."""
        at = self.situation(now)
        if at.state == "stalled" and at.signs.gpu is not None:  # before, it was a guess
            self._stalled = self.mtime
        gpu = at.signs.gpu if at.state == "stalled" else None
        said = (at.state, at.quiet, at.gone, gpu)
        changed = said != self._said
        if changed and any(log.format == "mlflow" for log in self.logs):
            self.outdated = True  # the store may say by now how it ended
        self._said = said
        self.revision += changed
        return changed

    def update(self, now: float, loading: float, host: str = "") -> RunUpdate:
        """Everything a front end shows of this run, frozen."""
        self._choose_names()
        history, chosen, plan = self.history, self.chosen, self.history.plan
        state, rate, gone = self.state(now), self.pace.steps_per_s, self.pulse.writer is False
        left = (plan.total_steps or 0) - (history.step or 0)
        eta_s = left / rate if state == "running" and not gone and rate and left > 0 else None
        train = history.series.get(chosen.get("train_loss", ""))
        series = {name: one.kept() for name, one in history.series.items()}
        unread = loading < 1.0 and self._merge is None
        best = self._safely(lambda: self._engine.best(history, chosen), None)
        return RunUpdate(
            run=self.name,
            revision=self.revision,
            state=state,
            state_note=self._note(state, eta_s, now),
            step=history.step,
            total_steps=plan.total_steps,
            epoch=history.epoch,
            total_epochs=plan.total_epochs,
            steps_per_s=rate,
            eta_s=eta_s,
            last_row_time=self.mtime or history.time,
            train=chosen.get("train_loss"),
            eval=chosen.get("eval_loss"),
            learning_rate=chosen.get("learning_rate"),
            grad_norm=chosen.get("grad_norm"),
            series=series,
            ahead=beyond(self.logs[0].ahead, series) if unread else {},
            logged={name: one.view() for name, one in history.series.items()},
            restarts=() if train is None else train.restart_steps,
            stages=tuple(history.stages),
            best=best,
            diagnosis=self._complete(now),
            logs=tuple(self._info(log) for log in self.logs),
            job=self.job,
            hparams=self.hparams or NONE,
            location=self.location,
            gpus=self._shown_gpus(now),
            gpu_use=self.pulse.use,
            vitals=self.pulse.vitals,
            writer=self.pulse.writer,
            errors=(*((self._fault,) if self._fault else ()), *faults(self.logs)),
            loading=loading,
            host=host,
            lost=(self.logs[0].trouble or "") if all(log.trouble for log in self.logs) else "",
            rhythm=self.pace.rhythm,
        )

    def _info(self, log: Log) -> LogInfo:
        skipped = log.decoder.skipped if log.decoder is not None else Skipped()
        return LogInfo(
            log.path,
            log.format,
            log.read,
            log.records,
            skipped.count,
            log.why,
            tuple(skipped.examples),
            log.tail,
            log.origins,
            self._joined.get(log, ""),
            self._parted.get(log, ""),
            tuple(skipped.unread),
            log.within,
            log.run,
        )

    def _complete(self, now: float) -> Diagnosis:
        """The engine's diagnosis with what only clock and log's end can tell."""
        diagnosis, extra = self.diagnosis, self._lifecycle(now)
        if extra:
            diagnosis = replace(diagnosis, findings=worst_first((*extra, *diagnosis.findings)))
        diagnosis = treat(diagnosis)
        return replace(diagnosis, findings=sober(diagnosis.findings))

    def _lifecycle(self, now: float) -> tuple[Finding, ...]:
        return lifecycle_findings(self.situation(now), self.chosen.get("train_loss", ""), now)

    def _note(self, state: State, eta_s: float | None, now: float) -> str:
        at = self.situation(now)
        if state == "failed":
            return self.history.plan.failure or at.signs.job_words
        told = at.signs.writer is not None or at.signs.job != ""
        if told and state in ("running", "stalled", "silent"):
            said = silence(at, now)  # the machine knows more than the rhythm
            return said or (too_short(self.job, eta_s, now) if self.job is not None else "")
        return describe(state, at.silence_s, self.pace.rhythm).note if state == "stalled" else ""
