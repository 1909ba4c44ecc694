"""Limits: a number with its unit and where it comes from; and those that all patterns share.

"words" are the operational definitions of the practitioner's table; "runs" are real trainings
whose causes were injected on purpose, of which half were looked at when a number was chosen;
"prototype" are rules that were tried on such runs before. All are ratios: nothing changes when a
loss is multiplied or logged more often.
"""

from __future__ import annotations


class Limit(float):
    """A threshold that is a number wherever one is needed, and can say what it means.

    Args:
        value: the number.
        unit: of what it is a share or a count.
        source: who says so.
    """

    unit: str
    source: str

    def __new__(cls, value: float, unit: str, source: str) -> Limit:
        """A number of `float`, which cannot be changed once it is made."""
        self = super().__new__(cls, value)
        self.unit, self.source = unit, source
        return self

    def __getnewargs__(self) -> tuple[float, str, str]:  # type: ignore[override]
        """What it is made of: evidence names limits, and findings cross processes."""
        return float(self), self.unit, self.source


class Limits:
    """A set of limits, each an attribute: `class Bounds(Limits): rise = Limit(...)`."""

    @classmethod
    def named(cls) -> dict[str, Limit]:
        """Name -> limit, in the order they were declared."""
        return {name: one for name, one in vars(cls).items() if isinstance(one, Limit)}


class Enough(Limits):
    """How much must be there before anything is said: of facts few rows, of statistics more."""

    facts = Limit(3, "rows that all say the same: an exact fact", "threads: 3 suffice")
    points = Limit(8, "train points, of a run that has ended", "runs")
    over = Limit(5, "train points, of one that says that it has ended", "no more will come")
    points_live = Limit(20, "train points, while it goes on", "runs")
    plainly = Limit(0.6, "how plainly what so few rows say may hold", "calibration")
    rewards = Limit(24, "rows, each the mean reward of a few answers", "threads: GRPO")
    evals = Limit(4, "evaluations", "runs")
    plan = Limit(0.25, "of the plan, before a slow pattern is said", "prototype: 20 %")
    points_no_plan = Limit(100, "train points, likewise where no plan is known", "prototype")
    done = Limit(0.98, "of the plan: it is as good as over", "the last rows are often missing")
    tail = Limit(0.5, "of the steps in the log, before its first: it is a tail", "threads")
    rows_before = Limit(20, "rows that would have stood there", "rows are logged every N steps")
    linear = Limit(0.01, "of rate over step: it rises in proportion", "linear warm-ups")
    warm_up = Limit(1.1, "x the rate at half of the run: it still rises", "linear warm-ups")
