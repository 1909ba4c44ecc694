"""The hosts of the user's ssh configuration."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lossmon.logs.ssh_hosts import Known, known_hosts

CONFIG = """
# comment
Include work/*.conf missing.conf
Host gpu1 gpu2   # two
    HostName=10.0.0.7
    User ada
Host bastion "quoted-name"
  hostname bastion.lab.example
  Port 2222
Host *.lab !secret gpu? -oProxyCommand=x
  User everyone
Match host gpu1
  User nobody
HOST   gpu1
  User second
Host alone
Include config
"""


def write(home: Path) -> Path:
    folder = home / ".ssh"
    (folder / "work").mkdir(parents=True)
    (folder / "config").write_text(CONFIG)
    (folder / "work" / "a.conf").write_text("Host node1\n HostName node1.cluster\nInclude b.conf\n")
    (folder / "b.conf").write_text("Host deep\nInclude work/a.conf\n")
    return folder / "config"


def test_names_in_the_order_of_the_files_and_no_patterns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    path = write(tmp_path)
    assert known_hosts() == known_hosts(str(path))
    assert known_hosts() == [
        Known("node1", "node1.cluster"),
        Known("deep"),
        Known("gpu1", "10.0.0.7", "ada"),
        Known("gpu2", "10.0.0.7", "ada"),
        Known("bastion", "bastion.lab.example"),
        Known("quoted-name", "bastion.lab.example"),
        Known("alone"),
    ]
    assert known_hosts()[2].where == "ada@10.0.0.7"


def test_what_openssh_makes_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Address and user are those that the real ssh would take; HOME is not asked by ssh itself."""
    monkeypatch.setenv("HOME", str(tmp_path))
    path = write(tmp_path)
    path.write_text(
        CONFIG.replace("Include work/*.conf missing.conf", "").replace("Include config", "")
    )
    for host in known_hosts():
        done = subprocess.run(
            ["ssh", "-G", "-F", path, host.name], capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.skip(done.stderr.strip())
        told = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
        assert told["hostname"] == (host.address or host.name)
        assert not host.user or told["user"] == host.user


def test_files_that_are_none_and_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert known_hosts() == []
    assert known_hosts(str(tmp_path)) == []
    file = tmp_path / "many"
    file.write_text(
        "".join(f"Host h{i}\n" for i in range(5000)) + 'Host "open\nHost ' + " " * 99_999
    )
    assert len(known_hosts(str(file))) == 2000
