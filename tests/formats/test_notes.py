"""What lines of text tell beside rows; bounded, whatever a log says."""

from __future__ import annotations

import pytest

from lossmon.formats.decoder import Facts
from lossmon.formats.hf_stdout import DictLineDecoder
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
}  # fmt: skip

NOTHING = (
    "stack overflow-safe allocator enabled",
    "Skipping download, file exists",
    "info: nanoGPT config loaded",
    "finite differences checked",
    "memory: 12 GB",
    "running on rank 0 of 8",
)


@pytest.mark.parametrize("line", EVENTS)
def test_an_event_is_known_by_its_words(line: str) -> None:
    facts = Facts()
    note(line, 40, facts)
    assert facts.counts == {EVENTS[line]: 1}
    assert facts.events[0].step == 40
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
    for step in range(10_000):
        note("Gradient overflow. Skipping step" + " x" * 5000, step, facts)
    assert facts.counts == {"overflow": 10_000}
    assert len(facts.events) == 8
    assert facts.events[0].step == 0
    assert facts.events[-1].step == 9999
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
