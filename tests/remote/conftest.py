"""Boxes, cables, and sources that are closed in the end."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lossmon.logs import bootstrap, wire
from tests.logs.test_sqlite import trackio  # noqa: F401 - a fixture
from tests.remote.box import Box, Cable, Collector, why_not

QUICK_S = 4.0  # longer than a busy machine lets a process wait for its turn


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A plain box for tests that leave it as it is."""
    if why_not():
        pytest.skip(why_not())
    found = Box(tmp_path_factory.mktemp("box"))
    yield found
    found.stop()


@pytest.fixture
def make_box(tmp_path: Path) -> Iterator[Callable[..., Box]]:
    """Makes boxes of their own kind."""
    if why_not():
        pytest.skip(why_not())
    made: list[Box] = []

    def make(**how: str) -> Box:
        made.append(Box(tmp_path / f"box{len(made)}", **how))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture
def collect() -> Iterator[Callable[..., Collector]]:
    """Follows targets on a box."""
    made: list[Collector] = []

    def make(box: Box, *targets: object, **how: object) -> Collector:
        made.append(Collector(box.source(*targets, **how)))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.source.close()


@pytest.fixture
def cable(box: Box) -> Iterator[Cable]:
    """A cable to the plain box; the client goes through it."""
    made = Cable(box.port)
    box.write_client(made.port)
    yield made
    box.write_client()
    made.close()


@pytest.fixture
def quick_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signs of life come, and are missed, sooner at both ends."""
    _beat(monkeypatch, QUICK_S, 0.4)


@pytest.fixture
def no_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    """None is missed: what ends, ends by the link."""
    _beat(monkeypatch, 3600.0, 5.0)


def _beat(monkeypatch: pytest.MonkeyPatch, patience_s: float, beat_s: float) -> None:
    """At both ends of the links to come."""
    quick = zlib.decompress(bootstrap.payload())
    for name, usual, value in (("PATIENCE_S", 16.0, patience_s), ("BEAT_S", 5.0, beat_s)):
        assert getattr(wire, name) == usual
        monkeypatch.setattr(wire, name, value)
        quick = quick.replace(f"{name} = {usual}".encode(), f"{name} = {value}".encode())
    packed = zlib.compress(quick, 9)
    monkeypatch.setattr(bootstrap, "payload", lambda: packed)
