"""`lossmon check` over a place that may hold more logs than fit: a batch at a time, then let go.

What is there is listed page by page, some processes read a batch each, and of the runs only what is
printed is kept: as JSON each goes out at once, in the table those stay that need attention most.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from lossmon import config, settings
from lossmon.diagnosis.knowledge import Knowledge, load
from lossmon.errors import LossmonError, message_of
from lossmon.fleet.pools import Here
from lossmon.logs import schemes
from lossmon.logs.hosts import resolve
from lossmon.monitor.sources import open_monitor
from lossmon.monitor.training import Judging
from lossmon.monitor.update import RunUpdate, by_name
from lossmon.monitor.whole import read_whole, with_past
from lossmon.presentation.verdict import headline
from lossmon.report.check import as_json, need
from lossmon.report.progress import Progress
from lossmon.words import said

BATCH = 500  # logs that are read together: some ten seconds, some ten megabytes
MOST_ROWS = 1000  # of the table; of more runs those that need attention most
_PAUSES_S = (1.0, 5.0)  # before a batch is asked for again

_Task = tuple[str, list[str], str, str, Judging]  # a target, logs of it, and how to answer


@dataclass
class Triage:
    """What came of some batches.

    Attributes:
        json: a line a run, where that is wanted.
        neediest: runs for the table, at most MOST_ROWS of them.
        severities: how many runs have which as their worst.
        errors: lines on what could not be read.
        logs: how many were listed.
    """

    json: str = ""
    neediest: list[RunUpdate] = field(default_factory=list)
    severities: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    logs: int = 0

    def add(self, other: Triage) -> None:
        """Take in what came of another batch; its JSON is printed and gone."""
        self.neediest = sorted([*self.neediest, *other.neediest], key=need)[:MOST_ROWS]
        self.severities += other.severities
        self.errors = [*self.errors, *other.errors][:MOST_ROWS]
        self.logs += other.logs

    @property
    def runs(self) -> int:
        """How many were judged."""
        return sum(self.severities.values())

    def summary(self, knowledge: Knowledge) -> str:
        """How many runs there are, and how many of them call for attention."""
        line = knowledge.tell(
            "{logs:,} logs of {runs:,} runs: {critical:,} critical, {warning:,} with a warning",
            logs=self.logs,
            runs=self.runs,
            critical=self.severities["critical"],
            warning=self.severities["warning"],
        )
        if self.neediest and self.runs > len(self.neediest):
            shown = len(self.neediest)
            line += knowledge.tell("; those {shown:,} that need it most are shown", shown=shown)
        return line


class Batches:
    """The logs of some targets, as they are listed.

    Args:
        targets: as typed, each of a place that tells its logs in batches.
    """

    def __init__(self, targets: Sequence[str]) -> None:
        self._targets = targets
        self._listed = self._list()
        self._first = list(islice(self._listed, 2))

    @property
    def several(self) -> bool:
        """There are more logs than are read at once."""
        return len(self._first) > 1

    def __iter__(self) -> Iterator[tuple[str, list[str]]]:
        """A target and some of its logs; to be gone through once."""
        return chain(self._first, self._listed)

    def count(self, tell: Callable[[int], None]) -> None:
        """List it all once more, to say how much there is: a request for a thousand logs."""
        try:
            tell(sum(len(logs) for _, logs in self._list()))
        except LossmonError:
            pass  # reading says so

    def _list(self) -> Iterator[tuple[str, list[str]]]:
        for text in self._targets:
            for target in resolve(text):
                schemes.check(target, text)
                listed = schemes.of(target.kind).batches
                assert listed is not None
                yield from ((text, logs) for logs in listed(target, BATCH))


def listed(targets: Sequence[str]) -> Batches | None:
    """The targets in batches; None where they are read as all others are.

    That is where one of them is of a place that tells all its logs at once, or can't be listed, or
    where there are few.
    """
    config.apply()
    try:
        found = [target for text in targets for target in resolve(text)]
        if not found or not all(schemes.of(target.kind).batches for target in found):
            return None
        batches = Batches(targets)
    except LossmonError:
        return None
    return batches if batches.several else None


def triaged(
    batches: Batches,
    jobs: int | None,
    form: str,
    lang: str,
    judging: Judging,
    say: Callable[[str], None],
) -> Triage:
    """Read batch after batch.

    Args:
        batches: what is read.
        jobs: processes that read; None for one a core.
        form: "json" or "text".
        lang: of texts in JSON.
        judging: when runs are judged.
        say: prints a JSON line a run, batch by batch.
    """
    whole = Triage()
    progress = Progress()
    counting = threading.Thread(target=batches.count, args=(progress.expect,), daemon=True)
    counting.start()
    jobs = jobs or os.cpu_count() or 1
    pool = Here(jobs, settings.use, (settings.current(),), in_order=True)
    tasks: Iterator[_Task] = ((target, logs, form, lang, judging) for target, logs in batches)
    try:
        for _, done in pool.run(_read, tasks):
            whole.add(done)
            if done.json:
                progress.clear()
                say(done.json)
            progress.show(whole.logs)
    except LossmonError as error:
        whole.errors.append(message_of(error))
    except KeyboardInterrupt:
        whole.errors.append(said("stopped; what was judged until then is shown"))
    finally:
        progress.clear()
    return whole


def _read(task: _Task) -> Triage:
    """Judge the runs of one batch; a store that does not answer is asked again, then told of."""
    target, logs, form, lang, judging = task
    for pause_s in (*_PAUSES_S, None):
        monitor = open_monitor([target], watch=False, logs=logs, judging=judging)
        try:
            read = with_past([target], read_whole(monitor), monitor.doubtful())
            updates = sorted(read, key=by_name)  # they come as the network brings them
            lost = [one.reason for one in monitor.hosts() if one.state != "live"]
        finally:
            monitor.close()
        if not lost or pause_s is None:
            break
        time.sleep(pause_s)
    done = Triage(logs=len(logs))
    if lost:
        done.errors = [
            said("{target}: {n:,} logs were not read: {why}", target=target, n=len(logs), why=why)
            for why in lost
        ]
    for update in updates:
        found = headline(update)
        done.severities[found.severity if found is not None else "info"] += 1
    if form != "json":
        done.neediest = sorted(updates, key=need)[:MOST_ROWS]
    elif updates:
        done.json = as_json(updates, load(lang))
    return done
