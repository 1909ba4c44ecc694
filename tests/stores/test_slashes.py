"""However many slashes a folder is written with, it holds the same logs, under the same rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossmon.monitor.whole import read_targets
from tests.stores.places import Bucket, Place
from tests.stores.test_live import rows

# What `1.log` and `xvenv` are without their first letter is hidden, or no folder of logs.
SEEN = {"1.log": 60, "2.log": 61, "xvenv/train.log": 62, "deep/er/train.log": 63}
HIDDEN = (".3.log", "venv/train.log")

WRITTEN = {
    "without one": "runs",
    "with one behind it": "runs/",
    "with two behind it": "runs//",
}
IN_FRONT = {"with two in front of it": "/runs", "with two in front and one behind": "/runs/"}
DOTS = {"below here": "./runs", "below here, and one behind": "./runs/", "both": ".//runs//"}


def table(**written: dict[str, str]) -> list[object]:
    return [
        pytest.param(kind, target, id=f"{kind}, {words}")
        for kind, some in written.items()
        for words, target in some.items()
    ]


@pytest.mark.parametrize(
    ("place", "target"),
    table(
        plain={**WRITTEN, **IN_FRONT},
        pieces=WRITTEN,
        sftp={**WRITTEN, **IN_FRONT, **DOTS},
        s3=WRITTEN,
    ),
    indirect=["place"],
)
def test_a_folder_there_holds_the_same_however_it_is_written(place: Place, target: str) -> None:
    for name, end in SEEN.items():
        place.put(f"runs/{name}", rows(0, end))
    for name in HIDDEN:
        place.put(f"runs/{name}", rows(0, 70))
    found = read_targets([place.address + target], judging="never")
    assert list(map(str, found.errors)) == []
    assert steps(found) == sorted(end - 1 for end in SEEN.values())


@pytest.mark.parametrize("target", {**WRITTEN, **DOTS}.values(), ids={**WRITTEN, **DOTS}.keys())
def test_a_folder_here_holds_the_same_however_it_is_written(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, end in [*SEEN.items(), *((name, 70) for name in HIDDEN)]:
        path = tmp_path / "runs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(rows(0, end))
    monkeypatch.chdir(tmp_path)
    found = read_targets([target], judging="never")
    assert list(map(str, found.errors)) == []
    assert steps(found) == sorted(end - 1 for end in SEEN.values())


@pytest.mark.parametrize("place", ["s3"], indirect=True)
def test_a_name_in_a_bucket_that_begins_with_a_slash_is_another(place: Bucket) -> None:
    place.put("/runs/1.log", rows(0, 60))
    place.put("runs/2.log", rows(0, 70))
    found = read_targets(["s3://bucket//runs/"], judging="never")
    assert list(map(str, found.errors)) == []
    assert steps(found) == [59]


def steps(found: object) -> list[int]:
    return sorted(update.step for update in found.updates)  # type: ignore[attr-defined]
