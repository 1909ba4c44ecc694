"""One curve, in the many ways that programs print it: always the same points on the same steps."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from lossmon.formats.detect import detect
from lossmon.formats.names import choose
from tests.formats.wrappers import WRAPPERS, clock

STEPS = range(10, 310, 10)
EVALS = (100, 200, 300)
EPOCHS = range(1, 21)


def loss(step: int) -> float:
    return round(0.5 + 3 * step**-0.3 + 0.03 * ((step * 7) % 5 - 2), 4)


def val(step: int) -> float:
    return round(0.6 + 3 * step**-0.28, 4)


def curves(log: str, name: str = "train.log") -> tuple[list[tuple[int | None, float]], ...]:
    """The points (step, value) of the train and of the eval loss."""
    data = log.encode()
    found = detect(data, name, True)
    assert found is not None
    records = [*found.decoder.feed(data), *found.decoder.flush()]
    metrics: dict[str, list[tuple[int | None, float]]] = {}
    for record in records:
        step = record.epoch if record.step is None else record.step
        for metric, value in record.values.items():
            metrics.setdefault(metric, []).append((step, value))
    chosen = choose(metrics)
    return tuple(metrics.get(chosen.get(role, ""), []) for role in ("train_loss", "eval_loss"))


def by_step(train: Callable[[int], str], evaluation: Callable[[int], str] | None) -> str:
    lines = []
    for step in STEPS:
        lines.append(train(step))
        if evaluation is not None and step in EVALS:
            lines.append(evaluation(step))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("wrapper", WRAPPERS.values(), ids=WRAPPERS)
def test_what_launchers_and_loggers_put_around_a_line_changes_nothing(wrapper):
    log = by_step(
        lambda s: wrapper(f"step {s} loss {loss(s)} lr 1.00e-04", s),
        lambda s: wrapper(f"step {s} val_loss {val(s)}", s),
    )
    train, evals = curves(log)
    assert train == [(s, loss(s)) for s in STEPS]
    assert evals == [(s, val(s)) for s in EVALS]


BY_STEP: dict[str, tuple[Callable[[int], str], Callable[[int], str] | None]] = {
    "a dict behind its step": (
        lambda s: f"Step {s}: {{'loss': {loss(s)}, 'lr': 1e-4}}",
        lambda s: f"Step {s}: {{'val_loss': {val(s)}}}",
    ),
    "a dict behind its split": (
        lambda s: f"[train] {{'step': {s}, 'loss': {loss(s)}}}",
        lambda s: f"[eval] {{'step': {s}, 'loss': {val(s)}}}",
    ),
    "JSON behind a logger's prefix": (
        lambda s: f"2024-05-01 {clock(s)},1 INFO " + json.dumps({"step": s, "loss": loss(s)}),
        lambda s: f"2024-05-01 {clock(s)},1 INFO " + json.dumps({"step": s, "val_loss": val(s)}),
    ),
    "the loss before its step": (
        lambda s: f"loss at step {s}: {loss(s)}",
        lambda s: f"validation loss at step {s}: {val(s)}",
    ),
    "Tacotron: a step without a name": (
        lambda s: f"Train loss {s} {loss(s)} Grad Norm 1.234567 3.00s/it",
        lambda s: f"Validation loss {s}:  {val(s)}  ",
    ),
    "an estimator's eval results": (
        lambda s: f"INFO:tensorflow:loss = {loss(s)}, step = {s} (1.234 sec)",
        lambda s: f"INFO:tensorflow:Saving dict for global step {s}: acc = 0.9, loss = {val(s)}",
    ),
    "a semicolon at the end": (
        lambda s: f"Step {s}/1000; acc: 5.0; ppl: 531.1; xent: {loss(s)}; 8721 tok/s;  24 sec;",
        None,
    ),
    "Marian": (
        lambda s: f"[2021-05-01 {clock(s)}] Ep. 1 : Up. {s} : Sen. 51,200 : Cost {loss(s)} * 1,024",
        lambda s: f"[2021-05-01 {clock(s)}] [valid] Ep. 1 : Up. {s} : ce-mean-words : {val(s)}",
    ),
    "bits per byte": (
        lambda s: f"step {s:05}/21400 (1.2%) | loss: {loss(s)} | dt: 500ms | tok/sec: 1,048,000",
        lambda s: f"Step {s:05} | Validation bpb: {val(s)}",
    ),
    "syslog's tabs": (lambda s: f"[{s}]#011train-rmse:{loss(s)}", None),
    "full-width signs": (lambda s: f"step：{s}，loss：{loss(s)}", lambda s: f"step：{s}，val_loss：{val(s)}"),
    "Chinese": (lambda s: f"步骤 {s} 训练损失 {loss(s)}", lambda s: f"步骤 {s} 验证损失 {val(s)}"),
    "a step behind a hash": (lambda s: f"step #{s} loss {loss(s)}", None),
    "a deviation behind the loss": (lambda s: f"step {s} loss {loss(s)} ± 0.01 lr 0.1", None),
    "a share of the whole": (lambda s: f"Training progress: {s}/1000 ({s / 10}%), loss={loss(s)}", None),
    "fairseq: the update twice, once as a fraction": (
        lambda s: f'{{"epoch": 1, "update": {s / 150}, "loss": "{loss(s)}", "num_updates": "{s}"}}',
        lambda s: f'{{"epoch": 1, "valid_loss": "{val(s)}", "valid_num_updates": "{s}"}}',
    ),
    "Composer: an evaluation counts its own batches": (
        lambda s: f"[batch={s}/4800]:\n\t Train loss/train/total: {loss(s)}",
        lambda s: f"[Eval batch=10/10] Eval on eval data:\n\t metrics/eval/CrossEntropy: {val(s)}",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("train", "evaluation"), BY_STEP.values(), ids=BY_STEP)
def test_rows_by_step(train, evaluation):
    got = curves(by_step(train, evaluation))
    assert got[0] == [(s, loss(s)) for s in STEPS]
    assert got[1] == ([] if evaluation is None else [(s, val(s)) for s in EVALS])


BY_EPOCH: dict[str, Callable[[int], str]] = {
    "sections by bars": lambda e: f"Epoch {e} | Train: loss {loss(e)} acc 0.9 | Val: loss {val(e)} acc 0.8",
    "sections by brackets": lambda e: f"epoch {e} [train] loss: {loss(e)} acc: 0.9 [valid] loss: {val(e)} acc: 0.8",
    "sections by dashes": lambda e: f"Epoch {e}/20 Training - Loss: {loss(e)} Acc: 0.9 Validation - Loss: {val(e)}",
    "a lone val is a loss": lambda e: f"[00:01:12] epoch {e}: loss {loss(e)} | val {val(e)}",
    "val in brackets": lambda e: f"Loss after epoch {e} : {loss(e)} (val {val(e)})",
    "objects on several lines": lambda e: json.dumps(
        {"epoch": e, "train_loss": loss(e), "val_loss": val(e)}, indent=2
    ),
    "Chinese": lambda e: f"第 {e} 轮 训练损失 {loss(e)} 验证损失 {val(e)}",
    "DeepMD": lambda e: ("#  step   rmse_val   rmse_trn   lr\n" if e == 1 else "") + f"{e:6} {val(e):9} {loss(e):9} 1e-3",
    "the end of an epoch": lambda e: f"| epoch {e:3d} | loss {loss(e)}\n| end of epoch {e:3d} | time: 8.00s | valid loss {val(e)}",
}  # fmt: skip


@pytest.mark.parametrize("line", BY_EPOCH.values(), ids=BY_EPOCH)
def test_rows_by_epoch(line):
    train, evals = curves("\n".join(map(line, EPOCHS)) + "\n")
    assert train == [(e, loss(e)) for e in EPOCHS]
    assert evals == [(e, val(e)) for e in EPOCHS]


BY_BATCH: dict[str, tuple[Callable[[int, int], str], int, int]] = {
    "[1,  2000] of the PyTorch tutorial": (lambda e, b: f"[{e}, {b:5}] loss: {loss(b)}", 1, 2000),
    "[0/3][50/100] of the DCGAN tutorial": (lambda e, b: f"[{e}/3][{b}/10]\tLoss_D: {loss(1 + b)}", 0, 0),
    "Train: [0/300][10/1251]": (lambda e, b: f"Train: [{e}/30][{b}/10]\teta 1:00 lr 0.1\tloss {loss(1 + b)}", 0, 0),
    "a rank in brackets": (lambda e, b: f"(0/4) Epoch {e}, batch {b}, loss[loss={loss(1 + b)}, over 1 frames.]", 1, 0),
    "ESPnet": (lambda e, b: f"{e}epoch:train:{b - 4}-{b}batch: acc=0.5, loss={loss(b)}, train_time=0.5", 1, 5),
}  # fmt: skip


@pytest.mark.parametrize(("line", "epoch", "first"), BY_BATCH.values(), ids=BY_BATCH)
def test_batches_of_epochs_are_one_axis(line, epoch, first):
    interval = max(first, 5)
    batches = [first + i * interval for i in range(2)]
    log = "\n".join(line(e, b) for e in (epoch, epoch + 1, epoch + 2) for b in batches) + "\n"
    steps = [step for step, _ in curves(log)[0]]
    assert steps == [first + i * interval for i in range(6)]


def test_an_evaluation_after_the_last_row_of_an_epoch_stands_at_its_end():
    log = "".join(
        f"Epoch {e} step {b}/24 loss 0.{b}\n" + ("val_loss 0.5\n" if b == 20 else "")
        for e in (1, 2)
        for b in (5, 10, 15, 20)
    )
    assert [step for step, _ in curves(log)[1]] == [24, 48]


def test_a_mean_over_the_epoch_printed_at_the_step_of_its_last_row_is_no_point():
    log = "".join(
        f"epoch 001: {s} / 100 loss={loss(s)}, num_updates={s}\n"
        + (f"| train | epoch 001 | loss 9.5 | num_updates {s}\n" if s == 100 else "")
        for s in STEPS
    )
    assert curves(log)[0] == [(s, loss(s)) for s in STEPS]


ROWS = [(e, loss(e), val(e)) for e in EPOCHS]
TABLES = {
    "one metric a row": (
        "log.csv",
        "run,metric,step,epoch,time,value\n"
        + "".join(f"a,train_loss,{e},,,{t}\na,val_loss,{e},,,{v}\n" for e, t, v in ROWS),
    ),
    "one metric a JSON row": (
        "log.jsonl",
        "".join(
            f'{{"metric": "loss", "split": "{s}", "value": {x}, "step": {e}}}\n'
            for e, t, v in ROWS
            for s, x in (("train", t), ("val", v))
        ),
    ),
    "events named after the split": (
        "log.jsonl",
        "".join(
            f'{{"event": "{s}", "loss": {x}, "step": {e}}}\n'
            for e, t, v in ROWS
            for s, x in (("train_step", t), ("validation", v))
        ),
    ),
    "an index of pandas": (
        "log.csv",
        ",loss,val_loss\n" + "".join(f"{e},{t},{v}\n" for e, t, v in ROWS),
    ),
    "lists below train and val": (
        "history.json",
        json.dumps({k: {"loss": [r[i] for r in [(0, 0, 0), *ROWS]]} for k, i in (("train", 1), ("val", 2))}),
    ),
    "rows below a key": (
        "history.json",
        json.dumps({"config": {"lr": 1}, "history": [{"epoch": e, "loss": t, "val_loss": v} for e, t, v in ROWS]}),
    ),
    "rows by epoch": (
        "history.json",
        json.dumps({str(e): {"train": {"loss": t}, "val": {"loss": v}} for e, t, v in ROWS}),
    ),
    "pairs of step and value": (
        "history.json",
        json.dumps({"train_loss": [r[:2] for r in ROWS], "val_loss": [r[::2] for r in ROWS]}),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "log"), TABLES.values(), ids=TABLES)
def test_tables_and_documents(name, log):
    train, evals = curves(log, name)
    if "lists" in log or train[0][1] == 0:
        train, evals = train[1:], evals[1:]  # its rows count from 0
        assert [value for _, value in train] == [t for _, t, _ in ROWS]
        return
    assert train == [(e, t) for e, t, _ in ROWS]
    assert evals == [(e, v) for e, _, v in ROWS]


def test_a_curve_that_the_page_of_tensorboard_exported():
    log = "Wall time,Step,Value\n" + "".join(f"1714557600.{e},{e},{t}\n" for e, t, _ in ROWS)
    assert curves(log, "run-a-tag-train_loss.csv")[0] == [(e, t) for e, t, _ in ROWS]


def test_a_second_run_in_a_table_of_several_does_not_mix_with_the_first():
    log = "run,metric,step,value\n" + "".join(f"{r},loss,{e},{e}.5\n" for r in "ab" for e in EPOCHS)
    found = detect(log.encode(), "export.csv", complete=True)
    records = [*found.decoder.feed(log.encode()), *found.decoder.flush()]
    assert [record.run for record in records] == ["a"] * len(EPOCHS) + ["b"] * len(EPOCHS)
