"""Code of others that hangs costs its log alone: a plug-in, a user's expression."""

from __future__ import annotations

import copy
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lossmon import settings
from lossmon.errors import FormatError
from lossmon.formats import apart
from lossmon.formats.apart import ForeignFormat, Worker, search
from lossmon.formats.detect import slow_patterns
from lossmon.formats.pattern import PatternDecoder, PatternFormat
from lossmon.monitor.log import Log
from tests.waiting import PATIENCE_S, lives, wait_until

PLUG_IN = """
import re
from lossmon.formats.decoder import Facts, Record, Skipped
from lossmon.formats.lines import LineSplitter

NAME = "beeps"

def sniff(head, name):
    if b"HANG SNIFF" in head:
        re.match("(a*)*b", "a" * 60)
    return "a BEEP header" if head.startswith(b"BEEP") else None

def decoder(name):
    return Beeps()

class Beeps:
    def __init__(self):
        self.format, self.skipped, self.facts = NAME, Skipped(), Facts()
        self.lines = LineSplitter()

    def feed(self, data):
        return self.rows(self.lines.feed(data))

    def flush(self):
        return self.rows(self.lines.flush())

    def rows(self, lines):
        print("what a plug-in prints harms nothing")
        if b"HANG" in lines:
            re.match("(a*)*b", "a" * 60)  # in C, with the interpreter's lock
        if b"END" in lines:
            import os
            os._exit(3)
        if b"RAISE" in lines:
            raise ValueError("no such line")
        cells = [line.split() for line in lines if line[:1].isdigit()]
        self.skipped.count += len(lines) - len(cells)
        self.facts.total_steps = 90
        return [Record({"loss": float(loss)}, int(step)) for step, loss in cells]
"""
ROWS = "".join(f"{i} {2 - i / 100}\n" for i in range(1, 31))


@pytest.fixture
def beeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ForeignFormat]:
    (tmp_path / "lossmon_beeps.py").write_text(PLUG_IN)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield ForeignFormat("lossmon_beeps", "beeps")
    apart.end_all()


@pytest.fixture
def worker() -> Iterator[Worker]:
    made = Worker()
    yield made
    made.end()


def test_rows_facts_and_counts_come_back(beeps: ForeignFormat) -> None:
    assert beeps.sniff(b"BEEP\n", "x") == "a BEEP header"
    assert beeps.sniff(b"else\n", "x") is None
    decoder = beeps.decoder("x")
    records = [*decoder.feed(b"BEEP\n" + ROWS.encode()), *decoder.feed(b"31 nan"), *decoder.flush()]
    assert [record.step for record in records] == list(range(1, 32))
    assert records[-1].values["loss"] != records[-1].values["loss"]
    assert (decoder.format, decoder.skipped.count, decoder.facts.total_steps) == ("beeps", 1, 90)


def test_a_copy_goes_on_by_itself(beeps: ForeignFormat) -> None:
    decoder = beeps.decoder("x")
    decoder.feed(b"1 2")
    other = copy.deepcopy(decoder)
    assert decoder.feed(b".5\n")[0].values == {"loss": 2.5}
    assert other.feed(b".7\n")[0].values == {"loss": 2.7}


@pytest.mark.slow
def test_a_log_on_which_a_plug_in_hangs_is_set_aside(beeps: ForeignFormat) -> None:
    hung, fine = beeps.decoder("a"), beeps.decoder("b")
    with pytest.raises(FormatError, match="set aside: the format beeps, of another package"):
        hung.feed(b"1 2.5\nHANG\n")
    assert len(fine.feed(b"1 2.5\n")) == 1  # another process
    assert beeps.sniff(b"BEEP\n", "x")  # and a fresh one


def test_a_plug_in_that_ends_its_process_is_not_told_to_be_slow(beeps: ForeignFormat) -> None:
    with pytest.raises(FormatError, match="the format beeps: it ended its process with status 3"):
        beeps.decoder("a").feed(b"1 2.5\nEND\n")
    assert beeps.sniff(b"BEEP\n", "x")


def test_what_a_plug_in_raises_is_said(beeps: ForeignFormat) -> None:
    decoder = beeps.decoder("a")
    with pytest.raises(FormatError, match="the beeps decoder failed: ValueError: no such line"):
        decoder.feed(b"RAISE\n")
    assert len(decoder.feed(b"1 2.5\n")) == 1


@pytest.mark.slow
def test_a_plug_in_that_hangs_while_it_looks_is_not_asked_for_ever(beeps: ForeignFormat) -> None:
    for _ in range(3):
        assert beeps.sniff(b"HANG SNIFF", "x") is None
    assert beeps.sniff(b"BEEP\n", "x") is None
    assert beeps.fault == "the plug-in beeps (lossmon_beeps) took too long to look at x"


def test_a_plug_in_that_hangs_as_it_is_imported_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lossmon_sleeps.py").write_text("import time; time.sleep(1e6)")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(apart, "IMPORT_S", 0.3)
    sleeps = ForeignFormat("lossmon_sleeps", "sleeps")
    assert sleeps.sniff(b"BEEP\n", "x") is None
    assert sleeps.sniff(b"BEEP\n", "x") is None
    assert sleeps.broken() == sleeps.fault
    assert sleeps._workers[0].lives == 1  # it was asked once
    assert sleeps.fault is not None
    assert sleeps.fault.startswith("the plug-in sleeps (lossmon_sleeps) is left out: importing it")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_hangs_there_ends_when_ours_is_killed(tmp_path: Path) -> None:
    """A plug-in that waited as it was imported stayed behind for good."""
    (tmp_path / "lossmon_sleeps.py").write_text(
        f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(f'{{os.getpid()}}.');"
        " time.sleep(1e6)"
    )
    asking = (
        "from lossmon.formats.apart import ForeignFormat;"
        " ForeignFormat('lossmon_sleeps', 'sleeps').sniff(b'x', 'x')"
    )
    root = str(Path(__file__).resolve().parents[2])
    paths = os.pathsep.join((str(tmp_path), root))
    ours = subprocess.Popen([sys.executable, "-c", asking], env={**os.environ, "PYTHONPATH": paths})
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().endswith("."):
        time.sleep(0.02)
    ours.kill()
    ours.wait()
    theirs = int((tmp_path / "pid").read_text()[:-1])
    wait_until(lambda: not lives(theirs))


def test_a_plug_in_that_is_not_there_harms_nothing() -> None:
    missing = ForeignFormat("lossmon_no_such_module", "missing")
    assert missing.sniff(b"BEEP\n", "x") is None
    assert "lossmon_no_such_module" in (missing.fault or "")


def test_an_expression_of_the_user_finds_rows(worker: Worker) -> None:
    pattern = re.compile(r"(?i)<<(?P<step>\d+)>> OBJ~(?P<loss>\S+)")
    one = PatternFormat("odd", pattern, worker)
    head = "".join(f"<<{i}>> obj~{2 - i / 100:.4f}\n" for i in range(1, 1201)).encode()
    assert one.sniff(head, "x")
    records = one.decoder("x").feed(head)
    assert [record.step for record in records] == list(range(1, 1201))


@pytest.mark.slow
def test_a_log_on_which_an_expression_of_the_user_hangs_is_set_aside(worker: Worker) -> None:
    pattern = re.compile(r"(?P<loss>(\w*)*)!")
    log = Log("x", decoder=PatternDecoder("slow", pattern, worker))
    log._plain = 1
    assert log.feed(b"a" * 60 + b"\n") == []
    assert log.refused is not None
    assert log.refused.startswith("set aside: the pattern 'slow' of config.toml took too long")
    assert search(worker, "b", 0, ["abc"]) == [{}]


@pytest.mark.parametrize(
    ("text", "told"),
    [("words\n", None), (ROWS.replace(" ", " loss ").replace("\n", "\nstep "), "text")],
)
def test_an_expression_that_hangs_as_it_looks_is_told(
    text: str, told: str | None, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the log is read by another format, and where it is not; others have no word of it."""
    monkeypatch.setattr(apart, "BASE_S", 0.2)
    one = PatternFormat("slow", re.compile(r"(?P<loss>(\w*)*)!"), worker)
    with settings.using(settings.Settings(formats=(one,))):
        log, other = Log("a/x.log"), Log("b/y.log")
        log.feed(b"a" * 60 + b"\nstep " + text.encode())
        log.end()
        other.feed(b"words\n")
        other.end()
        (fault,) = slow_patterns().values()
    assert fault.startswith("the pattern 'slow' of config.toml took too long for a/x.log; let no")
    assert (log.format if log.decoder else None) == told
    assert fault in (log.refused or log.why)
    assert "pattern" not in (other.refused or "")


def test_its_process_ends_with_ours(beeps: ForeignFormat) -> None:
    beeps.sniff(b"BEEP", "x")
    process = beeps._workers[0]._process
    assert process is not None
    apart.end_all()
    assert process.wait(PATIENCE_S) != 0


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_is_bounded_by_the_system_and_not_by_us(beeps: ForeignFormat) -> None:
    """Even where our own process has ended meanwhile, and nobody kills it."""
    beeps.sniff(b"BEEP", "x")
    process = beeps._workers[0]._process
    assert process is not None
    assert process.stdin is not None
    head = b'{"do": "sniff", "module": "lossmon_beeps", "name": "x", "limit_s": 0.3, "forget": []}'
    process.stdin.write(apart.HEADER.pack(len(head), 10) + head + b"HANG SNIFF")
    process.stdin.flush()
    assert os.WIFSIGNALED(os.waitpid(process.pid, 0)[1])
