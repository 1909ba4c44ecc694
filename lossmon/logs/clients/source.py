"""Logs that clients show: one thread asks which there are, follows each, and starts anew."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence

from lossmon.debug import logger
from lossmon.logs import openssh
from lossmon.logs.background import Background, Patience
from lossmon.logs.clients import failures
from lossmon.logs.clients.boxed import Box
from lossmon.logs.clients.children import Child, Children
from lossmon.logs.clients.run import Run
from lossmon.logs.clients.workload import Found, Unreadable, Workload
from lossmon.logs.follower import Chunk
from lossmon.logs.openssh import Host
from lossmon.logs.scheme import Order
from lossmon.logs.source import Failure

MOST_RUNS = 50  # a client each: kubectl takes some 40 MB
ANSWER_S = 30.0  # for a question
MOST_ANSWER = 16 << 20  # bytes: some thousand pods
CHECK_S = 2.0  # after a client was started by a name: is it still the one that was found?
WAIT_S = 3.0  # and where one is to start soon
_TURN_S = 0.2  # while it is not known yet whether all that is there was read
_IDLE_S = 10.0
_MOST_WORDS = 8192


class _Question:
    """Takes what a client answers."""

    def __init__(self, group: _Group) -> None:
        self._group = group
        self.out = bytearray()
        self.words = bytearray()

    def take(self, stream: int, data: bytes, dry: bool) -> None:
        """What came."""
        del dry
        if stream:
            self.words = (self.words + data)[-_MOST_WORDS:]
        elif len(self.out) < MOST_ANSWER:
            self.out += data

    def over(self, status: int) -> None:
        """It has answered."""
        self._group.answered(self, status)


class _Group:
    """One target: what is asked, which logs there are."""

    def __init__(self, workload: Workload, source: ClientSource) -> None:
        self.workload = workload
        self.runs: dict[str, Run] = {}
        self.asking: Child | None = None
        self.due = 0.0
        self.known = False
        self.fails = 0
        self.failure: Failure | None = None
        self.limit = ""  # what is not shown, in words
        self._source = source

    def answered(self, question: _Question, status: int) -> None:
        """Take an answer."""
        self.asking = None
        words = question.words.decode("utf-8", "replace")
        try:
            found = self.workload.answer(bytes(question.out), words, status)
        except Unreadable as error:
            failure = error.failure
            if status in (openssh.UNREACHED, failures.NOT_FOUND) and self._source.box is not None:
                failure = self._source.explain(self.workload, words, status)
            self.fail(failure)
            return
        if found is None:
            self.due = 0.0
            return
        self.meet(found)

    def fail(self, failure: Failure) -> None:
        """Nothing is to be had now."""
        self.failure = failure
        self.fails += 1
        self.due = time.monotonic() + self._source.delay(self.fails)
        if failure.state == "gone":
            self.due = float("inf")

    def meet(self, found: Sequence[Found]) -> None:
        """These logs are there."""
        self.known, self.fails, self.failure, self.limit = True, 0, None, ""
        for one in found:
            run = self.runs.get(one.log) or self._source.claim(self, one)
            if run is None:
                self.limit = f"only {MOST_RUNS} logs are followed of {len(found)}"
                continue
            run.meet(one)
        there = {one.log for one in found}
        for log, run in self.runs.items():
            run.gone = log not in there
        now = time.monotonic()
        every_s = self.workload.every_s
        rest = [self._source.patience.longest_s if every_s is None else every_s]
        if any(run.found.waits for run in self.runs.values()):
            rest.append(WAIT_S)
        if any(run.found.ended for run in self.runs.values()):
            rest.append(self._source.patience.longest_s)
        self.due = now + min(rest)

    def soon(self, seconds: float) -> None:
        """Ask after so long, unless that is done earlier."""
        self.due = min(self.due, time.monotonic() + seconds)


class ClientSource(Background):
    """Follows what clients show.

    Args:
        name: of the source: "docker", "gpu1:k8s".
        workloads: the targets.
        box: where the clients run; None for here.
        watch: go on; else show what there is.
        patience: how long to wait for what.
        prefix: what stands before the names of logs.
        env: the environment of clients here; None for ours.
    """

    def __init__(
        self,
        name: str,
        workloads: Sequence[Workload],
        *,
        box: Host | None = None,
        watch: bool = True,
        patience: Patience | None = None,
        prefix: str = "",
        env: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(name, watch=watch, patience=patience, prefix=prefix)
        self.box = box
        self._env = {**(os.environ if env is None else env), "LC_ALL": "C"}
        self._groups = [_Group(workload, self) for workload in workloads]
        self._offsets: dict[str, int] = {}
        self._running: Children | None = None
        self._now = False
        self.start()

    # -- from the thread of the monitor ----------------------------------------------------------

    def is_directory(self, path: str) -> bool:
        """Whether a target stands for several logs."""
        return any(
            set(group.runs) - {path} for group in self._groups if group.workload.target == path
        )

    def trouble(self, target: str) -> str:
        """Why nothing is shown of a target."""
        for group in self._groups:
            if group.workload.target == target:
                failure = group.failure
                waits = [run.found.waits for run in list(group.runs.values())]
                return failure.reason if failure else next(filter(None, waits), "")
        return super().trouble(target)

    def ask(self) -> bool:
        """Let ssh ask its questions on the terminal, which must be free, and connect anew."""
        useful = openssh.ask_where_it_helps(self.box, self.health().state)
        super().ask()
        return useful

    def close(self) -> None:
        """End all clients; nothing is left on a box."""
        if self.closing:
            return
        super().close()
        if self.box is not None:
            openssh.let_go(self.box)

    def retry(self) -> None:
        """Try all again now."""
        self._now = True
        super().retry()

    def nudge(self) -> None:
        """Something is to be done at once."""
        super().nudge()
        running = self._running
        if running is not None:
            running.wake()

    # -- in the thread of the source -------------------------------------------------------------

    def attempt(self) -> Failure:
        """Ask, follow, start anew; returns when nothing can be had of any target."""
        where = Box(self.box) if self.box is not None else None
        children = self._running = Children()
        try:
            self._now = True
            while not self.closing:
                if self._now:
                    self._now = False
                    for group in self._groups:
                        group.due, group.failure = 0.0, None
                for group in self._groups:
                    self._tend(group, children, where)
                failed = [group.failure for group in self._groups if group.failure is not None]
                if len(failed) == len(self._groups) and not self._alive(self._groups):
                    return failed[0]
                self._judge()
                if self.settled and not self.watch:
                    break
                if self.until_room():
                    children.turn(self._patience_s())
            return Failure("retrying", "")
        finally:
            self._running = None
            for group in self._groups:
                group.asking = None
                for run in group.runs.values():
                    if run.child is not None:
                        children.stop(run.child)
                        run.cut()
            children.close()

    def claim(self, group: _Group, found: Found) -> Run | None:
        """A new log; None where there are too many, or another target leads to it."""
        if any(found.log in other.runs for other in self._groups):
            return None
        if sum(len(other.runs) for other in self._groups) >= MOST_RUNS:
            return None
        run = group.runs[found.log] = Run(group.workload, found, self._put, self._gone)
        return run

    def delay(self, fails: int) -> float:
        """Seconds until the next try."""
        return min(self.patience.first_s * 2.0 ** min(fails - 1, 16), self.patience.longest_s)

    def explain(self, workload: Workload, words: str, status: int) -> Failure:
        """Why a client ended."""
        if self.box is not None and status in (openssh.UNREACHED, failures.NOT_FOUND):
            return failures.explain(workload.client, words, status, self.box)
        return workload.failure(words, status)

    def _put(self, log: str, data: bytes, written: float) -> None:
        offset = self._offsets.get(log, 0)
        size = self._offsets[log] = offset + len(data)
        self.inbox.put(Chunk(log, "data", offset, data, "", written or time.time(), size))

    def _gone(self, log: str, words: str) -> None:
        size = self._offsets.get(log, 0)
        self.inbox.put(Chunk(log, "gone", size, b"", words, time.time(), size))

    def _tend(self, group: _Group, children: Children, where: Box | None) -> None:
        """Ask and start what is due."""
        if group.asking is None and time.monotonic() >= group.due:
            answers = _Question(group)
            until = time.monotonic() + ANSWER_S
            question = group.workload.question()
            group.asking = self._start(group, question, answers, children, where, until)
        for run in group.runs.values():
            if run.found.log in self.inbox.dropped:
                if run.child is not None:
                    children.stop(run.child)
                    run.cut()
                continue
            if run.status is not None:
                self._note_end(group, run)
            if run.overdue() and run.child is not None:
                children.stop(run.child)
                run.cut()
            command = run.command(self.watch) if group.failure is None else None
            if command is not None:
                run.child = self._start(group, command, run, children, where, None)
                if group.workload.by_name and self.watch:
                    group.soon(CHECK_S)

    def _start(
        self,
        group: _Group,
        command: list[str],
        taker: Run | _Question,
        children: Children,
        where: Box | None,
        until: float | None,
    ) -> Child | None:
        line = command if where is None else where.command(command)
        env = self._env if where is None else where.env
        try:
            return children.start(line, taker, env, until=until, leash=where is not None)
        except FileNotFoundError:
            client = group.workload.client if where is None else "ssh"
            group.fail(failures.missing(client, None))
        except OSError as error:
            group.fail(Failure("retrying", f"{command[0]} does not start: {error.strerror}"))
        return None

    def _note_end(self, group: _Group, run: Run) -> None:
        """A client has ended: is there more to come?"""
        status, run.status = run.status, None
        if run.rests:
            group.soon(self.patience.longest_s)
            return
        wait_s = self.delay(run.fails) if run.fails else self.patience.first_s / 5
        run.due = time.monotonic() + wait_s
        group.soon(wait_s)
        if status and not self._alive([group]):
            failure = self.explain(group.workload, run.trouble, status)
            logger.info("%s%s: %s", self.prefix, run.found.log, failure.reason)
            group.fail(failure)

    def _alive(self, groups: Sequence[_Group]) -> bool:
        """Whether a client shows a log of one of them."""
        return any(run.child is not None for group in groups for run in group.runs.values())

    def _judge(self) -> None:
        """Say how it goes."""
        if not any(group.known for group in self._groups):
            return
        words = [
            f"{group.workload.target}: {why}"
            for group in self._groups
            if (why := group.failure.reason if group.failure else group.limit)
        ]
        limits = "; ".join(words)
        if self.health().state != "live" or self.health().reason != limits:
            self.went_live(limits)
        self.settle(all(self._is_settled(group) for group in self._groups))

    def _is_settled(self, group: _Group) -> bool:
        if group.failure is not None:
            return True
        return group.known and all(
            run.settled or run.found.log in self.inbox.dropped for run in group.runs.values()
        )

    def _patience_s(self) -> float:
        """Seconds until something is due."""
        dues = [group.due for group in self._groups if group.asking is None]
        dues += [
            run.due
            for group in self._groups
            if group.failure is None
            for run in group.runs.values()
            if run.wants and run.found.log not in self.inbox.dropped
        ]
        longest = _IDLE_S if self.settled else _TURN_S
        return max(0.0, min([longest, *(due - time.monotonic() for due in dues)]))


def open_clients(order: Order, workloads: Iterable[Workload]) -> ClientSource:
    """The source of some targets that one client shows, here or on a box."""
    return ClientSource(
        order.name, list(workloads), box=order.box, watch=order.watch, prefix=order.prefix
    )
