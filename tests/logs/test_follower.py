"""The follower: whatever happens to a file, what was handed out is what stands in it."""

from __future__ import annotations

import errno
import glob
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.logs import files, follower, held, rotation, tail
from lossmon.logs import walk as walking
from lossmon.logs.files import LocalFiles
from lossmon.logs.follower import Chunk, Follower
from lossmon.logs.walk import is_log, matching, walk
from lossmon.monitor.whole import read_targets
from tests.logs.old_python import python_3_6
from tests.modes import modes_hold


class Reader:
    """A consumer: holds what the chunks say each log contains."""

    def __init__(self, *targets: Path | str, slice_bytes: int = 1 << 18) -> None:
        self.follower = Follower([str(t) for t in targets], slice_bytes=slice_bytes)
        self.content: dict[str, bytes] = {}
        self.events: list[tuple[str, str]] = []

    def poll(self) -> list[Chunk]:
        self.follower.rescan()
        chunks = self.follower.poll()
        while self.follower.pending():
            chunks += self.follower.poll()
        for chunk in chunks:
            name = os.path.basename(chunk.log)
            self.events.append((name, chunk.kind))
            if chunk.kind in ("truncated", "replaced"):
                self.content[name] = b""
            elif chunk.kind == "data":
                assert chunk.offset == len(self.content.get(name, b""))
                self.content[name] = self.content.get(name, b"") + chunk.data
            elif chunk.kind == "gone":
                self.content.pop(name, None)
        return chunks


_BYTES = st.binary(max_size=700)
_OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), _BYTES),
        st.tuples(st.just("truncate"), st.integers(0, 400)),
        st.tuples(st.just("rewrite"), _BYTES),
        st.tuples(st.just("replace"), _BYTES),
        st.tuples(st.just("delete"), st.just(b"")),
        st.tuples(st.just("poll"), st.just(b"")),
    ),
    max_size=14,
)


class Writer:
    """Does to a file what trainings and log rotation do; every write has a time of its own."""

    def __init__(self, path: Path) -> None:
        self.path, self.clock = path, 1_700_000_000_000_000_000

    def do(self, what: str, argument: bytes | int) -> None:
        if what == "append":
            with self.path.open("ab") as file:
                file.write(argument)
        elif what == "truncate" and self.path.exists():
            size = min(self.path.stat().st_size, argument)
            os.truncate(self.path, size)
        elif what == "rewrite":
            self.path.write_bytes(argument)
        elif what == "replace":
            fresh = self.path.with_suffix(".new")
            fresh.write_bytes(argument)
            os.replace(fresh, self.path)
        elif what == "delete" and self.path.exists():
            self.path.unlink()
        if self.path.exists():
            self.clock += 1_000_000_000
            os.utime(self.path, ns=(self.clock, self.clock))


@given(operations=_OPERATIONS, slice_bytes=st.integers(1, 300))
@settings(max_examples=150)
def test_what_was_handed_out_is_what_stands_in_the_file(tmp_path_factory, operations, slice_bytes):
    path = tmp_path_factory.mktemp("log") / "log.txt"
    reader, writer = Reader(path, slice_bytes=slice_bytes), Writer(path)
    for what, argument in operations:
        if what == "poll":
            reader.poll()
        else:
            writer.do(what, argument)
    reader.poll()
    assert reader.content.get("log.txt", b"") == (path.read_bytes() if path.exists() else b"")


def test_appended_bytes_are_read_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"one\n")
    reader = Reader(log)
    reader.poll()
    with log.open("ab") as file:
        file.write(b"two\n")
    assert [(c.kind, c.data) for c in reader.poll()] == [("data", b"two\n")]
    assert reader.poll() == []


def test_a_file_rewritten_in_place_and_longer_is_replaced(tmp_path: Path) -> None:
    log = tmp_path / "state.json"
    log.write_bytes(b'{"a": [1]}')
    reader = Reader(log)
    reader.poll()
    log.write_bytes(b'{"a": [1, 2, 3]}')
    assert [c.kind for c in reader.poll()] == ["replaced", "data"]
    assert reader.content["state.json"] == b'{"a": [1, 2, 3]}'


def test_a_file_that_appears_later_is_waited_for(tmp_path: Path) -> None:
    reader = Reader(tmp_path / "later" / "log")
    assert reader.poll() == []
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "log").write_bytes(b"here")
    reader.poll()
    assert reader.content == {"log": b"here"}


def test_new_runs_in_a_folder_are_found(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    reader.poll()
    (tmp_path / "run" / "deep").mkdir(parents=True)
    (tmp_path / "run" / "deep" / "log.jsonl").write_bytes(b"{}")
    reader.poll()
    assert reader.content == {"log.jsonl": b"{}"}


def test_globs_are_followed(tmp_path: Path) -> None:
    for name in ("a/one.csv", "b/two.csv", "b/notes.rst"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    reader = Reader(f"{tmp_path}/**/*.csv")
    reader.poll()
    assert len(reader.follower.logs()) == 2


def test_what_cannot_be_a_log_is_passed_over_but_not_when_named(tmp_path: Path) -> None:
    for name in ("model.safetensors", "train.py", "config.json", ".hidden", "log.txt"):
        (tmp_path / name).write_text("x")
    reader = Reader(tmp_path)
    reader.poll()
    assert set(reader.content) == {"log.txt"}
    named = Reader(tmp_path / "train.py")
    named.poll()
    assert set(named.content) == {"train.py"}


def test_a_link_that_changes_its_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"first run")
    (tmp_path / "b").write_bytes(b"second run, longer")
    link = tmp_path / "latest"
    link.symlink_to(tmp_path / "a")
    reader = Reader(link)
    reader.poll()
    link.unlink()
    link.symlink_to(tmp_path / "b")
    reader.poll()
    assert reader.content["latest"] == b"second run, longer"


def test_loops_of_links_end(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "log.txt").write_text("x")
    (tmp_path / "run" / "up").symlink_to(tmp_path)
    reader = Reader(tmp_path)
    reader.poll()
    assert [os.path.relpath(log, tmp_path) for log in reader.follower.logs()] == ["run/log.txt"]


def test_a_fifo_never_blocks(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (chunk,) = Reader(tmp_path / "pipe").poll()
    assert chunk.kind == "error"
    assert "pipe" in chunk.message
    assert Reader(tmp_path).poll() == []


def test_no_permission_is_said_once_and_recovers(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"secret")
    log.chmod(0)
    reader = Reader(log)
    with modes_hold():
        assert [c.kind for c in reader.poll()] == ["error"]
        assert reader.poll() == []
        log.chmod(0o600)
        reader.poll()
    assert reader.content == {"log": b"secret"}


def test_a_folder_that_cannot_be_looked_into_is_said_once_and_recovers(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed" / "log.txt").write_bytes(b"secret")
    (tmp_path / "closed").chmod(0)
    follower = Follower([str(tmp_path)])
    with modes_hold():
        (told,) = follower.poll()
        follower.rescan()
        assert follower.poll() == []
        (tmp_path / "closed").chmod(0o700)
        follower.rescan()
        chunks = follower.poll()
    assert (told.log, told.kind) == (str(tmp_path / "closed"), "error")
    assert told.message == "permission denied; ask its owner for read access"
    assert {(os.path.basename(c.log), c.kind) for c in chunks} == {
        ("closed", "truncated"),
        ("log.txt", "data"),
    }


def test_newest_files_come_first_and_none_starves(tmp_path: Path) -> None:
    for i in range(5):
        path = tmp_path / f"log{i}.txt"
        path.write_bytes(b"x" * 1000)
        os.utime(path, (1000 + i, 1000 + i))
    follower = Follower([str(tmp_path)], slice_bytes=400)
    while follower.scanning:  # a slow machine finds them in several polls
        follower.poll(limit_bytes=0)
    chunks = follower.poll(limit_bytes=2000)
    assert [os.path.basename(c.log) for c in chunks] == [f"log{i}.txt" for i in (4, 3, 2, 1, 0)]


def test_thousands_of_files_are_found_in_slices_that_block_nobody(tmp_path: Path) -> None:
    for i in range(60):
        (tmp_path / f"d{i}").mkdir()
        for j in range(60):
            (tmp_path / f"d{i}" / f"{j}.log").touch()
    reader = Reader(tmp_path)
    reader.poll()
    assert len(reader.follower.logs()) == 3_600


def test_a_real_writer_process_loses_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    code = (
        "import sys, time\n"
        "for i in range(300):\n"
        "    with open(sys.argv[1], 'a') as f: f.write(f'step {i} loss {1 / (i + 1)}\\n')\n"
        "    if i % 50 == 0: time.sleep(0.01)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(log)])
    reader = Reader(log, slice_bytes=100)
    while process.poll() is None:
        reader.poll()
        time.sleep(0.002)
    reader.poll()
    assert reader.content["log.txt"] == log.read_bytes()
    assert reader.content["log.txt"].count(b"\n") == 300


def test_the_follower_runs_on_python_3_6(tmp_path: Path) -> None:
    """With nothing of lossmon but what it names: all of it is sent to boxes."""
    old = python_3_6(tmp_path, follower, files, held, rotation, tail, walking)
    (tmp_path / "log").write_bytes(b"hello")
    code = (
        "from lossmon.logs.follower import Follower\n"
        f"print(Follower([{str(tmp_path / 'log')!r}]).poll()[0].data)"
    )
    done = subprocess.run(
        [old, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "b'hello'"


def test_of_many_files_those_that_do_not_change_are_looked_at_in_turns(tmp_path, monkeypatch):
    monkeypatch.setattr(follower, "MANY", 30)
    logs = [tmp_path / f"{i}.log" for i in range(60)]
    for log in logs:
        log.write_bytes(b"step 1 loss 2.0\n")
    following = Follower([str(tmp_path)])
    for _ in range(60):
        following.poll()
    looks = []
    monkeypatch.setattr(following, "_look", lambda tail: looks.append(tail.path) or [])
    following.poll()
    assert len(looks) < 30
    following.notice(str(logs[7]))
    looks.clear()
    following.poll()
    assert str(logs[7]) in looks
    following.notice()
    looks.clear()
    following.poll()
    assert len(looks) == 60


def test_of_many_files_a_change_is_seen_without_an_event(tmp_path, monkeypatch):
    monkeypatch.setattr(follower, "MANY", 1)
    log, other = tmp_path / "a.log", tmp_path / "b.log"
    log.write_bytes(b"one\n")
    other.write_bytes(b"one\n")
    following = Follower([str(tmp_path)])
    for _ in range(50):
        following.poll()
    with log.open("ab") as file:
        file.write(b"two\n")
    seen = [chunk.data for _ in range(follower.MANY_EVERY) for chunk in following.poll()]
    assert seen == [b"two\n"]


def test_a_link_up_is_not_followed_and_others_are(tmp_path: Path) -> None:
    """One to / led through the whole machine."""
    runs = tmp_path / "lab" / "runs"
    for folder in (runs / "a", tmp_path / "lab" / "beside", tmp_path / "scratch"):
        folder.mkdir(parents=True)
        (folder / "log.txt").write_text("step 1 loss 2\n")
    for name, to in (("root", "/"), ("up", ".."), ("far", "../../scratch"), ("here", ".")):
        (runs / name).symlink_to(to)
    found = [os.path.relpath(path, runs) for path in walk(str(runs))]
    assert found == ["a/log.txt", "far/log.txt"]


def test_more_folders_than_are_looked_into_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lossmon.logs.walk.MAX_ENTRIES", 3)
    for name in "abcd":
        (tmp_path / name).mkdir()
        (tmp_path / name / "log.txt").write_text("step 1 loss 2\n")
    files = LocalFiles()
    assert len(list(files.walk(str(tmp_path)))) == 2
    assert files.cut == {str(tmp_path)}
    (told,) = read_targets([str(tmp_path)]).errors
    assert "files or folders: those beyond were not looked at" in str(told)
    monkeypatch.setattr("lossmon.logs.walk.MAX_ENTRIES", 9)
    assert len(list(files.walk(str(tmp_path)))) == 4
    assert not files.cut


@pytest.mark.parametrize(("most", "runs"), [(2, 0), (3, 1)])
def test_more_files_than_are_followed_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, runs: int
) -> None:
    """With what was found or without: a log behind 20,000 others was left out without a word."""
    monkeypatch.setattr("lossmon.logs.follower.MAX_ENTRIES", most)
    for name in ("a.txt", "b.txt", "e.txt"):
        (tmp_path / name).write_text("hello\n")
    (tmp_path / "c.csv").write_text("step,loss\n1,2\n2,1\n")
    found = read_targets([str(tmp_path)])
    (told,) = found.errors
    assert "those beyond were not looked at" in str(told)
    assert len(found.updates) == runs


def test_links_into_what_the_kernel_shows_as_files_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text("x")
    for name, to in (("me", "/proc/self"), ("s", "/sys"), ("d", "/dev"), ("k.log", "/proc/kcore")):
        (tmp_path / name).symlink_to(to)
    assert list(walk(str(tmp_path))) == [str(tmp_path / "log.txt")]
    assert list(walk("/proc/self")) == []


@pytest.mark.parametrize(
    "host", ["box.md", "lab.py", "node.sh", "node.c", "gpu.h", "a.zip", "gpu1"]
)
def test_an_event_file_is_found_whatever_its_host_is_called(tmp_path: Path, host: str) -> None:
    name = f"events.out.tfevents.1700000000.{host}"
    for one in (name, "read_tfevents.py", host.replace("gpu1", "x.py")):
        (tmp_path / one).touch()
    assert list(walk(str(tmp_path))) == [str(tmp_path / name)]
    assert is_log(name)


@pytest.mark.parametrize(
    "pattern",
    [
        "**/*.txt",
        "run/**",
        "**",
        "**/b/**/*.txt",
        "*/**/log.txt",
        "**/nothing",
        "ru?/**/**/l*",
        "r*",
    ],
)
def test_a_deep_pattern_leads_where_that_of_python_does(tmp_path: Path, pattern: str) -> None:
    for name in ("log.txt", "run/log.txt", "run/a/b/c/l.txt", "run/b/x.csv", "other/b/l.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    wanted = glob.glob(str(tmp_path / pattern), recursive=True)
    found = list(matching(str(tmp_path / pattern)))
    assert len(found) == len(set(found))
    assert set(map(os.path.normpath, found)) == set(map(os.path.normpath, wanted))


def test_a_deep_pattern_ends_where_links_lead_in_circles(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "log.txt").write_text("x")
    for name in "abc":  # Python's own goes through 3**40 folders
        (tmp_path / name).symlink_to(tmp_path)
    assert list(matching(f"{tmp_path}/**/*.csv")) == []
    assert list(matching(f"{tmp_path}/**/*.txt")) == [f"{tmp_path}/run/log.txt"]


class Failing(files.LocalFiles):
    """A file system whose server is away for a while: `ESTALE` of NFS."""

    away = False

    def read_at(self, path: str, offset: int, count: int) -> bytes:
        if self.away:
            raise OSError(errno.ESTALE, "Stale file handle")
        return super().read_at(path, offset, count)


def test_a_log_that_could_not_be_read_is_read_on_when_it_can(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"step 1\n")
    place = Failing()
    following = Follower([str(log)], files=place)
    assert [chunk.data for chunk in following.poll()] == [b"step 1\n"]
    log.write_bytes(b"step 1\nstep 2\n")
    place.away = True
    assert [chunk.message for chunk in following.poll()] == ["stale file handle"]
    assert following.poll() == [], "said once"
    assert following.pending() == 0
    place.away = False
    assert [(chunk.offset, chunk.data) for chunk in following.poll()] == [(7, b"step 2\n")]
