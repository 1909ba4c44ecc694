"""Made-up runs of a sweep, as .github/SCALE.md measures them.

    python -m tests.benchmarks.sweep FOLDER RUNS STEPS EVALUATIONS

A train row per step; of forty runs that follow each other four diverge, four rebound, four turn
NaN and four over-fit; JSON lines, CSV, `trainer_state.json` and printed text take turns. Then:

    cd /tmp && PYTHONPATH=TREE time python -m lossmon check --json --no-timeline --jobs 1 FOLDER
"""

from __future__ import annotations

import json
import math
import os
import random
import sys
from pathlib import Path
from typing import NamedTuple

KINDS = ("diverges", "rebounds", "nan", "overfits", *("healthy",) * 6)


class Row(NamedTuple):
    step: int
    loss: float
    rate: float
    eval_loss: float | None


def rows(run: int, steps: int, evaluations: int) -> list[Row]:
    """What one run logs."""
    chance, kind = random.Random(run), KINDS[run // 4 % 10]
    every = max(1, steps // evaluations)
    rate, fall = 10 ** chance.uniform(-4, -2), chance.uniform(1.5, 3)
    floor, time = chance.uniform(0.2, 0.6), steps * chance.uniform(0.1, 0.4)
    found = []
    for step in range(1, steps + 1):
        x, check = step / steps, None
        loss = floor + fall * math.exp(-step / time) + chance.gauss(0, 0.02)
        if kind == "diverges" and x > 0.6:
            loss *= math.exp(8 * (x - 0.6))
        elif kind == "rebounds" and x > 0.5:
            loss += 0.7 * fall * min(1.0, 4 * (x - 0.5))
        elif kind == "nan" and x > 0.7:
            loss = math.nan
        if step % every == 0:
            check = loss + 0.1 + chance.gauss(0, 0.01)
            if kind == "overfits" and x > 0.3:
                check += 2 * (x - 0.3)
        found.append(Row(step, loss, rate * (1 - x), check))
    return found


def json_lines(found: list[Row]) -> str:
    out = []
    for step, loss, rate, check in found:
        out.append({"step": step, "train_loss": loss, "lr": rate})
        if check is not None:
            out.append({"step": step, "eval_loss": check})
    return "".join(json.dumps(one) + "\n" for one in out)


def table(found: list[Row]) -> str:
    lines = ["step,train_loss,eval_loss,lr"]
    for step, loss, rate, check in found:
        lines.append(f"{step},{loss:.6f},{'' if check is None else f'{check:.6f}'},{rate:.3g}")
    return "\n".join(lines) + "\n"


def trainer_state(found: list[Row]) -> str:
    history: list[dict[str, float]] = []
    for step, loss, rate, check in found:
        history.append({"epoch": step / 10, "loss": loss, "learning_rate": rate, "step": step})
        if check is not None:
            history.append({"epoch": step / 10, "eval_loss": check, "step": step})
    steps = found[-1].step
    state = {"epoch": steps / 10, "global_step": steps, "max_steps": steps, "log_history": history}
    return json.dumps(state, indent=1)


def printed(found: list[Row]) -> str:
    lines = ["starting training"]
    for step, loss, rate, check in found:
        lines.append(f"step {step}/{found[-1].step} loss {loss:.4f} lr {rate:.3e}")
        if check is not None:
            lines.append(f"eval step {step} eval_loss {check:.4f}")
    return "\n".join(lines) + "\n"


FORMS = (
    ("log.jsonl", json_lines),
    ("metrics.csv", table),
    ("trainer_state.json", trainer_state),
    ("train.log", printed),
)


def main(folder: str, runs: int, steps: int, evaluations: int) -> None:
    """Write them, all of them over for long."""
    for run in range(runs):
        name, form = FORMS[run % 4]
        log = Path(folder) / f"group{run // 200:03}" / f"run{run:05}" / name
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(form(rows(run, steps, evaluations)))
        os.utime(log, (1.79e9 + run, 1.79e9 + run))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]))
