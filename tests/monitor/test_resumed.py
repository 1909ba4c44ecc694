"""Event files of one folder are one curve where a training was resumed, and no point is doubled."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from lossmon.monitor.sources import open_monitor
from lossmon.monitor.whole import read_targets
from tests.formats.samples import event, simple, version
from tests.monitor.live import until


def rows(steps: range, loss: float, start: float) -> bytes:
    """Events of one tag, a second a step."""
    return b"".join(event(step, start + step, simple("train/loss", loss)) for step in steps)


def write(folder: Path, number: int, data: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"events.out.tfevents.17{number}.box"
    path.write_bytes(version() + data)
    return path


@pytest.mark.parametrize(
    ("second", "steps", "at_60"),
    [
        (range(100, 160), 160, 2.0),
        (range(50, 160), 160, 1.0),  # from a checkpoint at step 50
        (range(100, 400), 400, 2.0),  # the newer one has more points
    ],
)
def test_a_curve_goes_on_where_its_training_does(
    tmp_path: Path, second: range, steps: int, at_60: float
) -> None:
    write(tmp_path / "run", 1, rows(range(100), 2.0, 1.7e9))
    write(tmp_path / "run", 2, rows(second, 1.0, 1.7e9 + 1e4))
    (update,) = read_targets([str(tmp_path)], judging="never").updates
    view = update.series["train/loss"]
    assert view.step.tolist() == list(range(steps))
    assert view.value[60] == at_60


@pytest.mark.parametrize(
    ("second", "loss"),
    [
        (range(50, 160), 2.0),  # all that both hold
        (range(50, 60), 2.0),  # and then the training went on from step 60
        (range(50, 100), 2.0),  # to the last row of the first
        (range(99, 160), math.nan),
    ],
)
def test_a_part_may_repeat_rows_of_the_one_before(
    tmp_path: Path, second: range, loss: float
) -> None:
    """The rows of an overlap are the same to the second; the newest hundred rows were lost."""
    write(tmp_path / "run", 1, rows(range(100), loss, 1.7e9))
    more = rows(second, loss, 1.7e9) + rows(range(second.stop, 160), 1.0, 1.7e9 + 1e4)
    write(tmp_path / "run", 2, more)
    (update,) = read_targets([str(tmp_path)], judging="never").updates
    view = update.series["train/loss"]
    assert view.step.tolist() == list(range(160))
    assert view.value[40] == loss or math.isnan(loss)


@pytest.mark.parametrize(
    ("second", "start"),
    [
        (range(60, 90), 1e4),  # an evaluation of an old checkpoint
        (range(1, 101), 0.5),  # a rank that writes beside it
        (range(60), 1e4),  # begun anew
    ],
)
def test_what_does_not_go_on_takes_nothing_away(
    tmp_path: Path, second: range, start: float
) -> None:
    write(tmp_path / "run", 1, rows(range(100), 2.0, 1.7e9))
    write(tmp_path / "run", 2, rows(second, 1.0, 1.7e9 + start))
    found = read_targets([str(tmp_path)], judging="never").updates
    assert max(len(update.series["train/loss"]) for update in found) == 100


def test_a_file_that_comes_while_one_watches_is_seen_at_once(tmp_path: Path) -> None:
    write(tmp_path / "run", 1, rows(range(100), 2.0, 1.7e9))
    monitor = open_monitor([str(tmp_path)], watch=True)
    try:
        until(monitor, lambda runs: any(one.step == 99 for one in runs.values()))
        monitor.wait(0)  # from here on its folder is watched
        path = write(tmp_path / "run", 2, rows(range(100, 130), 1.0, 1.7e9 + 1e4))
        until(monitor, lambda runs: any(one.step == 129 for one in runs.values()))
        with path.open("ab") as file:
            file.write(rows(range(130, 140), 1.0, 1.7e9 + 1e4))
        found = until(monitor, lambda runs: any(one.step == 139 for one in runs.values()))
        (update,) = found.values()
        assert update.series["train/loss"].step.tolist() == list(range(140))
    finally:
        monitor.close()
