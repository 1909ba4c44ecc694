"""A training that began anew in its log: its steps go on behind those of the one before."""

from __future__ import annotations

import pytest

from lossmon.diagnosis.engine import Engine
from lossmon.formats.lexicon import role
from lossmon.history.run import History

FALL = [2.0 * 0.97**i + 0.3 + 0.01 * (i % 3) for i in range(60)]


@pytest.mark.parametrize("metric", ["loss", "disc_loss"])
@pytest.mark.parametrize("first", [0, 100])
def test_the_newest_begins_in_the_middle_only_where_its_own_steps_do(
    metric: str, first: int
) -> None:
    """Of one that began at step 0 behind 200 others it was said that the log has no start."""
    history = History(role)
    for i in range(200):
        history.append({metric: 1.0 + 0.01 * (i % 3), "lr": 1e-3}, step=i)
    for i, value in enumerate(FALL):
        history.append({"loss": value, "lr": 1e-3}, step=first + i, stage="2")
    assert [stage.step for stage in history.stages] == [0, 199 + first + (first == 0)]
    chosen = {"train_loss": "loss", "learning_rate": "lr"}
    unjudged = Engine().conclude(history, chosen, ended=True).unjudged
    assert ("tail" in unjudged) is (first == 100)
