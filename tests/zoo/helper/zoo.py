"""For recipes: write down what a tool truly logs. Runs in the tool's own environment."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterator


class Truth:
    """What is logged, as the tool says it through its own interface.

    `plan` is the length in steps where the log says it; rows are paced, so that a training of
    milliseconds can be watched while it runs.
    """

    def __init__(self, plan: int | None = None) -> None:
        self._file = open(os.environ["ZOO_TRUTH"], "a", encoding="utf-8")  # noqa: SIM115
        if plan is not None:
            self.plan(plan)

    def plan(self, steps: int) -> None:
        self._write({"plan": steps})

    def row(self, step: int, **values: float) -> None:
        self.values(step, values)

    def values(self, step: int, values: dict[str, float]) -> None:
        numbers = {name: float(value) for name, value in values.items()}
        self._write({"time": time.time(), "step": int(step), "values": numbers})
        time.sleep(float(os.environ.get("ZOO_PACE_S", "0")))

    def _write(self, entry: dict[str, object]) -> None:
        self._file.write(json.dumps(entry) + "\n")
        self._file.flush()


def descent(steps: int, rate: float = 0.05) -> Iterator[tuple[int, float, float]]:
    """A line fitted by stochastic gradient descent, for what logs but does not train.

    Yields:
        The step from 1, the loss of its batch, and the loss of the whole.
    """
    draw = random.Random(0)
    data = [(x, 3 * x - 1 + draw.gauss(0, 0.3)) for x in (draw.gauss(0, 1) for _ in range(200))]
    slope, level = 0.0, 0.0

    def mean_loss(rows: list[tuple[float, float]]) -> float:
        return sum((slope * x + level - y) ** 2 for x, y in rows) / len(rows)

    for step in range(1, steps + 1):
        batch = draw.sample(data, 16)
        loss = mean_loss(batch)
        off = [(x, slope * x + level - y) for x, y in batch]
        slope -= rate * 2 * sum(x * e for x, e in off) / 16
        level -= rate * 2 * sum(e for _, e in off) / 16
        yield step, loss, mean_loss(data)
