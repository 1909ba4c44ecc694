"""A log that is rotated while it is watched stays one run with all of its rows, however it is done."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lossmon.logs.follower import Follower
from lossmon.logs.local import LocalSource
from lossmon.monitor import Monitor

FORMS: dict[str, tuple[str, Callable[[int, float], str]]] = {
    "jsonl": ("log.jsonl", lambda i, at: f'{{"step": {i}, "loss": {at + 2 / i:.4f}}}\n'),
    "text": ("train.log", lambda i, at: f"step {i} | loss {at + 2 / i:.4f}\n"),
    "counted": ("train.log", lambda i, at: f"loss: {at + 2 / i:.4f} | lr: {1e-4 / i:.3e}\n"),
    "csv": ("metrics.csv", lambda i, at: "step,loss\n" * (i == 1) + f"{i},{at + 2 / i:.4f}\n"),
}


class Watched:
    """A log, and what a monitor has of it."""

    def __init__(self, folder: Path, form: str, target: str) -> None:
        name, self.line = FORMS[form]
        folder.mkdir(exist_ok=True)
        self.path = folder / name
        self._next, self._at = 1, 0.0
        self.write(20)
        self.source = LocalSource([str(folder if target == "folder" else self.path)], watch=True)
        self.monitor = Monitor([self.source], [str(folder)], judging="never")
        self.runs: dict[str, list[int]] = {}
        self.poll()

    def write(self, rows: int, path: Path | None = None) -> None:
        with (path or self.path).open("a") as file:
            for _ in range(rows):
                file.write(self.line(self._next, self._at))
                self._next += 1

    def begin_anew(self) -> None:
        self._next, self._at = 1, 0.5

    def poll(self) -> dict[str, list[int]]:
        """The steps of each run."""
        for _ in range(4):
            self.source._follower.rescan()
            for update in self.monitor.poll():
                if update.removed:
                    self.runs.pop(update.run, None)
                else:
                    self.runs[update.run] = update.series["loss"].step.tolist()
        return self.runs


@pytest.fixture(params=["folder", "file"])
def watched(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Watched]]:
    made: list[Watched] = []

    def watch(form: str) -> Watched:
        made.append(Watched(tmp_path / "run", form, request.param))
        return made[-1]

    yield watch
    for one in made:
        one.monitor.close()


def renamed(log: Watched, number: int) -> None:
    """As logrotate does with `create` and `dateext`."""
    log.path.rename(f"{log.path}-2026112{number}")
    log.path.touch()


def shifted(log: Watched, number: int) -> None:
    """As logging.RotatingFileHandler does: log.2 goes, log.1 is log.2, the log is log.1."""
    one, two = f"{log.path}.1", f"{log.path}.2"
    if os.path.exists(one):
        os.replace(one, two)
    log.path.rename(one)


def chained(log: Watched, number: int) -> None:
    """As `rotate 9` does: each part moves on by one, and the name of each has other bytes."""
    for place in range(number, 0, -1):
        if os.path.exists(part := f"{log.path}.{place}"):
            os.replace(part, f"{log.path}.{place + 1}")
    log.path.rename(f"{log.path}.1")


def packed(log: Watched, number: int) -> None:
    """Nothing that was read stands anywhere: it was packed at once."""
    Path(f"{log.path}.{number}.gz").write_bytes(gzip.compress(log.path.read_bytes()))
    log.path.unlink()


def packed_unseen(log: Watched, number: int) -> None:
    """What was written since the last look is packed before the next one."""
    log.write(3)
    log.path.rename(part := Path(f"{log.path}.1"))
    log.write(5)
    for place in range(number, 0, -1):
        if os.path.exists(old := f"{part}.{place}.gz"):
            os.replace(old, f"{part}.{place + 1}.gz")
    Path(f"{log.path}.1.gz").write_bytes(gzip.compress(part.read_bytes()))
    part.unlink()


def packed_later(log: Watched, number: int) -> None:
    """As `delaycompress` does."""
    part = Path(f"{log.path}.{number}")
    log.path.rename(part)
    log.write(5)
    log.poll()
    Path(f"{part}.gz").write_bytes(gzip.compress(part.read_bytes()))
    part.unlink()


def emptied(log: Watched, number: int) -> None:
    """`: > train.log`, by who needs room."""
    os.truncate(log.path, 0)


def torn(log: Watched, number: int) -> None:
    """Emptied within a row, of which the first half was read."""
    with log.path.open("a") as file:
        file.write(log.line(log._next, log._at)[:-4])
    log.poll()
    os.truncate(log.path, 0)


def emptied_under_its_writer(log: Watched, number: int) -> None:
    """A writer that does not append goes on at its place: nothing stands before its next row."""
    size = log.path.stat().st_size
    os.truncate(log.path, 0)
    os.truncate(log.path, size)
    log.write(5)


def behind(log: Watched, number: int) -> None:
    """The writer goes on for some rows where it was: it is told to turn later."""
    log.path.rename(f"{log.path}.{number}")
    log.poll()
    log.write(2, Path(f"{log.path}.{number}"))
    log.path.touch()
    log.write(1, Path(f"{log.path}.{number}"))


def unseen(log: Watched, number: int) -> None:
    """What was written since the last look stands in the old file alone."""
    log.write(3)
    log.path.rename(log.path.with_name(f"{log.path.stem}.{number}{log.path.suffix}"))


def copied(log: Watched, number: int) -> None:
    """As logrotate does with `copytruncate`."""
    log.write(3)
    shutil.copyfile(log.path, f"{log.path}.{number}")
    os.truncate(log.path, 0)


def copied_in_sight(log: Watched, number: int) -> None:
    """The copy is found before the log is emptied."""
    shutil.copyfile(log.path, f"{log.path}.{number}")
    log.poll()
    os.truncate(log.path, 0)


@pytest.mark.parametrize(
    ("turn", "form"),
    [
        *((turn, "jsonl") for turn in (renamed, shifted, behind, unseen, copied, copied_in_sight)),
        *((turn, "jsonl") for turn in (chained, packed, packed_later, emptied)),
        *((torn, form) for form in ("jsonl", "text", "csv")),
        *((packed_unseen, form) for form in ("jsonl", "text")),
        *((turn, "text") for turn in (chained, packed, emptied, emptied_under_its_writer)),
        *((turn, form) for turn in (shifted, copied) for form in ("text", "csv")),
    ],
)
def test_a_log_that_is_rotated_is_one_run_with_all_its_rows(
    watched: Callable[[str], Watched], turn: Callable[[Watched, int], None], form: str
) -> None:
    log = watched(form)
    for number in (1, 2, 3):
        turn(log, number)
        log.poll()
        log.write(5)
        log.poll()
        log.write(5)
        (steps,) = log.poll().values()
        assert steps == list(range(1, log._next))


@pytest.mark.parametrize("packs", [False, True])
def test_parts_that_stood_there_move_on_with_each_rotation(tmp_path: Path, packs: bool) -> None:
    """train.log.1 is train.log.2 next time, and another one has its name."""
    ending, pack = (".gz", gzip.compress) if packs else ("", bytes)
    first, rows = 300, [f"step {i} | loss {2 / i + i % 7 / 100:.4f}\n" for i in range(1, 700)]
    old = tmp_path / f"train.log.1{ending}"
    old.write_bytes(pack("".join(rows[:first]).encode()))
    (tmp_path / "train.log").write_text("".join(rows[first : first + 100]))
    source = LocalSource([str(tmp_path)], watch=True)
    monitor, runs = Monitor([source], [str(tmp_path)], judging="never"), {}

    def poll() -> None:
        for _ in range(5):
            source._follower.rescan()
            for update in monitor.poll():
                runs.pop(update.run, None) if update.removed else runs.update({update.run: update})

    poll()
    for number in (1, 2):
        for place in range(number, 0, -1):
            os.replace(f"{tmp_path}/train.log.{place}{ending}",
                       f"{tmp_path}/train.log.{place + 1}{ending}")  # fmt: skip
        log = tmp_path / "train.log"
        (tmp_path / f"train.log.1{ending}").write_bytes(pack(log.read_bytes()))
        log.unlink()
        at = first + 100 * number
        log.write_text("".join(rows[at : at + 100]))
        poll()
    found = sorted(update.series["loss"].step.tolist() for update in runs.values())
    assert found == [list(range(1, first + 1)), list(range(first + 1, first + 301))]
    monitor.close()


def test_a_file_that_was_removed_is_read_to_its_end_and_then_its_space_is_free(
    tmp_path: Path,
) -> None:
    log, descriptors = tmp_path / "log", len(os.listdir("/dev/fd"))
    log.write_text("a" * 300)
    follower = Follower([str(log)], rotations=True)
    follower.poll()
    with log.open("a") as writer:
        writer.write("b" * 300)
    log.unlink()
    assert [(chunk.kind, chunk.data) for chunk in follower.poll()] == [("data", b"b" * 300)]
    assert [chunk.kind for chunk in follower.poll()] == ["gone"]
    assert len(os.listdir("/dev/fd")) == descriptors


@pytest.mark.parametrize("form", ["counted", "text"])
def test_a_training_that_begins_anew_in_an_emptied_log_is_another(
    watched: Callable[[str], Watched], form: str
) -> None:
    """`python train.py > train.log` once more; lines without steps are counted from its start."""
    log = watched(form)
    os.truncate(log.path, 0)
    log.begin_anew()
    log.write(8)
    (steps,) = log.poll().values()
    assert len(steps) == 8


def test_another_log_of_the_folder_is_no_part_of_the_one_that_was_rotated(
    watched: Callable[[str], Watched],
) -> None:
    log = watched("text")
    packed(log, 1)
    other = log.path.with_name("train.log.seed2")
    other.write_text("".join(f"step {i} | loss {2.1 - i / 40:.4f}\n" for i in range(1, 30)))
    log.write(5)
    found = sorted(log.poll().values(), key=len)
    assert found[0] == list(range(1, 26))
    assert found[1:] in ([], [list(range(1, 30))])  # the other, where the folder is watched


def test_a_training_that_begins_anew_is_another(watched: Callable[[str], Watched]) -> None:
    log = watched("jsonl")
    log.path.rename(f"{log.path}.old")
    log.begin_anew()
    log.write(5)
    found = sorted(log.poll().values())
    assert found[0] == [1, 2, 3, 4, 5]
    assert found[1:] in ([], [list(range(1, 21))])  # the old one, where the folder is watched


def test_a_table_that_is_saved_anew_beside_its_copies_was_not_rotated(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("".join(f"{2 / i}\n" for i in range(1, 30)))
    follower = Follower([str(log)], rotations=True)
    follower.poll()
    shutil.copyfile(log, tmp_path / "log-1.csv")
    (tmp_path / "new").write_text(log.read_text() + "0.1\n")
    os.replace(tmp_path / "new", log)
    assert [chunk.kind for _ in range(3) for chunk in follower.poll()] == ["replaced", "data"]


def test_the_number_of_a_file_that_was_dropped_may_be_that_of_another(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x" * 300)
    follower = Follower([str(tmp_path)], rotations=True)
    follower.poll()
    follower.drop(str(tmp_path / "a"))
    (tmp_path / "a").rename(tmp_path / "b")
    follower.rescan()
    assert [chunk.log for chunk in follower.poll() if chunk.kind == "data"] == []
    (tmp_path / "b").rename(tmp_path / "c")
    (tmp_path / "c").write_text("y" * 400)
    follower.rescan()
    assert [chunk.data for chunk in follower.poll() if chunk.kind == "data"] == [b"y" * 400]
