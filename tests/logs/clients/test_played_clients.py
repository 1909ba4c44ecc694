"""A source of clients with scripts in place of docker: what is asked, followed, told and ended."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lossmon.logs.clients import run
from lossmon.logs.clients import source as module
from lossmon.logs.clients.containers import Container
from lossmon.logs.clients.source import ClientSource
from lossmon.logs.openssh import Host
from tests.logs.clients.reading import HASTY, Reading
from tests.waiting import lives, wait_until

ID = "a" * 64
STAMP = "2026-11-29T10:00:0{}.000000000Z {}"
SHOWS = "\n".join(f"echo '{STAMP.format(i, f'step {i}')}'" for i in range(3))
STEPS = ["step 0", "step 1", "step 2"]


def state(status: str = "running", id: str = ID, **more: object) -> str:
    """What makes a script answer as `docker inspect` does."""
    told = {"Id": id, "State": {"Status": status, "StartedAt": "t", **more}}
    return f"echo '{json.dumps([told])}'"


class Docker:
    """A program of that name, whose answers are lines of sh."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {"PATH": f"{folder}:{os.environ['PATH']}"}
        self.program = folder / "docker"
        self.program.write_text(
            '#!/bin/sh\ncd "${0%/*}"\necho "$@" >> asked\n'
            "case $1 in inspect) . ./inspect;; *) . ./logs;; esac\n"
        )
        self.program.chmod(0o755)

    def answers(self, inspect: str, logs: str = "") -> None:
        """From now on."""
        for name, lines in (("inspect", inspect), ("logs", logs)):
            (self.folder / f"{name}.new").write_text(lines + "\n")
            (self.folder / f"{name}.new").rename(self.folder / name)

    def asked(self) -> list[str]:
        """The command lines so far."""
        return (self.folder / "asked").read_text().splitlines()


@pytest.fixture
def played(tmp_path: Path) -> Docker:
    return Docker(tmp_path)


@pytest.fixture
def read(played: Docker) -> Iterator[Callable[..., Reading]]:
    made: list[ClientSource] = []

    def start(*names: str, watch: bool = False, box: Host | None = None) -> Reading:
        workloads = [Container("docker", name) for name in names]
        made.append(
            ClientSource("docker", workloads, watch=watch, box=box, patience=HASTY, env=played.env)
        )
        return Reading(made[-1])

    yield start
    for one in made:
        one.close()


@pytest.mark.parametrize(
    ("inspect", "shown", "ends"),
    [
        (state(), STEPS, []),
        (state("exited", ExitCode=0), STEPS, []),
        (state("exited", ExitCode=3), STEPS, ["the container ended with status 3"]),
        (state("dead", ExitCode=3, OOMKilled=True), STEPS,
         ["the container ran out of memory and was killed"]),
        (state("stopped", ExitCode=True), STEPS, []),  # no number
    ],
)  # fmt: skip
def test_a_container_is_read_once_and_its_ending_is_told(
    inspect: str, shown: list[str], ends: list[str], played: Docker, read: Callable[..., Reading]
) -> None:
    played.answers(inspect, SHOWS)
    reading = read("train")
    reading.until(lambda: reading.source.exhausted and (reading.gone or not ends))
    assert reading.lines("train") == shown
    assert reading.gone == [("train", words) for words in ends]
    assert reading.source.trouble("train") == ""
    assert not reading.source.is_directory("train")
    assert played.asked()[:2] == ["inspect --type container train", f"logs --timestamps {ID}"]


@pytest.mark.parametrize(
    ("inspect", "logs", "health", "trouble"),
    [
        ("echo 'Error: No such object: train' >&2; exit 1", "", "gone",
         "no container of this name; `docker ps -a` lists them"),
        ("exit 7", "", "gone", "docker ended with status 7"),
        ("kill -9 $$", "", "gone", "docker was ended by a signal"),
        ("exit 127", "", "gone",
         "no docker on this machine; install it, or name a box with it"),
        ("echo nonsense", "", "gone", "docker ended with status 0"),
        (state(id="../x"), "", "gone", "what docker says of it makes no sense"),
        (state(id="a" * 11), "", "gone", "what docker says of it makes no sense"),
        (state(id="a" * 129), "", "gone", "what docker says of it makes no sense"),
        (state(), "echo 'dial unix /x: connect: permission denied' >&2; exit 1", "gone",
         "you may not talk to its daemon: join the group docker and log in anew, or use a "
         "rootless one"),
        (state("created"), "", "live", "it has not been started yet"),
    ],
)  # fmt: skip
def test_why_nothing_is_shown_of_a_container(
    inspect: str,
    logs: str,
    health: str,
    trouble: str,
    played: Docker,
    read: Callable[..., Reading],
) -> None:
    played.answers(inspect, logs)
    reading = read("train")
    reading.until(lambda: reading.source.exhausted)
    told = reading.source.health()
    assert told is not None
    assert told.state == health
    assert reading.source.trouble("train") == trouble


@pytest.mark.parametrize(
    ("hinder", "says"),
    [
        (lambda played: played.program.unlink(), "no docker on this machine"),
        (lambda played: played.program.chmod(0o644), "docker does not start: Permission denied"),
    ],
)
def test_a_client_that_does_not_start_is_told(
    hinder: Callable[[Docker], None],
    says: str,
    played: Docker,
    read: Callable[..., Reading],
) -> None:
    played.env["PATH"] = str(played.folder)
    hinder(played)
    reading = read("train")
    reading.until(lambda: reading.source.exhausted)
    assert reading.reason().startswith(says)


def test_one_that_is_there_is_shown_though_another_is_not(
    played: Docker, read: Callable[..., Reading]
) -> None:
    missing = "echo 'Error: No such container: lost' >&2; exit 1"
    played.answers(f"case $4 in lost) {missing};; esac; {state()}", SHOWS)
    reading = read("lost", "train")
    reading.until(lambda: reading.source.exhausted)
    assert reading.content == {"train": b"step 0\nstep 1\nstep 2\n"}
    assert reading.reason().startswith("lost: no container of this name")
    assert reading.source.trouble("lost") != ""
    assert reading.source.trouble("train") == ""


def test_a_container_that_writes_on_is_followed_and_its_client_is_ended(
    played: Docker, read: Callable[..., Reading], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "QUIET_S", 0.05)
    stays = "echo $$ > pid; exec sleep 60"
    played.answers(state(), f"{SHOWS}\n{stays}")
    reading = read("train", watch=True)
    reading.until_reads("train", STEPS)
    reading.until(lambda: reading.source.exhausted)
    assert any(line.startswith("logs --timestamps --follow ") for line in played.asked())
    pid = int((played.folder / "pid").read_text())
    assert lives(pid)
    reading.source.close()
    assert not lives(pid)


def test_a_client_that_is_cut_off_is_started_from_where_it_was(
    played: Docker, read: Callable[..., Reading]
) -> None:
    played.answers(state(), f"{SHOWS}\nexit 1")
    reading = read("train", watch=True)
    reading.until_reads("train", STEPS)
    more = f"{SHOWS}\necho '{STAMP.format(3, 'step 3')}'\nexec sleep 60"
    played.answers(state(), more)
    reading.until_reads("train", [*STEPS, "step 3"])
    again = [line for line in played.asked() if "--since" in line]
    assert again[-1] == f"logs --timestamps --follow --since 2026-11-29T09:59:57Z {ID}"


def test_a_log_that_is_dropped_costs_no_client(
    played: Docker, read: Callable[..., Reading]
) -> None:
    played.answers(state(), f"echo $$ > pid\n{SHOWS}\nexec sleep 60")
    reading = read("train", watch=True)
    reading.until_reads("train", STEPS)
    pid = int((played.folder / "pid").read_text())
    reading.source.drop("train")
    reading.source.retry()
    wait_until(lambda: not lives(pid))
    assert reading.source.exhausted


def test_of_many_logs_so_many_are_followed(
    played: Docker, read: Callable[..., Reading], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_RUNS", 2)
    others = 'until [ "$(grep -c ^logs asked)" -ge 2 ]; do sleep 0.01; done'
    played.answers(f"case $4 in c) {others};; esac; {state()}", SHOWS)  # c answers last
    reading = read("a", "b", "c", "a")  # the last is shown already
    reading.until(lambda: reading.source.exhausted)
    assert set(reading.content) == {"a", "b"}
    assert "c: only 2 logs are followed of 1" in reading.reason()


def test_a_client_that_does_not_answer_is_killed(
    played: Docker, read: Callable[..., Reading], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ANSWER_S", 0.05)
    played.answers("exec sleep 60")
    reading = read("train")
    before = time.monotonic()
    reading.until(lambda: reading.source.exhausted)
    assert time.monotonic() - before < 60
    assert reading.reason() == "docker was ended by a signal"


@pytest.mark.parametrize(
    ("there", "shown", "reason"),
    [
        ('eval "$told"', STEPS, ""),
        ("exit 127", [], "no docker there, or not on the PATH of a command over ssh"),
        ("echo 'ssh: Could not resolve hostname gpu1' >&2; exit 255", [],
         "no host of this name is known; check the spelling, ~/.ssh/config and the network"),
        ("exit 9", [], "docker ended with status 9"),
    ],
)  # fmt: skip
def test_a_client_on_a_box_runs_behind_the_ssh_of_the_user(
    there: str,
    shown: list[str],
    reason: str,
    played: Docker,
    read: Callable[..., Reading],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ssh = played.folder / "ssh"
    ssh.write_text(
        '#!/bin/sh\ncase "$*" in *-G*) exit 0;; esac\nfor told; do :; done\n' + there + "\n"
    )
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", played.env["PATH"])
    played.answers(state("exited"), SHOWS)
    reading = read("train", box=Host("gpu1"))
    reading.until(lambda: reading.source.exhausted)
    assert reading.lines("train") == shown
    assert reading.reason() == reason
