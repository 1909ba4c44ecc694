"""Runs that a falling loss makes look healthy, and that learn nothing, or learn by heart."""

from __future__ import annotations

import pytest

from lossmon.diagnosis.finding import Diagnosis
from tests.diagnosis.test_few_rows import judged

Columns = dict[str, list[float]]
N = 14
EPOCH = [float(i + 1) for i in range(N)]
LOSS = [1.0 - 0.03 * i for i in range(N)]
HELD = [0.96 - 0.027 * i for i in range(N)]
STANDS = [0.7202, 0.7202, 0.7198, *[0.7188] * (N - 3)]


def said(diagnosis: Diagnosis) -> list[str]:
    """The patterns."""
    return [one.pattern for one in diagnosis.findings]


def test_an_accuracy_that_never_leaves_its_first_value_is_no_healthy_run() -> None:
    own = [0.58 + 0.01 * i for i in range(N)]
    rows: Columns = {"loss": LOSS, "acc": own, "val_loss": HELD, "val_acc": STANDS, "epoch": EPOCH}
    found = judged(True, **rows).findings[0]
    assert (found.pattern, found.causes[0].id) == ("worst_score", "one_answer")


@pytest.mark.parametrize(
    "rows",
    [
        {"val_acc": [0.6 + 0.01 * i for i in range(N)]},  # it gets better
        {"val_acc": STANDS, "acc": [0.58 + 0.02 * i for i in range(N)]},  # train knows more
        {"val_acc": [0.97] * 3 + [0.969] * (N - 3)},  # little is left to gain
    ],
)
def test_other_accuracies_say_nothing_against_it(rows: Columns) -> None:
    assert "worst_score" not in said(judged(True, loss=LOSS, val_loss=HELD, **rows, epoch=EPOCH))


def test_a_loss_that_does_not_move_beside_such_an_accuracy_depends_on_no_weight() -> None:
    loss = [0.7534, 0.7533, 0.7534, 0.7534, 0.7534, 0.7533, 0.7534, 0.7534]
    found = judged(True, loss=loss, acc=[0.4992] * 8).findings[0]
    assert (found.pattern, found.causes[0].id) == ("worst_score", "inert_output")


def test_train_that_is_known_by_heart_beside_an_eval_that_stands_is_no_healthy_pair() -> None:
    train = [0.1, 0.02, 5e-3, 2e-3, 1e-3, 6e-4, 5e-4, 5e-4]
    held = [0.138, 0.13, 0.132, 0.131, 0.132, 0.131, 0.132, 0.13]
    diagnosis = judged(True, loss=train, val_loss=held, epoch=EPOCH[:8])
    assert "healthy_pair" not in said(diagnosis)
    found = next(one for one in diagnosis.findings if one.pattern == "gap")
    assert found.causes[0].id == "memorising"


def test_two_losses_of_a_game_cannot_both_be_nothing() -> None:
    d = [1.4e-7, 1.3e-7, 1.5e-7, 1.4e-7]
    found = judged(False, d_loss=d, g_loss=[1.2e-7] * 4).findings[0]
    assert found.pattern == "discriminator_won"
    wasserstein = judged(False, d_loss=[-one for one in d], g_loss=[1.2e-7] * 4)
    assert "discriminator_won" not in said(wasserstein)


def test_epochs_that_scatter_around_guessing_guess_where_accuracies_say_so() -> None:
    rows: Columns = {
        "loss": [0.7078, 0.6959, 0.6947, 0.6857, 0.6896, 0.6957, 0.6945],
        "accuracy": [0.494, 0.494, 0.519, 0.561, 0.549, 0.501, 0.516],
        "val_loss": [0.693, 0.6947, 0.7013, 0.6876, 0.6928, 0.693, 0.6921],
        "val_accuracy": [0.5, 0.5, 0.5, 0.5, 0.5, 0.56, 0.5],
        "epoch": EPOCH[:7],
    }
    hints = judged(False, **rows).findings[0].hints
    assert (hints[0].pattern, hints[0].causes[0]) == ("chance_level", "collapsed")
    rows["accuracy"] = rows["val_accuracy"] = [0.5, 0.52, 0.55, 0.58, 0.61, 0.64, 0.66]
    told = judged(False, **rows).findings[0].hints
    assert "chance_level" not in [one.pattern for one in told]


def test_rows_at_a_round_margin_are_not_praised() -> None:
    loss = [1.0072, 1.006, 1.0051, 1.0051, 1.0034, 1.0025, 1.0044, 1.0007]
    hints = judged(False, loss=loss, val_loss=[0.96, 0.97, 0.98, 0.95, 0.97, 0.98, 0.97, 0.99])
    assert hints.findings[0].hints[0].causes[0] == "collapsed"


def test_one_row_that_leaps_is_told_as_a_spike() -> None:
    hints = judged(False, loss=[0.66, 0.8, 4.27, 0.77, 0.56, 0.82]).findings[0].hints
    assert (hints[0].pattern, hints[0].causes[0]) == ("spike", "lr_too_high")
    assert not judged(False, loss=[0.66, 0.8, 1.27, 0.77, 0.56, 0.82]).findings[0].hints
