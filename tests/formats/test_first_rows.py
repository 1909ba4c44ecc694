"""Logs that have just begun, rows that carry no loss, dicts over several lines, unnamed steps."""

from __future__ import annotations

import pytest

from lossmon.formats import any_text, hf_stdout
from lossmon.formats.lexicon import OTHER, role
from lossmon.formats.text import TextDecoder
from lossmon.formats.text_signs import looks_like_training
from tests.formats.test_trainers import points


def dicts(log: str) -> list[tuple[int | None, dict[str, float]]]:
    decoder = hf_stdout.decoder("")
    records = [*decoder.feed(log.encode()), *decoder.flush()]
    return [(record.step, record.values) for record in records]


@pytest.mark.parametrize(
    "row",
    [
        "Epoch 1:  39%|████▎     | 4846/12331 [05:59<09:15, 13.47it/s, loss=0.0136, v_num=1]",
        "Epoch 1/1\n512/512 [=====] - 127s 247ms/step - loss: 0.3 - val_loss: 0.4",
        "Epoch: [0][  400/80073]\tTime  0.3 ( 0.4)\tLoss 6.9e+00 (7.1e+00)\tAcc@1 0.0 (0.1)\tlr 0.1",
        "step:4 - actor/pg_loss:0.025 - actor/grad_norm:0.49 - actor/lr:1e-06 - val/acc:0.7",
    ],
)
def test_a_first_row_that_can_be_nothing_else_is_a_run(row):
    assert looks_like_training(row.encode())
    assert not looks_like_training(f"It prints\n```\n{row}\n```\n".encode())


def test_one_short_row_may_be_a_sentence():
    assert not looks_like_training(b"At step 10 the loss was 2.3\n")


def test_rows_without_a_loss_are_a_run_where_they_tell_the_learning_rate():
    log = "".join(
        f"[2022-03-11 02:06:58,985] [INFO] [logging.py:69:log_dist] [Rank 0] step={s}, skipped=2,"
        " lr=[5e-05], mom=[[0.9, 0.999]]\n"
        for s in (40, 50, 60)
    )
    assert any_text.sniff(log.encode(), "out.log")
    assert points(log, "lr") == [(40, 5e-05), (50, 5e-05), (60, 5e-05)]


def test_a_dict_that_rich_or_pprint_spreads_over_lines():
    rich = "{\n    'loss': 0.5,\n    'learning_rate': 1e-05,\n    'epoch': 0.09\n}\n"
    pprint = "{'loss': 0.4,\n 'learning_rate': 9e-06,\n 'epoch': 0.1}\n"
    log = "{\nno dict\n" + rich + "x = {\n" + pprint
    assert hf_stdout.sniff(rich.encode(), "out.log")
    assert dicts(log) == [
        (1, {"loss": 0.5, "learning_rate": 1e-05}),
        (2, {"loss": 0.4, "learning_rate": 9e-06}),
    ]


def test_an_epoch_of_0_0_is_no_place_and_an_epoch_of_0_is_one():
    trainer = "".join(
        f"{{'loss': {i}.5, 'learning_rate': 1e-05, 'epoch': 0.0}}\n" for i in range(4)
    )
    assert [step for step, _ in dicts(trainer)] == [1, 2, 3, 4]
    own = "".join(f"{{'epoch': {e}, 'train_loss': 0.{9 - e}}}\n" for e in range(3))
    assert [step for step, _ in dicts(own)] == [0, 1, 2]


def test_the_step_of_xlm_stands_alone_between_bars():
    log = "".join(
        f"INFO - 10/04/19 14:41:{i} - 0:11:{i} -    {1100 + i} -   56.12 sent/s -"
        f"  2143.80 words/s - MLM-en:  7.{i} -  - model LR: 3.8795e-06\n"
        for i in (25, 30, 35)
    )
    assert points(log, "MLM-en") == [(1125, 7.25), (1130, 7.30), (1135, 7.35)]


def test_pairs_of_step_and_loss_as_python_prints_them():
    pairs = "".join(f"({s}, {3 - s / 100})\n" for s in range(0, 100, 10))
    assert points(pairs, "loss")[:2] == [(0, 3.0), (10, 2.9)]
    assert any_text.sniff(pairs.encode(), "train.log")
    assert not any_text.sniff(pairs.encode(), "points.txt")


def test_unsloth_tells_its_plan_above_a_table():
    decoder = TextDecoder()
    decoder.feed(b"\\        /    Total batch size = 8 | Total steps = 60\n")
    assert decoder.facts.total_steps == 60


@pytest.mark.parametrize("name", ["packet loss", "stop_loss", "Realized loss", "path loss (dB)"])
def test_losses_of_other_trades(name):
    assert role(name) == OTHER


@pytest.mark.parametrize("loss", ["0.25", "nan"])
def test_a_bar_above_the_first_header_is_of_the_epoch_before(loss: str) -> None:
    """It was of the first, so that NaN in all rows of a tail was so since step 1."""
    bar = f"8192/8192 [=====] - 0s 39us/step - loss: {loss} - acc: 0.1409\n"
    log = bar + "".join(f"Epoch {epoch}/100\n{bar}" for epoch in (64, 65, 66))
    assert [step for step, _ in points(log, "acc")] == [63, 64, 65, 66]
