"""Whatever launchers put in front of the lines of a real log, the points stay the same."""

from __future__ import annotations

from functools import cache

import pytest

from lossmon.formats import any_text, jsonl
from lossmon.formats.detect import detect
from lossmon.formats.labels import Labels
from tests.formats.wrappers import WRAPPERS

LOGS = {
    "Megatron-LM": "".join(
        f" iteration {i:8}/  250000 | consumed samples: {1024 * i:12} | learning rate: 9.1E-06 |"
        f" lm loss: {2.5 - i / 1000:.6E} | loss scale: 1.0 | grad norm: 0.2{i % 10} |\n"
        for i in range(122, 140)
    ),
    "Keras": "".join(
        f"Epoch {e}/50\n413/413 [======] - 1s 2ms/step - loss: {1 / e:.4f} - val_loss: {2 / e:.4f}\n"
        for e in range(1, 8)
    ),
    "a table": "epoch  train loss  valid loss\n"
    + "".join(f"{e}  {1 / e:.4f}  {2 / e:.4f}\n" for e in range(1, 16)),
    "blocks": "".join(
        f"2024-08-06 09:59:{i:02}.1 box:0  olmo.train:908  INFO    [step={i}/739328,epoch=0]\n"
        f"    optim/total_grad_norm=2.{i}\n    train/CrossEntropyLoss=1{i}.18\n"
        for i in range(1, 6)
    ),
    "printed dicts": "".join(
        f"{{'loss': {3 - i / 10}, 'grad_norm': 0.5, 'learning_rate': 1e-05, 'epoch': {i / 100}}}\n"
        for i in range(14)
    ),
}


@cache  # of each log as it is, too, beside every wrapper
def read(log: str) -> list[tuple[int | None, dict[str, float]]]:
    found = detect(log.encode(), "train.log", True)
    assert found is not None
    records = [*found.decoder.feed(log.encode()), *found.decoder.flush()]
    return [(record.step, record.values) for record in records]


# These are told from the message only where a line says itself where it stands.
_BY_THE_LINE = ("kubernetes", "torchrun", "pdsh", "rich")
ANY_LINE = {name: wrap for name, wrap in WRAPPERS.items() if name not in _BY_THE_LINE}


@pytest.mark.parametrize("wrapper", ANY_LINE.values(), ids=ANY_LINE)
@pytest.mark.parametrize("log", LOGS.values(), ids=LOGS)
def test_a_prefix_changes_no_point_and_adds_no_metric(log, wrapper):
    lines = [wrapper(line, i) + "\n" for i, line in enumerate(log.splitlines())]
    assert read("".join(lines)) == read(log)


def strip(lines: list[str], at_once: int = 1000) -> list[str]:
    labels, raw = Labels(), [line.encode() for line in lines]
    given = [
        line for i in range(0, len(raw), at_once) for line in labels.strip(raw[i : i + at_once])
    ]
    return [line.decode() for line in given + labels.flush()]


@pytest.mark.parametrize("at_once", [1, 5, 100])
def test_labels_of_ranks_are_taken_off_and_an_index_stays(at_once):
    ranks = [f"{i % 2}: epoch {i // 4} loss 2.{i}" for i in range(40)]
    assert strip(ranks, at_once) == [line[3:] for line in ranks]
    index = [f"{10 * (i % 15)}: loss 2.{i}" for i in range(60)]  # starts anew with each epoch
    assert strip(index, at_once) == index
    pairs = [f"{i // 2}: {'val' if i % 2 else 'train'} 2.{i}" for i in range(40)]
    assert strip(pairs, at_once) == pairs


@pytest.mark.parametrize(
    "row",
    [
        "{i}: loss 2.{i}",
        "{i}: train_loss 2.{i} val_loss 2.{i}",
        "{i}: epoch {i} loss 2.{i}",
        "0: epoch {i} loss 2.{i}",
    ],
)
def test_of_a_log_that_grows_no_row_waits_for_more_than_the_next_one(row):
    labels = Labels()
    given = [len(labels.strip([row.format(i=i).encode()])) for i in range(1, 9)]
    assert given == [0, 2, 1, 1, 1, 1, 1, 1]


def test_an_unlabelled_beginning_does_not_hide_the_labels():
    ranks = [f"0: [{i}] loss 2.{i}" for i in range(20)]
    assert strip(["module load cuda", *ranks], 3) == ["module load cuda", *(r[3:] for r in ranks)]


def test_warnings_between_rows_of_json_do_not_hide_them():
    rows = [f'{{"epoch": {e}, "train_loss": {2 - e / 9}}}\n' for e in range(1, 9)]
    log = "".join(f"{row}x.py:12: UserWarning: slow\n  warnings.warn(\n" for row in rows)
    assert jsonl.sniff(log.encode(), "log.txt")
    assert not jsonl.sniff((log + '{"config": 1}\n' * 9).encode(), "log.txt")


def test_nul_bytes_of_a_crash_do_not_hide_bars():
    row = "Epoch {e}: 100%|██████████| 9/9 [00:01<00:00, 9.1it/s, loss=2.{e}]\n"
    log = "".join(row.format(e=e) for e in range(4)).encode() + b"\0" * 60
    found = detect(log, "train.log", True)
    assert found is not None
    assert [r.values for r in [*found.decoder.feed(log), *found.decoder.flush()]][-1] == {
        "loss": 2.3
    }


def test_a_log_that_a_document_quotes_is_no_run():
    quoted = b"You should see\n\n```\nepoch 1 loss 2.3\nepoch 2 loss 2.1\nepoch 3 loss 1.9\n```\n"
    assert any_text.sniff(quoted, "project/README.md") is None
    assert any_text.sniff(quoted, "CHANGELOG.md") is None
    assert any_text.sniff(quoted, "train.log")
