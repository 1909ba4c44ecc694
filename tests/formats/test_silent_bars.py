"""Bars that begin each row with a carriage return: nothing ends the last one."""

from __future__ import annotations

import pytest

from lossmon.monitor.log import Log

N = 60
FORMS = {
    "plain": "step {i}/{n} loss={loss}",
    "tqdm": "Epoch 1: {p:3d}%|###   | {i}/{n} [00:{i:02d}<01:00,  3.02it/s, loss={loss}]",
    "brackets": "train: {i}/{n} [loss={loss}]",
}
WAYS = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


def drawn(form: str) -> list[str]:
    """The rows of a bar, each behind its carriage return."""
    losses = (f"{3 - i / 40:.4f}" for i in range(1, N + 1))
    return [
        "\r" + form.format(i=i, n=N, p=100 * i // N, loss=loss) for i, loss in enumerate(losses, 1)
    ]


def rows(log: Log, *pieces: str, settle: bool) -> list[tuple[int | None, float]]:
    """What came of pieces, the log silent behind each or not."""
    records = []
    for piece in pieces:
        records += [*log.feed(piece.encode()), *(log.settle() if settle else ())]
    return [(record.step, record.values["loss"]) for record in records]


@WAYS
def test_the_last_rows_are_there_once_it_is_silent(form: str) -> None:
    log = Log("train.log", named=True)
    whole = "".join(drawn(form))
    assert rows(log, whole, settle=True) == [(i, round(3 - i / 40, 4)) for i in range(1, N + 1)]
    assert list(log.end()) == []


@WAYS
@pytest.mark.parametrize("at", [20, 57])
def test_a_silence_between_two_rows_changes_none(form: str, at: int) -> None:
    lines = drawn(form)
    found = rows(
        Log("train.log", named=True), "".join(lines[:at]), "".join(lines[at:]) + "\n", settle=True
    )
    assert found == [(i, round(3 - i / 40, 4)) for i in range(1, N + 1)]


@WAYS
@pytest.mark.parametrize("cut", [1, 2, 9])
def test_a_row_of_which_the_end_is_missing_waits_for_it(form: str, cut: int) -> None:
    whole = "".join(drawn(form))
    log = Log("train.log", named=True)
    found = rows(log, whole[:-cut], whole[-cut:], settle=True)
    assert found == [(i, round(3 - i / 40, 4)) for i in range(1, N + 1)]
