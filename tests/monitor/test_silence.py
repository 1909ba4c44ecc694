"""A row that waits for a redraw is seen when its log falls silent, and counts once."""

from __future__ import annotations

import json
from pathlib import Path

from lossmon.monitor import Monitor, RunUpdate
from lossmon.monitor.sources import open_monitor

NOW = 1_800_000_000.0


def epochs(first: int, last: int, of: int = 4) -> str:
    return "".join(
        f"Epoch {e}/{of}\n5/5 - 0s - 6ms/step - loss: {2 - e / 4} - val_loss: {2.2 - e / 4}\n"
        for e in range(first, last + 1)
    )


def polled(monitor: Monitor, now: float, before: RunUpdate | None = None) -> RunUpdate:
    return next((one for one in monitor.poll(now) if not one.removed), before)  # type: ignore[return-value]


def test_the_last_epoch_of_keras_is_seen_though_nothing_follows(tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    log.write_text(epochs(1, 4))
    monitor = open_monitor([str(log)], watch=False)
    first = polled(monitor, NOW)
    soon = polled(monitor, NOW + 1, first)
    later = polled(monitor, NOW + 3, soon)
    assert (first.step, soon.step, later.step) == (3, 3, 4)
    assert later.state == "finished"
    assert len(later.logged["loss"]) == 4
    monitor.close()


def test_after_a_silence_a_redraw_adds_what_is_new_and_doubles_nothing(tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    bar = "\r{}/5 ━━━━ 0s 9ms/step - loss: {}"
    log.write_text(
        "Epoch 1/3"
        + "".join(bar.format(b, 2.5 - b / 10) for b in range(1, 6))
        + " - val_loss: 2.25\nEpoch 2/3"
        + "".join(bar.format(b, 1.5 - b / 10) for b in range(1, 6))
        + "\r"
    )
    monitor = open_monitor([str(log)], watch=False)
    first = polled(monitor, NOW)
    silent = polled(monitor, NOW + 3, first)  # the evaluation takes its time
    assert (len(first.logged["loss"]), len(silent.logged["loss"])) == (1, 2)
    with log.open("a") as file:
        file.write(bar.format(5, 1.0) + " - val_loss: 1.25\nEpoch 3/3")
        file.write("".join(bar.format(b, 0.5 - b / 100) for b in range(1, 6)) + "\r")
    now = polled(monitor, NOW + 4, silent)
    assert [tuple(view.value) for view in (now.logged["loss"], now.logged["val_loss"])] == [
        (2.0, 1.0),
        (2.25, 1.25),
    ]
    monitor.close()


def test_a_bar_on_its_way_waits_for_its_redraw(tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    log.write_text(
        "".join(
            f"\r 40%|████      | {i}/10 [00:01<00:02, 4.1it/s, loss={2 - i / 10}]"
            for i in range(1, 6)
        )
        + "\r"
    )
    monitor = open_monitor([str(log)], watch=False)
    first = polled(monitor, NOW)
    assert polled(monitor, NOW + 60, first).step == first.step
    monitor.close()


def test_lists_of_rows_that_come_one_by_one_are_lines(tmp_path: Path) -> None:
    log = tmp_path / "metrics.jsonl"
    lists = [
        [{"iter": i, "metric": "train", "variant": "loss", "value": 2 - i / 50} for i in part]
        for part in (range(1, 15), range(15, 40))
    ]
    log.write_text(json.dumps(lists[0]) + "\n")
    monitor = open_monitor([str(log)], watch=False)
    first = polled(monitor, NOW)
    with log.open("a") as file:  # ClearML gathers for some seconds
        file.write(json.dumps(lists[1]) + "\n")
    later = polled(monitor, NOW + 5, first)
    assert (first.step, later.step) == (14, 39)
    assert len(later.series["train/loss"]) == 39
    monitor.close()
