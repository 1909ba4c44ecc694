"""Workers: processes on this machine, or those of a Dask scheduler."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, closing, contextmanager
from importlib import import_module
from multiprocessing import get_context
from typing import Any, Protocol

from lossmon.errors import TargetError
from lossmon.words import said

_AHEAD = 4  # tasks a worker that wait for it: the client holds no more, however many there are
_RETRIES = 3  # of a task whose worker is lost
_CONNECT_S = 10.0
_ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")

Work = Callable[[str], str]
Results = Iterator[tuple[int, str]]  # number of a task, and what came of it, as it comes


class Pool(Protocol):
    """Does work, and hands out what comes of it as it comes."""

    def run(self, work: Work, tasks: Iterable[str]) -> Results:
        """Do each task once."""


class Here:
    """Processes on this machine. They start afresh, so threads of ours are no danger to them.

    Args:
        count: how many.
    """

    def __init__(self, count: int) -> None:
        self._count = count

    def run(self, work: Work, tasks: Iterable[str]) -> Results:
        """Do each task once, a few ahead of the workers."""
        before = {name: os.environ.get(name) for name in _ONE_THREAD}
        os.environ.update(_ONE_THREAD)
        numbered = enumerate(tasks)
        again: list[tuple[int, str]] = []
        try:
            for left in range(_RETRIES, -1, -1):
                try:
                    yield from self._run(work, numbered, again)
                    return
                except BrokenProcessPool:  # a worker was killed, as where memory is short
                    if not left:
                        raise TargetError(said("a worker was lost again and again")) from None
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value

    def _run(
        self, work: Work, numbered: Iterator[tuple[int, str]], again: list[tuple[int, str]]
    ) -> Results:
        """Until all is done; what was not when a worker was lost is left in `again`."""
        pool = ProcessPoolExecutor(self._count, get_context("spawn"), initializer=_begin)
        doing: dict[Future[str], tuple[int, str]] = {}
        try:
            while True:
                while len(doing) < self._count * _AHEAD:
                    task = again.pop() if again else next(numbered, None)
                    if task is None:
                        break
                    doing[pool.submit(work, task[1])] = task
                if not doing:
                    return
                for done in wait(doing, return_when=FIRST_COMPLETED).done:
                    result = done.result()
                    at, _ = doing.pop(done)
                    yield at, result
        except BrokenProcessPool:
            again += doing.values()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _begin() -> None:
    """A worker leaves ctrl-c to the one it works for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class Cluster:
    """The workers of a Dask scheduler, which gives a task of a lost worker to another.

    Args:
        client: `distributed.Client`.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def run(self, work: Work, tasks: Iterable[str]) -> Results:
        """Do each task once, a few ahead of the workers."""
        numbered = enumerate(tasks)
        doing: dict[str, int] = {}
        finished: Any = _dask().as_completed()

        def fill() -> None:
            ahead = max(1, len(self._client.nthreads())) * _AHEAD
            for at, task in itertools.islice(numbered, max(0, ahead - len(doing))):
                # Of one key there is one result, whatever worker is lost on the way.
                future = self._client.submit(work, task, pure=True, retries=_RETRIES)
                doing[future.key] = at
                finished.add(future)

        fill()
        while doing:
            future = next(finished)
            yield doing.pop(future.key), future.result()
            future.release()
            fill()


@contextmanager
def opened(workers: int, cluster: str) -> Iterator[Pool]:
    """The workers that the user asked for.

    Args:
        workers: processes; with "local", those of a cluster here.
        cluster: address of a scheduler, "local", or "" for plain processes.

    Raises:
        TargetError: a package is missing, or nobody answers there.
    """
    if not cluster:
        yield Here(workers)
        return
    dask = _dask()
    try:
        made: AbstractContextManager[Any] = closing(
            dask.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                dashboard_address=None,
                env=_ONE_THREAD,
                silence_logs=50,
            )
            if cluster == "local"
            else dask.Client(cluster, timeout=_CONNECT_S)
        )
    except (OSError, ValueError) as error:
        raise TargetError(
            said("{cluster}: no scheduler answers there ({error})", cluster=cluster, error=error)
        ) from None
    with made as there:
        if cluster == "local":
            with closing(dask.Client(there, timeout=_CONNECT_S)) as client:
                yield Cluster(client)
        else:
            yield Cluster(there)


def _dask() -> Any:
    """Dask's distributed, which nothing else imports; what it pickles are functions of ours."""
    try:
        return import_module("distributed")
    except ImportError:
        raise TargetError(said("--cluster needs Dask: pip install 'lossmon[fleet]'")) from None
