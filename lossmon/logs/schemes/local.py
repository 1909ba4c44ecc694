"""Files here, and what the jobs of a scheduler write here: one log is read once, however named."""

from __future__ import annotations

from lossmon.logs.local import LocalSource
from lossmon.logs.scheme import Order, Scheme, Target
from lossmon.logs.target import check_local


def open_here(order: Order) -> LocalSource:
    """Files, directories and globs, and the logs of jobs."""
    paths = [target.path for target in order.targets if target.kind == SCHEME.name]
    jobs = {}
    for target in order.targets:
        if target.kind != SCHEME.name:
            from lossmon.logs.slurm import Jobs

            jobs[target.path] = Jobs(target.path.removeprefix("slurm:"), again=order.watch)
    wanted = paths if order.only is None else order.only
    return LocalSource(wanted, watch=order.watch, jobs=jobs)


def _check(target: Target) -> None:
    check_local(target.path)


SCHEME = Scheme(
    name="local",
    open=open_here,
    check=_check,
    writes="`FOLDER`, `FILE`, `'GLOB'`",
    sees="new rows at once; GPUs, and who writes the log",
    misses="rows on NFS, Lustre or sshfs come a second later",
)
