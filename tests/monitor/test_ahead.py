"""Of a long log the newest part is on the screen at once; what lies between fills in behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossmon.chart.of_run import curves_of
from lossmon.chart.picture import ChartSpec, draw
from lossmon.monitor.ahead import decode_end
from lossmon.monitor.sources import open_monitor
from tests.formats.samples import HF_STDOUT

ROWS = 40_000  # of 430 bytes: only a log of more than 16 MiB is shown from its end


@pytest.fixture(scope="module")
def long_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("long") / "train.jsonl"
    path.write_text(
        "".join(
            f'{{"step": {i}, "loss": {2 - i / ROWS:.5f}, "lr": 1e-4, "text": "{"x" * 380}"}}\n'
            for i in range(1, ROWS + 1)
        )
    )
    assert path.stat().st_size > 16 << 20
    return path


def test_the_end_comes_first_and_counts_once(long_log: Path) -> None:
    monitor = open_monitor([str(long_log)], watch=True, judging="never")
    try:
        (first,) = monitor.poll()
        read, ahead = first.series["loss"], first.ahead["loss"]
        assert first.loading < 1
        assert read.step[-1] < ahead.step[0]
        assert ahead.step[-1] == ROWS
        assert first.newest("loss") == ahead.value[-1]
        assert [len(curve.view) for curve in curves_of(first)] == [len(read), len(ahead)]
        picture = draw(ChartSpec(curves_of(first), 100, 20))
        assert sum(span.text.count("train") for row in picture.rows for span in row) == 1
        newest = first
        while monitor.pending():
            newest = next(iter(monitor.poll()), newest)
        assert newest.loading == 1
        assert not newest.ahead
        assert len(newest.series["loss"]) == ROWS
    finally:
        monitor.close()


def test_check_reads_in_order(long_log: Path) -> None:
    monitor = open_monitor([str(long_log)], watch=False, judging="never")
    try:
        (first,) = monitor.poll()
        assert first.series["loss"].step[-1] < ROWS
    finally:
        monitor.close()


def test_rows_whose_steps_are_only_counted_are_not_shown_ahead() -> None:
    log = b"".join(
        b"{'loss': %.3f, 'epoch': %.2f}\n" % (2 - i / 1000, i / 100) for i in range(1, 400)
    )
    assert decode_end(log[:4000], log[-4000:], "train.log") == []


def test_a_table_is_read_ahead_under_its_header() -> None:
    log = b"step,loss\n" + b"".join(b"%d,%.3f\n" % (i, 2 - i / 9999) for i in range(1, 9000))
    rows = decode_end(log[:4000], log[-4000:], "log.csv")
    assert rows[-1].step == 8999
    assert rows[-1].values == {"loss": round(2 - 8999 / 9999, 3)}


def test_an_end_that_says_nothing_is_left_out() -> None:
    assert decode_end(HF_STDOUT, b"\x00" * 500, "train.log") == []
    assert decode_end(b"", b"", "x") == []
