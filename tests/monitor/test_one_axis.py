"""Logs of a training that count rows or epochs lie where the steps of the others are."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from lossmon.monitor import RunUpdate
from lossmon.monitor.made_of import Reader
from lossmon.monitor.sources import open_monitor
from lossmon.monitor.whole import read_targets, read_whole

N = 45
EVERY = 375  # steps of an epoch


def curve(offset: float, seed: int, n: int = N) -> list[float]:
    rng = random.Random(seed)
    return [round(2 * math.exp(-i / 10) + offset + rng.gauss(0, 0.02), 4) for i in range(n)]


TRAIN, EVAL = curve(0.5, 1), curve(0.6, 2)
STEPS = [(i + 1) * EVERY for i in range(N)]


def text(folder: Path, steps: Sequence[int] = STEPS, form: str = "step {s} loss {t}") -> None:
    lines = [
        form.format(s=s, e=i + 1, t=t, v=v)
        for i, (s, t, v) in enumerate(zip(steps, TRAIN, EVAL, strict=False))
    ]
    (folder / "train.log").write_text("\n".join(lines) + "\n")


def history(folder: Path, rows: int = N, name: str = "history.json") -> None:
    (folder / name).write_text(json.dumps({"loss": TRAIN[:rows], "val_loss": EVAL[:rows]}))


def run(folder: Path) -> RunUpdate:
    (update,) = read_targets([str(folder)], judging="as it grows").updates
    return update


def steps(update: RunUpdate, metric: str) -> list[int]:
    return update.series[metric].step.tolist()


@pytest.mark.parametrize("name", ["history.json", "zz.json"])
def test_lists_by_epoch_lie_at_the_steps_that_the_text_printed(tmp_path: Path, name: str) -> None:
    text(tmp_path)
    history(tmp_path, 40, name)
    update = run(tmp_path)
    assert steps(update, "loss") == STEPS
    assert steps(update, "val_loss") == STEPS[:40]
    assert update.series["val_loss"].value.tolist() == EVAL[:40]
    assert update.step == STEPS[-1]
    assert {finding.pattern for finding in update.diagnosis.findings} <= {"healthy", "healthy_pair"}


def test_where_both_are_complete_steps_and_epochs_stay(tmp_path: Path) -> None:
    text(tmp_path, form="Epoch {e} step {s} - loss: {t} - val_loss: {v}")
    history(tmp_path)
    update = run(tmp_path)
    for metric in ("loss", "val_loss"):
        assert steps(update, metric) == STEPS
        epoch = update.series[metric].epoch
        assert epoch is not None
        assert epoch.tolist() == list(range(1, N + 1))
    assert (update.step, update.epoch) == (STEPS[-1], N)


def test_the_step_beside_a_plan_is_that_of_the_trainer(tmp_path: Path) -> None:
    rows = [{"loss": t, "step": 10 * i, "epoch": i / 10} for i, t in enumerate(TRAIN)]
    state = {"log_history": rows, "max_steps": 2000, "global_step": 10 * (N - 1)}
    (tmp_path / "trainer_state.json").write_text(json.dumps(state))
    history(tmp_path)
    update = run(tmp_path)
    assert (update.step, update.total_steps) == (10 * (N - 1), 2000)
    assert steps(update, "val_loss") == [10 * i for i in range(N)]


def test_rows_without_a_partner_lie_as_far_apart_as_the_others(tmp_path: Path) -> None:
    """The text ends first, or has a row for each fifth epoch."""
    text(tmp_path, STEPS[:30])
    history(tmp_path)
    assert steps(run(tmp_path), "val_loss") == STEPS
    lines = [f"step {STEPS[i]} loss {TRAIN[i]}\n" for i in range(0, N, 5)]
    (tmp_path / "train.log").write_text("".join(lines))
    assert steps(run(tmp_path), "val_loss") == STEPS


def test_where_epochs_differ_in_length_each_row_lies_where_its_own_ends(tmp_path: Path) -> None:
    """Rows of batches, with a mean behind each epoch, of which two were not printed."""
    rng = random.Random(5)
    lines, ends, step = [], [], 0
    for e in range(N):
        batches = rng.randint(3, 9)
        for i in range(batches):
            step += 10
            mean = i == batches - 1 and e not in (7, 23)
            loss = TRAIN[e] if mean else round(TRAIN[e] + 0.3 + rng.random() / 5, 4)
            lines.append(f"epoch {e + 1} step {step} loss {loss}\n")
        ends.append(step)
    (tmp_path / "train.log").write_text("".join(lines))
    history(tmp_path)
    assert steps(run(tmp_path), "val_loss") == ends


def test_a_third_log_lies_by_the_one_that_it_shares_values_with(tmp_path: Path) -> None:
    """No value of the table is in the text."""
    text(tmp_path)
    history(tmp_path)
    rows = [f"{i},{v},{1 - v / 4:.5f}\n" for i, v in enumerate(EVAL)]
    (tmp_path / "log.csv").write_text("step,val_loss,val_accuracy\n" + "".join(rows))
    update = run(tmp_path)
    assert len(update.logs) == 3
    for metric in ("loss", "val_loss", "val_accuracy"):
        assert steps(update, metric) == STEPS


def test_what_a_plan_counts_is_that_of_the_axis(tmp_path: Path) -> None:
    """Speed and time left are in steps; "Epoch 3/45" of the table is no plan of those."""
    text(tmp_path)
    lines = [
        f"Epoch {i + 1}/{N} loss {t} val_loss {v}\n"
        for i, (t, v) in enumerate(zip(TRAIN, EVAL, strict=True))
    ]
    (tmp_path / "epochs.txt").write_text("".join(lines))
    update = run(tmp_path)
    assert steps(update, "val_loss") == STEPS
    assert update.total_steps is None
    assert update.step == STEPS[-1]


@pytest.mark.parametrize("first", [0, 1])
def test_steps_that_are_written_one_by_one_stay(tmp_path: Path, first: int) -> None:
    """Each tenth of them was printed."""
    written = [f"{i + first},{t},{v}\n" for i, (t, v) in enumerate(zip(TRAIN, EVAL, strict=True))]
    (tmp_path / "metrics.csv").write_text("step,loss,val_loss\n" + "".join(written))
    printed = [f"step {4 * (i + first)} loss {TRAIN[i]}\n" for i in range(0, N, 2)]
    (tmp_path / "train.log").write_text("".join(printed))
    assert steps(run(tmp_path), "val_loss") == [i + first for i in range(N)]


def points(update: RunUpdate) -> dict[str, tuple[list[int], list[float], list[float] | None]]:
    return {
        name: (
            one.step.tolist(),
            one.value.tolist(),
            None if one.epoch is None else one.epoch.tolist(),
        )
        for name, one in update.series.items()
    }


@pytest.mark.parametrize("seed", range(4))
def test_in_whatever_order_logs_grow_they_end_as_when_all_are_there(
    tmp_path: Path, seed: int
) -> None:
    """One is written whole again and again, as Keras does, and two are appended to."""
    rng = random.Random(seed)
    done = dict.fromkeys(("train.log", "history.json", "log.csv"), 0)
    at = [s + (37 * i % 11 if seed % 2 else 0) for i, s in enumerate(STEPS)]
    table = ["step,val_loss,val_accuracy\n"]
    table += [f"{i},{v},{1 - v / 4:.5f}\n" for i, v in enumerate(EVAL)]

    def grow(name: str) -> None:
        done[name] = rows = min(N, done[name] + rng.randint(2, N // 2))
        if name == "history.json":
            history(tmp_path, rows)
        elif name == "train.log":
            text(tmp_path, at[:rows], "Epoch {e} step {s} loss {t}")
        else:
            (tmp_path / name).write_text("".join(table[: rows + 1]))

    for name in done:
        grow(name)
    monitor = open_monitor([str(tmp_path)], watch=False)
    try:
        while some := [name for name, rows in done.items() if rows < N]:
            monitor.wait(0.0)
            for _ in range(3):
                monitor.poll()
            grow(rng.choice(some))
        (update,) = read_whole(monitor)
    finally:
        monitor.close()
    whole = run(tmp_path)
    assert points(update) == points(whole)
    assert (update.step, update.epoch) == (whole.step, whole.epoch)
    for metric in ("loss", "val_loss", "val_accuracy"):
        assert steps(whole, metric) == at


@pytest.mark.parametrize("counted_from", [0, 1])
def test_what_counts_epochs_from_0_lies_where_its_console_counts_from_1(
    tmp_path: Path, counted_from: int
) -> None:
    """Keras prints "Epoch 1/45", and its CSVLogger writes epoch 0."""
    text(tmp_path, form="Epoch {e}/45 - loss: {t}")
    rows = [f"{e},{t},{v}" for e, (t, v) in enumerate(zip(TRAIN, EVAL, strict=True), counted_from)]
    (tmp_path / "history.csv").write_text("epoch,loss,val_loss\n" + "\n".join(rows) + "\n")
    update = run(tmp_path)
    assert steps(update, "loss") == steps(update, "val_loss") == list(range(1, N + 1))
    assert (update.step, update.total_steps) == (N, N)


@pytest.mark.parametrize("table", [range(6, N + 6), range(30), range(20, N + 6)])
def test_of_two_that_count_one_apart_the_one_that_was_written_says_the_steps(
    tmp_path: Path, table: range
) -> None:
    """Late rows were lost: a bar counts the steps that are done, and a table which one it is."""
    text(tmp_path, range(7, N + 7), "step {s} loss {t}")
    rows = {s: (s, EVAL[s - 6], TRAIN[s - 6]) for s in table if 6 <= s < N + 6}
    (tmp_path / "history.csv").write_text(
        "step,val_loss,loss\n" + "".join(f"{s},{v},{t}\n" for s, v, t in rows.values())
    )
    update = run(tmp_path)
    assert steps(update, "val_loss") == list(rows)
    assert steps(update, "loss") == list(range(6, N + 6))


@pytest.mark.parametrize("log", ["history.json", "history.csv"])
def test_a_point_that_lies_elsewhere_leads_to_its_row(tmp_path: Path, log: str) -> None:
    """`t` looks for the line under the cursor by what its own log calls the step."""
    text(tmp_path, form="Epoch {e}/45 - loss: {t}" if log.endswith("csv") else "step {s} loss {t}")
    if log.endswith("csv"):
        rows = [f"{e},{t},{v}\n" for e, (t, v) in enumerate(zip(TRAIN, EVAL, strict=True))]
        (tmp_path / log).write_text("epoch,loss,val_loss\n" + "".join(rows))
    else:
        history(tmp_path)
    update = run(tmp_path)
    (moved,) = [one.origins.moved for one in update.logs if one.path.endswith(log)]
    assert moved is not None
    for i, step in enumerate(steps(update, "val_loss")):
        assert (moved.told(step), moved.lies(i)) == (i, step)
    if log.endswith("csv"):
        (table,) = [one for one in update.logs if one.path.endswith(log)]
        line = Reader(table.text(), table.path).line_of(7, [EVAL[6]], table.origins, "val_loss")
        assert line is not None
        assert line.data.startswith(b"6,")
