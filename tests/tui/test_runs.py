"""The runs of a screen without one: chosen, sorted, grouped, marked, and left for the next screen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lossmon.diagnosis.finding import Diagnosis, Finding
from lossmon.diagnosis.knowledge import load
from lossmon.hparams import Hparams
from lossmon.monitor import RunUpdate
from lossmon.session import Session
from lossmon.tui.runs import Runs
from lossmon.tui.triage import Scene
from tests.tui.synthetic import update_of

SCENE = Scene(0.0, load("en"))
ILL = Diagnosis((Finding("diverged", "critical", 0.9, 1, "loss", ""),))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> RunUpdate:
    return update_of(tmp_path_factory.mktemp("runs") / "log.jsonl")


@pytest.fixture
def runs(base: RunUpdate) -> Runs:
    """Of two rates two seeds each; a2 calls for attention."""
    made = Runs()
    for name, lr, seed in (("a1", 0.1, 1), ("a2", 0.1, 2), ("b1", 0.2, 1), ("b2", 0.2, 2)):
        set_ = Hparams({"lr": lr, "seed": seed})
        found = ILL if name == "a2" else Diagnosis(())
        made.updates[name] = replace(base, run=name, hparams=set_, diagnosis=found)
    return made


def names(runs: Runs) -> list[str]:
    return [line.run for line in runs.shown(SCENE)]


def settled(runs: Runs) -> str | None:
    runs.settle(runs.shown(SCENE))
    return runs.chosen


def test_the_first_is_looked_at_until_another_is_chosen(runs: Runs) -> None:
    assert settled(runs) == "a2", "which calls for attention"
    runs.updates["a2"] = replace(runs.updates["a2"], diagnosis=Diagnosis(()))
    assert settled(runs) == names(runs)[0] == "a1"
    runs.choose("b1")
    assert settled(runs) == "b1"
    del runs.updates["b1"]
    assert settled(runs) == "a1"
    assert not runs.by_hand


def test_lines_are_gone_through_round_and_round(runs: Runs) -> None:
    assert names(runs) == ["a2", "a1", "b1", "b2"]
    seen = []
    for by in (1, 1, 1, 1, -1):
        settled(runs)
        runs.choose(runs.beside_chosen(by, SCENE) or "")
        seen.append(runs.chosen)
    assert seen == ["a1", "b1", "b2", "a2", "b2"]
    assert Runs().beside_chosen(1, SCENE) is None


def test_what_does_not_pass_the_filter_is_not_looked_at(runs: Runs) -> None:
    runs.choose("b1")
    runs.filter = "a1"
    assert (settled(runs), runs.passing, runs.filtered) == ("a1", 1, True)
    runs.filter = "nothing is called so"
    assert settled(runs) is None
    assert runs.chosen_run is None
    runs.filter = ""
    assert (settled(runs), runs.passing, runs.filtered) == ("a2", 4, False)


def test_a_group_is_a_line_and_is_looked_at_by_what_is_worst_in_it(runs: Runs) -> None:
    runs.choose("b2")
    runs.group("lr")
    lines = names(runs)
    assert [sorted(one.run for one in runs.folds[line].members) for line in lines] == [
        ["a1", "a2"],
        ["b1", "b2"],
    ]
    runs.choose(lines[0])
    assert runs.chosen_line is runs.folds[lines[0]]
    assert runs.chosen_run is not None
    assert runs.chosen_run.run == "a2"
    assert runs.fold()
    assert names(runs) == [lines[0], "a2", "a1", lines[1]]
    assert runs.opened == {lines[0], "a1", "a2"}
    runs.choose("a1")
    assert runs.fold(), "from one of its runs"
    assert (runs.chosen, names(runs)) == (lines[0], lines)
    runs.group("")
    assert (len(names(runs)), runs.fold()) == (4, False)


def test_a_mark_on_a_group_marks_its_runs_and_takes_them_away(runs: Runs) -> None:
    assert not runs.mark(), "nothing is chosen"
    runs.group("lr")
    runs.choose(names(runs)[0])
    runs.mark()
    assert sorted(runs.marked) == ["a1", "a2"]
    assert runs.others == []
    runs.overlaid = True
    assert sorted(run.run for run in runs.others) == ["a1", "a2"]
    gone = runs.updates.pop("a1")
    assert [run.run for run in runs.marked_runs] == ["a2"]
    runs.updates["a1"] = gone
    runs.mark()
    assert not runs.marked


def test_another_order_leaves_what_is_looked_at(runs: Runs) -> None:
    settled(runs)
    seen = [runs.order]
    while (order := runs.next_order(SCENE)) not in seen:
        runs.sort(order)
        seen.append(order)
    assert {"need", "step", "config:lr"} <= set(seen)
    assert order == "need"
    assert settled(runs) == "a2"
    assert runs.by_hand
    runs.sort("no column")
    assert runs.order == "need"


def test_the_same_baseline_again_is_none(runs: Runs) -> None:
    runs.compare_with(runs.updates["b1"])
    runs.sort("versus")
    base = runs.baseline()
    assert base is not None
    assert base.run == "b1"
    runs.compare_with(runs.updates["b1"])
    assert (runs.baseline(), runs.order) == (None, "need")


def test_the_next_screen_begins_as_this_one_was_left(runs: Runs, base: RunUpdate) -> None:
    runs.group("lr")
    runs.choose(names(runs)[1])
    runs.fold()
    runs.sort("step")
    runs.filter = "b"
    runs.choose("b2")
    runs.mark()
    runs.compare_with(runs.updates["b1"])
    left = runs.left()
    again = Runs()
    again.recall(left)
    assert again.left() == left, "as long as no run came"
    again.updates["b1"] = runs.updates["b1"]
    assert settled(again) != "b2"
    assert again.baseline() is not None
    again.updates |= runs.updates
    assert settled(again) == "b2"
    assert again.by_hand
    assert again.left() == left


def test_a_column_that_is_none_any_more_is_not_recalled() -> None:
    runs = Runs()
    runs.recall(Session(order="gone"))
    assert (runs.order, runs.by_hand) == ("need", False)
