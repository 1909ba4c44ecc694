"""When a higher rate may be advised: each thing that speaks against it does so by itself."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from lossmon.diagnosis import low_rate
from lossmon.diagnosis.look import Looker
from lossmon.diagnosis.reasons import reach_of, spacing_of, steps_are_epochs, when
from lossmon.diagnosis.view import View
from lossmon.formats.lexicon import role
from lossmon.history.run import History
from tests.diagnosis.curves import noise

N = 120
T = np.arange(N) / N
FALLS = 2.3 - 0.05 * T + noise(N, 0.0001)  # a little, row by row
FLAT = 2.3 + noise(N, 0.01)
ONES = np.ones(N)


def view_of(first: int = 1, every: int = 1, overflows: int = 0, **columns: np.ndarray) -> View:
    history, chosen = History(role), {}
    for i in range(N):
        row = {name: float(values[i]) for name, values in columns.items()}
        history.append(row, step=first + i * every)
    if overflows:
        history.plan.counts["overflow"] = overflows
    for name in columns:
        chosen.setdefault(role(name), name)
    return Looker().look(history, chosen, True)


@pytest.mark.parametrize(
    ("more", "low"),
    [
        ({}, True),
        ({"lr": 1.01e-6 * ONES}, False),  # no recipe would call that low
        ({"lr": 1e-6 * np.where(T < 0.1, 1.1, 1.0)}, False),  # its peak tells
        ({"lr": 0 * ONES}, False),  # that is another trouble
        ({"first": 5000}, False),  # what came before the tail is not known
        ({"overflows": 3}, False),  # steps were skipped
        ({"grad_norm": np.where(T > 0.9, np.nan, 1.0)}, False),
        (
            {"entropy": ONES, "episode_reward": T, "policy_loss": ONES},
            False,
        ),  # of a policy a higher rate is no remedy
        ({"eval_loss": FLAT}, True),
    ],
    ids=count(),
)
def test_a_rate_is_low_unless_something_speaks_against_it(more: dict, low: bool) -> None:
    columns = {"loss": FLAT, "lr": 1e-6 * ONES, "grad_norm": ONES, **more}
    assert low_rate.is_low(view_of(**columns)) is low


def test_without_a_rate_nothing_is_known_of_it() -> None:
    assert not low_rate.is_low(view_of(loss=FLAT, grad_norm=ONES))


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({}, True),
        ({"grad_norm": 1e-7 * ONES}, False),  # nothing reaches the weights
        ({"grad_norm": 1e-5 * ONES}, True),
        ({"grad_norm": 1 + 20 * T}, False),  # 3.5 early, 18.5 late: on its way
        ({"grad_norm": 1 + 12 * T}, True),
        ({"grad_norm": 4 - 3.9 * T}, False),
        ({"loss": FLAT + 0.5 * T}, False),  # it rises
        ({"loss": FLAT - 2.4}, False),  # below 0 a small rate is not told by its level
        ({"lr": 1e-5 * ONES}, False),
    ],
    ids=count(),
)
def test_gradients_that_flow_to_no_avail_are_a_reason(more: dict, reason: bool) -> None:
    view = view_of(**{"loss": FLAT, "lr": 1e-6 * ONES, "grad_norm": ONES, **more})
    assert low_rate.is_the_reason(view) is reason
    assert low_rate.is_earned(view) is reason


@pytest.mark.parametrize(
    ("more", "steady"),
    [
        ({}, True),
        ({"loss": FALLS + 0.02 * np.sin(T * 40)}, False),  # it steps back
        ({"loss": 2.3 - 0.05 * (1 - np.exp(-6 * T)) + noise(N, 0.0005)}, False),  # a floor is near
        ({"loss": FLAT}, False),
        ({"first": 5000}, False),
        ({"overflows": 1}, False),
        ({"lr": 1e-4 * (1 - 0.6 * T)}, False),  # it has decayed
        ({"lr": 1e-4 * (1 - 0.4 * T)}, True),
        ({"entropy": ONES, "episode_reward": T, "policy_loss": ONES}, False),
        ({"rewards/margins": ONES, "rewards/accuracies": 0.5 * ONES}, False),
    ],
    ids=count(),
)
def test_a_tiny_fall_that_never_steps_back_earns_a_higher_rate(more: dict, steady: bool) -> None:
    view = view_of(**{"loss": FALLS, **more})
    assert low_rate.steady_fall(view) is steady
    assert low_rate.is_earned(view) is steady


@pytest.mark.parametrize(
    ("steps", "spacing"),
    [([], 1.0), ([7.0], 1.0), ([0.0, 10.0], 10.0), ([0.0, 1.0, 2.0, 50.0], 1.0), ([3.0, 3.0], 1.0)],
)
def test_the_usual_distance_of_points(steps: list[float], spacing: float) -> None:
    assert spacing_of(np.array(steps)) == spacing


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (100, ""), (104, ""), (96, ""), (90, ", 1 point before"), (80, ", 2 points before"),
        (110, ", 1 point after"), (-20_000, ", 2,010 points before"), (300, ", 20 points after"),
    ],
)  # fmt: skip
def test_how_far_one_thing_is_from_another(at: float, words: str) -> None:
    assert str(when(at, 100, 10)) == words


def test_two_things_coincide_within_two_blocks_or_three_points() -> None:
    view = view_of(every=10, loss=FLAT)
    assert reach_of(view, 10.0) == pytest.approx(2 * view.step / 32)
    assert reach_of(view, 100.0) == 300.0


@pytest.mark.parametrize(
    ("first", "every", "epochs", "counted"),
    [
        (1, 1, 1 + np.arange(N), True),
        (1, 10, 1 + np.arange(N), True),  # a row an epoch, whatever steps count
        (501, 1, 501 + np.arange(N), True),  # in the middle of the training
        (501, 1, np.arange(N) / 50, False),
        (501, 2, 501 + 2 * np.arange(N), False),
        (1, 1, np.arange(N) / 10, False),
    ],
)
def test_whether_steps_are_epochs(
    first: int, every: int, epochs: np.ndarray, counted: bool
) -> None:
    history = History(role)
    for i in range(N):
        history.append({"loss": float(FALLS[i])}, step=first + i * every, epoch=float(epochs[i]))
    view = Looker().look(history, {"train_loss": "loss"}, True)
    assert steps_are_epochs(view) is counted
