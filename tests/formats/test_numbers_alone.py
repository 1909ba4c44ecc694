"""Rows whose names stand elsewhere than in a header, and files that hold numbers alone."""

from __future__ import annotations

import pytest

from lossmon.errors import FormatError
from lossmon.formats.detect import detect

Points = list[tuple[int | None, dict[str, float]]]


def read(text: str, name: str) -> Points:
    """What a file gives that someone calls a log."""
    found = detect(text.encode(), name, complete=True, named=True)
    assert found is not None
    records = [*found.decoder.feed(text.encode()), *found.decoder.flush()]
    return [(record.step, record.values) for record in records]


FALLS = (3.5, 2.5, 2.25, 1.125, 1.0)


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"{v}\n" for v in FALLS),
        "".join(f"tensor({v}, device='cuda:0', grad_fn=<AddBackward0>)\n" for v in FALLS),
        "".join(f"Array({v}, dtype=float32)\n" for v in FALLS),
        "".join(f"[1] {v}\n" for v in FALLS),
        str(list(FALLS)),
        "Out[12]: \narray([3.5, 2.5, 2.25,\n       1.125, 1.0])\n",
        "J_history =\n\n" + "".join(f"   {v}\n" for v in FALLS),
    ],
    ids=["floats", "tensors", "jax", "R", "a list", "numpy", "MATLAB"],
)
def test_numbers_alone_are_a_loss_where_they_fall_and_someone_calls_them_a_log(text: str) -> None:
    assert read(text, "x.txt") == [(None, {"loss": v}) for v in FALLS]
    with pytest.raises(FormatError):
        detect(text.encode(), "x.txt", complete=True)
    rises = text
    for low, high in zip(FALLS, FALLS[::-1], strict=True):
        rises = rises.replace(str(low), f"<{high}>")
    with pytest.raises(FormatError):
        read(rises.replace("<", "").replace(">", ""), "x.txt")


def test_a_counter_before_numbers_alone_may_be_written_as_they_are() -> None:
    text = "".join(f"{n:.18e} {v:.18e}\n" for n, v in enumerate(FALLS, 8))
    assert read(text, "x.dat") == [(n, {"loss": v}) for n, v in enumerate(FALLS, 8)]


COLUMNS = "".join(f"{n}0, {v}, {v + 1}\n" for n, v in enumerate(FALLS, 1))


@pytest.mark.parametrize("name", ["log", "train_log.txt"])
def test_columns_in_a_file_called_log_where_one_counts(name: str) -> None:
    rows = [(n * 10, {"loss": v, "column 3": v + 1}) for n, v in enumerate(FALLS, 1)]
    assert read(COLUMNS, name) == rows
    assert (
        read("Epoch\tloss\tacc\tIoU\tFW IoU\n" + COLUMNS, name) == rows
    )  # names of other columns than these


@pytest.mark.parametrize("sign", ["# ", "# columns: ", "#"])
def test_the_header_of_a_table_may_stand_in_a_comment(sign: str) -> None:
    text = f"# run 3\n{sign}step,loss\n" + "".join(f"{n},{v}\n" for n, v in enumerate(FALLS))
    assert read(text, "x.csv") == [(n, {"loss": v}) for n, v in enumerate(FALLS)]


@pytest.mark.parametrize(
    "text",
    [
        '{"columns": ["step", "loss"], "index": [0, 1], "data": [[0, 2.5], [10, 1.5]]}',
        '{"step_0": {"loss": 2.5}, "step_10": {"loss": 1.5}}',
        '{"epochs": [{"lr": null, "steps": [{"step": 0, "loss": 2.5}, {"step": 10, "loss": 1.5}]}]}',
    ],
    ids=["by pandas", "by step", "by epoch and step"],
)
def test_json_as_frames_and_loops_write_it(text: str) -> None:
    assert read(text, "x.json") == [(0, {"loss": 2.5}), (10, {"loss": 1.5})]


def test_initials_of_an_epoch_and_its_losses() -> None:
    rows = [(n, {"l": 2.5 - n, "vl": 2.75 - n}) for n in range(3)]
    text = "".join(f'{{"e":{n},"l":{v["l"]},"vl":{v["vl"]}}}\n' for n, v in rows)
    assert read(text, "x.jsonl") == rows


def test_an_epoch_that_logs_no_loss_of_its_own_has_its_place() -> None:
    text = "Epoch\tTraining Loss\tValidation Loss\n1\tNo log\t0.75\n2\tNo log\t0.5\n3\t0.4\t0.45\n"
    assert [step for step, _ in read(text, "x.log")] == [1, 2, 3]
