"""The picture of a finding: what is drawn over which curve, and where marks stand; and its SVG."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from lossmon.chart.evidence import evidence_of, power_law_at
from lossmon.chart.marks import marks_of, onsets_of
from lossmon.chart.picture import ChartSpec, Curve, Mark
from lossmon.chart.readout import exact, readout, readout_height
from lossmon.chart.svg import draw_svg
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.patterns import PATTERNS
from lossmon.monitor.update import RunUpdate
from tests.chart.test_chart import view
from tests.chart.test_views import points, run_of


def rows(n: int = 100, **more: float) -> list[dict[str, object]]:
    return [
        {"step": 10 * i, "loss": 3 - i / 50, "lr": 0.1, "grad_norm": 1.0, "acc": i / 100,
         "epoch": i / 25, "timestamp": 1.7e9 + 2 * i, **more}
        for i in range(1, n + 1)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def run() -> RunUpdate:
    evals: list[dict[str, object]] = [
        {"step": s, "eval_loss": 3.2 - s / 500} for s in range(100, 1001, 100)
    ]
    return run_of([*rows(), *evals])


def finding(
    pattern: str, severity: str = "warning", metric: str = "loss", **numbers: float
) -> Finding:
    since = int(numbers.pop("since", 500))
    return Finding(pattern, severity, 0.9, since, metric, "", numbers=numbers)  # type: ignore[arg-type]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_pattern_is_drawn_over_data(run: RunUpdate, pattern: str) -> None:
    shown = evidence_of(run, finding(pattern))
    assert [curve for curve in shown.curves if not curve.guide]
    assert all(mark.step > 10 for mark in shown.marks)


@pytest.mark.parametrize(
    ("pattern", "metric", "title", "drawn"),
    [
        ("overfitting", "loss", "loss", ["loss", "eval_loss"]),
        ("rebound", "acc", "acc", ["acc"]),  # a score that falls is drawn itself
        ("rebound", "lr", "loss", ["loss", "eval_loss"]),  # the rate is a cause
        ("lr_zero", "lr", "lr", ["lr"]),
        ("grad_explosion", "grad_norm", "grad_norm", ["grad_norm"]),
        ("slowdown", "loss", "steps/s", ["steps/s"]),
    ],
)
def test_the_curve_is_the_one_that_shows_it(
    run: RunUpdate, pattern: str, metric: str, title: str, drawn: list[str]
) -> None:
    shown = evidence_of(run, finding(pattern, metric=metric))
    assert shown.metric == title
    assert [curve.view.name for curve in shown.curves if not curve.guide] == drawn


def test_the_speed_is_made_of_the_times_of_rows(run: RunUpdate) -> None:
    (curve,) = (one for one in evidence_of(run, finding("slowdown")).curves if not one.guide)
    assert curve.view.value.tolist() == pytest.approx([5.0] * 99)
    assert curve.view.step.tolist() == list(range(20, 1001, 10))
    untimed = run_of(
        [{k: v for k, v in row.items() if k != "timestamp"} | {"samples/s": 7.0} for row in rows()]
    )
    (logged,) = (one for one in evidence_of(untimed, finding("slowdown")).curves if not one.guide)
    assert set(logged.view.value.tolist()) == {7.0}
    stood = run_of([{**row, "timestamp": 1.7e9} for row in rows()])
    assert not [one for one in evidence_of(stood, finding("slowdown")).curves if not one.guide]


@pytest.mark.parametrize(
    ("numbers", "marks", "lines"),
    [
        ({}, ["since 500"], {}),
        ({"low_step": 400, "low": 2.4}, ["since 500", "lowest 400"], {(400, 1000): 2.4}),
        ({"low_step": 5, "low": 2.4}, ["since 500"], {(5, 1000): 2.4}),  # at the edge is no mark
        ({"low_step": 400, "low": float("nan")}, ["since 500", "lowest 400"], {}),
        ({"low_step": 1000, "low": 2.4}, ["since 500", "lowest 1000"], {}),  # it would be a point
        ({"low": 2.4}, ["since 500"], {(10, 1000): 2.4}),
        ({"level": 2.6}, ["since 500"], {(500, 1000): 2.6}),
    ],
)
def test_lines_and_marks_stand_at_the_numbers_of_the_finding(
    run: RunUpdate,
    numbers: dict[str, float],
    marks: list[str],
    lines: dict[tuple[int, int], float],
) -> None:
    shown = evidence_of(run, finding("rebound", **numbers))
    guides = [one for one in shown.curves if one.guide]
    assert {
        (int(one.view.step[0]), int(one.view.step[-1])): float(one.view.value[0]) for one in guides
    } == lines
    assert all(one.view.value[0] == one.view.value[-1] for one in guides)
    assert guides == list(shown.curves[: len(guides)])  # data is drawn over them
    assert [f"{one.label} {one.step}" for one in shown.marks] == marks


@pytest.mark.parametrize(
    ("severity", "style"),
    [("critical", "mark_critical"), ("warning", "mark_warning"), ("info", "mark_info")],
)
def test_a_mark_has_the_colour_of_its_severity(run: RunUpdate, severity: str, style: str) -> None:
    shown = evidence_of(run, finding("rebound", severity, low_step=400.0))
    assert [one.style for one in shown.marks if one.label == "lowest"] == ["mark_info"]  # calm
    assert {one.style for one in shown.marks if one.label == "since"} == {style}


def test_of_a_spike_only_what_is_near_is_drawn_point_by_point(run: RunUpdate) -> None:
    shown = evidence_of(run, finding("spike", spike_step=500.0))
    (train,) = (one.view for one in shown.curves if not one.guide)
    assert shown.raw
    assert (train.step[0], train.step[-1]) == (450, 550)  # 6 % of 990 steps
    assert not evidence_of(run, finding("overfitting")).raw
    alone = evidence_of(run, finding("spike", spike_step=9000.0))
    assert [len(one.view) for one in alone.curves if not one.guide] == [100, 10]


@pytest.mark.parametrize(
    ("top", "start", "log"),
    [(31.0, 1.0, True), (30.0, 1.0, False), (31.0, 0.0, False), (31.0, None, False)],
)
def test_a_loss_that_shot_up_has_a_logarithmic_axis(
    top: float, start: float | None, log: bool
) -> None:
    up = run_of([*rows(), {"step": 1010, "loss": top}])
    numbers = {} if start is None else {"start": start}
    assert evidence_of(up, finding("diverged", **numbers)).log_y == log
    assert not evidence_of(up, finding("overfitting", **numbers)).log_y


def test_restarts_and_epochs_are_marked_where_they_explain() -> None:
    resumed = run_of([*rows(60), *rows(100)[50:]])
    shown = evidence_of(resumed, finding("restart"))
    assert ("resumed", 510) in [(str(one.label), one.step) for one in shown.marks]
    stairs = evidence_of(run_of(rows()), finding("staircase"))
    epochs = [one for one in stairs.marks if one.step in (250, 500, 750, 1000)]
    assert [one.step for one in epochs] == [250, 500, 750, 1000]
    assert [str(one.label) for one in epochs].count("epoch") == 1


def test_a_fitted_law_goes_through_its_numbers() -> None:
    numbers = {"fit_step": 100.0, "fit_power": 0.5, "fit_floor": 1.0, "fit_scale": 2.0}
    assert power_law_at(numbers, np.array([100.0, 400.0, 25.0])).tolist() == [3.0, 2.0, 5.0]


# -- marks of a run --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "severity", "marked"),
    [("overfitting", "warning", True), ("diverged", "critical", True), ("spike", "info", True),
     ("not_converged", "info", True), ("healthy", "info", False), ("finished", "info", False)],
)  # fmt: skip
def test_a_finding_with_a_place_is_marked(
    run: RunUpdate, pattern: str, severity: str, marked: bool
) -> None:
    told = replace(run.diagnosis, findings=(finding(pattern, severity),))
    marks = onsets_of(replace(run, diagnosis=told))
    assert [(one.step, one.label) for one in marks] == [(500, pattern.replace("_", " "))] * marked


@pytest.mark.parametrize(
    ("evals", "best"),
    [
        ([3, 2, 1, 2], "best eval 1"),
        ([3, 2, 1], None),  # of three none is called the best
        ([4, 3, 2, 1], None),  # nor the newest
        ([3, 1, 1, 2], "best eval 1"),
        ([3, float("nan"), 1, 2], "best eval 1"),
        ([float("nan")] * 4, None),
    ],
)
def test_the_best_evaluation_is_marked_where_it_is_not_the_newest(
    evals: list[float], best: str | None
) -> None:
    told = [{"step": 100 * (i + 1), "eval_loss": value} for i, value in enumerate(evals)]
    marks = [one for one in marks_of(run_of([*rows(), *told])) if one.style == "mark_best"]
    assert [str(one.label) for one in marks] == ([best] if best else [])
    if best:
        assert marks[0].step == 100 * (evals.index(1) + 1)


@pytest.mark.parametrize(
    ("rates", "labels"),
    [
        ([0.1] * 50 + [0.01] * 50, ["lr /10"]),
        ([0.1] * 50 + [0.2] * 50, ["lr x2"]),
        ([0.02] * 50 + [1e5] * 50, ["lr x5e6"]),
        ([0.1] * 50 + [0.14] * 50, []),  # less than half as much again
        ([0.1 * 0.99**i for i in range(100)], []),  # a smooth schedule
        ([0.1 * (1 - i / 101) for i in range(100)], []),  # a line to 0
        ([0.1 if i % 2 else 0.3 for i in range(100)], []),  # it jumps all the time
        ([0.1] * 98, []),
    ],
)
def test_a_rate_that_jumps_is_marked(rates: list[float], labels: list[str]) -> None:
    told = run_of([{"step": i, "loss": 1.0 / (i + 1), "lr": rate} for i, rate in enumerate(rates)])
    marks = [one for one in marks_of(told) if str(one.label).startswith("lr")]
    assert [str(one.label) for one in marks] == labels
    assert [one.step for one in marks] == ([50] if labels else [])


@pytest.mark.parametrize(
    ("epochs", "starts"),
    [
        ([i / 25 for i in range(100)], [25, 50, 75]),
        ([0.5 + i / 25 for i in range(100)], [13, 38, 63, 88]),
        ([i * 1.0 for i in range(40)], list(range(1, 40))),
        ([i * 1.0 for i in range(42)], []),  # too many to tell apart
        ([0.1] * 30, []),
        ([1.0, 0.5] * 20, []),
    ],
)
def test_epochs_are_marked_where_they_begin(epochs: list[float], starts: list[int]) -> None:
    told = run_of([{"step": i, "loss": 3 - i / 50, "epoch": e} for i, e in enumerate(epochs)])
    assert [one.step for one in marks_of(told) if one.style == "mark_epoch"] == starts


# -- the line below the chart ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1, "0.1"), (2.0, "2.0"), (1 / 3, "0.33333333"), (1.23456e-7, "1.23456e-07"),
     (123456789.0, "123456789.0"), (1234567890.5, "1.2345679e+09"), (float("nan"), "nan")],
)  # fmt: skip
def test_a_value_is_shown_as_it_was_logged(value: float, text: str) -> None:
    assert exact(value) == text


@pytest.mark.parametrize(
    ("width", "height", "lines"), [(80, 4, 0), (80, 5, 1), (80, 18, 2), (40, 27, 3), (400, 27, 1)]
)
def test_words_below_the_chart_take_so_many_rows(
    run: RunUpdate, width: int, height: int, lines: int
) -> None:
    assert readout_height(run, width, height) == lines


@pytest.mark.parametrize(
    ("step", "width", "height", "says", "lacks"),
    [
        (300, 100, 1, ["step 300", "train 2.4", "eval 2.6", "epoch 1.2", "lr 0.1"], ["@"]),
        (310, 100, 1, ["train 2.38", "eval 2.6 @300"], []),  # the newest before, with its step
        (5, 100, 1, ["step 5"], ["train", "eval"]),
        (300, 40, 1, ["step 300", "train 2.4", " +"], ["acc"]),
        (300, 40, 3, ["step 300", "acc 0.3", "lr 0.1"], [" +"]),
    ],
)
def test_what_is_known_of_a_step(
    run: RunUpdate, step: int, width: int, height: int, says: list[str], lacks: list[str]
) -> None:
    from lossmon.chart.of_run import curves_of

    found = readout(run, curves_of(run), step, width, height, ascii=True)
    lines = ["".join(span.text for span in row) for row in found]
    assert [len(line) for line in lines] == [width] * height
    text = re.sub(r"\s+", " ", " ".join(lines))
    assert [word for word in says if word not in text] == []
    assert [word for word in lacks if word in text] == []


# -- a picture that scales -------------------------------------------------------------------------

SPEC = ChartSpec(
    (
        Curve("train <b>", "train", points("loss", 4.0, 3.0, 2.0, 2.5, 1.0, every=10)),
        Curve("eval", "eval", points("eval_loss", 4.0, 1.0, every=20), points=True, pattern=1),
        Curve("", "train_raw", points("loss", 4.0, 4.0), faint=True),
    ),
    60,
    16,
    (Mark(20, "mark_best", "best & only"), Mark(50, "mark_info", "late"), Mark(30, "mark_epoch"),
     Mark(90, "mark_info", "beyond")),
    smoothing=0.0,
)  # fmt: skip


def test_an_svg_holds_curves_marks_and_names_and_no_markup_of_a_log() -> None:
    text = draw_svg(SPEC)
    assert "<b>" not in text
    root = ElementTree.fromstring(text)
    ns = "{http://www.w3.org/2000/svg}"
    assert root.get("viewBox") == f"0 0 {60 * 8} {16 * 16}"
    lines = root.findall(f"{ns}polyline")
    assert [one.get("stroke") for one in lines] == ["#0a84b8", "#0a84b8", "#c77700"]
    faint, train, evals = lines
    assert (faint.get("opacity"), train.get("opacity")) == ("0.3", None)
    assert (train.get("stroke-dasharray"), evals.get("stroke-dasharray")) == (None, "6 3")
    path = [tuple(map(float, pair.split(","))) for pair in (train.get("points") or "").split()]
    gaps = np.diff([x for x, _ in path])
    assert 64 < path[0][0] < path[-1][0] <= 480 - 12
    assert gaps.tolist() == pytest.approx([gaps[0]] * 4, abs=0.11)
    assert path[0][1] < path[2][1] < path[-1][1]  # a loss that falls goes down the page
    assert all(24 <= y <= 256 - 28 for _, y in path)
    dots = root.findall(f"{ns}circle")
    assert len(dots) == 2
    words = {one.text: one for one in root.findall(f"{ns}text")}
    assert {"train <b>", "eval", "best & only", "late"} <= set(words)
    assert "beyond" not in words
    assert words["best & only"].get("text-anchor") == "start"
    assert words["late"].get("text-anchor") == "end"  # it would leave the paper
    heights = [float(words[name].get("y") or 0) for name in ("best & only", "late")]
    assert heights == [36, 50]
    assert float(words["eval"].get("x") or 0) == 64 + 8 * (len("train <b>") + 3)


def test_a_smoothed_curve_has_its_points_behind_it_and_an_empty_chart_says_so() -> None:
    lines = re.findall(r"<polyline[^>]*>", draw_svg(replace(SPEC, smoothing=0.9)))
    assert sum('opacity="0.3"' in one for one in lines) == 2  # train's and the faint one
    empty = draw_svg(replace(SPEC, curves=(Curve("x", "train", view([])),)))
    assert "no points" in empty
    assert "polyline" not in empty


@pytest.mark.parametrize(
    ("epochs", "marked"),
    [
        ([0.5], []),
        ([0.5, 1.0], [20]),
        ([0.5, 0.99], []),
        ([0.5, 1.5, 1.9, 2.0], [20, 40]),
        ([0.5, 3.5], [20]),  # two that no row is of
        ([i + 0.5 for i in range(14)], [10 * i for i in range(3, 15)]),  # the newest twelve
    ],
)
def test_where_epochs_begin_is_marked(epochs: list[float], marked: list[int]) -> None:
    told = run_of([{"step": 10 * i, "loss": 3.0, "epoch": at} for i, at in enumerate(epochs, 1)])
    marks = evidence_of(told, finding("saw_tooth", since=10)).marks
    assert [mark.step for mark in marks if mark.step in range(20, 150, 10)] == marked
    assert [str(mark.label) for mark in marks][: len(marked)] == ["epoch", *[""] * 11][
        : len(marked)
    ]
