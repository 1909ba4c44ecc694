"""A run gone through as it grew, for its verdict at the end alone.

Of a log at rest one look tells nearly all (see `past`). Where a rise that was shown on the way may
be left of it, sixty patterns at a hundred looks were asked for that, most of them for findings that
leave nothing behind: of 100 runs seventeen took two thirds of the time. Here those are asked that
can stand, or make a look come sooner, and what decides over them: that only where one of them holds
at all, which at four of five looks none does.
"""

from __future__ import annotations

from collections.abc import Mapping

from lossmon.diagnosis.engine import Engine
from lossmon.diagnosis.finding import Diagnosis, Finding, PatternId
from lossmon.diagnosis.judge import deciding, holds, judge
from lossmon.diagnosis.patterns import PATTERNS
from lossmon.diagnosis.view import View
from lossmon.history.run import History

_LEFT = frozenset(id_ for id_, one in PATTERNS.items() if one.stands is not None)
_SOONER: frozenset[PatternId] = frozenset(
    {id_ for id_, one in PATTERNS.items() if one.urgent} | {"overfitting"}
)
_WANTED = _LEFT | _SOONER
ASKED = deciding(_WANTED)


class Brief(Engine):
    """Watches a run of a log at rest; what it shows before `conclude` is no diagnosis.

    Where something that counts was shown and went, what took its place was not asked: then it is
    `unsure`, and the verdict needs all looks.
    """

    def _found(self, view: View) -> dict[str, Finding]:
        return judge(view, ASKED) if holds(view, _WANTED) else {}

    def _consider(self, slot: str, finding: Finding | None, step: int) -> None:
        shown = self._shown.get(slot)
        if finding is None and shown is not None and shown.pattern in _WANTED:
            self.unsure |= not self._stands(shown, None)
        super()._consider(slot, finding, step)

    def conclude(
        self,
        history: History,
        chosen: Mapping[str, str],
        ended: bool,
        *,
        alone: bool = False,
        last: bool = False,
    ) -> Diagnosis:
        """Judge the whole curve; of a run that goes on, what has ripened is not known."""
        self.unsure |= last and not ended
        return super().conclude(history, chosen, ended, alone=alone, last=last)
