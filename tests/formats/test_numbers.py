"""Numbers as training logs write them."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.api import read_runs
from lossmon.formats.numbers import parse_number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-05", 1e-5),
        ("'2.31'", 2.31),
        ('"2.31"', 2.31),
        (" 7 ", 7),
        ("tensor(2.3, device='cuda:0', grad_fn=<NllLossBackward0>)", 2.3),
        ("tensor([2.3])", 2.3),
        ("np.float64(2.3)", 2.3),
        ("array(2.3, dtype=float32)", 2.3),
        ("[9.6e-06]", 9.6e-6),
        ("1,234", 1234),
        ("-1,234,567.5", -1234567.5),
        ("12.5%", 12.5),
        ("1.2k", 1200),
        ("3M", 3e6),
        ("inf", math.inf),
        ("-Infinity", -math.inf),
    ],
)
def test_spellings_of_a_number(text, value):
    assert parse_number(text) == value


@pytest.mark.parametrize("text", ["nan", "NaN", "-nan", "'nan'", "tensor(nan, device='cuda:0')"])
def test_not_a_number_is_data(text):
    value = parse_number(text)
    assert value is not None
    assert math.isnan(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "''",
        "abc",
        "1_000",
        "1,23",
        "12abc",
        "1.2.3",
        "0x10",
        "None",
        "(",
        "tensor()",
        "9" * 400 + ")",
    ],
)
def test_anything_else_is_none(text):
    assert parse_number(text) is None


@given(st.floats())
def test_every_float_survives_its_repr(value):
    read = parse_number(repr(value))
    assert read == value or (math.isnan(value) and read is not None and math.isnan(read))


@given(st.text(max_size=60))
def test_no_text_raises(text):
    parse_number(text)


@pytest.mark.parametrize("zeros", ["", "0", "000"])
@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1.#INF", math.inf),
        ("-1.#INF", -math.inf),
        ("1.#QNAN", math.nan),
        ("1.#SNAN", math.nan),
        ("-1.#IND", math.nan),
    ],
)
@pytest.mark.parametrize("name", ["m.log", "m.csv"])
def test_what_old_compilers_of_microsoft_print_is_no_1(
    tmp_path: Path, written: str, zeros: str, value: float, name: str
) -> None:
    """A loss of NaN was 1, and its training was well."""
    form = "{},{}\n" if name.endswith("csv") else "step {}, lr 0.1, loss: {}, acc 0.5\n"
    rows = [form.format(s, 2 - s / 100 if s < 30 else written + zeros) for s in range(40)]
    (tmp_path / name).write_text("step,loss\n" * name.endswith("csv") + "".join(rows))
    (update,) = read_runs(str(tmp_path / name), "never")
    assert update.series["loss"].value[30:] == pytest.approx([value] * 10, nan_ok=True)
    assert parse_number(written + zeros) == pytest.approx(value, nan_ok=True)
