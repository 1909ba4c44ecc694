"""Strips: what each finds, and every place that offers them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lossmon.chart.of_run import strip_of
from lossmon.chart.strips import NAMES, strip_named
from lossmon.cli import cli
from lossmon.config.screen import Screen
from lossmon.presentation.plot import lacks_strip
from tests.monitor.test_versus import run, view


def test_the_command_and_the_settings_offer_all_of_them() -> None:
    (option,) = [one for one in cli.commands["plot"].params if one.name == "strip"]
    assert list(option.type.choices) == [*NAMES, "off"]  # type: ignore[attr-defined]
    field = Screen.__dataclass_fields__["strip"]
    assert tuple(field.metadata["one_of"]) == (*NAMES, "off")


def test_a_strip_that_a_run_lacks_is_told_and_not_only_replaced() -> None:
    one = run(train=np.linspace(2, 1, 80), evals=np.linspace(2.5, 1.5, 8))
    assert lacks_strip([one], "gap") == lacks_strip([one], "off") == ""
    assert lacks_strip([one], "GPU").endswith(": nothing for the strip GPU; drawn with gap")
    alone = run(train=np.linspace(2, 1, 80))
    assert lacks_strip([alone], "GPU").endswith(": nothing for the strip GPU; drawn without")


def test_speed_is_what_the_log_says_else_steps_by_the_times_of_rows() -> None:
    losses = np.linspace(2, 1, 5)
    find = strip_named("throughput").find
    assert find(run(train=losses), 0.6) is None, "no times"
    assert find(run(train=losses[:2], seconds=2.0), 0.6) is None, "too few"
    timed = run(train=losses, every=10, seconds=2.0)
    told = find(timed, 0.6)
    assert told is not None
    assert (told.step.tolist(), told.value.tolist()) == ([20, 30, 40, 50], [5.0] * 4)
    time = timed.series["loss"].time
    assert time is not None
    time[2] = time[1]  # two rows in one tick of the clock
    told = find(timed, 0.6)
    assert told is not None
    assert told.step.tolist() == [20, 40, 50]
    logged = replace(view("tokens_per_s", np.array([7.0, 8.0]), 10, None), role="throughput")
    series = {**timed.series, "tokens_per_s": logged}
    both = replace(timed, series=series)
    assert find(both, 0.6) is logged
    assert strip_of(both, "throughput", 0.6)[1].label == "tokens_per_s"  # type: ignore[union-attr]
    assert strip_of(timed, "throughput", 0.6)[1].label == "steps/s"  # type: ignore[union-attr]


def test_the_rate_and_the_norm_are_those_of_the_run() -> None:
    rate, norm = (view(name, np.array([1.0, 2.0]), 10, None) for name in ("lr", "gn"))
    update = replace(run(train=np.ones(3)), learning_rate="lr", grad_norm="gn")
    update = replace(update, series={**update.series, "lr": rate, "gn": norm})
    assert strip_named("lr").find(update, 0.0) is rate
    assert strip_named("grad norm").find(update, 0.0) is norm
    assert strip_named("lr").find(run(train=np.ones(3)), 0.0) is None


def test_the_gap_is_eval_less_train_where_both_are() -> None:
    find = strip_named("gap").find
    assert find(run(train=np.ones(50)), 0.0) is None
    assert find(run(evals=np.ones(4)), 0.0) is None
    told = find(run(train=np.full(80, 2.0), evals=np.array([3.0, 2.5, 2.0])), 0.0)
    assert told is not None
    assert told.value.tolist() == [1.0, 0.5, 0.0]
    lost = find(run(train=np.full(80, np.nan), evals=np.array([3.0, 2.5])), 0.0)
    assert lost is None
