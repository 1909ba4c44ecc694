"""What lines mean by how they are built, whatever words they use; and what they must not."""

from __future__ import annotations

import json

import pytest

from lossmon.formats import column, hf_stdout
from lossmon.formats.csv import CsvDecoder
from lossmon.formats.csv import sniff as csv_sniff
from lossmon.formats.json_history import decoder as json_decoder
from lossmon.formats.json_history import sniff
from lossmon.formats.names import choose
from lossmon.formats.text import TextDecoder
from lossmon.formats.text_signs import any_row, looks_like_training
from tests.formats.text_rows import Rows, rows_of


def _lines(line: str, *cells: tuple[object, ...]) -> str:
    return "".join(line % row + "\n" for row in cells)


KINDS: dict[str, tuple[str, Rows]] = {
    "a counter that is glued to its name": (
        _lines("{train:epoch1,step%d,train_loss: %s}", (2, 1.5), (3, 1.25)),
        [(2, {"train_loss": 1.5}), (3, {"train_loss": 1.25})],
    ),
    "a headline with a glued counter": (
        "Epoch7\nloss: 0.5\nEpoch8\nloss: 0.25\n", [(7, {"loss": 0.5}), (8, {"loss": 0.25})],
    ),
    "ordinals": (
        _lines("%s epoch, %s mini-batch, loss is %s", ("0th", "1st", 2.5), ("0th", "2nd", 2.25)),
        [(1, {"loss": 2.5}), (2, {"loss": 2.25})],
    ),
    "a number with no name behind counters": (
        _lines("epoch 0, batch %d: %s", (0, 4.5), (1, 4.25), (2, 3.5)),
        [(0, {"loss": 4.5}), (1, {"loss": 4.25}), (2, {"loss": 3.5})],
    ),
    "a count and its share of the whole, in brackets": (
        _lines("%dm 27s (- %dm 2s) (%d %d%%) %s",
               (0, 9, 500, 6, 3.5), (1, 8, 1000, 12, 3.25), (2, 7, 1500, 18, 2.5)),
        [(500, {"loss": 3.5}), (1000, {"loss": 3.25}), (1500, {"loss": 2.5})],
    ),
    "a step and a loss as a tuple": (
        _lines("loss: (%d, %s)", (0, 1207.5), (1, 756.25)),
        [(0, {"loss": 1207.5}), (1, {"loss": 756.25})],
    ),
    "the data behind each value": (
        _lines("epoch %d | loss %s (train), %s (dev) | error %s (train), %s (dev)",
               (20, 0.5, 0.75, 0.125, 0.25)),
        [(20, {"train loss": 0.5, "dev loss": 0.75, "train error": 0.125, "dev error": 0.25})],
    ),
    "name and value in cells of their own": (
        _lines("==== EPOCH: 1 | ITERATION: %d ====\nODE | loss | %s", (1, 0.5), (2, 0.25)),
        [(1, {"loss": 0.5}), (2, {"loss": 0.25})],
    ),
    "the loss a line below its place": (
        _lines("epoch: 1, %d/188 0.5%%, lr: 0.5\n    recon loss: %s", (1, 9.5), (11, 9.25), (21, 9.0)),
        [*[(n, {"lr": 0.5}) for n in (1, 11, 21)],
         (1, {"recon loss": 9.5}), (11, {"recon loss": 9.25}), (21, {"recon loss": 9.0})],
    ),
    "a mean in brackets sums an evaluation up, its last batch stands before it": (
        "Epoch: [0]  [0/2]  loss: 2.5 (2.5)\nEpoch: [0]  [1/2]  loss: 2.25 (2.375)\n"
        "Test:  [0/2]  loss: 3.5 (3.5)\nTest:  [1/2]  loss: 4.5 (4.0)\n"
        "Averaged stats: loss: 4.5 (4.0)\n",
        [(0, {"loss": 2.5}), (1, {"loss": 2.25}), (1, {"eval_loss": 4.0})],
    ),
    "scores of now, and the best so far": (
        _lines("iter: %d, loss: 2.5, acc: 0.25\nroot INFO: cur metric, acc: %s, norm: 224.5\n"
               "root INFO: best metric, acc: 0.875", (10, 0.5), (20, 0.75), (30, 0.5)),
        [*[(n, {"loss": 2.5, "acc": 0.25}) for n in (10, 20, 30)],
         *[(n, {"eval_acc": acc, "eval_norm": 224.5}) for n, acc in ((10, 0.5), (20, 0.75), (30, 0.5))]],
    ),
    "what a table told is said again below it": (
        "Epoch  Train Loss  Test Loss\n    1       2.5       2.75\n    2       1.5       1.75\n\n"
        "FINAL EVALUATION\nTest Loss: 1.75\n",
        [(1, {"Train Loss": 2.5, "Test Loss": 2.75}), (2, {"Train Loss": 1.5, "Test Loss": 1.75}),
         (2, {"final_Test Loss": 1.75})],
    ),
    "what is trained has a name that nobody knows": (
        _lines("I | train | step=%d, pmove=0.5, energy=%s", (0, -1.25), (1, -1.5), (2, -1.75)),
        [(0, {"pmove": 0.5, "energy": -1.25}), (1, {"pmove": 0.5, "energy": -1.5}),
         (2, {"pmove": 0.5, "energy": -1.75})],
    ),
    "complex numbers of such": (
        _lines("train step=%d energy=%sj",
               (0, "-1.25+0.5"), (1, "-1.5+0.5"), (2, "-1.5+0.5"), (3, "-1.75-0.5"), (4, "-2.0+0.5")),
        [(0, {"energy": -1.25}), (1, {"energy": -1.5}), (2, {"energy": -1.5}),
         (3, {"energy": -1.75}), (4, {"energy": -2.0})],
    ),
    "a count before its unit, behind the name": (
        _lines("Training error after %d iterations: %s", (100, 2.5), (200, 2.25)),
        [(100, {"Training error": 2.5}), (200, {"Training error": 2.25})],
    ),
    "the step as an index of the loss": (
        _lines("loss[%d]: %s", (100, 2.5), (200, 2.25)), [(100, {"loss": 2.5}), (200, {"loss": 2.25})],
    ),
    "a mean of the last ten": (
        _lines("Episode %d/500, Avg Reward (last 10): %s", (1, 2.5), (2, 2.25), (3, 2.5)),
        [(1, {"Avg Reward": 2.5}), (2, {"Avg Reward": 2.25}), (3, {"Avg Reward": 2.5})],
    ),
    "how many steps an episode had is no place": (
        _lines("Episode %d/500 | Steps= %d | AvgReward= %s", (1, 200, 2.5), (2, 180, 2.25), (3, 200, 2.5)),
        [(1, {"AvgReward": 2.5}), (2, {"AvgReward": 2.25}), (3, {"AvgReward": 2.5})],
    ),
    "train and val beside what only regularises": (
        _lines("[ %d/100] train=%s (recon=0.5, kl=0.25)  val=%s", (1, 2.5, 2.75), (2, 2.25, 2.5)),
        [(1, {"train_loss": 2.5, "recon": 0.5, "kl": 0.25, "val": 2.75}),
         (2, {"train_loss": 2.25, "recon": 0.5, "kl": 0.25, "val": 2.5})],
    ),
    "the two of a GAN by a letter each": (
        _lines(">%d, %d/2, d=0.5, g=%s", (1, 1, 2.5), (1, 2, 2.25), (2, 1, 2.0)),
        [(1, {"d_loss": 0.5, "g_loss": 2.5}), (2, {"d_loss": 0.5, "g_loss": 2.25}),
         (3, {"d_loss": 0.5, "g_loss": 2.0})],
    ),
    "a sentence before the name": (
        _lines("Epoch %d finished. Average Loss: %s", (1, 2.5), (2, 2.25)),
        [(1, {"Average Loss": 2.5}), (2, {"Average Loss": 2.25})],
    ),
    "a headline between equals signs, and what is being done": (
        _lines("== Epoch %d ==\nTraining...\nLoss: %s\nValidating...\nLoss: %s",
               (1, 3.5, 3.75), (2, 2.5, 2.75)),
        [(1, {"Loss": 3.5}), (1, {"eval_loss": 3.75}), (2, {"Loss": 2.5}), (2, {"eval_loss": 2.75})],
    ),
    "rows that had to wait are of the part in which they stood": (
        _lines("Epoch %d/12\nTrain\n  loss: 2.5\n  acc: %s\nVal\n  loss: 2.75\n  acc: %s",
               (1, 0.5, 0.25), (2, 0.75, 0.125)),
        [(1, {"loss": 2.5}), (1, {"eval_loss": 2.75}), (2, {"loss": 2.5}),
         (1, {"acc": 0.5}), (1, {"eval_acc": 0.25}), (2, {"acc": 0.75}),
         (2, {"eval_loss": 2.75}), (2, {"eval_acc": 0.125})],
    ),
    "steps without a name for the loss, from 100 on in each epoch": (
        _lines("Epoch %d\nStep 100: %s\nStep 200: %s", (1, 3.5, 3.25), (2, 2.5, 2.25)),
        [(100, {"loss": 3.5}), (200, {"loss": 3.25}), (300, {"loss": 2.5}), (400, {"loss": 2.25})],
    ),
    "what sums an epoch up, without a place, has an evaluation": (
        _lines("EPOCH %d:\n  batch 1000 loss: 2.5\nLOSS train %s valid %s",
               (1, 2.375, 2.75), (2, 1.75, 1.875), (3, 1.5, 1.75)),
        [*[(n * 1000, {"loss": 2.5}) for n in (1, 2, 3)],
         (1000, {"LOSS train": 2.375, "valid_loss": 2.75}), (2000, {"LOSS train": 1.75, "valid_loss": 1.875}),
         (3000, {"LOSS train": 1.5, "valid_loss": 1.75})],
    ),
    "the best is told again": (
        _lines("Epoch %d, train_loss %s, val_loss %s", (1, 2.5, 2.75), (2, 2.25, 2.5))
        + "Loaded best model from epoch 2 with val_loss 2.5\n",
        [(1, {"train_loss": 2.5, "val_loss": 2.75}), (2, {"train_loss": 2.25, "val_loss": 2.5})],
    ),
    "two values parted by a stroke are no share": (
        _lines("Epoch %d Loss (train/val): %s/%s", (1, 2.5, 2.75), (2, 2.25, 2.5)),
        [(1, {"train Loss": 2.5, "val Loss": 2.75}), (2, {"train Loss": 2.25, "val Loss": 2.5})],
    ),
    "a split, a batch, and a loss without a name (DARTS)": (
        _lines("epoch %d lr 2.5e-02\ntrain 000 %s 12.5 50.0\ntrain 050 %s 22.5 60.0\n"
               "valid 000 3.5 37.5 80.0\nvalid 050 %s 37.5 80.0",
               (0, 2.5, 2.25, 2.75), (1, 2.0, 1.75, 1.875)),
        [(0, {"train_loss": 2.5}), (50, {"train_loss": 2.25}), (50, {"valid_loss": 2.75}),
         (100, {"train_loss": 2.0}), (150, {"train_loss": 1.75}), (150, {"valid_loss": 1.875})],
    ),
    "what says train is no evaluation, whatever the headline": (
        _lines("--- Round number: %d ---\nEvaluate global model\nAveraged Train Loss: %s",
               (1, 2.5), (2, 2.25), (3, 2.0)),
        [(1, {"Averaged Train Loss": 2.5}), (2, {"Averaged Train Loss": 2.25}),
         (3, {"Averaged Train Loss": 2.0})],
    ),
    "a headline that ends with how far it is, in brackets": (
        _lines("Epoch %d (1/12):\nTrain Instance Accuracy: %s", (1, 0.5), (2, 0.75), (3, 0.875)),
        [(n, {"Train Instance Accuracy": acc}) for n, acc in ((1, 0.5), (2, 0.75), (3, 0.875))],
    ),
    "the epoch by a letter": (
        _lines("e: %d, lr: 0.5, loss: %s", (1, 2.5), (2, 2.25)),
        [(1, {"lr": 0.5, "loss": 2.5}), (2, {"lr": 0.5, "loss": 2.25})],
    ),
    "the total of an epoch beside its parts": (
        _lines("epoch: %d, ce: 0.5, reg: 0.25, total: %s", (1, 2.5), (2, 2.25)),
        [(n, {"ce": 0.5, "reg": 0.25, "total_loss": total}) for n, total in ((1, 2.5), (2, 2.25))],
    ),
    "counters and losses as a row of cells": (
        _lines("epoch,%d,loss,%s", (1, 2.5), (2, 2.25)), [(1, {"loss": 2.5}), (2, {"loss": 2.25})],
    ),
    "an epoch in Korean, an accuracy in Russian": (
        _lines("에폭 %d: 손실 %s", (1, 2.5), (2, 2.25)) + "Эпоха 3, Потери: 2.0, Точность: 0.5\n",
        [(1, {"손실": 2.5}), (2, {"손실": 2.25}), (3, {"Потери": 2.0, "Точность": 0.5})],
    ),
    "generations of a search": (
        _lines("Generation %d, best: %s, mean: %s", (1, 2.5, 3.5), (2, 2.25, 3.25), (3, 2.0, 3.0)),
        [(1, {"best": 2.5, "mean": 3.5}), (2, {"best": 2.25, "mean": 3.25}),
         (3, {"best": 2.0, "mean": 3.0})],
    ),
    "a search that tells the best alone": (
        _lines("Iteration %d: best cost = %s", (1, 2.5), (2, 2.25), (3, 2.0)),
        [(1, {"best cost": 2.5}), (2, {"best cost": 2.25}), (3, {"best cost": 2.0})],
    ),
    "a second line of the same batch, known as a row later than the first": (
        _lines("[%d/1000], loss: %s acc: 51.5\n[%d/1000],  zero acc: 49.5",
               *[(n, 1.5 - n / 8, n) for n in range(5)]),
        [*[(n, {"loss": 1.5 - n / 8, "acc": 51.5}) for n in range(3)],
         *[(n, {"zero acc": 49.5}) for n in range(3)],
         (3, {"loss": 1.125, "acc": 51.5}), (3, {"zero acc": 49.5}),
         (4, {"loss": 1.0, "acc": 51.5}), (4, {"zero acc": 49.5})],
    ),
    "several rows of each epoch, and no batch": (
        _lines("Epoch: %d| train loss: %s", *[(n // 4 + 1, 2 - n / 16) for n in range(12)]),
        [(n + 1, {"train loss": 2 - n / 16}) for n in range(12)],
    ),
    "an epoch that a second process prints as well": (
        _lines("Epoch: %d| train loss: %s", *[(n // 2 + 1, 2 - n / 16) for n in range(8)]),
        [(n // 2 + 1, {"train loss": 2 - n / 16}) for n in range(8)],
    ),
    "scores of an epoch that names it are read from the first on": (
        _lines("Epoch [%d][50/50]\tloss: 2.5\nEpoch(val) [%d][5]\tbbox_mAP: %s",
               (1, 1, 0.25), (2, 2, 0.5)),
        [(50, {"loss": 2.5}), (50, {"eval_bbox_mAP": 0.25}),
         (100, {"loss": 2.5}), (100, {"eval_bbox_mAP": 0.5})],
    ),
    "what will be used for early stopping is no end": (
        "[1]\ttrain-rmse:2.5\nWill use validation_rmse for early stopping.\n"
        + _lines("[%d]\ttrain-rmse:%s", (2, 2.25), (3, 2.0)),
        [(1, {"train-rmse": 2.5}), (2, {"train-rmse": 2.25}), (3, {"train-rmse": 2.0})],
    ),
    "settings in front of the episode": (
        _lines("Best (α=0.5, ε=0.25) | Episode %d | Avg reward (last 10): %s | Steps: 14",
               *[(10 * n, n / 4) for n in range(1, 14)]),
        [(10 * n, {"ε": 0.25, "Avg reward": n / 4}) for n in range(1, 14)],
    ),
    "values before their names": (
        _lines("Epoch %d @ %d:27 %sM : %s C.E. Loss, %s%% Accuracy",
               (1, 9, "P", 2.5, 91.25), (2, 10, "A", 2.25, 92.5)),
        [(1, {"C.E. Loss": 2.5, "Accuracy": 91.25}), (2, {"C.E. Loss": 2.25, "Accuracy": 92.5})],
    ),
    "several values before their names": (
        _lines("Epoch %d: %s train loss, %s val loss | 0.5 acc", (1, 2.5, 2.75), (2, 2.25, 2.5)),
        [(1, {"train loss": 2.5, "val loss": 2.75, "acc": 0.5}),
         (2, {"train loss": 2.25, "val loss": 2.5, "acc": 0.5})],
    ),
    "a section of losses": (
        _lines("[Batch %d/99] [Losses: x 0.25, conf 4.5, total %s, recall: 0.5]", (1, 5.5), (2, 5)),
        [(1, {"x_loss": 0.25, "conf_loss": 4.5, "total_loss": 5.5, "recall": 0.5}),
         (2, {"x_loss": 0.25, "conf_loss": 4.5, "total_loss": 5, "recall": 0.5})],
    ),
    "a loss in a call is no section": (
        _lines("step %d loss: tensor(0.25), time: 0.5, x: 0.25", (1,), (2,)),
        [(n, {"loss": 0.25, "time": 0.5, "x": 0.25}) for n in (1, 2)],
    ),
    "other words for held-out data": (
        _lines("epoch %d >>>>>\ntraining set : loss %s\nevl set : loss 2.5\n"
               "Verification accuracy: 0.5", (1, 1.5), (2, 1.25), (3, 1)),
        [*[row for n, v in ((1, 1.5), (2, 1.25), (3, 1))
           for row in ((n, {"loss": v}), (n, {"eval_loss": 2.5}))],
         *[(n, {"Verification accuracy": 0.5}) for n in (1, 2, 3)]],
    ),
    "an episode and a number": (
        _lines("Episode %d: %s", (10, 12.0), (20, 13.5), (30, 14.25)),
        [(10, {"reward": 12.0}), (20, {"reward": 13.5}), (30, {"reward": 14.25})],
    ),
    "rows behind a comment sign": (
        _lines("## Epoch %d: train loss = %s ##", (1, 2.5), (2, 2.25)),
        [(1, {"train loss": 2.5}), (2, {"train loss": 2.25})],
    ),
    "a word and a count in brackets": (
        _lines("[lfw][%d]Accuracy-Flip: %s+-0.005", *[(n * 1000, 1 - n / 8) for n in (3, 2, 1)]),
        [(n * 1000, {"Accuracy-Flip": 1 - n / 8}) for n in (3, 2, 1)],
    ),
    "an object that says its data": (
        _lines('stats: {"RAM": "1.5/31G", "_type": "%s_epoch", "epoch": "%d/9", "loss": %s}',
               ("train", 1, 2.5), ("val", 1, 2.75), ("train", 2, 2.25), ("val", 2, 2.5)),
        [(1, {"RAM": 1.5, "loss": 2.5}), (1, {"RAM": 1.5, "eval_loss": 2.75}),
         (2, {"RAM": 1.5, "loss": 2.25}), (2, {"RAM": 1.5, "eval_loss": 2.5})],
    ),
    "a score under conditions": (
        "".join(
            f"Epoch: [{n}]  [0/10]  loss: 2.5\n"
            f" Average Precision  (AP) @[ IoU=0.50 | area=   all | maxDets=100 ] = {n}.25\n"
            f" Average Precision  (AP) @[ IoU=0.75 | area=   all | maxDets=100 ] = {n}.5\n"
            f"Accuracy of the network on the 10000 test images: {n} %\n"
            for n in (1, 2, 3, 4)
        ),
        [(0, {"loss": 2.5}), (10, {"loss": 2.5}), (20, {"loss": 2.5}),
         *[(10 * n - 10, {"AP @[IoU=0.50|area=all|maxDets=100]": n + 0.25}) for n in (1, 2, 3)],
         *[(10 * n - 10, {"AP @[IoU=0.75|area=all|maxDets=100]": n + 0.5}) for n in (1, 2, 3)],
         *[(10 * n - 10, {"eval Accuracy": n}) for n in (1, 2, 3)],
         (30, {"loss": 2.5}), (30, {"AP @[IoU=0.50|area=all|maxDets=100]": 4.25}),
         (30, {"AP @[IoU=0.75|area=all|maxDets=100]": 4.5}), (30, {"eval Accuracy": 4})],
    ),
    "a score for an epoch": (
        _lines("Accuracy for epoch %d: %s", (1, 0.5), (2, 0.625), (3, 0.75)),
        [(1, {"Accuracy": 0.5}), (2, {"Accuracy": 0.625}), (3, {"Accuracy": 0.75})],
    ),
    "a matrix is no headline": (
        _lines("Epoch %d loss %s\n[[10  %d]\n [ 2 30]]", (1, 2.5, 3), (2, 2.25, 4)),
        [(1, {"loss": 2.5}), (2, {"loss": 2.25})],
    ),
    "of a report by class the mean": (
        _lines("Epoch %d loss %s\n             precision    recall  f1-score   support\n\n"
               "           0      0.25      0.50      0.75        50\n\n"
               "    accuracy                          0.50       100\n"
               "   macro avg      %s      0.25      0.25       100\n", (1, 2.5, 0.5), (2, 2, 0.75)),
        [(1, {"loss": 2.5}), (1, {"precision": 0.5, "recall": 0.25, "f1-score": 0.25}),
         (2, {"loss": 2}), (2, {"precision": 0.75, "recall": 0.25, "f1-score": 0.25})],
    ),
    "a headline of the steps of the world alone": (
        _lines("Num timesteps: %d\nBest mean reward: 1.0 - Last mean reward: %s",
               (1000, 1.5), (2000, 2.5), (3000, 3.5)),
        [(n * 1000, {"Best mean reward": 1.0, "Last mean reward": n + 0.5}) for n in (1, 2, 3)],
    ),
    "initials": (
        _lines("E: %s/9 | B: %d/4 | L: %s[-]", (1.0, 2, 2.5), (1.0, 4, 2.25), (2.0, 2, 2)),
        [(2, {"loss": 2.5}), (4, {"loss": 2.25}), (6, {"loss": 2})],
    ),
    "a semicolon at the end of a row": (
        _lines("Finished Epoch[%d of 9]: [Training] loss = %s * 1000, 1.1s (1000.0 samples/s);\n"
               "Finished Evaluation [1]: Minibatch[1-10]: metric = 1.5%% * 100;", (1, 2.5), (2, 2)),
        [(1, {"loss": 2.5}), (2, {"loss": 2})],
    ),
    "boxes that say no step": (
        _lines("-----\n| agent acc | 0.5 |\n| loss      | %s |\n| entropy   | 1.5 |\n-----",
               (2.5,), (2.25,)),
        [(0, {"agent acc": 0.5, "loss": 2.5, "entropy": 1.5}),
         (1, {"agent acc": 0.5, "loss": 2.25, "entropy": 1.5})],
    ),
    "the end of a box that counts": (
        "| lr | 0.5 |\n| loss | 2.5 |\n| n_updates | 8 |\n| value_loss | 1.5 |\n-----\n"
        + _lines("| total_timesteps | %d |\n| loss | %s |\n-----", (100, 2.25), (200, 2)),
        [(100, {"loss": 2.25}), (200, {"loss": 2})],
    ),
    "two rows of an epoch that comes again": (
        _lines("Meta epoch %d...\nbatch loss: %s\nAverage inner loss: %s",
               (0, 2.5, 1.5), (0, 2.25, 1.25), (1, 2, 1)),
        [(0, {"batch loss": 2.5}), (0, {"Average inner loss": 1.5}),
         (0, {"batch loss": 2.25}), (0, {"Average inner loss": 1.25}),
         (1, {"batch loss": 2}), (1, {"Average inner loss": 1})],
    ),
    "a score in many words, and rewards below an epoch": (
        _lines("epoch #%d | Saved\nAverage return per training episode of all: %s",
               (1, 2.5), (2, 2.75), (3, 3)),
        [(n, {"Average return per training episode of all": 2.25 + n / 4}) for n in (1, 2, 3)],
    ),
    "a header behind another sign of a comment": (
        "% iter loss acc\n1 2.5 0.25\n2 2.25 0.5\n",
        [(1, {"loss": 2.5, "acc": 0.25}), (2, {"loss": 2.25, "acc": 0.5})],
    ),
    "an index behind a clock in brackets": (
        _lines("[10:00:0%d] [%d]\ttrain-logloss:%s", (1, 1, 2.5), (2, 2, 2.25)),
        [(1, {"train-logloss": 2.5}), (2, {"train-logloss": 2.25})],
    ),
    "an index in angle brackets": (
        _lines("<%d> LL/token: %s", (10, -2.5), (20, -2.25), (30, -2)),
        [(10, {"LL/token": -2.5}), (20, {"LL/token": -2.25}), (30, {"LL/token": -2})],
    ),
    "numbers as Fortran writes them": (
        _lines("At iterate   %d    f=  %.2fD-01    |proj g|=  1.00000D-02", (1, 2.5), (2, 1.25), (3, 1)),
        [(1, {"f": 0.25}), (2, {"f": 0.125}), (3, {"f": 0.1})],
    ),
    "the rows of a data set's table are no headline": (
        "| #Users | #Items |  Avg.Len |\n| 22363  | 12101  | 8.876358 |\n"
        + _lines("[Coach] >>> TRAIN @Epoch: %d  >>>  || LOSS Avg: %s", (1, 1.5), (2, 1.25)),
        [(1, {"LOSS Avg": 1.5}), (2, {"LOSS Avg": 1.25})],
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_rows_at_once_and_a_line_at_a_time(kind: str) -> None:
    text, rows = KINDS[kind]
    assert [rows_of(text, at_once) for at_once in (True, False)] == [rows, rows]


@pytest.mark.parametrize(
    "text",
    [
        _lines("Epoch %d took %s to run", (1, 1.5), (2, 1.25), (3, 1.5), (4, 1.5)),
        _lines("Epoch %d: %ss", (1, 1.5), (2, 1.25), (3, 1.5), (4, 1.5)),
        _lines("step %d of the recipe: 2.5 cups of flour", (1,), (2,), (3,), (4,)),
        _lines("saved model_epoch%d.pth 0.5", (1,), (2,), (3,), (4,)),
        "".join(f"  {n}  -5.3e+0{n % 9}  2.9e+02  4.1e-05  4.4e-07  1.6e-01  2s\n"
                for n in range(40)),  # a solver, from the middle on
        _lines("logits | %d | loss | none", (1,), (2,), (3,)),
        _lines("INFO--->train--->2022-03-23 10:37:30,456--->0m 24s (%d %d%%)",
               (5000, 6), (10000, 12), (15000, 18)),
        _lines("Epoch 1/3 : |####------| 40.00%% [%d/50 00:00<00:00 %s]",
               (20, 0.5), (21, 0.25), (22, 0.125)),  # fastai's bar, below which a table tells the loss
    ],
)  # fmt: skip
def test_what_is_no_training(text: str) -> None:
    assert looks_like_training(text.encode()) is None


def test_a_number_without_a_name_is_no_loss_where_the_log_names_one() -> None:
    named = _lines("epoch %d loss %s", (1, 2.5), (2, 2.25))
    text = named + _lines("epoch %d: %s", (1, 12.5), (2, 12.25), (3, 12.5), (4, 12.5))
    decoder = TextDecoder()
    records = [*decoder.feed(text.encode()), *decoder.flush()]
    assert [record.values for record in records] == [{"loss": 2.5}, {"loss": 2.25}]


def test_of_two_names_that_are_one_the_one_logged_more_is_the_curve() -> None:
    assert choose({"loss": range(10), "Loss": range(64)})["train_loss"] == "Loss"
    assert choose({"loss": range(64), "Loss": range(10)})["train_loss"] == "loss"


def test_catboost_names_its_values_apart_from_them() -> None:
    metrics = [{"best_value": "Min", "name": "Logloss"}, {"best_value": "Max", "name": "Accuracy"}]
    document = {
        "meta": {"test_metrics": metrics, "learn_metrics": metrics, "iteration_count": 1000},
        "iterations": [
            {"learn": [0.75, 0.5], "iteration": n, "passed_time": 0.5, "test": [0.875, 0.25]}
            for n in range(3)
        ],
    }
    text = json.dumps(document).encode()
    assert sniff(text, "catboost_training.json")
    decoder = json_decoder("")
    records = [*decoder.feed(text), *decoder.flush()]
    assert [record.step for record in records] == [0, 1, 2]
    assert records[2].values == {
        "learn/Logloss": 0.75, "learn/Accuracy": 0.5, "test/Logloss": 0.875, "test/Accuracy": 0.25,
        "passed_time": 0.5,
    }  # fmt: skip
    assert decoder.facts.total_steps == 1000


@pytest.mark.parametrize("name", ["out/log_loss.csv", "result.csv"])
def test_a_column_may_be_called_what_it_is(name: str) -> None:
    """pandas' `to_csv(index=False)` of one column has no delimiter that would make it a table."""
    text = b"val_loss\n2.5\n2.25\n2.125\n2.0\n1.5\n"
    assert column.sniff(text, name)
    decoder = column.decoder(name)
    records = [*decoder.feed(text), *decoder.flush()]
    assert [r.values for r in records] == [{"val_loss": v} for v in (2.5, 2.25, 2.125, 2.0, 1.5)]
    assert not column.sniff(b"price\n2.5\n2.25\n2.125\n2.0\n1.5\n", name.replace("loss", "x"))


def test_a_counter_may_stand_behind_the_value() -> None:
    text = b"1.02 0\n0.518 100\n0.358 200\n"
    assert column.sniff(text, "logs/loss.log")
    assert not column.sniff(b"1.02 0\n0.518 100\n0.358 90\n", "logs/loss.log")
    decoder = column.decoder("logs/loss.log")
    records = [*decoder.feed(text), *decoder.flush()]
    assert [(r.step, r.values) for r in records] == [
        (0, {"loss": 1.02}), (100, {"loss": 0.518}), (200, {"loss": 0.358}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["[3.5, 2.5, 2.25,\n 2.125, 2.0]\n", "[\n  3.5,\n  2.5,\n  2.25,\n  2.125,\n  2.0\n]\n"]
)
def test_a_printed_list_is_a_row_a_number(text: str) -> None:
    assert column.sniff(text.encode(), "losses.txt")
    decoder = column.decoder("losses.txt")
    records = [*decoder.feed(text.encode()), *decoder.flush()]
    assert [r.values for r in records] == [{"losses": v} for v in (3.5, 2.5, 2.25, 2.125, 2.0)]


def test_a_total_beside_its_parts_is_the_loss() -> None:
    assert choose(["step", "kl", "total"])["train_loss"] == "total"
    both = choose(["train_total", "train_ot", "val_total", "val_ot"])
    assert (both["train_loss"], both["eval_loss"]) == ("train_total", "val_total")
    assert "train_loss" not in choose(["total", "free"])  # of a disk


def test_steps_beside_an_episode_are_its_length() -> None:
    decoder = CsvDecoder()
    text = "episode,steps,reward\n1,200,0.5\n2,180,0.75\n3,220,1.5\n"
    records = [*decoder.feed(text.encode()), *decoder.flush()]
    assert [(r.step, r.values["reward"]) for r in records] == [(1, 0.5), (2, 0.75), (3, 1.5)]


SOURCES = {
    "a name of a file that holds the word": "  train_colossalai.py:{n} main\n",
    "a line of a program": "  models/train_loss.py:{n}: in loss\n",
    "a linter": "loss.py:{n}:1{n}: E501 line too long ({n} > 79 characters)\n",
    "a checker of types": "train.py:{n}: error: Incompatible types (loss {n})  [assignment]\n",
    "a traceback": '  File "/a/loss.py", line {n}, in loss\n    loss = f(x)\n',
    "a stack": "#{n} 0x00007f5{n}aa in loss (x=0.{n}) at loss.cc:{n}\n",
    "two numbers that nothing tells apart": "epoch {n} (2.{n}, 0.{n})\n",
}


@pytest.mark.parametrize("kind", SOURCES)
def test_where_in_a_program_is_no_loss(kind: str) -> None:
    text = "".join(SOURCES[kind].format(n=n) for n in range(10, 40))
    assert looks_like_training(text.encode()) is None
    assert any_row(text.encode()) is None


SEARCHES = {
    "an error between two tables": "".join(
        f"RMSE: 12.{n}\nMinutes   0.90{n}\nAds   0.03{n}\nGenre   0.00{n}\n" for n in range(9)
    ),
    "an error below each step of a pipeline": "".join(
        f"2026-03-14 14:3{n}:31,931 - INFO - Step 6: Evaluate\n"
        f"2026-03-14 14:3{n}:31,935 - INFO - RMSE:  175.{n}\n"
        f"2026-03-14 14:3{n}:31,936 - INFO - R2:  0.9{n}\n"
        for n in range(9)
    ),
    "settings of a solver": "".join(
        f"Iter {n}\nChanged value of parameter {name} to 1\n"
        "   Value: 1e-08  Min: 0.0  Max: 1.0  Default: 1e-06\n"
        for n, name in enumerate("abcdef")
    ),
    "settings that are found": "".join(f"  gamma: 0.{n}\n  alpha: 0.5\n" for n in range(1, 20)),
    "a table of the results of a model": "".join(
        f"Weight: 1:{n} end_epoch: 20\n|CLASSES  : Precision    Recall        F1|\n"
        f"|healthy  :    0.95{n}       1.0    0.9764|\n"
        for n in range(9)
    ),
}


@pytest.mark.parametrize("kind", SEARCHES)
def test_scores_that_come_again_without_getting_on_are_no_training(kind: str) -> None:
    assert looks_like_training(SEARCHES[kind].encode()) is None


def test_errors_are_a_training_where_they_stand_together_or_get_on() -> None:
    rows = [1.5, 1.25, 1.0, 0.75]
    assert rows_of(_lines("RMSE: %s", *[(v,) for v in rows]), True) == [
        (None, {"RMSE": v}) for v in rows
    ]
    headed = "".join(f"Epoch {n}\nAds 0.5\nRMSE: {v}\n" for n, v in enumerate(rows, 1))
    assert rows_of(headed, True) == [(n, {"RMSE": v}) for n, v in enumerate(rows, 1)]


def test_a_column_that_is_called_a_counter_and_falls_counts_nothing() -> None:
    games = "".join(f"{n},-0.{99 - n},{(5, 3, 4, 2, 6, 1)[n % 6]},{900 - n}\n" for n in range(40))
    decoder = CsvDecoder("log.csv")
    records = [*decoder.feed(f"time,loss,steps,games\n{games}".encode()), *decoder.flush()]
    assert len(records) == 40
    assert {record.step for record in records} == {None}


def test_what_a_policy_earns_is_of_no_data() -> None:
    decoder = CsvDecoder("train_log.csv")
    records = [*decoder.feed(b"episode,reward_mean,loss\n1,-2.5,0.5\n"), *decoder.flush()]
    assert records[0].values == {"reward_mean": -2.5, "train_loss": 0.5}


def test_dicts_within_a_printed_dict_are_of_its_row() -> None:
    text = "{'epoch': 1, 'train_loss': 2.5, 'val': {'loss': 2.75, 'acc': 0.5}, 'none': {}}\n"
    decoder = hf_stdout.decoder("")
    records = [*decoder.feed(text.encode()), *decoder.flush()]
    assert [record.values for record in records] == [
        {"train_loss": 2.5, "val/loss": 2.75, "val/acc": 0.5}
    ]


def test_printed_scores_among_rows_of_another_kind_are_no_rows_of_a_trainer() -> None:
    text = _lines(
        "Epoch %d loss %s\neval: {'acc': 0.5, 'loss': 2.75}", *[(n, 3 / n) for n in (1, 2, 3)]
    )
    assert hf_stdout.sniff(text.encode(), "train.log") is None
    assert hf_stdout.sniff(b"{'eval_loss': 2.5, 'epoch': 1.0}\n" * 4, "train.log") is not None


@pytest.mark.parametrize(
    "document",
    [
        {"config": {"lr": 0.1}, "history": {"loss": [2.5, 2.25], "val_loss": [2.75, 2.5]}},
        {"loss": {"0": 2.5, "1": 2.25}, "val_loss": {"0": 2.75, "1": 2.5}},
    ],
    ids=["below a key", "by number"],
)
def test_a_history_in_a_document(document: object) -> None:
    text = json.dumps(document).encode()
    assert sniff(text, "results.json") is not None
    decoder = json_decoder("results.json")
    records = [*decoder.feed(text), *decoder.flush()]
    assert [record.values for record in records] == [
        {"loss": 2.5, "val_loss": 2.75}, {"loss": 2.25, "val_loss": 2.5},
    ]  # fmt: skip


def test_a_title_may_stand_above_the_header_of_a_file_of_tables() -> None:
    text = b"Log of a training\nEpoch,Loss\n1,2.5\n2,2.25\n"
    assert csv_sniff(text, "log.csv") is not None
    decoder = CsvDecoder("log.csv")
    records = [*decoder.feed(text), *decoder.flush()]
    assert [(record.step, record.values) for record in records] == [
        (1, {"Loss": 2.5}), (2, {"Loss": 2.25}),
    ]  # fmt: skip
    assert csv_sniff(text, "log.txt") is None
