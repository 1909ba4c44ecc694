"""Small parts of reading: a guarded source, files that are held, who uses which GPU, ranges of boxes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lossmon import settings
from lossmon.errors import TargetError
from lossmon.logs import held as module
from lossmon.logs.discover import run_directory
from lossmon.logs.follower import Chunk
from lossmon.logs.guarded import Guarded, Unopened
from lossmon.logs.held import Held, on_network
from lossmon.logs.hosts import host_of, location_of, resolve
from lossmon.logs.source import Health, Source
from lossmon.settings import NamedHost

CHUNK = Chunk("a.log", "data", 0, b"x", "", 1.0, 1)


class Foreign(Source):
    """A source of another package, which may fail from some moment on."""

    name = "vault"

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.told: list[str] = []

    def _do(self, what: str, answer: Any = None) -> Any:
        self.told.append(what)
        if self.error is not None:
            raise self.error
        return answer

    @property
    def prefix(self) -> str:
        return str(self._do("prefix", "vault:x:"))

    def poll(self) -> list[Chunk]:
        return self._do("poll", [CHUNK])  # type: ignore[no-any-return]

    def wait(self, timeout_s: float) -> bool:
        return bool(self._do(f"wait {timeout_s}", False))

    def wake(self) -> None:
        self._do("wake")

    def listen(self, news: Callable[[], None]) -> bool:
        return bool(self._do("listen", True))

    def logs(self) -> list[str]:
        return list(self._do("logs", ["a.log"]) or ())

    def drop(self, log: str) -> None:
        self._do(f"drop {log}")

    def pending(self) -> int:
        return int(self._do("pending", 7))

    @property
    def exhausted(self) -> bool:
        return bool(self._do("exhausted", False))

    def is_directory(self, path: str) -> bool:
        return bool(self._do(f"is_directory {path}", True))

    def trouble(self, target: str) -> str:
        return str(self._do(f"trouble {target}", "locked"))

    def health(self) -> Health | None:
        return self._do("health", Health("vault", "live"))  # type: ignore[no-any-return]

    def ask(self) -> bool:
        return bool(self._do("ask", True))

    def beside(self) -> dict[str, Any] | None:
        return self._do("beside", {"gpus": []})  # type: ignore[no-any-return]

    def close(self) -> None:
        self._do("close")


ASKED: dict[str, tuple[Callable[[Source], Any], Any, Any]] = {  # ask, what it says, once it failed
    "poll": (lambda one: one.poll(), [CHUNK], []),
    "listen": (lambda one: one.listen(lambda: None), True, False),
    "logs": (lambda one: one.logs(), ["a.log"], []),
    "drop x": (lambda one: one.drop("x"), None, None),
    "pending": (lambda one: one.pending(), 7, 0),
    "exhausted": (lambda one: one.exhausted, False, True),
    "is_directory x": (lambda one: one.is_directory("x"), True, False),
    "beside": (lambda one: one.beside(), {"gpus": []}, None),
    "wait 0.5": (lambda one: one.wait(0.5), False, True),
}
FAULT = "an error of the package that reads vault: KeyError: 'no key'"


@pytest.mark.parametrize("what", ASKED)
def test_a_source_of_others_is_asked_until_it_fails(what: str) -> None:
    ask, says, failed = ASKED[what]
    foreign = Foreign()
    source = Guarded(foreign, "vault")
    assert (source.name, source.prefix) == ("vault", "vault:x:")
    assert ask(source) == says
    assert foreign.told[-1] == what
    assert (source.trouble("x"), source.health()) == ("locked", Health("vault", "live"))
    foreign.error = KeyError("no key")
    assert ask(source) == failed
    assert source.health() == Health("vault", "gone", FAULT)
    assert source.trouble("x") == FAULT
    asked = len(foreign.told)
    if not what.startswith("wait"):
        assert ask(source) == failed
    assert len(foreign.told) == asked, "it is asked no more"
    foreign.error = None
    assert source.ask()
    assert ask(source) == says
    source.close()
    assert foreign.told[-1] == "close"


def test_a_source_that_failed_is_closed_and_waits_until_it_is_woken() -> None:
    foreign = Foreign()
    source = Guarded(foreign, "vault")
    source.wake()
    assert foreign.told[-1] == "wake"
    foreign.error = ValueError("x\ny")
    source.wake()
    assert source.trouble("x").endswith("ValueError: x")
    source.wake()
    assert source.wait(0.0) is True
    assert source.wait(0.0) is False
    source.close()
    assert foreign.told[-1] == "close"
    assert source.trouble("x").endswith("ValueError: x")


def test_a_source_that_could_not_be_opened_says_why() -> None:
    source = Unopened("vault", "no key")
    assert (source.poll(), source.trouble("x")) == ([], "no key")
    assert source.health() == Health("vault", "gone", "no key")
    assert source.wait(0.0) is False
    source.wake()
    assert [source.wait(0.0), source.wait(0.0)] == [True, False]


# -- files that are held ---------------------------------------------------------------------------


def identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


@pytest.mark.parametrize(
    ("known", "offset", "count", "rest"),
    [
        ([(0, b"step")], 5, 3, [b"1 l", b"oss", b""][:2]),
        ([], 0, 100, [b"step 1 loss"]),
        ([(0, b"stop")], 5, 3, []),  # another file by now
        ([(0, b"step"), (5, b"2")], 5, 3, []),
        ([], 11, 4, []),
        ([], 8, 4, [b"oss"]),
    ],
)
def test_of_a_file_that_is_gone_the_rest_is_read(
    known: list[tuple[int, bytes]], offset: int, count: int, rest: list[bytes], tmp_path: Path
) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"step 1 loss")
    held, who = Held(), identity(path)
    held.keep(str(path), who)
    path.unlink()
    assert list(held.rest_of(str(path), (0, 0), known, offset, count)) == []
    assert list(held.rest_of(str(path), who, known, offset, count)) == rest
    held.close()
    assert list(held.rest_of(str(path), who, [], 0, 9)) == []


def test_files_are_held_by_what_they_are_the_newest_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_HELD", 2)
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        path.write_bytes(b"x")
    held = Held()
    before = len(os.listdir("/proc/self/fd"))
    held.keep(str(paths[0]), (1, 1))  # another one has its name
    held.keep(str(tmp_path / "gone"), (1, 1))
    assert len(os.listdir("/proc/self/fd")) == before
    who = [identity(path) for path in paths]
    for at in (0, 1, 0, 2):
        held.keep(str(paths[at]), who[at])
    kept = [bool([*held.rest_of(str(path), one, [], 0, 9)])
            for path, one in zip(paths, who, strict=True)]  # fmt: skip
    assert kept == [True, False, True], "the first has grown again meanwhile"
    paths[0].rename(tmp_path / "old")
    paths[0].write_bytes(b"y")
    held.keep(str(paths[0]), identity(paths[0]))
    assert list(held.rest_of(str(paths[0]), identity(paths[0]), [], 0, 9)) == [b"y"]
    held.close()
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(
    ("mounts", "far"),
    [
        ("dev / ext4 rw\n", False),
        ("dev / ext4 rw\nsrv /data nfs4 rw\n", True),
        ("srv /data nfs rw\ndev /data/run ext4 rw\n", False),  # the nearer one
        ("srv /dat nfs rw\n", False),
        ("srv /data/ nfs rw\n", True),
        ("x /data fuse.sshfs rw\n", True),
        ("x /data ext4 rw\ny /data cifs rw\n", True),  # over the other
        ("odd\nshort line\n", False),
        ("srv / lustre rw\n", True),
        ("srv /data/run\\040one nfs rw\n", False),
    ],
)
def test_a_folder_of_a_network_is_told_by_the_mounts(
    mounts: str, far: bool, tmp_path: Path
) -> None:
    (tmp_path / "mounts").write_text(mounts)
    assert on_network("/data/run/a.log", str(tmp_path / "mounts")) == far
    assert on_network("/data/run one/a", str(tmp_path / "mounts")) == (far or "040" in mounts
                                                                       or "run ext4" in mounts)  # fmt: skip
    assert not on_network("/data", str(tmp_path / "none"))


# -- targets ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("log", "folder"),
    [
        ("exp/runs/Jan01_10-00-00_host/events.out", "exp"),
        ("exp/runs/other/events.out", "exp/runs/other"),
        ("runs/a.log", "runs"),
        ("exp/Jan01_10-00-00_host/a.log", "exp"),
        ("a/loss_train/events.out.tfevents.1", "a"),
        ("a/loss_train/a.log", "a/loss_train"),
        ("a/logs/version_3/metrics.csv", "a"),
        ("logs/a.log", "."),
        ("a.log", "."),
        ("/a.log", "/"),
    ],
)
def test_the_folder_of_a_training_is_above_those_that_it_makes(log: str, folder: str) -> None:
    assert run_directory(log) == folder


BOXES = {f"gpu{n}": NamedHost((f"runs{n}",), f"me@10.0.0.{n}", ("Port=2",)) for n in (1, 2)}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("gpu[1-2]:runs", ["gpu1:runs", "gpu2:runs"]),
        ("gpu[1-2]", ["gpu1:runs1", "gpu2:runs2"]),
        ("gpu[1-3]", ["gpu[1-3]"]),  # not all of them are boxes: a pattern
        ("gpu1", ["gpu1:runs1"]),
        ("gpu3", ["gpu3"]),
        ("run[12]", ["run[12]"]),
        ("there[1]:x", ["there[1]:x"]),  # a file of this name
        ("glob[1-2]:x", ["glob[1-2]:x"]),
    ],
)
def test_a_range_stands_for_boxes(
    text: str, found: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("there[1]:x", "glob2:x"):
        (tmp_path / name).write_text("")
    settings.say(hosts=BOXES)
    assert [location_of(one) for one in resolve(text)] == found


@pytest.mark.parametrize(
    ("text", "box", "label"),
    [
        ("gpu1:x", ("10.0.0.1", "me", None), "gpu1"),
        ("you@gpu1:x", ("10.0.0.1", "you", None), "you@gpu1"),
        ("ssh://you@gpu1:22/x", ("10.0.0.1", "you", 22), "you@gpu1:22"),
        ("other:x", ("other", "", None), ""),
    ],
)
def test_a_box_is_what_the_settings_make_of_its_name(
    text: str, box: tuple[str, str, int | None], label: str
) -> None:
    settings.say(hosts=BOXES, ssh_options=("A=b",), ssh_config="/conf")
    (target,) = resolve(text)
    host = host_of(target)
    assert (host.address, host.user, host.port, host.label) == (*box, label)
    assert host.options == (("A=b", "Port=2") if label else ("A=b",))
    assert host.config_file == "/conf"


def test_a_range_that_is_none_is_refused() -> None:
    with pytest.raises(TargetError):
        resolve("gpu[2-1]:x")
