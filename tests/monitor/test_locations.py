"""What runs of a place are called after, however its target is written."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from lossmon.logs.follower import Chunk
from lossmon.logs.source import Source
from lossmon.monitor.locations import Locations


class Shelf(Source):
    """A place of files below its name."""

    name = "shelf"

    def poll(self) -> list[Chunk]:
        return []

    def wait(self, seconds: float) -> None:
        """Nothing comes."""

    def is_directory(self, path: str) -> bool:
        return not path.endswith(".jsonl")


@pytest.mark.parametrize(
    ("root", "short"),
    [
        ("shelf:", "shelf:{}"),  # runs were called after their file there
        ("shelf:exp", "shelf:exp/{}"),
        ("shelf:exp/", "shelf:exp/{}"),
    ],
)
def test_runs_are_called_after_their_folders(root: str, short: str) -> None:
    locations = Locations([Shelf()], [root])
    runs: list[list[Any]] = [
        [SimpleNamespace(path=f"shelf:exp/{name}/log.jsonl", format="jsonl")] for name in "ab"
    ]
    found = locations.of(runs)
    assert found == ["shelf:exp/a", "shelf:exp/b"]
    below = "exp/{}" if root == "shelf:" else "{}"
    assert [locations.name(one) for one in found] == [
        short.format(below.format(name)) for name in "ab"
    ]
