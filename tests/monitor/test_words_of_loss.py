"""Output in which no row was found may name a loss: which words do, and where they may stand."""

from __future__ import annotations

import pytest

from lossmon.monitor.words_of_loss import may_name_loss


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("loss 3.2", True),
        ("Loss: 3.2", True),
        ("LOSS=3.2", True),
        ("the loss\n", True),
        ("(loss)", True),
        ("'loss'", True),
        ('"loss"', True),
        ("[loss]", True),
        ("|loss|", True),
        ("losses 3", True),
        ("loss_of_all9 3", True),
        ("loss_of_all_99 3", False),  # ten letters more
        ("train_loss 3", True),
        ("floss 3", False),
        ("9loss 3", False),
        ("loss", False),  # the word may go on
        ("lOSS 3", False),
        ("perplexity 3", True),
        ("Perplexity 3", True),
        ("ppl 3", True),
        ("reward 3", True),
        ("Reward 3", True),
        ("rew 3", True),
        ("rmse 3", True),
        ("nll 3", True),
        ("cost 3", True),
        ("Cost 3", True),
        ("训练损失3", True),
        ("损失", True),
        ("损", False),
        ("step 3 of 9, lr 0.1", False),
        ("", False),
    ],
)
def test_a_word_of_a_loss(text: str, names: bool) -> None:
    assert may_name_loss(bytearray(text.encode()), 0) is names


@pytest.mark.parametrize(("start", "names"), [(0, True), (2, True), (3, False), (8, False)])
def test_it_is_looked_for_from_a_place_on(start: int, names: bool) -> None:
    assert may_name_loss(bytearray(b"a loss 3.2"), start) is names
