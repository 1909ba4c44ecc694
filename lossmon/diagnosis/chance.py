"""Levels of pure guessing: what a loss is where a model knows nothing.

Which levels exist is a matter of the kind of training (see `lossmon.diagnosis.kind`): ln(classes)
for a classifier, ln(batch) for a contrastive loss, ln(vocabulary) for a language model, ln 2 for a
pair of answers. A level that was told (a number of classes, a batch size) is believed from further
away than one out of a list of usual ones, which any loss may pass by chance.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from lossmon.diagnosis import statistics as st
from lossmon.diagnosis.curve import LossCurve
from lossmon.diagnosis.kind import plain
from lossmon.diagnosis.limits import Enough, Limit, Limits
from lossmon.diagnosis.view import View
from lossmon.words import said


class Bounds(Limits):
    """How near a loss must be, and how flat."""

    told = Limit(0.02, "of a level that was told", "words")
    batch = Limit(0.004, "of ln(batch) and the like", "SimCLR, CLIP: third digit")
    usual = Limit(0.0015, "of one out of a list", "a list of 20 levels is met by chance, else")
    both = Limit(0.01, "of ln C, where an accuracy is 1 / C", "threads")
    share = Limit(0.25, "of 1 / C, that an accuracy may be away", "threads")
    gone = Limit(0.004, "of the level of guessing, to which a loss fell back", "runs")
    gone_rows = Limit(4, "rows that stand there", "threads")
    exact = Limit(1e-5, "of ln K of a power of two, whatever is trained", "threads")
    epochs = Limit(5, "rows, each the mean of an epoch, that all stand there", "threads: 6")
    few = Limit(0.005, "of the level, of each of these", "threads: 2.297 to 2.309")
    loose = Limit(0.03, "of the level, where accuracies say the same", "threads: 0.686 to 0.708")
    loose_share = Limit(0.08, "of 1 / C, of the usual accuracy", "threads: 0.516")
    score = Limit(
        0.2, "of 1 / C, of the mean of an accuracy without a loss", "threads: 1.08 / 1000"
    )
    score_rows = Limit(10, "rows of it, of batches of a few hundred steps at least", "threads")
    score_steps = Limit(300, "steps: before, no class may be right", "ArcFace: 300")
    scatters = Limit(2.5, "x 1 / C: no row is better", "threads: 1.95")
    flat = Limit(
        0.01, "of the level: spread of the medians of quarters, of the newest half", "runs"
    )


class Chance(NamedTuple):
    """A level of guessing.

    Attributes:
        level: the loss there.
        among: of how many.
        words: what is guessed, "128 of a batch".
        within: how near the loss must be, relative.
    """

    level: float
    among: float
    words: str
    within: float

    @property
    def sum(self) -> str:
        """How it comes about: "ln 128 = 4.852"."""
        return said("ln {among:,.0f} = {level:.4g}", among=self.among, level=self.level)


_CLASSES = (2, 3, 4, 5, 10, 20, 100, 1000)
_PROTOTYPES = (65_536, 131_072, 8_192, 4_096, 3_000)  # DINO, DINOv2, iBOT, MSN, SwAV
_VOCABULARIES = (
    32_000, 32_064, 32_768, 50_257, 50_304, 65_024, 100_277, 128_256, 151_936, 152_064, 256_000,
    30_522, 32_128, 250_002,
)  # fmt: skip


def chances(view: View) -> Iterator[Chance]:
    """The levels that a run may stand at, those that were told first."""
    settings, kinds = view.around.settings, view.kind.chance
    classes = settings.get("classes", 0.0)
    if classes >= 2 and view.kind.id in ("", "classifier", "segmentation", "detection"):
        yield _chance(classes, said("{classes:,.0f} classes", classes=classes), Bounds.told)
    yield from _by_accuracy(view)
    batch = _batch(view)
    if "batch" in kinds and batch >= 32:
        for ranks in (1, 2, 4, 8, 16, 32, 64) if view.kind.id == "contrastive" else (1,):
            of = said("a batch of {batch:,.0f}", batch=batch) + (
                said(" on {ranks} devices", ranks=ranks) if ranks > 1 else ""
            )
            yield _chance(
                batch * ranks,
                said("the {batch:,.0f} of {of}", batch=batch * ranks, of=of),
                Bounds.batch,
            )
            pairs = 2 * batch * ranks - 1
            yield _chance(
                pairs,
                said("the {pairs:,.0f} other views of {of}", pairs=pairs, of=of),
                Bounds.batch,
            )
    elif "batch" in kinds and view.kind.id == "contrastive":  # not told: a power of two, mostly
        for power in range(5, 14):
            for others in (2**power, 2**power - 1):
                yield _chance(others, said("{others:,} of a batch", others=others), Bounds.usual)
    if "prototypes" in kinds:
        for many in _PROTOTYPES:
            yield _chance(many, said("{many:,} prototypes", many=many), Bounds.usual)
    if "vocabulary" in kinds:
        told = settings.get("vocabulary", 0.0)
        for size in (told, *_VOCABULARIES) if told >= 2 else _VOCABULARIES:
            yield _chance(
                size, said("{size:,.0f} tokens of the vocabulary", size=size), Bounds.usual
            )
    if "pair" in kinds:
        yield _chance(2, said("the two answers of a pair"), Bounds.batch)
    if "classes" in kinds and classes < 2:
        for n in _CLASSES:
            yield _chance(n, said("{n:,} classes", n=n), Bounds.usual)


def _by_accuracy(view: View) -> Iterator[Chance]:
    """An accuracy of 0.10 beside a loss of 2.30: there are 10 classes, as both say."""
    train = view.train
    if view.kind.id != "classifier" or train is None or not 0.6 < train.end < _MOST:
        return
    classes = round(math.exp(train.end))
    for score in view.around.scores:
        if not score.rises or not _ACCURACY.search(plain(score.name)) or len(score.value) < 3:
            continue
        level = score.late(0.5)
        share = level / 100 if level > 1 else level
        if abs(share * classes - 1) <= Bounds.share:
            words = said("{n:,} classes (as {name} says)", n=classes, name=score.name)
            yield _chance(classes, words, Bounds.both)
            return


def by_score(view: View) -> Chance | None:
    """An accuracy without a loss that stays at 1 / C: 0.0004 to 0.002 among 1,000 classes.

    The level is that of the accuracy, not of a loss.
    """
    train = view.train
    if train is None or not train.rises or view.around.loss is not None:
        return None
    if not _ACCURACY.search(plain(train.name)) or len(train.value) < Bounds.score_rows:
        return None
    if view.step < Bounds.score_steps and not view.rows_are_epochs:
        return None
    values = -train.value
    values = values / 100 if float(values.max()) > 1 else values
    mean, told = float(np.mean(values)), view.around.settings.get("classes", 0.0)
    for classes in (told,) if told >= 4 else _BY_SCORE:
        level = 1 / classes
        near = abs(mean / level - 1) <= Bounds.score and values.max() <= Bounds.scatters * level
        if near and st.mann_kendall(st.blocks(values, 12)) < 2:
            words = said("{classes:,.0f} classes", classes=classes)
            return Chance(level, classes, words, Bounds.score)
    return None


_BY_SCORE = (1000.0, 100.0, 10.0)
_MOST = math.log(5_000)
_ACCURACY = re.compile(r"acc(?:uracy)?")


def _chance(among: float, words: str, within: float) -> Chance:
    return Chance(math.log(among), among, words, within)


def _batch(view: View) -> float:
    if view.around.batch is not None:
        return float(np.median(view.around.batch[1]))
    return view.around.settings.get("batch", 0.0)


def chance_of(view: View) -> Chance | None:
    """The level of guessing at which the train loss has stood for the newest half, or None."""
    train = view.train
    if train is None or train.rises or len(train.value) < Enough.points or train.end <= 0:
        return None
    quarters = newest_levels(train)
    if np.ptp(quarters) > Bounds.flat * train.end:
        return None
    level = st.median(train.value[len(train.value) // 2 :])
    found = next((c for c in chances(view) if abs(level / c.level - 1) <= c.within), None)
    return found or _exact(level, float(np.ptp(quarters)), view)


def _exact(level: float, spread: float, view: View) -> Chance | None:
    """A level that is ln 2^k to the fifth digit, k from 8 on, and does not move."""
    power = round(level / math.log(2))
    if not 8 <= power <= 20 or view.curve or spread > Bounds.exact * level:
        return None
    if abs(level / (power * math.log(2)) - 1) > Bounds.exact:
        return None
    return _chance(2**power, said("{many:,} outputs", many=2**power), Bounds.exact)


def level_of(value: float, within: float, view: View) -> Chance | None:
    """A level of guessing near a value; of classes also where the kind is not known."""
    usual = (_chance(n, said("{n:,} classes", n=n), within) for n in _CLASSES)
    known = (*chances(view), *(usual if view.kind.id == "" else ()))
    return next((one for one in known if abs(value / one.level - 1) <= within), None)


def fell_back(view: View, onset: int) -> Chance | None:
    """The level of guessing at which the rows since an onset stand: what was learned is gone."""
    train = view.train
    if train is None or train.rises or view.curve:
        return None
    since = train.value[train.step >= onset]
    since = since[len(since) // 3 :]  # it may have shot over it first
    if len(since) < Bounds.gone_rows or since.min() <= 0:
        return None
    level = st.median(since)
    near = (c for c in chances(view) if abs(level / c.level - 1) <= max(c.within, Bounds.gone))
    found = next(near, None)
    spread = float(np.median(np.abs(since / level - 1)))
    return found if found is not None and spread <= 2 * Bounds.gone else None


def guessing_for_epochs(view: View) -> Chance | None:
    """The level of guessing at which each of a few rows stands that is the mean of an epoch.

    2.3086, 2.2973, 2.3083, 2.3027, 2.3045, 2.3057: an epoch is enough to leave ln 10, if any is.
    """
    train = view.train
    if train is None or train.rises or not Bounds.epochs <= train.n < Enough.points_live:
        return None
    if not view.rows_are_epochs:
        return None
    values = train.value
    for chance in chances(view):
        off = np.abs(values / chance.level - 1)
        if np.all(off <= Bounds.few):
            return chance
        scatters = np.all(off <= Bounds.loose) and st.median(off[-3:]) <= Bounds.few
        if scatters and _accuracies_guess(view, chance.among):
            return chance
    return None


def _accuracies_guess(view: View, among: float) -> bool:
    """Those of train and of held-out data are both 1 / C: then the loss may scatter a little."""
    told = [one for one in view.around.scores if one.rises and "acc" in one.name.lower()]
    middle = [st.median(one.value) for one in told]
    middle = [value / 100 if value > 1 else value for value in middle]
    near = [abs(value * among - 1) for value in middle]
    return len(near) >= 2 and max(near) <= Bounds.loose_share and min(near) <= Bounds.few


def newest_levels(train: LossCurve) -> np.ndarray:
    """Medians of four parts of the newest half, shape (4,)."""
    return st.blocks(train.value[len(train.value) // 2 :], 4)
