"""Slow, far and failing networks: through a slow cable everywhere, through the kernel where root is."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lossmon.logs.ssh import SshSource
from tests.remote.box import HASTY, Box, Cable, Collector
from tests.remote.conftest import QUICK_S
from tests.remote.test_link import append, lines

MEGABIT = 125_000  # bytes a second


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    """Twenty runs; the first is short."""
    logs = [tmp_path / "runs" / f"run{i:02}" / "log.jsonl" for i in range(20)]
    for i, log in enumerate(logs):
        log.parent.mkdir(parents=True)
        log.write_bytes(lines(60 if i == 0 else 10_000))
    return logs


def test_twenty_runs_far_away_over_a_thin_line(
    box: Box, collect: Callable[..., Collector], runs: list[Path]
) -> None:
    """200 ms there and back, 1 Mbit/s."""
    cable = Cable(box.port, delay_s=0.1, rate=MEGABIT)
    box.write_client(cable.port)
    try:
        got = collect(box, runs[0].parents[1])
        got.until(lambda: len(got.content) == 20)
        sizes = {str(log): log.stat().st_size for log in runs}
        append(runs[0], lines(1, 60))
        got.until(lambda: bytes(got.content[str(runs[0])]) == runs[0].read_bytes())
        got.until_settled()
        order = [chunk.log for chunk in got.chunks if chunk.kind == "data"]
        shown = max(map(order.index, sizes))
        behind = sum(log in order[shown + 1 :] for log in sizes if log != str(runs[0]))
        assert behind > 5, "every run shows up before the history of others is complete"
        new = len(order) - order[::-1].index(str(runs[0]))
        assert any(log in order[new:] for log in sizes), "a new row waits for no history"
        assert all(bytes(got.content[str(log)]) == log.read_bytes() for log in runs)
        packed = cable.carried / sum(sizes.values())
        assert packed < 0.5, "history is packed on a thin line"
    finally:
        box.write_client()
        cable.close()


# -- the kernel's own network ----------------------------------------------------------------------


def sh(line: str) -> None:
    subprocess.run(line.split(), check=True, capture_output=True)


class Lab:
    """A box in a network namespace of its own, at the end of a wire."""

    def __init__(self) -> None:
        self.name = f"lm{os.getpid() % 100_000}"
        self.here, self.there = f"{self.name}a", f"{self.name}b"
        chance = random.SystemRandom()  # others may test on this machine, too
        net = f"10.213.{chance.randrange(256)}"
        first = 4 * chance.randrange(64)
        self.address = f"{net}.{first + 2}"
        sh(f"ip netns add {self.name}")
        sh(f"ip link add {self.here} type veth peer name {self.there}")
        sh(f"ip link set {self.there} netns {self.name}")
        sh(f"ip addr add {net}.{first + 1}/30 dev {self.here}")
        sh(f"ip link set {self.here} up")
        sh(f"ip -n {self.name} addr add {self.address}/30 dev {self.there}")
        sh(f"ip -n {self.name} link set {self.there} up")

    def shape(self, how: str) -> None:
        sh(f"tc qdisc replace dev {self.here} root {how}")
        sh(f"tc -n {self.name} qdisc replace dev {self.there} root {how}")

    def cut(self) -> None:
        sh(f"ip link set {self.here} down")

    def heal(self) -> None:
        sh(f"ip link set {self.here} up")

    def close(self) -> None:
        subprocess.run(["ip", "link", "del", self.here], check=False, capture_output=True)
        subprocess.run(["ip", "netns", "del", self.name], check=False, capture_output=True)


@pytest.fixture
def lab() -> Iterator[Lab]:
    if os.getuid() or not shutil.which("ip") or not shutil.which("tc"):
        pytest.skip("network namespaces need root, ip and tc")
    try:
        made = Lab()
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network namespaces here: {error.stderr.decode().strip()}")
    yield made
    made.close()


@pytest.fixture
def far(lab: Lab, tmp_path: Path) -> Iterator[Box]:
    """A box in the lab."""
    box = Box(tmp_path / "far", address=lab.address, prefix=f"ip netns exec {lab.name}")
    yield box
    box.stop()


@pytest.mark.parametrize(
    "how", ["netem delay 100ms 20ms loss 2% rate 1mbit", "tbf rate 1mbit burst 16kb latency 300ms"]
)
def test_a_wire_that_is_slow_and_loses_packets(
    lab: Lab, far: Box, collect: Callable[..., Collector], runs: list[Path], how: str
) -> None:
    try:
        lab.shape(how)
    except subprocess.CalledProcessError:
        pytest.skip(f"the kernel here has no {how.split()[0]}")
    got = collect(far, *runs[:4])
    got.until_settled()
    append(runs[0], lines(5, 60))
    got.until(lambda: bytes(got.content[str(runs[0])]) == runs[0].read_bytes())
    assert all(bytes(got.content[str(log)]) == log.read_bytes() for log in runs[:4])


def test_a_wire_that_is_cut_says_nothing_and_is_noticed(
    lab: Lab, far: Box, runs: list[Path], quick_beats: None
) -> None:
    source = SshSource(far.host, [str(runs[0])], patience=replace(HASTY, answer_s=10.0))
    got = Collector(source)
    try:
        got.until_settled()
        time.sleep(QUICK_S + 1.0)
        assert source.health().state == "live", "signs of life keep the link"
        lab.cut()
        append(runs[0], lines(5, 60))
        got.until(lambda: source.health().state == "retrying")
        lab.heal()
        got.until(lambda: bytes(got.content[str(runs[0])]) == runs[0].read_bytes())
        assert not [c for c in got.chunks if c.kind in ("replaced", "truncated")]
    finally:
        source.close()
