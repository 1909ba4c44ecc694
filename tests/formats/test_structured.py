"""What holds for every structured format: recognised by content, any split gives the same records."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.errors import FormatError
from lossmon.formats.decoder import Record
from lossmon.formats.detect import detect
from lossmon.formats.line_decoder import NO_ROW, LineDecoder, NoRow
from lossmon.formats.lines import clean, strip_prefix
from lossmon.formats.names import choose
from lossmon.formats.store import StoreDecoder
from tests.formats.samples import CSV, JSONL, SAMPLES, UNRELATED


def read(data: bytes, path: str, pieces: list[int] | None = None) -> list[Record]:
    """Detect by the whole head, then feed the bytes cut at `pieces`."""
    found = detect(data, path, True)
    assert found is not None
    cuts = [0, *sorted(pieces or []), len(data)]
    records = []
    for start, stop in pairwise(cuts):
        records += found.decoder.feed(data[start:stop])
    return [*records, *found.decoder.flush()]


def counts(records: list[Record]) -> Counter[str]:
    return Counter(name for record in records for name in record.values)


def shown(records: list[Record]) -> list[str]:
    return [repr(record) for record in records]  # NaN equals NaN in words


@pytest.mark.parametrize("name", SAMPLES)
def test_it_is_recognised_by_its_content_and_read_whole(name: str) -> None:
    path, data, points = SAMPLES[name]
    found = detect(data, path, False)
    assert found is not None
    assert found.format == name
    assert found.why
    seen = counts(read(data, path))
    assert seen[choose(list(seen))["train_loss"]] == points


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=40)
@given(data=st.data())
def test_any_split_of_the_bytes_gives_the_same_records(name: str, data: st.DataObject) -> None:
    path, log, _ = SAMPLES[name]
    pieces = data.draw(st.lists(st.integers(0, len(log)), max_size=12))
    assert shown(read(log, path, pieces)) == shown(read(log, path))


@pytest.mark.parametrize("name", SAMPLES)
def test_byte_by_byte_is_no_different(name: str) -> None:
    path, log, _ = SAMPLES[name]
    log = log[:4000]
    every = list(range(1, len(log)))
    assert shown(read(log, path, every)) == shown(read(log, path))


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=60)
@given(data=st.data())
def test_damage_never_raises_and_what_is_skipped_is_counted(name: str, data: st.DataObject) -> None:
    path, log, _ = SAMPLES[name]
    at = data.draw(st.integers(0, len(log) - 1))
    noise = data.draw(st.binary(max_size=40))
    damaged = log[:at] + noise + log[at + data.draw(st.integers(0, 40)) :]
    found = detect(log, path, True)
    assert found is not None
    records = [*found.decoder.feed(damaged), *found.decoder.flush()]
    assert all(isinstance(value, float | int) for r in records for value in r.values.values())
    assert found.decoder.skipped.count >= 0


@settings(max_examples=150)
@given(head=st.binary(max_size=300), name=st.sampled_from(["a.log", "b.jsonl", "c.csv", "metrics"]))
def test_random_bytes_are_refused_in_one_line_or_waited_for(head: bytes, name: str) -> None:
    try:
        found = detect(head, name, True)
    except FormatError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017
    else:
        assert found is None or found.decoder.feed(head) is not None


def test_lists_of_losses_beside_lists_of_objects_are_one_history() -> None:
    history = b'{"loss": [0.5, 0.4], "val_loss": [0.6, 0.5], "scores": [{"r2": 0.1}, {"r2": 0.2}]}'
    assert [record.values for record in read(history, "training_history.json")] == [
        {"loss": 0.5, "val_loss": 0.6, "scores/r2": 0.1},
        {"loss": 0.4, "val_loss": 0.5, "scores/r2": 0.2},
    ]


def test_a_class_called_error_has_an_accuracy_and_no_loss() -> None:
    rows = b'{"mode": "train", "iter": 10, "loss": 0.5}\n{"mode": "val", "iter": 10, "Acc.error": 0.9}\n'
    names = [name for record in read(rows, "log.json") for name in record.values]
    assert choose(names) == {"train_loss": "loss"}


def test_what_is_no_training_log_is_refused() -> None:
    with pytest.raises(FormatError, match="a row looks like"):
        detect(UNRELATED, "vocab.json", True)


def test_nan_in_json_is_data() -> None:
    values = [record.values["loss"] for record in read(JSONL, "log.jsonl")]
    assert values[6] != values[6]


def test_an_empty_cell_is_no_value() -> None:
    records = read(CSV, "log.csv")
    assert "val_loss" not in records[0].values
    assert records[4].values == {"train_loss": 1.95, "val_loss": 1.9}


def test_a_file_about_one_split_names_its_metrics_by_it() -> None:
    table = b"iter\tLogloss\n0\t0.6\n1\t0.5\n"
    assert counts(read(table, "catboost_info/test_error.tsv")) == {"test_Logloss": 2}
    assert counts(read(table, "catboost_info/learn_error.tsv")) == {"learn_Logloss": 2}
    table = b"step\tloss\n0\t0.6\n1\t0.5\n"
    assert counts(read(table, "dvclive/plots/metrics/eval/loss.tsv")) == {"eval_loss": 2}
    assert counts(read(table, "runs/my_test.tsv")) == {"loss": 2}


def test_a_plan_may_stand_beside_the_rows() -> None:
    document = b"""{"meta": {"iteration_count": 2, "learn_metrics": []}, "iterations": [
        {"iteration": 0, "loss": 0.5}, {"iteration": 1, "loss": 0.4}]}"""
    found = detect(document, "catboost_training.json", True)
    assert found is not None
    assert [record.step for record in found.decoder.feed(document)] == [0, 1]
    assert found.decoder.facts.total_steps == 2


def test_a_monitor_writes_episodes_under_single_letters() -> None:
    table = (
        b'#{"t_start": 1551811846.01, "env_id": "CartPole-v1"}\nr,l,t\n21.0,21,0.5\n34.0,34,0.9\n'
    )
    records = read(table, "0.monitor.csv")
    assert [record.values["episode_reward"] for record in records] == [21.0, 34.0]
    assert [record.values["episode_length"] for record in records] == [21.0, 34.0]


@pytest.mark.parametrize(
    ("name", "data", "metric"),
    [
        ("train_loss.txt", b"epoch1\t0.5\nepoch2\t0.25\nepoch3\t0.2\nepoch4\t0.1\nepoch5\tnan\n", "train_loss"),
        ("out/val_losses_log.txt", b"5e-1\n4e-1\n.3\n0.2\n1.5\n", "val_losses"),
        ("D_loss.dat", b"1 0.5\n2 0.4\n3 0.3\n4 0.2\n5 0.1\n", "D_loss"),
        ("exp/scalars/train/q.csv", b"1,6.6\n2,5.2\n3,4.1\n4,4.5\n5,3\n", "train/q"),
        ("somewhere/lr.csv", b"10;1.5\n20;1.2\n30;1.1\n40;.5\n50;.3\n", "lr"),
        ("a_loss.csv", b"x1,x2\n1,6.6 (tracked)\n2,5.2\n3,4.1\n4,4.5\n5,3\n", "a_loss"),
        ("loss.csv", b'"","x"\n"1",6.6\n"2",5.2\n"3",4.1\n"4",4.5\n"5",3\n', "loss"),
        ("loss.csv", b",0\n0,6.6\n1,5.2\n2,4.1\n3,4.5\n4,3\n", "loss"),
        ("points.csv", b"1,6.6\n2,5.2\n3,4.1\n4,4.5\n5,3\n", None),
        ("labels.txt", b"0.5\n0.5\n0.5\n0.5\n0.5\n", None),  # no name of a metric
        ("loss.txt", b"1\n2\n3\n4\n5\n", None),  # counts
        ("loss.txt", b"3 0.5\n1 0.4\n2 0.3\n4 0.2\n5 0.1\n", None),  # numbered, and no counter
        ("loss.txt", b"0.5\n0.4\nthe end\n0.3\n0.2\n0.1\n", None),
    ],
)  # fmt: skip
def test_bare_numbers_are_called_after_their_file(
    name: str, data: bytes, metric: str | None
) -> None:
    from lossmon.formats import column

    found = None if column.sniff(data, name) is None else column.decoder(name)
    assert (found is not None) == (metric is not None)
    if found is not None:
        records = [*found.feed(data), *found.flush()]
        assert [list(record.values) for record in records] == [[metric]] * 5
        assert found.skipped.count == int(data[:1] in b'x",')


def test_episodes_count_the_rows_of_a_table_where_nothing_else_does() -> None:
    records = read(b"episode,total_reward\n1,0.5\n2,0.25\n", "rewards.csv")
    assert [(r.step, r.values) for r in records] == [
        (1, {"total_reward": 0.5}),
        (2, {"total_reward": 0.25}),
    ]


def test_a_history_that_was_printed_holds_a_row_an_epoch() -> None:
    records = read(b"{'loss': [2.5, 1.5], 'val_loss': [2.75, np.float64(1.75)]}\n", "history.txt")
    assert [r.values for r in records] == [
        {"loss": 2.5, "val_loss": 2.75},
        {"loss": 1.5, "val_loss": 1.75},
    ]


def test_rows_of_a_plan_tell_the_plan() -> None:
    path, data, _ = SAMPLES["llamafactory"]
    found = detect(data, path, True)
    assert found is not None
    found.decoder.feed(data)
    assert found.decoder.facts.total_steps == 240


def test_mlperf_calls_the_eval_loss_of_language_models_accuracy() -> None:
    def line(key: str, value: object) -> bytes:
        return b':::MLLOG {"time_ms": 1, "key": "%s", "value": %s, "metadata": {"step": 5}}\n' % (
            key.encode(),
            repr(value).replace("'", '"').encode(),
        )

    log = line("submission_benchmark", "llama2_70b_lora") + line("eval_accuracy", 0.92)
    assert counts(read(log, "result.txt")) == {"eval_loss": 1}


def test_printed_dicts_without_a_number_are_no_rows_of_theirs() -> None:
    """They were sixty, beside eighty rows that were lost for it."""
    rows = "".join(f"step {i} loss {2 / i:.3f}\n" for i in range(1, 40))
    text = rows + "{'loss': oops}\n" * 60 + rows.replace("step ", "step 1")
    found = detect(text.encode(), "train.log", True)
    assert found is not None
    assert found.format == "text"


@pytest.mark.parametrize("cut", [0, 40, 90])
def test_the_first_line_alone_says_which_store_it_is(cut: int) -> None:
    """Where it said none, each piece of the log lost its first line."""
    rows = b"".join(b'{"step": %d, "loss": %d}\n' % (i, 9 - i) for i in range(6))
    reader = StoreDecoder()
    log = b'{"lossmon_store"\r: "trackio"}\n' + rows
    read = [*reader.feed(log[:cut]), *reader.feed(log[cut:])]
    assert [record.step for record in read] == list(range(6))


class Fern(LineDecoder):
    """The smallest format of lines."""

    def __init__(self) -> None:
        super().__init__("fern", "no row of Fern")

    def row(self, line: bytes) -> Record | NoRow | None:
        text, time = strip_prefix(clean(line))
        if text.startswith("plan "):
            self.facts.total_steps = int(text[5:])
            return NO_ROW
        step, _, loss = text.partition(" loss ")
        return Record({"train_loss": float(loss)}, int(step), None, time) if loss else None


def test_a_line_is_a_row_or_was_read_or_is_skipped() -> None:
    fern = Fern()
    (row,) = fern.feed(b"plan 300\n\n10 loss 0.5\nwhat else\n")
    assert (row.step, row.values) == (10, {"train_loss": 0.5})
    assert fern.facts.total_steps == 300
    assert fern.skipped.examples == [("no row of Fern", "what else")]


def test_a_failure_holds_until_a_row_follows() -> None:
    fern = Fern()
    fern.feed(b"10 loss 0.5\nTraceback (most recent call last):\nValueError: no more data\n")
    assert fern.facts.failure == "ValueError: no more data"
    fern.feed(b"20 loss 0.4\n")
    assert fern.facts.failure is None
