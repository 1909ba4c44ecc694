"""The runs of a screen: which are shown, in which order, and which of them is looked at.

It knows no screen: the keys change it, and what it says is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lossmon.monitor import RunUpdate
from lossmon.monitor.baseline import Baseline
from lossmon.monitor.groups import folded, groups, worst_of
from lossmon.session import Session
from lossmon.text import distinct
from lossmon.tui import by_setting, query, triage
from lossmon.tui.triage import ORDERS, Scene

_FOLD = "group "  # what the key of a folded line begins with: no run is called so


class Runs:
    """Every run by its newest update.

    Attributes:
        updates: name -> newest update.
        chosen: name of the run or key of the group that is looked at; None before the first comes.
        by_hand: the user chose the run or looks into it: it stays.
        marked: runs to be shown on one chart, in the order they were marked.
        overlaid: they are on it, with the one that is looked at.
        order: the column that they are sorted by.
        passing: how many runs pass the filter.
        grouped_by: what the runs of a group share; empty for no groups.
        unfolded: keys of the groups whose runs are listed.
        folds: key -> the line of a group of runs.
        opened: the lines of the groups that are not folded, and of the runs below them.
    """

    def __init__(self) -> None:
        self.updates: dict[str, RunUpdate] = {}
        self.chosen: str | None = None
        self.by_hand = False
        self.marked: dict[str, None] = {}
        self.overlaid = False
        self.order = "need"
        self.passing = 0
        self.grouped_by = ""
        self.unfolded: set[str] = set()
        self.folds: dict[str, RunUpdate] = {}
        self.opened: set[str] = set()
        self._filter, self._query = "", query.Query()
        self._baseline: Baseline | None = None
        self._wanted = ""  # was looked at on the last screen, and is not there yet
        self._wanted_baseline = ""
        self._short: tuple[tuple[str, ...], Mapping[str, str]] = ((), {})

    def __iter__(self) -> Iterator[RunUpdate]:
        return iter(list(self.updates.values()))

    def __len__(self) -> int:
        return len(self.updates)

    # -- which is looked at ----------------------------------------------------------------------

    @property
    def chosen_line(self) -> RunUpdate | None:
        """The newest update of what is looked at: a run, or a group of them."""
        fold = self.folds.get(self.chosen or "")
        return fold or self.updates.get(self.chosen or "")

    @property
    def chosen_run(self) -> RunUpdate | None:
        """The newest update of the run that is looked at; of a group, the one to look at first."""
        line = self.chosen_line
        return worst_of(line.members) if line is not None and line.members else line

    def choose(self, name: str) -> None:
        """Look at a run, or a group, until another is chosen."""
        self.chosen, self.by_hand, self._wanted = name, True, ""

    def beside_chosen(self, by: int, scene: Scene) -> str | None:
        """The line so many below the one that is looked at; above the first is the last."""
        names = [line.run for line in self.shown(scene)]
        if not names:
            return None
        at = names.index(self.chosen) if self.chosen in names else 0
        return names[(at + by) % len(names)]

    def settle(self, shown: Sequence[RunUpdate]) -> None:
        """What is chosen is among the lines that are shown; the first unless the user chose."""
        names = [line.run for line in shown]
        if self._wanted in names:
            self.choose(self._wanted)
        if self.chosen not in names or not self.by_hand:
            self.chosen = names[0] if names and not self.by_hand else self.chosen
            if self.chosen not in names:
                self.chosen, self.by_hand = (names[0] if names else None), False

    # -- which are shown -------------------------------------------------------------------------

    @property
    def filter(self) -> str:
        """What they are filtered by, as typed."""
        return self._filter

    @filter.setter
    def filter(self, words: str) -> None:
        self._filter, self._query = words, query.parse(words)

    @property
    def filtered(self) -> bool:
        """Whether some may not be shown."""
        return bool(self._query.terms)

    def shown(self, scene: Scene) -> list[RunUpdate]:
        """The lines of those that pass the filter, in their order."""
        passing = [
            run for run in self if self._query.fits(run, lambda run: scene.standing(run).word)
        ]
        self.passing = len(passing)
        lines = triage.ordered(self._grouped(passing), scene)
        return self._with_members(lines, scene) if self.folds else lines

    def short_names(self) -> Mapping[str, str]:
        """Names without what all share, found again only when runs have come or gone."""
        names = tuple(self.updates)
        if names != self._short[0]:
            self._short = names, distinct(names)
        return self._short[1]

    # -- order -----------------------------------------------------------------------------------

    def sort(self, key: str) -> None:
        """Sort by a column; by who needs attention where there is none of that name."""
        self.order = _known(key)
        self.by_hand = True  # another order is no reason to look at another run

    def next_order(self, scene: Scene) -> str:
        """The next column that says anything; who needs attention comes round again."""
        runs = list(self)
        says = {column.key for column in triage.COLUMNS if column.wanted(runs, scene)}
        orders = [key for key in ORDERS if key == "need" or key in says]
        orders += by_setting.keys_of(runs)
        at = orders.index(self.order) if self.order in orders else 0
        return orders[(at + 1) % len(orders)]

    # -- groups ----------------------------------------------------------------------------------

    def _grouped(self, runs: Sequence[RunUpdate]) -> list[RunUpdate]:
        """Lines for runs: one for each group, and its runs only where it is unfolded."""
        self.folds = {}
        self.opened.clear()
        if not self.grouped_by:
            return list(runs)
        inside = set[str]()
        for name, members in groups(runs, self.grouped_by).items():
            key = _FOLD + name
            self.folds[key] = folded(key, members)
            inside |= {run.run for run in members}
        return [*self.folds.values(), *(run for run in runs if run.run not in inside)]

    def _with_members(self, lines: Sequence[RunUpdate], scene: Scene) -> list[RunUpdate]:
        """Lines in their order, each unfolded group followed by its runs in theirs."""
        found: list[RunUpdate] = []
        for line in lines:
            found.append(line)
            if line.run in self.unfolded:
                found += triage.ordered(line.members, scene)
                self.opened.update((line.run, *(one.run for one in line.members)))
        return found

    def group(self, way: str) -> None:
        """Group by what runs share; by nothing where it is empty."""
        self.grouped_by = way
        self.unfolded.clear()

    def fold(self) -> bool:
        """Unfold the group of the line that is chosen, or fold it; False where it has none."""
        key = next(
            (
                key
                for key, fold in self.folds.items()
                if self.chosen in (key, *(one.run for one in fold.members))
            ),
            None,
        )
        if key is not None:
            self.unfolded ^= {key}
            self.chosen, self.by_hand = key, True
        return key is not None

    # -- marks and the baseline ------------------------------------------------------------------

    def mark(self) -> bool:
        """Mark what is chosen, or take its mark away; False where nothing is."""
        line = self.chosen_line
        if line is None:
            return False
        runs = [run.run for run in line.members or (line,)]
        if all(run in self.marked for run in runs):
            for run in runs:
                del self.marked[run]
        else:
            self.marked |= dict.fromkeys(runs)
        return True

    @property
    def marked_runs(self) -> list[RunUpdate]:
        """The newest updates of the marked runs that are there."""
        return [self.updates[run] for run in self.marked if run in self.updates]

    @property
    def others(self) -> list[RunUpdate]:
        """The runs on the chart beside the one that is looked at."""
        return [run for run in self.marked_runs if run.run != self.chosen] if self.overlaid else []

    def baseline(self) -> Baseline | None:
        """What all are compared with, as it is now."""
        wanted = self.updates.get(self._wanted_baseline)
        if wanted is not None and wanted.loading == 1.0:
            self._baseline, self._wanted_baseline = Baseline(wanted), ""
        base = self._baseline
        update = self.updates.get(base.run) if base is not None else None
        if base is None or update is None:
            return None
        if update.revision != base.revision and base.outgrown(update):
            self._baseline = base = Baseline(update)
        return base

    def compare_with(self, update: RunUpdate) -> None:
        """Compare all with a run; with the same again, and no more."""
        same = self._baseline is not None and self._baseline.run == update.run
        self._baseline, self._wanted_baseline = None if same else Baseline(update), ""
        if same and self.order == "versus":
            self.order = "need"

    # -- from one screen to the next -------------------------------------------------------------

    def recall(self, left: Session) -> None:
        """Choose, sort, group and filter as on the last screen; before this one is shown."""
        self.marked = dict.fromkeys(left.marked)
        self.order = _known(left.order)
        self.filter = left.filter
        self.grouped_by, self.unfolded = left.way, set(left.unfolded)
        self.overlaid = "overlay" in left.panes and bool(self.marked)
        self._wanted, self._wanted_baseline = left.chosen, left.baseline

    def left(self) -> Session:
        """What of the runs is for the next screen."""
        base = self._baseline.run if self._baseline is not None else self._wanted_baseline
        return Session(
            marked=tuple(self.marked),
            baseline=base,
            chosen=(self.chosen or "") if self.by_hand else self._wanted,
            filter=self.filter,
            order=self.order,
            way=self.grouped_by,
            unfolded=tuple(self.unfolded),
        )


def _known(order: str) -> str:
    return order if order in ORDERS or by_setting.name_of(order) else "need"
