"""Containers, in the real docker and podman."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from heapq import merge
from pathlib import Path

import pytest

from lossmon.errors import TargetError
from lossmon.logs.clients.containers import Container
from lossmon.logs.clients.source import ClientSource
from lossmon.monitor.sources import check_target
from tests.logs.clients.reading import HASTY, Reading
from tests.logs.clients.runtimes import Docker, Podman, Runtime, why_not
from tests.remote.box import descendants

WRITER = """
i=0
while [ $i -lt {n} ]; do
  echo "{run} out $i"
  [ $((i % 3)) = 0 ] && echo "{run} err $i" >&2
  while [ -e /gates/$i ]; do usleep 5000; done
  i=$((i + 1))
done
"""


@pytest.fixture(scope="module")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Docker]:
    if why_not("docker", "dockerd", "containerd", "runc"):
        pytest.skip(why_not("docker", "dockerd", "containerd", "runc"))
    try:
        made = Docker(tmp_path_factory.mktemp("d"))
    except (RuntimeError, OSError) as error:
        pytest.skip(f"dockerd does not start here: {error}")
    yield made
    made.close()


@pytest.fixture(scope="module")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Podman]:
    if why_not("podman", "conmon", "runc"):
        pytest.skip(why_not("podman", "conmon", "runc"))
    made = Podman(tmp_path_factory.mktemp("p"))
    try:
        made.run("try", "echo here")
    except AssertionError as error:
        pytest.skip(f"podman cannot run a container here: {error}")
    yield made
    made.close()


@pytest.fixture
def read() -> Iterator[Callable[..., Reading]]:
    """Follows containers of a runtime."""
    made: list[ClientSource] = []

    def start(runtime: Runtime, *names: str, watch: bool = True) -> Reading:
        workloads = [Container(runtime.client, name) for name in names]
        name = runtime.client
        made.append(ClientSource(name, workloads, watch=watch, patience=HASTY, env=runtime.env))
        return Reading(made[-1])

    yield start
    for one in made:
        one.close()


def written(run: str, n: int, stream: str) -> list[str]:
    every = 3 if stream == "err" else 1
    return [f"{run} {stream} {i}" for i in range(0, n, every)]


def said(reading: Reading, name: str, stream: str) -> list[str]:
    return [line for line in reading.lines(name) if f" {stream} " in line]


def check(reading: Reading, runs: list[tuple[str, int]]) -> None:
    """Nothing is lost or doubled."""
    for stream in ("out", "err"):
        expected = [line for run, n in runs for line in written(run, n, stream)]
        assert said(reading, "train", stream) == expected


def as_stamped(runtime: Runtime) -> list[str]:
    """Both streams in the order in which the runtime read them from the container."""
    command = [runtime.client, "logs", "--timestamps", "train"]
    done = subprocess.run(command, env=runtime.env, capture_output=True, text=True, check=True)
    lines = merge(done.stdout.splitlines(), done.stderr.splitlines(), key=lambda line: line[:30])
    return [line[31:] for line in lines]


def stop_at(runtime: Runtime, *lines: int) -> None:
    """The writer waits behind these lines."""
    for line in lines:
        (runtime.gates / str(line)).touch()


def go_on(reading: Reading, runtime: Runtime, line: int) -> None:
    """Once a line is read, end the client that showed it, and let the writer go on."""
    reading.until(lambda: f"a out {line}" in reading.lines("train"))
    reading.until(lambda: kill_clients(runtime.client))
    (runtime.gates / str(line)).unlink()


def kill_clients(client: str) -> int:
    """End the clients that lossmon started; how many there were."""
    killed = 0
    for pid in descendants(os.getpid()):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"--timestamps" in words and client.encode() in b" ".join(words):
            os.kill(pid, signal.SIGKILL)
            killed += 1
    return killed


@pytest.mark.slow
def test_docker_over_kills_restarts_another_container_and_another_daemon(
    docker: Docker, read: Callable[..., Reading]
) -> None:
    stop_at(docker, 10, 30)
    docker.run("train", WRITER.format(run="a", n=60))
    reading = read(docker, "train")
    for line in (10, 30):
        go_on(reading, docker, line)
    docker.do("wait", "train")
    docker.do("start", "train")
    runs = [("a", 60), ("a", 60)]
    reading.until(lambda: len(said(reading, "train", "err")) >= 40)
    reading.until(lambda: len(said(reading, "train", "out")) >= 120)
    check(reading, runs)
    assert reading.lines("train") == as_stamped(docker)
    docker.do("rm", "--force", "train")
    docker.run("train", WRITER.format(run="b", n=20))
    runs.append(("b", 20))
    reading.until(lambda: len(said(reading, "train", "out")) >= 140)
    docker.do("wait", "train")
    docker.stop()
    reading.until(lambda: "no daemon answers at unix://" in reading.reason())
    docker.start()
    docker.do("start", "train")
    runs.append(("b", 20))
    reading.until(lambda: len(said(reading, "train", "out")) >= 160)
    docker.do("wait", "train")
    reading.until(lambda: len(said(reading, "train", "err")) >= 54)
    check(reading, runs)


def test_docker_cuts_long_lines_and_they_are_whole_again(
    docker: Docker, read: Callable[..., Reading]
) -> None:
    script = "head -c 40000 /dev/zero | tr '\\0' x; echo; printf 'no end'; exit 3"
    docker.run("long", script)
    docker.do("wait", "long")
    reading = read(docker, "long", "missing", watch=False)
    reading.until(lambda: reading.source.exhausted)
    assert reading.content == {"long": b"x" * 40_000 + b"\nno end\n"}
    assert reading.gone == [("long", "the container ended with status 3")]
    assert "no container of this name" in reading.source.trouble("missing")


def test_podman_over_kills_and_restarts(podman: Podman, read: Callable[..., Reading]) -> None:
    bars = "i=0; while [ $i -lt 5 ]; do printf '\\rbar %d' $i >&2; usleep 3000; i=$((i+1)); done"
    stop_at(podman, 20)
    podman.run("train", WRITER.format(run="a", n=60) + bars)
    reading = read(podman, "train")
    go_on(reading, podman, 20)
    podman.do("wait", "train")
    bar = "\rbar 0\rbar 1\rbar 2\rbar 3\rbar 4\n"
    reading.until(lambda: reading.content["train"].decode().endswith(bar))
    podman.do("start", "train")
    podman.do("wait", "train")
    reading.until(lambda: reading.content["train"].decode().count(bar) == 2)
    content = re.sub("\rbar .*\n", "", reading.content["train"].decode())
    reading.content["train"] = content.encode()
    check(reading, [("a", 60), ("a", 60)])


@pytest.mark.parametrize("name", ["", "-x", "--all", "a b", "a/b", "a;id", "$(id)", "é"])
def test_what_is_no_name_is_refused_before_anything_runs(name: str) -> None:
    with pytest.raises(TargetError, match="no name of a container"):
        Container("docker", name)


@pytest.mark.parametrize(
    ("words", "state", "reason"),
    [
        ("Cannot connect to the Docker daemon at unix:///run/d.sock. Is the docker daemon running?",
         "retrying", "no daemon answers at unix:///run/d.sock"),
        ("Got permission denied while trying to connect to the Docker daemon socket at unix:///x",
         "gone", "join the group docker"),
        ("permission denied while trying to connect to the docker API at unix:///x", "gone",
         "join the group docker"),
        ("Error response from daemon: configured logging driver does not support reading",
         "gone", "--log-driver local"),
        ("Error: No such object: x", "retrying", "no container of this name; `docker ps -a`"),
    ],
)  # fmt: skip
def test_what_docker_says_when_it_fails(words: str, state: str, reason: str) -> None:
    failure = Container("docker", "x").failure(words, 1)
    assert failure.state == state
    assert reason in failure.reason


def test_a_client_that_is_not_there_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TargetError, match="podman:train: no podman on this machine; install it"):
        check_target("podman:train")
    check_target("gpu1:podman:train")  # the box is asked later
