"""How far two curves hold the same numbers: the evidence that two logs tell of one training.

Two seeds of one model have curves that look alike, and rounded to three digits they share most of
their values. What they do not share is the value at a step, to all the digits that were printed.
So points are compared in order, and each that agrees counts as many bits as it would have been
unlikely for another training of the same noise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lossmon.diagnosis.statistics import median, steps
from lossmon.history.columns import Floats, Ints, SeriesView

LEAST_SIZE = -290  # of a number, as a power of ten: smaller ones have not all their digits
SURE_BITS = 20.0  # one wrong pair in a million that are compared
_SAME = 0.95  # share of the points that may be compared which has to agree
_COMPARED = 1024  # points at most that are looked up in the longer curve
_VOTERS = 24  # points that say how far one curve is shifted against the other
_SEARCHED = 20_000  # points of the longer curve among which a shift is looked for
_SAMPLED = 512  # values that tell how many digits are printed
_DECIMALS = np.array([10.0**places for places in range(8)])
_SINGLE = 1e-6  # event files hold values in single precision
_FEW_NOISE = 0.02  # of a value: what is taken for the noise where a curve has too few points
_ENOUGH = 10  # values of a curve: of fewer, one alone may be a third of what can be compared
_TELLING = 3  # rows of which most have to be the same number where it is printed twice
_MANY = 64  # values of a curve that are looked for at all in another
_STRANGERS = 0.1  # share of them that two trainings may have in common by chance
_BINS = 1000.0  # of a marked value, a factor e
_MARKED = 1 << 12  # bits of a mark
_APART = 0.49 / _BINS  # how far two values may be, as a share, to have one of two bins in common
_FEW_PLACES = 32  # of a value in a curve
_CHOICES_BITS = 6.0  # what a shift that was chosen among many has to make up for


@dataclass(frozen=True)
class Curve:
    """The finite points of a metric, and how coarsely they were printed.

    Attributes:
        step: int64, shape (n,), ascending.
        value: float64, shape (n,).
        epoch: float64, shape (n,), NaN where not logged; None where no point has one.
    """

    step: Ints
    value: Floats
    epoch: Floats | None = None

    @staticmethod
    def of(view: SeriesView) -> Curve:
        """The curve of a series."""
        finite = np.isfinite(view.value)
        if finite.all():
            return Curve(view.step, view.value, view.epoch)
        epoch = None if view.epoch is None else view.epoch[finite]
        return Curve(view.step[finite], view.value[finite], epoch)

    def __len__(self) -> int:
        return len(self.step)

    @cached_property
    def printed(self) -> tuple[float, float]:
        """Half a unit of the last decimal that any value has, and of its last digit as a share.

        As the noise it is found out where the curve is compared: of a sweep few are.
        """
        return rounding(self.value[:: max(1, len(self.value) // _SAMPLED)][:_SAMPLED])

    @cached_property
    def noise(self) -> float:
        """How far a value usually is from the line through its neighbours, twice; -1 of few."""
        rough = np.abs(steps(steps(self.value)))  # what falls steadily is no noise
        return median(rough) if len(rough) >= 2 else -1.0

    @cached_property
    def ranked(self) -> Floats:
        """Its values, ascending."""
        return np.sort(self.value)

    @cached_property
    def least(self) -> float:
        """The value that is nearest to 0, without its sign."""
        return float(np.minimum.reduce(np.abs(self.value)))

    @cached_property
    def marks(self) -> tuple[NDArray[np.int32], int]:
        """Two bins of each value, shape (2, n), on grids half a bin apart, and all of them as bits.

        Values next to each other have at least one of both in common.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            at = np.log(np.abs(self.value)) * _BINS
            bins = np.floor(np.stack((at, at + 0.5))).astype(np.int64) * 2
        bins[1] += 1
        codes = (bins % _MARKED).astype(np.int32)
        bits = np.zeros(_MARKED, bool)
        bits[codes] = True
        return codes, int.from_bytes(np.packbits(bits, bitorder="little").tobytes(), "little")

    def slack(self, value: Floats) -> Floats:
        """How far the value behind a printed one may be from it.

        `%.4f` fixes the decimals and `%.4g` the digits; the looser of the two is that of the log.
        """
        size, (decimals, digits) = np.abs(value), self.printed
        return np.maximum(decimals, digits * size) + _SINGLE * size


def _no_steps() -> Ints:
    return np.zeros(0, np.int64)


@dataclass(frozen=True)
class Agreement:
    """What a comparison found.

    Attributes:
        compared: points that both may hold.
        agreed: those that do.
        bits: how unlikely so much agreement is for two trainings.
        lead: how far the first curve goes beyond the second, in steps of the second.
        first, second: the steps of the rows that agree, in the one and in the other, in order.
    """

    compared: int
    agreed: int
    bits: float
    lead: float
    first: Ints = field(default_factory=_no_steps, compare=False, repr=False)
    second: Ints = field(default_factory=_no_steps, compare=False, repr=False)

    @property
    def same(self) -> bool:
        """All points that may be compared agree, but for a line or two that was garbled."""
        allowed = self.compared - self.agreed
        return self.agreed > 0 and allowed <= (1.0 - _SAME) * self.compared + (self.compared >= 8)

    @property
    def reversed(self) -> Agreement:
        """The same, seen from the second curve."""
        return replace(self, lead=-self.lead, first=self.second, second=self.first)


NOTHING = Agreement(0, 0, 0.0, 0.0)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def compare(one: Curve, two: Curve) -> Agreement:
    """The alignment of two curves for which there is most evidence.

    Points are aligned by their step, with or without a constant shift (rows counted from 0 and
    from 1), by their position (rows counted in epochs and in batches), or in order alone (one row
    an epoch beside one a batch).
    """
    if not len(one) or not len(two):
        return NOTHING
    short, long = (one, two) if len(one) <= len(two) else (two, one)
    if len(short) >= _ENOUGH:
        if not _shares(short, long, _STRANGERS):
            return Agreement(len(_chosen(len(short))), 0, 0.0, 0.0)
    elif not _shares(short, long, 0.0):
        return NOTHING
    best = NOTHING
    for found in _alignments(short, long):
        if found.same and found.bits >= SURE_BITS:
            best = found
            break
        best = max(best, found, key=lambda one: (one.same, one.bits, one.agreed))
    return best if short is one else best.reversed


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def contradict(one: Curve, two: Curve) -> bool:
    """Whether two curves of what is measured once, and not averaged, hold other values.

    `val_loss` of two seeds differs by the noise; of one training it is the same number, told twice,
    in whatever order or at whatever steps. Of two rows one may be garbled or not yet written.
    """
    short, long = (one, two) if len(one) <= len(two) else (two, one)
    if len(short) < _TELLING or 2 * compare(short, long).agreed >= len(short):
        return False
    # What a bar repeats and shows two rows late agrees in order alone, and is no proof there.
    return 2 * _in_order(short, long).agreed < len(short)


def may_agree(one: Curve, two: Curve) -> bool:
    """Whether `compare` may find anything, which takes several times as long.

    Of 10,000 runs of one configuration each has two values at a step with sixteen others by chance.
    """
    short, long = (one, two) if len(one) <= len(two) else (two, one)
    if not 0 < len(short) <= _MANY or len(long) > _MARKED:
        return len(short) > 0
    (decimals, digits), (more, finer) = one.printed, two.printed
    share = digits + finer + 2 * _SINGLE
    if short.least == 0 or 1.01 * ((decimals + more) / short.least + share) > _APART:
        return True
    (codes, known), (_, bits) = short.marks, long.marks
    common = bits & known
    if not common:
        return False
    own: list[list[int]] = codes.T.tolist()
    found = sum([common >> a & 1 or common >> b & 1 for a, b in own])
    return found > (_STRANGERS if len(short) >= _ENOUGH else 0.0) * len(short)


def _shares(short: Curve, long: Curve, part: float) -> bool:
    """Whether more than a part of the values stands anywhere in the other curve at all.

    Where two curves are the same by any alignment a third of them does; of two seeds hardly any.
    """
    count = min(len(short), _MANY)
    values = short.value
    if len(values) > count:
        values = values[np.linspace(0, len(values) - 1, count).astype(np.int64)]
    slack, ranked = _slack(short, long, values), long.ranked
    low = ranked.searchsorted(values - slack, side="left")
    high = ranked.searchsorted(values + slack, side="right")
    return int(np.count_nonzero(high > low)) > part * count


def _alignments(short: Curve, long: Curve) -> Iterator[Agreement]:
    for shift in (0, 1, -1):
        yield _by_step(short, long, shift, 0.0)
    yield _by_position(short, long, 0, 0.0)
    if len(long) <= _SEARCHED:
        steps, places = _votes(short, long)
        for shift in steps:
            yield _by_step(short, long, shift, _CHOICES_BITS)
        for shift in places:
            yield _by_position(short, long, shift, _CHOICES_BITS)
        yield _in_order(short, long)


def _chosen(count: int) -> Ints:
    """Positions of the points that are looked up, evenly spread."""
    if count <= _COMPARED:
        return np.arange(count)
    return np.linspace(0, count - 1, _COMPARED).astype(np.int64)


def _by_step(short: Curve, long: Curve, shift: int, price: float) -> Agreement:
    at = _chosen(len(short))
    wanted = short.step[at] + shift
    first = np.searchsorted(long.step, wanted, side="left")
    after = np.searchsorted(long.step, wanted, side="right")
    there = after > first
    at, first, last = at[there], first[there], after[there] - 1
    # A step may have two points: the last batch's and the mean that is printed at the end.
    values, slack = short.value[at], _slack(short, long, short.value[at])
    equal = np.abs(values - long.value[first]) <= slack
    equal |= np.abs(values - long.value[last]) <= slack
    lead = float(short.step[-1] + shift - long.step[-1])
    return _judged(short, long, (at, first), slack, equal, price, lead)


def _by_position(short: Curve, long: Curve, shift: int, price: float) -> Agreement:
    at = _chosen(len(short))
    at = at[(at + shift >= 0) & (at + shift < len(long))]
    values, slack = short.value[at], _slack(short, long, short.value[at])
    equal = np.abs(values - long.value[at + shift]) <= slack
    rows = len(short) + shift - len(long)
    gap = (long.step[-1] - long.step[0]) / max(1, len(long) - 1)
    return _judged(short, long, (at, at + shift), slack, equal, price, float(rows * gap))


def _judged(
    short: Curve,
    long: Curve,
    rows: tuple[Ints, Ints],
    slack: Floats,
    equal: NDArray[np.bool_],
    price: float,
    lead: float,
) -> Agreement:
    at, there = rows
    values = short.value[at]
    if not len(values):
        return NOTHING
    # Few of a curve's rows at the steps of the other say nothing of the rest.
    if 3 * len(values) < min(len(short), _COMPARED) and len(values) < len(short) - 2:
        return NOTHING
    size = np.abs(values)
    known = [one.noise for one in (short, long) if one.noise >= 0]
    # Of white noise the second difference is twice as wide as what two trainings differ by.
    spread = np.full(len(values), 2.0 * min(known)) if known else _FEW_NOISE * size
    chance = np.minimum(1.0, 2.0 * slack / np.maximum(spread, 1e-300))
    bits = -np.log2(np.maximum(chance, 2.0**-40))
    fresh = np.ones(len(values), bool)
    fresh[1:] = values[1:] != values[:-1]  # a plateau says the same again and again
    evidence = float(bits[equal & fresh].sum()) - price
    first, second = short.step[at[equal]], long.step[there[equal]]
    return Agreement(len(values), int(equal.sum()), evidence, lead, first, second)


def _slack(one: Curve, two: Curve, values: Floats) -> Floats:
    return 1.01 * (one.slack(values) + two.slack(values))


def _votes(short: Curve, long: Curve) -> tuple[list[int], list[int]]:
    """The shifts of step and of position that most points speak for."""
    at = np.unique(np.linspace(0, len(short) - 1, min(_VOTERS, len(short))).astype(np.int64))
    values = short.value[at]
    close = np.abs(long.value[None, :] - values[:, None]) <= _slack(short, long, values)[:, None]
    which, where = np.nonzero(close)
    if not len(which):
        return [], []
    return (
        _most(long.step[where] - short.step[at[which]]),
        _most(where - at[which]),
    )


def _most(shifts: Ints) -> list[int]:
    found, counts = np.unique(shifts, return_counts=True)
    best = np.argsort(-counts, kind="stable")[:2]
    return [int(found[i]) for i in best if counts[i] > 1 and found[i] != 0]


def _in_order(short: Curve, long: Curve) -> Agreement:
    """The short curve's values, one after the other, among those of the long one.

    A value that the long curve holds by chance proves nothing: it counts by how rare it is there.
    """
    at = _chosen(len(short))
    values, slack = short.value[at], _slack(short, long, short.value[at])
    order = np.argsort(long.value, kind="stable")
    ranked = long.value[order]
    low = np.searchsorted(ranked, values - slack, side="left")
    high = np.searchsorted(ranked, values + slack, side="right")
    around = np.searchsorted(ranked, values + 16 * slack) - np.searchsorted(
        ranked, values - 16 * slack
    )
    found = high - low
    by_chance = np.maximum(around - np.minimum(found, 1), 0) / 16 + len(long) * 2.0**-20
    last, bits = -1, 0.0
    rows: list[tuple[int, int]] = []
    rarity = -np.log2(np.minimum(1.0, by_chance))
    rarity[1:][values[1:] == values[:-1]] = 0.0  # a plateau says the same again and again
    where, there = order.tolist(), np.flatnonzero(found)
    ranges = (column[there].tolist() for column in (at, low, high, rarity))
    for row, start, stop, rare in zip(*ranges, strict=True):
        if stop - start <= _FEW_PLACES:  # as usual: of so few a list is faster than an array
            place = min((one for one in where[start:stop] if one > last), default=-1)
        else:
            later = order[start:stop][order[start:stop] > last]
            place = int(later.min()) if len(later) else -1
        if place >= 0:
            last = place
            rows.append((row, place))
            bits += rare
    if last < 0:
        return NOTHING
    lead = float(long.step[last] - long.step[-1])
    first, second = np.array(rows).T
    first, second = short.step[first], long.step[second]
    return Agreement(len(values), len(rows), bits - _CHOICES_BITS, lead, first, second)


def rounding(sample: Floats) -> tuple[float, float]:
    """Half a unit of the last decimal, and of the last digit as a share, of printed values."""
    decimals, digits = 0.0, 0.0
    some = sample[sample != 0]
    if not len(some):
        return 0.5, 0.0
    scaled = sample[:, None] * _DECIMALS
    size = np.abs(scaled)
    fits = (np.abs(scaled - scaled.round()) <= 1e-9 * np.maximum(1.0, size)).all(axis=0)
    if fits.any():
        decimals = 0.5 * 10.0 ** -int(fits.argmax())
    mantissa = some / 10.0 ** np.maximum(np.floor(np.log10(np.abs(some))), LEAST_SIZE)
    scaled = mantissa[:, None] * _DECIMALS[:7]
    fits = (np.abs(scaled - scaled.round()) <= 1e-8 * np.abs(scaled)).all(axis=0)
    if fits.any():
        digits = 0.5 * 10.0 ** -int(fits.argmax())
    return decimals, digits
