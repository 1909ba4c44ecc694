"""Workers without their processes: what they are handed, in which order, and how it ends."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from lossmon.errors import TargetError
from lossmon.fleet import pools
from lossmon.fleet.pools import Cluster, Here, opened

Told = list[str]


class Executor:
    """Does the last task that it was handed at each look, and is lost at the task `lost`."""

    told: ClassVar[Told] = []
    lost = ""
    waiting: ClassVar[dict[Future[str], Callable[[], str]]] = {}

    def __init__(self, count: int, context: Any, initializer: object, initargs: Any) -> None:
        kind = type(context).__name__.removesuffix("Context").removesuffix("Process")
        self.told.append(f"{count} workers {kind} {initializer is pools._begin} {initargs[1:]}")
        self.waiting.clear()

    def submit(self, work: Callable[[str], str], task: str) -> Future[str]:
        future: Future[str] = Future()
        self.waiting[future] = lambda: work(task)
        self.told.append(f"+{task}")
        return future

    def shutdown(self, *, wait: bool, cancel_futures: bool) -> None:
        self.told.append(f"end {wait} {cancel_futures}")


def look(wanted: Any, timeout: float, return_when: str) -> Any:
    """As `concurrent.futures.wait`: the newest of what is wanted is done."""
    assert return_when == "FIRST_COMPLETED"
    future = list(wanted)[-1]
    value = Executor.waiting[future]()
    if value == Executor.lost:
        Executor.lost = ""
        future.set_exception(BrokenProcessPool())
    else:
        future.set_result(value)
    return SimpleNamespace(done={future})


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """What is asked of an executor that works in this process."""
    monkeypatch.setattr(pools, "ProcessPoolExecutor", Executor)
    monkeypatch.setattr(pools, "wait", look)
    monkeypatch.setattr(Executor, "told", [])
    return Executor.told


@pytest.mark.parametrize(
    ("options", "done", "head"),
    [
        ({}, [3, 4, 5, 2, 1, 0], "1 workers Spawn True ()"),
        ({"in_order": True}, [0, 1, 2, 3, 4, 5], "1 workers Spawn True ()"),
        ({"begin": print, "given": (7, 8)}, [3, 4, 5, 2, 1, 0], "1 workers Spawn True (7, 8)"),
    ],
    ids=["as they are done", "in their order", "begun with what is given"],
)
def test_four_tasks_a_worker_wait_and_each_is_done_once(
    options: dict[str, Any], done: list[int], head: str, told: Told
) -> None:
    looks: list[None] = []
    pool = Here(1, meanwhile=lambda: looks.append(None), **options)
    assert [at for at, _ in pool.run(str.upper, iter("abcdef"))] == done
    assert told[:6] == [head, "+a", "+b", "+c", "+d", "+e"]
    assert told[-1] == "end True True"
    assert len(looks) == 6


def test_workers_are_copies_of_this_process_where_they_need_not_start_afresh(told: Told) -> None:
    for afresh in (True, False):
        list(Here(2, afresh=afresh).run(str.upper, []))
    kinds = [line.split()[2] for line in told if "workers" in line]
    usual = get_context(None).get_start_method().capitalize()  # as the system does it
    assert kinds == ["Spawn", usual]


def test_what_a_lost_worker_had_is_done_by_the_next(told: Told) -> None:
    Executor.lost = "D"
    assert sorted(Here(1).run(str.upper, iter("abcdef"))) == list(enumerate("ABCDEF"))
    begun = [at for at, line in enumerate(told) if "workers" in line]
    assert len(begun) == 2
    assert told[begun[1] + 1 : begun[1] + 5] == ["+a", "+b", "+c", "+d"]
    assert told[begun[1] - 1] == "end True True"


def test_who_asks_for_no_more_ends_the_workers_that_were_started_for_it(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[str] = []

    class Child:
        def __init__(self, name: str) -> None:
            self.terminate = lambda: ended.append(name)

    before, ours = Child("before"), Child("ours")
    there = iter([[before], [before, ours]])
    monkeypatch.setattr(pools, "active_children", lambda: next(there))
    results = Here(1).run(str.upper, iter("abc"))
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert ended == ["ours"]
    assert told[-1] == "end True True"


@pytest.mark.parametrize("given", [(), (3, "x")])
def test_a_worker_leaves_ctrl_c_to_who_started_it(given: tuple[object, ...]) -> None:
    begun: list[tuple[object, ...]] = []
    handler = signal.getsignal(signal.SIGINT)
    try:
        pools._begin(None)
        pools._begin(lambda *given: begun.append(given), *given)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, handler)
    assert begun == [given]


class Scheduler:
    """A client of Dask's and what it is asked for; tasks are done the oldest first."""

    def __init__(self, workers: int) -> None:
        self.workers, self.told, self.open = workers, list[str](), 0
        self.most = 0
        self.queue: list[Any] = []

    def nthreads(self) -> dict[int, int]:
        return dict.fromkeys(range(self.workers), 1)

    def submit(self, work: Any, task: str, *, pure: bool, retries: int) -> Any:
        assert (pure, retries) == (True, 3)
        self.open += 1
        self.most = max(self.most, self.open)
        return SimpleNamespace(key=task, result=lambda: work(task), release=self.release)

    def release(self) -> None:
        self.open -= 1

    def as_completed(self) -> Any:
        queue = self.queue

        class Finished:
            add = staticmethod(queue.append)

            def __next__(self) -> Any:
                return queue.pop(0)

        return Finished()


@pytest.mark.parametrize(
    ("workers", "tasks", "ahead"),
    [(2, "abcdefghijkl", 8), (0, "abcdef", 4), (3, "ab", 2), (1, "", 0)],
    ids=["more than fit", "before any has come", "fewer", "none"],
)
def test_a_cluster_has_four_tasks_a_worker_and_what_is_done_is_let_go(
    workers: int, tasks: str, ahead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Scheduler(workers)
    monkeypatch.setattr(pools, "_dask", lambda: client)
    assert list(Cluster(client).run(str.upper, iter(tasks))) == list(enumerate(tasks.upper()))
    assert (client.most, client.open) == (ahead, 0)


@pytest.mark.parametrize(
    ("cluster", "calls"),
    [
        (
            "local",
            [
                "LocalCluster(n_workers=3, threads_per_worker=1, dashboard_address=None, "
                "silence_logs=50)",
                "Client(LocalCluster, timeout=10.0)",
                "Client gone",
                "LocalCluster gone",
            ],
        ),
        ("tcp://a:1", ["Client(tcp://a:1, timeout=10.0)", "Client gone"]),
    ],
)
def test_a_cluster_is_made_here_or_asked_elsewhere_and_closed(
    cluster: str, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: Told = []

    class Made:
        def __init__(self, *given: object, env: object = None, **more: object) -> None:
            words = [*map(str, given), *(f"{name}={value}" for name, value in more.items())]
            told.append(f"{self}({', '.join(words)})")
            assert env in (None, pools._ONE_THREAD)

        def __str__(self) -> str:
            return type(self).__name__

        def close(self) -> None:
            told.append(f"{self} gone")

    kinds = {name: type(name, (Made,), {}) for name in ("LocalCluster", "Client")}
    monkeypatch.setitem(sys.modules, "distributed", SimpleNamespace(**kinds))
    with opened(3, cluster) as pool:
        assert isinstance(pool, Cluster)
        assert str(pool._client) == "Client"
    assert told == calls


@pytest.mark.parametrize("error", [OSError("timed out"), ValueError("timed out")])
def test_where_no_scheduler_answers_it_is_said(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def client(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setitem(sys.modules, "distributed", SimpleNamespace(Client=client))
    says = r"tcp://a:1: no scheduler answers there \(timed out\)"
    with pytest.raises(TargetError, match=says), opened(1, "tcp://a:1"):
        pass
