"""JSON objects over several lines, with a comma behind each or none, in whatever pieces they come."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.formats.detect import detect
from lossmon.formats.json_folded import FoldedObjects
from lossmon.formats.jsonl import JsonlDecoder

ROWS = [{"main/loss": 2.5 - n / 8, "iteration": 100 * n, "note": {"lr": 0.5}} for n in range(1, 6)]
WRITTEN = {
    "over lines, a comma behind each": ",\n".join(json.dumps(row, indent=4) for row in ROWS),
    "over lines": "\n".join(json.dumps(row, indent=2) for row in ROWS) + "\n",
    "over lines of another system": ",\r\n".join(
        json.dumps(row, indent=4).replace("\n", "\r\n") for row in ROWS
    ),
    "a line each, a comma behind each": "".join(json.dumps(row) + ",\n" for row in ROWS),
    "words between": "saved\n".join(json.dumps(row, indent=4) + "\n" for row in ROWS),
}


@pytest.mark.parametrize("way", WRITTEN)
def test_it_is_recognised_and_read_in_any_pieces(way: str) -> None:
    text = WRITTEN[way].encode()
    found = detect(text, "train.log", complete=True)
    assert found is not None
    assert found.format == "jsonl"

    @given(st.lists(st.integers(0, len(text)), max_size=6).map(sorted))
    def pieces(cuts: list[int]) -> None:
        decoder = JsonlDecoder()
        ends = zip([0, *cuts], [*cuts, len(text)], strict=True)
        rows = [row for start, end in ends for row in decoder.feed(text[start:end])]
        rows += decoder.flush()
        assert [(row.step, row.values["main/loss"]) for row in rows] == [
            (row["iteration"], row["main/loss"]) for row in ROWS
        ]
        assert [row.values["note/lr"] for row in rows] == [0.5] * 5

    pieces()


def test_one_object_alone_is_a_document_and_no_row() -> None:
    text = json.dumps({"loss": [2.5, 1.5], "val_loss": [2.0, 1.75]}, indent=4).encode()
    found = detect(text, "history.json", complete=True)
    assert found is not None
    assert found.format == "json"


def test_rows_within_an_object_are_those_of_a_document() -> None:
    """CatBoost's own, whose rows have a comma behind each."""
    rows = ",\n".join(json.dumps({"learn": [2.5 - n], "iteration": n}) for n in range(3))
    text = f'{{\n"meta":{{"learn_metrics":[{{"name":"Logloss"}}]}},\n"iterations":[\n{rows}\n]}}'
    found = detect(text.encode(), "catboost_training.json", complete=True)
    assert found is not None
    assert found.format == "json"


def test_a_summary_over_several_lines_is_no_row() -> None:
    text = json.dumps({"step": 100, "loss": 0.5, "acc": 0.75}, indent=4).encode()
    found = detect(text, "metrics.json", complete=False)
    assert found is None or found.format != "jsonl"


def test_what_never_closes_is_held_in_bounds_and_given_back() -> None:
    folded = FoldedObjects()
    lines = [b"{", *[b'  "loss": 2.5,'] * 10_000]
    given = [line for at in range(0, len(lines), 100) for line in folded.join(lines[at : at + 100])]
    assert given == lines
    folded = FoldedObjects()
    wide = b"x" * 600_000
    assert folded.join([b"{", wide]) == []
    assert folded.join([wide]) == [b"{", wide, wide]
    assert folded.join([b"{", b"}", b"{", b'"a": 1', b"},"]) == [b"{ }", b'{ "a": 1 }']


def test_an_object_that_was_torn_hides_no_row_behind_it() -> None:
    torn = b'{\n  "main/loss": 9.5,\n'
    decoder = JsonlDecoder()
    rows = [*decoder.feed(torn + WRITTEN["a line each, a comma behind each"].encode())]
    assert [row.values["main/loss"] for row in rows] == [row["main/loss"] for row in ROWS]
    assert decoder.skipped.count == 2
    rows = [*decoder.feed(torn + WRITTEN["over lines"].encode())]
    assert [row.values["main/loss"] for row in rows] == [row["main/loss"] for row in ROWS]


def test_an_object_that_is_not_closed_is_told_at_the_end_and_forgotten_with_its_line() -> None:
    decoder = JsonlDecoder()
    decoder.feed(b'{\n  "main/loss": 9.5,\n')
    decoder.drop_line()
    rows = decoder.feed(b'}\n{"loss": 0.5, "step": 1}\n')
    assert [row.values for row in rows] == [{"loss": 0.5}]
    decoder = JsonlDecoder()
    assert not decoder.feed(b'{\n  "main/loss": 9.5')
    assert not decoder.flush()
    assert decoder.skipped.count == 2
