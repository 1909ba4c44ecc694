"""Styles of printing that name a number elsewhere, part it oddly, or lay it out in columns."""

from __future__ import annotations

import pytest

from lossmon.formats.decoder import Record
from lossmon.formats.jsonl import JsonlDecoder
from lossmon.formats.names import choose
from lossmon.formats.text import TextDecoder

LINES = (
    "epoch   {i}   {v} loss   0.285 acc   {w} val_loss   0.334 val_acc",
    "E00{i}  loss tr/va {v}/{w}  acc tr/va 0.297/0.346",
    "Epoch {i} [loss, acc] = [{v}, 0.28]",
    "(epoch, loss) = ({i}, {v} (tracked))",
    "(:epoch, {i}, :trn, {v}, :tst, {w})",
    "[E1|B00{i}/181] loss={v}",
    "Training loss (for one batch) at step {i}: {v}",
    "Average objective function for 'output' for minibatches 0-{i} is {v} over 38400 frames.",
    "iter {i}\ttime\t36.9\ttrain disc cost\t{v}\ttrain gen cost\t1.15\tdistance\t3.0",
    "Iteration   {i} (elapsed time:   0s,  1.1mn, current cost {v})",
    "iter={i} terr=1.00999 serr=0.59754 act=43210 obj={v} diff=0.09225",
    "iteration {i}: penalized deviance {v}; dev.change 8.57e-02",
    "iter: {i} J = {v} theta = [1.078938 0.606498]",
    "Iter:   {i}\tAlpha: 0.001\t   TRAIN entropy: {v}    Words/sec: 2182.3   VALID entropy: {w}",
    "iter    {i} | total {v} | pde 1.0228e+00 | bc 5.7318e-01 | rel L2 2.9941e-01",
    "epoch {i} | fape 1.127 | distogram 3.318 | total {v} | val lddt-ca 0.340",
    "ITERATION 0{i}: TRAIN AVG.LOSS {v}, (lrate0.1), CROSSVAL AVG.LOSS {w}, nnet accepted",
    "epoch_{i}_loss_{v}",
    "epoch_{i}_loss_{v}_val_loss_{w}",
    "E P O C H  {i}   L O S S  {v}",
    "Epochs seen: {i}\n\tBatches seen: 100\n\ttrain_objective: {v}\n\tvalid_objective: {w}",
    "iterations_done: {i}\nLog records from the iteration {i}:\n\ttest_cost: {w}\n\ttrain_cost: {v}",
)
# A header, and the rows below it.
TABLES = (
    ("(epoch, train_loss, valid_loss)\n", "({i}, {v}, {w})"),
    ("Step\tImg/sec\ttotal_loss\n", "{i}\timages/sec: 1751.5 +/- 1.1 (jitter = 1.1)\t{v}"),
    ("    Iter      log prob        ||dx||      ||grad||       alpha  # evals  Notes \n",
     "       {i}          {v}       0.09497         6.345      1.08         1"),
    ("          |       train       |       valid       |\n"
     "  epoch   |   loss  |   acc   |   loss  |   acc   |\n" + "-" * 51 + "\n",
     "     {i}    |  {v}   |  40.00% |  {w}   |  38.00% |"),
    ("", "  Train      #    Epoch      wal       LR       loss_f         loss\n"
     "! Train                 {i}    1.779    0.001       1.05        {v}\n"
     "! Validation            {i}    1.779    0.001       1.05        {w}\n"
     "Wall time: 1.779458"),
)  # fmt: skip


def read(log: str) -> list[Record]:
    decoder = TextDecoder()
    return [*decoder.feed(log.encode()), *decoder.flush()]


@pytest.mark.parametrize(("head", "form"), [*(("", form) for form in LINES), *TABLES])
def test_styles(head: str, form: str) -> None:
    rows = (form.format(i=i, v=i + 0.25, w=i + 0.75) + "\n" for i in range(1, 8))
    records = read(head + "".join(rows))
    chosen = choose({name: [] for record in records for name in record.values})
    train = chosen.get("train_loss", "log prob")
    told = [(one.step, one.values[train]) for one in records if train in one.values]
    assert told == [(i, i + 0.25) for i in range(1, 8)]
    held = chosen.get("eval_loss", "")
    assert [one.values[held] for one in records if held in one.values] == (
        [i + 0.75 for i in range(1, 8)] if "{w}" in form else []
    )


def test_first_number_that_stays_is_the_epoch() -> None:
    rows = (f"TRAIN Batch {e}/{b}00 loss {9 - 4 * e - b}.5\n" for e in (0, 1) for b in range(4))
    records = read("".join(rows))
    assert [one.step for one in records] == [0, 100, 200, 300, 400, 500, 600, 700]
    assert records[-1].epoch == 1


def test_losses_of_an_epoch_in_one_line() -> None:
    lists = ("[0.9, 0.8, 0.7, 0.6, 0.5, 0.4]", "[0.39, 0.38, 0.37, 0.36, 0.35, 0.34]")
    records = read("".join(f"epoch {i} losses: {each}\n" for i, each in enumerate(lists)))
    assert [one.values["losses"] for one in records][4:8] == [0.5, 0.4, 0.39, 0.38]
    assert [one.step for one in records] == list(range(12))
    bare = read("epoch 1: 3.83 3.81 3.80 3.53 3.44 3.26 | val 3.959\n" * 2)
    assert [one.values for one in bare][:7] == [
        *({"loss": value} for value in (3.83, 3.81, 3.80, 3.53, 3.44, 3.26)),
        {"val": 3.959},
    ]


def test_numbers_of_an_epoch_without_a_name_are_no_losses() -> None:
    assert not read("".join(f"epoch {i}: 0.31 0.92 0.45 0.5{i} 0.66 0.71\n" for i in range(8)))


def test_few_numbers_in_brackets_are_no_rows() -> None:
    records = read("".join(f"epoch {i} losses: [0.9, 0.2, 0.1]\n" for i in range(5)))
    assert len({one.epoch for one in records}) == len(records)


def test_a_message_tells_the_data() -> None:
    rows = "".join(
        f'{{"msg": "{what}", "step": {i}, "loss": {i + at}}}\n'
        for i in range(1, 8)
        for what, at in (("train", 0.25), ("eval", 0.75))
    )
    records = [*JsonlDecoder().feed(rows.encode())]
    assert [dict(one.values) for one in records][:2] == [{"loss": 1.25}, {"eval_loss": 1.75}]


def test_loop_variables_are_no_objective() -> None:
    assert not read("".join(f"i={i} j={2 * i} k=3\n" for i in range(8)))


def test_batch_sizes_beside_an_ordinal_stay() -> None:
    log = "第3轮\n" + "".join(f"size 32 batch, step {i} loss {i}.5\n" for i in range(1, 4))
    assert [one.step for one in read(log)] == [1, 2, 3]


def test_what_an_epoch_costs_is_a_time() -> None:
    rows = (f"[Epoch {i}] Training cost: {90 + i}.5, HeatmapLoss={9 - i}.5\n" for i in range(8))
    chosen = choose({name: [] for one in read("".join(rows)) for name in one.values})
    assert chosen["train_loss"] == "HeatmapLoss"
