"""Paths in lines: numbers within them are no values, they are no names, and they may vary."""

from __future__ import annotations

import pytest

from lossmon.formats.text import TextDecoder
from lossmon.formats.text_paths import hidden
from lossmon.formats.text_signs import any_row, looks_like_training
from lossmon.formats.text_tokens import tokenise


def _rows(text: str) -> list[dict[str, float]]:
    decoder = TextDecoder()
    return [row.values for row in (*decoder.feed(text.encode()), *decoder.flush())]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("saved /home/me/run-7.eval/ckpt-12/x.xlsx: 3", "saved *: 3"),
        ("see https://a.b/c-7?d=8, loss: 0.5", "see *, loss: 0.5"),
        ("iter train/a_17.jpg, loss: 0.5", "iter *, loss: 0.5"),
        ("file=./out/epoch-3/log loss 0.5", "file=* loss 0.5"),
        ("C:\\runs\\ckpt-3\\a.pt loss 0.5", "* loss 0.5"),
        ("/train/net/loss: 0.5 3 / 20 [1/20]", "/train/net/loss: 0.5 3 / 20 [1/20]"),
        ("train/loss: 0.5, 3ms/step, a/b/top1: 0.7", "train/loss: 0.5, 3ms/step, a/b/top1: 0.7"),
        ("/opt/lib-3/train.py:12 loss", "*train.py:12 loss"),
    ],
)
def test_what_is_a_path(text: str, left: str) -> None:
    assert hidden(text, "*") == left


def test_no_number_and_no_name_is_within_a_path() -> None:
    tokens = tokenise("Evaluating /data/vlm-12.eval/ckpt-7/m.xlsx: 10/90, Acc: 0.5")
    assert [(token.key, token.text) for token in tokens][-1] == ("Acc", "0.5")
    assert not any("vlm" in token.key for token in tokens)
    assert {token.text for token in tokens} == {"10", "90", "0.5"}


def test_rows_that_differ_in_the_file_of_their_sample_are_counted() -> None:
    text = "".join(f"iter train/a_{n * 37 % 101}.jpg, loss: {4 / n}\n" for n in (1, 2, 4, 8))
    assert looks_like_training(text.encode()) is not None
    assert [values["loss"] for values in _rows(text)] == [4.0, 2.0, 1.0, 0.5]


def test_files_of_held_out_data_are_other_rows() -> None:
    text = "".join(
        f"iter {part}/a_{n}.jpg, loss: {value}\n"
        for n in range(1, 9)
        for part, value in (("train", 0.5), ("val", 2.5))
    )
    decoder = TextDecoder()
    decoder.feed(text.encode())
    assert len([shape for shape in decoder.shapes.values() if shape.is_row]) == 2


def test_a_line_that_says_which_loss_is_used_is_no_row() -> None:
    for line in ("iou loss: mse (2), iou_norm: 0.75, obj_norm: 1.00", "loss: bce, weight: 0.5"):
        assert not looks_like_training(f"{line}\n{line}\n".encode() * 2)
    assert _rows("epoch 1 loss: total 0.5\nepoch 2 loss: total 0.25\n")


def test_evaluations_at_one_place_are_no_training() -> None:
    text = "  split  overall\n0  full  0.5\n1  dev  0.25\n2  test  0.75\n\n" * 6
    assert any_row(text.encode()) is None
