"""Rows read many at a time are what they are one at a time."""

from __future__ import annotations

import json
import math

from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.formats.csv import CsvDecoder
from lossmon.formats.decoder import Record
from lossmon.formats.jsonl import JsonlDecoder

number = st.one_of(
    st.integers(-5, 5),
    st.floats(-1e6, 1e6, width=32),
    st.sampled_from([0.1, 1e-9, -0.0, 2.5e300]),
)
BESIDE = {  # cells that are no metrics
    "timestamp": st.one_of(st.just(1.7e9), st.integers(1_700_000_000, 1_800_000_000)),
    "total_steps": st.one_of(st.just(400), st.sampled_from([0, 400, 500])),
    "total_epochs": st.sampled_from([3, 0, 2.5]),
    "eta": st.sampled_from(["0:01:12", 7, None]),
    "split": st.sampled_from(["train", None, 3]),
    "mode": st.sampled_from(["train", "train", "val"]),
}
odd = st.one_of(number, st.none(), st.booleans(), st.just("1.5"), st.just("nan"), st.just([2.5]))


def shown(records: list[Record]) -> list[str]:
    """Comparable also where a value is NaN, and 2 and 2.0 are the same."""
    return [
        f"{r.step} {r.epoch} {r.time} " + " ".join(f"{k}={float(v)!r}" for k, v in r.values.items())
        for r in records
    ]


@st.composite
def tables(draw: st.DrawFn) -> list[dict[str, object]]:
    """Mostly plain rows with a step that grows; some with a cell, a key or a step out of line."""
    names = draw(
        st.lists(st.sampled_from(["loss", "lr", "val_loss", "epoch", "x"]), unique=True, min_size=1)
    )
    more = draw(st.lists(st.sampled_from(sorted(BESIDE)), unique=True, max_size=2))
    rows: list[dict[str, object]] = []
    step = draw(st.integers(-2, 3))
    for _ in range(draw(st.integers(17, 40))):
        step += draw(
            st.sampled_from([1, 1, 1, 1, 1, 10, 0, -3])
            if draw(st.integers(0, 9)) == 0
            else st.just(1)
        )
        cells = {name: draw(number) for name in names}
        rows.append({"step": step, **cells, **{name: draw(BESIDE[name]) for name in more}})
    for _ in range(draw(st.integers(0, 2))):
        row = rows[draw(st.integers(0, len(rows) - 1))]
        row[draw(st.sampled_from([*names, "step", "more"]))] = draw(odd)
    return rows


@settings(max_examples=60)
@given(tables())
def test_json_rows(rows):
    lines = [json.dumps(row).encode() + b"\n" for row in rows]
    one = JsonlDecoder()
    alone = [record for line in lines for record in one.feed(line)]
    many = JsonlDecoder()
    assert shown(many.feed(b"".join(lines))) == shown(alone)
    assert many.skipped.count == one.skipped.count
    assert many.facts == one.facts


def cell(value: object) -> str:
    return "" if value is None else str(value)


@settings(max_examples=60)
@given(tables())
def test_rows_of_a_table(rows):
    header = list(rows[0])
    lines = [",".join(header)] + [",".join(cell(row.get(k)) for k in header) for row in rows]
    encoded = [line.encode() + b"\n" for line in lines]
    one = CsvDecoder()
    alone = [record for line in encoded for record in one.feed(line)]
    many = CsvDecoder()
    together = [*many.feed(encoded[0]), *many.feed(b"".join(encoded[1:]))]
    assert shown(together) == shown(alone)
    assert many.skipped.count == one.skipped.count
    assert many.facts == one.facts


def test_numbers_too_large_for_a_float_are_infinite():
    huge = b"1" + b"0" * 400
    rows = [b'{"step": %d, "loss": 0.5, "x": %s}\n' % (i, huge) for i in range(1, 40)]
    for data in (b"".join(rows), b"".join(rows).replace(b"0.5", b"NaN")):
        records = list(JsonlDecoder().feed(data))
        assert [record.values["x"] for record in records] == [math.inf] * 39
    for name in (b"total_steps", b"timestamp", b"epoch", b"step"):
        row = b'{"loss": NaN, "%s": %s}\n' % (name, huge)
        (record,) = JsonlDecoder().feed(row)
        assert record.step is None
        assert record.time is None
