"""Findings that need a clock, the machine or the end of the log: stalled, failed, finished."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal, Protocol

from lossmon.diagnosis.failures import causes_of_failure
from lossmon.diagnosis.finding import Cause, CauseId, Finding, Severity
from lossmon.text import in_words
from lossmon.words import said

State = Literal["running", "finished", "stalled", "failed", "silent"]

QUIET = 4.0  # times the patience: while its GPU is at work a silent log may only be buffered
GONE_S = 30.0  # of silence after which a training without a process writes no more


# States of a Slurm job (squeue's manual page, "JOB STATE CODES").
JOB_FAILED = (
    "FAILED", "TIMEOUT", "OUT_OF_MEMORY", "NODE_FAIL", "BOOT_FAIL", "DEADLINE", "CANCELLED",
    "PREEMPTED",
)  # fmt: skip
JOB_WAITS = ("PENDING", "CONFIGURING", "SUSPENDED", "STOPPED", "REQUEUED", "REQUEUE_HOLD")
JOB_CAUSES: dict[str, CauseId] = {
    "TIMEOUT": "job_timeout", "DEADLINE": "job_timeout", "OUT_OF_MEMORY": "job_memory",
    "NODE_FAIL": "job_node", "BOOT_FAIL": "job_node", "PREEMPTED": "job_preempted",
}  # fmt: skip


class Plan(Protocol):
    """What a log says of the training's length and end (see `lossmon.history.run.Plan`)."""

    total_steps: int | None
    finished: bool
    failure: str | None


@dataclass(frozen=True)
class Signs:
    """What the machine says of a training; all unknown where it says nothing.

    Attributes:
        writer: a process holds its log open for writing; False when all that did have ended.
        gone_since: when they ended, seconds since the Unix epoch.
        gpu: whether its GPUs are at work; None where that is not known.
        gpu_words: what they do, "GPU 97 % 71 GB 650 W"; empty where there is none.
        pid: of the process that holds the log.
        job: the state of the scheduler's job ("RUNNING", "TIMEOUT"); empty where there is none.
        job_words: how it stands, in words.
    """

    writer: bool | None = None
    gone_since: float | None = None
    gpu: Literal["idle", "busy"] | None = None
    gpu_words: str = ""
    pid: int | None = None
    job: str = ""
    job_words: str = ""


NO_SIGNS = Signs()


@dataclass(frozen=True)
class Situation:
    """Where a training stands.

    Attributes:
        silence_s: seconds since the newest line; 0 where its time is not known.
        usual_gap_s: median seconds between rows, where known.
        patience_s: silence after which a training that goes on is taken as stalled.
        plan: what the log says.
        step: the newest step.
        live: rows came while we watched, so that silence means something.
        signs: what the machine says.
        alarmed: its silence was called a stall already: until a new line comes it stays one.
        closed: behind the newest row it says that something was saved or is over.
        from_zero: its rows count each step from 0: the last one is a step short of the plan.
    """

    silence_s: float
    usual_gap_s: float | None
    patience_s: float
    plan: Plan
    step: int
    live: bool = False
    signs: Signs = NO_SIGNS
    alarmed: bool = False
    from_zero: bool = False
    closed: bool = False

    @property
    def gone(self) -> bool:
        """No process is left that could write on."""
        return self.signs.writer is False and self.silence_s > GONE_S

    @property
    def quiet(self) -> bool:
        """Silent for long, but its process lives and its GPU is at work."""
        at_work = bool(self.signs.writer) and self.signs.gpu == "busy" and not self.alarmed
        return at_work and self.patience_s < self.silence_s <= QUIET * self.patience_s

    @property
    def state(self) -> State:
        """Running, finished, stalled, failed or unknown."""
        plan = self.plan
        if plan.failure:
            return "failed"
        # Beyond the plan, the plan was another's: the bar of an evaluation, an epoch's length.
        done = plan.total_steps is not None and 0 <= self.step - plan.total_steps <= 1
        if plan.finished or done:
            return "finished"
        if self.signs.job in JOB_FAILED:
            return "failed"
        if self.signs.job == "COMPLETED":
            return "finished"
        if self.signs.job in JOB_WAITS:
            return "running"
        if not self.gone and (self.silence_s <= self.patience_s or self.quiet):
            return "running"
        if self.from_zero and self.step + 1 == plan.total_steps:
            return "finished"
        if self.gone and plan.total_steps is None and self.signs.job != "RUNNING":
            return "silent"  # it may have ended by itself: nothing says that more was to come
        known = self.signs.writer is not None or self.signs.job == "RUNNING"
        if self.closed and not self.live and not known:  # the log as such, long after it ended
            return "silent"
        expected = plan.total_steps is not None or self.live or known
        return "stalled" if expected else "silent"


def lifecycle_findings(at: Situation, metric: str, now: float) -> tuple[Finding, ...]:
    """What holds of a training that no longer writes.

    Args:
        at: where it stands.
        metric: the metric to name.
        now: seconds since the Unix epoch.
    """
    state = at.state
    severity: Severity
    total = said(" of {total:,}", total=at.plan.total_steps) if at.plan.total_steps else ""
    if state == "failed":
        words = said("the log ends in: {failure}", failure=at.plan.failure)
        why = causes_of_failure(at.plan.failure or "")
        if not at.plan.failure:
            words = said(
                "{job}; it stands at step {step:,}{total}",
                job=at.signs.job_words,
                step=at.step,
                total=total,
            )
            why = _causes(at, now)
        # Who cancels a job knows of it.
        severity = "warning" if at.signs.job in ("CANCELLED", "PREEMPTED") else "critical"
        return (Finding("failed", severity, 0.95, at.step, metric, words, why),)
    if state == "finished":
        words = said("the training ended at step {step:,}{total}", step=at.step, total=total)
        return (Finding("finished", "info", 1.0, at.step, metric, words),)
    if state == "stalled":
        # A process that ended before its plan was over did not end by itself.
        dead = at.gone and at.plan.total_steps is not None
        severity = "critical" if dead else "warning"
        confidence = 0.95 if dead else 0.8
        words = said(
            "{at}; it stands at step {step:,}{total}",
            at=silence(at, now),
            step=at.step,
            total=total,
        )
        numbers = {"pid": float(at.signs.pid)} if at.signs.pid else {}
        return (
            Finding(
                "stalled", severity, confidence, at.step, metric, words, _causes(at, now), numbers
            ),
        )
    return ()


def _causes(at: Situation, now: float) -> tuple[Cause, ...]:
    """What the machine shows to be the cause of silence."""
    signs = at.signs
    if signs.job in JOB_CAUSES:
        return (Cause(JOB_CAUSES[signs.job], signs.job_words),)
    if at.gone:
        since = (
            said(" since {since}", since=clock(signs.gone_since, now)) if signs.gone_since else ""
        )
        return (Cause("process_gone", said("no process holds its log{since}", since=since)),)
    if signs.writer and signs.gpu == "idle":
        return (
            Cause(
                "process_hangs", said("its process lives, {gpu_words}", gpu_words=signs.gpu_words)
            ),
        )
    if signs.writer and signs.gpu == "busy":
        return (
            Cause(
                "process_waits", said("its process lives, {gpu_words}", gpu_words=signs.gpu_words)
            ),
        )
    return ()


def silence(at: Situation, now: float) -> str:
    """Why nothing comes, as far as log and machine tell; empty while lines come as usual.

    Sources: `patterns.md` for the patience. A program that waits in a collective operation for a
    peer that has died keeps its GPU at 100 % for ever, so a busy GPU excuses silence only so long.
    """
    signs = at.signs
    if signs.job in JOB_WAITS:
        return signs.job_words
    gpu = said("; {gpu_words}", gpu_words=signs.gpu_words) if signs.gpu_words else ""
    if at.gone:
        idle = said("{gpu} (idle)", gpu=gpu) if signs.gpu == "idle" else ""
        since = (
            said(" since {since}", since=clock(signs.gone_since, now)) if signs.gone_since else ""
        )
        ended = "" if at.plan.total_steps else said("; it may have ended by itself")
        return said(
            "the training is gone{since}: no process holds its log any more{idle}{ended}",
            since=since,
            idle=idle,
            ended=ended,
        )
    if at.silence_s <= at.patience_s:
        return ""
    usual = (
        said("; usually one every {usual_gap_s}", usual_gap_s=in_words(at.usual_gap_s))
        if at.usual_gap_s
        else ""
    )
    words = said(
        "no new line for {silence_s}{usual}", silence_s=in_words(at.silence_s), usual=usual
    )
    if signs.writer is not True:
        return words + (said("{gpu} (idle)", gpu=gpu) if signs.gpu == "idle" else "")
    if at.quiet:
        return said(
            "{words}; its process lives and works{gpu}: the output may be held back in a buffer",
            words=words,
            gpu=gpu,
        )
    if signs.gpu == "busy":
        return said(
            "{words}; its process lives{gpu} (busy): it may wait for another process for ever",
            words=words,
            gpu=gpu,
        )
    if signs.gpu == "idle":
        return said(
            "{words}; its process lives{gpu} (idle): it hangs, or waits for data",
            words=words,
            gpu=gpu,
        )
    return said("{words}; its process lives{gpu}", words=words, gpu=gpu)


def clock(when: float, now: float) -> str:
    """A time of day, with the date where it is not of the last hours: "14:02", "Nov 23 14:02"."""
    return time.strftime("%H:%M" if now - when < 12 * 3600 else "%b %d %H:%M", time.localtime(when))
