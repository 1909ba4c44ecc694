"""How much of a text was read: what looks like a row and is none is told, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from lossmon.cli import cli
from lossmon.formats.decoder import Unread
from lossmon.formats.text import TextDecoder
from lossmon.formats.text_coverage import Coverage
from lossmon.monitor.made_of import Reader
from lossmon.monitor.raw import FileText, lines_after

ROWS = [f"step {i} loss {2 - i / 50:.3f}\n" for i in range(1, 25)]


def between(line: str) -> str:
    """Rows of a training, and behind each of them this line."""
    return "".join(row + line.format(i=i) + "\n" for i, row in enumerate(ROWS))


def unread(log: str, cut: int = 1 << 20) -> list[Unread]:
    decoder = TextDecoder()
    data = log.encode()
    for at in range(0, len(data), cut):
        decoder.feed(data[at : at + cut])
    decoder.flush()
    return decoder.skipped.unread


@pytest.mark.parametrize(
    ("line", "told"),
    [
        pytest.param("aux loss: 0.5{i}", [Unread("aux loss", 24, 0)], id="a loss without a place"),
        pytest.param("val loss: 0.5{i}", [], id="an evaluation is read"),
        pytest.param("Recall@1: 60.{i}", [], id="a score is read"),
        pytest.param("loss: 2.{i}", [], id="the same loss once more"),
        pytest.param("saved, best loss: 0.{i}", [], id="what the best was is no row"),
        pytest.param("errors: {i}", [], id="whole numbers count something"),
        pytest.param("loss = criterion(x, 0.{i})", [], id="code"),
        pytest.param("we saw the loss of about 2.{i} as expected", [], id="prose"),
    ],
)
def test_what_is_told(line: str, told: list[Unread]) -> None:
    assert unread(between(line)) == told


def test_lines_that_waited_until_they_were_rows_are_none_that_were_lost() -> None:
    scores = "".join(f"epoch {i}\naccuracy: 0.{50 + i}\n" for i in range(20))
    assert unread(scores) == []


def test_a_few_lines_are_no_news() -> None:
    assert unread("".join(ROWS) + "aux loss: 0.51\n" * 9) == []


def test_any_number_of_names_takes_bounded_memory() -> None:
    coverage = Coverage()
    for i in range(10_000):
        coverage.lose(f"loss_{i}", 20)
    assert len(coverage.unread([])) <= 64


@given(st.integers(1, 200))
def test_any_split_tells_the_same(cut: int) -> None:
    log = between("aux loss: 0.5{i}")
    assert unread(log, cut) == unread(log)


def test_check_says_it_and_the_log_pane_marks_the_lines(tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    log.write_text(between("aux loss: 0.5{i}"))
    says = "24 lines look like rows of `aux loss`, 0 were counted"
    for option in ([], ["-v"]):
        assert says in CliRunner().invoke(cli, ["check", *option, str(log)]).stdout
    text = FileText(str(log))
    lines = lines_after(text, 0, 48)
    made = Reader(text, str(log)).made_of(lines)
    assert {line.data.split()[0] for line in lines if made[line.at].lost} == {b"aux"}
