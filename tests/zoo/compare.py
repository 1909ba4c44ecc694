"""What lossmon reads of a training, against what was logged."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from lossmon.monitor import RunUpdate
from lossmon.monitor.whole import read_targets
from tests.zoo.recipe import Recipe

Curve = dict[int, float]  # step -> value; of a step that was logged twice the last


@dataclass
class Truth:
    """What was logged, by the tool's own account.

    Attributes:
        curves: metric -> its points.
        times: (metric, step) -> when it was logged, seconds since the Unix epoch.
        plan: the steps it was to take, where the log says so.
    """

    curves: dict[str, Curve] = field(default_factory=dict)
    times: dict[tuple[str, int], float] = field(default_factory=dict)
    plan: int | None = None


def truth_of(path: Path) -> Truth:
    """Read what a recipe wrote down."""
    truth = Truth()
    for line in path.read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        truth.plan = said.get("plan", truth.plan)
        for metric, value in said.get("values", {}).items():
            truth.curves.setdefault(metric, {})[said["step"]] = value
            truth.times.setdefault((metric, said["step"]), said["time"])
    return truth


def read(folder: Path, now: float) -> list[RunUpdate]:
    """What a fresh look at a folder gives; of verdicts nothing is compared."""
    return read_targets([str(folder)], now=now, judging="never").updates


def differences(
    recipe: Recipe, truth: Truth, updates: Sequence[RunUpdate], *, ended: bool = True
) -> list[str]:
    """What is read otherwise than it was logged, a line each; empty where all is right."""
    wrong = []
    if len(updates) != recipe.runs:
        wrong.append(f"{len(updates)} runs, not {recipe.runs}")
    if not updates:
        return wrong
    return [*wrong, *min((_of_run(recipe, truth, one, ended) for one in updates), key=len)]


def _of_run(recipe: Recipe, truth: Truth, update: RunUpdate, ended: bool) -> list[str]:
    """What of a run is otherwise than it was logged; of several the one that fits best counts."""
    wrong = []
    roles = {"train": update.train, "eval": update.eval, "rate": update.learning_rate}
    for role, name in roles.items():
        if name != (right := getattr(recipe, role)):
            wrong.append(f"{role} is {name}, not {right}")
    if update.total_steps != truth.plan:
        wrong.append(f"plan {update.total_steps}, not {truth.plan}")
    if ended and update.state != recipe.ends:
        wrong.append(f"state {update.state}, not {recipe.ends}")
    for metric, right in truth.curves.items():
        view = update.series.get(metric)
        curve = dict(zip(view.step.tolist(), view.value.tolist(), strict=True)) if view else {}
        wrong += [f"{metric}: {one}" for one in _off(curve, right, recipe.whole)]
    known = re.compile("|".join(recipe.also) or "(?!)")
    extra = [one for one in update.series if one not in truth.curves and not known.fullmatch(one)]
    if extra:
        wrong.append(f"no metrics of it: {', '.join(sorted(extra)[:6])}")
    return wrong


def _off(curve: Curve, right: Curve, whole: bool) -> Iterator[str]:
    """How points differ: absent, invented, of another value than its digits can say."""
    missing = sorted(right.keys() - curve.keys())
    if not curve:
        yield f"none of {len(right)} points"
        return
    if missing and (whole or missing[-1] == max(right)):
        yield f"{len(missing)} of {len(right)} points missing (steps {_some(missing)})"
    if invented := sorted(curve.keys() - right.keys()):
        yield f"{len(invented)} points at steps that are none ({_some(invented)})"
    near = _nearness(curve.values())
    common = sorted(curve.keys() & right.keys())
    off = [step for step in common if not near(curve[step], right[step])]
    if off:
        step = off[0]
        yield f"{len(off)} values differ ({curve[step]:g} for {right[step]:g} at step {step})"


def _nearness(read: Iterable[float]) -> Callable[[float, float], bool]:
    """A comparison to the digits that were printed: places and digits of the value with most.

    A unit in the last place is granted: some tools cut off, and some count in single precision.
    """
    shown = [Decimal(f"{value:.9g}").as_tuple() for value in read if math.isfinite(value)]
    places = max((-int(one.exponent) for one in shown), default=0)
    digits = max((len(one.digits) for one in shown), default=1)

    def near(a: float, b: float) -> bool:
        if not (math.isfinite(a) and math.isfinite(b)):
            return str(a) == str(b)
        size = math.floor(math.log10(abs(a))) if a else 0
        unit = 10.0 ** -min(places, digits - 1 - size)
        return abs(a - b) <= max(1.01 * unit, 2e-6 * abs(b))

    return near


def _some(steps: Sequence[int]) -> str:
    return ", ".join(map(str, steps[:4])) + (", ..." if len(steps) > 4 else "")
