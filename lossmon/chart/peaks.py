"""What is known of a long column by blocks of 64 points: where its peaks stand, and how many."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from lossmon.history.columns import Column, Floats, Ints

BLOCK = 64
_PIECE = 1 << 20  # points that are looked at at once
_NONE: Ints = np.empty(0, dtype=np.int64)


def pieces(start: int, stop: int) -> Iterator[slice]:
    """From `start` to `stop` in bounded pieces."""
    return (slice(at, min(at + _PIECE, stop)) for at in range(start, stop, _PIECE))


class Peaks:
    """Where the least and the greatest value of each 64 and of each 4,096 points stand.

    It follows a column that grows; each point is looked at once.
    """

    def __init__(self) -> None:
        self._fine = Column(np.int64), Column(np.int64)
        self._coarse = Column(np.int64), Column(np.int64)

    def take(self, value: Floats) -> None:
        """Take in the blocks that are complete by now; `value` is all of the column."""
        done = len(self._fine[0].view()) * BLOCK
        for piece in pieces(done, len(value) // BLOCK * BLOCK):
            points = np.arange(piece.start, piece.stop)
            self._fine[0].extend(_least(value, points))
            self._fine[1].extend(_greatest(value, points))
        for fine, coarse in zip(self._fine, self._coarse, strict=True):
            blocks = fine.view()[len(coarse.view()) * BLOCK :]
            blocks = blocks[: len(blocks) // BLOCK * BLOCK]
            if len(blocks):
                coarse.extend((_least if fine is self._fine[0] else _greatest)(value, blocks))

    def picks(self, start: int, stop: int, cuts: Ints = _NONE) -> Ints:
        """Indices from `start` to before `stop`, ascending; the first and the last are among them.

        Between any two neighbouring cuts they hold the first that is least and the first that is
        greatest: of a block that no cut runs through its peaks stand for it.
        """
        cuts = np.sort(np.concatenate((cuts, [start, start + 1, stop - 1, stop])))
        blocks, upto, found = _NONE, start // BLOCK**2 * BLOCK**2, []
        for size, (least, greatest) in ((BLOCK**2, self._coarse), (BLOCK, self._fine)):
            low, high = least.view(), greatest.view()
            end = max(upto // size, min(len(low), -(-stop // size)))
            blocks = np.concatenate((blocks, np.arange(upto // size, end)))
            upto = end * size
            blocks = blocks[((blocks + 1) * size > start) & (blocks * size < stop)]
            first, last = blocks * size, (blocks + 1) * size
            whole = np.searchsorted(cuts, first, "right") == np.searchsorted(cuts, last, "left")
            pairs = np.stack((low[blocks[whole]], high[blocks[whole]]), axis=1)
            found.append(np.sort(pairs, axis=1).ravel())
            blocks = (blocks[~whole, None] * BLOCK + np.arange(BLOCK)).ravel()
        points = np.concatenate((blocks, np.arange(max(upto, start), stop)))
        found.append(points[(points >= start) & (points < stop)])
        index = np.sort(np.concatenate(found), kind="stable")  # they come in few ascending pieces
        return index[np.concatenate(([True], index[1:] != index[:-1]))]


def _least(value: Floats, index: Ints) -> Ints:
    """Of each 64 of these points the first that is least."""
    rows, among = _rows(value, index, np.inf)
    return np.asarray(among[np.arange(len(among)), rows.argmin(axis=1)])


def _greatest(value: Floats, index: Ints) -> Ints:
    rows, among = _rows(value, index, -np.inf)
    return np.asarray(among[np.arange(len(among)), rows.argmax(axis=1)])


def _rows(value: Floats, index: Ints, otherwise: float) -> tuple[Floats, Ints]:
    rows, among = value[index].reshape(-1, BLOCK), index.reshape(-1, BLOCK)
    finite = np.isfinite(rows)
    return rows if finite.all() else np.where(finite, rows, otherwise), among


class Count:
    """How many points of a column that grows answer to a test, from its start to any point."""

    def __init__(self, test: Callable[[Floats], NDArray[np.bool_]]) -> None:
        self._test = test
        self._before = Column(np.int64)  # the start of each block
        self._before.extend([0])

    def take(self, value: Floats) -> None:
        """Take in the blocks that are complete by now; `value` is all of the column."""
        done = (len(self._before.view()) - 1) * BLOCK
        for piece in pieces(done, len(value) // BLOCK * BLOCK):
            hits = np.count_nonzero(self._test(value[piece]).reshape(-1, BLOCK), axis=1)
            self._before.extend(self._before.view()[-1] + np.cumsum(hits))

    def before(self, value: Floats, index: Ints) -> Ints:
        """How many stand before each of these points."""
        before = self._before.view()
        block = np.minimum(index // BLOCK, len(before) - 1)
        near = block[:, None] * BLOCK + np.arange(BLOCK)
        hits = self._test(value[np.minimum(near, len(value) - 1)]) & (near < index[:, None])
        return np.asarray(before[block] + hits.sum(axis=1))


class Sums:
    """The sum of each block of 64 points of a column that grows; not finite where a value is."""

    def __init__(self) -> None:
        self._sums = Column(np.float64)

    def take(self, value: Floats) -> Floats:
        """The sums of all blocks that are complete by now, shape (len(value) // 64,)."""
        done, blocks = len(self._sums.view()) * BLOCK, len(value) // BLOCK
        for piece in pieces(done, blocks * BLOCK):
            self._sums.extend(value[piece].reshape(-1, BLOCK).sum(axis=1))
        return self._sums.view()[:blocks]
