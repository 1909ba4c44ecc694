"""What a pattern is: one declared object, from which everything but its words is derived."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from lossmon.diagnosis.figures import Numbers
from lossmon.diagnosis.finding import CauseId, Finding, Hint, PatternId, Severity
from lossmon.diagnosis.kind import FAMILY
from lossmon.diagnosis.limits import Limits
from lossmon.diagnosis.reasons import Reason
from lossmon.diagnosis.view import View
from lossmon.history.columns import Floats

Slot = Literal["train", "pair", "untold", "beside"]
Part = Literal["train", "pair", "rate", "grad_norm"]
PARTS: tuple[Part, ...] = ("train", "pair", "rate", "grad_norm")


class NoLimits(Limits):
    """Of a pattern that is a plain fact."""


# -- what is drawn over the curve, as data: chart/ interprets it -----------------------------------


@dataclass(frozen=True)
class Level:
    """A level line.

    Attributes:
        label: what it is called at its end.
        value: the number of the finding that it stands at (see `Finding.numbers`).
        since, until: the number at which step it begins and ends; "first" and "last" are the ends
            of the curve, "since_step" is the finding's own.
    """

    label: str
    value: str
    since: str = "first"
    until: str = "last"


@dataclass(frozen=True)
class Trend:
    """A straight line over the whole curve, from one number of the finding to another."""

    label: str
    start: str
    end: str


@dataclass(frozen=True)
class PowerLaw:
    """The fitted law that `figures.falling` found, a quarter of the run further than the data."""

    label: str = "fit"


@dataclass(frozen=True)
class StepMark:
    """A step that matters.

    Attributes:
        label: what stands there; fields such as {best_value:.4g} are numbers of the finding.
        step: the number that holds the step, or "since_step".
        calm: it is drawn as information, whatever the severity.
    """

    label: str
    step: str = "since_step"
    calm: bool = False


@dataclass(frozen=True)
class Picture:
    """How a finding is shown to be checked by eye.

    Attributes:
        curve: what is drawn: the losses, another metric by its role, or the speed.
        lines: guides over it.
        marks: steps that matter; those without their number are left out.
        every: marks at each restart or start of an epoch.
        near: a number: only the curve near that step is drawn, point by point.
        log_far: a logarithmic axis where the curve rises far above its start.
    """

    curve: Literal["loss", "grad_norm", "learning_rate", "speed"] = "loss"
    lines: tuple[Level | Trend | PowerLaw, ...] = ()
    marks: tuple[StepMark, ...] = ()
    every: Literal["", "restart", "epoch"] = ""
    near: str = ""
    log_far: bool = False


SINCE = StepMark("since")
USUAL = (Level("limit", "threshold"), Level("usual", "usual"))


# -- what it looks like, for the reference ---------------------------------------------------------


class Draft(NamedTuple):
    """What examples are made of; arrays have shape (n,).

    Attributes:
        t: share of the run.
        noise: standard normal.
        fall: a usual fall.
    """

    t: Floats
    noise: Floats
    fall: Floats

    def after(self, share: float) -> Floats:
        """0 before a share of the run, 1 from there on."""
        return (share <= self.t).astype(float)


class Example(NamedTuple):
    """Curves made up for a pattern: label -> values; and the share of the run where it begins."""

    curves: dict[str, Floats]
    onset: float | None = None


# -- the object ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pattern:
    """One pattern.

    Attributes:
        id: its name in JSON, and of its file.
        slot: "train" and "pair" hold one verdict each, of one curve and of two, "untold" one why
            there is none; any number of findings stand "beside" them.
        severity: how bad it is, where nothing else decides.
        find: the finding where it holds, else None; None for what a clock or the log's end tells.
        needs: parts of the view without which it does not hold ("train", "pair", "rate",
            "grad_norm"): the engine asks it only where they are there, as for all that follows.
        logs: names of metrics (see `Around.logged`), for each of which one is logged.
        kinds: of training, of which it is asked alone; none where it is asked of all.
        after: patterns that are asked before it. Where one of its slot holds, it does not; beside
            the verdicts, where any number may hold, it only orders.
        hides: patterns, or whole slots, of which nothing is said while it holds.
        looks: looks in a row that must agree before a running training shows it; O(log n) looks
            are made in a run.
        sure: confidence from which one look is enough.
        urgent: when it is seen for the first time, the next look comes soon.
        positive: it says that all is well: it has a tick, and is not said beside a warning.
        on_its_way: so far it goes as it should: a tick, too, and no more beside a warning.
        gives_way: it is said only where nothing else warns.
        stands: whether a finding that was shown still holds although another pattern is found now:
            one more row does not flip a verdict, it stays until it is refuted.
        keeps_since: its step is that of the first sight; of others, that of the newest look.
        supported: its severity where a cause with a measured reason supports it.
        forbids: moves ("rate+", "steps-") that no finding of the run may advise while it holds.
        limits: its thresholds, each with unit and source.
        causes: what was measured to coincide.
        hints: what rows that are too few for a verdict show already.
        typical: causes that are usual, in order; said last, without a reason.
        typical_of: kind of training -> those that are usual there, before the others: what
            practitioners settle on differs by kind more than by the shape of a curve.
        figures: numbers for its remedies and picture; those that `find` gave win.
        picture: how it is drawn.
        example: what it looks like; None where there is nothing to draw.
    """

    id: PatternId
    slot: Slot
    severity: Severity
    find: Callable[[View], Finding | None] | None = None
    needs: tuple[Part, ...] = ()
    logs: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    after: tuple[PatternId, ...] = ()
    hides: tuple[PatternId | Slot, ...] = ()
    looks: int = 6
    sure: float = 1.01
    urgent: bool = False
    positive: bool = False
    on_its_way: bool = False
    gives_way: bool = False
    stands: Callable[[Finding, View], bool] | None = None
    keeps_since: bool = False
    supported: Severity | None = None
    forbids: tuple[str, ...] = ()
    limits: type[Limits] = NoLimits
    causes: Callable[[Finding, View], Iterator[Reason]] | None = None
    hints: Callable[[View], tuple[Hint, ...]] | None = None
    typical: tuple[CauseId, ...] = ()
    typical_of: Mapping[str, tuple[CauseId, ...]] = field(default_factory=dict)
    figures: Callable[[Finding, View], Numbers] | None = None
    picture: Picture = field(default_factory=Picture)
    example: Callable[[Draft], Example] | None = None

    def may_hold(self, view: View) -> bool:
        """Whether all that it needs is there, as it is for as long as the metrics are the same."""
        return (
            (not self.kinds or view.kind.id in self.kinds)
            and all(getattr(view, part) is not None for part in self.needs)
            and all(map(view.around.names.matching, self.logs))
        )

    def usual(self, kind: str) -> tuple[CauseId, ...]:
        """The causes that are usual where this kind is trained, in order, each once."""
        own = (cause for one in FAMILY.get(kind, (kind,)) for cause in self.typical_of.get(one, ()))
        return tuple(dict.fromkeys((*own, *self.typical)))
