"""Cells of a table that hold line ends: a training logs what its model wrote."""

from __future__ import annotations

import csv
import io

import pytest

from lossmon.formats.csv import CsvDecoder, sniff
from lossmon.formats.decoder import Record

SAMPLE = 'the cat, sat\non the mat\n3,0.5,"quoted"\n'


def decoded(data: bytes, size: int = 1 << 16) -> list[Record]:
    decoder, rows = CsvDecoder(), []
    for at in range(0, len(data), size):
        rows += decoder.feed(data[at : at + size])
    return [*rows, *decoder.flush()]


def written(samples: list[str]) -> bytes:
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(["step", "loss", "sample", "lr"])
    table.writerows([i, 2 / i, sample, 0.1] for i, sample in enumerate(samples, 1))
    return text.getvalue().encode()


@pytest.mark.parametrize("every", [1, 2, 10])
def test_a_sample_over_several_lines_is_one_cell(every: int) -> None:
    data = written([SAMPLE if i % every == 0 else "one line" for i in range(40)])
    assert sniff(data, "log.csv") is not None
    rows = decoded(data)
    assert [row.step for row in rows] == list(range(1, 41))
    assert all(row.values == {"loss": 2 / row.step, "lr": 0.1} for row in rows)


@pytest.mark.parametrize(
    ("table", "steps"),
    [
        ('step,loss,size\n1,2.0,5"\n2,1.9,5"\n3,1.8,6"\n', [1, 2, 3]),  # inches
        ('step,loss,size\n1,2.0,"5\n2,1.9,6\n3,1.8,7\n', [1, 2, 3]),  # one that nothing closes
        ('step,loss,size\n1,2.0,7\n2,1.9,"5\n', [1, 2]),  # at the end
        ('step,loss,text\n1,2.0,"a\n' + "words\n" * 300 + "2,1.9,b\n", [1, 2]),
        ('step;loss;text\n1;2,0;"a\nb;c"\n2;1,9;d\n', [1, 2]),
    ],
    ids=["inches", "open", "open at the end", "without end", "semicolons"],
)
def test_a_quotation_mark_costs_no_row(table: str, steps: list[int]) -> None:
    assert [row.step for row in decoded(table.encode())] == steps
    assert [row.step for row in decoded(table.encode(), 3)] == steps


@pytest.mark.parametrize("sample", ['a, ""b""\nnext', '"\n', 'a "b", c\nd', '""\n""', ' ,"x\ny'])
@pytest.mark.parametrize("all_quoted", [True, False])
def test_quotes_within_a_sample_over_several_lines(sample: str, all_quoted: bool) -> None:
    """Of a file whose samples quote somebody no row was read."""
    text = io.StringIO(newline="")
    table = csv.writer(text, quoting=csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL)
    table.writerow(["step", "loss", "sample"])
    table.writerows([i, 2 / i, sample] for i in range(1, 31))
    data = text.getvalue().encode()
    assert sniff(data, "log.csv") is not None
    assert [row.step for row in decoded(data)] == list(range(1, 31))
