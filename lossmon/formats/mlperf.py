"""MLPerf logging: one event a line, in JSON behind `:::MLLOG` (or, before 2020, `:::MLL`).

    :::MLLOG {"time_ms": 1715240877183, "key": "train_loss", "value": 3.2, "metadata": {...}}
    :::MLL 1561426544.740 eval_accuracy: {"value": 0.762, "metadata": {"epoch_num": 3}}

In its language-model benchmarks `eval_accuracy` is the loss on the eval set.
"""

from __future__ import annotations

import re
from typing import Any

from lossmon.formats.decoder import Record, as_step
from lossmon.formats.jsonl import load_object
from lossmon.formats.lexicon import EVAL_LOSS, OTHER_LOSS, TRAIN_LOSS, role
from lossmon.formats.line_decoder import NO_ROW, LineDecoder, NoRow
from lossmon.formats.numbers import as_float, parse_number
from lossmon.words import said

NAME = "mlperf"
READS = "MLPerf logging"
SIGN = "`:::MLLOG` events"
_EVENT = re.compile(rb":::MLLOG\s+(?=\{)|:::MLL ([\d.]+) (\w+): (?=\{)")
_LANGUAGE_MODEL = re.compile(r"(?i)gpt|llama|mixtral|moe|deepseek|(^|_)lm")
_PLACES = ("step_num", "step", "samples_count", "epoch_num")
_NO_METRIC = re.compile(r".*(block|epoch|run|init|submission|seed|samples|batch|opt_|target).*")


class MlperfDecoder(LineDecoder):
    """Decodes events whose value is a number; the rest of the log is passed over."""

    def __init__(self) -> None:
        super().__init__(NAME, "no event")
        self._language_model = False

    def row(self, line: bytes) -> Record | NoRow | None:
        """The metric that an event tells; other events are no rows, and are read all the same."""
        event = _event(line)
        if event is None:
            return None
        key, value, metadata, time = event
        if key == "submission_benchmark":
            self._language_model = bool(_LANGUAGE_MODEL.search(str(value)))
        elif key == "run_stop":
            self.facts.finished = True
        number = _number(value)
        if number is None or _NO_METRIC.fullmatch(key):
            return NO_ROW
        if key == "eval_accuracy" and self._language_model:
            key = "eval_loss"
        step = next((_number(metadata[name]) for name in _PLACES if name in metadata), None)
        return Record({key: number}, None if step is None else as_step(step), None, time)


def _event(line: bytes) -> tuple[str, Any, dict[str, Any], float | None] | None:
    """Key, value, metadata, time in seconds since the Unix epoch."""
    found = _EVENT.search(line)
    if found is None:
        return None
    row = load_object(line[found.end() : line.rfind(b"}") + 1])
    if row is None:
        return None
    metadata = row.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    if not found[2]:
        time = _number(row.get("time_ms"))
        return str(row.get("key")), row.get("value"), metadata, time and time / 1000
    return found[2].decode(), row.get("value"), metadata, parse_number(found[1].decode())


def _number(value: Any) -> float | None:
    if isinstance(value, dict):
        value = value.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    return as_float(value) if not isinstance(value, str) else parse_number(value)


def sniff(head: bytes, name: str) -> str | None:
    """Events that carry a loss."""
    if b":::MLL" not in head:
        return None
    probe = MlperfDecoder()
    records = probe.feed(head)
    losses = [
        r for r in records if role(next(iter(r.values))) in (TRAIN_LOSS, EVAL_LOSS, OTHER_LOSS)
    ]
    return said("{count} MLPerf events with a loss", count=len(losses)) if losses else None


def decoder(name: str) -> MlperfDecoder:
    """A fresh decoder."""
    return MlperfDecoder()
