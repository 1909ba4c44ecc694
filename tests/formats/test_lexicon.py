"""Each word means the same in JSON lines, CSV and text; so does each time."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from lossmon.formats.clock import read_time
from lossmon.formats.csv import CsvDecoder
from lossmon.formats.decoder import Decoder, Record
from lossmon.formats.jsonl import JsonlDecoder
from lossmon.formats.lexicon import (
    ACCURACY,
    EVAL_LOSS,
    OTHER,
    OTHER_LOSS,
    TRAIN_LOSS,
    direction,
    is_noise,
    is_reward,
    phase_of,
    role,
    split_of,
)
from lossmon.formats.lexicon_places import counter_of, planned, rank_of
from lossmon.formats.names import choose
from lossmon.formats.text import TextDecoder

STEPS = (
    "step", "global_step", "current_step", "iteration", "iter", "iters", "it", "itr", "update",
    "num_updates", "nupdates", "globalstep", "gs", "train_step", "training_step", "trained_steps",
    "opt_step", "optimizer_step", "completed_step", "trainer_global_step", "n_iter", "tree",
    "round", "timesteps", "num_timesteps", "i",
)  # fmt: skip
BATCHES = ("batch", "minibatch", "mini_batch", "mb", "batch_idx", "batch_id")
EPOCHS = ("epoch", "ep", "cur_epoch", "current_epoch", "train_epoch", "training_epoch", "epoch_num")
HELD_OUT = (
    "val", "valid", "validation", "vali", "eval", "evaluation", "dev", "test", "testing", "tst",
    "cv", "holdout", "hold-out", "heldout", "held-out", "Test", "VAL",
)  # fmt: skip


def decoded(decoder: Decoder, lines: list[str]) -> list[Record]:
    data = "".join(f"{line}\n" for line in lines).encode()
    return [*decoder.feed(data), *decoder.flush()]


def everywhere(rows: list[dict[str, object]]) -> list[list[Record]]:
    """The same rows as JSON lines, CSV and text."""
    text = [", ".join(f"{key}: {cell}" for key, cell in row.items()) for row in rows]
    table = [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]
    return [
        decoded(JsonlDecoder(), list(map(json.dumps, rows))),
        decoded(CsvDecoder(), table),
        decoded(TextDecoder(), text),
    ]


@pytest.mark.parametrize("word", [*STEPS, *BATCHES])
def test_a_word_for_the_step_is_one_everywhere(word: str) -> None:
    rows: list[dict[str, object]] = [{word: 10 * i, "loss": 2.5 - 0.25 * i} for i in range(1, 5)]
    for records in everywhere(rows):
        assert [(r.step, r.values) for r in records] == [
            (row[word], {"loss": row["loss"]}) for row in rows
        ]


@pytest.mark.parametrize("word", EPOCHS)
def test_a_word_for_the_epoch_is_one_everywhere(word: str) -> None:
    rows: list[dict[str, object]] = [{word: i, "loss": 2.5 - 0.25 * i} for i in range(1, 5)]
    for records in everywhere(rows):
        assert [(r.step, r.epoch, r.values) for r in records] == [
            (row[word], row[word], {"loss": row["loss"]}) for row in rows
        ]


@pytest.mark.parametrize("word", HELD_OUT)
def test_a_word_for_held_out_data_is_one_everywhere(word: str) -> None:
    rows = [
        {"split": split, "step": i, "loss": 2.5 - 0.25 * i}
        for i in range(1, 5)
        for split in ("train", word)
    ]
    text = [f"[{row['split']}] step: {row['step']} loss: {row['loss']}" for row in rows]
    for records in [*everywhere(rows)[:2], decoded(TextDecoder(), text)]:
        assert [(r.step, list(r.values)) for r in records] == [
            (i, [name]) for i in range(1, 5) for name in ("loss", "eval_loss")
        ]
    assert split_of(word) == phase_of(f"[{word}] loss") == "eval"
    assert role(f"{word}_loss") == EVAL_LOSS


@pytest.mark.parametrize(
    ("key", "counter"),
    [
        ("Validation at iteration", "step"),
        ("Train Epoch", "epoch"),
        ("Epoch(train)", "epoch"),
        ("end of epoch", "epoch"),
        ("number of steps", None),
        ("loss per step", None),
        ("best epoch", None),
        ("warmup step", None),
        ("episode_steps", None),
        ("epochs", None),
        ("loss of it", None),
    ],
)
def test_the_last_word_of_a_phrase_decides(key: str, counter: str | None) -> None:
    assert counter_of(key) == counter


@pytest.mark.parametrize(
    ("key", "what"),
    [
        ("max_steps", "steps"),
        ("total_iters", "steps"),
        ("starting with max_epochs", "epochs"),
        ("num_train_epochs", "epochs"),
        ("epochs", "epochs"),
        ("trained epochs", None),
        ("steps", "steps"),
        ("loss", None),
    ],
)
def test_words_for_the_plan(key: str, what: str | None) -> None:
    assert planned(key) == what


def test_of_two_counters_the_plainer_is_taken() -> None:
    row = {"batch_idx": 3, "iteration": 11, "global_step": 12, "step": 10, "loss": 2.5}
    for left_out, step in (("step", 12), ("global_step", 11), ("iteration", 3)):
        row.pop(left_out)
        records = decoded(JsonlDecoder(), [json.dumps(row)])
        assert records[0].step == step
        assert list(records[0].values) == ["loss"]


@pytest.mark.parametrize(
    ("name", "want"),
    [
        ("meta loss", OTHER_LOSS),  # "eta" is a part of the word
        ("beta_loss", OTHER_LOSS),
        ("theta", OTHER),
        ("time_loss", OTHER_LOSS),
        ("loss_time", OTHER),
        ("step_time", OTHER),
        ("gap", OTHER),
        ("heatmap", OTHER),
        ("mAP50", ACCURACY),
        ("mIoU", ACCURACY),
        ("Acc@1", ACCURACY),
        ("top-1", ACCURACY),
        ("BLEU-4", ACCURACY),
        ("recall@10", ACCURACY),
        ("testacc", ACCURACY),
        ("rollout/ep_rew_mean", ACCURACY),
        ("val_loss", EVAL_LOSS),
        ("训练损失", TRAIN_LOSS),
    ],
)
def test_expressions_match_whole_words(name: str, want: str) -> None:
    assert role(name) == want


HIGHER = (
    "acc", "val_acc", "accuracy", "f1", "macro_f1", "psnr", "PSNR", "ssim", "dice", "mean_dice",
    "iou", "mIoU", "mAP", "mAP50-95", "ndcg@10", "hit@5", "mrr", "recall@1", "auc", "bleu",
    "rouge-L", "reward", "rewards/mean", "episode_return", "ep_rew_mean", "log_likelihood",
    "success_rate", "score", "elbo",
)  # fmt: skip
LOWER = (
    "loss", "val_loss", "ppl", "perplexity", "eval_perplexity", "fid", "FID50k", "lpips", "wer",
    "cer", "val_cer", "hd95", "rmse", "test_error", "err", "eer", "nll",
)  # fmt: skip
NEITHER = ("lr", "grad_norm", "epoch", "temperature", "gpu_mem", "tokens_per_sec", "step_time")


def test_scores_know_their_direction() -> None:
    assert {name: direction(name) for name in (*HIGHER, *LOWER, *NEITHER)} == {
        **dict.fromkeys(HIGHER, "higher"),
        **dict.fromkeys(LOWER, "lower"),
        **dict.fromkeys(NEITHER),
    }


def test_rewards_are_told_from_other_scores() -> None:
    names = ("reward", "ep_rew_mean", "rewards/accuracies", "return", "accuracy", "score")
    assert [is_reward(name) for name in names] == [True] * 4 + [False] * 2


@pytest.mark.parametrize(
    ("name", "noise"),
    [
        ("eta", True), ("gpu_mem", False), ("rank", True), ("batch_size", False), ("seed", True),
        ("val_loss improved from", True), ("beta", False), ("loss", False), ("theta", False),
        ("kl_beta", False), ("err", False), ("loss scale", False), ("data_time", False),
        ("elapsed_time", True), ("max_epochs", True),
    ],
)  # fmt: skip
def test_noise_in_a_sentence(name: str, noise: bool) -> None:
    assert is_noise(name) == noise


def test_a_word_has_one_meaning() -> None:
    assert rank_of("step") == ("step", 0)
    assert rank_of("loss") is None
    for word in (*STEPS, *BATCHES, *EPOCHS):
        assert role(word) == OTHER


STAMPS = (
    "2024-05-19 04:54:30",
    "2024-05-19T04:54:30",
    "2024-05-19 04:54:30,000",
    "2024-05-19 04:54:30.0",
    "2024/05/19 04:54:30",
    "05/19/2024 04:54:30",
    "20240519T045430",
    "20240519_045430",
    "Sun May 19 04:54:30 2024",
    "19 May 2024 04:54:30",
)
ZONED = (
    "2024-05-19T02:54:30Z",
    "2024-05-19 02:54:30+0000",
    "2024-05-19 04:54:30.000+02:00",
    "2024-05-18 22:54:30-0400",
    "Sun, 19 May 2024 02:54:30 +0000",
    "Sun May 19 02:54:30 UTC 2024",
    "1716087270",
    "1716087270000",
)


def test_a_time_is_local_unless_it_says_otherwise() -> None:
    """In a fresh interpreter: the zone of this one is fixed when it starts."""
    script = "\n".join(
        (
            "import json, sys",
            "from tests.formats.test_lexicon import *",
            "times = [t for t in STAMPS + ZONED if ',' not in t]  # which CSV would quote",
            "rows = [{'time': t, 'step': i, 'loss': 2.5} for i, t in enumerate(times)]",
            "text = [f'{t} - INFO - step: {i} loss: 2.5' for i, t in enumerate(STAMPS[:6])]",
            "print(json.dumps([[r.time for r in records] for records in (",
            "    *everywhere(rows)[:2], decoded(TextDecoder(), text))]))",
        )
    )
    out = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "TZ": "Etc/GMT-2"},  # two hours ahead of Greenwich
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    as_json, as_csv, as_text = json.loads(out)
    assert as_json == as_csv == [1716087270.0] * (len(STAMPS + ZONED) - 2)
    assert as_text == [1716087270.0] * 6


@pytest.mark.parametrize("stamp", ["2024-05-19 04:54:30,000", "Sun, 19 May 2024 04:54:30"])
def test_a_time_may_hold_a_comma(stamp: str) -> None:
    assert read_time(stamp) == read_time("2024-05-19T04:54:30")


@pytest.mark.parametrize("cell", ["", "12.5", 3600, "2024-13-45 00:00:00", None, True, "x" * 99])
def test_what_is_no_time(cell: object) -> None:
    assert read_time(cell) is None


def test_a_weighted_sum_is_chosen_before_its_parts() -> None:
    names = [
        f"{split}/{part}"
        for split in ("train_loss_step", "train_loss_epoch", "val0_epoch")
        for part in ("forces_mse", "energy_mse", "weighted_sum")
    ]
    assert choose(names) == {
        TRAIN_LOSS: "train_loss_step/weighted_sum",
        EVAL_LOSS: "val0_epoch/weighted_sum",
    }


def test_a_closing_line_is_no_curve_beside_rows() -> None:
    assert choose({"final_loss": [1], "epoch_loss": [1, 2, 3]})["train_loss"] == "epoch_loss"
    assert choose({"final_loss": [1], "epoch_loss": [1, 2]})["train_loss"] == "final_loss"
