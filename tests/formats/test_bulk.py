"""Rows read many at a time are what they are one at a time."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.formats.csv import CsvDecoder
from lossmon.formats.decoder import Parts, Record, Rows
from lossmon.formats.jsonl import JsonlDecoder
from lossmon.formats.text import TextDecoder

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
    for name in (b"total_steps", b"timestamp", b"epoch"):
        row = b'{"loss": NaN, "%s": %s}\n' % (name, huge)
        (record,) = JsonlDecoder().feed(row)
        assert record.step is None
        assert record.time is None


LINES = (  # kinds of lines of one log: a row, and what stands between rows
    ("step {i}/{n} | loss {a:.4f} | lr {b:.3e}", "val loss {a:.4f}", "saving checkpoint"),
    (
        "Epoch [{e}/9][{k:5d}/50]  loss: {a:8.3f} ({b:.3f})  acc {c:d}%",
        "Epoch {e}: val loss {b:.3f}",
    ),
    ("2024-05-19 04:{m:02d}:{s:02d},123 - INFO - iter {i}: loss {a} grad_norm {b}", "eta 0:01:12"),
    ("ts=17954{i:05d}.25 step={i} loss={a:.5f}", "ts=17954{i:05d}.25 step={i} val_loss={a:.5f}"),
    (" {p:3d}%|{bar:10}| {k}/50 [00:12<19:19,  1.16s/it, loss={a:.3f}]", "Epoch {e}"),
    ("epoch: {e} {p:3d}%|{bar:10}| {k}/50 [00:{s:02d}<?, 1.16it/s, loss={a:.3f}, acc={b}]", "x"),
    ("{i}: loss {a} top1 {k}/50", "restarting from step 3"),
    (
        "[{i:6d}] train_loss {a:g}  tokens {i}  ({b:.1f} tok/s) dt: {s}ms",
        "[{i:6d}] val_loss {b:g}",
    ),
    ("{i} {a:.4f} {b:.4f}", "loss is rising"),
    ("Train Epoch: {e} [{k}/50 ({p}%)]\tLoss: {a:.6f}", "Test set: Average loss: {b:.4f}"),
)


@st.composite
def texts(draw: st.DrawFn) -> list[bytes]:
    """A log of one of these kinds, with what makes a row differ from its neighbours."""
    row, *others = draw(st.sampled_from(LINES))
    lines = []
    i = draw(st.integers(0, 3))
    for _ in range(draw(st.integers(20, 60))):
        i += draw(st.sampled_from([1] * 30 + [7, 0, -4]))
        kind = draw(st.sampled_from([row] * 20 + others))
        value = st.floats(-1e3, 1e6, width=32)
        if draw(st.integers(0, 19)) == 0:
            value = st.sampled_from([math.nan, math.inf, 0.0, -0.0, 2.5e-30, 1e300])
        text = kind.format(
            i=i, n=100, a=draw(value), b=draw(value), c=i % 100, e=i // 50, k=i % 50, p=i % 50 * 2,
            bar="█" * (i % 50 // 5), m=i // 60 % 60, s=i % 60,
        )  # fmt: skip
        lines.append(
            text.encode() + draw(st.sampled_from([b"\n"] * 30 + [b"\r", b"  \n", b"\r\n"]))
        )
    return lines


@settings(max_examples=40)
@given(texts(), st.data())
def test_lines_of_a_text(lines, data):
    one = TextDecoder()
    alone = [record for line in lines for record in one.feed(line)]
    alone += one.flush()
    whole = b"".join(lines)
    cut = data.draw(st.integers(0, len(whole)))
    many = TextDecoder()
    together = [*many.feed(whole[:cut]), *many.feed(whole[cut:]), *many.flush()]
    assert shown(together) == shown(alone)
    assert many.facts == one.facts


@pytest.mark.parametrize("row", [kinds[0] for kinds in LINES])
def test_spans_of_such_lines_are_taken_together(row):
    lines = [
        row.format(
            i=i, n=100, a=2.5 - i / 100, b=0.5, c=i, e=0, k=i, p=2 * i, bar="█" * (i // 5), m=0, s=i,
        )
        for i in range(50)
    ]  # fmt: skip
    decoder = TextDecoder()
    for line in lines[:20]:
        decoder.feed(line.encode() + b"\n")
    found = decoder.feed("\n".join([*lines[20:], ""]).encode())
    if "{e} [{k}/50 (" not in row:  # samples, whose batch size is not known yet
        assert isinstance(found, Parts)
        assert any(isinstance(part, Rows) and len(part) > 20 for part in found.parts)


def test_a_long_number_is_one_however_the_table_is_cut() -> None:
    """A cell of very many digits counts in a row by itself as it does among many."""
    long = "0." + "1234567890" * 9
    data = b"step,loss\n" + b"".join(b"%d,%s\n" % (i, long.encode()) for i in range(1, 41))
    whole = list(CsvDecoder().feed(data))
    decoder = CsvDecoder()
    assert [r for line in data.splitlines(keepends=True) for r in decoder.feed(line)] == whole
    assert len(whole) == 40
