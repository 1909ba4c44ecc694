"""`lossmon host:path` as a user meets it: real processes, a real sshd, a real terminal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lossmon.logs import wire
from tests.conftest import falling, training_rows, write_jsonl
from tests.remote.box import Box, free_port
from tests.report.test_cli import run
from tests.tui.terminal import ROOT, Terminal
from tests.waiting import PATIENCE_S, wait_until


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two runs on the box."""
    for i, name in enumerate(("sft", "dpo")):
        write_jsonl(tmp_path / "exp" / name / "log.jsonl", training_rows(falling(60 + i)))
    return tmp_path / "exp"


def none_outlives(box: Box) -> None:
    """No agent outlives its link: none waits there until it misses a sign of life."""
    wait_until(lambda: not box.agents(), "the agent outlived its link", wire.PATIENCE_S - 1)


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    """Starts lossmon on a pty."""
    made: list[Terminal] = []

    def start(*arguments: object, **size: int) -> Terminal:
        made.append(Terminal(*map(str, arguments), **size))
        return made[-1]

    yield start
    for one in made:
        one.close()


def test_check_of_a_folder_on_a_box(box: Box, runs: Path) -> None:
    done = run("check", "--json", "-F", box.client, f"box:{runs}")
    assert done.stderr == ""
    found = {run["run"]: run for run in map(json.loads, done.stdout.splitlines())}
    assert sorted(found) == ["box:exp/dpo", "box:exp/sft"]
    here = {r["step"] for r in map(json.loads, run("check", "--json", runs).stdout.splitlines())}
    assert {run["step"] for run in found.values()} == here
    assert found["box:exp/sft"]["logs"][0]["path"] == f"box:{runs}/sft/log.jsonl"


def test_plot_and_export_read_a_box_too(box: Box, runs: Path) -> None:
    log = f"box:{runs}/sft/log.jsonl"
    assert "HEALTHY" in run("plot", "-F", box.client, log).stdout
    assert run("export", "-F", box.client, log).stdout.count("\n") == 61


def test_a_box_of_config_toml_is_known_by_its_name(box: Box, runs: Path, tmp_path: Path) -> None:
    settings = tmp_path / "config.toml"
    settings.write_text(
        f'[hosts.lab]\npaths = ["{runs}/sft", "{runs}/dpo"]\naddress = "127.0.0.1"\n'
        f'ssh_options = ["Port={box.port}", "IdentityFile={box.user_key}", "HostKeyAlias=box"]\n'
    )
    (tmp_path / "client").write_text(f"UserKnownHostsFile {box.known}\nIdentitiesOnly yes\n")
    done = run("check", "--json", "-F", tmp_path / "client", "lab", LOSSMON_CONFIG=str(settings))
    assert done.stderr == ""
    names = sorted(json.loads(line)["run"] for line in done.stdout.splitlines())
    assert names == [f"lab:{runs}/dpo", f"lab:{runs}/sft"]


def test_one_line_says_what_is_wrong_and_the_others_are_read(box: Box, runs: Path) -> None:
    done = run("check", "-F", box.client, f"box:{runs}/stf", f"box:{runs}/sft", f"box:{runs}/dpo")
    (line,) = done.stderr.splitlines()
    assert line == (
        f"lossmon: box:{runs}/stf: no such file or folder there; did you mean {runs}/sft?"
    )
    assert done.returncode == 2
    assert "dpo" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-oProxyCommand=touch owned:x"], "No such option"),
        (["--", "-oProxyCommand=touch:x"], "no such file"),
        (["ssh://-oProxyCommand=x/y"], "not an address"),
        (["--ssh-option", "StrictHostKeyChecking=no", "box:x"], "host keys are always checked"),
        (["--ssh-option", "Port=1\nLocalCommand=x", "box:x"], "write Name=value"),
        (["box:-rf"], "must not begin with '-'"),
        (["-F", "/nonexistent/config", "box:x"], "no such file"),
    ],
)
def test_what_could_be_taken_for_an_option_is_refused(
    arguments: list[str], words: str, tmp_path: Path
) -> None:
    done = run("check", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert not os.listdir(tmp_path)


def failing(box: Box, tmp_path: Path, what: str) -> tuple[str, str]:
    """A configuration with which ssh fails, and the words that say so."""
    text = box.client.read_text()
    client = tmp_path / "client"
    if what == "key":
        text, words = text.replace(str(box.user_key), str(box.host_key)), "ssh-copy-id"
    elif what == "port":
        text, words = text.replace(f"Port {box.port}", f"Port {free_port()}"), "connection refused"
    elif what == "name":
        text, words = text.replace("127.0.0.1", "no-such-box.invalid"), "no host of this name"
    elif what == "unknown":
        text, words = text.replace("HostKeyAlias box", "HostKeyAlias new"), "must be confirmed"
    else:
        other = (box.folder / "user.pub").read_text().split()
        known = tmp_path / "known"
        known.write_text(f"box {other[0]} {other[1]}\n")
        text, words = text.replace(str(box.known), str(known)), "its host key has changed"
    client.write_text(text)
    return str(client), words


@pytest.mark.parametrize("what", ["key", "port", "name", "unknown", "changed"])
def test_why_there_is_no_link_is_said_in_words(box: Box, tmp_path: Path, what: str) -> None:
    client, words = failing(box, tmp_path, what)
    done = run("check", "-F", client, "box:runs")
    (line,) = done.stderr.splitlines()
    assert line.startswith("lossmon: box:runs: ")
    assert words in line
    assert done.returncode == 2


def test_the_screen_follows_a_box(box: Box, runs: Path, terminal: Callable[..., Terminal]) -> None:
    screen = terminal("-F", box.client, f"box:{runs}/sft")
    screen.wait_for("box live")
    screen.wait_for("box:sft")
    with (runs / "sft" / "log.jsonl").open("a") as file:
        file.write('{"step": 4321, "loss": 0.5}\n')
    screen.wait_for("4,321")
    box.stop()
    screen.wait_for("box retrying in")
    assert "connection refused" in screen.text() or "was cut" in screen.text()
    box.start()
    screen.wait_for("box live")
    os.write(screen.fd, b"q")
    assert screen.end() == 0
    none_outlives(box)


def test_when_lossmon_is_killed_nothing_stays_on_the_box(
    box: Box, runs: Path, terminal: Callable[..., Terminal]
) -> None:
    screen = terminal("-F", box.client, f"box:{runs}")
    screen.wait_for("box live")
    assert box.agents()
    os.kill(screen.pid, signal.SIGKILL)
    none_outlives(box)


def test_watch_tells_what_begins_on_a_box(box: Box, tmp_path: Path) -> None:
    log = write_jsonl(tmp_path / "log.jsonl", training_rows(falling(60)))
    watching = subprocess.Popen(
        [sys.executable, "-m", "lossmon", "watch", "-F", box.client, f"box:{log}"],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": ROOT},
    )  # fmt: skip
    assert watching.stdout is not None
    assert "HEALTHY" in watching.stdout.readline().upper()
    with log.open("a") as file:
        file.writelines(f'{{"step": {700 + i}, "loss": NaN}}\n' for i in range(5))
    while "DIVERGED" not in (line := watching.stdout.readline()).upper():
        assert line, "it ended before it told"
    watching.terminate()
    watching.wait(PATIENCE_S)
    watching.stdout.close()
    none_outlives(box)


def test_a_shared_connection_of_the_user_is_used_and_left_alone(
    make_box: Callable[..., Box], runs: Path, tmp_path: Path
) -> None:
    """ControlMaster in the user's configuration: our ssh may become the master of others."""
    box = make_box()
    socket = Path(f"/tmp/lm-{os.getpid()}-cm")
    box.write_client(more=f"  ControlMaster auto\n  ControlPath {socket}\n  ControlPersist 600\n")
    try:
        for _ in range(2):
            done = run("check", "-F", box.client, f"box:{runs}/sft")
            assert done.returncode == 0, done.stderr
        assert socket.exists()
        assert (box.folder / "sshd.log").read_text().count("Accepted publickey") == 1
    finally:
        leave = ["ssh", "-F", box.client, "-O", "exit", "box"]
        subprocess.run(leave, capture_output=True, check=True)


def test_a_jump_host_is_gone_through(make_box: Callable[..., Box], runs: Path) -> None:
    box, jump = make_box(), make_box()
    both = jump.client.read_text().replace("Host box", "Host jump")
    box.write_client(more="  ProxyJump jump\n" + both.replace(str(jump.known), str(box.known)))
    public = (jump.folder / "host.pub").read_text().split()
    with box.known.open("a") as file:
        file.write(f"box {public[0]} {public[1]}\n")
    done = run("check", "-F", box.client, f"box:{runs}/sft")
    assert done.returncode == 0, done.stderr
    assert "Accepted publickey" in (jump.folder / "sshd.log").read_text()


def test_a_box_that_cannot_be_reached_costs_the_others_nothing(
    box: Box, runs: Path, tmp_path: Path, terminal: Callable[..., Terminal]
) -> None:
    text = box.client.read_text().replace("Host box", "Host off").replace(
        f"Port {box.port}", f"Port {free_port()}"
    )  # fmt: skip
    (tmp_path / "client").write_text(box.client.read_text() + text)
    screen = terminal("-F", tmp_path / "client", f"box:{runs}", "off:runs", runs / "dpo")
    screen.wait_for("off retrying in")
    screen.wait_for("box live")
    screen.wait_for("sft")
