"""How fast logs are read: rows a second, and ratios to peers in the same run.

    python -m tests.benchmarks.speed [rows]

Each figure is the best of three; peers that are not installed are left out.
"""

from __future__ import annotations

import io
import random
import sys
import tempfile
import time
from collections.abc import Callable

import pandas as pd

from lossmon.formats.detect import detect
from tests.formats.samples import event, simple, version

_CHUNK = 1 << 18


def logs(rows: int) -> dict[str, bytes]:
    """The same numbers as JSON lines, a table, a printed text and an event file."""
    random.seed(1)
    numbers = [
        (
            i,
            0.5 + 2 * i**-0.3 + random.gauss(0, 0.05),
            1e-4 * (1 - i / rows),
            abs(random.gauss(1, 0.3)),
        )
        for i in range(1, rows + 1)
    ]
    return {
        "jsonl": "".join(
            f'{{"step": {i}, "loss": {a:.6f}, "learning_rate": {b:.6e}, "grad_norm": {c:.6f}}}\n'
            for i, a, b, c in numbers
        ).encode(),
        "csv": b"step,loss,learning_rate,grad_norm\n"
        + "".join(f"{i},{a:.6f},{b:.6e},{c:.6f}\n" for i, a, b, c in numbers).encode(),
        "text": "".join(
            f"step {i}/{rows} | loss {a:.6f} | lr {b:.6e} | grad_norm {c:.6f}\n"
            for i, a, b, c in numbers
        ).encode(),
        "events": version()
        + b"".join(
            event(i, 1.7e9 + i, simple("train/loss", a)) for i, a, _, _ in numbers[: rows // 5]
        ),
    }


def best(work: Callable[[], int]) -> float:
    """Rows a second, of the fastest of three."""
    rates = []
    for _ in range(3):
        start = time.process_time()
        count = work()
        rates.append(count / (time.process_time() - start))
    return max(rates)


def ours(name: str, data: bytes) -> int:
    """Decode everything, as it comes from the follower."""
    found = detect(data[:_CHUNK], name, False)
    assert found is not None
    count = sum(len(found.decoder.feed(data[i : i + _CHUNK])) for i in range(0, len(data), _CHUNK))
    return count + len(found.decoder.flush())


def tensorboard(data: bytes) -> float | None:
    """Scalars a second of the tensorboard package's reader in pure Python."""
    try:
        from tensorboard.backend.event_processing import event_file_loader
        from tensorboard.compat import tf  # noqa: F401 - the stub, without TensorFlow
    except ImportError:
        return None
    with tempfile.NamedTemporaryFile(suffix=".tfevents.1") as file:
        file.write(data)
        file.flush()
        return best(lambda: sum(1 for _ in event_file_loader.EventFileLoader(file.name).Load()))


def main(rows: int) -> None:
    """Print the table."""
    made = logs(rows)
    rates = {name: best(lambda n=name: ours(n, made[n])) for name in made}
    peers = {
        "jsonl": (
            "pandas.read_json",
            best(lambda: len(pd.read_json(io.BytesIO(made["jsonl"]), lines=True))),
        ),
        "csv": ("pandas.read_csv", best(lambda: len(pd.read_csv(io.BytesIO(made["csv"]))))),
    }
    peer = tensorboard(made["events"])
    if peer is not None:
        peers["events"] = ("tensorboard", peer)
    for name, rate in rates.items():
        line = f"{name:8} {rate:12,.0f} rows/s {len(made[name]) / 1e6 * rate / rows:6.0f} MB/s"
        if name in peers:
            other, other_rate = peers[name]
            line += f"   {rate / other_rate:5.2f} x {other} ({other_rate:,.0f})"
        print(line)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300_000)
