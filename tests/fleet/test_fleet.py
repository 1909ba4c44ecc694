"""Many workers say what one process says: nothing lost, doubled or called otherwise."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lossmon.diagnosis.knowledge import load
from lossmon.errors import TargetError
from lossmon.fleet.plan import plan
from lossmon.fleet.pools import Here, Results, Work, opened
from lossmon.fleet.table import write_folder
from lossmon.fleet.triage import Fleet
from lossmon.monitor.whole import read_targets
from lossmon.report.contract import run_object
from tests.waiting import PATIENCE_S

RUNS = Path(__file__).parent.parent / "data" / "runs"
SOME = ("d006_loguru_digits_cnn", "d034_xgboost_digits_mlp", "d120_jsonl_diabetes_mlp")


class Alone:
    """Does the work in this process, the newest task first: workers end in any order."""

    def __init__(self) -> None:
        self.done = 0

    def run(self, work: Work, tasks) -> Results:
        for at, task in reversed(list(enumerate(tasks))):
            self.done += 1
            yield at, work(task)


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def tree(tmp_path) -> Path:
    """Runs of several logs, and one whose output was kept far from its log."""
    for name in SOME:
        shutil.copytree(RUNS / name, tmp_path / "runs" / name)
    rng = np.random.default_rng(0)
    loss = 2 * np.exp(-np.arange(400) / 90) + 0.1 + 0.05 * rng.random(400)
    far, printed = tmp_path / "logs" / "job-7", tmp_path / "stdout"
    far.mkdir(parents=True)
    printed.mkdir()
    rows = [json.dumps({"step": i, "loss": float(v)}) for i, v in enumerate(loss)]
    (far / "log.jsonl").write_text("\n".join(rows) + "\n")
    lines = [f"step {i} loss {v:.4f}" for i, v in enumerate(loss) if i % 2 == 0]
    (printed / "7.out").write_text("\n".join(lines) + "\n")
    return tmp_path


def by_one(target: Path) -> list[str]:
    updates = read_targets([str(target)], judging="at the end").updates
    told = [run_object(update, load("en")) for update in updates]
    return [json.dumps(one, sort_keys=True) for one in sorted(told, key=lambda one: one["run"])]


def by_many(target: Path, pool, resume: bool = False) -> list[str]:
    with Fleet([str(target)], "en", "at the end") as fleet:
        fleet.read(pool, resume)
        assert not fleet.errors()
        assert fleet.done == fleet.tasks
        return [json.dumps(json.loads(line), sort_keys=True) for line, _ in fleet.lines()]


def test_the_answers_are_those_of_one_process(tree):
    assert len(plan([str(tree)])) > 2  # the log and its printed copy go to different workers
    told = by_many(tree, Alone())
    assert told == by_one(tree)
    assert any(len(json.loads(one)["logs"]) == 2 for one in told)


def test_what_has_not_changed_is_not_read_again(tree):
    first = by_many(tree, Alone())
    again = Alone()
    assert by_many(tree, again, resume=True) == first
    assert again.done == 1  # the two far apart are read together as before
    with (tree / "runs" / SOME[2] / "more.jsonl").open("w") as file:
        file.write('{"step": 1, "loss": 0.5}\n{"step": 2, "loss": 0.4}\n')
    grown = Alone()
    told = by_many(tree, grown, resume=True)
    assert grown.done == 2
    assert told == by_one(tree)


def test_another_log_of_the_same_size_and_time_is_read(tree):
    """As `cp -p` and `tar` leave one: the verdict was that of the log before."""
    first = by_many(tree, Alone())
    log = next(path for path in tree.rglob("*.jsonl") if b'"loss": ' in path.read_bytes())
    stat, text = log.stat(), log.read_bytes()
    other = log.with_name("other")
    other.write_bytes(text.replace(b'"loss": 0', b'"loss": 9').replace(b'"loss": 1', b'"loss": 8'))
    assert other.stat().st_size == stat.st_size
    os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    other.replace(log)
    told = by_many(tree, Alone(), resume=True)
    assert told != first
    assert told == by_one(tree)


def test_a_damaged_memory_is_read_anew(tree):
    first = by_many(tree, Alone())
    (kept,) = Path(os.environ["XDG_CACHE_HOME"]).glob("lossmon/fleet-*.jsonl")
    lines = kept.read_bytes().splitlines()
    assert len(lines) == len(plan([str(tree)]))
    spoiled = [lines[0][:100], b"x" * 32 + b' {"runs": 1, "refused": {}}', b"\xff", *lines[2:]]
    kept.write_bytes(b"\n".join(spoiled) + b"\n" + lines[1][:40])
    again = Alone()
    assert by_many(tree, again, resume=True) == first
    assert again.done == 2 + 1


def test_ctrl_c_keeps_what_is_done(tree):
    class Broken(Alone):
        def run(self, work: Work, tasks) -> Results:
            results = super().run(work, tasks)
            yield next(results)
            yield next(results)
            raise KeyboardInterrupt

    with Fleet([str(tree)], "en", "at the end") as fleet:
        fleet.read(Broken(), resume=False)
        assert fleet.interrupted
        assert (fleet.done, len(list(fleet.lines()))) == (2, 2)
    rest = Alone()
    assert by_many(tree, rest, resume=True) == by_one(tree)
    assert rest.done == fleet.tasks - 2 + 1


def end_once(text: str) -> str:
    """A worker that is killed over the first of its tasks, once."""
    mark, name = text.split("|")
    if name == "0":
        try:
            os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return name
        os.kill(os.getpid(), signal.SIGKILL)
    return name


def test_a_worker_here_that_is_killed_changes_no_answer(tmp_path):
    tasks = [f"{tmp_path / 'mark'}|{i}" for i in range(12)]
    told = sorted(Here(2).run(end_once, tasks))
    assert told == [(i, str(i)) for i in range(12)]


def test_a_worker_of_a_cluster_that_is_killed_changes_no_answer(tree, tmp_path):
    pytest.importorskip("distributed", reason="no Dask: pip install 'lossmon[fleet]'")
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from tests.fleet.test_fleet import through_cluster\n"
        "if __name__ == '__main__': through_cluster(sys.argv[2], sys.argv[3])\n"
    )
    (tmp_path / "go.py").write_text(script)
    done = subprocess.run(
        [sys.executable, tmp_path / "go.py", RUNS.parents[2], tree / "runs", tmp_path / "mark"],
        capture_output=True,
        text=True,
        timeout=3 * PATIENCE_S,
    )
    assert done.stdout.splitlines() == [*by_one(tree / "runs"), *map(str, range(12))], done.stderr


def through_cluster(target: str, mark: str) -> None:
    with opened(2, "local") as pool:
        print(*by_many(Path(target), pool), sep="\n")
        told = sorted(pool.run(end_once, [f"{mark}|{i}" for i in range(12)]))
        print(*(result for _, result in told), sep="\n")


def test_points_become_a_data_set(tree, tmp_path):
    dataset = pytest.importorskip("pyarrow.dataset", reason="no pyarrow")
    folder = tmp_path / "points"
    written = write_folder([str(tree / "runs")], Alone(), str(folder))
    points = written.points
    table = dataset.dataset(folder).to_table().to_pandas()
    assert (written.runs, points) == (3, len(table))
    grown = read_targets([str(tree / "runs")]).updates
    assert points == sum(len(view) for update in grown for view in update.logged.values())
    assert set(table["run"]) == {update.run for update in grown}
    write_folder([str(tree / "runs")], Alone(), str(folder))  # again: each part takes its place
    assert len(dataset.dataset(folder).to_table()) == points


def test_a_copy_is_written_once_and_what_an_export_replaces_is_gone(tmp_path):
    """Copies that lie far apart, each read by another worker, had all rows twice."""
    dataset = pytest.importorskip("pyarrow.dataset", reason="no pyarrow")
    text = "".join(f"step {i} loss {2 / (1 + i / 9) + i % 7 / 91:.4f}\n" for i in range(300))
    for place in ("a/r1/train.log", "b/r9/copy.log", "c/r3/other.log"):
        (tmp_path / "in" / place).parent.mkdir(parents=True)
        (tmp_path / "in" / place).write_text(text if place[0] < "c" else text.replace("2", "3"))
    targets, folder = [str(tmp_path / "in")], tmp_path / "points"
    written = write_folder(targets, Alone(), str(folder))
    assert (written.runs, written.points) == (2, 600)
    assert len(dataset.dataset(folder).to_table()) == 600

    (tmp_path / "in" / "c" / "r3").rename(tmp_path / "in" / "c" / "r4")
    written = write_folder(targets, Alone(), str(folder))
    assert (written.points, written.others) == (600, 0)
    assert len(dataset.dataset(folder).to_table()) == 600, "of r3 nothing is left"

    written = write_folder([str(tmp_path / "in" / "c")], Alone(), str(folder))
    assert (written.points, written.others) == (300, len(list(folder.iterdir())) - 1)
    assert written.others > 0, "what others wrote stays, and is told of"


def test_what_cannot_be_read_today_stays_as_it_was_exported(tmp_path):
    """An export over a folder that was not mounted, or not readable, removed what there was."""
    dataset = pytest.importorskip("pyarrow.dataset", reason="no pyarrow")
    log = tmp_path / "in" / "r1" / "train.log"
    log.parent.mkdir(parents=True)
    log.write_text("".join(f"step {i} loss {2 / (1 + i):.4f}\n" for i in range(40)))
    targets, folder = [str(tmp_path / "in")], tmp_path / "points"
    assert write_folder(targets, Alone(), str(folder)).points == 40
    log.rename(tmp_path / "elsewhere.log")
    assert write_folder(targets, Alone(), str(folder)).points == 0
    assert len(dataset.dataset(folder).to_table()) == 40


def test_points_go_to_a_store(tree):
    pytest.importorskip("pyarrow", reason="no pyarrow")
    fsspec = pytest.importorskip("fsspec", reason="no fsspec: pip install 'lossmon[stores]'")
    write_folder([str(tree / "runs")], Alone(), "memory://bucket/points/")
    store = fsspec.filesystem("memory")
    parts = store.glob("/bucket/points/part-*.parquet")
    assert parts
    store.cp_file(parts[0], parts[0].replace(parts[0][-28:-8], "0" * 20))  # an earlier export's
    write_folder([str(tree / "runs")], Alone(), "memory://bucket/points/")
    assert store.glob("/bucket/points/part-*.parquet") == parts


@pytest.mark.parametrize("cluster", ["tcp://127.0.0.1:1", "local"])
def test_a_cluster_that_is_not_there_is_one_line(cluster, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(TargetError, match=r"lossmon\[fleet\]"), opened(1, cluster):
        pass
