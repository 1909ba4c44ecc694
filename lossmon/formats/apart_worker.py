"""The other side of `apart`: reads requests from standard input and answers on standard output."""

from __future__ import annotations

import copy
import json
import os
import re
import signal
import sys
import threading
import traceback
from dataclasses import asdict
from importlib import import_module
from itertools import count
from typing import Any, BinaryIO

from lossmon.formats.apart import HEADER

_MOST_TEXT, _MOST_TRACE = 500, 10_000  # characters of an error, and of where it came from


class _Host:
    """The decoders that live here."""

    def __init__(self) -> None:
        self._decoders: dict[int, Any] = {}
        self._ids = count()

    def answer(self, told: dict[str, Any], data: bytes) -> Any:
        """What one request asks for."""
        for number in told["forget"]:
            self._decoders.pop(number, None)
        do = told["do"]
        if do == "search":
            pattern = re.compile(told["pattern"], told["flags"])
            texts = data.decode("utf-8", "surrogatepass").split("\n")
            return [None if m is None else m.groupdict() for m in map(pattern.search, texts)]
        if do in ("import", "there"):
            _format(told["module"])
            return None
        if do == "sniff":
            why = _format(told["module"]).sniff(data, told["name"])
            return None if not why else str(why)
        if do in ("new", "copy"):
            number = next(self._ids)
            self._decoders[number] = (
                _format(told["module"]).decoder(told["name"])
                if do == "new"
                else copy.deepcopy(self._decoders[told["id"]])
            )
            return number
        decoder = self._decoders[told["id"]]
        records = decoder.feed(data) if do == "feed" else decoder.flush()
        return {
            "records": [[_floats(r.values), *r[1:]] for r in records],
            "format": decoder.format,
            "count": decoder.skipped.count,
            "examples": decoder.skipped.examples,
            "facts": asdict(decoder.facts),
        }


def _floats(values: dict[str, float]) -> dict[str, float]:
    return {str(name): float(value) for name, value in values.items()}


def _format(place: str) -> Any:
    module, _, name = place.partition(":")
    found: Any = import_module(module)
    for part in filter(None, name.split(".")):
        found = getattr(found, part)
    return found


def serve(alive: int) -> None:
    """Answer until nobody asks any more.

    Args:
        alive: a pipe that ends when the process that asks does, whatever ends it and whatever runs
            here: a plug-in that waits for ever outlived a `kill -9` of ours.
    """
    threading.Thread(target=_end_with, args=(alive,), daemon=True).start()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what that code prints is no answer
    host = _Host()
    while True:
        head = sys.stdin.buffer.read(HEADER.size)
        if len(head) < HEADER.size:
            return
        told_size, data_size = HEADER.unpack(head)
        told = json.loads(sys.stdin.buffer.read(told_size))
        data = sys.stdin.buffer.read(data_size)
        _allow(told["limit_s"])
        try:
            reply = {"answer": host.answer(told, data)}
        except Exception as error:  # that code may do anything
            reply = {
                "error": f"{type(error).__name__}: {error}"[:_MOST_TEXT],
                "trace": traceback.format_exc()[-_MOST_TRACE:],
            }
        _allow(0.0)
        _send(answers, reply)


def _end_with(alive: int) -> None:
    os.read(alive, 1)
    os._exit(1)


def _send(answers: BinaryIO, reply: dict[str, Any]) -> None:
    # A number of numpy, say, as a step.
    text = json.dumps(reply, default=lambda value: value.item()).encode()
    answers.write(HEADER.pack(len(text), 0) + text)
    answers.flush()


def _allow(limit_s: float) -> None:
    """Let the system end this process after so much processor time, whatever runs in it."""
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, limit_s)
