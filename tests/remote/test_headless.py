"""`lossmon watch` and `lossmon status` of runs on another box: a real sshd."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lossmon.logs import hosts
from lossmon.monitor.replay import open_replay
from tests.conftest import falling, training_rows, write_jsonl
from tests.remote.box import Box
from tests.report.test_cli import run
from tests.report.test_watch import Watching, diverge
from tests.waiting import wait_until


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write_jsonl(tmp_path / "exp" / "sft" / "log.jsonl", training_rows(falling(60)))


def test_watch_tells_what_starts_on_a_box_and_when_the_link_is_lost(box: Box, log: Path) -> None:
    watch = Watching("--json", "-F", box.client, f"box:{log.parents[1]}")
    try:
        assert '"present"' in watch.line(lambda line: "healthy" in line)
        diverge(log)
        event = json.loads(watch.line(lambda line: "diverged" in line))
        assert event["event"] == "started"
        assert event["run"] == "box:exp/sft"
        box.stop()
        assert watch.process.stderr is not None
        assert watch.process.stderr.readline().startswith("lossmon: box retrying")
    finally:
        watch.close()
        box.start()


def test_status_of_a_box_is_read_behind_the_caller_s_back(
    box: Box, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    command = ("status", "-F", box.client, f"box:{log.parents[1]}")
    assert run(*command).stdout == "reading\n", "a box is never waited for"
    said: list[str] = []
    wait_until(lambda: said.append(run(*command).stdout) or said[-1] != "reading\n")
    assert said[-1].startswith("✓ Healthy box:exp/sft")


def test_a_run_of_a_box_is_played_back(box: Box, log: Path) -> None:
    hosts.use_config(str(box.client))
    monitor = open_replay([f"box:{log.parents[1]}"])
    try:
        monitor.player.to_step(300)
        steps = [update.step for _ in range(5) for update in monitor.poll()]
        assert steps[-1] == 300
    finally:
        monitor.close()
