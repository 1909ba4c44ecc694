"""What shells and man are told: made from the commands, and taken by the real shells."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from lossmon.cli import cli
from tests.report.test_cli import run
from tests.waiting import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]
SHARE = ROOT / "lossmon" / "share"


def test_the_manual_names_every_command_and_says_them_in_chinese() -> None:
    shipped = (SHARE / "lossmon.1").read_text()
    for name, command in cli.commands.items():
        assert (f".SS lossmon {name}" in shipped) != command.hidden
    in_chinese = (SHARE / "lossmon.zh.1").read_text(encoding="utf-8")
    assert len(re.findall("[\u4e00-\u9fff]", in_chinese)) > 500


@pytest.mark.skipif(shutil.which("man") is None, reason="no man on this machine")
@pytest.mark.parametrize("name", ["lossmon.1", "lossmon.zh.1"])
def test_man_shows_it_without_a_warning(name: str) -> None:
    done = subprocess.run(
        ["man", "--warnings", "-l", str(SHARE / name)],
        capture_output=True,
        text=True,
        env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8"},
        check=True,
    )
    assert "lossmon check" in done.stdout
    assert "warning" not in done.stderr


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A PATH on which `lossmon` is this one, whatever is installed."""
    program = tmp_path / "bin" / "lossmon"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m lossmon "$@"\n')
    program.chmod(0o755)
    (tmp_path / "checks.log").touch()
    return f"{program.parent}:{os.environ['PATH']}"


def shell(name: str, program: str, path: str, folder: Path) -> list[str]:
    if shutil.which(name) is None:
        pytest.skip(f"no {name} on this machine")
    done = subprocess.run(
        [name, "-c", program],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PATH": path, "HOME": str(folder)},
        timeout=PATIENCE_S,
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "found"),
    [("lossmon exp", "explain"), ("lossmon check --fail", "--fail-on"), ("lossmon chec", "check")],
)
def test_bash_completes_commands_and_options(
    path: str, tmp_path: Path, words: str, found: str
) -> None:
    last = len(words.split()) - 1
    program = (
        f"source '{SHARE / 'lossmon.bash'}'\n"
        f"COMP_WORDS=({words}); COMP_CWORD={last}\n"
        '_lossmon_completion lossmon; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    assert found in shell("bash", program, path, tmp_path)


def test_fish_completes_commands_and_files(path: str, tmp_path: Path) -> None:
    program = f"source '{SHARE / 'lossmon.fish'}'; complete -C 'lossmon check'"
    assert {"check", "checks.log"} <= set(shell("fish", program, path, tmp_path))


def test_the_command_prints_what_is_shipped() -> None:
    for name, file in (("bash", "lossmon.bash"), ("zsh", "_lossmon"), ("fish", "lossmon.fish")):
        assert run("completion", name).stdout == (SHARE / file).read_text()


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("chek", "did you mean lossmon check?"),
        ("expalin", "did you mean lossmon explain?"),
        ("elsewhere", "no such file"),
    ],
)
def test_a_word_that_is_nearly_a_command_is_no_target(tmp_path: Path, word: str, says: str) -> None:
    done = run(word, cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr or "draws on a terminal" in done.stderr
    if "mean" in says:
        assert done.stderr.count("\n") == 1
        assert says in done.stderr


def test_a_file_of_that_name_is_a_target(tmp_path: Path) -> None:
    (tmp_path / "chek").write_text("".join(f"step {i} loss {2 / i}\n" for i in range(1, 30)))
    assert "draws on a terminal" in run("chek", cwd=tmp_path).stderr


def test_a_wheel_installs_them_where_shells_and_man_look(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    program = (
        "import sys; from hatchling.builders.wheel import WheelBuilder;"
        f"print(next(WheelBuilder({str(ROOT)!r}).build(directory={str(tmp_path)!r})))"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for end in (
        "share/man/man1/lossmon.1",
        "share/bash-completion/completions/lossmon",
        "share/fish/vendor_completions.d/lossmon.fish",
        "share/zsh/site-functions/_lossmon",
    ):
        assert any(name.endswith(f".data/data/{end}") for name in names)
