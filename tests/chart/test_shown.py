"""What is drawn of a run and of its findings, and what is read of it, as approved (see `tests.approved`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossmon.chart.evidence import evidence_of
from lossmon.chart.marks import marks_of
from lossmon.chart.of_run import curves_of, metrics_of, tokens_of
from lossmon.chart.picture import Curve
from lossmon.chart.readout import readout
from lossmon.diagnosis.pattern import Level, Trend
from lossmon.diagnosis.patterns import PATTERNS
from lossmon.monitor.update import RunUpdate
from lossmon.report.gather import gather
from tests import approved
from tests.chart.test_evidence import finding, rows
from tests.chart.test_views import run_of

pytestmark = pytest.mark.snapshot


@pytest.fixture(scope="module")
def run() -> RunUpdate:
    evals: list[dict[str, object]] = [
        {"step": s, "eval_loss": 3.2 - s / 500} for s in range(100, 1001, 100)
    ]
    more = [
        {"step": s, "num_tokens": s * 512, "tokens_per_second": 9.0} for s in range(100, 901, 400)
    ]
    return run_of([*rows(), *evals, *more])


def drawn(curve: Curve) -> str:
    view = curve.view
    ends = "" if not len(view) else (
        f" {view.step[0]}:{view.value[0]:.4g} to {view.step[-1]}:{view.value[-1]:.4g}"
    )  # fmt: skip
    return f"{curve.label!r} {curve.style} {len(view)} points{ends}"


@pytest.mark.parametrize("pattern", PATTERNS)
def test_what_shows_a_finding_is_as_approved(pattern: str, run: RunUpdate) -> None:
    """With each number that its picture asks for, and without any."""
    picture = PATTERNS[pattern].picture  # type: ignore[index]
    names = {mark.step for mark in picture.marks} | {picture.near} - {""}
    for line in picture.lines:
        if isinstance(line, Level):
            names |= {line.value, line.since, line.until}
        elif isinstance(line, Trend):
            names |= {line.start, line.end}
    numbers = {name: 300.0 + 10 * at for at, name in enumerate(sorted(filter(None, names)))}
    numbers |= {
        "fit_power": 0.5,
        "fit_step": 100.0,
        "fit_floor": 0.2,
        "fit_scale": 2.0,
        "start": 0.01,
    }
    lines = []
    for given in (numbers, {}):
        told = evidence_of(run, finding(pattern, "info" if not given else "critical", **given))
        lines += [f"{told.metric} log {told.log_y} raw {told.raw}", *map(drawn, told.curves)]
        lines += [f"{mark.step} {mark.style} {mark.label!r}" for mark in told.marks]
    approved.hold("evidence", pattern, "\n".join(lines))


@pytest.mark.usefixtures("greenwich")
@pytest.mark.parametrize("metrics", [(), ("acc",), ("acc", "lr"), ("loss", "eval_loss"), ("zzz",)])
def test_what_is_charted_of_a_run_is_as_approved(metrics: tuple[str, ...], run: RunUpdate) -> None:
    curves = curves_of(run, metrics)
    counted = tokens_of(run)
    lines = [*map(drawn, curves), f"tokens {counted and counted.name}", f"all {metrics_of(run)}"]
    lines += [f"{one.step} {one.style} {one.label!r}" for one in marks_of(run)]
    for step, width, height in ((100, 60, 3), (105, 60, 3), (5, 30, 1), (500, 24, 2), (500, 8, 1)):
        said = readout(run, curves, step, width, height, ascii=width < 60)
        lines += ["".join(span.text for span in row) + "|" for row in said]
    approved.hold("charted", " ".join(metrics) or "the loss", "\n".join(lines))


@pytest.mark.parametrize(
    ("beside", "drawn"),
    [
        ({"train_ppl": 3.0, "valid_ppl": 8.0}, ["train_ppl", "valid_ppl"]),
        ({"train_ppl": 3.0, "valid_ppl": 8.0, "loss": 2.0}, ["loss", "valid_ppl"]),
        ({"train_acc": 0.9, "valid_loss": 8.0}, ["valid_loss"]),  # on no axis with it
    ],
)
def test_perplexities_that_are_judged_together_are_on_one_chart(
    tmp_path: Path, beside: dict[str, float], drawn: list[str]
) -> None:
    """The panel says that train fell while eval rose: both have to be seen."""
    lines = [
        f"epoch {n} "
        + " ".join(f"{name} {value + value / n:.4f}" for name, value in beside.items())
        for n in range(1, 13)
    ]
    (tmp_path / "train.log").write_text("\n".join(lines) + "\n")
    (run,), errors, _ = gather((str(tmp_path / "train.log"),), 1, judging="at the end")
    assert not errors
    assert [curve.view.name for curve in curves_of(run)] == drawn
