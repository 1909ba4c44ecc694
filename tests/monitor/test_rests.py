"""What is told of a run that pauses is told of its newest rows, though no look was due there."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from lossmon.diagnosis.engine import Engine
from lossmon.diagnosis.finding import Diagnosis
from lossmon.formats.names import role
from lossmon.history.run import History
from lossmon.monitor import RunUpdate
from lossmon.monitor.sources import open_monitor
from tests.conftest import falling

NOW = 1_800_000_000.0
LOSSES = [*falling(150), *(1.0 + 0.1 * i for i in range(60))]


def line(step: int) -> str:
    return f"step {step} loss {LOSSES[step]:.4f}\n"


def told(update: RunUpdate) -> list[tuple[str, int | None, str]]:
    return [(one.pattern, one.since_step, one.evidence) for one in update.diagnosis.findings]


@pytest.mark.slow
def test_a_screen_tells_what_check_does_once_a_run_is_at_rest(tmp_path: Path) -> None:
    """It was told to have risen to 3.9 where its newest rows stood at 4.45."""
    log = tmp_path / "train.log"
    log.write_text("".join(map(line, range(160))))
    os.utime(log, (NOW, NOW))
    monitor = open_monitor([str(log)], watch=False)
    monitor.poll(NOW)
    outdated = 0
    for end in range(160, 200, 5):
        at = NOW + end
        with log.open("a") as file:
            file.writelines(map(line, range(end, end + 5)))
        os.utime(log, (at, at))
        (grown,) = monitor.poll(at)
        assert not monitor.poll(at + 1), "nothing is done while more may come"
        (rested,) = monitor.poll(at + 3)
        assert not monitor.poll(at + 4), "once"
        assert (grown.step, rested.step, rested.state) == (end + 4, end + 4, "running")
        alone = open_monitor([str(log)], watch=False)
        alone.poll(at)
        (whole,) = alone.conclude(at)
        alone.close()
        assert told(rested) == told(whole)
        outdated += told(grown) != told(rested)
    assert outdated, "the newest look was some rows back"
    monitor.close()


def test_what_is_there_at_first_is_told_at_once(tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    log.write_text("".join(map(line, range(207))))
    os.utime(log, (NOW, NOW))
    monitor = open_monitor([str(log)], watch=False)
    (first,) = monitor.poll(NOW)
    (whole,) = monitor.conclude(NOW)
    monitor.close()
    assert told(first) == told(whole)


@pytest.mark.parametrize("often", [1, 3, 7])
@pytest.mark.slow
def test_looks_at_rest_leave_nothing_behind(often: int) -> None:
    """What is shown later does not depend on when a log paused."""

    def shown(pauses: bool) -> tuple[Diagnosis, Diagnosis]:
        history, engine = History(role), Engine()
        noise = np.random.default_rng(1).normal(0, 0.1, len(LOSSES))
        for i, loss in enumerate((np.array(LOSSES) + noise).tolist()):
            history.append({"loss": loss}, step=i)
            engine.observe(history, {"train_loss": "loss"})
            if pauses and i % often == 0:
                engine.conclude(history, {"train_loss": "loss"}, ended=False)
        told = engine.conclude(history, {"train_loss": "loss"}, ended=False)
        return told, engine.conclude(history, {"train_loss": "loss"}, ended=True)

    told, ended = shown(pauses=True)
    assert len(told.timeline) > 2
    assert (told, ended) == shown(pauses=False)
