"""What few rows show already: sentences that are true of them, and no finding."""

from __future__ import annotations

import math

import pytest

from lossmon.diagnosis import short
from lossmon.diagnosis.engine import Engine
from lossmon.diagnosis.finding import Diagnosis, Finding
from lossmon.diagnosis.knowledge import load
from lossmon.formats.lexicon import role
from lossmon.history.run import History, Plan
from tests.diagnosis.test_few_rows import judged

Columns = dict[str, list[float]]
FALLS = [2.3, 1.9, 1.6]
TURNS = [1.62, 1.25, 1.14, 1.12, 1.14, 1.16, 1.18, 1.21]
EPOCHS = [float(epoch) for epoch in range(1, 9)]


def planned(
    columns: Columns,
    *,
    first: int = 1,
    every: int = 1,
    total: int | None = None,
    epoch: float | None = None,
    finished: bool = False,
    events: tuple[tuple[str, int | None, str], ...] = (),
    ended: bool = True,
) -> Diagnosis:
    """Rows that stand anywhere in a training, of which the log tells more or less."""
    history, engine = History(role), Engine()
    history.plan = Plan(total_steps=total, finished=finished, events=events)
    roles = {role(name): name for name in columns if role(name) in ("train_loss", "eval_loss")}
    for row in range(len(next(iter(columns.values())))):
        values = {name: column[row] for name, column in columns.items()}
        history.append(values, first + every * row, epoch)
        engine.observe(history, roles)
    return engine.conclude(history, roles, ended)


def first_of(diagnosis: Diagnosis) -> Finding:
    (found,) = diagnosis.findings
    assert found.severity == "info", "it warns of nothing"
    return found


# -- too early, or too few -------------------------------------------------------------------------

AGES = {  # what the log tells beside its rows, and why there is no verdict
    "the first rows of a plan": ({"total": 100}, "too_early"),
    "rows near its end": ({"total": 100, "first": 70}, "too_few"),
    "rows just beyond a quarter of it": ({"total": 100, "first": 24}, "too_few"),
    "the first rows, and no plan": ({}, "too_early"),
    "the first rows of each 10,000 steps": ({"first": 10_000, "every": 10_000}, "too_early"),
    "rows of the middle, and no plan": ({"first": 78_000, "every": 20}, "too_few"),
    "rows of the second epoch": ({"epoch": 1.0}, "too_early"),
    "rows of a later epoch": ({"epoch": 60.0}, "too_few"),
    "a log that says that it is over": ({"finished": True}, "too_few"),
    "stopped early": ({"events": (("early_stop", 3, ""),)}, "too_few"),
    "a fold that was stopped early": ({"events": (("early_stop", 1, ""),)}, "too_early"),
}


@pytest.mark.parametrize(("told", "pattern"), AGES.values(), ids=list(AGES))
@pytest.mark.parametrize("ended", [True, False])
def test_it_is_early_only_where_the_training_is_young(
    told: dict, pattern: str, ended: bool
) -> None:
    found = first_of(planned({"loss": FALLS}, ended=ended, **told))
    assert found.pattern == pattern
    assert load("en").told(found).title.startswith("Too " + pattern.removeprefix("too_"))
    assert load("zh").told(found).title in ("为时尚早", "行数太少，无法判断")
    assert load("zh").say(found.evidence) != found.evidence


WHERE = {
    "and the training is over": {"finished": True},
    "made 72% of its plan": {"total": 100, "first": 70},
    "in epoch 60": {"epoch": 60.0},
    "at step 78,040": {"first": 78_000, "every": 20},
}


@pytest.mark.parametrize(("words", "told"), WHERE.items(), ids=list(WHERE))
def test_it_is_said_where_a_training_is_of_which_there_are_few_rows(words: str, told: dict) -> None:
    assert first_of(planned({"loss": FALLS}, **told)).evidence.endswith(words)


def test_a_run_that_grows_old_is_told_once_of_each() -> None:
    timeline = planned({"loss": [2.0, 2.1] * 8}, total=40, ended=False).timeline
    told = [(one.pattern, one.shown_at_step, one.cleared_at_step) for one in timeline]
    assert told == [("too_early", 4, 10), ("too_few", 10, None)]


def test_rows_enough_of_which_nothing_holds_are_few_and_not_none() -> None:
    found = first_of(planned({"loss": TURNS, "val_loss": TURNS}, epoch=8.0))
    assert found.pattern == "too_few"
    assert "rose in each of its last 4 rows" in found.hints[0].says


# -- what they show --------------------------------------------------------------------------------

SHOWN: dict[str, tuple[Columns, str, str, str]] = {  # rows, words, as in, first cause
    "a fall": ({"loss": FALLS}, "1 time in 6: loss 2.3 to 1.6 in 3 rows", "", ""),
    "a fall of four rows": (
        {"loss": [*FALLS, 1.5]},
        "1 time in 24: loss 2.3 to 1.5 in 4 rows",
        "healthy",
        "",
    ),
    "both fall": (
        {"loss": FALLS, "val_loss": [2.4, 2.0, 1.9]},
        "val_loss 2.4 to 1.9 in 3 rows",
        "healthy_pair",
        "",
    ),
    "scores rise": (
        {"train_accuracy": [0.2, 0.6, 0.7, 0.8], "val_accuracy": [0.1, 0.5, 0.6, 0.7]},
        "1 time in 24: train_accuracy 0.2 to 0.8 in 4 rows",
        "healthy_pair",
        "",
    ),
    "a later half that is better": (
        {"loss": [0.2036, 0.2036, 0.0903, 0.0913], "val_loss": [0.240, 0.2375, 0.1317, 0.1329]},
        "better in all of the later half, as by chance 1 time in 6: loss 0.2036 to 0.0913",
        "healthy_pair",
        "",
    ),
    "rises, each of the last": (
        {"loss": [*TURNS[:7], 1.21]},
        "loss rose in each of its last 4 rows, from 1.12 to 1.21: by chance 1 time in 120",
        "rebound",
        "lr_too_high",
    ),
    "eval rises and train falls": (
        {
            "loss": [0.8, 0.82, 0.7, 0.6, 0.5, 0.4],
            "val_loss": [0.9, 0.80, 0.804, 0.809, 0.815, 0.82],
        },
        "val_loss rose in each of its last 4 rows",
        "overfitting",
        "memorising",
    ),
    "a perplexity beyond guessing": (
        {"ppl": [2.688117142e43, 2.688117142e43], "xent": [6776.2, 6487.7]},
        "ppl is e^100",
        "diverged",
        "lr_too_high",
    ),
    "held-out answers that are right more often": (
        {"train_accuracy": [0.2, 0.6, 0.7], "val_accuracy": [0.3, 0.7, 0.8]},
        "val_accuracy is above train_accuracy in each of 3 rows",
        "healthy_pair",
        "epoch_mean",
    ),
    "a loss printed with too few digits": (
        {"loss": [0.0] * 3, "MAE_E_per_atom": [0.3, 0.2, 0.1], "MAE_F": [4.4, 2.9, 2.5]},
        "loss is printed as 0 in all 3 rows, while MAE_F gets better",
        "reporting",
        "",
    ),
    "guessing": ({"loss": [6.911, 6.905, 6.906]}, "ln 1,000", "chance_level", "frozen_gradients"),
}


@pytest.mark.parametrize(("columns", "words", "of", "cause"), SHOWN.values(), ids=list(SHOWN))
def test_what_few_rows_show_is_said(columns: Columns, words: str, of: str, cause: str) -> None:
    found = first_of(planned(columns, ended=False))
    hints = [hint for hint in found.hints if words in hint.says]
    assert hints, [hint.says for hint in found.hints]
    assert (hints[0].pattern, (*hints[0].causes, "")[0]) == (of, cause)
    for lang in ("en", "zh"):
        told = load(lang).hint(hints[0])
        assert (load(lang).pattern(of).title in told) if of else told
    assert {id_ for hint in found.hints for id_ in hint.causes} <= {c.id for c in found.causes}


@pytest.mark.parametrize(
    "rows",
    [
        [1.0, 0.9, 0.95, 0.85],  # neither way
        [0.0266, 0.0274, 0.0283, 0.0285],  # four in a row: 1 in 24
        [0.99, 0.66, 0.209, 0.355, 0.628, 0.713],  # three up behind a fall: 1 in 24
        [0.0289, 0.0599, 0.0425, 0.0648, 0.03],  # batches of what is nearly learned
        [0.0222, 0.0222, 0.1343],
        [1.0, 1.001, 1.002, 1.003, 1.004],  # by next to nothing
    ],
)
def test_what_chance_may_do_points_to_no_trouble(rows: list[float]) -> None:
    found = first_of(planned({"loss": rows}, first=50_000))
    assert not found.hints
    assert not found.causes


def test_nothing_is_praised_beside_what_gets_worse() -> None:
    columns = {"loss": FALLS, "val_accuracy": [0.6, 0.5, 0.4]}
    assert first_of(planned(columns)).hints == ()


def test_rises_in_a_row_are_counted_with_their_chance() -> None:
    import numpy as np

    rises = [1.0 + 0.1 * row for row in range(9)]
    for k in range(1, 9):
        told = short.climbs(np.array([5.0, *rises[: k + 1]]))
        assert told == (k if math.factorial(k + 1) >= 100 else 0)
    assert short.climbs(np.array([1.0, 1.1, 1.2, 1.3, math.nan])) == 0


# -- what has ended --------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [4, 5])
def test_what_says_that_it_has_ended_is_judged_from_five_rows_on(rows: int) -> None:
    told = planned({"loss": [2.0, 1.5, 1.25, 1.1, 1.05][:rows]}, finished=True)
    pattern = {4: "too_few", 5: "healthy"}[rows]
    found = first_of(told)
    assert found.pattern == pattern
    assert found.confidence == (1.0 if rows == 4 else 0.7), "few rows are never sure"
    open_end = planned({"loss": [2.0, 1.5, 1.25, 1.1, 1.05][:rows]})
    assert first_of(open_end).pattern == "too_early"


def test_early_stopping_that_looks_the_wrong_way_is_told() -> None:
    columns = {
        "train-auc": [0.68, 0.71, 0.72, 0.724, 0.73, 0.733],
        "eval-auc": [0.67, 0.70, 0.71, 0.714, 0.718, 0.72],
    }
    stopped = (("early_stop", 6, "Stopping. Best iteration:"),)
    found = first_of(planned(columns, events=stopped))
    assert found.causes[0].id == "stop_direction"
    assert "maximise" in load("en").remedies(found)[0]
    few = first_of(planned({k: v[3:] for k, v in columns.items()}, events=(("early_stop", 3, ""),)))
    assert "stop_direction" not in {cause.id for cause in few.causes}, "three rows may be chance"
    falls = {**columns, "eval-auc": [0.67, 0.70, 0.71, 0.714, 0.713, 0.712]}
    calm = planned(falls, events=stopped).findings
    assert "stop_direction" not in {cause.id for one in calm for cause in one.causes}
    assert "stop_direction" not in {c.id for one in planned(columns).findings for c in one.causes}


def test_a_verdict_of_rows_enough_has_no_hints() -> None:
    assert all(not one.hints for one in judged(loss=[2.0 * 0.9**i for i in range(40)]).findings)
