"""For recipes: write down what a tool truly logs. Runs in the tool's own environment."""

from __future__ import annotations

import json
import os
import time


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
