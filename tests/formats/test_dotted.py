"""An epoch and a batch in one number at the start of a line, as cuda-convnet counts: `2.170...`."""

from __future__ import annotations

import pytest

from tests.formats.text_rows import Rows, rows_of


def _log(loss: str, test: str, cut: str = "") -> str:
    rows = (
        f"{epoch}.{batch}... {loss}  {2 / (10 * epoch + batch)}, 0.25 (0.345 sec)\n"
        + test * (batch == 10)
        for epoch in (1, 2)
        for batch in range(1, 11)
    )
    return "".join(rows) + cut


def _rows(name: str, held_out: str) -> Rows:
    return [
        row
        for epoch in (1, 2)
        for row in (
            *(
                (10 * (epoch - 1) + batch, {name: 2 / (10 * epoch + batch)})
                for batch in range(1, 11)
            ),
            (10 * epoch, {held_out: 0.75}),
        )
    ]


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(
    "test",
    [
        "Test output: {0} 0.75, 0.5\n",
        "====Test output====\n{0}  0.75, 0.5\n-----\n",
        "Testing all of them\nbatch 31: ({{'{1}': [60.5, 9.0]}}, 128)\n"
        "batch 32: ({{'{1}': [58.5, 9.0]}}, 128)\n\n===Test output===\n{0} 0.75, 0.5\n",
    ],
    ids=["in a line", "below its title", "behind its batches"],
)
def test_epoch_and_batch_in_one_number(test: str, at_once: bool) -> None:
    text = _log("cost:", test.format("cost:", "cost"))
    assert rows_of(text, at_once) == _rows("cost", "eval_cost")


def test_batches_of_an_evaluation_that_was_cut_off_are_no_evaluation() -> None:
    whole = "Testing all of them\nbatch 31: ({'cost': [60.5, 9.0]}, 128)\n\n==Test output==\n"
    cut = "Testing all of them\nbatch 31: ({'cost': [60.5, 9.0]}, 128)\n"
    text = _log("cost:", whole + "cost:  0.75, 0.5\n", cut)
    assert rows_of(text, True) == _rows("cost", "eval_cost")


def test_a_log_probability_above_0_is_a_loss() -> None:
    text = _log("logprob:", "Test output: logprob: 0.75, 0.5\n")
    assert rows_of(text, True) == _rows("logprob_loss", "eval_logprob_loss")
    below = "".join(f"step {n} logprob: -0.5 loss: 0.25\n" for n in (1, 2))
    assert rows_of(below, True) == [(n, {"logprob": -0.5, "loss": 0.25}) for n in (1, 2)]


def test_a_number_with_a_full_stop_is_a_number() -> None:
    text = "".join(f"{n}.5 loss {2 / n}\n" for n in (1, 2, 3, 4))
    assert {step for step, _ in rows_of(text, True)} <= {None}
