"""Logs that tell a perplexity in the place of a loss, in each form that a table has."""

from __future__ import annotations

import json

import pytest

from lossmon.formats.detect import detect
from lossmon.formats.names import choose

ROWS = [{"epoch": n, "train_ppl": 300 / n, "valid_ppl": 310 / n + 5} for n in range(1, 9)]
WRITTEN = {
    "log.csv": "epoch,train_ppl,valid_ppl\n"
    + "".join("{epoch},{train_ppl},{valid_ppl}\n".format(**row) for row in ROWS),
    "log.jsonl": "".join(json.dumps(row) + "\n" for row in ROWS),
    "log.json": json.dumps(ROWS, indent=1),
    "begun.json": json.dumps(ROWS)[:-1] + ", ",
    "history.json": json.dumps({key: [row[key] for row in ROWS] for key in ROWS[0]}),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_its_rows_are_read(name: str) -> None:
    data = WRITTEN[name].encode()
    found = detect(data, name, complete=True)
    assert found is not None
    records = [*found.decoder.feed(data), *found.decoder.flush()]
    assert [(r.step, r.values["valid_ppl"]) for r in records] == [
        (row["epoch"], row["valid_ppl"]) for row in ROWS
    ]


@pytest.mark.parametrize(
    ("names", "total"),
    [
        (["loss_rmse", "loss_inv", "loss_total"], "loss_total"),
        (["det loss", "bbox loss", "all_loss"], "all_loss"),
        (["loss_mse", "loss"], "loss"),
        (["Meta batch loss", "Average Training loss"], "Average Training loss"),
    ],
)
def test_the_whole_goes_before_its_parts(names: list[str], total: str) -> None:
    assert choose(names)["train_loss"] == total
