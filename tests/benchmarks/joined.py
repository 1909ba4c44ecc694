"""Trainings drawn by chance, each written as several logs; then every row against the runs.

    python -m tests.benchmarks.joined [TRAININGS [SEED]]

Logs of one training hold parts of it: each some kind of file, with a stride, an offset, digits, a
hole, an end of its own; a console may print an average instead; rows are NaN; a training goes on
from a checkpoint, or another seed or a fork stands beside it. In the end each row of each log must
be in a run at its step, and no run may hold the logs of two trainings. Exits with 1 where one does
not.
"""

from __future__ import annotations

import json
import math
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lossmon.monitor import RunUpdate
from lossmon.monitor.whole import read_targets

Row = tuple[int, float]
KINDS = ("text", "text", "json lines", "table", "trainer state")
FORMS = (
    "step {s} loss {v:.{d}f}\n",
    "iter {s}/99999 loss: {v:.{d}f}\n",
    "[2026-01-01 00:00:00] INFO step={s} | loss={v:.{d}f}\n",
)


@dataclass
class Drawn:
    """A log that was drawn.

    Attributes:
        kind: what wrote it, and which part of the training it holds, in words.
        rows: as they were logged.
        digits: that it prints; None where it writes all.
        of: the number of the training whose rows it holds.
        averaged: it prints averages of them.
        shared: the rows that other trainings hold, too: a fork up to its first row.
    """

    kind: str
    rows: list[Row]
    digits: int | None
    of: int
    averaged: bool = False
    shared: int = 0
    path: Path = field(default=Path())

    def write(self, folder: Path, rng: random.Random) -> None:
        """Put it into a folder."""
        if self.kind.startswith("trainer"):
            self.path = folder / f"out{self.path}" / "trainer_state.json"
            self.path.parent.mkdir()
            saved = [{"step": s, "epoch": s / 1000, "loss": v} for s, v in self.rows]
            plan = {"global_step": self.rows[-1][0], "max_steps": 99999}
            self.path.write_text(json.dumps({**plan, "log_history": saved}))
        elif self.kind.startswith("json"):
            self.path = folder / f"metrics{self.path}.jsonl"
            self.path.write_text(
                "".join(json.dumps({"step": s, "loss": v}) + "\n" for s, v in self.rows)
            )
        elif self.kind.startswith("table"):
            self.path = folder / f"history{self.path}.csv"
            self.path.write_text("step,loss\n" + "".join(f"{s},{v!r}\n" for s, v in self.rows))
        else:
            self.path = folder / f"console{self.path}.log"
            form = rng.choice(FORMS)
            self.path.write_text(
                "".join(form.format(s=s, v=v, d=self.digits) for s, v in self.rows)
            )


def drawn(rng: random.Random) -> list[Drawn]:
    """The logs of one training or of two that lie in one folder."""
    n, every = rng.choice([30, 80, 200]), rng.choice([1, 10, 50])
    noise = rng.choice([0.02, 0.05, 0.3])
    own, other = (_training(rng, n, every, noise) for _ in range(2))
    what = rng.choice(["one", "one", "one", "seeds", "fork", "resumed"])
    sources, shared = [own], 0
    counts = [rng.choice([2, 3]) if what == "one" else rng.choice([1, 2]) for _ in range(2)]
    if what == "seeds":
        sources = [own, other]
    elif what == "fork":
        shared = rng.randint(n // 5, n - n // 5)
        sources = [own, own[:shared] + other[shared:]]
    elif what == "resumed":
        at, back = rng.randint(n // 4, n - n // 4), rng.randint(1, max(1, n // 6))
        sources = [own[:at] + other[at - back :], own[: at - back] + other[at - back :]]
        counts = [1, 1]
    logs: list[Drawn] = []
    for of, (rows, count) in enumerate(zip(sources, counts, strict=False)):
        for _ in range(count):
            log = _log(rng, rows, 0 if what == "resumed" else of)
            log.shared = shared * every
            logs.append(log)
    for number, log in enumerate(logs):
        log.path = Path(str(number))
    return logs


def _training(rng: random.Random, n: int, every: int, noise: float) -> list[Row]:
    """Rows of one seed; some are no number."""
    values = [0.5 + 3 * math.exp(-4 * i / n) + rng.gauss(0, noise) for i in range(n)]
    if rng.random() < 0.3:
        start, length = rng.randint(n // 4, n), rng.choice([1, 2, 8, n])
        values[start : start + length] = [math.nan] * len(values[start : start + length])
    return [((i + 1) * every, round(value, 6)) for i, value in enumerate(values)]


def _log(rng: random.Random, rows: Sequence[Row], of: int) -> Drawn:
    kind = rng.choice(KINDS)
    digits = rng.choice([3, 4, 6]) if kind == "text" else None
    averaged = kind == "text" and rng.random() < 0.15
    told = list(_averaged(rows)) if averaged else list(rows)
    told, part = _part(rng, told)
    return Drawn(f"{kind} {'EMA ' * averaged}{part}", told, digits, of, averaged)


def _averaged(rows: Sequence[Row]) -> Iterator[Row]:
    mean: float | None = None
    for step, value in rows:
        if not math.isfinite(value):
            yield step, value
            continue
        mean = value if mean is None else 0.9 * mean + 0.1 * value
        yield step, round(mean, 6)


def _part(rng: random.Random, rows: list[Row]) -> tuple[list[Row], str]:
    n = len(rows)
    what = rng.choice(["all", "all", "late", "early", "hole", "stride", "stride", "middle", "odd"])
    if what == "late":
        start = rng.randint(1, n // 2)
        return rows[start:], f"from {start}"
    if what == "early":
        end = rng.randint(n // 2, n - 1)
        return rows[:end], f"to {end}"
    if what == "hole":
        start = rng.randint(5, n - 10)
        end = rng.randint(start + 1, min(n - 2, start + n // 3))
        return rows[:start] + rows[end:], f"without {start} to {end}"
    if what == "stride":
        stride = rng.choice([2, 3, 5, 7])
        first = rng.choice([0, stride - 1])
        return rows[first::stride], f"each {stride}. from {first}"
    if what == "middle":
        start = rng.randint(1, n // 2)
        end = rng.randint(start + 10, n)
        return rows[start:end], f"{start} to {end}"
    if what == "odd":
        return [row for row in rows if rng.random() > 0.03], "rows lost"
    return rows, "all"


def faults(logs: Sequence[Drawn], updates: Sequence[RunUpdate]) -> Iterator[str]:
    """What is in no run, and which runs hold two trainings."""
    run_of = {log.path: update for update in updates for log in update.logs}
    for update in updates:
        held = [one for one in logs if run_of.get(str(one.path)) is update]
        told = {one.of for one in held if one.rows[-1][0] > one.shared}
        if len(told) > 1:
            yield f"two trainings in one run: {', '.join(one.kind for one in held)}"
    shown: dict[int, list[float]] = {}
    views = [view for update in updates for view in update.logged.values()]
    for view in views:
        for step, value in zip(view.step.tolist(), view.value.tolist(), strict=True):
            shown.setdefault(step, []).append(value)
    for log in logs:
        update = run_of.get(str(log.path))
        if update is None:
            yield f"{log.kind}: it is in no run"
            continue
        own = {step for view in update.logged.values() for step in view.step.tolist()}
        lost = [row for row in log.rows if not _is_shown(row, shown.get(row[0], []), log, own)]
        if lost:
            yield f"{log.kind}: {len(lost)} of {len(log.rows)} rows are in no run: {lost[:3]}"


def _is_shown(row: Row, there: Sequence[float], log: Drawn, own: set[int]) -> bool:
    step, value = row
    if math.isnan(value):
        return any(math.isnan(one) for one in there)
    if log.averaged and step in own:
        return True  # the row itself was written, and counts
    slack = 1e-6 if log.digits is None else 0.51 * 10.0**-log.digits
    return any(abs(one - value) <= slack for one in there)


def tried(seed: int, folder: Path) -> tuple[list[Drawn], list[str]]:
    """The logs that one seed draws, written into a folder, and what is wrong with their runs."""
    rng = random.Random(seed)
    logs = drawn(rng)
    for log in logs:
        log.write(folder, rng)
    return logs, list(faults(logs, read_targets([str(folder)], judging="never").updates))


def main(count: int = 1000, seed: int = 1) -> int:
    """Try some trainings, and print what goes wrong."""
    wrong = 0
    for at in range(seed, seed + count):
        with tempfile.TemporaryDirectory() as folder:
            logs, found = tried(at, Path(folder))
        if found:
            wrong += 1
            print(f"{at}: {'; '.join(f'{one.of} {one.kind}' for one in logs)}")
            print("".join(f"    {one}\n" for one in found), end="")
    print(f"{wrong} of {count} trainings lose a row or are mixed")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
