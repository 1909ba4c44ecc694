"""Local logs: woken when a log grows, no threads left behind, no events trusted on networks."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from lossmon.errors import TargetError
from lossmon.logs.discover import run_directory
from lossmon.logs.held import on_network
from lossmon.logs.local import LocalSource
from lossmon.logs.scheme import Target
from lossmon.logs.target import check_local, parse
from tests.waiting import PATIENCE_S


def test_an_append_wakes_the_source(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("a")
    source = LocalSource([str(log)])
    try:
        while source.pending() or not source.logs():
            source.poll()
        source.poll()
        source.wait(0.01)  # starts the observer
        threading.Timer(0.05, lambda: log.write_text("ab")).start()
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            source.wait(0.5)
            if any(chunk.kind == "data" for chunk in source.poll()):
                break
        else:
            pytest.fail("the append was never seen")
    finally:
        source.close()


def test_closing_leaves_no_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    source = LocalSource([str(tmp_path)])
    source.poll()
    source.wait(0.01)
    source.close()
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize(
    ("kind", "network"), [("nfs4", True), ("fuse.sshfs", True), ("ext4", False)]
)
def test_network_file_systems_are_polled_alone(tmp_path: Path, kind: str, network: bool) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"dev / ext4 rw 0 0\nserver:/x {tmp_path} {kind} rw 0 0\n")
    assert on_network(str(tmp_path / "run"), str(mounts)) is network
    assert on_network("/usr", str(mounts)) is False


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("-", Target("stdin", "-")),
        ("runs/a", Target("local", "runs/a")),
        ("./a:b", Target("local", "./a:b")),
        ("/abs:x", Target("local", "/abs:x")),
        ("gpu1:runs", Target("ssh", "runs", "gpu1")),
        ("gpu1:", Target("ssh", ".", "gpu1")),
        ("me@gpu1:~/exp/*/log", Target("ssh", "~/exp/*/log", "gpu1", "me")),
        ("ssh://me@gpu1:2222/data/x", Target("ssh", "/data/x", "gpu1", "me", 2222)),
        ("ssh://gpu1/~/x", Target("ssh", "~/x", "gpu1")),
    ],
)
def test_target_grammar(text: str, target: Target) -> None:
    assert parse(text) == target


def test_a_local_file_with_a_colon_wins(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gpu1:log").touch()
    assert parse("gpu1:log") == Target("local", "gpu1:log")


@pytest.mark.parametrize("text", ["-host:path", "ssh://-oProxyCommand=x/y", "ssh://", "", "-l@h:x"])
def test_hosts_that_ssh_would_take_for_options_are_refused(text: str) -> None:
    try:
        target = parse(text)
    except TargetError:
        return
    assert target.kind == "local", "what is no address may be a file name"


def test_a_misspelled_path_names_the_closest(tmp_path: Path) -> None:
    (tmp_path / "trainer_log.jsonl").touch()
    with pytest.raises(TargetError, match=r"did you mean .*trainer_log\.jsonl"):
        check_local(str(tmp_path / "trainer_logs.jsonl"))


@pytest.mark.parametrize(
    ("log", "directory"),
    [
        ("runs/a/train.log", "runs/a"),
        ("runs/a/checkpoint-200/trainer_state.json", "runs/a"),
        ("runs/a/lightning_logs/version_0/metrics.csv", "runs/a"),
        ("runs/a/runs/Nov24_10-00-00_host/events.out.tfevents.1", "runs/a"),
        ("runs/a/dvclive/plots/metrics/train/loss.tsv", "runs/a"),
        ("runs/a/work/20241108_101058/vis_data/scalars.json", "runs/a"),
        ("runs/b/seed1/log.csv", "runs/b/seed1"),
    ],
)
def test_files_of_one_training_share_a_directory(log: str, directory: str) -> None:
    assert run_directory(log) == directory
