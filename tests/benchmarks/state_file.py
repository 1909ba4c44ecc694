"""What a large `trainer_state.json` costs at each save, beside parsing it once.

    python -m tests.benchmarks.state_file [--megabytes 50] [--saves 6]

A training writes the whole file again each time, with some more rows: first as Hugging Face does
it, then with NaN among the values, which strict parsers refuse. Processor seconds of a poll of the
monitor, least of the saves, beside the least of as many `orjson.loads` or `json.loads` of the same
bytes in the same minute.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from lossmon.monitor.sources import open_monitor

_ROWS_A_SAVE = 50


def row(step: int, loss: float) -> dict[str, Any]:
    return {"epoch": step / 1e5, "grad_norm": 1.25 + step % 7 / 8, "learning_rate": 1e-5 * (step % 97), "loss": loss, "step": step}  # fmt: skip


def state(rows: list[dict[str, Any]]) -> bytes:
    document = {"best_metric": None, "global_step": rows[-1]["step"], "log_history": rows, "max_steps": 10**7}  # fmt: skip
    return json.dumps(document, indent=2).encode()


def spent(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def saves(folder: Path, megabytes: int, count: int, odd: float | None) -> None:
    """One file that is written again and again."""
    rows = [row(step, 2.0 - step * 1e-7) for step in range(1, 1000)]
    length = len(state(rows)) / len(rows)
    rows += [row(step, 2.0 - step * 1e-7) for step in range(1000, int(megabytes * 1e6 / length))]
    if odd is not None:
        rows[100]["loss"] = odd
    parse = orjson.loads if odd is None else json.loads
    log = folder / "trainer_state.json"

    def write() -> bytes:
        data = state(rows)
        new = log.with_suffix(".new")
        new.write_bytes(data)
        os.replace(new, log)
        return data

    data = write()
    monitor = open_monitor([str(log)], watch=True)

    def read() -> None:
        monitor.poll()
        while monitor.pending():
            monitor.poll()

    try:
        first, again, parsed = spent(read), [], []
        for _ in range(count):
            for _ in range(_ROWS_A_SAVE):
                rows.append(row(rows[-1]["step"] + 1, 1.5))
            data = write()
            parsed.append(spent(partial(parse, data)))
            again.append(spent(read))
        (update,) = monitor.conclude()
        assert update.step == rows[-1]["step"], update
        assert len(update.series["loss"]) == len(rows)
    finally:
        monitor.close()
    kind = "plain" if odd is None else "with NaN"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(
        f"{len(data) / 1e6:.0f} MB, {kind:9} first {first:.2f} s, again {min(again):.3f} s, "
        f"{parse.__module__}.loads {min(parsed):.3f} s, ratio {min(again) / min(parsed):.2f}, "
        f"peak {peak:.0f} MB of this process",
        flush=True,
    )


def main() -> None:
    """Print a line for each kind of file."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--megabytes", type=int, default=50)
    parser.add_argument("--saves", type=int, default=6)
    asked = parser.parse_args()
    for odd in (None, float("nan")):
        with tempfile.TemporaryDirectory() as folder:
            saves(Path(folder), asked.megabytes, asked.saves, odd)


if __name__ == "__main__":
    main()
