"""What began and ended between two looks; how a run stands; what a box asks first: tables."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lossmon.diagnosis.finding import Finding
from lossmon.hparams import Hparams
from lossmon.logs.source import Health
from lossmon.monitor import questions
from lossmon.monitor.changes import Changes
from lossmon.monitor.own import is_own
from lossmon.monitor.pace import Pace, Rhythm
from lossmon.monitor.questions import ask_first
from lossmon.monitor.sibling import Siblings, is_well, parts_at
from lossmon.monitor.standing import describe, standing
from lossmon.monitor.update import RunUpdate
from lossmon.words import ENGLISH
from tests.chart.test_chart import view
from tests.chart.test_views import run_of

BASE = run_of([{"step": i, "loss": 2 - i / 50} for i in range(1, 41)])


def run(findings: str = "", name: str = "a", **changes: Any) -> RunUpdate:
    """A run of which "spike:loss" and the like hold."""
    found = tuple(
        Finding(one.split(":")[0], "warning", 0.9, 1, one.split(":")[1], "")  # type: ignore[arg-type]
        for one in findings.split()
    )
    return replace(BASE, run=name, diagnosis=replace(BASE.diagnosis, findings=found), **changes)


def told(changes: Any) -> list[str]:
    return [
        f"{one.event} {one.finding.pattern}:{one.finding.metric} {one.update.run}"
        for one in changes
    ]


@pytest.mark.parametrize(
    ("before", "now", "events"),
    [
        ("", "spike:loss", ["started spike:loss a"]),
        ("spike:loss", "spike:loss", []),
        ("spike:loss", "", ["ended spike:loss a"]),
        ("spike:loss", "spike:acc", ["ended spike:loss a", "started spike:acc a"]),
        ("spike:loss", "spike:loss nan:loss".replace("nan", "plateau"), ["started plateau:loss a"]),
    ],
)
def test_what_began_and_ended(before: str, now: str, events: list[str]) -> None:
    changes = Changes()
    changes.take([run(before)])
    assert told(changes.take([run(now)])) == events


@pytest.mark.parametrize(
    ("first", "present", "event"),
    [("started", False, "started"), ("present", False, "present"), ("started", True, "present")],
)
def test_what_holds_of_a_run_that_is_new(first: Any, present: bool, event: str) -> None:
    changes = Changes(first)
    assert told(changes.take([run("spike:loss")], present=present)) == [f"{event} spike:loss a"]
    assert told(changes.take([run("spike:loss plateau:loss")])) == ["started plateau:loss a"]


def test_a_run_that_gets_another_name_goes_on() -> None:
    changes = Changes()
    changes.take([run("spike:loss")])
    moved = [run(removed=True), run("spike:loss plateau:loss", "b")]
    assert told(changes.take(moved)) == ["started plateau:loss b"]
    assert told(changes.take([run("spike:loss")])) == ["started spike:loss a"]  # and is forgotten


@pytest.mark.parametrize(
    ("head", "own"),
    [
        (b"run,metric,step,epoch,time,value\n", True),
        (b"run,metric,step,epoch,time,value", True),
        (b"run,metric,step,epoch,time,value,stage\r\n", True),
        (b"run,metric,step,epoch,time,value\r\n", True),
        (b"run,metric,step,epoch,time,values\n", False),
        (b"step,run,metric,step,epoch,time,value\n", False),
        (b'{"run":"a","metric":"loss","step":1,"value":2}\n', True),
        (b'{"run":"a","metric":"loss","step":1}\n', False),
        (b'{"run":"a","metric":"loss","step":1,"value":', False),
        (b'{"metric":"loss","run":"a","step":1,"value":2}\n', False),
        (b"", False),
    ],
)
def test_what_lossmon_wrote_itself_is_no_log(head: bytes, own: bool) -> None:
    assert is_own(head) == own


RHYTHM = Rhythm(usual_gap_s=30.0, pause_s=600.0)


@pytest.mark.parametrize(
    ("state", "age_s", "rhythm", "word", "note"),
    [
        ("failed", 9.0, RHYTHM, "failed", "OOM"),
        ("finished", 9.0, RHYTHM, "finished", ""),
        ("stalled", 900.0, RHYTHM, "stalled", "no new line for 15 min; usually one every 30 s, pauses of 10 min"),
        ("stalled", 900.0, Rhythm(), "stalled", "no new line for 15 min"),
        ("stalled", None, RHYTHM, "stalled", ""),
        ("silent", 900.0, Rhythm(), "silent", "no new line for 15 min"),
        ("running", 90.0, RHYTHM, "running", "one every 30 s, pauses of 10 min"),
        ("running", 90.1, RHYTHM, "quiet", "no new line for 2 min; usually one every 30 s, pauses of 10 min; stalled after 5 min"),
        ("running", 60.0, Rhythm(), "running", ""),
        ("running", 60.1, Rhythm(), "quiet", "no new line for 60 s; stalled after 5 min"),
        ("running", None, Rhythm(), "running", ""),
        ("running", 9.0, Rhythm(burst_s=50.0), "buffered", "rows come in bursts, one every 50 s"),
        ("running", 151.0, Rhythm(burst_s=50.0), "quiet", "no new line for 3 min; usually a burst of rows every 50 s; stalled after 5 min"),
    ],
)  # fmt: skip
def test_a_word_for_how_a_run_stands(
    state: Any, age_s: float | None, rhythm: Rhythm, word: str, note: str
) -> None:
    found = describe(state, age_s, rhythm, "OOM")
    assert (found.word, found.note) == (word, note)


@pytest.mark.parametrize(
    ("changes", "health", "word", "note"),
    [
        ({}, None, "running", ""),
        ({}, Health("g", "live"), "running", ""),
        ({}, Health("g", "retrying"), "link lost", "g: retrying; the newest row is 9 s old"),
        ({}, Health("g", "needs_password", "locked"), "link lost", "g: locked; the newest row is 9 s old"),
        ({"last_row_time": None}, Health("g", "gone"), "link lost", "g: gone"),
        ({"state": "finished"}, Health("g", "gone"), "finished", ""),
        ({"lost": "deleted"}, None, "gone", "deleted"),
        ({"lost": "deleted", "state": "failed", "state_note": "OOM"}, None, "failed", "OOM"),
        ({"loading": 0.5}, None, "reading", "50% of the log was read"),
        ({"loading": 0.5, "state": "finished"}, None, "finished", ""),
        ({"last_row_time": 900.0, "writer": True, "state_note": "it waits"}, None, "quiet", "it waits"),
        ({"last_row_time": 900.0, "writer": None, "state_note": "it waits"}, None, "quiet", "no new line for 2 min; stalled after 5 min"),
        ({"writer": True, "state_note": "it waits"}, None, "running", ""),
        ({"last_row_time": 2000.0}, None, "running", ""),  # a clock that is ahead
    ],
)  # fmt: skip
def test_how_a_run_stands(
    changes: dict[str, Any], health: Health | None, word: str, note: str
) -> None:
    told = {"state": "running", "last_row_time": 991.0, "rhythm": Rhythm(), **changes}
    found = standing(run(**told), 1000.0, health)
    assert (found.word, found.note) == (word, note)


@pytest.mark.parametrize(
    ("rhythm", "quiet_s"),
    [(Rhythm(), 60), (Rhythm(20.0), 60), (Rhythm(21.0), 63), (Rhythm(1.0, None, 40.0), 120),
     (Rhythm(500.0, None, None, 300.0), 300)],
)  # fmt: skip
def test_silence_that_is_worth_a_word(rhythm: Rhythm, quiet_s: float) -> None:
    assert rhythm.quiet_s == quiet_s


@pytest.mark.parametrize(
    ("rows", "speed"),
    [
        ([(0, 10), (5, 20)], 2.0), ([(0, 10)], None), ([(0, 10), (0, 20)], None),
        ([(0, 10), (5, 10)], None), ([(0, 10), (5, 20), (6, 5), (8, 9)], 2.0),  # resumed
        ([(0, 10), (5, 20), (3, 30)], 2.0), ([(0, None), (5, 20)], None),
    ],
)  # fmt: skip
def test_the_speed_of_the_newest_rows(
    rows: list[tuple[float, int | None]], speed: float | None
) -> None:
    pace = Pace()
    for at, step in rows:
        pace.note(at, step, live=True)
    assert pace.steps_per_s == speed
    assert pace.seen_live == (len({at for at, _ in rows}) > 1)


# -- siblings --------------------------------------------------------------------------------------


def configured(name: str, findings: str = "", **settings: Any) -> RunUpdate:
    return run(findings, name, hparams=Hparams(settings), state="running")


@pytest.mark.parametrize(
    ("others", "sibling"),
    [
        ([configured("b", lr=1, bs=2, wd=4)], "b"),
        ([configured("b", lr=1, bs=9, wd=9)], None),  # they share too little
        ([configured("b", "spike:loss", lr=1, bs=2, wd=4)], None),  # it is no better
        ([replace(configured("b", lr=1, bs=2, wd=4), state="failed")], None),
        ([configured("b", lr=1, bs=2, wd=4), configured("c", lr=1, bs=2, wd=3, x=1)], "c"),
        ([configured("b", lr=100, bs=2, wd=3), configured("c", lr=10, bs=2, wd=3)], "c"),  # nearer
        ([], None),
    ],
)
def test_the_nearest_run_that_is_well(others: list[RunUpdate], sibling: str | None) -> None:
    sick = configured("a", "spike:loss", lr=1, bs=2, wd=3)
    found = Siblings([sick, *others]).of(sick)
    assert (found.run if found else None) == sibling
    assert Siblings([*others, sick]).of(configured("z", "spike:loss", lr=1)) is None


def test_what_differs_is_told_numbers_first_six_at_most() -> None:
    same = {f"s{i}": 0 for i in range(12)}
    sick = configured("a", "spike:loss", **same, opt="adam", **{f"d{i}": i for i in range(7)})
    well = configured("b", **same, opt="sgd", more=1, **{f"d{i}": i + 1 for i in range(6)})
    found = Siblings([sick, well]).of(sick)
    assert found is not None
    assert [one.name for one in found.differs] == [f"d{i}" for i in range(6)]
    assert (found.differs[0].here, found.differs[0].there, found.more) == ("0", "1", 3)
    lines = found.in_words(ENGLISH)
    assert lines[0] == "b"
    assert lines[1].startswith("d0 0 (there 1), d1 1 (there 2)")
    assert lines[1].endswith(", +3")
    assert is_well(well)
    assert not is_well(sick)


@pytest.mark.parametrize(
    ("one", "two", "at"),
    [
        ([1.0] * 64, [1.0] * 64, None),
        ([3 - i / 32 for i in range(32)] + [9.0] * 32, [3 - i / 32 for i in range(64)], 32),
        ([9.0] * 64, [1.0] * 64, 1),
        ([9.0] * 32 + [1.0] * 32, [1.0] * 64, None),  # they come together again
        ([float("nan")] * 64, [1.0] * 64, 1),
        ([9.0] * 7, [1.0] * 64, None),  # too few points
        ([9.0] * 8, [1.0] * 64, 1),
        ([], [1.0] * 64, None),
    ],
)
def test_where_two_curves_part(one: list[float], two: list[float], at: int | None) -> None:
    assert parts_at(view(one), view(two)) == at
    assert parts_at(None, view(two)) is None


# -- questions of ssh ------------------------------------------------------------------------------


class Boxes:
    """Boxes whose states come in turn, one a look."""

    def __init__(self, *looks: dict[str, str], useful: bool = True) -> None:
        self.looks, self.asked, self.useful = list(looks), [], useful

    def hosts(self) -> list[Health]:
        return [Health(name, state, "locked") for name, state in self.looks[0].items()]  # type: ignore[arg-type]

    def ask(self, host: str) -> bool:
        self.asked.append(host)
        self.next()
        return self.useful

    def next(self) -> None:
        if len(self.looks) > 1:
            self.looks.pop(0)


@pytest.mark.parametrize(
    ("looks", "useful", "asked", "said", "slept"),
    [
        ([{"a": "live"}], True, [], [], 0),
        ([{}], True, [], [], 0),
        ([{"a": "connecting"}] * 3 + [{"a": "live"}], True, [], [], 3),
        ([{"a": "needs_password"}, {"a": "live"}], True, ["a"], ["a: locked"], 0),
        ([{"a": "needs_password"}] * 2, False, ["a"], ["a: locked"], 0),  # not asked twice in vain
        ([{"a": "needs_password", "b": "connecting"}, {"a": "live", "b": "connecting"}, {"b": "live"}],
         True, ["a"], ["a: locked"], 1),
        ([{"a": "connecting", "b": "connecting"}], True, [], ["connecting to a, b …"], 101),
    ],
)  # fmt: skip
def test_a_box_may_ask_before_the_screen_opens(
    looks: list[dict[str, str]], useful: bool, asked: list[str], said: list[str], slept: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    now, naps = [0.0], []
    boxes = Boxes(*looks, useful=useful)

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        now[0] += seconds
        boxes.next()

    monkeypatch.setattr(questions, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=sleep))
    told: list[str] = []
    ask_first(boxes, told.append, within_s=2.0)  # type: ignore[arg-type]
    assert (boxes.asked, told) == (asked, said)
    assert len(naps) == pytest.approx(slept, abs=1)


@pytest.mark.parametrize("sick", [250, 400, 900, 1500])
@pytest.mark.parametrize("healthy", [250, 400, 1500, 6000])
def test_where_two_curves_part_does_not_depend_on_their_lengths(sick: int, healthy: int) -> None:
    """The demo said 151 while its runs were short and 415 when they had ended."""
    rng = np.random.default_rng(5)
    calm = np.exp(-np.arange(healthy) / 80) + 0.06 * rng.lognormal(0, 0.3, healthy)
    wild = np.exp(-np.arange(sick) / 80) + 0.06 * rng.lognormal(0, 0.3, sick)
    wild[150:] = 2e5 * rng.lognormal(0, 0.7, sick - 150)
    at = parts_at(view(wild.tolist()), view(calm.tolist()))
    assert at is not None
    assert abs(at - 151) <= 6, "by two blocks of the rows that one needs to tell"
