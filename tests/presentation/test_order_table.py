"""What is named first, what a run is told on twenty lines, and what a picture lacks: each rule alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lossmon.chart.picture import ChartSpec, Curve
from lossmon.diagnosis.finding import Cause, Finding, Severity
from lossmon.diagnosis.knowledge import load
from lossmon.errors import TargetError
from lossmon.monitor.update import RunUpdate
from lossmon.presentation.brief import LINES, WIDTH, _words, brief
from lossmon.presentation.export import _cell, check_output
from lossmon.presentation.plot import _within, lacks_axis, lacks_strip, render
from lossmon.presentation.verdict import headline, title_of
from lossmon.text import cell_width
from lossmon.words import said
from tests.chart.test_chart import view
from tests.monitor.test_news import _run

EN = load()


def finding(pattern: str, severity: Severity = "warning", confidence: float = 0.9) -> Finding:
    return Finding(pattern, severity, confidence, 120, "loss", said("it is so"))


def with_(*findings: Finding, **more: Any) -> RunUpdate:
    update = _run()
    return replace(update, diagnosis=replace(update.diagnosis, findings=findings), **more)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (finding("rebound", "critical", 0.1), finding("overfitting", "warning")),
        (finding("rebound", "warning", 0.1), finding("plateau", "info")),
        (finding("rebound", confidence=0.1), finding("stalled")),
        (finding("stalled", "critical"), finding("rebound")),
        (finding("spike", "info", 0.1), finding("healthy", "info")),
        (finding("spike", "info", 0.1), finding("healthy_pair", "info")),
        (finding("spike", "info", 0.1), finding("finished", "info")),
        (finding("rebound", confidence=0.1), finding("slowdown")),  # a verdict says more
        (finding("rebound", confidence=0.9), finding("overfitting", confidence=0.8)),
    ],
    ids=lambda one: f"{one.severity} {one.pattern} {one.confidence}",
)
def test_what_is_named_first(first: Finding, second: Finding) -> None:
    for findings in ((first, second), (second, first)):
        assert headline(with_(*findings)) is first
        hushed = with_(*findings, hushed=frozenset({first.pattern}))
        assert headline(hushed) is second, "what is hushed comes last"
    assert headline(with_()) is None


SICK = replace(
    finding("overfitting"),
    causes=(Cause("small_data", said("120 samples")), Cause("lr_too_high"), Cause("memorising")),
)


@pytest.mark.parametrize(
    ("findings", "starts"),
    [
        ((), ["Nothing stands out"]),
        ((SICK,), ["OVERFITTING", "likely: ", "often: ", "do: ", "do: "]),
        ((replace(SICK, causes=SICK.causes[:1]),), ["OVERFITTING", "likely: ", "do: ", "do: "]),
        ((finding("healthy", "info"),), ["HEALTHY: it is so"]),
        ((finding("healthy", "info"), finding("spike", "info")), ["SPIKE", "Healthy"]),
    ],
    ids=["nothing", "two causes of three", "one", "well", "well, and another"],
)
def test_a_run_in_few_words(findings: tuple[Finding, ...], starts: list[str]) -> None:
    lines = [line for line in _words(with_(*findings), EN) if not line.startswith(" ")]
    begins = iter(lines)
    for start in starts:
        assert any(line.startswith(start) for line in begins), (start, lines)
    told = brief(with_(*findings), EN, ascii=False)
    assert told.endswith("\n")
    assert len(told.splitlines()) == LINES
    assert max(map(cell_width, told.splitlines())) <= WIDTH


def test_several_runs_on_one_chart_lack_no_strip() -> None:
    run = _run()
    assert lacks_strip([run], "GPU").endswith("drawn without")
    assert lacks_strip([run, run], "GPU") == ""
    assert lacks_strip([run], "off") == ""


@pytest.mark.parametrize(("axis", "lacks"), [("step", False), ("epoch", True), ("tokens", True)])
def test_an_axis_that_no_run_has_is_told(axis: str, lacks: bool) -> None:
    run = _run()
    assert bool(lacks_axis([run], axis)) == lacks
    timed = replace(run, series={"loss": replace(run.series["loss"], epoch=np.arange(60) / 9)})
    assert bool(lacks_axis([run, timed], axis)) == (axis == "tokens"), "one of them has it"


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [(None, None, None), (10, None, (10, 60)), (None, 20, (1, 20)), (10, 20, (10, 20)),
     (20, 20, "not before"), (21, 20, "not before")],
)  # fmt: skip
def test_a_part_of_the_axis(start: float | None, end: float | None, found: Any) -> None:
    spec = ChartSpec((Curve("train", "train", view(np.arange(1.0, 61))),), 50, 10)
    if found == "not before":
        with pytest.raises(TargetError, match="is not before --to"):
            _within(spec, start, end)
        return
    plot = _within(spec, start, end).plot
    assert plot is not None
    assert (plot.x.low, plot.x.high) == (found or (1, 60))
    other = replace(spec, x_axis="epoch")  # of a run without epochs
    whole = _within(other, start, end).plot
    assert whole is not None
    assert (whole.x.low, whole.x.high) == (1, 60)


@pytest.mark.parametrize("runs", [1, 2])
@pytest.mark.parametrize(("height", "rows"), [(3, 5), (7, 7), (12, 12)])
def test_a_picture_has_its_rows_with_title_and_verdict(runs: int, height: int, rows: int) -> None:
    made = [replace(_run(), run=f"run{at}") for at in range(runs)]
    look: dict[str, Any] = {"color": False, "ascii": True, "knowledge": EN}
    lines = render(made, 60, height, **look).split("\n")
    least = 7 if runs == 1 else 6
    assert len(lines) == max(rows, least)
    assert lines[0].startswith("2 runs" if runs == 2 else "run0  ")
    assert lines[-1].startswith(title_of(made[0], EN)) == (runs == 1)
    bare = render(made, 60, height, titled=False, **look).split("\n")
    assert len(bare) == len(lines) - (2 if runs == 1 else 1)


@pytest.mark.parametrize(
    ("name", "cell"),
    [("=1+1", "'=1+1"), ("+a", "'+a"), ("-a", "'-a"), ("@a", "'@a"), ("a=1", "a=1"), ("", ""),
     ("a\rb", "a\\u000db")],
)  # fmt: skip
def test_no_cell_is_a_formula(name: str, cell: str) -> None:
    assert _cell(name) == cell


@pytest.mark.parametrize(
    ("path", "says"),
    [("x.txt", "ends in .csv, .jsonl, .parquet"), ("none/x.csv", "there is no folder none"),
     ("x.csv", ""), ("./x.jsonl", "")],
)  # fmt: skip
def test_where_points_can_be_written(
    path: str, says: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if not says:
        check_output(path)
        return
    with pytest.raises(TargetError, match=says):
        check_output(path)
