"""The jobs of a scheduler that wrote the logs of runs, as a box tells of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lossmon.monitor.pulse import finite
from lossmon.monitor.update import Job
from lossmon.text import in_words
from lossmon.words import said

MAX_JOBS = 1000
MAX_LOGS = 8  # of one job
_NODES = re.compile(r"([^,\[\]]+)(?:\[([\d,-]+)\])?")
_STATE = re.compile(r"[A-Z_]{1,40}")


def read_jobs(said: Any, now: float) -> Iterator[tuple[Job, tuple[str, ...]]]:
    """Jobs, each with its logs, from `lossmon.logs.slurm.Jobs`; they may come from another box.

    What is not as it should be is left out.

    Args:
        said: `{"time": ..., "jobs": [...]}`.
        now: seconds since the Unix epoch, by the clock here; that of the box may be hours off.
    """
    there = finite(said.get("time")) if isinstance(said, dict) else None
    if there is None:
        return
    ahead = now - there
    jobs = said.get("jobs")
    for one in jobs[:MAX_JOBS] if isinstance(jobs, list) else ():
        if not isinstance(one, dict) or not isinstance(one.get("logs"), list):
            continue
        state = str(one.get("state"))
        logs = tuple(path for path in one["logs"][:MAX_LOGS] if isinstance(path, str))
        if logs and _STATE.fullmatch(state):
            yield (
                Job(
                    str(one.get("id", ""))[:40],
                    str(one.get("name", ""))[:200],
                    state,
                    str(one.get("node", ""))[:100],
                    _shifted(one.get("start"), ahead),
                    _shifted(one.get("end"), ahead),
                    finite(one.get("limit_s")),
                ),
                logs,
            )


def name_of(job: Job) -> str:
    """What a run is called after its job: "sft-7b 4242_3"."""
    return f"{job.name} {job.id}" if job.name else job.id


def in_brief(job: Job, now: float) -> str:
    """How a job stands, for the line of numbers: "ends in 2.1 h on gpu017", "TIMEOUT"."""
    on = said(" on {node}", node=job.node) if job.node else ""
    if job.state != "RUNNING":
        return f"Slurm: {job.state}"
    left = ""
    if job.end is not None and job.end > now:
        left = said(", ends in {time}", time=in_words(job.end - now))
    return said("Slurm: running{on}{left}", on=on, left=left)


def ending(job: Job) -> str:
    """How a job ended, in words: "Slurm: TIMEOUT on gpu017 after 2.0 h of 2.0 h"."""
    on = said(" on {node}", node=job.node) if job.node else ""
    ran = ""
    if job.start is not None and job.end is not None and job.end > job.start:
        of = said(" of {time}", time=in_words(job.limit_s)) if job.limit_s else ""
        ran = said(" after {time}{of}", time=in_words(job.end - job.start), of=of)
    return said("Slurm: {state}{on}{ran}", state=job.state, on=on, ran=ran)


def too_short(job: Job, eta_s: float | None, now: float) -> str:
    """That Slurm will end a job before the training is done; empty where it will not."""
    if job.state != "RUNNING" or job.end is None or eta_s is None or job.end <= now:
        return ""
    left = job.end - now
    if eta_s <= left:
        return ""
    return said(
        "Slurm ends the job in {time}, {missing} before the training is done",
        time=in_words(left),
        missing=in_words(eta_s - left),
    )


def runs_on(job: Job, host: str) -> bool:
    """Whether a machine is one of the nodes of a job: "gpu017", "gpu[017-020,031]"."""
    name = host.split(".")[0]
    for prefix, inside in _NODES.findall(job.node):
        number = name[len(prefix) :] if name.startswith(prefix) else None
        if number is None or not inside:
            if name == prefix:
                return True
            continue
        for part in inside.split(","):
            low, _, high = part.partition("-")
            if len(number) == len(low) and number.isdigit() and low <= number <= (high or low):
                return True
    return False


def _shifted(time: Any, ahead: float) -> float | None:
    number = finite(time)
    return None if number is None else round(number + ahead)
