"""Whatever a file holds: its rows and a count of what was skipped, or one line that says why not."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lossmon.api import read
from lossmon.monitor.whole import read_targets

LINES = [f"step {i} loss {3 / i:.4f}\n" for i in range(1, 100)]
TEXT = "".join(LINES).encode()
ROWS = b"".join(json.dumps({"step": i, "loss": 3 / i}).encode() + b"\n" for i in range(1, 100))
NUL = b"\x00"

READ: dict[str, tuple[str, bytes, int]] = {
    "UTF-16 with its mark": ("a.log", "".join(LINES).encode("utf-16"), 0),
    "UTF-16 without": ("a.log", "".join(LINES).encode("utf-16-be"), 0),
    "Latin-1": ("a.log", "".join(LINES).replace("step", "Länge 3 step").encode("latin-1"), 0),
    "a byte-order mark": ("a.log", b"\xef\xbb\xbf" + TEXT, 0),
    "lines ended by CR": ("a.log", TEXT.replace(b"\n", b"\r"), 0),
    "NUL within lines": ("a.log", TEXT.replace(b"step 50", b"step 50" + NUL).replace(b"step 9 ", NUL * 3 + b"step 9 "), 0),
    "a hole that a crash left": ("a.log", TEXT[:602] + NUL * 5000 + TEXT[602:], 0),
    "a line of 5 MB first": ("a.jsonl", b'{"x": "' + b"y" * 5_000_000 + b'"}\n' + ROWS, 1),
    "a line of 5 MB later": ("a.log", TEXT[:602] + b"\n" + b"x" * 5_000_000 + TEXT[601:], 1),
    "a row nested without end": ("a.jsonl", b'{"a":' * 90_000 + b"1" + b"}" * 90_000 + b"\n" + ROWS, 1),
    "a cut row": ("a.jsonl", ROWS[:300].rsplit(b"\n", 1)[0] + b'\n{"step": 7, "lo\n' + ROWS[300:].split(b"\n", 1)[1], 1),
    "a header that changes": (
        "a.csv",
        b"step,loss\n" + b"".join(b"%d,%d\n" % (i, i) for i in range(1, 50))
        + b"step,loss,val_loss\n" + b"".join(b"%d,%d,1\n" % (i, i) for i in range(50, 100)),
        0,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "data", "skipped"), READ.values(), ids=READ)
def test_rows_around_damage_are_read_and_the_damage_is_counted(tmp_path, name, data, skipped):
    (tmp_path / name).write_bytes(data)
    (update,), errors, _ = read_targets([str(tmp_path / name)], judging="at the end")
    assert not errors
    assert not update.errors
    assert update.train is not None
    n = len(update.series[update.train].step)
    assert 97 <= n <= 99
    (log,) = update.logs
    assert log.skipped == skipped


def test_a_row_whose_step_is_beyond_all_counting_is_skipped(tmp_path: Path):
    log = tmp_path / "a.jsonl"
    log.write_text("".join(f'{{"step": {10**i}, "loss": 1.5}}\n' for i in range(1, 40)))
    (update,), _, _ = read_targets([str(log)], judging="at the end")
    assert not update.errors
    assert (update.logs[0].records, update.logs[0].skipped) == (18, 21)


REFUSED: dict[str, Callable[[random.Random], bytes]] = {
    "random bytes": lambda dice: dice.randbytes(200_000),
    "random characters": lambda dice: bytes(dice.choices(b"ab 01.:=\n\r\x1b[loss{}", k=30_000)),
    "blank lines": lambda dice: b"\n" * 5000,
    "one line without an end": lambda dice: b"x" * 3_000_000,
    "brackets": lambda dice: b"[" * 500_000,
    "nothing": lambda dice: b"",
}


@pytest.mark.parametrize("command", ["check", "plot", "export"])
@pytest.mark.parametrize("made", REFUSED.values(), ids=REFUSED)
def test_what_is_no_log_gets_one_line_from_every_command(tmp_path, made, command):
    (tmp_path / "a.log").write_bytes(made(random.Random(3)))
    done = subprocess.run(
        [sys.executable, "-m", "lossmon", command, str(tmp_path / "a.log")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("lossmon: ")


def test_names_that_no_utf8_file_can_hold_are_written_all_the_same(tmp_path: Path):
    """A file's name may be any bytes, and JSON can name a metric by half a character."""
    row = '{"step": %d, "loss": %f, "half\\ud800": NaN}\n'
    for name, level in ((b"a\xff.jsonl", 0.0), (b"b.jsonl", 3.0)):
        data = "".join(row % (i, level + 1 / i) for i in range(1, 60))
        Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name))).write_text(data)
    lossmon = [sys.executable, "-m", "lossmon"]
    done = subprocess.run([*lossmon, "check", "--json", tmp_path], capture_output=True, check=True)
    runs = [json.loads(line.decode("utf-8")) for line in done.stdout.splitlines()]
    assert sorted(os.path.basename(run["run"]) for run in runs) == ["a\udcff.jsonl", "b.jsonl"]
    for ending in ("csv", "jsonl"):
        out = tmp_path / f"out.{ending}"
        subprocess.run([*lossmon, "export", tmp_path, "-o", out], check=True)
        text = out.read_text(encoding="utf-8")
        out.unlink()
        assert "a\\udcff.jsonl" in text.replace("\\\\", "\\")
        assert "half\\ud800" in text.replace("\\\\", "\\")
    frame = read(tmp_path)
    assert sorted(frame["metric"].unique()) == ["half\\ud800", "loss"]
