"""The verdict of a run in a line, on twenty lines, below a picture; and what goes with an ending."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from lossmon.diagnosis.finding import Cause, Finding
from lossmon.diagnosis.knowledge import load
from lossmon.errors import TargetError
from lossmon.hparams import Hparams
from lossmon.monitor.update import RunUpdate
from lossmon.presentation.brief import LINES, WIDTH, brief
from lossmon.presentation.plot import render
from lossmon.presentation.sweep import sweep_line
from lossmon.presentation.verdict import finding_title, title_of, verdict_line
from lossmon.text import cell_width
from lossmon.words import said
from tests.chart.test_views import run_of

EN = load("en")
RATE = Cause("lr_too_high", said("the rate is {rate}", rate=4))


@pytest.fixture(scope="module")
def base() -> RunUpdate:
    rows: list[dict[str, object]] = [
        {"step": i, "loss": 2 - i / 50, "lr": 0.1, "Train/acc": i / 50, "my lr": 0.2}
        for i in range(1, 41)
    ]
    rows += [{"step": i, "eval_loss": 2.2 - i / 50} for i in range(10, 41, 10)]
    return run_of(rows)


@pytest.fixture(scope="module")
def other() -> RunUpdate:
    return replace(run_of([{"step": i, "loss": 3 - i / 50} for i in range(1, 41)]), run="other")


def found(*findings: Finding) -> Any:
    return {"diagnosis": replace(run_of_nothing.diagnosis, findings=findings)}


run_of_nothing = run_of([{"step": i, "loss": 1.0} for i in range(3)])
SICK = Finding("overfitting", "warning", 0.9, 1800, "loss", said("eval rose {by:.1%}", by=0.041),
               (RATE, Cause("small_data"), Cause("memorising")))  # fmt: skip
WELL = Finding("healthy", "info", 0.9, 7, "loss", "falls as it should", (RATE,))
MUTE = Finding("too_early", "info", 0.9, 7, "loss", "")


@pytest.mark.parametrize(
    ("findings", "title", "line"),
    [
        ((SICK, WELL), "OVERFITTING since step 1,800", ": eval rose 4.1%"),
        ((WELL,), "HEALTHY", ": falls as it should"),  # since when says nothing of what is well
        ((MUTE,), "TOO EARLY TO TELL", ""),
        ((), "Nothing stands out", ""),
    ],
)
def test_a_verdict_in_a_line(
    base: RunUpdate, findings: tuple[Finding, ...], title: str, line: str
) -> None:
    update = replace(base, **found(*findings))
    assert title_of(update, EN).upper() == title.upper()
    assert verdict_line(update, EN) == title_of(update, EN) + line
    if findings:
        assert finding_title(findings[0], EN) == title
    zh = verdict_line(update, load("zh"))
    assert zh != verdict_line(update, EN)
    assert "\x1b" not in zh


def test_a_run_on_twenty_lines(base: RunUpdate) -> None:
    spike = replace(WELL, pattern="spike", since_step=30)
    text = brief(replace(base, **found(SICK, spike)), EN, ascii=True)
    lines = text.split("\n")
    assert len(lines) <= LINES + 1
    assert text.endswith("\n")
    assert max(map(cell_width, lines)) <= WIDTH
    words = text[text.index("OVERFITTING") :]
    assert words.index("eval rose") < words.index("likely: ") < words.index("often: ")
    assert "(the rate is 4)" in " ".join(words.split())
    assert words.count("do: ") == 2
    assert words.count("likely: ") + words.count("often: ") == 2  # of three the first two
    assert re.search(r"Spike .*30", words.splitlines()[-1])
    assert not any(line != line.rstrip() for line in lines)
    calm = brief(replace(base, **found(WELL)), EN, ascii=True)
    assert "likely" not in calm
    assert "do: " not in calm
    assert "HEALTHY" in calm
    assert brief(replace(base, **found()), EN, ascii=True).rstrip().endswith("Nothing stands out")


@pytest.mark.parametrize(("width", "height"), [(20, 5), (60, 14), (100, 30)])
@pytest.mark.parametrize("together", [False, True])
def test_a_picture_has_the_size_that_is_asked_for(
    base: RunUpdate, other: RunUpdate, width: int, height: int, together: bool
) -> None:
    runs = [base, other] if together else [base]
    text = render(runs, width, height, color=False, ascii=True, knowledge=EN)
    lines = text.split("\n")
    assert len(lines) == max(height, 6 if together else 7)
    assert max(map(cell_width, lines)) <= width
    assert "\x1b" not in text
    if width >= 60:
        assert lines[0].startswith("2 runs" if together else base.run[:4])
        assert ("step 40" in lines[0]) != together
        assert (verdict_line(base, EN)[:20] in lines[-1]) != together
        assert ("other" in text) == together


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("lr", "lr"), ("LR", "lr"), ("learning_rate", "lr"), ("loss", "loss"), ("train", "loss"),
        ("val_loss", "eval_loss"), ("eval", "eval_loss"), ("Train/acc", "Train/acc"),
        ("my lr", "my lr"),
    ],
)  # fmt: skip
def test_a_metric_is_shown_by_its_name_or_by_its_part(
    base: RunUpdate, asked: str, shown: str
) -> None:
    head = render([base], 80, 12, color=False, ascii=True, knowledge=EN, metrics=[asked])
    assert head.split("\n")[0].rstrip().endswith(f"  {shown}")


@pytest.mark.parametrize(
    ("look", "says"),
    [
        ({"metrics": ["x"]}, "no metric 'x'; it has loss, eval_loss, lr, my lr, Train/acc"),
        ({"metrics": ["grad_norm"]}, "no metric 'grad_norm'"),
        ({"start": 9.0, "end": 3.0}, "--from 9 is not before --to 3"),
        ({"start": 9.0, "end": 9.0}, "--from 9 is not before --to 9"),
        ({"start": 50.0}, "--from 50 is not before --to 40"),
    ],
)
def test_what_is_not_there_is_said(base: RunUpdate, look: dict[str, Any], says: str) -> None:
    with pytest.raises(TargetError, match=re.escape(says)):
        render([base], 80, 12, color=False, ascii=True, knowledge=EN, **look)


def ticks(text: str) -> list[str]:
    return text.split("\n")[-2].split()


@pytest.mark.parametrize(
    ("look", "first", "last"),
    [({}, "10", "40"), ({"start": 10.0, "end": 20.0}, "10", "20"), ({"start": 30.0}, "30", "40"),
     ({"end": 10.0}, "1", "10")],
)  # fmt: skip
def test_a_range_of_the_x_axis(
    base: RunUpdate, look: dict[str, Any], first: str, last: str
) -> None:
    shown = ticks(render([base], 80, 12, color=False, ascii=True, knowledge=EN, **look))
    assert float(shown[0]) <= float(first) + 2
    assert float(shown[-1]) == pytest.approx(float(last), abs=2)


def test_colours_come_where_they_are_asked_for_and_the_rest_stays(base: RunUpdate) -> None:
    plain = render([base], 60, 12, color=False, ascii=False, knowledge=EN)
    colored = render([base], 60, 12, color=True, ascii=False, knowledge=EN)
    assert re.sub(r"\x1b\[[\d;]*m", "", colored) == plain
    assert "\x1b[36m" in colored  # train
    assert "\x1b[33m" in colored  # eval
    alone = render([base], 60, 12, color=False, ascii=False, knowledge=EN, titled=False)
    assert alone == "\n".join(plain.split("\n")[1:-1])
    logged = render([base], 60, 12, color=False, ascii=True, knowledge=EN, log_y=True)
    assert logged.split("\n")[0].rstrip().endswith("log")


def sweep(count: int, bad: int, *, pattern: str, severity: str = "critical") -> list[RunUpdate]:
    """Half of the runs at a rate of 1, of which some end badly."""
    runs = []
    for i in range(count):
        high = i < count // 2
        told = Finding(pattern, severity, 0.9, 1, "loss", "")  # type: ignore[arg-type]
        runs.append(
            replace(
                run_of_nothing,
                hparams=Hparams({"lr": 1.0 if high else 0.1, "seed": i}),
                **found(*[told] if high and i < bad else []),
            )
        )
    return runs


@pytest.mark.parametrize(
    ("pattern", "severity", "verb"),
    [
        ("diverged", "critical", "diverged"),  # and not what is said of all who went wrong
        ("overfitting", "warning", "show overfitting"),
        ("nan", "warning", "became nan"),
        ("failed", "warning", "failed"),
        ("not_decreasing", "warning", "show not decreasing"),
        ("plateau", "warning", ""),
    ],
)
def test_what_goes_with_an_ending_is_said(pattern: str, severity: str, verb: str) -> None:
    runs = sweep(24, 12, pattern=pattern, severity=severity)
    told = sweep_line(runs)
    if not verb:
        assert told == ""
        return
    assert told == (
        f"12 of 12 runs with lr >= 1 {verb}, 0 of 12 others "
        "(Fisher's exact test, corrected, p < 0.001)"
    )
    assert sweep_line(runs, brief=True).endswith("0 of 12 others (p < 0.001)")


def test_a_seed_is_no_setting_that_goes_with_an_ending() -> None:
    """Three of 24 that went wrong have the three lowest seeds: nobody can choose by that."""
    assert "seed" not in sweep_line(sweep(24, 3, pattern="diverged"))


def test_what_may_be_chance_is_not_said() -> None:
    assert sweep_line(sweep(24, 3, pattern="diverged")) == ""
    assert sweep_line(sweep(24, 0, pattern="diverged")) == ""
    assert sweep_line([]) == ""
    unsaid = [replace(one, hparams=Hparams()) for one in sweep(24, 12, pattern="diverged")]
    assert sweep_line(unsaid) == ""
    some = sweep_line(sweep(16, 7, pattern="diverged"))
    assert re.search(r"p = 0\.0\d\d\)$", some) or some == ""
