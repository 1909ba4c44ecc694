"""A text that is recognised by its rows is decoded once, and goes on as if it had been fed alone."""

from __future__ import annotations

import pytest

from lossmon.formats.decoder import Record
from lossmon.formats.detect import Detection, detect

ROWS = "".join(f"step {i} loss {3 - i / 10} lr 0.001\n" for i in range(12))
EVALS = "".join(
    f"step {i} loss {3 - i / 10}\neval step {i} eval_loss {3 - i / 12}\n" for i in range(12)
)


def recognised(text: str) -> Detection:
    found = detect(text.encode(), "train.log", complete=False)
    assert found is not None
    return found


def fed_anew(text: str, more: str) -> list[Record]:
    decoder = recognised(text).decoder
    return [*decoder.feed(text.encode()), *decoder.feed(more.encode()), *decoder.flush()]


@pytest.mark.parametrize("text", [ROWS, EVALS], ids=["rows", "evaluations"])
def test_the_decoder_that_recognised_a_text_goes_on_from_there(text: str) -> None:
    found, more = recognised(text), "step 12 loss 1.8\nstep 13 loss 1.7"
    assert found.read is not None
    decoder, rows = found.read
    went_on = [*rows, *decoder.feed(more.encode()), *decoder.flush()]
    assert went_on == fed_anew(text, more)
    assert len(went_on) > 12


@pytest.mark.parametrize(
    "end",
    [
        "step 12 loss 1.",  # a line that is not finished
        "Epoch 1: 50%|#####     | 5/10 [00:01<00:01, 5.00it/s, loss=1.75]\r",  # it is redrawn
        "| train/ | |\n| loss | 1.7 |\n| step | 12 |\n",  # a box that goes on
    ],
    ids=["line", "bar", "box"],
)
def test_one_that_holds_something_back_is_fed_anew(end: str) -> None:
    assert recognised(ROWS + end).read is None


@pytest.mark.slow
def test_of_a_long_head_only_the_end_was_looked_at() -> None:
    junk = "nothing to be seen here, for a while\n" * 10_000
    assert recognised(junk + ROWS).read is None
