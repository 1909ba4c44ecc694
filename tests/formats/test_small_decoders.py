"""Formats of few lines: what is sniffed of JSON rows and messages, and what their rows say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lossmon.formats import json_messages, jsonl, mlflow, mlperf, trainer_state
from lossmon.formats.lexicon import (
    direction,
    is_error,
    is_loss,
    is_measured,
    is_noise,
    is_of_search,
    is_paced,
    is_rate,
    is_score,
)
from lossmon.formats.lexicon_foreign import in_english, sentence_in_english
from lossmon.formats.lines import LineSplitter
from lossmon.formats.text_tokens import tokenise
from lossmon.formats.text_unnamed import step_between_bars

ROW = '{"step": 1, "loss": 2.5}'
LIST = f"[{ROW}, {ROW}]"


@pytest.mark.parametrize(
    ("lines", "name", "sniffed"),
    [
        ([ROW], "x", True),
        (['{"loss": 2.5}'], "x", False),  # a summary
        (['{"loss": 2.5}'] * 2, "x", True),
        (['{"accuracy": 0.5}'] * 2, "x", False),  # rows of a data set
        (['{"cost": 2.5}'] * 2, "x", False),
        (['{"epoch": 1, "accuracy": 0.5}'], "x", True),
        (['{"time": 1700000000, "accuracy": 0.5}'], "x", True),
        (['{"step": 1, "note": 3}'], "x", False),
        (['{"1": {"loss": 2.3}}'], "x", False),  # a document
        (["text", "text", ROW], "x", False),
        (["text", ROW, ROW, ROW, ROW], "x", True),
        (["text", "text", "text", ROW, ROW, ROW], "x", False),  # it begins as no JSON
        ([LIST], "x.json", False),  # it may be written anew
        ([LIST], "x.jsonl", True),
        ([LIST], "x.ndjson", True),
        ([LIST, LIST], "x.json", True),
        (["[1, 2]", "[3, 4]"], "x.jsonl", False),
        ([ROW, '{"step": 2, "lo'], "x", True),  # the last line may be cut
        (["nothing"], "x.jsonl", False),
        ([], "x.jsonl", False),
    ],
    ids=range(20),
)
def test_rows_of_json_are_those_of_a_training(lines: list[str], name: str, sniffed: bool) -> None:
    found = jsonl.sniff("".join(f"{line}\n" for line in lines).encode(), name)
    assert (found is not None) == sniffed


def message(text: Any, **more: Any) -> str:
    return json.dumps({"message": text, **more}) + "\n"


ROWS = [f"step {n} loss {2.5 - n / 50:.3f}" for n in range(1, 13)]


@pytest.mark.parametrize(
    ("head", "sniffed"),
    [
        ("".join(map(message, ROWS)), True),
        (message(ROWS[0]), False),  # of one line nothing is told
        ("".join(message("hello") for _ in ROWS), False),
        ("text\n" + "".join(map(message, ROWS)), False),
        ("".join(map(message, ROWS)) + '{"mess', True),  # the last line may be cut
        ("".join(map(message, ROWS[:8])) + "text\n" * 4, False),
        ("".join(message(n) for n in range(12)), False),  # numbers are no messages
        ("".join(json.dumps({"log": row + "\n"}) + "\n" for row in ROWS), True),  # as docker does
    ],
    ids=range(8),
)
def test_messages_in_json_are_a_log_where_they_look_like_one(head: str, sniffed: bool) -> None:
    assert (json_messages.sniff(head.encode(), "x") is not None) == sniffed


@pytest.mark.parametrize(
    ("more", "time"),
    [({}, None), ({"time": 1.7e9}, 1.7e9), ({"time": None}, None),
     ({"ts": "2023-11-14T22:13:20Z"}, 1.7e9), ({"level": "info"}, None)],
)  # fmt: skip
def test_the_time_of_a_message_is_that_of_its_row(more: dict[str, Any], time: float | None) -> None:
    decoder = json_messages.decoder("x")
    records = decoder.feed("".join(message(row, **more) for row in ROWS).encode())
    records = [*records, *decoder.flush()]
    assert [record.step for record in records] == [*range(1, 13)]
    assert {record.time for record in records} == {time}


def test_lines_between_messages_are_counted() -> None:
    decoder = json_messages.decoder("x")
    text = "".join(map(message, ROWS))
    records = [*decoder.feed(f"odd\n\n{text}odd\n{{}}\n".encode()), *decoder.flush()]
    assert len(records) == 12
    assert decoder.skipped.count == 3


def event(key: str, value: Any, **metadata: Any) -> bytes:
    told = {"namespace": "", "time_ms": 1700000000000, "event_type": "POINT_IN_TIME", "key": key,
            "value": value, "metadata": metadata}  # fmt: skip
    return f":::MLLOG {json.dumps(told)}\n".encode()


@pytest.mark.parametrize(
    ("line", "row"),
    [
        (event("eval_accuracy", 0.5, epoch_num=3), ({"eval_accuracy": 0.5}, 3)),
        (event("eval_accuracy", {"value": 0.5}, step_num=7), ({"eval_accuracy": 0.5}, 7)),
        (event("eval_accuracy", "0.5"), ({"eval_accuracy": 0.5}, None)),
        (event("eval_accuracy", True), None),
        (event("eval_accuracy", None), None),
        (event("eval_accuracy", [1]), None),
        (event("seed", 3), None),
        (b":::MLLOG [1]\n", None),
        (b"text\n", None),
    ],
    ids=range(9),
)
def test_an_event_of_mlperf(line: bytes, row: tuple[dict[str, float], int | None] | None) -> None:
    decoder = mlperf.MlperfDecoder()
    records = [*decoder.feed(line), *decoder.flush()]
    if row is None:
        assert records == []
    else:
        ((values, step, _, time, *_),) = records
        assert (values, step, time) == (*row, 1.7e9)


@pytest.mark.parametrize(("name", "key"), [("gpt3", "eval_loss"), ("resnet", "eval_accuracy")])
def test_what_a_language_model_calls_its_accuracy_is_a_loss(name: str, key: str) -> None:
    decoder = mlperf.MlperfDecoder()
    decoder.feed(event("submission_benchmark", name))
    (record,) = decoder.feed(event("eval_accuracy", 0.5))
    assert list(record.values) == [key]
    assert not decoder.facts.finished
    decoder.feed(event("run_stop", None))
    assert decoder.facts.finished


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("loss", ("lower", True, False, True, False, False, False)),
        ("elbo", ("higher", True, False, True, False, False, False)),
        ("accuracy", ("higher", False, False, True, True, False, False)),
        ("perplexity", ("lower", True, False, True, True, False, False)),
        ("val_wer", ("lower", False, False, True, True, False, False)),
        ("rmse", ("lower", True, True, True, False, False, False)),
        ("lr", (None, False, False, True, False, True, False)),
        ("grad_norm", (None, False, False, True, False, True, False)),
        ("tokens_per_second", (None, False, False, False, False, False, True)),
        ("layers", (None, False, False, False, False, False, False)),
    ],
)
def test_what_a_name_tells(name: str, told: tuple[object, ...]) -> None:
    found = (
        direction(name), is_loss(name), is_error(name), is_measured(name), is_score(name),
        is_paced(name), is_rate(name),
    )  # fmt: skip
    assert found == told


@pytest.mark.parametrize(
    ("names", "search"),
    [(["gen", "nevals", "avg"], True), (["gen", "nevals"], False), (["gen", "avg", "std"], False),
     ([], False)],
)  # fmt: skip
def test_columns_of_a_search_are_told_by_two_of_them(names: list[str], search: bool) -> None:
    assert is_of_search(names) == search


@pytest.mark.parametrize(
    ("name", "noise"),
    [("eta", True), ("loss", False), ("wer", False), ("pid", True),
     ("temperature", False)],
)  # fmt: skip
def test_what_is_nothing_to_draw(name: str, noise: bool) -> None:
    assert is_noise(name) == noise


@pytest.mark.parametrize(
    ("form", "english"),
    [("tasso_di_apprendimento", "lr"), ("loss", "loss"), ("perdita", "loss"), ("x_di_y", "x_di_y")],
)
def test_names_in_other_languages(form: str, english: str) -> None:
    assert in_english(form) == english


@pytest.mark.parametrize(
    ("text", "english"),
    [("Auswertung bei Schritt 500", "eval bei step 500"), ("step 5", "step 5"), ("损失", " loss ")],
)
def test_words_of_a_sentence(text: str, english: str) -> None:
    assert sentence_in_english(text) == english


@pytest.mark.parametrize(
    ("text", "sniffed"),
    [
        ('{"log_history": [{"loss": 1.0, "step": 1}], "global_step": 1}', True),
        ('{\n  "best_metric": null,\n  "log_history": [\n', True),
        ('{"global_step": 1}', False),
        ("[]", False),
    ],
)
def test_a_trainer_state_is_told_by_its_keys(text: str, sniffed: bool) -> None:
    assert (trainer_state.sniff(text.encode(), "trainer_state.json") is not None) == sniffed


POINT = "1700000000000 0.5 7"


@pytest.mark.parametrize(
    ("lines", "sniffed"),
    [
        ([POINT], True),
        (["1700000000000 0.5"], False),
        ([POINT, "17000"], True),  # the last may be cut
        ([POINT, "17000", ""], True),
        ([POINT, "17000", POINT], False),
        ([POINT] * mlflow._SNIFFED + ["odd"], True),  # it is not looked at
        ([POINT] * (mlflow._SNIFFED - 1) + ["odd", POINT], False),
        ([POINT] * (mlflow._SNIFFED - 1) + ["odd"], True),
        (["", ""], False),
    ],
    ids=range(9),
)
def test_a_file_of_points_of_mlflow(lines: list[str], sniffed: bool) -> None:
    assert (mlflow.sniff("\n".join(lines).encode(), "metrics/loss") is not None) == sniffed


@pytest.mark.parametrize(
    ("pieces", "drawn"),
    [
        ([b"1/9 loss 0.50\r", b"2/9 loss 0.40"], [b"2/9 loss 0.40"]),  # as long as the one before
        ([b"1/9 loss 0.50\r", b"2/9 loss 0.4"], []),
        ([b"[1/9 0.50]\r", b"[2/9 1]"], [b"[2/9 1]"]),  # closed as that one
        ([b"[1/9 0.50]\r"], []),
        ([b"1/9 loss 0.50\n", b"2/9 loss 0.40"], []),  # it draws nothing over
        ([b"1/9 loss 0.50\r\n", b"2/9 loss 0.40"], []),
        ([b"2/9 loss 0.40"], []),
        ([b"a\rb\n", b"c"], []),
    ],
    ids=range(8),
)
def test_the_last_row_of_a_bar_that_fell_silent(pieces: list[bytes], drawn: list[bytes]) -> None:
    splitter = LineSplitter()
    for piece in pieces:
        splitter.feed(piece)
    assert splitter.drawn() == drawn


@pytest.mark.parametrize(
    ("message", "step"),
    [
        ("0:11:14 -    1140 -   56.1 sent/s", "1140"),
        ("0:11:14 -    11.5 -   56.1 sent/s", None),
        ("1140 - 56.1 sent/s", None),
        ("0:11:14 - 1140", None),
        ("loss 2.5", None),
    ],
)
def test_a_whole_number_between_two_bars_is_the_step(message: str, step: str | None) -> None:
    tokens = tokenise(message)
    at = step_between_bars(message, tokens)
    assert (None if at is None else tokens[at].text) == step
