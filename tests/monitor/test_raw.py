"""The text of a log in windows, and what was made of its lines."""

from __future__ import annotations

import gzip
import json
import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.api import read_runs
from lossmon.formats.decoder import Record
from lossmon.formats.lines import clean
from lossmon.monitor import LogInfo, RunUpdate
from lossmon.monitor.made_of import Reader, numbers
from lossmon.monitor.origins import Origins
from lossmon.monitor.raw import (
    KEPT_BYTES,
    MOST_LINE,
    FileText,
    Line,
    Tail,
    find,
    line_at,
    lines_after,
    lines_before,
)
from tests.conftest import some_of

RUNS = Path(__file__).resolve().parents[1] / "data" / "runs"


def tail_of(data: bytes) -> Tail:
    tail = Tail()
    tail.append(data)
    return tail


def texts(lines: list[Line]) -> list[bytes]:
    return [line.data for line in lines]


class TestWindows:
    @given(st.lists(st.sampled_from([b"a", b"bb", b"", b"\xff"]), max_size=40), st.data())
    def test_windows_from_both_ends_are_the_same_lines(
        self, words: list[bytes], data: st.DataObject
    ) -> None:
        ends = data.draw(
            st.lists(st.sampled_from([b"\n", b"\r\n"]), min_size=len(words), max_size=len(words))
        )
        whole = b"".join(word + end for word, end in zip(words, ends, strict=True))
        text = tail_of(whole)
        lines = lines_after(text, 0, 1000)
        assert texts(lines) == words
        assert lines == lines_before(text, len(whole), 1000)
        assert [line.end for line in lines[:-1]] == [line.at for line in lines[1:]]
        for line in lines:
            assert line_at(text, line.at) == line
            assert lines_before(text, line.at, 1) == [one for one in lines if one.end == line.at]

    def test_a_carriage_return_ends_a_line_as_when_it_is_read(self) -> None:
        assert texts(lines_after(tail_of(b"10%\r20%\rdone\n"), 0, 9)) == [b"10%", b"20%", b"done"]

    def test_an_unfinished_line_at_the_end_is_shown(self) -> None:
        assert texts(lines_before(tail_of(b"a\nhalf"), 6, 2)) == [b"a", b"half"]

    def test_a_large_file_costs_a_window(self, tmp_path: Path) -> None:
        path = tmp_path / "large.log"
        with path.open("wb") as file:
            file.truncate(1 << 34)  # sparse
            file.seek(0, 2)
            file.write(b"\nlast but one\nlast\n")
        text = FileText(str(path))
        assert texts(lines_before(text, text.span()[1], 2)) == [b"last but one", b"last"]

    def test_an_endless_line_is_cut(self) -> None:
        (line,) = lines_after(tail_of(b"x" * 50_000 + b"\n"), 0, 1)
        assert len(line.data) == MOST_LINE
        assert line.end == 50_001

    def test_a_file_that_is_gone_has_no_lines(self, tmp_path: Path) -> None:
        text = FileText(str(tmp_path / "none"))
        assert text.span() == (0, 0)
        assert lines_before(text, 0, 5) == []


class TestTail:
    def test_it_is_bounded_and_keeps_its_place(self) -> None:
        tail, line = Tail(), b"0123456789\n"
        for _ in range(20_000):
            tail.append(line)
        start, end = tail.span()
        assert end == 20_000 * len(line)
        assert KEPT_BYTES <= end - start < KEPT_BYTES + 100
        assert tail.read(end - 11, 11) == line
        assert tail.read(start, 11) == line

    def test_of_a_piece_larger_than_itself_it_keeps_the_end(self) -> None:
        tail = tail_of(b"old")
        tail.append(b"x" * KEPT_BYTES + b"end")
        start, end = tail.span()
        assert (end, end - start) == (KEPT_BYTES + 6, KEPT_BYTES)
        assert tail.read(end - 3, 3) == b"end"


class TestSearch:
    TEXT = tail_of(b"Alpha 1\nbeta 2\nalpha 3\n")

    @pytest.mark.parametrize(
        ("words", "at", "backwards", "found"),
        [
            ("alpha", 23, True, 15),
            ("alpha", 15, True, 0),
            ("alpha", 8, False, 15),
            ("alpha", 16, False, 0),  # once around
            ("Alpha", 23, True, 0),  # capitals count where there are some
            ("a.pha", 0, False, None),  # no pattern
        ],
    )
    def test_it_goes_around_once(
        self, words: str, at: int, backwards: bool, found: int | None
    ) -> None:
        stopped = lambda: False  # noqa: E731
        assert find(self.TEXT, words, at, backwards=backwards, stopped=stopped) == found

    def test_a_match_on_the_border_of_two_blocks_is_found(self, tmp_path: Path) -> None:
        path = tmp_path / "a.log"
        path.write_bytes(b"." * ((1 << 20) - 3) + b"needle" + b"." * 100)
        text = FileText(str(path))
        for backwards in (False, True):
            at = find(text, "needle", 5, backwards=backwards, stopped=lambda: False)
            assert at == (1 << 20) - 3

    def test_it_stops_when_told(self) -> None:
        assert find(self.TEXT, "beta", 0, backwards=False, stopped=lambda: True) is None


def runs_with_lines() -> list[str]:
    return sorted(path.name for path in RUNS.iterdir() if path.is_dir()) if RUNS.is_dir() else []


def logs_of(update: RunUpdate) -> list[LogInfo]:
    return [log for log in update.logs if log.format != "tensorboard" and log.records]


@pytest.mark.parametrize("name", some_of(runs_with_lines(), 2))
def test_a_point_of_every_real_log_leads_to_the_line_that_gave_it(name: str) -> None:
    (update,) = read_runs(str(RUNS / name), "never")
    view = update.series[update.train or ""]
    for i in {0, len(view) // 2, len(view) - 1}:
        step, value = int(view.step[i]), float(view.value[i])
        found = []
        for log in logs_of(update):
            line = Reader(log.text(), log.path).line_of(step, [value], log.origins)
            found += [clean(line.data)] if line is not None else []
        if any(log.format != "tensorboard" for log in update.logs):
            assert any(value in numbers(text) or value != value for text in found), (step, value)


def _state(steps: int) -> list[dict[str, object]]:
    """Rows as the Trainer saves them: losses of few digits repeat, in other metrics, too."""
    rows: list[dict[str, object]] = []
    for step in range(10, steps + 1, 10):
        loss = round(0.5 + 2 * math.exp(-5 * step / steps), 2)
        rows.append({"epoch": step / 100, "grad_norm": loss, "loss": loss, "step": step})
        if not step % 50:
            rows.append({"epoch": step / 100, "eval_loss": loss, "eval_runtime": 1.2, "step": step})
    return rows


DOCUMENTS = {
    "a state": lambda rows: json.dumps({"global_step": 1000, "log_history": rows}, indent=2),
    "a list": lambda rows: json.dumps(rows, indent=1),
    "a row a line": lambda rows: "[\n" + ",\n".join(map(json.dumps, rows)) + "\n]",
    "below a name": lambda rows: json.dumps(
        [
            {"of": {k: v for k, v in row.items() if k != "step"}, "step": row["step"]}
            for row in rows
        ],
        indent=2,
    ),
}


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_point_of_a_document_leads_to_its_row_and_back(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "trainer_state.json"
    path.write_text(DOCUMENTS[kind](_state(160)) + "\n")
    (update,) = read_runs(str(path), "never")
    (log,) = update.logs
    reader = Reader(log.text(), log.path)
    told = 0
    for name, view in update.series.items():
        for step, value in zip(view.step.tolist(), view.value.tolist(), strict=True):
            line = reader.line_of(step, [value], log.origins, name)
            assert line is not None, (name, step)
            assert value in numbers(clean(line.data))
            record = reader.made_of([line])[line.at].record
            assert record is not None
            assert (record.step, record.values[name]) == (step, value)
            told += 1
    assert told >= 35
    first = line_at(log.text(), 0)
    assert first is not None
    assert reader.made_of([first])[first.at].record is None


class TestWhy:
    LOG = (
        b"Loading the data\nlr: 0.1 seed: 3 layers: 12\n"
        + b"".join(b"step %d loss %.3f\n" % (i, 2 - i / 100) for i in range(1, 31))
        + b"saved checkpoint-30\nTraining complete. best loss: 1.71\n"
    )

    def made(self, data: bytes, name: str = "a.log") -> dict[str, tuple[Record | None, str]]:
        text = tail_of(data)
        lines = lines_after(text, 0, 1000)
        made = Reader(text, name).made_of(lines)
        return {line.data.decode(): made[line.at][:2] for line in lines}

    def test_rows_and_the_rest(self) -> None:
        made = self.made(self.LOG)
        record, words = made["step 7 loss 1.930"]
        assert record == Record({"loss": 1.93}, 7)
        assert words == "step 7, loss 1.93"
        assert made["Loading the data"] == (None, "no number in it")
        assert made["saved checkpoint-30"][0] is None
        assert "no metric" in made["saved checkpoint-30"][1]
        assert made["lr: 0.1 seed: 3 layers: 12"][0] is None

    def test_a_window_far_from_the_head_says_the_same(self, tmp_path: Path) -> None:
        rows = b"".join(b"step %d loss %.4f\n" % (i, 2 - i / 10_000) for i in range(1, 9_000))
        (tmp_path / "a.log").write_bytes(rows)
        text = FileText(str(tmp_path / "a.log"))
        first = line_at(text, len(rows) - 20_000)
        assert first is not None
        lines = lines_after(text, first.at, 30)
        made = Reader(text, "a.log").made_of(lines)
        for line in lines:
            step = int(re.findall(rb"\d+", line.data)[0])
            assert made[line.at].record is not None
            assert made[line.at].record.step == step

    def test_a_table_says_what_it_skipped(self) -> None:
        made = self.made(b"step,loss\n1,2.0\n2,\n3,1.9\n", "a.csv")
        assert made["1,2.0"][0] == Record({"loss": 2.0}, 1)
        assert made["2,"] == (None, "no metric in this row")

    def test_of_a_binary_log_it_says_so(self) -> None:
        assert "binary" in Reader(tail_of(b"\0\1\2" * 100), "x").trouble


def test_a_packed_log_is_shown_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "log.txt.gz"
    path.write_bytes(gzip.compress(TestWhy.LOG))
    (update,) = read_runs(str(path))
    (log,) = update.logs
    text = log.text()
    assert texts(lines_before(text, text.span()[1], 1)) == [TestWhy.LOG.splitlines()[-1]]
    assert text.note == "the last 64 KiB"


def test_origins_are_bounded() -> None:
    origins = Origins()
    for i in range(20_000):
        origins.add(i * 10, i * 10 + 10, [Record({"loss": 1.0}, i)])
    assert len(origins._ranges) <= 1024
    (one,) = origins.of(15_555)
    assert one.start <= 155_550 < one.end
