"""Workers: processes on this machine, or those of a Dask scheduler."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, closing, contextmanager
from importlib import import_module
from multiprocessing import active_children, get_context
from typing import Any, Protocol, TypeVar

from lossmon.errors import TargetError
from lossmon.words import said

_AHEAD = 4  # tasks a worker that wait for it: the client holds no more, however many there are
_RETRIES = 3  # of a task whose worker is lost
_CONNECT_S = 10.0
_LOOK_S = 0.3  # between two looks how far the workers are
_ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")

Work = Callable[[str], str]
Results = Iterator[tuple[int, str]]  # number of a task, and what came of it, as it comes
T = TypeVar("T")
R = TypeVar("R")


class Pool(Protocol):
    """Does work, and hands out what comes of it as it comes."""

    def run(self, work: Work, tasks: Iterable[str]) -> Results:
        """Do each task once."""


class Here:
    """Processes on this machine: whatever is read by several is read by these.

    Args:
        count: how many.
        begin: called in each as it starts, with `given`.
        given: what a worker has of us; of what is shared, too.
        meanwhile: called at each look how far they are, be something done by then or not.
        in_order: results come in the order of the tasks, and not as they are done.
        afresh: they start afresh, so that threads of ours are no danger to them; else as the system
            does it, which of copies of this process is half a second sooner.
    """

    def __init__(
        self,
        count: int,
        begin: Callable[..., None] | None = None,
        given: Sequence[Any] = (),
        meanwhile: Callable[[], None] = lambda: None,
        *,
        in_order: bool = False,
        afresh: bool = True,
    ) -> None:
        self._count = count
        self._begin = (begin, *given)
        self._meanwhile = meanwhile
        self._in_order = in_order
        self._context = get_context("spawn" if afresh else None)

    def run(self, work: Callable[[T], R], tasks: Iterable[T]) -> Iterator[tuple[int, R]]:
        """Do each task once, a few ahead of the workers; who asks for no more ends them."""
        before = {name: os.environ.get(name) for name in _ONE_THREAD}
        os.environ.update(_ONE_THREAD)
        numbered = enumerate(tasks)
        again: list[tuple[int, T]] = []
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
        self,
        work: Callable[[T], R],
        numbered: Iterator[tuple[int, T]],
        again: list[tuple[int, T]],
    ) -> Iterator[tuple[int, R]]:
        """Until all is done; what was not when a worker was lost is left in `again`."""
        others = set(active_children())
        pool = ProcessPoolExecutor(
            self._count, self._context, initializer=_begin, initargs=self._begin
        )
        doing: dict[Future[R], tuple[int, T]] = {}
        try:
            while True:
                while len(doing) < self._count * _AHEAD:
                    task = again.pop(0) if again else next(numbered, None)
                    if task is None:
                        break
                    doing[pool.submit(work, task[1])] = task
                if not doing:
                    return
                wanted = [next(iter(doing))] if self._in_order else doing
                finished = wait(wanted, _LOOK_S, return_when=FIRST_COMPLETED).done
                self._meanwhile()
                for done in finished:
                    result = done.result()
                    at, _ = doing.pop(done)
                    yield at, result
        except BrokenProcessPool:
            again[:0] = doing.values()
            raise
        except BaseException:  # nobody waits for what they are at
            for child in set(active_children()) - others:
                child.terminate()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _begin(begin: Callable[..., None] | None, *given: Any) -> None:
    """A worker leaves ctrl-c to the one it works for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if begin is not None:
        begin(*given)


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
