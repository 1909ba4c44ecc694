"""The picture that the reference draws of a pattern shows that pattern: it is found in its own curves."""

from __future__ import annotations

import pytest

from lossmon.diagnosis.engine import Engine
from lossmon.diagnosis.finding import SEVERITIES, Finding, PatternId
from lossmon.diagnosis.patterns import PATTERNS
from lossmon.formats.lexicon import role
from lossmon.history.run import History
from lossmon.report.sketch import draft, sketch

LOGGED = {  # what a curve of a picture is called in a log
    "train": "loss", "eval": "eval_loss", "grad norm": "grad_norm", "lr": "lr", "rate": "lr",
    "steps/s": "steps_per_second", "recon": "recon_loss", "kl": "kl_loss",
}  # fmt: skip
# Told by more than curves: a clock, a crash, a plan, words, gradients that only a sketch exaggerates.
BY_MORE = {
    "falling", "eval_swings", "stalled", "failed", "grad_vanishing", "grad_nan", "grad_zero",
    "lr_zero", "eval_nan", "chance_level", "staircase", "restart", "memorised",
    "saw_tooth",
}  # fmt: skip
DRAWN = [id_ for id_, pattern in PATTERNS.items() if pattern.example is not None]


def found(pattern: PatternId) -> dict[str, Finding]:
    """All that is told of the curves of its picture, by one look at the end."""
    example = PATTERNS[pattern].example
    assert example is not None
    history, made = History(role), draft()
    drawn = example(made).curves
    curves = {LOGGED[label]: values for label, values in drawn.items() if label in LOGGED}
    curves.setdefault("loss", made.fall + 0.02 * made.noise)
    for i in range(len(made.t)):
        history.append({name: float(values[i]) for name, values in curves.items()}, step=i + 1)
    chosen = {role(name): name for name in curves if role(name) != "other"}
    return {f.pattern: f for f in Engine().conclude(history, chosen, True).findings}


@pytest.mark.parametrize("pattern", [id_ for id_ in DRAWN if id_ not in BY_MORE])
def test_a_pattern_is_found_in_its_own_picture_where_it_is_marked(pattern: PatternId) -> None:
    told, example = found(pattern), PATTERNS[pattern].example
    assert pattern in told
    least = SEVERITIES.index(PATTERNS[pattern].severity)
    assert SEVERITIES.index(told[pattern].severity) >= least
    assert example is not None
    _, onset = example(draft())
    if onset is not None:
        assert abs(told[pattern].since_step / len(draft().t) - onset) <= 0.1


@pytest.mark.parametrize("pattern", DRAWN)
def test_a_picture_is_of_its_size_and_begins_and_ends_within_it(pattern: PatternId) -> None:
    rows = sketch(pattern, 56, 9).splitlines()
    assert len(rows) == 7
    assert all(row.startswith("│") and len(row) <= 56 for row in rows)
    assert any(row[1:4].strip() for row in rows)
    assert any(len(row) > 48 for row in rows)
    assert sketch(pattern, 56, 9, ascii=True).isascii()


@pytest.mark.parametrize("pattern", [id_ for id_ in PATTERNS if id_ not in DRAWN])
def test_what_no_curve_shows_has_no_picture(pattern: PatternId) -> None:
    assert sketch(pattern, 56, 9) == ""
