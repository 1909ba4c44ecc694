"""What lines of text tell beside rows; bounded, whatever a log says."""

from __future__ import annotations

import pytest

from lossmon.formats.decoder import Facts
from lossmon.formats.hf_stdout import DictLineDecoder
from lossmon.formats.jsonl import JsonlDecoder
from lossmon.formats.notes import note
from lossmon.formats.text import TextDecoder

EVENTS = {
    "Gradient overflow.  Skipping step, loss scaler 0 reducing loss scale to 16384.0": "overflow",
    "[deepspeed] OVERFLOW! Rank 0 Skipping step. Attempted loss scale: 65536, reducing to 32768": "overflow",
    "2023-01-01 | INFO | fairseq.trainer | NOTE: gradient overflow detected, ignoring gradient, setting loss scale to: 64.0": "overflow",
    "WARNING: loss is nan, skipping this batch": "nan_skipped",
    "Skipping batch 12: non-finite loss": "nan_skipped",
    "NaN loss encountered in step 14": "nan_skipped",
    "| WARNING: ran out of memory, retrying batch": "out_of_memory",
    "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB": "out_of_memory",
    "W tensorflow/core/util/ctc/ctc_loss_calculator.cc:144] No valid path found.": "unreachable",
    "Not enough time for target transition sequence (required: 30, available: 12)": "unreachable",
    "Changing loss based on Stage Two Weights": "stage",
    "2024-06-06 10:50:00.490 INFO: Changing loss based on stage two (energy weight 1 -> 1000)": "stage",
    "Unfreezing the encoder": "stage",
    "epoch 5: unfroze layers 8-12": "stage",
    "==== Stage 2: train the decoder ====": "stage",
    "Entering phase 2 of the curriculum": "stage",
    "Discriminator is now active": "stage",
    "enable the discriminator from here on": "stage",
    "Closing dataloader mosaic": "stage",
    "Switching to SGD optimizer": "stage",
    "Resuming from checkpoint out/ckpt_4000.pt": "resumed",
    "Continuing training from checkpoint, will skip to saved global_step": "resumed",
    "Restored model from checkpoints/step_12000": "resumed",
    "Saving model checkpoint to out/checkpoint-30": "saved",
    "[2024-02-02 10:00:00] Checkpoint saved to /data/x.pt": "saved",
    "saved checkpoint at step 40": "saved",
}  # fmt: skip

NOTHING = (
    "stack overflow-safe allocator enabled",
    "Skipping download, file exists",
    "info: nanoGPT config loaded",
    "finite differences checked",
    "memory: 12 GB",
    '"zero_optimization": {"stage": 2, "overlap_comm": true}',
    "stage: train",
    "freeze_backbone=True unfreeze=False",
    "resume: False",
    "Engine run resuming from iteration 0, epoch 0 until 5 epochs",
    "will resume from the newest checkpoint if there is one",
    "learning rate changed to 0.001",
    "save_steps=500 saving is off",
    "running on rank 0 of 8",
)


@pytest.mark.parametrize("line", EVENTS)
def test_an_event_is_known_by_its_words(line: str) -> None:
    facts = Facts()
    note(line, 40, facts)
    assert facts.counts == {EVENTS[line]: 1}
    assert facts.events[0].step == (30 if "checkpoint-30" in line else 40)
    assert facts.events[0].text == line


@pytest.mark.parametrize("line", NOTHING)
def test_other_text_tells_nothing(line: str) -> None:
    facts = Facts()
    note(line, 40, facts)
    assert facts == Facts()


def test_settings_are_read_where_they_are_plain() -> None:
    facts = Facts()
    for line in (
        "  Num examples = 1,200",
        "  Total train batch size (w. parallel, distributed & accumulation) = 16",
        "trainable params: 4,194,304 || all params: 6,742,609,920 || trainable%: 0.0622",
        "Namespace(arch='resnet18', num_classes=10, lora_rank=64)",
    ):
        note(line, None, facts)
    assert facts.settings == {
        "examples": 1200, "batch": 16, "trainable": 4194304, "parameters": 6742609920,
        "classes": 10, "lora_rank": 64,
    }  # fmt: skip


def test_a_flood_of_events_is_counted_in_bounded_memory() -> None:
    facts = Facts()
    for step in range(200):
        note("Gradient overflow. Skipping step" + " x" * 1000, step, facts)
    assert facts.counts == {"overflow": 200}
    assert len(facts.events) == 8
    assert facts.events[0].step == 0
    assert facts.events[-1].step == 199
    assert max(len(event.text) for event in facts.events) <= 200


def test_both_text_decoders_hand_events_on_with_their_step() -> None:
    rows = [f"step {i} loss {2 - i / 100:.3f}\n" for i in range(1, 31)]
    rows.insert(20, "Gradient overflow. Skipping step, loss scaler 0 reducing loss scale to 512\n")
    text = TextDecoder()
    text.feed("".join(rows).encode())
    assert [(event.kind, event.step) for event in text.facts.events] == [("overflow", 20)]
    printed = DictLineDecoder()
    for i in range(1, 11):
        printed.feed(f"{{'loss': {2 - i / 10:.3f}, 'epoch': {i / 10}}}\n".encode())
    printed.feed(b"loss is nan, skipping\n")
    assert printed.facts.counts == {"nan_skipped": 1}


def test_text_behind_a_bar_and_between_json_rows_is_heard() -> None:
    bar = " 1%|-    | {n}/200 [00:01<02:00,  1.00s/it]"
    printed = DictLineDecoder()
    for n in range(1, 5):
        line = bar.format(n=n) + "[2024-02-02 10:00:01,018] [INFO] OVERFLOW! Rank 0 Skipping step."
        printed.feed(f"{line}\n".encode())
    printed.feed(b"{'loss': 3.4, 'epoch': 0.02}\n")
    assert [(event.kind, event.step) for event in printed.facts.events] == [
        ("overflow", n) for n in range(1, 5)
    ]
    printed.feed(bar.format(n=5).encode() + b"Traceback (most recent call last):\n")
    printed.feed(bar.format(n=5).encode() + b"ValueError: no\n")
    assert printed.facts.failure == "ValueError: no"
    rows = JsonlDecoder()
    rows.feed(b'{"step": 1, "loss": 2.0}\n{"step": 2, "loss": 1.9}\nUnfreezing the encoder\n')
    rows.feed(b'{"step": 3, "loss": 2.1}\nTraceback (most recent call last):\n')
    rows.feed(b"torch.OutOfMemoryError: CUDA out of memory.\n")
    assert [(event.kind, event.step) for event in rows.facts.events] == [
        ("stage", 2), ("out_of_memory", 3),
    ]  # fmt: skip
    assert rows.facts.failure == "torch.OutOfMemoryError: CUDA out of memory."
    rows.feed(b'{"step": 4, "loss": 2.0}\n')
    assert rows.facts.failure is None


def test_of_checkpoints_many_are_kept_each_with_its_step() -> None:
    facts = Facts()
    for step in range(500, 40_500, 500):
        note(f"Saving model checkpoint to out/checkpoint-{step}", step + 3, facts)
    steps = [event.step for event in facts.events]
    assert len(steps) == 64
    assert steps[:3] == [500, 1000, 1500]
    assert steps[-1] == 40_000
    note("Model weights saved in out/checkpoint-99999/model.bin", 40_100, facts)
    assert facts.events[-1].step == 40_100  # a number that was not passed yet is no step
