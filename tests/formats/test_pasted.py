"""Rows as people paste them: behind a logger's prefix, without a step, cut out of a file."""

from __future__ import annotations

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
}


@pytest.mark.parametrize("kind", PASTED)
def test_rows_at_once_and_a_line_at_a_time(kind: str) -> None:
    text, rows = PASTED[kind]
    assert rows_of(text, at_once=True) == rows_of(text, at_once=False) == rows
