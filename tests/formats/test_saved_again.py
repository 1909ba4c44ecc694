"""JSON documents that are written whole at each save: each row is handed on once, parsed once."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.formats import json_document
from lossmon.formats.decoder import Record
from lossmon.formats.json_document import DocumentDecoder

_NUMBER = st.sampled_from([2.5, 1.0, 0.125, float("nan"), float("inf")])
_ROW = st.builds(
    lambda loss, words: {"loss": loss} | words,
    _NUMBER,
    st.sampled_from([{}, {"note": "]}"}, {"note": '"log_history": ['}]),
)
_SAVE = st.fixed_dictionaries(
    {
        "keep": st.integers(0, 12),  # rows of the save before
        "more": st.lists(_ROW, max_size=6),
        "head": st.dictionaries(
            st.sampled_from(["best", "path"]),
            st.sampled_from([1, "[a", None, [3], 'x "log_history": [1, 2]']),
        ),
        "tail": st.dictionaries(
            st.sampled_from(["max_steps", "args"]), st.sampled_from([7, {"a": []}, "]"])
        ),
        "indent": st.sampled_from([None, 2]),
    }
)


def document(save: dict, rows: list[dict], listed: bool) -> bytes:
    whole = rows if listed else {**save["head"], "log_history": rows, **save["tail"]}
    return json.dumps(whole, indent=save["indent"]).encode()


def read(decoder: DocumentDecoder, held: list[Record], data: bytes, cut: int) -> list[Record]:
    """What is held of a run after one more save."""
    decoder.again()
    records = [r for i in range(0, len(data), cut) for r in decoder.feed(data[i : i + cut])]
    records += decoder.flush()
    if decoder.void:
        decoder.void, held = False, []
    return held + records


@given(st.lists(_SAVE, min_size=1, max_size=5), st.booleans(), st.integers(20, 400))
@settings(max_examples=150)
def test_however_a_document_is_saved_again_its_rows_are_held(saves, listed, cut) -> None:
    decoder, held, rows = DocumentDecoder("trainer_state"), [], []
    for number, save in enumerate(saves, 1):
        kept = rows[: save["keep"]]
        added = [row | {"step": len(kept) + 1 + i} for i, row in enumerate(save["more"])]
        changed = len(kept) < len(rows) and [row.get("step") for row in added]
        if changed:  # a row at the place of one that was there says so in its step
            added = [row | {"step": row["step"] + 100 * number} for row in added]
        rows = kept + added
        decoder = copy.deepcopy(decoder)
        held = read(decoder, held, document(save, rows, listed), cut)
        if rows:
            fresh = read(
                DocumentDecoder("trainer_state"), [], document(save, rows, listed), 1 << 20
            )
            assert repr([r.values for r in held]) == repr([r.values for r in fresh])
            assert [r.step for r in held] == [r.step for r in fresh]


@given(st.lists(_ROW, max_size=8), st.sampled_from([None, 2]), st.integers(1, 200))
def test_a_list_that_nothing_closed_yet_has_the_rows_that_are_whole(rows, indent, cut) -> None:
    rows = [row | {"step": n} for n, row in enumerate(rows)]
    data = json.dumps(rows, indent=indent).encode()
    closing = 2 if indent else 1
    ends = [len(json.dumps(rows[: n + 1], indent=indent)) - closing for n in range(len(rows))]
    decoder, held = DocumentDecoder("json"), 0
    for at in range(0, len(data), cut):
        held += len(decoder.feed(data[at : at + cut]))
        asked = copy.deepcopy(decoder)
        whole = sum(end <= at + cut for end in ends)
        assert held + len(asked.flush()) == whole
        if at % 2:
            held += len(decoder.settle())
    assert held + len(decoder.flush()) == len(rows)
    assert not decoder.skipped.count


@pytest.mark.parametrize("odd", [1.5, float("nan")])
def test_of_a_document_with_more_rows_only_those_are_parsed(monkeypatch, odd) -> None:
    parsed: list[int] = []
    load = json_document.load_document
    monkeypatch.setattr(
        json_document, "load_document", lambda data: parsed.append(len(data)) or load(data)
    )
    rows = [{"step": i, "loss": 2.0 - i / 1e5} for i in range(1, 5000)]
    rows[7]["loss"] = odd
    decoder, held = DocumentDecoder("trainer_state"), []
    for save in range(3):
        data = json.dumps({"global_step": 10**save, "log_history": rows, "max_steps": 9}, indent=2)
        held = read(decoder, held, data.encode(), 1 << 14)
        assert len(held) == len(rows)
        assert decoder.facts.total_steps == 9
        rows.append({"step": rows[-1]["step"] + 1, "loss": 1.0})
    assert parsed[0] > 200_000
    assert max(parsed[1:]) < 300


_ANY = st.recursive(
    st.sampled_from([1, 2.5, None, "}, {", '"log_history": [', "x\\", '\\"}, {"', []]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
_ROWS = st.lists(st.dictionaries(st.sampled_from(["loss", "x"]), _ANY) | _ANY, max_size=12)
_LONG = st.one_of(
    _ROWS,
    st.fixed_dictionaries({"a": _ANY, "log_history": _ROWS, "z": _ANY}),
    st.fixed_dictionaries({"a": st.fixed_dictionaries({"log_history": _ROWS}), "log_history": _ROWS}),
    st.fixed_dictionaries({"loss": st.lists(st.sampled_from([2.5, 1.0, float("inf")]))}),
)  # fmt: skip


@given(_LONG, st.integers(1, 60), st.sampled_from([None, 1]), st.integers(0, 30))
@settings(max_examples=100)
def test_a_long_document_parsed_in_slices_is_what_it_is_as_a_whole(
    told, size, indent, lost
) -> None:
    text = json.dumps(told, indent=indent).encode()
    assert json_document.load_document(text, size) == told
    cut = text[: len(text) - 1 - lost]
    assert json_document.load_document(cut, size) == json_document.load_document(cut)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b'{"log_history": [{"a": 1}, {"a": 2}], "log_history": [{"a": 3}]}', {"log_history": [{"a": 3}]}),
        (b'[{"a": NaN}, {"a": Infinity}, {"a": 1}]', [{"a": pytest.approx(float("nan"), nan_ok=True)}, {"a": float("inf")}, {"a": 1}]),
        (b'[{"a": 1} , {"a": 2}\n,\n{"a": [{"b": 1}, {"b": 2}]}]', [{"a": 1}, {"a": 2}, {"a": [{"b": 1}, {"b": 2}]}]),
        (b'[{"a": 1}, {"a": 2}, ]', None),
        (b'[{"a": 1}, {"a": 2}], {"a": 3}', None),
        (b'[{"a": 1}, {"a": 2}', None),
    ],
)  # fmt: skip
def test_what_stands_between_rows_is_read_as_json_reads_it(text: bytes, says: object) -> None:
    for size in (1, 5, 20):
        assert json_document.load_document(text, size) == says
