"""What the table and a page say of a run, rule by rule."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from lossmon.diagnosis.finding import Cause, Finding, TimelineEntry
from lossmon.diagnosis.knowledge import load
from lossmon.diagnosis.knowledge.names import called
from lossmon.errors import ConfigError
from lossmon.report import document
from lossmon.report.annotations import Note, github, sarif
from lossmon.report.check import as_table, at_or_above, fails, need
from lossmon.report.explain import explain
from lossmon.text import cell_width
from lossmon.words import LANGUAGES, said
from tests.chart.test_views import run_of
from tests.conftest import falling, training_rows

EN = load("en")
RATE = Cause("lr_too_high", said("the rate is {rate}", rate=4))
SICK = Finding(
    "overfitting",
    "warning",
    0.9,
    1800,
    "loss",
    said("rose {by}", by=3),
    (Cause("small_data"), RATE),
)
WELL = Finding("healthy", "info", 0.9, 7, "loss", "falls")
DEAD = Finding("diverged", "critical", 0.9, 7, "loss", "is NaN")


def run(name: str, *findings: Finding, **changes: Any) -> Any:
    base = run_of(training_rows(falling(30)))
    return replace(base, run=name, diagnosis=replace(base.diagnosis, findings=findings), **changes)


def test_a_table_has_those_first_that_need_attention() -> None:
    runs = [run("well", WELL), run("b", SICK), run("a", SICK), run("dead", DEAD), run("new")]
    lines = as_table(runs, EN, 100).splitlines()
    assert [line.split()[1] for line in lines if line[0] != " "] == ["dead", "a", "b", "well"]
    assert lines[-1].split()[0] == "well" or lines[-1].startswith("·  well")
    assert need(runs[3]) < need(runs[2]) < need(runs[1]) < need(runs[4]) < need(runs[0])
    assert all(cell_width(line) <= 100 for line in lines)


@pytest.mark.parametrize(("ascii", "signs"), [(False, "✗!·"), (True, "x!.")])
def test_signs_say_how_bad_it_is(ascii: bool, signs: str) -> None:
    text = as_table([run("d", DEAD), run("s", SICK), run("w", WELL)], EN, 100, ascii=ascii)
    assert "".join(line[0] for line in text.splitlines() if line[0] != " ") == signs
    assert text.isascii() == ascii or not ascii


def test_below_a_run_stands_what_was_seen_why_and_what_to_do() -> None:
    text = " ".join(as_table([run("s", SICK)], EN, 200).split())
    assert text.index("seen: rose 3") < text.index("likely: ") < text.index("do: ")
    assert "(the rate is 4)" in text  # what was measured goes before what is only typical
    assert text.count("do: ") == 2
    alone = as_table([run("s", replace(SICK, causes=(Cause("small_data"),)))], EN, 200)
    assert "often: " in alone
    assert "likely: " not in alone
    assert len(as_table([run("w", WELL)], EN, 200).splitlines()) == 2
    told = as_table([run("w", WELL, errors=("torn \x1b",))], EN, 200).splitlines()
    assert told[2] == "   error: torn "[: len(told[2])]


def test_other_causes_stand_behind_the_likeliest_where_nothing_rules_them_out() -> None:
    ids = ("guessing", "bad_labels", "collapsed", "frozen_gradients")
    several = replace(SICK, causes=(Cause("unscaled", "0 to 255"), *map(Cause, ids)))
    text = " ".join(as_table([run("s", several)], EN, 200).split())
    named = [EN.cause(one).text.split(":")[0] in text for one in ids]
    assert named == [False, True, True, True]  # those that say how it came about
    assert text.index("likely: ") < text.index("or: labels do not match") < text.index("do: ")
    sure = replace(
        SICK, causes=(Cause("nothing_updated", "figures come again"), Cause("collapsed"))
    )
    assert "or: " not in as_table([run("s", sure)], EN, 200)


@pytest.mark.parametrize(
    ("changes", "cells"),
    [
        ({"step": None}, ["-"]),
        ({"step": 1200, "total_steps": 5000}, ["1,200/5,000"]),
        ({"step": 1200, "total_steps": None}, ["1,200"]),
        ({"state": "silent"}, ["silent"]),
        ({"state": "finished"}, ["finished"]),
        ({"train": None}, ["-", "-"]),
        ({"step": 10**30}, ["1" + ",000" * 6 + ",…"]),
    ],
)
def test_a_row_of_the_table(changes: dict[str, Any], cells: list[str]) -> None:
    (_, row) = as_table([run("w", WELL, **changes)], EN, 160).splitlines()
    assert [cell for cell in cells if cell not in row.split()] == []


def test_on_a_narrow_terminal_a_name_goes_without_the_folder_of_all() -> None:
    runs = [run(f"a/very/long/folder/of/runs/seed{i}", SICK) for i in range(2)]
    wide, narrow = (as_table(runs, EN, width) for width in (200, 70))
    assert "a/very/long/folder/of/runs/seed0" in wide
    assert "folder" not in narrow
    assert "seed0" in narrow
    assert max(map(cell_width, narrow.splitlines())) <= 70


@pytest.mark.parametrize(
    ("found", "fail_on", "bad"),
    [
        ([], ["info"], False), (["info"], ["info"], True), (["info"], ["warning"], False),
        (["critical"], ["warning"], True), (["warning"], ["critical"], False),
        (["critical"], ["never"], False), (["warning"], ["critical", "warning"], True),
        (["critical"], [], False), (["critical"], ["behind"], False),
    ],
)  # fmt: skip
def test_what_a_command_fails_on(found: list[str], fail_on: list[str], bad: bool) -> None:
    assert at_or_above(found, fail_on) == bad
    by = {"info": WELL, "warning": SICK, "critical": DEAD}
    assert fails([run("x", *(by[one] for one in found))], {}, fail_on) == bad


# -- a page ----------------------------------------------------------------------------------------


def page(form: str, update: Any, lang: str = "en") -> str:
    make = document.as_html if form == "html" else document.as_markdown
    return make(update, load(lang), 1.8e9)


@pytest.mark.parametrize("form", ["md", "html"])
def test_a_page_says_all_of_a_run(form: str) -> None:
    entries = [
        TimelineEntry("spike", "info", "loss", i, i + 1, i + 2 if i else None) for i in range(45)
    ]
    update = run(
        "a*b<c>", SICK, WELL, total_steps=5000, errors=("torn",), eta_s=90.0, state="running"
    )
    update = replace(update, diagnosis=replace(update.diagnosis, timeline=tuple(entries)))
    text = page(form, update)
    if form == "md":
        assert text.startswith("# a\\*b\\<c\\>\n\n**OVERFITTING since step 1,800: rose 3**")
        assert text.count("```") == 2
        rows = re.findall(r"^\| (\d+) \| Spike \| (\d+) \| (\d*) \|$", text, re.M)
    else:
        assert "<h1>a*b&lt;c&gt;</h1>" in text
        assert '<p class="warning"><strong>OVERFITTING' in text
        assert text.count("<svg") == 1
        assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace(
            "http-equiv", ""
        )
        rows = re.findall(
            r"<tr><td>(\d+)</td><td>Spike</td><td>(\d+)</td><td>(\d*)</td></tr>", text
        )
    assert len(rows) == 40  # the newest
    assert rows[0] == ("6", "5", "7")
    assert rows[-1] == ("45", "44", "46")
    bare = re.sub(r"\\(.)", r"\1", re.sub(r"<[^>]*>", " ", text))
    for words in ("300 / 5,000", "2 min", "torn", "rose 3", "the rate is 4", "jsonl"):
        assert words in bare, words
    assert bare.count("do: ") == len(EN.remedies(SICK))  # of what is well nothing is to be done
    assert page(form, update, "zh") != text


def test_what_is_not_known_has_no_row() -> None:
    update = run("x", WELL, step=None, eta_s=90.0, state="finished", eval=None)
    text = page("md", update)
    assert "| - |" in text
    assert "2 min" not in text


# -- annotations -----------------------------------------------------------------------------------


def test_annotations_end_nowhere_too_early() -> None:
    note = Note("a:b", "spike", "warning", "t,%", "one\ntwo%\r", "x,y:z/log")
    assert github([note, note._replace(path="")]).splitlines() == [
        "::warning file=x%2Cy%3Az/log,title=a%3Ab%3A t%2C%25::one%0Atwo%25%0D",
        "::warning title=a%3Ab%3A t%2C%25::one%0Atwo%25%0D",
    ]
    told = json.loads(sarif([note, note._replace(about="diverged"), note], EN))
    (one,) = told["runs"]
    assert one["tool"]["driver"]["rules"][0]["id"] == "spike"
    assert [result["ruleIndex"] for result in one["results"]] == [0, 1, 0]
    place = one["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert place == "x%2Cy%3Az/log"


# -- the reference ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "overfitting",
        "Overfitting",
        " over-fitting ".replace("-f", "f"),
        "train high eval low",
        "grad-nan",
    ],
)
def test_a_pattern_is_found_by_its_name(name: str) -> None:
    text = explain(name, "en", 80)
    assert re.search(r"^\S.* {2}\([a-z_]+\)$", text.splitlines()[0])
    assert max(map(cell_width, text.splitlines())) <= 80


def test_a_pattern_is_found_by_its_title_in_any_language() -> None:
    for id_ in load("en").patterns:
        titles = {load(lang).patterns[id_].title for lang in LANGUAGES}
        assert {called(title) for title in titles} == {id_}
    assert explain(load("en").patterns["rebound"].title, "zh", 80) == explain("rebound", "zh", 80)


@pytest.mark.parametrize(
    ("name", "says"),
    [("overfiting", "no pattern 'overfiting'; did you mean overfitting? `lossmon explain` lists"),
     ("持续不收敛", "no pattern '持续不收敛'; did you mean 持续下降但不收敛? `lossmon explain` lists"),
     ("", "no pattern ''; `lossmon explain` lists them"),
     ("zzz", "no pattern 'zzz'; `lossmon explain` lists them")],
)  # fmt: skip
def test_what_is_no_pattern_is_refused(name: str, says: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(says)):
        explain(name, "en", 80)


def test_limits_are_told_where_they_are_asked_for() -> None:
    brief, long = (explain("overfitting", "en", 80, verbose=one) for one in (False, True))
    assert long.startswith(brief)
    assert len(long) > len(brief)
    assert explain("finished", "en", 80, verbose=True) == explain("finished", "en", 80)
    table = explain(None, "en", 60)
    assert "overfitting" in table
    assert max(map(cell_width, table.splitlines())) <= 60
