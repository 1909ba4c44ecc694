"""What a target leads to by how it begins, and how other packages add kinds of places."""

from __future__ import annotations

import json
import re
import threading
from functools import partialmethod
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from lossmon.errors import TargetError
from lossmon.logs import schemes
from lossmon.logs.caller import Caller
from lossmon.logs.follower import Chunk
from lossmon.logs.guarded import Guarded
from lossmon.logs.scheme import Scheme, Target
from lossmon.logs.source import Source
from lossmon.logs.target import parse
from lossmon.monitor.whole import read_targets
from tests.conftest import falling, training_rows, write_jsonl
from tests.report.test_cli import run
from tests.test_readme import ROOT, block


def test_every_kind_of_ours_declares_itself() -> None:
    kinds = list(schemes.built())
    assert [kind.name for kind in kinds] == list(schemes.BUILT)
    prefixes = [prefix for kind in kinds for prefix in kind.prefixes]
    assert len(prefixes) == len(set(prefixes)), "a target leads to one of them"
    for kind in kinds:
        assert kind.writes
        assert kind.sees
        assert kind.misses
        assert all(schemes.taking(f"{prefix}x") is kind for prefix in kind.prefixes)
        assert schemes.of(kind.name) is kind


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("slurm:42", Target("slurm", "slurm:42")),
        ("slurm:x", Target("ssh", "x", "slurm")),
        ("gpu1:slurm:42", Target("ssh", "slurm:42", "gpu1")),
        ("ssh://gpu1/slurm:42", Target("ssh", "slurm:42", "gpu1")),
        ("ssh://slurm/runs", Target("ssh", "/runs", "slurm")),
    ],
)
def test_schemes_behind_boxes(text: str, target: Target) -> None:
    assert parse(text) == target


@pytest.mark.parametrize(
    ("text", "client"),
    [
        ("docker:train", "docker"),
        ("podman:train", "podman"),
        ("k8s:ml/train-0", "kubectl"),
        ("journal:train.service", "journalctl"),
        ("slurm:42", "squeue"),
    ],
)
def test_a_place_whose_program_is_not_here_is_refused_by_its_name(
    text: str, client: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    target = parse(text)
    with pytest.raises(TargetError, match=client) as told:
        schemes.of(target.kind).check(target)
    assert "name a" in str(told.value)  # a box, or a login node
    boxed = parse(f"gpu1:{text}")
    assert boxed.host == "gpu1"
    schemes.of(boxed.kind).check(boxed)  # of a box it is found out there


def test_a_missing_package_is_one_line_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    far = Scheme("far", lambda _: Broken(), ("far:",), needs=("no_such_module",), extra="stores")
    monkeypatch.setattr(schemes, "of", lambda _: far)
    with pytest.raises(TargetError, match=r"no_such_module is needed; pip install 'lossmon\[sto"):
        schemes.check(Target("far", "x"), "far:x")


def site_of(folder: Path, code: str, value: str) -> str:
    """A folder as of installed packages, in which one offers a kind of place."""
    site = folder / "site"
    info = site / "lossmon_vault-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "lossmon_vault.py").write_text(code)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lossmon-vault\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[lossmon.sources]\nvault = {value}\n")
    return f"{site}:{ROOT}"


def test_a_package_adds_its_kind_of_place_by_entry_point(tmp_path: Path) -> None:
    named = re.search(r"vault = \"([\w:]+)\"", block("toml", "lossmon.sources"))
    assert named is not None
    path = site_of(tmp_path, block("python", "vault"), named[1])
    done = run("check", "--json", "vault:sft-7b", "vault:dpo-13b", PYTHONPATH=path)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["run"] for one in found] == ["vault:dpo-13b", "vault:sft-7b"], "by name"
    assert {one["metrics"]["train_loss"]["n"] for one in found} == {40}
    wrong = run("check", "vault:none", PYTHONPATH=path)
    assert "vault:none: no run of this name" in wrong.stderr
    assert wrong.returncode == 2


@pytest.mark.parametrize(
    ("code", "value", "words"),
    [
        ("import no_such_module", "lossmon_vault:SCHEME", "cannot be imported"),
        ("SCHEME = 3", "lossmon_vault:SCHEME", "is no Scheme"),
    ],
)
def test_a_package_that_is_broken_is_one_line(
    tmp_path: Path, code: str, value: str, words: str
) -> None:
    done = run("check", "vault:x", PYTHONPATH=site_of(tmp_path, code, value))
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == 2


HANGS = """
import threading
from lossmon.logs.scheme import Scheme

def hang(*_):
    threading.Event().wait()

SCHEME = Scheme("vault", {open}, ("vault:",), check={check})
"""


@pytest.mark.parametrize(
    "code",
    [
        "import threading; threading.Event().wait()",
        "raise SystemExit(3)",
        HANGS.format(open="hang", check="hang"),
        HANGS.format(open="hang", check="print"),
        HANGS.format(open="hang", check="lambda _: {}['none']"),
    ],
    ids=["import hangs", "import ends", "check hangs", "open hangs", "check breaks"],
)
def test_a_package_that_hangs_hides_no_other_run(tmp_path: Path, code: str) -> None:
    write_jsonl(tmp_path / "log.jsonl", training_rows(falling(40)))
    module = f"lossmon_vault_{abs(hash(code))}"
    (tmp_path / f"{module}.py").write_text(code)
    entry = EntryPoint("vault", f"{module}:SCHEME", schemes.ENTRY_POINTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(tmp_path))
        ours = {schemes.ENTRY_POINTS: (entry,)}  # and no format, which others would look for later
        patch.setattr("lossmon.plugins.offered", lambda group: ours.get(group, ()))
        patch.setattr(Caller, "ask", partialmethod(Caller.ask, within_s=0.3))
        schemes._foreign.cache_clear()
        found = read_targets(["vault:x", str(tmp_path / "log.jsonl")])
    schemes._foreign.cache_clear()  # of the package that is gone, every test after this would tell
    assert [update.step for update in found.updates] == [400]
    (told,) = found.errors
    assert "vault" in str(told)


class Hanging(Source):
    """Answers once, and then never."""

    name = "vault"

    def __init__(self) -> None:
        self.polls = 0

    def poll(self) -> list[Chunk]:
        self.polls += 1
        if self.polls > 1:
            threading.Event().wait()
        return [Chunk("a", "data", 0, b"x", "", 0.0, 1)]

    def wait(self, timeout_s: float) -> bool:
        return True


def test_a_source_that_hangs_is_left_alone_and_may_be_asked_again() -> None:
    source = Guarded(Hanging(), "vault", answer_s=0.2)
    assert source.poll()
    assert source.poll() == []
    health = source.health()
    assert health is not None
    assert health.reason.endswith("vault: TimeoutError: no answer within 0.2 s")
    assert source.exhausted
    assert source.ask()
    assert source.health() is None
    source.close()


class Broken(Source):
    """Fails at the second poll."""

    name = "vault"

    def __init__(self) -> None:
        self.polls = 0

    def poll(self) -> list[Chunk]:
        self.polls += 1
        if self.polls == 2:
            raise ValueError("no\nsuch thing")
        return [Chunk("a", "data", 0, b"x", "", 0.0, 1)]

    def wait(self, timeout_s: float) -> bool:
        return True


def test_an_error_of_another_package_is_its_state() -> None:
    source = Guarded(Broken(), "vault")
    assert source.poll()
    assert source.exhausted is not False
    assert source.health() is None
    assert source.poll() == []
    health = source.health()
    assert health is not None
    assert health.state == "gone"
    assert health.reason.endswith("vault: ValueError: no")
    assert source.wait(0.0) is False
    assert source.exhausted
    assert source.ask()
    assert source.poll(), "tried again"
