"""Executables that answer as Slurm does: the documented outputs, from what a test sets up."""

from __future__ import annotations

import sys
import time
from pathlib import Path

MARK = "\x1f"
HELP_23 = "Account AdminComment AllocCPUS Elapsed End ExitCode JobID JobIDRaw JobName NodeList Start State Timelimit WorkDir"
HELP_24 = HELP_23 + " StdErr StdIn StdOut"

# `squeue` checks its options as the real one does: a wrong one must not go unnoticed.
_PROGRAM = """#!{python} -IS
import os, sys
home = {home!r}
name = os.path.basename(sys.argv[0])
arguments = sys.argv[1:]
with open(home + "/calls", "a") as calls:
    calls.write(name + " " + repr(arguments) + "\\n")
def show(file):
    try:
        with open(os.path.join(home, file)) as text:
            sys.stdout.write(text.read())
    except OSError:
        return False
    return True
options = dict(a.lstrip("-").partition("=")[::2] for a in arguments if a.startswith("--"))
if os.path.exists(home + "/down"):
    sys.exit("slurm_load_jobs error: Unable to contact slurm controller (connect failure)")
if name == "squeue":
    assert set(options) <= set("noheader states format jobs user".split()), options
    rows = open(home + "/queue").read().splitlines() if os.path.exists(home + "/queue") else []
    wanted = [j for j in options.get("jobs", "").split(",") if j]
    rows = [row.split("{mark}") for row in rows]
    keep = [r for r in rows if not wanted or {{r[0], r[1], r[1] + "_" + r[2]}} & set(wanted)]
    if wanted and not keep:
        sys.exit("slurm_load_jobs error: Invalid job id specified")
    letters = [f.lstrip("%") for f in options["format"].split("{mark}")]
    for row in keep:
        print("{mark}".join(dict(zip("AFKTlSeNZj", row))[letter] for letter in letters))
elif name == "scontrol":
    assert arguments[:2] == ["show", "job"], arguments
    if not show("job-" + arguments[2]):
        sys.exit("slurm_load_jobs error: Invalid job id specified")
elif name == "sacct":
    if "--helpformat" in arguments:
        show("helpformat")
    elif not show("accounts"):
        sys.exit("Slurm accounting storage is disabled")
"""


class Cluster:
    """A stand-in for Slurm below a folder; put `bin` on the PATH."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.bin = home / "bin"
        self.bin.mkdir(parents=True)
        (home / "helpformat").write_text(HELP_23)
        for name in ("squeue", "scontrol", "sacct"):
            path = self.bin / name
            path.write_text(_PROGRAM.format(python=sys.executable, home=str(home), mark=MARK))
            path.chmod(0o755)

    def queue(
        self,
        job: str,
        state: str = "RUNNING",
        name: str = "sft-7b",
        node: str = "gpu017",
        folder: Path | None = None,
        out: str = "",
        err: str = "",
        raw: str = "",
        limit: str = "2:00:00",
        started_s_ago: float = 3600,
        ends_in_s: float = 3600,
    ) -> None:
        """Put a job ("4242", or "4242_3" with its own number as `raw`) into the queue."""
        self.leave(job)
        array, _, task = job.partition("_")
        raw = raw or array
        folder = folder or self.home
        start, end = (stamp(time.time() + s) for s in (-started_s_ago, ends_in_s))
        row = MARK.join(
            [raw, array, task or "N/A", state, limit, start, end, node, str(folder), name]
        )
        with (self.home / "queue").open("a") as file:
            file.write(row + "\n")
        head = f"JobId={raw} JobName={name}"
        if task:
            head = f"JobId={raw} ArrayJobId={array} ArrayTaskId={task} JobName={name}"
        with (self.home / f"job-{array}").open("a") as file:
            file.write(SHOWN.format(head=head, state=state, folder=folder, out=out, err=err))

    def leave(self, job: str) -> None:
        """Take a job out of the queue."""
        array, _, task = job.partition("_")
        path = self.home / "queue"
        rows = path.read_text().splitlines() if path.exists() else []
        kept = [row for row in rows if row.split(MARK)[1:3] != [array, task or "N/A"]]
        path.write_text("".join(row + "\n" for row in kept))

    def account(self, *rows: dict[str, str]) -> None:
        """What `sacct` says, in the columns that it is asked for."""
        known = (self.home / "helpformat").read_text().split()
        order = ["JobIDRaw", "JobID", "State", "Timelimit", "Start", "End", "NodeList"]
        order += ["JobName", "WorkDir", "StdOut", "StdErr"]
        columns = [name for name in order if name in known]
        text = "".join(MARK.join(row.get(name, "") for name in columns) + "\n" for row in rows)
        (self.home / "accounts").write_text(text)

    def calls(self, program: str) -> list[str]:
        """The questions that one of the programs was asked."""
        path = self.home / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line for line in lines if line.startswith(program)]


def stamp(when: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(when))


SHOWN = """\
{head}
   UserId=ada(1000) GroupId=ada(1000) MCS_label=N/A
   Priority=4294901494 Nice=0 Account=lab QOS=normal
   JobState={state} Reason=None Dependency=(null)
   Requeue=1 Restarts=0 BatchFlag=1 Reboot=0 ExitCode=0:0
   NumNodes=1 NumCPUs=8 NumTasks=1 CPUs/Task=8 ReqB:S:C:T=0:0:*:*
   Command={folder}/train.sh --output StdOut=/not/this
   WorkDir={folder}
   StdErr={err}
   StdIn=/dev/null
   StdOut={out}
   TresPerNode=gres/gpu:1

"""
