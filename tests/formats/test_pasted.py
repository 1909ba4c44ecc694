"""Rows as people paste them: behind a logger's prefix, without a step, cut out of a file."""

from __future__ import annotations

import math

import pytest

from tests.formats.text_rows import Rows, rows_of

_LOGURU = "2024-05-19 04:54:%02d.690 | INFO     | pkg.train:fit:%s - %s\n"
PASTED: dict[str, tuple[str, Rows]] = {
    "the line of the program is no loss": (
        "".join(
            _LOGURU % (epoch, *said)
            for epoch in (1, 2)
            for said in (
                ("86 ", f"epoch={epoch}"),
                ("88", f"train_loss={0.5 / epoch}, val_loss={0.75 / epoch}"),
            )
        ),
        [(n, {"train_loss": 0.5 / n, "val_loss": 0.75 / n}) for n in (1, 2)],
    ),
    "the cost of a part is a loss, in columns of tabs": (
        "".join(f"iter {n}99\tdisc cost\t-0.{n}\n" for n in range(1, 4)),
        [(100 * n + 99, {"disc cost": -n / 10}) for n in range(1, 4)],
    ),
    "what a step costs is none": (
        "".join(f"iter {n}99\treader cost\t0.{n}\n" for n in range(1, 4)),
        [],
    ),
    "scores behind a tag and a count, one of them not a number": (
        "".join(
            f"[TRAIN] epoch: {n}, iter: {n}00/900, loss: 0.5, lr: 0.25\n"
            f"[EVAL] #Images: 200 mIoU: 0.5000 Acc: 0.{n} Kappa: {kappa} \n"
            for n, kappa in ((1, "nan"), (2, "0.25"))
        ),
        [
            row
            for n, kappa in ((1, math.nan), (2, 0.25))
            for row in (
                (100 * n, {"loss": 0.5, "lr": 0.25}),
                (100 * n, {"eval_mIoU": 0.5, "eval_Acc": n / 10, "eval_Kappa": kappa}),
            )
        ],
    ),
}


@pytest.mark.parametrize("kind", PASTED)
def test_rows_at_once_and_a_line_at_a_time(kind: str) -> None:
    text, rows = PASTED[kind]
    for at_once in (True, False):
        assert str(rows_of(text, at_once=at_once)) == str(rows)  # NaN equals nothing
