"""How ssh is called, and what its last words mean: tables; the real ssh is in tests/remote."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from lossmon.errors import ConfigError, TargetError
from lossmon.logs import openssh
from lossmon.logs.openssh import (
    Host,
    ask_where_it_helps,
    check_option,
    command,
    environment,
    explain,
    master_of,
    socket_path,
)

BOX = Host("gpu1")


@pytest.mark.parametrize(
    ("host", "name"),
    [
        (BOX, "gpu1"),
        (Host("gpu1", "me"), "me@gpu1"),
        (Host("gpu1", port=22), "gpu1:22"),
        (Host("gpu1", "me", 22), "me@gpu1:22"),
        (Host("10.0.0.1", "me", 22, label="lab"), "lab"),
    ],
)
def test_what_a_box_is_called(host: Host, name: str) -> None:
    assert host.name == name


def options(line: list[str]) -> list[str]:
    return [line[i + 1] for i, word in enumerate(line) if word == "-o"]


def test_ssh_asks_nothing_forwards_nothing_and_is_told_ours_before_the_user_s() -> None:
    host = Host("gpu1", "me", 2222, ("Port=3", "BatchMode=no"), "/etc/conf")
    line = command(host, "echo", facts={})
    assert line[:4] == ["ssh", "-T", "-e", "none"]
    assert line[-3:] == ["--", "gpu1", "echo"]
    assert line[line.index("-F") + 1] == "/etc/conf"
    assert line[line.index("-l") + 1] == "me"
    assert line[line.index("-p") + 1] == "2222"
    told = options(line)
    assert told[0] == "BatchMode=yes"
    assert told[-2:] == ["Port=3", "BatchMode=no"]  # ssh takes the first value it is given
    assert {"ForwardAgent=no", "ForwardX11=no", "ClearAllForwardings=yes"} <= set(told)
    plain = command(BOX, "echo", facts={})
    assert not {"-F", "-l", "-p"} & set(plain)


@pytest.mark.parametrize(
    ("facts", "against"),
    [
        ({}, []),
        ({"remotecommand": ["none"], "sessiontype": ["default"]}, []),
        ({"remotecommand": ["tmux"]}, ["RemoteCommand=none"]),
        ({"sessiontype": ["None"]}, ["SessionType=default"]),
        ({"stdinnull": ["YES"], "forkafterauthentication": ["yes"]},
         ["StdinNull=no", "ForkAfterAuthentication=no"]),
        ({"stdinnull": ["NO"]}, []),
    ],
)  # fmt: skip
def test_settings_that_make_sense_for_a_shell_alone_are_overruled(
    facts: dict[str, list[str]], against: list[str]
) -> None:
    told = options(command(BOX, "echo", facts=facts))
    assert told[1 : 1 + len(against)] == against
    assert told[1 + len(against)] == "ForwardAgent=no"


def test_a_connection_of_our_own_is_gone_through() -> None:
    told = options(command(BOX, "echo", facts={}, master="/run/x"))
    assert told[1:3] == ["ControlMaster=no", "ControlPath=/run/x"]
    assert not [one for one in options(command(BOX, "echo", facts={})) if "Control" in one]


@pytest.mark.parametrize("option", ["Port=22", "Port 22", "ProxyJump=a,b", "A1=x y"])
def test_an_option_is_passed_as_it_is(option: str) -> None:
    assert check_option(option) == option


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("Port", "write Name=value, such as Port=2222"),
        ("=x", "write Name=value"),
        ("Port=", "write Name=value"),
        ("1Port=2", "write Name=value"),
        ("A=b\nC=d", "write Name=value"),
        ("-oX=y", "write Name=value"),
        ("StrictHostKeyChecking=no", "ssh option stricthostkeychecking: host keys are always"),
        ("userknownhostsfile /dev/null", "host keys are always checked"),
        ("BatchMode=no", "lossmon asks on the terminal itself"),
        ("LocalCommand=x", "nothing is run here"),
        ("RemoteCommand=x", "nothing else is run there"),
        ("SendEnv=*", "nothing of the environment is sent"),
    ],
)
def test_an_option_that_takes_a_protection_away_is_refused(option: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_option(option)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_nothing_of_the_environment_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANG", "LC_ALL", "MY_A", "MY_B", "OTHER", "LANGUAGE"):
        monkeypatch.setenv(name, "x")
    left = environment({"sendenv": ["MY_A x", "MY_?", "LC_*"]})
    assert {"OTHER", "LANGUAGE"} <= set(left)
    assert not {"LANG", "LC_ALL", "MY_A", "MY_B"} & set(left)


@pytest.mark.parametrize(
    ("words", "status", "state", "reason"),
    [
        ("@@@\nREMOTE HOST IDENTIFICATION HAS CHANGED!\nHost key verification failed.", 255, "gone",
         "its host key has changed"),
        ("Host key verification failed.", 255, "needs_password", "its host key is not known yet"),
        ("No ED25519 host key is known for gpu1", 255, "needs_password", "not known yet"),
        ("Received disconnect: Too many authentication failures", 255, "gone", "too many keys"),
        ("me@x: Permission denied (publickey).", 255, "needs_password", "no key of yours opens it;"),
        ("me@x: Permission denied (publickey,password).", 255, "needs_password",
         "no key of yours opens it (publickey,password); a password"),
        ("ssh: Could not resolve hostname x", 255, "retrying", "no host of this name is known"),
        ("connect to host x port 22: Connection refused", 255, "retrying", "no sshd listens there"),
        ("connect to host x port 22: Connection timed out", 255, "retrying", "no answer"),
        ("ssh: connect: No route to host", 255, "retrying", "the network does not lead there"),
        ("/h/.ssh/config: line 3: Bad configuration option: zzz\r\n/h: terminating, 1 bad", 255,
         "gone", "ssh refuses its configuration: /h/.ssh/config: line 3: Bad configuration option"),
        ("Connection to x closed by remote host.", 255, "retrying", "the connection was cut"),
        ("banner\n\x1b[31mwhatever \n\n", 255, "retrying", "[31mwhatever"),
        ("", 255, "retrying", "the connection was cut"),
        ("", None, "retrying", "the connection was cut"),
        ("last", None, "retrying", "last"),
        ("last", -9, "retrying", "ssh was ended here by a signal"),
        ("", 3, "retrying", "the command there ended with status 3"),
        ("oops", 3, "retrying", "oops"),
        ("x" * 300, 3, "retrying", "x" * 200),
    ],
)  # fmt: skip
def test_the_last_words_of_ssh_mean(
    words: str, status: int | None, state: str, reason: str
) -> None:
    found = explain(words, status, BOX)
    assert found.state == state
    assert found.reason.startswith(reason) or reason in found.reason
    assert "\x1b" not in found.reason
    assert "\n" not in found.reason
    if len(words) == 300:
        assert found.reason == reason


def test_a_socket_is_the_user_s_alone_and_that_of_one_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Path("/tmp") / f"g{os.getpid()}"
    run.mkdir()
    try:
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(run))
        path = socket_path(BOX)
        assert path.startswith(f"{run}/lossmon-{os.getuid()}/")
        assert len(os.path.basename(path)) == 16
        assert socket_path(BOX) == path
        others = [
            Host("gpu2"),
            Host("gpu1", "me"),
            Host("gpu1", port=2),
            Host("gpu1", options=("A=b",)),
        ]
        assert len({path, *map(socket_path, others)}) == 5
        folder = os.path.dirname(path)
        os.chmod(folder, 0o755)
        socket_path(BOX)
        assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
        assert master_of(BOX) == ""
        Path(path).write_text("")
        assert master_of(BOX) == ""  # a file is no connection
        os.unlink(path)
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path)
            assert master_of(BOX) == path
        os.unlink(path)
        os.rmdir(folder)
        os.symlink(tmp_path, folder)
        with pytest.raises(TargetError, match="not a folder of yours"):
            socket_path(BOX)
        assert master_of(BOX) == ""
        os.unlink(folder)
    finally:
        run.rmdir()


@pytest.mark.parametrize("base", ["", "/no/such/folder", "/tmp/" + "x" * 60])
def test_a_socket_has_a_place_whose_name_is_short_enough(
    base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", base)
    assert len(socket_path(BOX)) < 90


@pytest.mark.parametrize(
    ("state", "status", "asked", "useful"),
    [
        ("needs_password", 0, True, True),
        ("gone", 255, True, False),
        ("gone", 1, True, True),
        ("retrying", 255, False, True),
        ("live", 255, False, True),
    ],
)
def test_ssh_asks_where_answers_are_what_is_missing(
    state: str, status: int, asked: bool, useful: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Host] = []
    monkeypatch.setattr(openssh, "ask", lambda host: calls.append(host) or status)
    assert ask_where_it_helps(BOX, state) == useful  # type: ignore[arg-type]
    assert bool(calls) == asked
    assert ask_where_it_helps(None, state)  # type: ignore[arg-type]
