"""Soak pods in faults: links that break, containers and pods that are replaced, clocks that differ.

    python -m tests.benchmarks.pods [SEEDS]

The real kubectl reads from the stand-in of `tests/logs/clients/cluster.py`; what was read is held
against what was written, line by line. It found that the end of a container was lost which was
replaced while its client was still connecting.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from pathlib import Path

from lossmon.logs.clients.kubernetes import Pods
from lossmon.logs.clients.source import ClientSource
from tests.logs.clients.cluster import Cluster
from tests.logs.clients.reading import HASTY, Reading

LOG = "ml/p"
STEPS = 25


def soak(seed: int, folder: Path) -> str:
    """One story; what went wrong in it, empty where nothing did."""
    draw, cluster, written = random.Random(seed), Cluster(folder), list[str]()
    env = {**os.environ, "KUBECONFIG": str(cluster.config), "HOME": str(folder)}
    cluster.run("p")
    source = ClientSource("k8s", [Pods(LOG)], patience=HASTY, env=env)
    reading, skew_ns = Reading(source), 0

    def until_read(but: int = 0) -> None:
        reading.until(lambda: len(reading.lines(LOG)) >= len(written) - but)

    def until_found() -> None:
        """A cluster shows no life but the last two: the next one comes when this one was seen."""
        life = cluster.pods["p"].containers["main"][-1].id
        reading.until(lambda: source._groups[0].runs[LOG].found.id.endswith(life))

    try:
        for _ in range(STEPS):
            count = draw.randint(1, 40)
            lines = [str(len(written) + number) for number in range(count)]
            lines = lines if draw.random() < 0.7 else lines[:1] * count
            written += lines
            for some in [lines] if draw.random() < 0.5 else [[line] for line in lines]:
                cluster.write("p", *some, stamp=time.time_ns() + skew_ns)
            fault = draw.random()
            if fault < 0.3:
                cluster.cut()
            elif fault < 0.45:
                until_read(but=draw.choice((0, count)))
                cluster.restart("p")
                until_found()
            elif fault < 0.55:
                until_read()
                skew_ns = -draw.randint(0, 3) * 1_000_000_000
                cluster.run("p")
                until_found()
        until_read()
        if reading.lines(LOG) == written:
            return ""
        return f"{len(reading.lines(LOG))} lines for {len(written)}"
    except AssertionError as error:
        return str(error)[:300]
    finally:
        source.close()
        cluster.close()


def main() -> None:
    """Some stories, and what went wrong in each."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        found = {seed: soak(seed, Path(folder)) for seed in range(seeds)}
    for seed, wrong in found.items():
        if wrong:
            print(f"seed {seed}: {wrong}")
    print(f"{seeds} stories of {STEPS} steps, {sum(map(bool, found.values()))} of them wrong")


if __name__ == "__main__":
    main()
