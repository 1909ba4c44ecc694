"""What current libraries write, as seen in their real output: shapes that once were misread."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import lossmon
from lossmon.api import read_runs
from lossmon.formats.names import choose, named_by_folder
from lossmon.formats.tensorboard import EventDecoder
from lossmon.formats.text import TextDecoder
from tests.formats.samples import event, simple, version
from tests.formats.test_spellings import curves, loss, val


def test_keras_evaluate_after_fit_is_no_epoch():
    fit = "".join(
        f"Epoch {e}/3\n15/15 - 0s - 6ms/step - loss: {loss(e)} - val_loss: {val(e)}\n"
        for e in (1, 2, 3)
    )
    for evaluate in (
        "5/5 - 0s - 9ms/step - accuracy: 0.6667 - loss: 0.5792\n",
        "15/15 - 0s - 9ms/step - accuracy: 0.6667 - loss: 0.5792\n",
        "".join(f"\r{b}/5 ━━━━ 0s 9ms/step - loss: 0.57" for b in range(1, 6)) + "\n",
    ):
        train, evals = curves(fit + evaluate)
        assert train == [(e, loss(e)) for e in (1, 2, 3)]
        assert evals == [(e, val(e)) for e in (1, 2, 3)]


def test_a_second_fit_counts_again():
    fit = "".join(f"Epoch {e}/2\n5/5 - 0s - 6ms/step - loss: {loss(e)}\n" for e in (1, 2))
    assert [value for _, value in curves(fit * 2)[0]] == [loss(1), loss(2)] * 2


def test_lightnings_rich_bar_shows_an_evaluation_when_the_next_epoch_begins():
    def bar(epoch: int, at: int, shown: str) -> str:
        return f"Epoch {epoch}/2  ━━━━━ {at}/5 0:00:00 • 0:00:01 9.50it/s {shown}\n"

    log = bar(0, 0, "val_loss: 9.5")  # the check before the first step
    for e in (0, 1, 2):
        old = "" if e == 0 else f" val_loss: {val(e)}"
        log += bar(e, 0, f"train_loss: {loss(e or 1)}{old}") if e else ""
        log += "".join(bar(e, b, f"train_loss: {loss(5 * e + b)}{old}") for b in (2, 5))
    train, evals = curves(log)
    assert [step for step, _ in train] == [2, 5, 7, 10, 12, 15]
    assert evals == [(5, val(1)), (10, val(2))]


def test_scikit_learn_boosting_counts_its_rounds_not_its_trees():
    log = "".join(
        f"[{i}/20] 1 tree, 31 leaves, max depth = 10, train loss: {loss(i)}, val loss: {val(i)}, in 0.1s\n"
        for i in range(1, 21)
    )
    assert [step for step, _ in curves(log)[0]] == list(range(1, 21))


def test_scikit_learns_norm_is_that_of_the_weights():
    names = ["Norm", "NNZs", "Bias", "T", "Avg. loss"]
    assert choose(names) == {"train_loss": "Avg. loss"}
    assert choose(["loss", "norm"])["grad_norm"] == "norm"


def test_of_the_two_sets_of_an_xgboost_classifier_the_first_is_that_of_training():
    log = "".join(
        f"[{i}]\tvalidation_0-rmse:{loss(i + 1)}\tvalidation_1-rmse:{val(i + 1)}\n"
        for i in range(9)
    )
    train, evals = curves(log)
    assert train[0] == (0, loss(1))
    assert evals[0] == (0, val(1))
    assert "train_loss" not in choose(["validation_0-rmse"])


def test_yolo_draws_a_row_again_until_its_epoch_is_over():
    log = "".join(
        "\n      Epoch    GPU_mem   box_loss   cls_loss  Instances       Size\n"
        + "".join(
            f"\r      {e}/9      4.42G     {loss(e) + 1 - b / 100:.4f}     0.0521         54        640: "
            f"{b:3}%|{'█' * (b // 10):10}| {b}/100 [00:10<00:30,  9.5it/s]"
            for b in (25, 50, 100)
        )
        for e in range(1, 10)
    )
    assert curves(log + "\n")[0] == [(e, loss(e)) for e in range(1, 10)]


def test_hugging_face_without_a_bar_the_plan_and_the_epoch_tell_the_step():
    log = "  Num Epochs = 6\n  Total optimization steps = 96\n"
    log += "".join(f"{{'loss': '{loss(s)}', 'epoch': '{s / 16}'}}\n" for s in range(7, 96, 7))
    log += "Writing model shards: 100%|██████████| 1/1 [00:00<00:00, 900.00it/s]\n"
    log += "{'eval_loss': '2.5', 'epoch': '6.0'}\n"
    train, evals = curves(log)
    assert [step for step, _ in train] == list(range(7, 96, 7))
    assert evals == [(96, 2.5)]


def test_unsloth_tells_its_plan_in_a_headline():
    log = (
        "   \\\\   /|    Num examples = 467 | Num Epochs = 5 | Total steps = 290\n"
        "O^O/ \\_/ \\    Batch size per device = 2 | Gradient accumulation steps = 4\n"
    )
    log += "".join(f"{{'loss': {loss(s)}, 'epoch': {s / 58:.2f}}}\n" for s in (5, 10, 15))
    assert [step for step, _ in curves(log)[0]] == [5, 10, 15]


def test_a_printed_configuration_is_no_row():
    log = "{'eos_token_id': 61, 'pad_token_id': 60}\n" + "{'loss': 0.5, 'epoch': 0.1}\n" * 3
    assert len(curves(log)[0]) == 3


def test_weights_and_biases_rows_stand_where_the_trainer_says():
    log = "".join(
        f'{{"_step": {i}, "train/loss": {loss(7 * i + 7)}, "train/global_step": {7 * i + 7}}}\n'
        for i in range(9)
    )
    assert [step for step, _ in curves(log, "wandb-history.jsonl")[0]] == list(range(7, 70, 7))


def test_epochs_of_a_table_are_where_its_rows_stand():
    log = "epoch,loss\n" + "".join(f"{e},{loss(e)}\n" for e in range(10, 60, 10))
    assert [step for step, _ in curves(log, "log.csv")[0]] == [10, 20, 30, 40, 50]


class TestEventFilesInFoldersOfTheirSplit:
    def test_names(self):
        for tag, folder, name in (
            ("epoch_loss", "validation", "validation/epoch_loss"),
            ("epoch_learning_rate", "train", "epoch_learning_rate"),
            ("Logloss", "test", "test/Logloss"),
            ("loss", "test", "loss"),  # a run that someone called a test
            ("loss", "loss_val", "val/loss"),  # PyTorch's add_scalars
            ("loss", "my_val", "loss"),
        ):
            assert named_by_folder(tag, f"/logs/{folder}/events.out.tfevents.1.host") == name

    def test_both_folders_are_one_run(self, tmp_path: Path):
        for split, f in (("train", loss), ("validation", val)):
            (tmp_path / split).mkdir()
            file = tmp_path / split / "events.out.tfevents.1.host"
            events = [event(e, 1.7e9 + e, simple("epoch_loss", f(e))) for e in range(1, 9)]
            file.write_bytes(version() + b"".join(events))
        frame = lossmon.read(str(tmp_path))
        assert set(frame["metric"]) == {"train/epoch_loss", "validation/epoch_loss"}
        assert frame["run"].nunique() == 1

    def test_a_decoder_without_a_path_changes_nothing(self):
        decoder = EventDecoder()
        assert decoder.feed(version() + event(1, 1.7e9, simple("loss", 0.5)))[0].values == {
            "loss": 0.5
        }


@pytest.mark.parametrize("epochs", [5, 8])
def test_a_table_by_epoch_beside_rows_by_step_is_drawn_where_its_epochs_end(
    epochs: int, tmp_path: Path
):
    """Flair prints a line a batch and keeps a table of epochs."""
    log, table = "", "EPOCH\tTIMESTAMP\tTRAIN_LOSS\tDEV_LOSS\n"
    for e in range(1, epochs + 1):
        for i in range(1, 6):
            log += f"epoch {e} - iter {i}/5 - loss {loss(5 * e + i)} - lr: 0.1\n"
        log += f"EPOCH {e} done: loss {loss(5 * e + 3)} - lr: 0.1\nDEV : loss {val(e)} - f1-score 0.5\n"
        table += f"{e}\t10:53:{e:02}\t{loss(5 * e + 3)}\t{val(e)}\n"
    (tmp_path / "train.log").write_text(log)
    (tmp_path / "loss.tsv").write_text(table)
    (update,) = read_runs(str(tmp_path), "at the end")
    assert update.eval is not None
    assert update.series[update.eval].step.tolist() == [5 * e for e in range(1, epochs + 1)]
    assert update.train is not None
    assert len(update.series[update.train]) == 5 * epochs, "and all batches are there"


def test_so_is_one_whose_means_stand_in_no_row_of_the_other(tmp_path: Path):
    """Nothing says where its rows lie then but the epochs that both count."""
    log, table = "", "EPOCH\tTRAIN_LOSS\tDEV_LOSS\n"
    for e in range(1, 9):
        losses = [2 * 0.9 ** (5 * e + i) + 0.3 for i in range(1, 6)]
        log += "".join(f"epoch {e} - iter {i}/5 - loss {x:.4f}\n" for i, x in enumerate(losses, 1))
        table += f"{e}\t{sum(losses) / 5:.4f}\t{sum(losses) / 5 + 0.1:.4f}\n"
    (tmp_path / "train.log").write_text(log)
    (tmp_path / "loss.tsv").write_text(table)
    (update,) = read_runs(str(tmp_path), "at the end")
    assert update.eval is not None
    assert update.series[update.eval].step.tolist() == list(range(5, 45, 5))


class TestOutputBesideTheFolderThatTheTrainerWrites:
    def write(self, folder: Path, below: str, same: bool) -> None:
        rows = [
            {"step": s, "epoch": s / 10, "loss": loss(s) if same else 1.3 * val(s)}
            for s in range(1, 30)
        ]
        (folder / below / "checkpoint-30").mkdir(parents=True)
        state = json.dumps({"log_history": rows, "global_step": 30})
        (folder / below / "checkpoint-30" / "trainer_state.json").write_text(state)
        log = "".join(f"{{'loss': '{loss(s)}', 'epoch': '{s / 10}'}}\n" for s in range(1, 30))
        (folder / "train.log").write_text(log)

    def test_the_same_values_are_one_run(self, tmp_path: Path):
        self.write(tmp_path, "anything", same=True)
        frame = lossmon.read(str(tmp_path))
        assert frame["run"].nunique() == 1
        assert (frame["metric"] == "loss").sum() == 29

    def test_other_values_are_another_run(self, tmp_path: Path):
        self.write(tmp_path, "anything", same=False)
        assert lossmon.read(str(tmp_path))["run"].nunique() == 2


def test_lightnings_bar_is_redrawn_after_the_sentence_that_ends_it():
    bar = "\rEpoch {}: 100%|██████████| 7/7 [00:00<00:00,  7.78it/s, train_loss=0.{}]"
    log = "".join(bar.format(epoch, 9 - epoch) for epoch in range(4))
    over = "`Trainer.fit` stopped: `max_epochs=4` reached.\n" + bar.format(3, 6) + "\n"
    decoder = TextDecoder()
    decoder.feed((log + over).encode())
    decoder.flush()
    assert decoder.facts.finished
    decoder.feed(bar.format(4, 5).encode() + b"\n")
    decoder.flush()
    assert not decoder.facts.finished, "it goes on"


def test_lightnings_rich_bar_is_written_once_where_the_output_is_a_file():
    log = (
        "`Trainer.fit` stopped: `max_epochs=6` reached.\n"
        "Epoch 5/5  ━━━━━━━━━ 10/10 0:00:00 • 0:00:00 11.75it/s v_num: 0         \n"
        "                                                               train_loss: 0.03\n"
    )
    decoder = TextDecoder()
    assert not decoder.feed(log.encode())  # the next line may go on with it
    (record,) = decoder.settle()
    assert (record.step, record.values) == (60, {"train_loss": 0.03})
    assert (decoder.facts.total_steps, decoder.facts.finished) == (60, True)
