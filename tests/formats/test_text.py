"""The general text decoder: which lines are rows, where they belong, what stays out."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.formats import text
from lossmon.formats.decoder import Record
from lossmon.formats.text import TextDecoder
from lossmon.formats.text_signs import looks_like_training


def read(log: str | bytes) -> list[Record]:
    decoder = TextDecoder()
    data = log.encode() if isinstance(log, str) else log
    return [*decoder.feed(data), *decoder.flush()]


def points(log: str | bytes, name: str) -> list[tuple[int | None, float]]:
    return [(record.step, record.values[name]) for record in read(log) if name in record.values]


class TestOneLineARow:
    @pytest.mark.parametrize(
        ("line", "step", "values"),
        [
            ("step 10 loss 0.5", 10, {"loss": 0.5}),
            ("step: 10, loss: 0.5, lr: 1e-3", 10, {"loss": 0.5, "lr": 1e-3}),
            ("step=10 loss=0.5", 10, {"loss": 0.5}),
            ("step = 10 | loss = 0.5 |", 10, {"loss": 0.5}),
            ("{'step': 10, 'loss': '0.5', 'grad_norm': nan}", 10, {"loss": 0.5, "grad_norm": math.nan}),
            ("Iteration 10, loss = 0.50000000", 10, {"loss": 0.5}),
            ("iter 10: loss 0.5000, time 53.10ms, mfu 0.02%", 10, {"loss": 0.5}),
            ("step:10/4875 train_loss:0.5 train_time:9ms step_avg:nanms", 10, {"train_loss": 0.5}),
            ("s:10 trl:0.5 lr:0.001 norm:15.24", 10, {"trl": 0.5, "lr": 0.001, "norm": 15.24}),
            ("[10]\ttrain-logloss:0.5\tvalid-logloss:0.6", 10, {"train-logloss": 0.5, "valid-logloss": 0.6}),
            (
                "[10]\ttrain's l2: 0.5\tvalid's l2: 0.6",
                10,
                {"train's l2": 0.5, "valid's l2": 0.6},
            ),
            (
                "10:\tlearn: 0.5\ttest: 0.6\tbest: 0.6 (9)\ttotal: 61.9ms\tremaining: 18.5s",
                10,
                {"learn": 0.5, "test": 0.6},
            ),
            ("[10] grad_norm=1.5, learning_rate=0.001, train_loss=0.5", 10, {"grad_norm": 1.5, "learning_rate": 0.001, "train_loss": 0.5}),
            ("step:10 - train/loss:0.5 - train/lr(1e-3):0.002", 10, {"train/loss": 0.5, "train/lr(1e-3)": 0.002}),
            ("epoch: 0, step: 10/300, loss: tensor(0.5, device='cuda:0', grad_fn=<X>)", 10, {"loss": 0.5}),
            ("Step 10 | loss:0.5 lr:0.001 grad_norm:0.45 ", 10, {"loss": 0.5, "lr": 0.001, "grad_norm": 0.45}),
            ("step: 10  loss: 0.5  memory: 1.64GiB(2%)  tps: 7,508  mfu: 0.17%", 10, {"loss": 0.5, "tps": 7508, "mfu": 0.17}),
            ("step    10/19560 | loss 0.500000 (+nanz)| norm 15.3702 (+nanz)| lr 1.00e-06 | 2200 ms", 10, {"loss": 0.5, "norm": 15.3702, "lr": 1e-6}),
            ("iter: 10  loss: 0.5 (0.7615)  loss_cls: 0.25 (0.3)", 10, {"loss": 0.5, "loss_cls": 0.25}),
            ("Ep. 1 : Up. 10 : Sen. 51,200 : Cost 0.5 * 1,024,000", 10, {"Cost": 0.5}),
            ("step 10 loss inf", 10, {"loss": math.inf}),
            ("step 10 loss -0.5", 10, {"loss": -0.5}),
            ("Iteration 10 (5.1 iter/s, 19s/20 iters), loss = 0.5", 10, {"loss": 0.5}),
            ("completed step: 10, seconds: 3.9, loss: 0.5", 10, {"loss": 0.5}),
        ],
    )  # fmt: skip
    def test_spellings(self, line, step, values):
        (record,) = read(line + "\n")
        assert record.step == step
        assert {name: record.values.get(name) for name in values} == pytest.approx(
            values, nan_ok=True
        )

    def test_a_pipe_of_named_cells(self):
        log = (
            " iteration        2/      50 | consumed samples:          256 | elapsed time per iteration (ms): 6046.6"
            " | learning rate: 1.000000E-05 | lm loss: 1.189062E+01 | loss scale: 1.0 | grad norm: 7.499 |"
            " number of skipped iterations:   0 |\n"
        )
        (record,) = read(log)
        assert record.values == {
            "learning rate": 1e-5, "lm loss": 11.89062, "grad norm": 7.499,
            "loss scale": 1.0, "elapsed time per iteration (ms)": 6046.6,
        }  # fmt: skip

    def test_the_loggers_date_is_the_time(self):
        first, second = read(
            "2024-05-19 04:54:30,500 - trainer - INFO - step: 1, loss: 0.5\n"
            "2024-05-19 04:55:31,500 - trainer - INFO - step: 2, loss: 0.4\n"
        )
        assert second.time - first.time == pytest.approx(61)

    def test_logfmt_with_a_unix_time(self):
        (record,) = read("ts=1795476925.002 level=info msg=train step=2 epoch=1 loss=5.5\n")
        assert record == Record({"loss": 5.5}, 2, 1.0, 1795476925.002)

    def test_padding_does_not_matter(self):
        assert points("step   9 | loss  9.5\nstep  10 | loss 10.5\n", "loss") == [
            (9, 9.5),
            (10, 10.5),
        ]


class TestEpochs:
    def test_batches_of_epochs_become_one_axis(self):
        log = "".join(
            f"Epoch: [{e}][{b}/10]\tLoss {e + b} (7.0)\n" for e in range(3) for b in (5, 10)
        )
        assert [step for step, _ in points(log, "Loss")] == [5, 10, 15, 20, 25, 30]

    def test_a_step_that_starts_anew_each_epoch(self):
        log = "".join(
            f"Epoch [{e}/3], Step [{b}/8], Loss: 0.5\n" for e in (1, 2, 3) for b in (4, 8)
        )
        assert [step for step, _ in points(log, "Loss")] == [4, 8, 12, 16, 20, 24]

    def test_a_step_that_goes_on_through_the_epochs(self):
        log = "".join(f"epoch: {s // 10}, step: {s}, loss: 0.5\n" for s in range(0, 30, 5))
        assert [step for step, _ in points(log, "loss")] == list(range(0, 30, 5))

    def test_samples_count_as_batches(self):
        log = "".join(
            f"Train Epoch: {e} [{b * 64}/640 ({b * 10}%)]\tLoss: 0.5\n"
            for e in (1, 2)
            for b in (1, 5, 10)
        )
        assert [step for step, _ in points(log, "Loss")] == [1, 5, 10, 11, 15, 20]

    def test_rows_by_epoch_alone_count_epochs(self):
        log = "Epoch 001 | train loss 2.2 | valid loss 2.1\nEpoch 002 | train loss 2.0 | valid loss 2.0\n"
        assert points(log, "train loss") == [(1, 2.2), (2, 2.0)]
        assert points(log, "valid loss") == [(1, 2.1), (2, 2.0)]

    def test_a_resumed_run_steps_back(self):
        log = "step 1 loss 3\nstep 2 loss 2\nstep 3 loss 1\nstep 2 loss 2.5\n"
        assert [step for step, _ in points(log, "loss")] == [1, 2, 3, 2]

    def test_blocks_under_an_epoch_header(self):
        log = "".join(
            f"Epoch: {e}/30\nTime Taken: 140.67s - LR: 9.98e-05\nTrain Loss: {9 - e}.0 - Train Perplexity: 12.5\n"
            f"Valid Loss: {8 - e}.5\n--------\n"
            for e in (1, 2, 3)
        )
        assert points(log, "Train Loss") == [(1, 8.0), (2, 7.0), (3, 6.0)]
        assert points(log, "Valid Loss") == [(1, 7.5), (2, 6.5), (3, 5.5)]

    def test_means_at_the_end_of_an_epoch_are_another_series(self):
        log = "".join(
            f"epoch {e} - iter {i}/4 - loss 0.{i}\n"
            + ("EPOCH 1 done: loss 0.9 - lr 0.1\n" if i == 4 else "")
            for e in (1, 2)
            for i in (1, 2, 3, 4)
        )
        assert len(points(log, "loss")) == 8
        assert len(points(log, "epoch_loss")) == 2


class TestEvaluation:
    def test_a_row_without_a_step_belongs_to_the_last_train_step(self):
        log = "step 1 | loss: 9.0\nstep 2 | loss: 8.0\nvalidation loss: 8.5\nstep 3 | loss: 7.0\n"
        assert points(log, "validation loss") == [(2, 8.5)]

    def test_the_line_says_that_it_is_an_evaluation(self):
        log = "epoch 1 - iter 3/4 - loss 0.8\nDEV : loss 0.67 - score 0.76\n"
        assert points(log, "eval_loss") == [(3, 0.67)]
        assert points(log, "loss") == [(3, 0.8)]

    def test_its_own_step_is_kept(self):
        log = "step: 40, loss: 0.5\nEvaluation at step 42: eval_loss=0.07\nstep: 45, loss: 0.4\n"
        assert points(log, "eval_loss") == [(42, 0.07)]

    def test_estimates_beside_train_rows(self):
        log = "step 250: train loss 2.1, val loss 2.2\niter 250: loss 2.05, time 5ms\n"
        assert points(log, "val loss") == [(250, 2.2)]
        assert points(log, "train loss") == [(250, 2.1)]
        assert points(log, "loss") == [(250, 2.05)]

    def test_of_the_rows_of_one_pass_the_average_of_the_last_counts(self):
        log = (
            "Epoch: [0][5/5]\tLoss 2.0 (2.0)\nTest: [0/3]\tLoss 1.0 (1.0)\nTest: [3/3]\tLoss 1.2 (1.1)\n"
            "Epoch: [1][5/5]\tLoss 1.5 (1.5)\nTest: [0/3]\tLoss 0.8 (0.8)\nTest: [3/3]\tLoss 0.9 (0.85)\n"
        )
        assert points(log, "eval_loss") == [(5, 1.1), (10, 0.85)]

    def test_batches_without_an_epoch_are_no_train_rows(self):
        log = "[Epoch 1 Batch 10/20] loss=1.0, lr=1e-3\n[Epoch 1 Batch 20/20] loss=0.9, lr=1e-3\n[Batch 10/12] loss=0.5\n"
        assert points(log, "loss") == [(10, 1.0), (20, 0.9)]
        assert points(log, "eval_loss") == [(20, 0.5)]

    def test_rows_under_a_headline(self):
        log = (
            "I0124 13:55:22.2  1045 solver.cpp:236] Iteration 990, loss = 7.5\n"
            "I0124 13:59:25.1  1045 solver.cpp:340] Iteration 1000, Testing net (#0)\n"
            "I0124 14:01:02.0  1045 solver.cpp:408]     Test net output #0: accuracy = 0.0032\n"
            "I0124 14:01:02.1  1045 solver.cpp:408]     Test net output #1: loss = 6.7 (* 1 = 6.7 loss)\n"
            "I0124 14:01:03.0  1045 solver.cpp:236] Iteration 1000, loss = 7.4\n"
            "I0124 14:01:03.1  1045 solver.cpp:252]     Train net output #0: loss = 7.4 (* 1 = 7.4 loss)\n"
        )
        assert points(log, "eval_loss") == [(1000, 6.7)]
        assert points(log, "loss") == [(990, 7.5), (1000, 7.4)]

    def test_a_final_row_is_no_point_of_the_curve(self):
        log = "step:10/20 val_loss:3.0\nstep:20/20 val_loss:2.0\nfinal_roundtrip val_loss:2.5\n"
        assert points(log, "val_loss") == [(10, 3.0), (20, 2.0)]

    def test_the_row_below_best_iteration_is_a_repeat(self):
        log = "".join(f"[{i}]\ttrain's l2: {9 - i}\tvalid's l2: {9 - i}\n" for i in (1, 2, 3))
        log += "Early stopping, best iteration is:\n[2]\ttrain's l2: 7\tvalid's l2: 7\n"
        assert len(points(log, "train's l2")) == 3


class TestBars:
    def test_one_point_a_position_and_its_last_repaint(self):
        log = (
            "\rEpoch 1:   0%|          | 0/4 [00:00<?, ?it/s]"
            "\rEpoch 1:  50%|█████     | 2/4 [00:00<00:00, 99.1it/s, loss=0.9]"
            "\rEpoch 1:  50%|█████     | 2/4 [00:00<00:00, 99.1it/s, loss=0.8]"
            "\rEpoch 1: 100%|██████████| 4/4 [00:00<00:00, 99.1it/s, loss=0.8]"
            "\rEpoch 1: 100%|██████████| 4/4 [00:00<00:00, 98.1it/s, loss=0.7]\n"
            "\rEpoch 2:   0%|          | 0/4 [00:00<?, ?it/s, loss=0.7]"
            "\rEpoch 2:  50%|█████     | 2/4 [00:01<00:00, 1.01s/it, loss=0.6]\n"
        )
        assert points(log, "loss") == [(2, 0.8), (4, 0.7), (6, 0.6)]

    def test_an_evaluation_that_a_bar_goes_on_showing_is_one_point(self):
        bar = "\rEpoch {}: 100%|██| {}/2 [00:00<00:00, 9.1it/s, v_num=0, train_loss=0.{}, val_loss=0.5{}]"
        log = (
            bar.format(0, 1, 9, 1)
            + bar.format(0, 2, 8, 1)
            + bar.format(1, 1, 7, 1)
            + bar.format(1, 2, 6, 2)
        )
        assert [value for _, value in points(log + "\n", "val_loss")] == [0.51, 0.52]
        assert points(log + "\n", "train_loss") == [(1, 0.9), (2, 0.8), (3, 0.7), (4, 0.6)]

    def test_keras_counts_the_last_repaint_of_an_epoch(self):
        bar = "\x1b[1m{:2}/50\x1b[0m \x1b[32m━━━━\x1b[0m \x1b[1m0s\x1b[0m 3ms/step - accuracy: 0.5 - loss: {}"
        log = ""
        for epoch in (1, 2):
            log += (
                f"Epoch {epoch}/2\n" + bar.format(1, 0.9) + "\x08" * 60 + "\r" + bar.format(50, 0.8)
            )
            log += (
                "\x08" * 60
                + "\r"
                + bar.format(50, 0.8)
                + f" - val_accuracy: 0.7 - val_loss: 0.{epoch}\n"
            )
        assert points(log, "loss") == [(1, 0.8), (2, 0.8)]
        assert points(log, "val_loss") == [(1, 0.1), (2, 0.2)]

    def test_keras_without_a_bar(self):
        log = "Epoch 1/40\n50/50 - 2s - 45ms/step - loss: 0.6435 - val_loss: 0.5467\nEpoch 2/40\n50/50 - 0s - 535us/step - loss: 0.5 - val_loss: 0.4\n"
        assert points(log, "loss") == [(1, 0.6435), (2, 0.5)]
        assert points(log, "val_loss") == [(1, 0.5467), (2, 0.4)]

    def test_a_keras_bar_of_a_first_epoch_that_never_ended(self):
        bar = "{:5}/9000 [==>...........................] - ETA: {}s - loss: {} - accuracy: 0.1"
        shown = [bar.format(32 * n, 30 - n, 2.3 + n / 100) for n in range(1, 5)]
        for log in ("\n".join(shown), "Epoch 1/9\n" + "\r".join(shown)):
            assert points(log + "\n", "loss") == [(32 * n, 2.3 + n / 100) for n in range(1, 5)]
        ended = [*shown, bar.format(9000, 1, 2.0)]
        log = "Epoch 1/9\n" + "\n".join(ended) + "\nEpoch 2/9\n" + "\n".join(shown) + "\n"
        assert points(log, "loss") == [(1, 2.0)]  # rows are epochs, and the second goes on

    def test_keras_bars_at_their_end_are_epochs_where_no_header_names_them(self):
        """People paste these lines alone; what is added to the same loss is its evaluation."""
        bar = "50/50 [==============================] - 3s 9ms/step - loss: "
        log = f"{bar}1.608\n{bar}1.608 - val_loss: 1.55\n{bar}1.53 - val_loss: 1.52\n"
        rows = [(r.step, r.values) for r in read(f"{log}{bar}1.48 - val_loss: 1.56\n")]
        assert [(step, v["loss"]) for step, v in rows if "loss" in v] == [
            (0, 1.608),
            (1, 1.53),
            (2, 1.48),
        ]
        assert [v["val_loss"] for _, v in rows if "val_loss" in v] == [1.55, 1.52, 1.56]

    def test_a_shortened_word_goes_on_in_its_name(self):
        log = "".join(
            f"Epoch: {n} | Train Loss: 0.{9 - n} | Val. Loss: 0.{9 - n}5 | Val. Acc: 5{n}.0%\n"
            for n in (1, 2, 3)
        )
        assert points(log, "Train Loss") == [(1, 0.8), (2, 0.7), (3, 0.6)]
        assert points(log, "Val. Loss") == [(1, 0.85), (2, 0.75), (3, 0.65)]

    def test_an_old_keras_bar(self):
        log = "Epoch 1/2\n 10/50 [==>...........] - ETA: 5s - loss: 0.9\r50/50 [==============] - 5s 3ms/step - loss: 0.5\n"
        assert points(log, "loss") == [(1, 0.5)]


@pytest.mark.parametrize(
    ("parts", "names"),
    [
        (" >>> cls_loss: 0.{n}\n >>> lr: 0.01\n", ["cls_loss", "lr"]),
        ("\t\trpn_cls: 0.{n}, rpn_box: nan, rcnn_box 0.0003\n", ["rpn_cls", "rpn_box", "rcnn_box"]),
        ("    - cls_loss: 0.{n}\n", ["cls_loss"]),
        ("  the loss of 0.{n} is 5 per cent\n", []),  # words
        ("rpn_cls: 0.{n}, rpn_box: 0.1\n", []),  # not beneath anything
        ("  loss: 0.{n}\n", []),  # what the row says itself
    ],
)  # fmt: skip
def test_lines_beneath_a_row_say_more_of_it(parts: str, names: list[str]):
    log = "".join(f"iter {20 * n} / 900, loss: 2.{n}\n" + parts.format(n=n) for n in range(1, 7))
    records = read(log)
    losses = [(r.step, r.values["loss"]) for r in records if "loss" in r.values]
    assert losses == [(20 * n, 2 + n / 10) for n in range(1, 7)]
    found = {name for record in records for name in record.values}
    assert found == {"loss", *names}
    for name in names:
        assert [r.step for r in records if name in r.values][-5:] == [40, 60, 80, 100, 120]


def test_a_block_of_settings_beneath_a_row_is_none_of_its_parts():
    block = "  momentum: 0.9\n  decay: 0.1\n" * 3
    log = f"iter 20 / 900, loss: 2.1\n{block}iter 40 / 900, loss: 2.0\niter 60 / 900, loss: 1.9\n"
    assert {name for record in read(log) for name in record.values} == {"loss"}


def test_a_clock_glued_to_its_line_hides_no_epoch():
    log = "".join(
        f"10:0{n}:11Epoch {n}/9\n10:0{n}:11-----\n10:0{n}:40train Loss: 0.{9 - n} Acc: 0.1\n"
        f"10:0{n}:52val Loss: 0.{8 - n} Acc: 0.2\n"
        for n in range(1, 5)
    )
    assert points(log, "train Loss") == [(n, (9 - n) / 10) for n in range(1, 5)]
    assert points(log, "val Loss") == [(n, (8 - n) / 10) for n in range(1, 5)]


def test_counts_before_their_words_and_the_mean_of_the_epoch_below():
    log = "".join(f"003 epoch, {n}00 iter, time 7.1, loss {9 - n}.5\n" for n in range(1, 5))
    log += "003 epoch training, L_rec=0.1, loss=6.0\n"
    assert points(log, "loss") == [(100 * n, 9.5 - n) for n in range(1, 5)]


@pytest.mark.parametrize("quote", ["", "'"])
def test_a_loss_after_its_epoch_that_looks_like_a_count(quote: str):
    log = "".join(f"{quote}Loss after epoch {n}: {n}.0{quote}\n" for n in range(4))
    assert points(log, "Loss") == [(n, float(n)) for n in range(4)]


class TestTables:
    def test_columns_under_a_header(self):
        log = "  epoch    train_loss    valid_loss     dur\n-------  ------------  ------------  ------\n      1        2.0895        1.7469  0.0546\n      2        1.9000        1.5000  0.0500\n"
        assert points(log, "train_loss") == [(1, 2.0895), (2, 1.9)]
        assert points(log, "valid_loss") == [(1, 1.7469), (2, 1.5)]

    def test_names_with_blanks(self):
        log = "E    #       LOSS TEXTCAT  CATS_SCORE  SCORE \n---  ------  ------------  ----------  ------\n  0       0          0.25       37.27    0.37\n  0      50          0.20       40.00    0.40\n"
        assert points(log, "LOSS TEXTCAT") == [(0, 0.25), (50, 0.2)]

    def test_an_evaluation_in_the_same_table(self):
        log = "  iter   train_loss     tok/s     tokens\n   10    4.415 ▼       38      1.2k\n   50    val 4.320    0.20s\n   50    4.334 ▲    3,526      6.2k\n"
        assert points(log, "train_loss") == [(10, 4.415), (50, 4.334)]
        assert points(log, "eval_loss") == [(50, 4.32)]

    def test_markdown(self):
        log = "| Epoch | Train Loss | Val Loss |\n|-------|-----------|---------|\n| 1 | 2.5 | 2.6 |\n| 2 | 2.0 | 2.2 |\n"
        assert points(log, "Train Loss") == [(1, 2.5), (2, 2.0)]
        assert points(log, "Val Loss") == [(1, 2.6), (2, 2.2)]

    def test_boxes_of_name_and_value(self):
        box = "------------\n| rollout/           |          |\n|    ep_rew_mean     | {}     |\n| time/ |  |\n|    total_timesteps | {}      |\n| train/ | |\n|    loss | 47.7 |\n------------\n"
        log = box.format(25.6, 512) + box.format(30, 1024)
        assert points(log, "rollout/ep_rew_mean") == [(512, 25.6), (1024, 30.0)]
        assert points(log, "train/loss") == [(512, 47.7), (1024, 47.7)]

    def test_a_headerless_column_counts_only_when_it_recurs(self):
        assert points("10 0.532\n", "loss") == []
        assert points("10 0.532\n20 0.431\n30 0.400\n40 0.39\n", "loss") == [
            (10, 0.532),
            (20, 0.431),
            (30, 0.4),
            (40, 0.39),
        ]


class TestWhatStaysOut:
    @pytest.mark.parametrize(
        "text",
        [
            "Attempted loss scale: 65536, reducing to 32768\n" * 5,
            'print0(f"step:{step}/{args.num_iterations} train_loss:{loss:.4f} train_time:{t:.0f}ms")\n'
            * 5,
            "        val_loss = 0.0\n        self.best_loss = 10.0\n",
            "LOSS_GAMMA: 2.0\n",
            "Namespace(batch_size=128, epochs=750, lr=0.1, loss_weight=1.0)\n" * 4,
            "Mark lost 10 pounds, a loss of 10 pounds in 3 steps.\n",
            "Downloading: 100%|██████████| 570/570 [00:00<00:00, 1.1MB/s]\n" * 4,
            "conv1: Conv2D(3 -> 64, kernel_size=(7, 7), stride=(2, 2))\n" * 4,
            "No further splits with positive gain, best gain: -inf\n" * 4,
            "warmup_step:2/20\nwarmup_step:3/20\nwarmup_step:4/20\n",
            "x = [[0.1, 0.2],\n[1.1, 0.3],\n[2.1, 0.4],\n[3, 0.5],\n[4, 0.6],\n[5, 0.7]]\n",
            "1. first item\n2. second item\n3. third item\n",
        ],
    )
    def test_no_rows_where_nothing_is_trained(self, text):
        assert read(text) == []
        assert looks_like_training(text.encode()) is None

    def test_prose_between_rows(self):
        log = "".join(
            f"step {i} | loss: {9 - i}.0\nrank {i} sample: at a cost = {i}.5 he saw\n"
            for i in range(8)
        )
        assert {name for record in read(log) for name in record.values} == {"loss"}


class TestFacts:
    def test_totals(self):
        decoder = TextDecoder()
        decoder.feed(b"step 10/500 loss 0.5\n")
        assert decoder.facts.total_steps == 500

    def test_totals_of_epochs_times_batches(self):
        decoder = TextDecoder()
        decoder.feed(b"Epoch [1/3] Batch [5/8] loss: 0.5\n")
        assert (decoder.facts.total_epochs, decoder.facts.total_steps) == (3, 24)

    def test_the_plan_named_beforehand(self):
        decoder = TextDecoder()
        decoder.feed(b"Engine run starting with max_epochs=594.\n")
        assert decoder.facts.total_epochs == 594

    def test_a_crash_is_quoted_and_later_rows_refute_it(self):
        decoder = TextDecoder()
        decoder.feed(
            b'step 1 loss 2\nTraceback (most recent call last):\n  File "x.py", line 3\nRuntimeError: CUDA out of memory.\n'
        )
        assert decoder.facts.failure == "RuntimeError: CUDA out of memory."
        decoder.feed(b"step 2 loss 1\n")
        assert decoder.facts.failure is None

    def test_the_end(self):
        decoder = TextDecoder()
        decoder.feed(b"step 1 loss 2\nTraining completed.\n")
        assert decoder.facts.finished
        decoder.feed(b"step 2 loss 1\n")
        assert not decoder.facts.finished


class TestStreams:
    LOG = (
        "2024-05-19 04:54:30,500 - t - INFO - starting: max_steps=60\r\n"
        + "".join(f"step {i}/60 | loss: {3 - i / 30:.3f} | lr 1e-3\n" for i in range(1, 30))
        + "validation loss: 2.5\n\x1b[32mEpoch 1:\x1b[0m  50%|█████     | 2/4 [00:00<00:00, 99.1it/s, loss=0.9]\r"
        + "Epoch 1: 100%|██████████| 4/4 [00:00<00:00, 99.1it/s, loss=0.8]\n"
        + "iter   train_loss   tok/s\n 1  4.5  10\n 2  4.4  11\nKilled\n"
    ).encode()

    @given(st.lists(st.integers(0, len(LOG)), max_size=12))
    @settings(max_examples=60)
    def test_any_split_gives_the_same_records(self, cuts):
        whole = read(self.LOG)
        decoder = TextDecoder()
        edges = [0, *sorted(cuts), len(self.LOG)]
        records = [r for a, b in pairwise(edges) for r in decoder.feed(self.LOG[a:b])]
        assert records + decoder.flush() == whole
        assert decoder.facts.failure == "Killed"

    @given(st.binary(max_size=400))
    @settings(max_examples=200)
    def test_no_bytes_raise(self, data):
        read(data)

    @given(
        st.lists(
            st.sampled_from(
                ["step ", "loss", "=", ": ", "1", "2.5", "nan", "[", "]", "/", "epoch", "\n", "\r", " ", "|", "%", "val ",
                 "\t", "(", ")", "-", "{", "'", "1e400", "99999999999999999999", "tensor(", ",", "it/s", "Epoch 1/3\n"]
            ),
            max_size=60,
        )
    )  # fmt: skip
    @settings(max_examples=300)
    def test_no_line_of_the_usual_pieces_raises(self, pieces):
        for record in read("".join(pieces) + "\n"):
            assert record.step is None or isinstance(record.step, int)
            assert all(isinstance(value, float) for value in record.values.values())

    def test_memory_stays_bounded_when_no_two_lines_are_alike(self, monkeypatch):
        monkeypatch.setattr(text, "MAX_SHAPES", 200)
        decoder = TextDecoder()
        for i in range(300):
            word = "".join(chr(97 + (i >> shift) % 16) for shift in (0, 4, 8, 12))
            decoder.feed(f"{word} {i} things\n".encode())
        assert 0 < len(decoder.shapes) <= 200

    def test_a_line_that_is_too_long_is_counted(self):
        decoder = TextDecoder()
        decoder.feed(b"x" * (3 << 20) + b"\nstep 1 loss 2\n")
        assert decoder.skipped.count == 1

    def test_escape_sequences_reach_no_name(self):
        log = b"step 1 \x1b[31mlo\x1b]0;evil\x07ss\x1b[0m: 2.0\n"
        (record,) = read(log)
        assert record.values == {"loss": 2.0}


class TestLooksLikeTraining:
    def test_says_why(self):
        head = b"loading\nstep 1 loss 2.5\nstep 2 loss 2.4\nstep 3 loss 2.3\n"
        assert looks_like_training(head) == "3 of 4 lines have the shape 'step # loss #'"

    def test_a_table(self):
        head = b"Iter  Train Loss  Remaining Time\n 1  1.5  0.5s\n 2  1.4  0.4s\n"
        assert "table" in (looks_like_training(head) or "")

    @pytest.mark.parametrize(
        "head", [b"", b"# README\nTrain with loss 0.5 at step 3.\n", b"\x00\x01\x02" * 100]
    )
    def test_other_files_do_not(self, head):
        assert looks_like_training(head) is None


class TestHostileLines:
    @pytest.mark.slow  # half a second each
    @pytest.mark.parametrize(
        "piece",
        [
            " ",
            "-",
            "=",
            ".",
            "|",
            ":",
            "1",
            ",",
            "[",
            "(",
            "'",
            "1-",
            "1.",
            "1:",
            "1/",
            "a ",
            "1 ",
            "| ",
            "• ",
            "█",
            "0:01/",
        ],
    )
    def test_no_line_takes_long(self, piece):
        filler = piece * (3900 // len(piece))
        lines = [
            f"step 1 loss 2.0 {filler}",
            f"step 1 {filler} loss 2.0",
            f"{filler} step 1 loss: 2.0",
            f"step 1 loss 2.0 {filler}x",
            f"step {filler} loss 2.0",
            f"epoch {filler}: 5%|{filler}",
        ]
        read("\n".join(lines * 3))  # a pattern that goes back and forth would take minutes
