"""Real logs, damaged at random, read and judged: never an exception, never slow."""

from __future__ import annotations

import importlib.util
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lossmon.monitor.log import Log
from lossmon.monitor.training import Training
from tests.conftest import SHARED
from tests.formats.samples import DATA, SAMPLES

NOW = 1.7e9
CASES = 50  # a seed; each seed is a test
_WHOLE = 22_000  # bytes; of a longer log the beginning and a piece: more damage for the same time
_NOISE = [
    b"\x00", b"\r", b"\n", b"\r\n", b"nan", b"-inf", b"1e999", b"{", b"}", b"[", b'"', b"'", b",",
    b"1" + b"0" * 400, b"1e308", b"-9223372036854775808", b"18446744073709551616", b"1e-320",
    b"\x1b[31m", b"\xff\xfe", b"9" * 30, b"loss", b"step", b"=", b":", b"|", b"\x08" * 5, b"%", b"/",
]  # fmt: skip


def logs() -> list[tuple[str, bytes]]:
    """Heads of real logs, and of one of each structured format."""
    found = [(path, data) for path, data, _ in SAMPLES.values()]
    folders = [DATA, SHARED / "corpus"]
    paths = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    return found + [(str(path), head(path)) for path in paths]


def head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(60_000)


def damaged(data: bytes, dice: random.Random) -> bytes:
    out = bytearray(data)
    if out and (dice.random() < 0.6 or len(out) > _WHOLE):
        start = dice.randrange(len(out))
        out = out[:2000] + out[start : start + dice.randrange(200, 20_000)]
    for _ in range(dice.randrange(40)):
        at = dice.randrange(max(1, len(out)))
        kind = dice.random()
        if kind < 0.4:
            out[at : at + dice.randrange(3)] = dice.choice(_NOISE)
        elif kind < 0.6:
            del out[at : at + dice.randrange(50)]
        elif kind < 0.8:
            out[at:at] = dice.randbytes(dice.randrange(8))
        else:
            again = dice.randrange(max(1, len(out)))
            out[at:at] = out[again : again + dice.randrange(300)]
    return bytes(out)


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 8))]
)
def test_damaged_logs_are_read_as_far_as_they_go(seed: int) -> None:
    dice = random.Random(seed)
    known = logs()
    for _ in range(CASES):
        path, data = dice.choice(known)
        data = damaged(data, dice)
        start = time.monotonic()
        log = Log(path, size=len(data), mtime=NOW)
        training = Training("run", [log])
        cut = dice.randrange(len(data) + 1)
        for records in (log.feed(data[:cut]), log.feed(data[cut:]), log.end()):
            training.take(log, records, NOW, live=False)
            for record in records:
                assert record.step is None or abs(record.step) < 2**63
                assert all(isinstance(value, float | int) for value in record.values.values())
        training.conclude(NOW, whole=True)
        errors = [*training.update(NOW, loading=1.0).errors, log.refused or ""]
        assert not any("failed" in error or "\n" in error for error in errors), (path, errors)
        assert time.monotonic() - start < 20, path  # no expression that runs away


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed")
def test_coverage_guided_fuzzing_finds_no_exception() -> None:
    command = [sys.executable, "-m", "tests.formats.fuzz_decoders", "-runs=2500", "-seed=1"]
    folder = Path(__file__).resolve().parents[2]
    done = subprocess.run([*command, "-timeout=20"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Done 2500 runs" in done.stderr
