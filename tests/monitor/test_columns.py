"""Rows that travel by column give the verdicts, at the steps, that they give one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.formats.decoder import Record, Rows, batches
from lossmon.monitor.log import Log
from lossmon.monitor.merge import Merge
from lossmon.monitor.training import Training
from tests.conftest import some_of
from tests.diagnosis.curves import CURVES, evaluations

NOW = 1.7e9


def told(data: bytes, piece: int) -> object:
    """What a run is told to be, and what was shown when, read so many bytes at a time."""
    log = Log("train.jsonl", size=len(data), mtime=NOW)
    training = Training("run", [log])
    for start in range(0, len(data), piece):
        training.take(log, log.feed(data[start : start + piece]), NOW, live=False)
    training.take(log, log.end(), NOW, live=False)
    before = training.diagnosis
    training.conclude(NOW)
    return before, training.diagnosis, log.records, log.history.step


def lines(rows: list[dict[str, float]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


@pytest.mark.parametrize("kind", some_of(list(CURVES), 2))
@pytest.mark.slow
def test_a_curve(kind: str) -> None:
    curve = CURVES[kind](80).tolist()
    data = lines([{"step": i, "loss": v, "lr": 1e-4} for i, v in enumerate(curve, 1)])
    assert told(data, 1 << 20) == told(data, 30)


@pytest.mark.parametrize(
    "kind", some_of(["overfitting", "underfitting", "eval_faster", "healthy_pair"])
)
@pytest.mark.parametrize("same_row", [True, False])
def test_a_pair(kind: str, same_row: bool) -> None:
    train, evals = evaluations(kind, 60)
    losses = train.tolist()[9::10]
    rows = []
    for i, (loss, held_out) in enumerate(zip(losses, evals.tolist(), strict=True), 1):
        rows.append({"step": i, "loss": loss})
        if same_row:
            rows[-1]["eval_loss"] = held_out
        elif i % 3 == 0:
            rows.append({"step": i, "eval_loss": held_out})
    assert told(lines(rows), 1 << 20) == told(lines(rows), 30)


@pytest.mark.slow
def test_a_metric_that_comes_late() -> None:
    rows = [{"step": i, "loss": 1 / i} for i in range(1, 140)]
    for row in rows[70:]:
        row["eval_loss"] = 2 / row["step"] + (row["step"] > 105)
    assert told(lines(rows), 1 << 20) == told(lines(rows), 30)


def pieces(records: list[Record]) -> Iterator[tuple[bool, int]]:
    for part in batches(records):
        yield isinstance(part, Rows), len(part) if isinstance(part, Rows) else 1


def test_neighbours_that_are_alike_go_together() -> None:
    train = [Record({"loss": 1.0}, i) for i in range(20)]
    check = Record({"eval_loss": 1.0}, 20)
    no_step = [Record({"loss": 1.0}) for _ in range(20)]
    assert list(pieces([*train, check, *train])) == [(True, 20), (False, 1), (True, 20)]
    assert set(pieces(no_step)) == {(False, 1)}
    assert [r for part in batches(train) for r in part] == train


@given(
    st.lists(st.integers(0, 60), unique=True, min_size=1).map(sorted),
    st.lists(st.integers(0, 60), unique=True, min_size=1).map(sorted),
    st.integers(0, 60),
)
@settings(max_examples=60)
def test_logs_of_one_training_are_merged_in_step_order(train: list[int], evals: list[int], at: int):
    first, second = Log("train.jsonl"), Log("eval.jsonl")
    merge, seen = Merge(), []
    for wanted in (range(at), range(at, 61)):  # what is there at first, and what comes later
        for step in (s for s in train if s in wanted):
            first.add(Record({"loss": 1.0 + step, "lr": 0.5}, step, epoch=step / 10))
        for step in (s for s in evals if s in wanted):
            second.add(Record({"eval_loss": 2.0 + step}, step))
        merge.choose([first, second], settled=True)
        for part in merge.parts():
            seen += list(part) if isinstance(part, Rows) else [part]
            merge.add(part)
    for name, steps, level in (
        ("loss", train, 1.0),
        ("lr", train, None),
        ("eval_loss", evals, 2.0),
    ):
        view = merge.history.series[name].view()
        assert view.step.tolist() == steps
        assert view.value.tolist() == [0.5 if level is None else level + step for step in steps]
    places = [record.step for record in seen[-len(train) - len(evals) :]]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("others", "chosen"),
    [(38, "train"), (40, "train"), (43, "train"), (45, "other"), (60, "other")],
)
def test_evals_come_from_the_log_of_the_train_rows_unless_another_has_many_more(
    others: int, chosen: str
) -> None:
    """One log's train and eval rows share one step axis; that of another may count otherwise."""
    train, other = Log("train.jsonl"), Log("other.jsonl")
    for step in range(1, 401):
        train.add(Record({"loss": 2.0}, step))
    for at in range(1, 41):
        train.add(Record({"eval_loss": 1.0}, at * 10))
    for at in range(1, others + 1):
        other.add(Record({"eval_loss": 3.0}, at * 400 // others))
    merge = Merge()
    merge.choose([train, other], settled=True)
    assert merge.sources["eval_loss"][0] is {"train": train, "other": other}[chosen]
