"""By which series a run is judged: the curve of its kind, and what else measures its progress."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sized
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from lossmon.diagnosis.kind import (
    LIKE_LOSSES,
    MORE_SCORES,
    ODD_FOR_REWARDS,
    SCORES,
    Direction,
    Kind,
    Measure,
    plain,
    whole,
)

T = TypeVar("T")


class Names:
    """The names of a run's metrics, which patterns ask for at each look.

    Made anew where there are more names: what was found is kept.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._forms = [(name, plain(name)) for name in names]
        self._found: dict[str, tuple[str, ...]] = {}
        self._kept: dict[object, Any] = {}

    def kept(self, what: object, find: Callable[[], T]) -> T:
        """What follows from the names alone, found once."""
        if what not in self._kept:
            self._kept[what] = find()
        found: T = self._kept[what]
        return found

    def matching(self, expression: str) -> tuple[str, ...]:
        """Those in which an expression matches whole words; the plainest first."""
        found = self._found.get(expression)
        if found is None:
            words = whole(expression)
            some = [name for name, form in self._forms if words.search(form)]
            found = self._found[expression] = tuple(sorted(some, key=_oddness))
        return found


_SHARED = 64  # names up to which logs that have the same ones share what was found


def names_of(names: Iterable[str]) -> Names:
    """The names of a run's metrics: those of a sweep are the same in each of its runs."""
    some = tuple(names)
    return _shared(some) if len(some) <= _SHARED else Names(some)


@lru_cache(maxsize=256)
def _shared(names: tuple[str, ...]) -> Names:
    return Names(names)


def measured(
    measures: Iterable[Measure],
    names: Names,
    points: Mapping[str, Sized],
    held_out: bool | None = None,
) -> tuple[str, Direction] | None:
    """The first of some measures that is logged: (name, direction).

    Args:
        measures: the best first.
        names: of the metrics.
        points: name -> its points; of two that match, one with less than a tenth of the other's
            stands back.
        held_out: True where it should be of held-out data, False where it should not, None for
            either: then that of held-out data, if there is one.
    """
    for measure in measures:
        found = names.matching(measure.name)
        if held_out is not None:
            found = tuple(name for name in found if is_held_out(name) == held_out)
        most = max((len(points[name]) for name in found), default=0)
        for name in found:
            if len(points[name]) * 10 >= most > 0:
                return name, measure.direction
    return None


class Judged(NamedTuple):
    """What a run is judged by.

    Attributes:
        roles: role -> metric, with the curve for the train loss, and the same of held-out data for
            the eval loss.
        rises: more of the curve is better.
        quiet: patterns that say nothing.
    """

    roles: Mapping[str, str]
    rises: bool = False
    quiet: frozenset[str] = frozenset()


def judged(
    kind: Kind, names: Names, points: Mapping[str, Sized], chosen: Mapping[str, str]
) -> Judged:
    """The curve of a run by its kind; the losses that were chosen where the kind names none.

    OpenNMT prints `acc: 0.41; ppl: 168.2` and no loss: then a perplexity or a score is the curve.

    Args:
        kind: of the run.
        names: of its metrics.
        points: name -> its points.
        chosen: role -> metric, as the names alone say.
    """
    measures, quiet = kind.curve, kind.quiet_of_curve
    found = _best(measures, names, points)
    if found is None and _eval_alone(points, chosen):
        found = _like_loss(names, points)
        if found is None:
            return Judged({**_without(chosen), "train_loss": chosen["eval_loss"]}, quiet=kind.quiet)
        measures = LIKE_LOSSES
    if found is None and "train_loss" not in chosen:
        measures, quiet = (*LIKE_LOSSES, *(kind.goals or SCORES)), ODD_FOR_REWARDS
        found = _best(measures, names, points)
        if found is None and kind.id != "gan":  # two errors that balance are no measure
            measures = MORE_SCORES
            found = _best(measures, names, points) or _any_score(points)
    if found is None:
        return Judged(chosen, quiet=kind.quiet)
    curve, direction = found
    roles = _without(chosen)
    roles["train_loss"] = curve
    evals = measured(measures, names, points, held_out=True)
    if direction == "lower" and evals is not None and evals[0] != curve:
        roles["eval_loss"] = evals[0]
    return Judged(roles, direction == "higher", quiet)


def _any_score(points: Mapping[str, Sized]) -> tuple[str, Direction] | None:
    """Whatever the table of names calls a score, the one with most points."""
    scores = [name for name, one in points.items() if getattr(one, "role", "") == "accuracy"]
    best = max(scores, key=lambda name: (len(points[name]), not _oddness(name)[0]), default=None)
    return None if best is None or not len(points[best]) else (best, "higher")


_FEW_EVALS = 4  # rows of an eval loss that stands alone


def _without(chosen: Mapping[str, str]) -> dict[str, str]:
    """The roles but for the losses."""
    return {role: name for role, name in chosen.items() if role not in ("train_loss", "eval_loss")}


def _eval_alone(points: Mapping[str, Sized], chosen: Mapping[str, str]) -> bool:
    """No train loss is told but in one closing line ("Final loss: -0.398"), and evals are."""
    rows = {
        role: len(points.get(name, ())) for role, name in chosen.items()
    }  # one may be called ""
    return rows.get("eval_loss", 0) >= _FEW_EVALS and rows.get("train_loss", 0) <= 1


def _like_loss(names: Names, points: Mapping[str, Sized]) -> tuple[str, Direction] | None:
    """What stands for the train loss where the eval loss is a perplexity, or the like, as well.

    `train_ppl 3.1 valid_ppl 8.7`: of the eval alone an over-fitted model was told to have lost what
    it had learned, by too high a rate.
    """
    held_out = measured(LIKE_LOSSES, names, points, held_out=True)
    found = measured(LIKE_LOSSES, names, points, held_out=False)
    if found is None or held_out is None or len(points[found[0]]) < _FEW_EVALS:
        return None
    return found


def _best(
    measures: Iterable[Measure], names: Names, points: Mapping[str, Sized]
) -> tuple[str, Direction] | None:
    """The first of some measures, of the data that is trained on if that is logged."""
    measures = tuple(measures)
    return measured(measures, names, points, held_out=False) or measured(measures, names, points)


HELD_OUT = r"eval(?:uation)?|val(?:id(?:ation)?)?|valid_\d+|test|dev|held_?out|tst"
_ODD = whole(r"std|min|max|var|best|range|count|num|total|scale|lr|weight")


def is_held_out(name: str) -> bool:
    """Whether a name says that it is of held-out data."""
    return bool(whole(HELD_OUT).search(plain(name)))


def _oddness(name: str) -> tuple[bool, bool, int]:
    """Sorts names that measure the same: no spread or extreme, held-out data, the plainest."""
    form = plain(name)
    return bool(_ODD.search(form)), not is_held_out(name), len(form.split("_"))


def twin_of(name: str, names: Names) -> str | None:
    """What is logged of train as this is of held-out data: "train loss" of "val loss"."""
    form = plain(name)
    wanted = {whole(HELD_OUT).sub(f"_{one}_", form).strip("_") for one in _OF_TRAIN} - {form}

    def find() -> str | None:
        found = names.matching("|".join(_OF_TRAIN))
        return next((one for one in found if plain(one) in wanted), None)

    return names.kept((twin_of, name), find) if wanted else None


_OF_TRAIN = ("train", "training", "trn", "tr")
