"""The jobs of Slurm and where they write: `squeue`, `scontrol` and `sacct` are asked.

This module and `program` use the standard library alone and run on Python 3.6, so that their source
can be sent to any box and run there as it stands.

A job is a dict that JSON can carry:

    {"id": "4242_3", "name": "sft-7b", "state": "RUNNING", "node": "gpu017", "logs": [paths],
     "start": ..., "end": ..., "limit_s": ...}    seconds since the Unix epoch by the clock of this
                                                  machine, and seconds; None where not known

`end` of a job that runs is when Slurm will end it. Sources: the manual pages of squeue, scontrol,
sacct and sbatch (filename patterns), Slurm 15.08 to 25.05.
"""

import os
import re
import threading
import time
from typing import Any, Dict, Iterator, List, Match, Optional, Sequence, Tuple

from lossmon.logs.program import Program

EVERY_S = 30.0  # between two questions to the scheduler, which many people ask
ACCOUNTS_EVERY_S = 300.0  # and to its data base
RECENT_S = 24 * 3600.0  # a job that ended so long ago is still of interest
ASKING_S = 5.0  # for which jobs of the queue are asked about one by one
TIMEOUT_S = 20.0  # a busy controller takes its time
OUTPUT_BYTES = 4 << 20
MAX_JOBS = 200
LOAD = 20.0  # questions that take long are followed by a rest so many times as long

SELECTOR = re.compile(r"(\d{1,12}([_+]\d{1,9})?(,\d{1,12}([_+]\d{1,9})?){0,99})?")

_WAITING = ("PENDING", "CONFIGURING", "REVOKED")
_MARK = "\x1f"  # between fields: in no name
_PLACES = ("/usr/bin", "/usr/local/bin", "/opt/slurm/bin", "/usr/local/slurm/bin")
_QUEUED = "AFKTlSeNZj"  # format letters of squeue: id, array id, task, state, limit, times, ...
_ACCOUNTED = (
    "JobIDRaw", "JobID", "State", "Timelimit", "Start", "End", "NodeList", "JobName", "WorkDir",
    "StdOut", "StdErr",
)  # fmt: skip
_TIMES = {"SLURM_TIME_FORMAT": "standard"}  # the user may have another one
_PATTERN = re.compile(r"%(\d*)([%AaJjNnstuxb])")

Job = Dict[str, Any]


class SlurmError(Exception):
    """The scheduler can't be asked; says in one line what would work."""


class Slurm:
    """Asks the scheduler.

    Args:
        selector: job ids ("4242", "4242_3", "4242,4243"); empty for all jobs of the user.
    """

    def __init__(self, selector: str = "") -> None:
        if not SELECTOR.fullmatch(selector):
            raise SlurmError("not a job id; write slurm: or slurm:JOBID or slurm:JOBID_TASK")
        self._selector = selector
        self._squeue, self._scontrol, self._sacct = (
            Program(name, TIMEOUT_S, OUTPUT_BYTES, _PLACES, messages=True)
            for name in ("squeue", "scontrol", "sacct")
        )
        self._jobs = {}  # type: Dict[str, Job] # by id
        self._outputs = {}  # type: Dict[str, Tuple[str, str]] # as given, by raw id
        self._columns = None  # type: Optional[Tuple[str, ...]] # those that this sacct has
        self._ask_accounts = 0.0

    def find(self) -> List[Job]:
        """The jobs that run or ended of late, each with its logs; newest first.

        Raises:
            SlurmError: there is no scheduler here, or it does not answer.
        """
        queued = {job["id"]: job for job in self._from_queue()}
        left = [id for id in self._jobs if id not in queued and not over(self._jobs[id])]
        accounted = {}  # type: Dict[str, Job]
        if left or time.monotonic() >= self._ask_accounts:
            accounted = {job["id"]: job for job in self._from_accounts()}
            self._ask_accounts = time.monotonic() + ACCOUNTS_EVERY_S
        for id in left:
            # It has left the queue, and where no accounts are kept nobody knows how it ended.
            self._jobs[id] = dict(self._jobs[id], state="ENDED")
        self._jobs.update(accounted)
        self._jobs.update(queued)
        newest = sorted(self._jobs.values(), key=lambda job: -(job["start"] or 0.0))[:MAX_JOBS]
        self._jobs = {job["id"]: job for job in newest}
        return newest

    def check(self) -> None:
        """Raise SlurmError where there is no scheduler."""
        if self._squeue.find() is None:
            raise SlurmError(
                "no Slurm on this machine (squeue is not found); "
                "name a login node: lossmon HOST:slurm:"
            )

    def close(self) -> None:
        """End a program that still runs."""
        for program in (self._squeue, self._scontrol, self._sacct):
            program.stop()

    # -- the queue -------------------------------------------------------------------------------

    def _from_queue(self) -> Iterator[Job]:
        self.check()
        form = _MARK.join("%" + letter for letter in _QUEUED)
        wanted = ["--jobs=" + self._selector] if self._selector else ["--user=%d" % os.getuid()]
        said = self._squeue.ask(["--noheader", "--states=all", "--format=" + form, *wanted], _TIMES)
        rows = list(_rows(said.text, len(_QUEUED)))
        # Of a job that left the queue squeue says "Invalid job id": the accounts may know it.
        if said.status != 0 and not rows and not (self._selector and "nvalid job id" in said.text):
            reason = said.text.strip().splitlines()
            raise SlurmError("squeue: " + (reason[0] if reason else "no answer"))
        rows.sort(key=lambda row: row[3] in _WAITING)
        until = time.monotonic() + ASKING_S
        for raw, array, task, state, limit, start, end, node, folder, name in rows[:MAX_JOBS]:
            id = "%s_%s" % (array, task) if task.isdigit() else raw
            job = _job(id, name, state, limit, start, end, node)
            job["logs"] = []  # it has not written anything yet
            if state not in _WAITING:
                if raw not in self._outputs:
                    if time.monotonic() > until:
                        continue  # the next question is soon
                    self._ask_outputs(array)
                job["logs"] = _paths(self._outputs.get(raw, ("", "")), raw, job, folder)
            yield job

    def _ask_outputs(self, array: str) -> None:
        """Where the tasks of an array, or a job, write: `scontrol` knows, and it stays so."""
        said = self._scontrol.ask(["show", "job", array], _TIMES)
        for block in re.split(r"\n\s*\n", said.text):
            raw = re.search(r"\bJobId=(\d+)", block)
            if raw is not None and "JobState=PENDING" not in block:
                self._outputs[raw.group(1)] = _value(block, "StdOut"), _value(block, "StdErr")

    # -- the accounts ----------------------------------------------------------------------------

    def _from_accounts(self) -> Iterator[Job]:
        columns = self._accounted()
        if not columns:
            return
        since = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(time.time() - RECENT_S))
        wanted = (
            ["--jobs=" + self._selector]
            if self._selector
            else ["--user=%d" % os.getuid(), "--starttime=" + since]
        )
        form = ["--format=" + ",".join(columns), "--parsable2", "--delimiter=" + _MARK]
        said = self._sacct.ask(["--noheader", "--allocations", *form, *wanted], _TIMES)
        for row in list(_rows(said.text, len(columns)))[-MAX_JOBS:]:
            cells = dict(zip(columns, row))  # noqa: B905 - Python 3.6
            state = (cells["State"].split() or [""])[0].rstrip("+")  # "CANCELLED by 1000"
            raw, id = cells["JobIDRaw"], cells["JobID"]
            id = raw if "+" in id else id  # a part of a heterogeneous job, as the queue calls it
            if state in _WAITING or not state or "[" in id:
                continue
            job = _job(
                id, cells["JobName"], state, cells["Timelimit"], cells["Start"], cells["End"],
                cells["NodeList"],
            )  # fmt: skip
            given = (cells.get("StdOut", ""), cells.get("StdErr", ""))
            given = self._outputs.get(raw, given)
            job["logs"] = _paths(given, raw, job, cells["WorkDir"])
            yield job

    def _accounted(self) -> Tuple[str, ...]:
        """The columns that this version of `sacct` has; StdOut came late."""
        if self._columns is None:
            known = {name.lower() for name in self._sacct.ask(["--helpformat"]).text.split()}
            self._columns = tuple(name for name in _ACCOUNTED if name.lower() in known)
            if not {"JobIDRaw", "JobID", "State", "WorkDir"} <= set(self._columns):
                self._columns = ()
        return self._columns


class Jobs:
    """Asks the scheduler again and again, in a thread of its own.

    Args:
        selector: see `Slurm`.
        again: go on asking; else only once.
        every_s: seconds between two questions, at least.

    Attributes:
        trouble: why there is nothing to read, in words; empty where there is something.

    Raises:
        SlurmError: not a selector.
    """

    def __init__(self, selector: str = "", again: bool = True, every_s: float = EVERY_S) -> None:
        self.trouble = "the scheduler has not answered yet"
        self._slurm = Slurm(selector)
        self._again = again
        self._every_s = every_s
        self._newest = None  # type: Optional[List[Job]]
        self._stop = threading.Event()
        self._answered = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lossmon-slurm", daemon=True)
        self._thread.start()

    @property
    def settled(self) -> bool:
        """The scheduler has answered, and the answer was taken."""
        return self._answered.is_set() and self._newest is None

    def take(self) -> Optional[Dict[str, Any]]:
        """`{"time": now, "jobs": all of them}`, where anything changed since the last call."""
        newest, self._newest = self._newest, None
        return None if newest is None else {"time": time.time(), "jobs": newest}

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        self._slurm.close()
        self._thread.join(1.0)

    def _run(self) -> None:
        before = None  # type: Optional[List[Job]]
        while not self._stop.is_set():
            started = time.monotonic()
            try:
                jobs = self._slurm.find()
                self.trouble = _nothing(jobs)
            except Exception as error:
                # The controller may be away: it comes back, and jobs go on without it.
                jobs, self.trouble = before or [], "" if before else str(error)
            if jobs != before:
                before = self._newest = jobs
            self._answered.set()
            if not self._again:
                return
            self._stop.wait(max(self._every_s, LOAD * (time.monotonic() - started)))


def _nothing(jobs: Sequence[Job]) -> str:
    """Why jobs have no logs; empty where one has some."""
    if not jobs:
        return "no such job runs, or ended in the last day; `squeue --me` lists yours"
    if not any(job["logs"] for job in jobs):
        return "job %s is %s: it has written nothing yet" % (jobs[0]["id"], jobs[0]["state"])
    return ""


def check(selector: str) -> None:
    """Raise SlurmError, with what would work, where jobs can't be asked for."""
    Slurm(selector).check()


def over(job: Job) -> bool:
    """Whether nothing more is to come of a job."""
    return job["state"] in (
        "COMPLETED", "FAILED", "TIMEOUT", "OUT_OF_MEMORY", "NODE_FAIL", "BOOT_FAIL", "DEADLINE",
        "CANCELLED", "PREEMPTED", "ENDED",
    )  # fmt: skip


def _job(id: str, name: str, state: str, limit: str, start: str, end: str, node: str) -> Job:
    return {
        "id": id, "name": name[:200] or id, "state": state[:40], "limit_s": duration(limit),
        "start": moment(start), "end": moment(end), "node": node[:100],
    }  # fmt: skip


def _rows(text: str, columns: int) -> Iterator[List[str]]:
    """The lines with as many fields as were asked for; others are messages."""
    for line in text.splitlines() if "\x1f" in text else []:
        cells = [cell.strip() for cell in line.split(_MARK)]
        if len(cells) == columns and cells[0].isdigit():
            yield cells


def _value(text: str, key: str) -> str:
    """A value of `scontrol show job` that has a line of its own, so that it may hold blanks."""
    found = re.search(r"(?m)^\s*%s=(.*)$" % key, text)
    return found.group(1).strip() if found else ""


def _paths(given: Sequence[str], raw: str, job: Job, folder: str) -> List[str]:
    """Where a job writes: standard output, and standard error where that is another file."""
    array = job["id"].split("_")[0] if "_" in job["id"] else ""
    default = "slurm-%A_%a.out" if array else "slurm-%j.out"
    paths = []  # type: List[str]
    for text in given:
        if text in ("", "(null)", "None") and paths:
            continue
        path = expand(default if text in ("", "(null)", "None") else text, raw, job)
        path = os.path.normpath(os.path.join(folder, path))
        if os.path.isabs(path) and path not in paths and path != "/dev/null":
            paths.append(path)
    return paths


def expand(path: str, raw: str, job: Job) -> str:
    """Fill a filename pattern of sbatch, as for the first task of the batch step.

    Args:
        path: as given to --output; a backslash in it turns all patterns off.
        raw: the number of the job.
        job: says its name, node, and its place in an array.
    """
    if "\\" in path:
        return path.replace("\\", "")
    array, _, task = job["id"].partition("_")
    node = job["node"].split(",")[0]
    first = re.match(r"(.*?)\[(\d+)", node)  # gpu[017-020]
    node = first.group(1) + first.group(2) if first else node
    values = {  # type: Dict[str, str]
        "%": "%", "A": array if task else raw, "a": task or "4294967294", "J": raw, "j": raw,
        "N": node.split(".")[0], "n": "0", "s": "batch", "t": "0", "u": _user(), "x": job["name"],
        "b": str(int(task) % 10) if task.isdigit() else "4",
    }  # fmt: skip

    def one(found: Match[str]) -> str:
        width, letter = found.groups()
        value = values[letter]
        return value.zfill(min(int(width), 10)) if width and value.isdigit() else value

    return str(_PATTERN.sub(one, path))


def _user() -> str:
    try:
        import pwd

        return str(pwd.getpwuid(os.getuid()).pw_name)
    except (ImportError, KeyError):
        return str(os.getuid())


def moment(text: str) -> Optional[float]:
    """Seconds since the Unix epoch from "2026-11-24T22:15:00"; None for "Unknown", "N/A"."""
    try:
        return time.mktime(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))
    except (ValueError, OverflowError):
        return None


def duration(text: str) -> Optional[float]:
    """Seconds from "1-02:00:00", "02:00:00" or "30:00"; None for "UNLIMITED" and the like."""
    found = re.fullmatch(r"(?:(\d{1,6})-)?(?:(\d{1,6}):)?(\d{1,6}):(\d\d)", text.strip())
    if not found:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
