"""Kinds of text that logs of strangers showed: some lines of each, and the rows they must give.

A framework's name stands beside its lines, not in the code: what is read is the kind.
"""

from __future__ import annotations

import pytest

from lossmon.formats.text import TextDecoder
from tests.formats.text_rows import Rows, rows_of

LAYOUTS: dict[str, tuple[str, Rows]] = {
    "terms of a loss in brackets: their sum (DeepXDE)": (
        "Step      Train loss              Test loss               Test metric\n"
        "0         [4.00e+01, 5.00e-01]    [4.50e+01, 5.00e-01]    [9.01e-01]\n"
        "200       [2.00e+01, 2.50e-01]    [2.50e+01, 5.00e-01]    [6.04e-01]\n",
        [
            (0, {"Train loss": 40.5, "Test loss": 45.5, "Test metric": 0.901}),
            (200, {"Train loss": 20.25, "Test loss": 25.5, "Test metric": 0.604}),
        ],
    ),
    "digits in the names of a header (spaCy, skorch)": (
        "E    #       LOSS TOK2VEC  LOSS NER  ENTS_F\n"
        "---  ------  ------------  --------  ------\n"
        "  0       0        200.00    700.00   50.00\n"
        "  0      20        100.00    350.00   51.00\n",
        [
            (0, {"LOSS TOK2VEC": 200.0, "LOSS NER": 700.0, "ENTS_F": 50.0}),
            (20, {"LOSS TOK2VEC": 100.0, "LOSS NER": 350.0, "ENTS_F": 51.0}),
        ],
    ),
    "a table in which nothing numbers the rows, among words (spaCy 2)": (
        "Training the model...\nLOSS      P       R       F\n"
        "18.500    0.500   1.000   0.670\n9.250     0.510   0.900   0.680\n"
        "This movie was good  {'POSITIVE': 1.0}\n4.500     0.520   0.900   0.690\n",
        [
            (1, {"LOSS": 18.5, "P": 0.5, "R": 1.0, "F": 0.67}),
            (2, {"LOSS": 9.25, "P": 0.51, "R": 0.9, "F": 0.68}),
            (3, {"LOSS": 4.5, "P": 0.52, "R": 0.9, "F": 0.69}),
        ],
    ),
    "a table with the batch of each epoch": (
        "   Epoch       Batch       box     total\n"
        "     0/1      0/90    0.200   12.00\n"
        "     0/1      40/90    0.190   11.00\n"
        "     1/1      0/90    0.180   9.00\n"
        "     10272      30353    0.011   0.012\n",  # another table below, without a header
        [
            (0, {"box_loss": 0.2, "total_loss": 12.0}),
            (40, {"box_loss": 0.19, "total_loss": 11.0}),
            (90, {"box_loss": 0.18, "total_loss": 9.0}),
        ],
    ),
    "scores below a header of their own, behind a bar (YOLO)": (
        "     Epoch   gpu_mem       box     total    labels\n"
        "      3/29     10.1G   0.0800    0.1000       321: 100%|##########| 250/250 [01:52<00:00]\n"
        "     Class      Images      Labels       mAP@.5  mAP@.5:.95: 100%|####| 63/63 [00:58<00:00]\n"
        "       all        1000        5120       0.300       0.132\n"
        "       cat         500        2000       0.100       0.032\n"
        "      4/29     10.1G   0.0700    0.0900       321: 100%|##########| 250/250 [01:52<00:00]\n",
        [
            (3, {"gpu_mem": 10.1e9, "box_loss": 0.08, "total_loss": 0.1, "labels": 321.0}),
            (3, {"mAP@.5": 0.3, "mAP@.5:.95": 0.132}),
            (4, {"gpu_mem": 10.1e9, "box_loss": 0.07, "total_loss": 0.09, "labels": 321.0}),
        ],
    ),
    "scores on a line of their own, at the end of the epoch (deep metric learning)": (
        "".join(
            f"Epoch: [{e}][10/20]\tLoss {2 - e / 4} (2.000)\nEpoch: [{e}][20/20]\tLoss {1.9 - e / 4}"
            f" (2.000)\nRecall@1: {60 + e}.30 - Recall@5: 80.88 - AP: 50.81\n"
            for e in range(3)
        ),
        [
            *[(10 * i, {"Loss": loss}) for i, loss in ((1, 2.0), (2, 1.9), (3, 1.75), (4, 1.65))],
            *[(10 * i, {"Loss": loss}) for i, loss in ((5, 1.5), (6, 1.4))],
            *[
                (20 * (e + 1), {"Recall@1": 60.3 + e, "Recall@5": 80.88, "AP": 50.81})
                for e in range(3)
            ],
        ],
    ),
    "a reward on the line behind its step (DeepSpeed-Chat)": (
        "".join(f"epoch: 0|step: {i}|act_loss: -0.{i}3\naverage reward: 2.5{i}\n" for i in range(3)),
        [
            *[(i, {"act_loss": float(f"-0.{i}3")}) for i in range(3)],
            *[(i, {"average reward": float(f"2.5{i}")}) for i in range(3)],
        ],
    ),
    "a unit behind a number is no part of the next name (ML-Agents)": (
        "".join(
            f"Step: {i}000. Time Elapsed: 21.3 s. Mean Reward: -0.9{i}. Std of Reward: 0.21.\n"
            for i in range(3)
        ),
        [
            (
                i * 1000,
                {"Time Elapsed": 21.3, "Mean Reward": float(f"-0.9{i}"), "Std of Reward": 0.21},
            )
            for i in range(3)
        ],
    ),
    "metrics that rich folds into a column, as it does where no terminal is (kraken, Lightning)": (
        "stage 0/5 ━━━━━━ 25/25 0:00:05 • 0:00:00 5.00it/s train_loss_step:    \n"
        f"{' ' * 50}217.772            \n{' ' * 50}val_accuracy: 0.100\n"
        "stage 1/5 ━━━━━━ 25/25 0:00:05 • 0:00:00 5.00it/s train_loss_step:    \n"
        f"{' ' * 50}150.379            \n{' ' * 50}val_accuracy: 0.200\n",
        [
            (25, {"train_loss_step": 217.772, "val_accuracy": 0.1}),
            (50, {"train_loss_step": 150.379, "val_accuracy": 0.2}),
        ],
    ),
    "an epoch that tells how fast it was, and no loss (gensim)": (
        "".join(
            f"2026-01-01 10:00:0{i},001 : INFO : EPOCH {i}: training on 60000 raw words (18200"
            f" effective words) took 0.0s, 9492{i} effective words/s\n"
            for i in range(3)
        ),
        [(i, {"effective words/s": 94920.0 + i}) for i in range(3)],
    ),
    "fractions of an epoch, as printed: rows are counted": (
        "".join(f"epoch: {e} loss: 2.{i} lr: 1e-5\n" for i, e in enumerate((0.0, 0.01, 0.01, 0.02))),
        [(i, {"loss": 2 + i / 10, "lr": 1e-5}) for i in range(4)],
    ),
    "a split glued to the number before it": (
        "".join(
            f"Epoch {e}/24train Loss: 0.8{e} Acc: 0.5{e}\nEpoch {e}/24val Loss: 0.9{e} Acc: 0.4{e}\n"
            for e in range(2)
        ),
        [
            (0, {"train Loss": 0.8, "Acc": 0.5}),
            (0, {"val Loss": 0.9, "eval_Acc": 0.4}),
            (1, {"train Loss": 0.81, "Acc": 0.51}),
            (1, {"val Loss": 0.91, "eval_Acc": 0.41}),
        ],
    ),
    "a loss in front of two counters": (
        "Loss at epoch 0 and iteration 0 is 8.4595\nLoss at epoch 0 and iteration 500 is 0.2194\n"
        "Loss at epoch 1 and iteration 0 is 0.3093\nLoss at epoch 1 and iteration 500 is 0.3\n",
        [(step, {"Loss": loss}) for step, loss in
         ((0, 8.4595), (500, 0.2194), (1000, 0.3093), (1500, 0.3))],
    ),
    "steps of an optimiser that tell f(x) (SciPy)": (
        "".join(f"differential_evolution step {i}: f(x)= 1.{9 - i}\n" for i in range(1, 4)),
        [(i, {"objective": (19 - i) / 10}) for i in range(1, 4)],
    ),
    "errors of displacement on a line of their own (trajectories)": (
        "".join(
            f"Epoch: [{e}][10/44]\tLoss 5.{e} (5.700)\n * ADE  1.25{e} FDE  2.38{e}\n" for e in range(3)
        ),
        [
            *[(10 + 44 * e, {"Loss": 5 + e / 10}) for e in range(3)],
            *[(10 + 44 * e, {"ADE": float(f"1.25{e}"), "FDE": float(f"2.38{e}")}) for e in range(3)],
        ],
    ),
    "an epoch as a rate is none (PyKEEN)": (
        "train:   8%|8         | 1/12 [00:01<00:11,  4.53epoch/s, loss=1.150]\n"
        "train:  16%|#6        | 2/12 [00:02<00:10,  4.56epoch/s, loss=1.100]\n",
        [(1, {"loss": 1.15}), (2, {"loss": 1.1})],
    ),
    "the epoch in a bar's description": (
        "[fold_0] 001/020:  50%|#####     | 1/2 [00:01<00:01,  1.8s/it, loss=3.6]\n"
        "[fold_0] 001/020: 100%|##########| 2/2 [00:02<00:00,  1.8s/it, loss=3.5]\n"
        "[fold_0] 002/020:  50%|#####     | 1/2 [00:01<00:01,  1.8s/it, loss=3.4]\n",
        [(1, {"loss": 3.6}), (2, {"loss": 3.5}), (3, {"loss": 3.4})],
    ),
    "a bar over all that was planned, beside headlines of epochs (kohya, diffusers)": (
        "  Num Epochs = 2\n  Total optimization steps = 4\nepoch 1/2\n"
        "steps:  25%|##        | 1/4 [00:01<00:03,  1.0it/s, loss=0.4]\n"
        "steps:  50%|#####     | 2/4 [00:02<00:02,  1.0it/s, loss=0.3]\nepoch 2/2\n"
        "steps:  75%|#######   | 3/4 [00:03<00:01,  1.0it/s, loss=0.2]\n",
        [(1, {"loss": 0.4}), (2, {"loss": 0.3}), (3, {"loss": 0.2})],
    ),
    "steps of an evaluation, counted to another number (Paddle)": (
        "Epoch 1/2\nstep 20/40 - loss: 0.6\nstep 40/40 - loss: 0.5\nEval begin...\n"
        "step 10/10 - loss: 0.7\nEpoch 2/2\nstep 20/40 - loss: 0.4\n",
        [(20, {"loss": 0.6}), (40, {"loss": 0.5}), (40, {"eval_loss": 0.7}), (60, {"loss": 0.4})],
    ),
    "headlines of an evaluator are no plan (Ignite)": (
        "Epoch [1/6]  [20/20]:  loss: 0.5\nEpoch [1/1]  [5/5]:  ETA: 0:00:00\n"
        "Epoch [2/6]  [20/20]:  loss: 0.4\n",
        [(20, {"loss": 0.5}), (40, {"loss": 0.4})],
    ),
    "evaluations of each epoch follow each other (Theano)": (
        "epoch 1, minibatch 60/60, val error 27.25 %\nepoch 2, minibatch 60/60, val error 24.25 %\n"
        "epoch 3, minibatch 60/60, val error 21.25 %\n",
        [(1, {"val error": 27.25}), (2, {"val error": 24.25}), (3, {"val error": 21.25})],
    ),
    "name, comma, value": (
        "part train, step 10, loss_train, 0.850\npart train, step 20, loss_train, 0.800\n",
        [(10, {"loss_train": 0.85}), (20, {"loss_train": 0.8})],
    ),
    "loss at a step is a value": (
        "Loss at step 0 is 0.69\nLoss at step 100 is 0.64\n",
        [(0, {"Loss": 0.69}), (100, {"Loss": 0.64})],
    ),
    "the logger of Java (DL4J)": (
        "06:10:05.120 [main] INFO Listener - Score at iteration 0 is 1.6\n"
        "06:11:05.120 [main] INFO Listener - Score at iteration 10 is 1.5\n"
        "06:12:05.120 [main] INFO Listener - Score at iteration 20 is 1.4\n",
        [(0, {"Score": 1.6}), (10, {"Score": 1.5}), (20, {"Score": 1.4})],
    ),
    "a counter and a value (R)": (
        "initial  value 9.5\niter  10 value 5.5\niter  20 value 4.5\niter  30 value 4.25\n",
        [(10, {"objective": 5.5}), (20, {"objective": 4.5}), (30, {"objective": 4.25})],
    ),
    "generations and the best value (SciPy)": (
        "differential_evolution step 1: f(x)= 13.5\n"
        "differential_evolution step 2: f(x)= 1.5\n"
        "differential_evolution step 3: f(x)= 1.25\n",
        [(1, {"objective": 13.5}), (2, {"objective": 1.5}), (3, {"objective": 1.25})],
    ),
    "trials of a study (Optuna)": (
        "".join(
            f"[I 2026-05-06 09:0{i}:00,123] Trial {i} finished with value: {1 - i / 4} and"
            f" parameters: {{'x': 0.4{i}, 'layers': 3}}. Best is trial 0 with value: 0.25.\n"
            for i in range(3)
        ),
        [
            (i, {"value": 1 - i / 4})
            for i in range(3)
        ],
    ),
    "a sentence that says loss, and one number": (
        "".join(f"Value loss of kind f32. Shape: (): {2 - i / 4}\n" for i in range(6)),
        [(None, {"loss": 2 - i / 4}) for i in range(6)],
    ),
    "words are counted, not measured (gensim)": (
        "EPOCH 0: training on 60000 raw words took 0.0s\nEPOCH 1: training on 60000 raw words took"
        " 0.1s\nEPOCH 2: training on 60000 raw words took 0.2s\n",
        [],
    ),
    "digits at the end of a name, and units": (
        "Epoch 1: loss 0.5, acc_top-1: 43.25, BLEU-4 13.5, PSNR: 18.25dB\n"
        "Epoch 2: loss 0.4, acc_top-1: 44.25, BLEU-4 14.5, PSNR: 19.25dB\n",
        [
            (1, {"loss": 0.5, "acc_top-1": 43.25, "BLEU-4": 13.5, "PSNR": 18.25}),
            (2, {"loss": 0.4, "acc_top-1": 44.25, "BLEU-4": 14.5, "PSNR": 19.25}),
        ],
    ),
    "a counter with a dash is no name": (
        "epoch-1: loss 0.5\nepoch-2: loss 0.4\n",
        [(1, {"loss": 0.5}), (2, {"loss": 0.4})],
    ),
    "a row an epoch without a header (YOLOv5's results.txt)": (
        "  0/5  2.1G  0.09 0.05 0.03 0.17 40 640 0.1 0.2 0.0012 0.001 0.08 0.04 0.02\n"
        "  1/5  2.1G  0.08 0.04 0.03 0.15 40 640 0.1 0.2 0.0112 0.011 0.07 0.04 0.02\n",
        [
            (e, {"memory": 2.1e9, "box_loss": b, "obj_loss": o, "cls_loss": 0.03, "total_loss": t, "labels": 40.0,
                 "img_size": 640.0, "P": 0.1, "R": 0.2, "mAP@.5": m, "mAP@.5:.95": n,
                 "val_box_loss": v, "val_obj_loss": 0.04, "val_cls_loss": 0.02})
            for e, b, o, t, m, n, v in (
                (0, 0.09, 0.05, 0.17, 0.0012, 0.001, 0.08),
                (1, 0.08, 0.04, 0.15, 0.0112, 0.011, 0.07),
            )
        ],
    ),
    "variables and their shapes are no rows (TensorFlow)": (
        "name = crf_loss/transition:0, shape = (10, 10)\n<tf.Variable 'loss/b:0' shape=(16,)>\n" * 20,
        [],
    ),
    "the number of an example is no score": ("guid: test-0\nguid: test-1\n" * 9, []),
    "how many of what opens no row": (
        "125 iterations per epoch\nstep 10 loss 0.5\n100 test iterations per epoch\n"
        "Performance on val: mean_dice : 0.25\nstep 20 loss 0.4\nPerformance on val: mean_dice : 0.35\n"
        "step 30 loss 0.3\nPerformance on val: mean_dice : 0.45\n",
        [(10, {"loss": 0.5}), (20, {"loss": 0.4}), (30, {"loss": 0.3})]
        + [(s, {"eval_mean_dice": v}) for s, v in ((10, 0.25), (20, 0.35), (30, 0.45))],
    ),
    "a row that is printed twice": (
        "iteration 10, loss 0.5\niteration 10, loss 0.5\niteration 20, loss 0.5\n",
        [(10, {"loss": 0.5}), (20, {"loss": 0.5})],
    ),
    "two held-out sets, of which the lines in front speak": (
        "".join(
            f"Epoch {e} - loss: 0.{e}\nEpoch {e} - Validation: BLEU-2 {e}5.5\nEpoch {e} - Dev: BLEU-2 {e}4.5\n"
            for e in (1, 2, 3)
        ),
        [
            row
            for e in (1, 2, 3)
            for row in (
                (e, {"loss": e / 10}),
                (e, {"eval_BLEU-2": 10 * e + 5.5}),
                (e, {"dev_BLEU-2": 10 * e + 4.5}),
            )
        ],
    ),
    "a tag and a date in front of every row": (
        "*Dec01-2035*  2019-12-01 12:59:29 Steps 10, Total time 5.9. Loss 1.9e+02 lr 1.0e-04\n"
        "*Dec01-2035*  2019-12-01 13:00:28 Steps 20, Total time 5.6. Loss 1.2e+02 lr 1.0e-04\n"
        "*Dec01-2035*  2019-12-01 13:01:26 Steps 30, Total time 5.9. Loss 8.4e+01 lr 1.0e-04\n",
        [(s, {"Loss": v, "lr": 1e-4}) for s, v in ((10, 190.0), (20, 120.0), (30, 84.0))],
    ),
    "two counters called steps: the one with a total is the step": (
        "iteration:1 step:100/300, loss: 0.5\niteration:1 step:200/300, loss: 0.4\n",
        [(100, {"loss": 0.5}), (200, {"loss": 0.4})],
    ),
    "the index of a batch above its rows": (
        "batch i:1, episode_len:28\nkl:0.01,loss:5.3,entropy:4.3\n"
        "batch i:2, episode_len:39\nkl:0.02,loss:5.1,entropy:4.2\n",
        [(1, {"kl": 0.01, "loss": 5.3, "entropy": 4.3}), (2, {"kl": 0.02, "loss": 5.1, "entropy": 4.2})],
    ),
    "what a closing sentence sums up is no row": (
        "step 10 loss 0.5 val_loss 0.6\nstep 20 loss 0.4 val_loss 0.5\n"
        "Best model at step 20:\n  loss: 0.4\n  val_loss: 0.5\n"
        "Final model num-trees:20 val_loss:0.5\n"
        "Stop training because you reached max_epochs = 2 with best_epoch = 1 and best_val_0_rmse = 0.5\n"
        "step 30 loss 0.3 val_loss 0.4\n",
        [
            (step, {"loss": loss, "val_loss": val})
            for step, loss, val in ((10, 0.5, 0.6), (20, 0.4, 0.5), (30, 0.3, 0.4))
        ],
    ),
    "a range of steps in a name says where it lies (NumPyro)": (
        " 99%|##| 1988/2000 [00:04<00:00, 440.99it/s, init loss: 164.5, avg. loss [1801-1900]: 140.8]\r"
        "100%|##| 2000/2000 [00:04<00:00, 440.99it/s, init loss: 164.5, avg. loss [1901-2000]: 140.5]\n",
        [
            (1900, {"init loss": 164.5, "avg. loss": 140.8}),
            (2000, {"init loss": 164.5, "avg. loss": 140.5}),
        ],
    ),
    "a bar that shows the loss before": (
        "10/10 [00:04<00:00, 4.9it/s, loss=0.5, prev_loss=0.6]\n",
        [(10, {"loss": 0.5})],
    ),
    "generations of a search, and what it seeks (pymoo, gplearn)": (
        "n_gen  |  n_eval  |     f_avg     |     f_min\n"
        "     1 |       30 |  0.4633490774 |  0.25\n     2 |       60 |  0.2904308747 |  0.125\n"
        " Gen   Length          Fitness   Length          Fitness      OOB Fitness  Time Left\n"
        "   3    38.15          1029.81        7          0.63609              N/A      7.13s\n",
        [
            (1, {"f_avg": 0.4633490774, "f_min": 0.25}),
            (2, {"f_avg": 0.2904308747, "f_min": 0.125}),
            (3, {"Length": 38.15, "Fitness": 1029.81}),
        ],
    ),
    "what stands above a header tells columns of one name apart (gplearn)": (
        "    |   Population Average    |             Best Individual              |\n"
        "---- ------------------------- ------------------------------------------ ----------\n"
        " Gen   Length          Fitness   Length          Fitness      OOB Fitness  Time Left\n"
        "   0    38.15          1029.81        7          0.63609              N/A      7.13s\n",
        [
            (
                0,
                {
                    "Population Average Length": 38.15,
                    "Population Average Fitness": 1029.81,
                    "Best Individual Fitness": 0.63609,
                },
            )
        ],
    ),
    "a header of two lines, word over word (Vowpal Wabbit)": (
        "average  since         example        example        current        current  current\n"
        "loss     last          counter         weight          label        predict features\n"
        "5.002642 5.002642            1            1.0         2.2367         0.0000        5\n"
        "2.501321 0.000000            2            2.0        -0.2319        -0.2319        5\n",
        [
            (
                step,
                {
                    "average loss": mean,
                    "since last": last,
                    "example weight": float(step),
                    "current label": label,
                    "current predict": told,
                    "current features": 5.0,
                },
            )
            for step, mean, last, label, told in (
                (1, 5.002642, 5.002642, 2.2367, 0.0),
                (2, 2.501321, 0.0, -0.2319, -0.2319),
            )
        ],
    ),
    "words above a header that is none of two lines": (
        "Training begins now\nepoch  loss\n1  0.5\n2  0.4\n",
        [(1, {"loss": 0.5}), (2, {"loss": 0.4})],
    ),
    "a header whose columns stand close (pycma)": (
        "Iterat #Fevals   function value  axis ratio  sigma  min&max std  t[m:s]\n"
        "    1      9 3.277801970663764e+01 1.0e+00 2.64e-01  2e-01  3e-01 0:00.0  \n",
        [
            (
                1,
                {
                    "#Fevals": 9.0,
                    "function value": 32.77801970663764,
                    "axis ratio": 1.0,
                    "sigma": 0.264,
                },
            )
        ],
    ),
    "statistics of a search that names nothing else (DEAP)": (
        "gen\tnevals\tavg    \tmin    \n0  \t30    \t15.3478\t2.70828\n",
        [(0, {"nevals": 30.0, "avg": 15.3478, "min": 2.70828})],
    ),
    "the best so far, where a bar shows nothing else (hyperopt)": (
        "  2%|▎         | 1/40 [00:00<00:09,  3.94trial/s, best loss: 0.67]\n"
        "  5%|▌         | 2/40 [00:00<00:09,  3.94trial/s, best loss: 0.52]\n"
        "  8%|▊         | 3/40 [00:00<00:09,  3.92trial/s, best loss: 0.52]\n",
        [(1, {"best loss": 0.67}), (2, {"best loss": 0.52}), (3, {"best loss": 0.52})],
    ),
    "the best so far beside a loss is none": (
        "1/40 [00:00<00:09,  3.94it/s, loss=0.7, best_loss=0.6]\n",
        [(1, {"loss": 0.7})],
    ),
    "a value before its name, in a sentence (gensim)": (
        "".join(
            f"{bound} per-word bound, {value} perplexity estimate based on a held-out corpus of 160"
            f" documents with 4800 words\nPROGRESS: pass {n}, at document #160/160\n"
            for n, (bound, value) in enumerate(((-5.034, 32.8), (-3.918, 15.1), (-3.722, 13.2)))
        ),
        [(n, {"eval_perplexity": value}) for n, value in enumerate((32.8, 15.1, 13.2))],
    ),
    "a bare value that rises by the gain beside it is no loss (hmmlearn)": (
        "         1   -1792.78955904             +nan\n         2   -1650.16751288    +142.62204616\n"
        "         3   -1641.17108291      +8.99642997\n",
        [
            (n, {"score": value})
            for n, value in ((1, -1792.78955904), (2, -1650.16751288), (3, -1641.17108291))
        ],
    ),
    "a bare value below a word that names no loss is none (Gurobi)": (
        "Iter       Primal          Dual         Primal    Dual     Compl     Time\n"
        "   0  -2.35188243e+11 -0.00000000e+00  9.99e+04 7.60e+04  2.12e+09     0s\n"
        "   1  -2.35358037e+11 -7.78431637e+07  8.12e+04 1.29e+06  1.64e+09     0s\n"
        "   2  -2.57736419e+11 -8.41487153e+07  4.48e+04 9.40e+05  1.02e+09     1s\n"
        "   3  -2.63649282e+11 -1.04718659e+08  1.75e+04 6.50e+05  5.32e+08     1s\n",
        [],
    ),
    "a bare value that falls by the change beside it is one": (
        "1   0.9  0.0\n2   0.7  -0.2\n3   0.6  -0.1\n",
        [(1, {"loss": 0.9}), (2, {"loss": 0.7}), (3, {"loss": 0.6})],
    ),
    "a bar over all epochs counts these (scvi-tools)": (
        "".join(
            f"\rEpoch {shown}/3:  33%|3  | {n}/3 [00:01<00:20,  1.06s/it, train_loss=0.{9 - n}]"
            for n, shown in ((1, 1), (1, 2), (2, 2), (2, 3), (3, 3))
        ),
        [
            (1, {"train_loss": 0.8}), (1, {"train_loss": 0.8}), (2, {"train_loss": 0.7}),
            (2, {"train_loss": 0.7}), (3, {"train_loss": 0.6}),
        ],
    ),
    "as many batches as epochs are batches": (
        "".join(
            f"\rEpoch {epoch}/3:  33%|3  | {n}/3 [00:01<00:20,  1.06s/it, loss=0.{90 - 3 * epoch - n}]"
            for epoch in (1, 2)
            for n in (1, 2, 3)
        ),
        [(n, {"loss": (87 - n if n < 4 else 84 - n + 3) / 100}) for n in range(1, 7)],
    ),
    "batches of an evaluation give way to the line that sums them up (Poutyne)": (
        "".join(
            f"\rEpoch:  {epoch}/2 Step:  1/2  50.00% |#####     |ETA: 0.03s loss: 7.5"
            f"\rEpoch:  {epoch}/2 Step:  2/2 100.00% |##########|ETA: 0.00s loss: 6.5"
            f"\rEpoch:  {epoch}/2 Step: 1/3  33.00% |###       |ETA: 0.00s val_loss: 5.5"
            f"\rEpoch:  {epoch}/2 Step: 3/3 100.00% |##########|ETA: 0.00s val_loss: 5.1"
            f"\rEpoch:  {epoch}/2 Train steps: 2 Val steps: 3 0.06s loss: 7.0 val_loss: 5.3\n"
            for epoch in (1, 2)
        ),
        [
            row
            for n in (0, 2)
            for row in (
                (n + 1, {"loss": 7.5}),
                (n + 2, {"loss": 6.5}),
                (n + 2, {"epoch_loss": 7.0, "val_loss": 5.3}),
            )
        ],
    ),
    "a torn line is no finer kind of row": (
        "epoch 0, cost 0.5\nepoch 1, cost 0.4\n 2, cost 0.3\nepoch 3, cost 0.2\n",
        [(0, {"cost": 0.5}), (1, {"cost": 0.4}), (2, {"cost": 0.3}), (3, {"cost": 0.2})],
    ),
    "rewards alone, which come again and again": (
        "".join(f"episodic returns: {n}\nreturn code: 0\n" for n in range(12)),
        [(n, {"episodic returns": float(n)}) for n in range(12)],
    ),
    "a second row of an epoch, below a line that announces an evaluation": (
        "".join(
            f"epoch: {n},  loss is: {2.5 - n}\ntesting in eval mode\nepoch: {n},  loss is: {3.5 - n}\n"
            "Now continue training\n"
            for n in range(3)
        ),
        [
            (n, {f"{split}loss is": value - n})
            for n in range(3)
            for split, value in (("", 2.5), ("eval_", 3.5))
        ],
    ),
    "the total of a row of steps, with nothing beside it (pix2pix)": (
        "".join(
            f"The total is {n + 0.5}\n[epoch: {n}/9, iter: {i}/40] total: {n + i / 64}\n"
            for n in range(2)
            for i in (0, 16)
        ),
        [(40 * n + i, {"total_loss": n + i / 64}) for n in range(2) for i in (0, 16)],
    ),
    "ordinals and signs of Chinese type": (
        "".join(
            f"第{n}/9轮，训练损失：{n + 0.5}，准确率：80.5%\n【验证】验证集损失：{n + 0.25}\n"
            for n in (1, 2)
        ),
        [
            (n, values)
            for n in (1, 2)
            for values in ({"训练损失": n + 0.5, "准确率": 80.5}, {"验证集损失": n + 0.25})
        ],
    ),
    "a tuple that Python 2 printed": (
        "".join(f"('Epoch:', {n}, 'loss', {n + 0.5}, 'acc: ', 0.25)\n" for n in (1, 2)),
        [(n, {"loss": n + 0.5, "acc": 0.25}) for n in (1, 2)],
    ),
    "a sentence that begins with where it is": (
        "".join(f"After {n}00 iterations the average loss is {n}.5\n" for n in (1, 2, 3)),
        [(n * 100, {"average loss": n + 0.5}) for n in (1, 2, 3)],
    ),
    "which evaluation it is, behind its name": (
        "".join(f"iter {n}00: loss {n}.5\n-- validation @ {n}00: loss 0.{n}\n" for n in (1, 2)),
        [
            (n * 100, values)
            for n in (1, 2)
            for values in ({"loss": n + 0.5}, {"eval_loss": n / 10})
        ],
    ),
    "a count that starts anew tells of an epoch that nothing names (a tutorial of PyTorch)": (
        "".join(f"loss: {e}.{i}5  [ {i * 64}/600]\n" for e in (1, 2) for i in range(3)),
        [(i * 64 + (e - 1) * 600, {"loss": float(f"{e}.{i}5")}) for e in (1, 2) for i in range(3)],
    ),
    "an evaluation counts its own batches (burn)": (
        "".join(
            f"[Train - Epoch {e} - Iteration {10 * e + i}] Loss {e}.{i}\n"
            + (f"[Valid - Epoch {e} - Iteration 0] Loss 0.{e}\n" if i else "")
            for e in (1, 2)
            for i in (0, 1)
        ),
        [
            (10 * e + i, values)
            for e in (1, 2)
            for i, values in ((0, {"Loss": e}), (1, {"Loss": e + 0.1}), (1, {"eval_loss": e / 10}))
        ],
    ),
    "what sums an evaluation up, below its batches, without a place (cgcnn)": (
        "".join(
            f"Epoch: [{e}][0/2]\tLoss {e}.5 (1.0)\nTest: [0/4]\tLoss 0.9 (0.8)\tERR 7.5 (7.5)\n"
            f" * ERR 8.{e} LOSS 0.{e}\n"
            for e in (1, 2)
        ),
        [
            (2 * e - 2 + done, values)
            for e in (1, 2)
            for done, values in (
                (0, {"Loss": e + 0.5}),
                (0, {"eval_ERR": 8 + e / 10, "eval_loss": e / 10}),
            )
        ],
    ),
    "numbers of 32 bits, as Julia writes them": (
        "".join(f"(epoch = {n}, loss = {n}.5f0, lr = 1.25f-3)\n" for n in (1, 2)),
        [(n, {"loss": n + 0.5, "lr": 0.00125}) for n in (1, 2)],
    ),
    "a total beside the parts of a loss": (
        "".join(f"{n}00 | total={n}.5 | recon={n}.25 | kl=0.25 | t=1.5\n" for n in (1, 2)),
        [(n * 100, {"total_loss": n + 0.5, "recon": n + 0.25, "kl": 0.25, "t": 1.5}) for n in (1, 2)],
    ),
    "a plural that counts (FANN)": (
        "".join(f"Epochs      {n}01. Current error: 0.{n}. Bit fail: {n}.\n" for n in (1, 2, 3)),
        [(n * 100 + 1, {"Current error": n / 10, "Bit fail": n}) for n in (1, 2, 3)],
    ),
    "a sum and its terms (NGCF)": (
        "".join(f"Epoch {n} [12.3s]: train==[{n}.5={n}.25 + 0.25]\n" for n in (1, 2)),
        [(n, {"train_loss": n + 0.5}) for n in (1, 2)],
    ),
    "minutes and seconds without a blank (fastText)": (
        "".join(f"Progress: {n}.0% lr: 0.05 avg.loss: {n}.5 ETA: 0h 1m1{n}s\n" for n in (1, 2, 3)),
        [(None, {"Progress": n, "lr": 0.05, "avg.loss": n + 0.5}) for n in (1, 2, 3)],
    ),
    "what a tracker says again at the end (W&B)": (
        "Epoch 1: train_loss: 2.5\nEpoch 2: train_loss: 1.5\nwandb: Run summary:\n"
        "wandb:      epoch 2\nwandb: train_loss 1.5\n",
        [(1, {"train_loss": 2.5}), (2, {"train_loss": 1.5})],
    ),
    "an evaluation below a headline, in the words of the training (pix2pix)": (
        "".join(
            f"=== {what} Loss (Wed May 22 17:11:59 2024) ===\n"
            + "".join(f"(epoch: {e}, iters: {i}00) G_GAN: {e}.{i}\n" for i in rows)
            for e in (1, 2)
            for what, rows in (("Training", (1, 2)), ("Validation", (1,)))
        ),
        [
            (200 * e - 200 + 100 * i, {f"{split}G_GAN": e + j / 10})
            for e in (1, 2)
            for i, j, split in ((1, 1, ""), (2, 2, ""), (2, 1, "eval_"))
        ],
    ),
    "columns in groups, called after what stands above": (
        "                |---- VALID ----|---- TRAIN ----|         |\n"
        "lr     epoch    | loss   top-1  | loss   top-1  | time    |\n"
        "-----------------------------------------------------------\n"
        "0.1    1.0      | 2.5    50.5   | 2.25   60.5   | 0 hr 06 min\n",
        [
            (
                1,
                {
                    "lr": 0.1,
                    "VALID loss": 2.5,
                    "VALID top-1": 50.5,
                    "TRAIN loss": 2.25,
                    "TRAIN top-1": 60.5,
                    "time": 0.0,
                },
            )
        ],
    ),
    "scores behind signs of number, and dates with a short year (BasicSR)": (
        "".join(
            f"23-05-06 08:45:53.{n}33 - INFO: [epoch:  {n}, iter:   {n},100] l_pix: {n}.5e-02 \n"
            f"23-05-06 08:45:54.{n}33 - INFO: # Validation # PSNR: {n}.25e+01\n"
            for n in (1, 2, 3)
        ),
        [
            *[(n * 1000 + 100, {"l_pix": float(f"{n}.5e-2")}) for n in (1, 2, 3)],
            *[(n * 1000 + 100, {"Validation # PSNR": n * 10 + 2.5}) for n in (1, 2, 3)],
        ],
    ),
    "the best so far repeats what the epoch told": (
        "".join(
            f"Epoch {n} | loss: {n}.5 | val loss: {n}.25\nSaved the model, val loss: {n}.25\n"
            for n in (1, 2)
        ),
        [
            (n, values)
            for n in (1, 2)
            for values in ({"loss": n + 0.5, "val loss": n + 0.25}, {"final_val loss": n + 0.25})
        ],
    ),
    "CSV among other lines, with the index that pandas wrote": (
        "lr: 0.1\n\n,loss,val_loss\n" + "".join(f"{n},{n}.5,{n}.7\n" for n in range(3)) + "\nDone.\n",
        [(n, {"loss": n + 0.5, "val_loss": n + 0.7}) for n in range(3)],
    ),
    "a piped header over two lines (MATLAB)": (
        "|==================================|\n|  Epoch  |  Iteration  |  Mini-batch  |\n"
        "|         |             |     Loss     |\n|==================================|\n"
        "|      1  |          1  |      2.5000  |\n|      1  |         50  |      1.5000  |\n",
        [(1, {"Mini-batch Loss": 2.5}), (50, {"Mini-batch Loss": 1.5})],
    ),
    "batches from 0 to N: an epoch has one more than it counts up to": (
        "".join(f"TRAIN Batch {n}/20, Loss {e}.{n}\n" for e in (1, 2) for n in (0, 10, 20)),
        [(at, {"Loss": v}) for at, v in
         [(0, 1.0), (10, 1.1), (20, 1.2), (21, 2.0), (31, 2.1), (41, 2.2)]],
    ),
    "rows that `tqdm.write` prints below a bar that says how long the epoch is": (
        "".join(
            f" 11%|#  | {n}/30 [00:13<08:31,  0.08it/s]\r[{e}, {n:5}] training loss {e}.{n}\n"
            for e in (0, 1)
            for n in (10, 20)
        ),
        [(at, {"training loss": v}) for at, v in [(10, 0.1), (20, 0.2), (40, 1.1), (50, 1.2)]],
    ),
    "bars of epochs that nothing names, each with its evaluation (segmentation_models)": (
        "".join(
            f"{split}: 100%|####| {n}/{n} [02:01<00:00,  2.7it/s, dice_loss - {value}]\n"
            for e in (1, 2)
            for split, n, value in (("train", 30, f"0.{e}5"), ("valid", 10, f"0.{e}7"))
        ),
        [(30 * e, {f"{split}dice_loss": float(f"0.{e}{v}")})
         for e in (1, 2) for split, v in (("", 5), ("eval_", 7))],
    ),
    "a bar counts the test set behind that of the training (pytorch-cifar)": (
        "".join(
            f"\nEpoch: {e}\n"
            + "".join(
                f" [====>.....]  Step: 51ms | Tot: {n}s239ms | Loss: {loss} | {n}/{n} \r"
                for n, loss in ((39, f"1.{e}"), (10, f"2.{e}"))
            )
            for e in (0, 1)
        ),
        [(39 * (e + 1), {f"{split}oss": float(f"{n}.{e}")})
         for e in (0, 1) for split, n in (("L", 1), ("eval_l", 2))],
    ),
    "a bar without a total": (
        "".join(f"{n}it [00:00, 18.65it/s, loss={n}.5]\r" for n in (37, 74, 111)),
        [(n, {"loss": n + 0.5}) for n in (37, 74, 111)],
    ),
    "settings in one line, and the best epoch behind what it reached (ST-GCN)": (
        "{'work_dir': 'runs/2', 'log_interval': 100, 'eval_interval': 5, 'batch_size': 32, "
        "'base_lr': 0.1, 'num_epoch': 9, 'start_epoch': 0, 'step': 30, 'warm_up': 5}\n"
        + "".join(
            f"[ Fri Oct 18 02:05:3{e} 2024 ] Training epoch: {e}\n"
            f"[ Fri Oct 18 02:05:3{e} 2024 ] \tMean training loss: {e}.5.\n"
            f"Best 0.3 ep 1\n"
            f"[ Fri Oct 18 02:05:3{e} 2024 ] \tMean test loss of 63 batches: {e}.75.\n"
            for e in (2, 3)
        ),
        [(e, {f"Mean {split} loss": e + v}) for e in (2, 3)
         for split, v in (("training", 0.5), ("test", 0.75))],
    ),
    "units below the names of a table": (
        "  step     time      loss\n   [-]      [s]     [nat]\n ---------------\n"
        "     0      0.0    5.5\n  1000     41.7    5.25\n",
        [(n, {"time": t, "loss": v}) for n, t, v in [(0, 0.0, 5.5), (1000, 41.7, 5.25)]],
    ),
    "rows of a table that begin with their date (H2O)": (
        "    timestamp            duration    number_of_trees    training_rmse\n"
        + "".join(
            f"    2018-12-20 10:40:0{n}  0.{n}00 sec   {n}                  {n}.5\n" for n in (1, 2)
        ),
        [(n, {"training_rmse": n + 0.5}) for n in (1, 2)],
    ),
    "a frame that pandas printed": (
        "       loss  val_loss\n0  0.678345  0.746179\n1  0.661177  0.727294\n",
        [(0, {"loss": 0.678345, "val_loss": 0.746179}), (1, {"loss": 0.661177, "val_loss": 0.727294})],
    ),
    "what was guessed behind the loss, in other words each time": (
        "".join(f"{n}000 {n}% (0m {n}s) {n}.5 Rios / Spanish {'x' * n}\n" for n in (1, 2, 3)),
        [(n * 1000, {"loss": n + 0.5}) for n in (1, 2, 3)],
    ),
    "a day and a month before the level (Julia)": (
        "".join(f"14-Nov 09:51:4{n} :INFO: 000{n}00 :: TRAIN obj-val = {n}.5\n" for n in (1, 2, 3)),
        [(n * 100, {"TRAIN obj-val": n + 0.5}) for n in (1, 2, 3)],
    ),
    "words over numbers, of which one counts and none is a loss": (
        "".join(f"    Step     Time\n    {n}000    {n}.5\n\n" for n in range(6)), [],
    ),
    "a table told twice, the second time below a headline of an evaluation (NequIP)": (
        "".join(
            f"\ntraining\n# Epoch batch         loss        f_mae\n      {e}    30          {e}.1         22.1\n"
            f"      {e}    60          {e}.2         22.1\n\nvalidation\n"
            f"# Epoch batch         loss        f_mae\n      {e}    10        {e}.5         9.75\n\n"
            "  Train      #    Epoch      wal       loss\n"
            f"! Train               {e}    9.100        {e}.2\n"
            for e in (1, 2)
        ),
        [(60 * e + at, values) for e in (0, 1) for at, values in (
            (30, {"loss": e + 1.1, "f_mae": 22.1}), (60, {"loss": e + 1.2, "f_mae": 22.1}),
            (60, {"eval_loss": e + 1.5, "eval_f_mae": 9.75}), (60, {"wal": 9.1, "epoch_loss": e + 1.2}))],
    ),
    "a table whose rows are counted by `n`, and whose losses have short names": (
        "#t(min) n L_tr L_va\n" + "".join(f"{n}.37 {n} {n}.5 {n}.75\n" for n in range(3)),
        [(n, {"#t(min)": n + 0.37, "L_tr": n + 0.5, "L_va": n + 0.75}) for n in range(3)],
    ),
    "the loss on held-out data, in a sentence": (
        "".join(f"After epoch {n} the training loss is {n}.5 and the loss on held-out data is {n}.7.\n"
                for n in (1, 2)),
        [(n, {"training loss": n + 0.5, "eval loss": n + 0.7}) for n in (1, 2)],
    ),
    "rows of a table by epoch, each above a bar that shows something else": (
        "  epoch     loss\n"
        + "".join(
            f"      {e}     {e}.5\ncheck: 100%|####| 8/8 [00:03<00:00,  2.5it/s, acc=0.{e}]\n"
            for e in (1, 2, 3, 4)
        ),
        [
            *[(e, {"loss": e + 0.5}) for e in (1, 2, 3)],
            *[(8 * e, {"acc": e / 10}) for e in (1, 2, 3)],
            (4, {"loss": 4.5}),
            (32, {"acc": 0.4}),
        ],
    ),
    "a loss of packets": (
        "".join(f"2021-01-15 04:17:4{n} link=wan0 loss=0.{n}% rtt=20.{n}ms\n" for n in range(6)), [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", LAYOUTS)
def test_rows_at_once_and_a_line_at_a_time(kind: str) -> None:
    text, rows = LAYOUTS[kind]
    assert [rows_of(text, at_once) for at_once in (True, False)] == [rows, rows]


@pytest.mark.parametrize(
    ("kind", "steps"),
    [
        ("a bar over all that was planned, beside headlines of epochs (kohya, diffusers)", 4),
        ("headlines of an evaluator are no plan (Ignite)", 120),
        ("a table with the batch of each epoch", 180),
        ("a row an epoch without a header (YOLOv5's results.txt)", 6),
        ("the epoch in a bar's description", 40),
        ("an epoch as a rate is none (PyKEEN)", 12),
        ("a range of steps in a name says where it lies (NumPyro)", 2000),
        ("a bar over all epochs counts these (scvi-tools)", 3),
        ("as many batches as epochs are batches", 9),
    ],
)
def test_plans(kind: str, steps: int) -> None:
    decoder = TextDecoder()
    decoder.feed(LAYOUTS[kind][0].encode())
    assert decoder.facts.total_steps == steps
