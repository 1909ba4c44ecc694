"""What trainers print beyond one line a step: bars with prints behind them, blocks, counters."""

from __future__ import annotations

import json
from collections.abc import Sequence

from lossmon.formats import any_text
from lossmon.formats.csv import CsvDecoder
from lossmon.formats.csv import sniff as csv_sniff
from lossmon.formats.decoder import Facts, Record
from lossmon.formats.jsonl import decoder as jsonl
from lossmon.formats.lexicon import EVAL_LOSS, LEARNING_RATE, role
from lossmon.formats.names import choose
from lossmon.formats.text import TextDecoder
from lossmon.formats.text_signs import looks_like_training

Points = list[tuple[int | None, float]]


def decode(log: str) -> tuple[list[Record], Facts]:
    decoder = TextDecoder()
    return [*decoder.feed(log.encode()), *decoder.flush()], decoder.facts


def json_lines(rows: list[dict[str, object]]) -> Sequence[Record]:
    return jsonl("").feed("".join(json.dumps(row) + "\n" for row in rows).encode())


def points(log: str, name: str) -> Points:
    return [(r.step, r.values[name]) for r in decode(log)[0] if name in r.values]


def bar(position: int, total: int, postfix: str = "") -> str:
    return (
        f"{position}%|###  | {position}/{total} [00:{position % 60:02}<09:00,  1.16s/it{postfix}]"
    )


def test_what_is_printed_while_a_bar_stands_is_a_line_of_its_own():
    log = "".join(
        f"Epochs: {bar(e, 100)}Epoch: {e + 1}, Train Loss: {9 - e}.5, Val Loss: {9 - e}.75\n"
        + f"Epochs: {bar(e + 1, 100)}\n"
        for e in range(5)
    )
    assert points(log, "Train Loss") == [(e + 1, 9.5 - e) for e in range(5)]
    assert points(log, "Val Loss") == [(e + 1, 9.75 - e) for e in range(5)]


def test_a_logger_behind_a_bar_does_not_hide_it():
    log = "".join(f"steps: {bar(s, 96, f', avr_loss=0.{s}')}INFO:data:epoch: 7\n" for s in (36, 37))
    assert points(log, "avr_loss") == [(36, 0.36), (37, 0.37)]


def test_a_bar_over_the_whole_training_is_not_shifted_by_its_epochs():
    log = "".join(
        f"epoch {e}/15\nsteps: {bar(20 * e, 300, f', avr_loss=0.{e}')}\n" for e in (1, 2, 3)
    )
    assert points(log, "avr_loss") == [(20, 0.1), (40, 0.2), (60, 0.3)]
    assert decode(log)[1].total_steps == 300


def test_so_it_is_where_the_log_begins_in_the_middle():
    log = "".join(
        f"Epoch {e}/65, Steps: {bar(s, 1000, f', step_loss=0.{e}')}\n"
        for e, s in ((38, 575), (39, 600), (41, 625))
    )
    assert points(log, "step_loss") == [(575, 0.38), (600, 0.39), (625, 0.41)]


def test_a_bar_of_one_epoch_runs_on_where_the_log_begins_in_the_middle():
    log = "".join(
        f"Epoch {e}/65 {bar(s, 100, f', loss=0.{s}')}\n" for e, s in ((3, 90), (4, 10), (4, 20))
    )
    assert points(log, "loss") == [(290, 0.9), (310, 0.1), (320, 0.2)]


def test_torchtune_says_epoch_and_step_before_a_bar_that_lags():
    rows = [(25, 26), (26, 26), (26, 27), (27, 27)]
    log = "".join(f"[trainer0|0]:1|{s}|Loss: 1.{s}: {bar(b, 101)}\n" for s, b in rows)
    assert points(log, "Loss") == [(25, 1.25), (26, 1.26), (27, 1.27)]


def test_vits_says_step_and_learning_rate_in_brackets():
    log = "".join(
        f"INFO:my-model:Train Epoch: {e} [1%]\nINFO:my-model:[{e}00, 9.99875e-05]\n"
        f"INFO:my-model:loss_disc=3.{e}, loss_gen=2.{e}\n"
        f"INFO:my-model:====> Epoch: {e} [2023-06-11 08:52:05]\n"
        for e in (2, 3, 4)
    )
    assert points(log, "loss_disc") == [(200, 3.2), (300, 3.3), (400, 3.4)]


def test_an_epoch_and_a_batch_joined_by_a_dash():
    log = "".join(f"INFO: epoch {e}-{b}, loss: 0.{e}{b}\n" for e in (1, 2) for b in (10, 20, 30))
    assert [step for step, _ in points(log, "loss")] == [10, 20, 30, 40, 50, 60]


def test_tensorpack_dates_by_month_and_day_and_says_the_step_when_an_epoch_ends():
    log = "".join(
        f"[0119 15:3{e}:31 @base.py:273] Start Epoch {e} ...\n"
        f"[0119 15:3{e}:21 @base.py:283] Epoch {e} (global_step {e}00) finished, time:49 seconds.\n"
        f"[0119 15:3{e}:22 @monitor.py:474] GPUUtil/0: 94.6\n"
        f"[0119 15:3{e}:22 @monitor.py:474] total_cost: 2.{e}\n"
        for e in (1, 2, 3)
    )
    assert points(log, "total_cost") == [(100, 2.1), (200, 2.2), (300, 2.3)]


def test_a_learning_rate_alone_in_the_block_of_an_epoch():
    log = "".join(
        f"2022-02-11 09:3{e}:44.2: \nepoch:  {e}\n2022-02-11 09:3{e}:49.6: train loss : -0.{e}\n"
        f"2022-02-11 09:3{e}:59.8: lr: 0.00{e}\n"
        for e in (1, 2, 3)
    )
    assert points(log, "lr") == [(1, 0.001), (2, 0.002), (3, 0.003)]
    assert points(log, "train loss") == [(1, -0.1), (2, -0.2), (3, -0.3)]


def test_a_dated_line_announces_the_evaluation_below_it():
    log = "".join(
        f"2020-11-13 09:32:4{e},4 - (Epoch {e}) TRAIN LOSS:0.{e} CER:6.5%\n"
        f"2020-11-13 09:32:4{e},5 - VALID\n2020-11-13 09:33:3{e},0 - VALID SET 0 LOSS:0.4{e}\n"
        f"2020-11-13 09:33:3{e},1 - TRAIN\n"
        for e in (1, 2)
    )
    assert points(log, "eval_loss") == [(1, 0.41), (2, 0.42)]


def test_epochs_and_batches_each_with_a_share():
    log = "".join(
        f"Train:    {e}/3 ( 33%) [ {b:3}/100 ( 15%)]  Loss: {e}.{b} (9.9)  LR: 1e-04\n"
        for e in (1, 2)
        for b in (0, 50)
    )
    assert points(log, "Loss") == [(0, 1.0), (50, 1.5), (100, 2.0), (150, 2.5)]
    assert decode(log)[1].total_steps == 300


def test_steps_beside_an_epoch_and_a_loss_are_its_place():
    log = "".join(f"epoch: {e}, lr: 1e-4, steps: {e}70 - train loss: 2.{e}\n" for e in (1, 2))
    assert points(log, "train loss") == [(170, 2.1), (270, 2.2)]


def test_plans_that_stand_in_headlines():
    assert decode("Start training for 3 epochs\n")[1].total_epochs == 3
    started = "INFO: 2/20epoch started. Estimated time to finish: 33 minutes and 42.59 seconds\n"
    assert decode(started + "2epoch:train:1-100batch: loss=2.3\n")[1].total_epochs == 20
    composer = "[batch=1/4800]:\n\t Train loss/train/total: 11.65\n"
    assert decode(composer)[1].total_steps == 4800


def test_yolo_before_its_columns_were_called_losses():
    log = "".join(
        "     Epoch   gpu_mem       box       obj       cls     total    labels  img_size\n"
        "                 all         787        2054       0.736      0.0185     0.00493\n"
        f"     {e}/49     55.1G   0.0{e}   0.02   0.03    0.1{e}        26      1856: 100%|#| 295/295\n"
        for e in (0, 1, 2)
    )
    assert points(log + "3 epochs completed in 0.468 hours.\n", "box_loss") == [
        (0, 0.00),
        (1, 0.01),
        (2, 0.02),
    ]


def test_a_number_of_julia_in_its_wrapper():
    log = "".join(f"loss(x, y) = param(0.{i})\naccuracy(x, y) = 0.5\n" for i in (9, 8, 7, 6))
    assert [value for _, value in points(log, "loss(x, y)")] == [0.9, 0.8, 0.7, 0.6]


def test_batches_as_a_range_stand_at_its_end():
    log = "".join(
        f"Epoch[{e}] Batch [{b}-{b + 20}]\tSpeed: 6.24 samples/sec\tLoss=8.{e}{b}\n"
        for e in (0, 1)
        for b in (0, 20)
    )
    assert [step for step, _ in points(log, "Loss")] == [20, 40, 60, 80]


def test_a_global_step_wins_over_that_of_the_epoch():
    log = "".join(
        f"   --> STEP: {s}/90 -- GLOBAL_STEP: {90 * e + s}\n     | > loss_mel: 4.{e}{s}\n\n"
        for e in (0, 1)
        for s in (30, 60)
    )
    assert [step for step, _ in points(log, "loss_mel")] == [30, 60, 120, 150]


def test_steps_of_an_epoch_and_the_epochs_tell_the_length():
    log = "Epoch [1/75], Step [110/464], Loss: 0.31\nEpoch [1/75], Step [120/464], Loss: 0.29\n"
    assert decode(log)[1].total_steps == 75 * 464


def test_rows_within_an_epoch_and_one_at_its_end_share_an_axis():
    log = "".join(
        f"\titers: 100, epoch: {e} | loss: 0.{e}1\n\titers: 200, epoch: {e} | loss: 0.{e}2\n"
        f"Epoch: {e}, Steps: 266 | Train Loss: 0.{e}3 Vali Loss: 0.{e}4\n"
        f"Validation loss decreased (inf --> 0.{e}4).  Saving model ...\n"
        for e in (1, 2, 3)
    )
    assert [step for step, _ in points(log, "loss")] == [100, 200, 366, 466, 632, 732]
    assert points(log, "Train Loss") == [(266, 0.13), (532, 0.23), (798, 0.33)]
    assert not points(log, "Validation loss decreased")


def test_training_of_an_epoch_and_validation_of_it():
    log = "".join(
        f"I Training of Epoch {e} - loss: 9.{e}\nI Validation of Epoch {e} - loss: 8.{e}\n"
        for e in (0, 1, 2)
    )
    assert points(log, "loss") == [(0, 9.0), (1, 9.1), (2, 9.2)]
    assert points(log, "eval_loss") == [(0, 8.0), (1, 8.1), (2, 8.2)]


def test_losses_of_gans_by_the_names_of_their_networks():
    log = "".join(
        f"(epoch: 1, iters: {i}00, time: 0.5, data: 0.1) D_A: 0.{i} G_A: 1.{i} cycle_A: 2.{i}\n"
        for i in (1, 2, 3)
    )
    assert points(log, "cycle_A") == [(100, 2.1), (200, 2.2), (300, 2.3)]


def test_batches_of_an_evaluation_that_only_a_headline_announces():
    def loop(batches: int, loss: int) -> str:
        return "".join(
            f"2017-10-14 16:48:48,9 - INFO - trainer - Batch {b}/{batches}: loss: {loss}.{b} ||\n"
            for b in (1, batches)
        )

    log = "".join(
        f"2017-10-14 16:48:27,9 - INFO - trainer - Epoch {e}/9\n"
        + "2017-10-14 16:48:27,9 - INFO - trainer - Training\n"
        + loop(90, e)
        + "2017-10-14 16:48:27,9 - INFO - trainer - Validating\n"
        + loop(7, e)
        for e in (0, 1)
    )
    assert points(log, "loss") == [(1, 0.1), (90, 0.9), (91, 1.1), (180, 1.9)]
    assert points(log, "eval_loss") == [(90, 0.7), (180, 1.7)]


def test_a_table_of_epochs_says_how_many_there_will_be():
    log = (
        "      Epoch    GPU_mem   box_loss   cls_loss   dfl_loss  Instances       Size\n"
        "    70/1000      6.73G      1.081     0.4706      1.084         10        640: 100%|#| 16/16\n"
        "                 Class     Images  Instances      Box(P          R      mAP50-95): 100%|#| 8/8\n"
        "    71/1000      6.73G      1.080     0.4706      1.084         10        640: 100%|#| 16/16\n"
    )
    records, facts = decode(log)
    assert (facts.total_epochs, facts.total_steps) == (1000, 1000)
    assert not any("mAP" in name for record in records for name in record.values)


def test_a_position_called_process_and_objectives():
    log = "".join(
        f"Process {b}/400({b / 4}%) global average objf: -0.9 over 6400.0 frames, current batch "
        f"average objf: -0.{b} over 6400 frames, epoch 0\n"
        for b in (100, 200, 300)
    )
    assert points(log, "current batch average objf") == [(100, -0.1), (200, -0.2), (300, -0.3)]


def test_totals_behind_of():
    assert decode("Epoch 1 of 10, loss 0.5\nEpoch 2 of 10, loss 0.4\n")[1].total_epochs == 10
    assert decode("Step 1 of 100: loss=0.5\nStep 2 of 100: loss=0.4\n")[1].total_steps == 100


def test_batches_counted_below_the_headline_of_an_epoch_are_not_its_place():
    log = "".join(
        f"======== Epoch {e} / 5 ========\nTraining...\n"
        "  Batch    40  of    241.    Elapsed: 0:00:08.\n"
        f"  Average training loss: 0.{e}\nRunning Validation...\n  Validation Loss: 0.{e}5\n"
        for e in (1, 2, 3)
    )
    assert points(log, "Average training loss") == [(1, 0.1), (2, 0.2), (3, 0.3)]
    assert points(log, "Validation Loss") == [(1, 0.15), (2, 0.25), (3, 0.35)]
    assert decode(log)[1].total_epochs == 5


def test_columns_called_after_their_split_alone_are_losses():
    assert choose(["train", "valid"]) == {"train_loss": "train", "eval_loss": "valid"}
    assert "train_loss" not in choose(["train", "val_acc"])


def test_a_table_of_train_and_valid_stands_at_its_epochs():
    table = CsvDecoder().feed(b"epoch,train,valid\n1,2.5,2.6\n2,1.5,1.6\n3,0.5,0.7\n")
    assert [(row.step, row.values["train"]) for row in table] == [(1, 2.5), (2, 1.5), (3, 0.5)]


def test_rows_called_train_and_test_are_of_two_splits_and_a_run_called_test_is_none():
    rows: list[dict[str, object]] = [
        {"name": name, "epoch": e, "loss": e / 10} for e in (1, 2) for name in ("train", "test")
    ]
    assert [sorted(row.values) for row in json_lines(rows)] == [["loss"], ["eval_loss"]] * 2
    alone: list[dict[str, object]] = [{"name": "test", "epoch": e, "loss": e / 10} for e in (1, 2)]
    assert [sorted(row.values) for row in json_lines(alone)] == [["loss"]] * 2


def test_episodes_place_a_line_that_has_no_other_place():
    log = "".join(f"Episode {e}\tAverage Score: {e}.5\tEpsilon: 0.9\n" for e in (10, 20, 30))
    assert points(log, "Average Score") == [(10, 10.5), (20, 20.5), (30, 30.5)]
    assert looks_like_training(log.encode())
    log = "".join(
        f" {s}/50000: episode: {s // 9}, episode steps: 13, loss: 0.{s}\n" for s in (10, 20, 30)
    )
    assert points(log, "loss") == [(10, 0.1), (20, 0.2), (30, 0.3)]
    assert decode(log)[1].total_steps == 50000


def test_steps_of_the_environment_stand_below_the_iteration():
    log = "".join(
        f"   Learning iteration {i}/10\n\n    Total steps: {256 * i}\n"
        f"    Mean value loss: 1.{i}\n    Mean reward: {i}.5\n-------\n"
        for i in (0, 1, 2)
    )
    assert points(log, "Mean value loss") == [(0, 1.0), (1, 1.1), (2, 1.2)]
    assert points(log, "Mean reward") == [(0, 0.5), (1, 1.5), (2, 2.5)]


def test_steps_that_grow_are_the_place_and_iters_at_the_start_are_the_plan():
    log = "".join(f"steps: {s} loss: 0.{s} iter time (s): 531.2\n" for s in (1, 2, 3))
    assert points(log, "loss") == [(1, 0.1), (2, 0.2), (3, 0.3)]
    started = "Starting training..., iters: 400\nIter 5: Train loss 3.361, It/sec 0.1\n"
    assert decode(started)[1].total_steps == 400


def test_plans_in_japanese():
    log = (
        "num epochs / epoch数: 16\ntotal optimization steps / 学習ステップ数: 96\n"
        "steps:   1%|1  | 1/96 [00:05<08:00, 5.06s/it, avr_loss=0.0972]\n"
        "steps:   2%|2  | 2/96 [00:10<08:00, 5.06s/it, avr_loss=0.0872]\n"
    )
    assert points(log, "avr_loss") == [(1, 0.0972), (2, 0.0872)]
    assert decode(log)[1].total_steps == 96


def test_a_loss_that_is_no_number_any_more():
    log = "step 10/74 | loss 2.5\nval loss 2.4\nstep 20/74 | loss nan\nval loss nan\n"
    values = [value for _, value in points(log, "val loss")]
    assert values[0] == 2.4
    assert len(values) == 2


def test_an_epoch_before_a_colon_behind_a_prefix_as_hydra_writes_it():
    log = "".join(
        f"[2024-11-12 15:43:03,864][agent.train][INFO] - {e}: train loss   0.{e} | t: 58.8\n"
        for e in (7, 8, 9)
    )
    assert points(log, "train loss") == [(7, 0.7), (8, 0.8), (9, 0.9)]


def test_reports_of_ray_tell_the_step_below_what_was_measured():
    log = "".join(
        f"Result for PPO_CartPole_120b5:\n  date: 2022-07-27_15-41-0{i}\n"
        f"  episode_reward_mean: {i}.5\n  info:\n    learner:\n      total_loss: 0.{i}\n"
        f"  timesteps_total: {4000 * i}\n  training_iteration: {i}\n\n"
        for i in (1, 2, 3)
    )
    assert points(log, "total_loss") == [(1, 0.1), (2, 0.2), (3, 0.3)]
    assert points(log, "episode_reward_mean") == [(1, 1.5), (2, 2.5), (3, 3.5)]
    assert looks_like_training(log.encode())


def test_numbered_values_are_a_curve_only_where_the_file_is_called_so():
    values = "".join(f"{i} {20 - i}.5\n" for i in range(20)).encode()
    assert any_text.sniff(values, "data/points.txt") is None
    assert any_text.sniff(values, "data/train_loss.txt")


def test_data_with_a_column_called_loss_is_no_run():
    data = b"rooms,area,age,loss\n3,55.5,20,100.5\n4,80.5,3,50.5\n2,40.1,9,10.5\n"
    assert csv_sniff(data, "houses.csv") is None
    assert csv_sniff(b"loss,accuracy\n0.5,0.1\n0.4,0.2\n", "out.csv")


def test_a_block_below_a_step_tells_the_norm_of_the_gradient_and_the_plan():
    log = "".join(
        f"2024-08-06 09:59:2{s}.181 host:0  olmo.train:908  INFO    [step={s}/739328,epoch=0]\n"
        f"    optim/total_grad_norm=23{s}.7\n    train/CrossEntropyLoss=12.{s}\n"
        for s in (1, 2, 3)
    )
    assert points(log, "optim/total_grad_norm") == [(1, 231.7), (2, 232.7), (3, 233.7)]
    assert decode(log)[1].total_steps == 739328


def test_cross_validation_and_tst_are_evaluations():
    log = "".join(
        f"2021-12-05 10:00:32,073 INFO Epoch {e} CV info cv_loss 7.{e}\n" for e in (74, 75)
    )
    assert points(log, "CV info cv_loss") == [(74, 7.74), (75, 7.75)]
    assert [role(name) for name in ("cv_loss", "tst_loss")] == [EVAL_LOSS, EVAL_LOSS]


def test_the_learning_rate_as_marian_writes_it():
    log = "".join(
        f"[2019-08-17 13:16:58] Ep. 2 : Up. {u}000 : Sen. 32,243,206 : Cost 2.{u} : Time 337.44s"
        f" : 28806.18 words/s : L.r. 5.{u}e-05\n"
        for u in (497, 499)
    )
    assert points(log, "L.r") == [(497000, 5.497e-05), (499000, 5.499e-05)]
    assert role("L.r") == LEARNING_RATE


def test_what_a_policy_gradient_estimates_is_not_the_loss_to_watch():
    values = {"LossPi": [-0.1, -0.2], "LossV": [110.5, 108.1]}
    assert choose(values)["train_loss"] == "LossV"
