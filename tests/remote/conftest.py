"""Boxes, cables, and sources that are closed in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.remote.box import Box, Cable, Collector, why_not


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
