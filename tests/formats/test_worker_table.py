"""What a process for code of others is asked, what it answers, and what is made of that."""

from __future__ import annotations

import copy
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lossmon.errors import FormatError
from lossmon.formats import apart
from lossmon.formats.apart import PIECE, ForeignFormat, Worker, search
from lossmon.formats.apart_worker import _Host
from lossmon.formats.pattern import PatternDecoder, PatternFormat

PLUG_IN = """
import numpy as np
from lossmon.formats.decoder import Event, Facts, Record, Skipped

def sniff(head, name):
    if b"RAISE" in head:
        raise ValueError("no head\\nand more")
    return "beeps of " + name if head.startswith(b"BEEP") else ""

def decoder(name):
    return Beeps()

class Beeps:
    NAME = "beeps"
    sniff, decoder = staticmethod(sniff), staticmethod(decoder)

    def __init__(self):
        self.format, self.skipped, self.facts, self.n = "beeps", Skipped(), Facts(), 0

    def feed(self, data):
        if b"RAISE" in data:
            raise ValueError("no such line")
        if b"END" in data:
            import os
            os._exit(3)
        self.n += 1
        self.format = "beeps 2"
        self.skipped.add("odd", b"line")
        self.facts.events.append(Event("oom", 3, "text"))
        self.facts.total_steps = 70
        return [Record({"loss": np.float32(0.5), 7: len(data)}, self.n, 0.5, 9.0)]

    def flush(self):
        return [Record({"loss": float(self.n)}, 100)]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a package, in which workers look for it, too."""
    place = tmp_path_factory.mktemp("plugged")
    (place / "beeping.py").write_text(PLUG_IN)
    sys.path.insert(0, str(place))
    yield place
    sys.path.remove(str(place))
    sys.modules.pop("beeping", None)


@pytest.fixture(scope="module")
def worker(folder: Path) -> Iterator[Worker]:
    made = Worker()
    yield made
    made.end()


@pytest.fixture
def beeps(folder: Path) -> Iterator[ForeignFormat]:
    made = ForeignFormat("beeping:Beeps", "beeps")
    yield made
    for one in made._workers:
        one.end()


@pytest.mark.parametrize(
    ("asked", "data", "answer"),
    [
        ({"do": "search", "pattern": r"(?P<n>\d+)", "flags": 0}, b"a 1\nb\nc 22 3",
         [{"n": "1"}, None, {"n": "22"}]),
        ({"do": "search", "pattern": r"A(?P<x>.)?", "flags": re.IGNORECASE}, b"a", [{"x": None}]),
        ({"do": "import", "module": "beeping"}, b"", None),
        ({"do": "there", "module": "beeping:Beeps"}, b"", None),
        ({"do": "sniff", "module": "beeping", "name": "x.log"}, b"BEEP", "beeps of x.log"),
        ({"do": "sniff", "module": "beeping:Beeps", "name": "x.log"}, b"no", None),
        ({"do": "new", "module": "beeping", "name": "x.log"}, b"", 0),
    ],
)  # fmt: skip
def test_what_is_asked_is_answered(
    asked: dict[str, Any], data: bytes, answer: object, folder: Path
) -> None:
    assert _Host().answer({**asked, "forget": []}, data) == answer


def test_decoders_live_until_they_are_forgotten(folder: Path) -> None:
    host = _Host()
    new = {"do": "new", "module": "beeping", "name": "x", "forget": []}
    first, second = host.answer(new, b""), host.answer(new, b"")
    feed = {"do": "feed", "id": first, "forget": []}
    told = host.answer(feed, b"abc")
    assert told["records"] == [[{"loss": 0.5, "7": 3.0}, 1, 0.5, 9.0, "", ""]]
    assert (told["format"], told["count"]) == ("beeps 2", 1)
    copied = host.answer({"do": "copy", "id": first, "forget": [second]}, b"")
    host.answer(feed, b"abc")
    ends = [host.answer({"do": "flush", "id": one, "forget": []}, b"") for one in (first, copied)]
    assert [end["records"][0][0] for end in ends] == [{"loss": 2.0}, {"loss": 1.0}]
    with pytest.raises(KeyError):
        host.answer({"do": "flush", "id": second, "forget": []}, b"")


def test_a_decoder_of_others_works_through_its_process(beeps: ForeignFormat) -> None:
    assert beeps.sniff(b"BEEP", "x") == "beeps of x"
    assert beeps.sniff(b"other", "x") is None
    assert beeps.broken() is None
    decoder = beeps.decoder("x")
    (record,) = decoder.feed(b"abc")
    assert (record.values, record.step, record.epoch) == ({"loss": 0.5, "7": 3.0}, 1, 0.5)
    assert (decoder.format, decoder.skipped.count, decoder.facts.total_steps) == ("beeps 2", 1, 70)
    assert decoder.facts.events[0].text == "text"
    other = copy.deepcopy(decoder)
    assert [len(decoder.feed(b"x" * n)) for n in (0, PIECE, PIECE + 1)] == [0, 1, 2]
    assert [one.flush()[0].values["loss"] for one in (decoder, other)] == [4.0, 1.0]
    with pytest.raises(FormatError, match="the beeps 2 decoder failed: ValueError: no such line"):
        other.feed(b"RAISE")
    with pytest.raises(
        FormatError, match=r"set aside: the format .* ended its process with status"
    ):
        decoder.feed(b"END")
    with pytest.raises(FormatError, match="set aside: another log of the format"):
        other.feed(b"abc")
    assert beeps.decoder("x").feed(b"abc")[0].step == 1, "another process"


def test_what_a_plug_in_raises_at_a_head_is_told_once(beeps: ForeignFormat) -> None:
    assert beeps.sniff(b"RAISE", "x") is None
    fault = beeps.fault
    assert fault == "the plug-in beeps (beeping:Beeps) is left out: ValueError: no head"
    assert beeps.sniff(b"BEEP", "x") == "beeps of x", "it may read other logs"
    assert not beeps.hung_on("x")
    gone = ForeignFormat("beeping:Nothing", "gone")
    assert "AttributeError" in str(gone.broken())
    assert gone.sniff(b"BEEP", "x") is None
    gone._workers[0].end()


def test_an_expression_finds_rows_line_by_line(worker: Worker) -> None:
    assert search(worker, r"(?P<n>\d)", 0, ["a\n1", "b", "\udcff2"]) == [
        {"n": "1"}, None, {"n": "2"},
    ]  # fmt: skip
    pattern = re.compile(r"it=(?P<step>\d+)(?: L=(?P<loss>\S+))?")
    decoder = PatternDecoder("mine", pattern, worker)
    rows = [*decoder.feed(b"it=1 L=2.5\n\nit=2\nnothing\nit=3 L=1.5\n"), *decoder.flush()]
    assert [(row.step, row.values) for row in rows] == [(1, {"loss": 2.5}), (3, {"loss": 1.5})]
    assert decoder.skipped.count == 2


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b"x\nit=7\n", True),
        (b"x\rit=7", True),
        (b"x\n", False),
        (b"", False),
        (b"\x1b[1mit=7", True),
    ],
)
def test_a_head_has_the_form_where_a_line_has_it(head: bytes, found: bool, worker: Worker) -> None:
    form = PatternFormat("mine", re.compile(r"^it=(?P<step>\d+)"), worker)
    said = "a line in the form that config.toml describes"
    assert form.sniff(head, "x") == (said if found else None)
    assert form.fault is None
    assert isinstance(form.decoder("x"), PatternDecoder)


@pytest.mark.slow
def test_an_expression_that_takes_too_long_is_told_and_asked_no_more_after_a_while(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "BASE_S", 0.05)
    slow = Worker()
    form = PatternFormat("mine", re.compile(r"^(a*)*b"), slow)
    for _ in range(3):
        assert form.sniff(b"a" * 60, "x") is None
    assert form.hung_on("x")
    assert not form.hung_on("y")
    assert str(form.fault).startswith("the pattern 'mine' of config.toml took too long for x")
    assert slow.lives == 3
    assert form.sniff(b"a" * 60, "y") is None
    assert slow.lives == 3, "it is not asked any more"
    slow.end()
