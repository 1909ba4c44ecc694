"""The parts of a fleet: which logs go together, what is remembered of them, what a worker is told."""

from __future__ import annotations

import json
import math
import os
import tracemalloc
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from lossmon import settings
from lossmon.cli import cli
from lossmon.errors import TargetError
from lossmon.fleet import pools
from lossmon.fleet.kept import Kept, key_of
from lossmon.fleet.plan import Task, plan
from lossmon.fleet.pools import Here, opened
from lossmon.fleet.table import write_part
from lossmon.fleet.triage import clusters
from lossmon.fleet.work import order, read
from lossmon.logs.stamp import stamp_of
from lossmon.monitor.whole import read_targets
from tests.conftest import falling, training_rows, write_jsonl


def planned(tmp_path: Path, paths: list[str], rows: int = 3) -> list[set[str]]:
    """The tasks of a tree with logs at these places, by their paths."""
    for path in paths:
        write_jsonl(tmp_path / path, training_rows(falling(rows)))
    root = str(tmp_path) + "/"
    return [{log.removeprefix(root) for log in task.logs} for task in plan([str(tmp_path)])]


@pytest.mark.parametrize(
    ("paths", "tasks"),
    [
        (["a/x.jsonl", "b/x.jsonl"], 2),
        (["a/x.jsonl", "a/y.jsonl"], 1),  # of one folder
        (["a/x.jsonl", "a/logs/y.jsonl"], 1),  # and below it
        (["x.jsonl", "a/x.jsonl", "b/x.jsonl"], 1),
        (["a/b/x.jsonl", "a/c/x.jsonl"], 2),  # no log lies above both
        (["x.jsonl", "a/b/x.jsonl"], 1),  # a log lies far above
        (["x.jsonl", *(f"r{i}/x.jsonl" for i in range(48))], 1),
        (["x.jsonl", *(f"r{i}/x.jsonl" for i in range(49))], 50),  # a folder of runs, and a note
    ],
)
def test_logs_that_may_be_of_one_training_are_read_by_one_worker(
    tmp_path: Path, paths: list[str], tasks: int
) -> None:
    found = planned(tmp_path, paths)
    assert len(found) == tasks
    assert sorted(log for task in found for log in task) == sorted(paths)


def test_what_is_small_is_read_together_where_there_is_much_of_it(tmp_path: Path) -> None:
    found = planned(tmp_path, [f"r{i:03}/x.jsonl" for i in range(192)], rows=1)
    assert [len(task) for task in found] == [3] * 64


def test_what_is_large_is_read_apart(tmp_path: Path) -> None:
    planned(tmp_path, [f"r{i:03}/x.jsonl" for i in range(192)], rows=1)
    for i in (0, 1, 5, 6):
        os.truncate(tmp_path / f"r{i:03}" / "x.jsonl", 5 << 20)  # two are more than a task has
    tasks = plan([str(tmp_path)])
    large = [sum(stamp[0] for stamp in task.stamps if stamp) >> 20 for task in tasks]
    assert large.count(5) == 4
    assert max(large) == 5
    assert sum(len(task.logs) for task in tasks) == 192
    assert max(len(task.logs) for task in tasks) == 3


KEYS = np.arange(40)


@pytest.mark.parametrize(
    ("keys", "tasks", "found"),
    [
        ([KEYS, KEYS], [0, 1], [{0, 1}]),
        ([KEYS, KEYS], [0, 0], []),  # one worker had both before it
        ([KEYS, KEYS + 32], [0, 1], [{0, 1}]),  # a fifth of them
        ([KEYS, KEYS + 33], [0, 1], []),
        ([KEYS, KEYS[:3], KEYS[2:3]], [0, 1, 2], [{0, 1}]),  # of the smaller; one is chance
        ([KEYS, KEYS + 1000, KEYS[20:] + 20, KEYS + 30], [0, 1, 2, 3], [{0, 2, 3}]),
        ([KEYS[:0], KEYS, KEYS[:0], KEYS], [0, 1, 2, 3], [{1, 3}]),
        ([KEYS] * 96, range(96), [{*range(96)}]),
        ([KEYS] * 97, range(97), []),  # what so many share tells none from another
        ([], [], []),
        ([KEYS[:0]], [0], []),
        ([KEYS, KEYS[:2]], [0, 1], [{0, 1}]),  # two are enough where one has no more
        ([KEYS, KEYS[:1]], [0, 1], []),
    ],
)
def test_what_far_apart_may_be_of_one_training_is_told_by_what_is_shared(
    keys: list[np.ndarray], tasks: list[int], found: list[set[int]]
) -> None:
    assert clusters(keys, tasks) == found


def test_runs_of_one_file_are_read_again_together_or_not_at_all() -> None:
    """A table of runs a, b, c with a copy of b elsewhere: c was in no answer any more."""
    keys, other = [KEYS, KEYS + 1000, KEYS + 2000, KEYS + 1000], [KEYS + 5000]
    files = [["table"], ["table"], ["table"], ["copy"], ["alone"]]
    assert clusters([*keys, *other], [0, 0, 0, 1, 1], files) == [{0, 1, 2, 3}]
    assert clusters(keys[:3], [0, 0, 0], files[:3]) == []


@given(order=st.permutations(range(5)))
def test_whatever_worker_is_done_first_runs_are_read_together_alike(order: list[int]) -> None:
    """Of two tables with the same two runs one run was printed twice, where the second came first."""
    keys = [KEYS, KEYS + 1000, KEYS + 2000, KEYS + 1000, KEYS + 2000]
    tasks, files = [0, 0, 0, 1, 1], [["one"]] * 3 + [["two"]] * 2
    told = clusters(*([some[at] for at in order] for some in (keys, tasks, files)))
    assert told == [{*range(5)}]


def test_seeds_that_share_keys_by_chance_take_no_memory_for_each_pair() -> None:
    chance = np.random.default_rng(0)
    keys = [chance.choice(400, 40, replace=False) for _ in range(600)]
    tracemalloc.start()
    try:
        clusters(keys, range(600))
        assert tracemalloc.get_traced_memory()[1] < 6e6  # 40 MB for its 180,000 pairs
    finally:
        tracemalloc.stop()


def test_a_task_knows_its_logs_as_they_were_listed(tmp_path: Path) -> None:
    log = write_jsonl(tmp_path / "a.jsonl", training_rows(falling(3)))
    (task,) = plan([str(tmp_path)])
    assert task == Task((str(log),), (stamp_of(str(log)),))
    config = tmp_path / "config.json"
    config.write_text('{"lr": 0.5}')
    (task,) = plan([str(tmp_path)])
    assert task.settings == (stamp_of(str(config)),)
    with pytest.raises(TargetError, match="no such file"):
        plan([str(tmp_path / "none")])
    with pytest.raises(TargetError, match="workers read paths; name a folder they all see"):
        plan(["gpu1:runs"])
    with pytest.raises(TargetError, match="mount it where they all see it, or leave --cluster"):
        plan(["s3://bucket/sweep"])


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        (Task(("a",), ((1, 2, 3, 4),)), True),
        (Task(("b",), ((1, 2, 3, 4),)), False),
        (Task(("a",), ((2, 2, 3, 4),)), False),
        (Task(("a",), ((1, 3, 3, 4),)), False),
        (Task(("a",), (None,)), False),
        (Task(("a",), ((1, 2, 3, 4),), ((1, 2, 3, 4),)), False),
    ],
)
def test_what_is_known_of_a_log_holds_while_it_and_the_question_stay(
    changed: Task, same: bool
) -> None:
    task = Task(("a",), ((1, 2, 3, 4),))
    assert (key_of(changed, {"lang": "en"}) == key_of(task, {"lang": "en"})) == same
    assert key_of(task, {"lang": "zh"}) != key_of(task, {"lang": "en"})
    assert len(key_of(task, {})) == 32


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "lossmon"


RESULT = json.dumps({"runs": [], "refused": {"损": "x"}})
KEY, OTHER = "a" * 32, "b" * 32


def test_results_are_kept_as_they_come(cache: Path) -> None:
    kept = Kept(["t"], resume=True)
    assert KEY not in kept
    kept.add(KEY, RESULT)
    kept.add(OTHER, "torn")
    (file,) = cache.iterdir()
    assert OTHER in file.read_text()  # also where the reading is killed now
    kept.close()
    again = Kept(["t"], resume=True)
    assert KEY in again
    assert again.get(KEY) == RESULT
    assert OTHER not in again  # it is no result of a worker
    again.add("c" * 32, RESULT)  # behind what is there
    again.close()
    third = Kept(["t"], resume=True)
    assert (third.get(KEY), third.get("c" * 32)) == (RESULT, RESULT)
    third.close()
    other = Kept(["u"], resume=True)
    assert KEY not in other
    other.close()
    anew = Kept(["t"], resume=False)
    assert KEY not in anew
    anew.close()
    after = Kept(["t"], resume=True)
    assert KEY not in after, "what was there is gone for good"
    after.close()
    (path, _) = sorted(cache.iterdir(), key=lambda one: -one.stat().st_mtime_ns)
    assert path.stat().st_mode & 0o777 == 0o600


RUN = {
    "object": {"findings": [], "logs": [{"path": "x"}]},
    "location": "p",
    "given": "",
    "files": ["x"],
    "keys": [1],
}


@pytest.mark.parametrize(
    ("line", "whole"),
    [
        (f"{KEY} {json.dumps({'runs': [RUN], 'refused': {}})}\n", True),
        (f"{KEY} {json.dumps({'runs': [RUN], 'refused': {}})}", False),  # cut off
        (f"{KEY[1:]} {RESULT}\n", False),
        (f"{KEY}a {RESULT}\n", False),
        (f"{KEY} []\n", False),
        (f"{KEY} {json.dumps({'runs': [RUN], 'refused': []})}\n", False),
        (f"{KEY} {json.dumps({'runs': [{**RUN, 'location': 3}], 'refused': {}})}\n", False),
        (f"{KEY} {json.dumps({'runs': [{**RUN, 'given': 3}], 'refused': {}})}\n", False),
        (f"{KEY} {json.dumps({'runs': [{**RUN, 'keys': ['x']}], 'refused': {}})}\n", False),
        (f"{KEY} {json.dumps({'runs': [{**RUN, 'files': [3]}], 'refused': {}})}\n", False),
        (f"{KEY} {json.dumps({'runs': [{**RUN, 'object': {}}], 'refused': {}})}\n", False),
        (f"{KEY} {json.dumps({'runs': [{**RUN, 'object': {'findings': 3, 'logs': []}}], 'refused': {}})}\n", False),
    ],
)  # fmt: skip
def test_a_damaged_line_is_read_anew(cache: Path, line: str, whole: bool) -> None:
    Kept(["t"], resume=True).close()
    (path,) = cache.iterdir()
    good = f"{OTHER} {RESULT}\n"
    path.write_text(good + line)
    kept = Kept(["t"], resume=True)
    assert (KEY in kept) == whole
    assert kept.get(OTHER) == RESULT
    if whole:
        assert json.loads(kept.get(KEY))["runs"] == [RUN]
    kept.close()


def test_two_readings_of_one_fleet_do_not_write_into_each_other(cache: Path) -> None:
    first, second = Kept(["t"], resume=True), Kept(["t"], resume=True)
    second.add(KEY, RESULT)
    assert KEY not in second
    first.add(OTHER, RESULT)
    for one in (first, second):
        one.close()
    third = Kept(["t"], resume=True)
    assert (KEY in third, OTHER in third) == (False, True)
    third.close()


def test_where_nothing_can_be_kept_all_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    kept = Kept(["t"], resume=True)
    kept.add(KEY, RESULT)
    assert KEY not in kept
    kept.close()


def test_a_worker_is_told_what_the_user_said(tmp_path: Path) -> None:
    log = write_jsonl(tmp_path / "a.jsonl", training_rows(falling(40)))
    settings.say(total_steps=777, together=(("a", "b"),), lang="zh")
    asked = {**order([str(log)], "en", "at the end"), "logs": [str(log)]}
    before = settings.current()
    (run,) = json.loads(read(json.dumps(asked)))["runs"]
    assert run["object"]["total_steps"] == 777
    assert run["location"] == str(log)
    assert run["keys"] == sorted(set(run["keys"])) != []
    assert settings.current().total_steps == before.total_steps
    (tmp_path / "b.txt").write_text("no log at all\n" * 50)
    asked = {**order([str(tmp_path)], "en", "at the end"), "logs": [str(tmp_path / "b.txt")]}
    told = json.loads(read(json.dumps(asked)))
    assert told["runs"] == []
    assert list(told["refused"]) == [str(tmp_path / "b.txt")]


def twice(text: str) -> str:
    return f"{text} {text} {os.environ['OPENBLAS_NUM_THREADS']}"


def never(text: str) -> str:
    os._exit(1)


@pytest.mark.slow
def test_processes_do_each_task_once_with_one_thread_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    found = dict(Here(2).run(twice, iter("abcdefghijkl")))
    assert found == {at: f"{text} {text} 1" for at, text in enumerate("abcdefghijkl")}
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "OPENBLAS_NUM_THREADS" not in os.environ


class Lost(Here):
    """A pool whose worker is lost so often."""

    def __init__(self, times: int) -> None:
        super().__init__(1)
        self.times = times

    def _run(self, work, numbered, again):  # type: ignore[no-untyped-def]
        if self.times:
            self.times -= 1
            raise BrokenProcessPool
        yield 0, work("x")


@pytest.mark.parametrize(("times", "done"), [(0, True), (3, True), (4, False)])
def test_a_lost_worker_is_replaced_so_often(times: int, done: bool) -> None:
    if done:
        assert list(Lost(times).run(str.upper, [])) == [(0, "X")]
    else:
        with pytest.raises(TargetError, match="a worker was lost again and again"):
            list(Lost(times).run(str.upper, []))


def test_without_a_cluster_there_are_processes_here() -> None:
    with opened(3, "") as pool:
        assert isinstance(pool, Here)
    assert write_part([], "nowhere/at/all", [], []) == ("", 0)
    assert not os.path.exists("nowhere")


def test_without_dask_a_cluster_is_refused_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with (
        pytest.raises(TargetError, match=r"--cluster needs Dask: pip install 'lossmon\[fleet\]'"),
        opened(1, "tcp://x:1"),
    ):
        pass


class Alone(Here):
    """A pool of one worker, which is this process."""

    def _run(self, work, numbered, again):  # type: ignore[no-untyped-def]
        self.seen = {name: os.environ.get(name) for name in ONE_THREAD}
        for number, task in numbered:
            yield number, work(task)


ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def test_workers_begin_with_one_thread_each_and_the_environment_is_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    pool = Alone(1)
    assert list(pool.run(str.upper, iter("ab"))) == [(0, "A"), (1, "B")]
    assert pool.seen == dict.fromkeys(ONE_THREAD, "1")
    assert (os.environ["OMP_NUM_THREADS"], os.environ.get("MKL_NUM_THREADS")) == ("7", None)


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A batch command over three runs, read by one worker, which is this process."""
    for name, losses in (
        ("falls", falling(40)),
        ("breaks", [*falling(40), *[math.nan] * 20]),
        ("flat", [2.3] * 40),
    ):
        write_jsonl(tmp_path / name / "log.jsonl", training_rows(losses))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(pools, "Here", Alone)
    return lambda *args: CliRunner().invoke(cli, [*args, "--workers", "2"])


@pytest.mark.parametrize(
    ("fail_on", "status"),
    [((), 0), (("critical",), 1), (("warning",), 1), (("never",), 0), (("never", "critical"), 1)],
)
def test_a_batch_tells_each_run_in_a_line_and_fails_on_what_it_was_asked_to(
    ran, fail_on: tuple[str, ...], status: int
) -> None:
    done = ran("check", "--json", *(part for one in fail_on for part in ("--fail-on", one)))
    told = {one["run"]: one["train"] for one in map(json.loads, done.stdout.splitlines())}
    assert told["breaks"] == "diverged"
    assert set(told) == {"falls", "breaks", "flat"}
    assert done.exit_code == status


def test_a_batch_of_nothing_is_an_error_that_names_it(ran) -> None:
    done = ran("check", "--json", "gone")
    assert done.stdout == ""
    assert isinstance(done.exception, TargetError)
    assert str(done.exception).startswith("gone: ")


def test_a_run_that_is_read_alone_is_called_as_beside_others(ran, tmp_path: Path) -> None:
    """Under "." a worker called a run after the current folder, where it had no other to read."""
    names = {json.loads(line)["run"] for line in ran("check", "--json", ".").stdout.splitlines()}
    assert names == {"falls", "breaks", "flat"}
    (alone,) = read_targets(["."], judging="never", logs=["flat/log.jsonl"]).updates
    assert alone.run == "flat"
