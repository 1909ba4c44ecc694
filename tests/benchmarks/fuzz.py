"""A fuzzer that knows how logs are built: nothing raises, cuts change nothing, work stays linear.

    python -m tests.benchmarks.fuzz [seconds] [seed] [folder for finds]

Each input is made by a grammar of one format (tables, JSON, printed text, event files, rows of a
store; some packed, and cut) from numbers and words that logs have and should not have, then changed:
bytes flipped, pieces doubled, left out or taken from another input. It goes through detection,
decoding (whole, and in random cuts: the same rows), a run's history, its diagnosis, the text of
`check`, and each tenth through a picture. Now and then one is repeated 8 and 32 times: work that
grows much faster than the text is a find.
"""

from __future__ import annotations

import copy
import gzip
import hashlib
import random
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from unicodedata import category

from lossmon.diagnosis.knowledge import load
from lossmon.errors import FormatError
from lossmon.formats.decoder import Decoder, Record, Skipped
from lossmon.formats.detect import detect
from lossmon.formats.sound import sound
from lossmon.monitor.log import Log
from lossmon.monitor.training import Training
from lossmon.presentation.plot import render
from lossmon.report.check import as_table
from lossmon.report.reading import as_text
from tests.formats.samples import event, field, framed, simple, tensor, version

_GROWN = (8, 32)  # copies of an input: work may grow 4 times, and some more for noise
_MOST_GROWTH, _SLOW_S = 9.0, 0.25
_GROWN_EVERY = 1000
# What a log may be told of itself: of a damaged or cut package, of names that are none.
_TOLD = (" data is damaged", " data ends in the middle", " are left out")
_DRAWN_EVERY = 20
_RECUT_EVERY = 4  # decoded twice more by itself, whole and in pieces
_LONG, _FEW = 0.05, 5  # share of inputs with many rows; rows of all others
_NUMBERS = (
    "0", "1", "7", "10", "0.5", "2.31", "1e-05", "1e300", "-3", "+4", "nan", "NaN", "inf", "-inf",
    "Infinity", "9" * 20, "9" * 400, "1" * 5000, "1,234", "1,234.5", "12k", "50%", "None", "null",
    "true", "٣", "²", "❶", "0x1f", "1_000", "1e", "1e+", ".5", "5.", "-", "tensor(2.3)", "[1.5]",
    "9223372036854775807", "9223372036854775808", "18446744073709551616", "-9223372036854775809",
    "3/90", "1.2.3", "4294967296", "2024-05-19 04:54:30", "00:12", "?", "'2.3'", "\"2.3\"", "",
)  # fmt: skip
_KEYS = (
    "loss", "train_loss", "eval_loss", "step", "epoch", "lr", "learning_rate", "grad_norm", "acc",
    "time", "timestamp", "total_steps", "max_steps", "val/loss", "split", "name", "value", "metric",
    "global_step", "batch", "iter", "reward", "ppl", "损失", "a" * 300, "x\x1b]52;c;AA\x07", "‮loss",
    "", " ", "loss\x9b31m", "step_num", "episode", "it/s", "mode", "run",
)  # fmt: skip
_MARKS = (
    " ", ": ", "=", ", ", " | ", " - ", "\t", "/", " [", "] ", "{", "}", "'", '"', "|", "  ", ";",
    "[====>....]", "████", "\x1b[31m", "\r", "\x08", "\x00", "0: ", "%|", "<", "\u2028", "\ufeff",
)  # fmt: skip
_PREFIXES = (
    "", "", "", "2024-05-19 04:54:30,123 - x - INFO - ", "[rank0]: ", "INFO:root:", "0: ", "[1,0]<stdout>:",
    "I0519 04:54:30.123 12 main.py:7] ", "worker-1 | ", "(pid=12) ",
)  # fmt: skip
_LINES = (
    "Training finished", "Traceback (most recent call last):", "ValueError: x", "CUDA out of memory",
    "skipping step, loss is nan", "Num Epochs = 3", "Result for PPO:", "---", "| a | b |", "Epoch 1/3",
    ":::MLLOG {", "Killed", "step loss", "epoch | train loss | val loss", "Validation",
)  # fmt: skip


class Grammar:
    """Makes inputs."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._old: list[bytes] = [b"step 1 loss 2\n"]
        self._long = False
        self._kinds: tuple[Callable[[], bytes], ...] = (
            self._text, self._text, self._text, self._jsonl, self._table, self._dicts, self._events,
            self._mlperf, self._state, self._boxes, self._store, self._packed,
        )  # fmt: skip

    def make(self) -> bytes:
        """One input of at most some kilobytes."""
        rng = self._rng
        self._long = rng.random() < _LONG
        data = rng.choice(self._kinds)()
        for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 4))):
            data = self._changed(data)
        data = data[: 6000 if self._long else 1500]
        if rng.random() < 0.1:
            self._old = [*self._old[-200:], data]
        return data

    def _changed(self, data: bytes) -> bytes:
        rng = self._rng
        a, b = sorted((rng.randint(0, len(data)), rng.randint(0, len(data))))
        b = min(b, a + 200)
        other = rng.choice(self._old)
        return rng.choice(
            (
                lambda: data[:a] + data[b:],
                lambda: data[:b] + data[a:],
                lambda: data[:a] + bytes((rng.randrange(256),)) + data[a + 1 :],
                lambda: data[:a] + self._token().encode("utf-8", "replace") + data[a:],
                lambda: data[:a] + other[rng.randint(0, len(other)) :],
                lambda: data[:a] + data[a:b] * rng.randint(2, 6) + data[b:],
            )
        )()

    def _rows(self, most: int) -> range:
        """How many rows: few tell as much as many do, in a fraction of the time."""
        return range(self._rng.randint(1, most if self._long else min(most, _FEW)))

    def _token(self) -> str:
        return self._rng.choice(self._rng.choice((_NUMBERS, _KEYS, _MARKS, _LINES)))

    def _number(self, i: int) -> str:
        if self._rng.random() < 0.08:
            return self._rng.choice(_NUMBERS)
        return self._rng.choice((f"{2 / (i + 1):.4f}", f"{3 - i / 100:.2f}", f"{i / 1e5:.1e}"))

    def _step(self, i: int) -> str:
        return self._rng.choice(_NUMBERS) if self._rng.random() < 0.06 else str(i)

    def _text(self) -> bytes:
        rng = self._rng
        prefix, keys = rng.choice(_PREFIXES), rng.sample(_KEYS, rng.randint(1, 4))
        mark, between = rng.choice(_MARKS[:8]), rng.choice(_MARKS[:10])
        place = rng.choice(("step", "epoch", "Epoch", "iter", "it", "", "batch"))
        total = rng.choice(("", "/90", " of 90", "/9" + "0" * 30))
        lines = []
        for i in self._rows(14):
            row = [f"{place}{mark}{self._step(i)}{total}"] if place else [self._step(i)]
            row += [f"{key}{mark}{self._number(i)}" for key in keys]
            lines.append(prefix + between.join(row) + rng.choice(("\n", "\n", "\r", "\r\n")))
            if rng.random() < 0.1:
                lines.append(rng.choice(_LINES) + "\n")
            if rng.random() < 0.05:
                lines.append("".join(self._token() for _ in range(rng.randint(1, 12))) + "\n")
        return "".join(lines).encode("utf-8", "replace")

    def _jsonl(self) -> bytes:
        rng = self._rng
        keys = rng.sample(_KEYS, rng.randint(1, 5))
        lines = []
        for i in self._rows(25):
            cells = [f'"step": {self._step(i)}'] if rng.random() < 0.9 else []
            cells += [f'"{key}": {self._number(i) or 1}' for key in keys]
            lines.append("{" + ", ".join(cells) + "}\n")
        return "".join(lines).encode("utf-8", "replace")

    def _table(self) -> bytes:
        rng = self._rng
        mark = rng.choice((",", "\t", ";", "|"))
        keys = ["step", *rng.sample(_KEYS, rng.randint(1, 4))]
        point = "," if mark == ";" and rng.random() < 0.5 else "."
        rows = [mark.join(keys)]
        rows += [
            mark.join([self._step(i), *(self._number(i).replace(".", point) for _ in keys[1:])])
            for i in self._rows(40)
        ]
        return ("\n".join(rows) + "\n").encode("utf-8", "replace")

    def _dicts(self) -> bytes:
        rng = self._rng
        lines = []
        for i in self._rows(12):
            cells = [f"'loss': {self._number(i)}", f"'epoch': {self._number(i)}"]
            cells += [f"'{rng.choice(_KEYS)}': {self._number(i)}"] * (rng.random() < 0.3)
            lines.append("{" + ", ".join(cells) + "}" + rng.choice(("\n", "\n", "\n", "", "\r")))
            if rng.random() < 0.5:
                at, total = self._step(i), rng.choice(("90", self._step(90)))
                lines.append(
                    f" 50%|███  | {at}/{total} [00:12<00:30,  1.5it/s]" + rng.choice("\r\n")
                )
        return "".join(lines).encode("utf-8", "replace")

    def _events(self) -> bytes:
        rng = self._rng
        made = [version()]
        for i in self._rows(12):
            step = rng.choice((i, i, i, 2**63 - 1, 2**64 - 1, -1))
            when = rng.choice((1.7e9 + i, float("nan"), float("inf"), 1e300))
            value = rng.choice((2 / (i + 1), float("nan"), float("inf")))
            key = rng.choice(_KEYS[:8])
            one = event(step, when, rng.choice((simple, tensor))(key, value))
            if rng.random() < 0.1:
                varint = bytes(rng.choice((0xFF, 0x80)) for _ in range(9)) + b"\x7f"
                summary = field(5, field(1, simple(key, 1.0)))
                one = framed(b"\x09" + struct.pack("<d", when) + b"\x10" + varint + summary)
            made.append(one)
        return b"".join(made)

    def _mlperf(self) -> bytes:
        lines = [
            f':::MLLOG {{"time_ms": {self._step(1715240877183)}, "key": "{key}", "value": '
            f'{self._number(i)}, "metadata": {{"step_num": {self._step(i)}}}}}\n'
            for i in self._rows(10)
            for key in ("train_loss", self._rng.choice(_KEYS[:6]))
        ]
        return "".join(lines).encode("utf-8", "replace")

    def _state(self) -> bytes:
        rows = ", ".join(
            f'{{"step": {self._step(i)}, "loss": {self._number(i) or 1}, "epoch": {i / 10}}}'
            for i in self._rows(12)
        )
        head = f'"max_steps": {self._step(90)}, "num_train_epochs": {self._step(3)}'
        return f'{{{head}, "log_history": [{rows}]}}'.encode("utf-8", "replace")

    def _store(self) -> bytes:
        store = self._rng.choice(("trackio", "mlflow-sqlite", "x"))
        return f'{{"lossmon_store": "{store}"}}\n'.encode() + self._jsonl()

    def _packed(self) -> bytes:
        rng = self._rng
        data = rng.choice(self._kinds[:-1])()
        if rng.random() < 0.3:
            return data.decode("utf-8", "replace").encode(rng.choice(("utf-16", "utf-16-le")))
        packed = gzip.compress(data, 1)
        return rng.choice((packed, packed[: rng.randint(2, len(packed))], packed + packed[:9]))

    def _boxes(self) -> bytes:
        rule = "-" * 30 + "\n"
        boxes = [
            f"{rule}| rollout/ |  |\n|    ep_rew_mean | {self._number(i)} |\n| time/ | |\n"
            f"|    total_timesteps | {self._step(i)} |\n|    loss | {self._number(i)} |\n{rule}"
            for i in self._rows(6)
        ]
        return "".join(boxes).encode("utf-8", "replace")


def known(data: bytes, name: str) -> Decoder | None:
    """Its decoder; None where it is no log."""
    try:
        found = detect(data, name, True)
    except FormatError:
        return None
    assert found is not None
    return found.decoder


def decoded(decoder: Decoder | None, data: bytes, cuts: list[int]) -> list[Record]:
    """What a decoder that is fresh gives, fed in these pieces."""
    if decoder is None:
        return []
    records: list[Record] = []
    for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True):
        records += sound(decoder.feed(data[a:b]), Skipped())
    return [*records, *sound(decoder.flush(), Skipped())]


def through(data: bytes, name: str, cuts: list[int], drawn: bool = False) -> str:
    """The text that a person sees of it, by the way that the monitor takes."""
    log = Log(name)
    training = Training("run", [log])
    for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True):
        training.take(log, log.feed(data[a:b]), 1.7e9, live=False)
    training.take(log, log.end(), 1.7e9, live=False)
    training.conclude(1.7e9)
    update = training.update(1.7e9, 1.0)
    errors = [e for e in (*log.errors, *update.errors) if not any(word in e for word in _TOLD)]
    assert not errors, errors
    shown = as_text([update], {} if log.refused is None else {name: log.refused})
    if log.decoder is None:
        return shown
    shown += as_table([update], load("en"), 80)
    if drawn and update.series:
        shown += render([update], 60, 12, color=False, ascii=False, knowledge=load("en"))
    return shown


def check(
    data: bytes, name: str, rng: random.Random, drawn: bool = False, recut: bool = True
) -> None:
    """Raise where anything is not as it should be."""
    cuts = sorted(rng.randint(0, len(data)) for _ in range(rng.choice((0, 1, 1, 2, 5))))
    if recut:
        fresh = known(data, name)
        whole = decoded(copy.deepcopy(fresh), data, [])
        pieces = decoded(fresh, data, cuts)
        assert repr(whole) == repr(pieces), f"cut at {cuts}"
    shown = through(data, name, cuts, drawn)
    raw = [c for c in shown if not c.isprintable() and c != "\n" and category(c) != "Zs"]
    assert not raw, f"raw on the screen: {raw[:5]}"


def growth(data: bytes, name: str) -> float:
    """How many times as long four times as much of it takes; 0 where that is no time at all."""
    took = []
    for copies in _GROWN:
        started = time.process_time()
        decoded(known(data * copies, name), data * copies, [])
        took.append(time.process_time() - started)
    return took[1] / max(took[0], 1e-3) if took[1] > _SLOW_S else 0.0


def main(seconds: float, seed: int, folder: Path) -> None:
    """Fuzz for so long and tell what was found; each find is kept in a file."""
    rng = random.Random(seed)
    grammar = Grammar(rng)
    folder.mkdir(parents=True, exist_ok=True)
    finds: Counter[str] = Counter()
    started, count, size = time.process_time(), 0, 0
    while time.process_time() - started < seconds:
        data = grammar.make()
        name = rng.choice(("train.log", "x.csv", "log.jsonl", "events.out.tfevents.1", "a.json"))
        count, size = count + 1, size + len(data)
        what = ""
        try:
            check(data, name, rng, count % _DRAWN_EVERY == 0, count % _RECUT_EVERY == 0)
            if count % _GROWN_EVERY == 0 and growth(data, name) > _MOST_GROWTH:
                what = f"grows {growth(data, name):.0f} times"
        except Exception as error:  # that is what is looked for
            what = f"{type(error).__name__}: {error}"
        if what:
            key = f"{what[:60]}"
            finds[key] += 1
            if finds[key] <= 3:
                kept = folder / f"{hashlib.sha256(data).hexdigest()[:8]}.bin"
                kept.write_bytes(data)
                print(f"{kept.name} {name} {len(data)} B: {what[:300]}", flush=True)
        if count % 20000 == 0:
            print(f"{count:,} inputs, {size / 1e6:.1f} MB, {time.process_time() - started:.0f} s,"
                  f" {sum(finds.values())} finds", flush=True)  # fmt: skip
    print(f"{count:,} inputs, {size / 1e6:.1f} MB in {seconds:.0f} s of processor; {dict(finds)}")


if __name__ == "__main__":
    said = [*sys.argv[1:], *("600", "1", "fuzz-finds")[len(sys.argv) - 1 :]]
    main(float(said[0]), int(said[1]), Path(said[2]))
