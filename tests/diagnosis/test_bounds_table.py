"""On which side of its bound each rule falls: what a small change of one would break, in seconds."""

from __future__ import annotations

import numpy as np
import pytest

from lossmon.diagnosis import gradients
from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.look import Looker
from lossmon.diagnosis.outlook import outlook
from lossmon.diagnosis.patterns import lr_zero, overfitting, spike
from lossmon.diagnosis.view import View
from lossmon.formats.lexicon import role
from lossmon.history.run import History
from tests.diagnosis.curves import noise

N = 600


def view_of(**columns: np.ndarray) -> View:
    """A run of these metrics, those that are shorter logged more seldom."""
    history, chosen = History(role), {}
    for name, values in columns.items():
        history.extend({name: values}, np.arange(1, len(values) + 1) * (N // len(values)))
        chosen[role(name)] = name
    return Looker().look(history, chosen, True)


FALL = 2.0 - np.arange(N) / N


@pytest.mark.parametrize(("high", "after", "found"), [(0, 0, False), (1, 2, True), (2, 3, True)])
def test_overfitting_is_found_two_evaluations_behind_the_best(
    high: int, after: int, found: bool
) -> None:
    """The best is that of the smoothed curve: one evaluation before the least one."""
    evals = np.concatenate((np.linspace(2.0, 1.5, 20 - high), np.full(high, 2.0)))
    pair = view_of(loss=FALL, eval_loss=evals).pair
    assert pair is not None
    assert len(pair.value) - 1 - pair.best_at == after
    assert (overfitting.find(view_of(loss=FALL, eval_loss=evals)) is not None) is found


@pytest.mark.parametrize(
    ("at", "found"), [(1, False), (5, False), (11, False), (12, True), (40, True), (300, True)]
)
def test_what_stands_out_in_the_first_fiftieth_is_no_spike(at: int, found: bool) -> None:
    loss = 2.0 + noise(N, 0.01)
    loss[at] += 5.0
    assert (spike.find(view_of(loss=loss)) is not None) is found


@pytest.mark.parametrize(
    ("share", "found"), [(0.05, False), (0.1, False), (0.28, False), (0.32, True), (0.6, True)]
)
def test_a_rate_of_nothing_at_the_end_of_a_schedule_is_no_dead_one(
    share: float, found: bool
) -> None:
    rate = np.full(N, 1e-3)
    rate[round((1 - share) * N) :] = 0.0
    loss = 2.0 + noise(N, 0.01)
    assert (lr_zero.find(view_of(loss=loss, learning_rate=rate)) is not None) is found


@pytest.mark.parametrize(("turn", "sure"), [(0.0, True), (0.004, True), (0.1, False), (0.3, False)])
def test_a_law_that_missed_what_is_known_is_not_sure_of_what_is_not(
    turn: float, sure: bool
) -> None:
    """All fits agree on a curve without noise; what the last fifth did is the only doubt."""
    t = np.arange(1, N + 1) / N
    law = 0.5 + t**-0.5
    law[int(0.85 * N) :] -= turn
    train = view_of(loss=law).train
    assert train is not None
    found = outlook(train)
    assert (found is not None and found.sure) is sure


@pytest.mark.parametrize(
    ("norm", "points"),
    [
        (np.ones(20), 20),
        (np.ones(19), 0),
        (np.r_[np.ones(20), np.nan], 20),
        (np.full(30, np.nan), 0),
    ],
)
def test_norms_of_gradients_are_those_that_are_numbers_where_they_are_many(
    norm: np.ndarray, points: int
) -> None:
    found = gradients.norms(view_of(loss=FALL, grad_norm=norm))
    assert (0 if found is None else len(found.value)) == points
    assert found is None or (found.name, len(found.step)) == ("grad_norm", points)


def test_norms_before_a_finding_are_those_of_earlier_steps() -> None:
    view = view_of(loss=FALL, grad_norm=np.r_[np.arange(30.0), np.nan, np.arange(29.0)])
    assert view.grad_norm is not None
    since = int(view.grad_norm[0][10])
    found = Finding("rebound", "warning", 0.9, since, "loss", "")
    assert gradients.before(found, view).tolist() == list(range(10))
    later = Finding("rebound", "warning", 0.9, 10**6, "loss", "")
    assert len(gradients.before(later, view)) == 59
    assert len(gradients.before(found, view_of(loss=FALL))) == 0
    assert gradients.norms(view_of(loss=FALL)) is None
