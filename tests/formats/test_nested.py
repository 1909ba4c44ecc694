"""A printed dict that is a part of a row, or comes now and then among rows of text."""

from __future__ import annotations

import pytest

from lossmon.formats import hf_stdout
from lossmon.formats.detect import detect
from tests.formats.text_rows import rows_of


def _read(text: str) -> str | None:
    found = detect(text.encode(), "train.log", complete=True)
    return None if found is None else found.format


def test_a_dict_within_a_row_names_its_numbers() -> None:
    line = "2026-01-05 10:00:0{n},000 - INFO - pg_loss: {v}, kl: 0.5, gain: {{'n': 64, 'reward': {n}.5}}\n"
    text = "".join(line.format(n=n, v=2 / n) for n in range(1, 7))
    assert _read(text) == "text"
    assert hf_stdout.sniff(line.format(n=1, v=2).encode(), "train.log") is None
    assert [values for _, values in rows_of(text, True)] == [
        {"pg_loss": 2 / n, "kl": 0.5, "gain/n": 64.0, "gain/reward": n + 0.5} for n in range(1, 7)
    ]


def test_dicts_for_each_set_beside_a_loss() -> None:
    text = "".join(
        f"step {n} loss={2 / n} train={{'acc': 0.25}} valid={{'acc': 0.5}}\n" for n in (1, 2, 3)
    )
    assert rows_of(text, False) == [
        (n, {"loss": 2 / n, "train/acc": 0.25, "valid/acc": 0.5}) for n in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    "line",
    [
        "it {n} | parts {{'cls_loss': {v}, 'box_loss': 0.5}} | lr 0.1\n",
        "it {n} loss {v}\n{often}",
        "loss: {v}, lr: 0.1, took: 3.{n}\n{often}",
    ],
    ids=["in the middle", "now and then", "now and then, and no place"],
)
def test_rows_of_text_go_before_dicts_that_are_fewer(line: str) -> None:
    rare = "check: {'format_reward': 1.0, 'reward': 0.5}\n"
    losses = [9.25 - n / 8 for n in range(12)]
    text = "".join(
        line.format(n=n, v=v, often="" if n % 3 else rare) for n, v in enumerate(losses, 1)
    )
    assert _read(text) == "text"
    found = [value for _, values in rows_of(text, True) for value in values.values()]
    assert [value for value in found if value in losses] == losses


@pytest.mark.parametrize(
    "line",
    [
        "{{'loss': {v}, 'grad_norm': 1.5, 'epoch': 0.{n}}}\n",
        "step {n}: {{'loss': {v}, 'reward': 0.5}}\n",
        "epoch={n} train={{'loss': {v}}} valid={{'loss': 2.5}}\n",
        "{{'loss': {v}, 'epoch': 0.{n}}}\nsaw loss {v}\n",
    ],
)
def test_dicts_that_stand_for_themselves_are_rows(line: str) -> None:
    text = "".join(line.format(n=n, v=2 / n) for n in range(1, 7))
    assert hf_stdout.sniff(text.encode(), "train.log") is not None


def test_an_evaluation_is_over_where_the_headline_of_rows_comes_again() -> None:
    text = "".join(
        f"batch {n} drawn, size: 64\nloss: {2 / n}, lr: 0.5\n"
        + ("" if n % 2 else f"batch {n} done, eval_acc: 0.{n}\n")
        for n in range(1, 7)
    )
    rows = rows_of(text, True)
    assert [(n, values["loss"]) for n, values in rows if "loss" in values] == [
        (n, 2 / n) for n in range(1, 7)
    ]
    assert [(n, values["eval_acc"]) for n, values in rows if "eval_acc" in values] == [
        (n, n / 10) for n in (2, 4, 6)
    ]
