"""Twenty boxes, three hundred live runs, and everything that can go wrong; then points against truth.

    python -m tests.benchmarks.chaos [MINUTES [RUNS [BOXES [SEED]]]]

A real sshd on the loopback (every fifth box has no Python), a cable to each box. Links are cut, also
in the middle of a frame, or fall silent; agents and ssh are killed or stopped, the server goes away;
logs are torn, rotated, truncated, removed and resumed; and the clock of the watching process is set
back and forth (libfaketime, where it is). In the end every point that stands in a log or beside it
must have been read once, and none twice; rows that were removed or emptied before anybody could
read them are told apart. Exits with 1 where one was lost, doubled or changed.
"""

from __future__ import annotations

import contextlib
import glob
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lossmon.logs.openssh import Host
from lossmon.logs.ssh import Patience, SshSource
from lossmon.monitor import Monitor
from tests.remote.box import Box, Cable, descendants

_FAKETIME = "/usr/lib/*/faketime/libfaketime.so.1"
_SETTLE_S = 240.0
_CALM_S = 30.0  # a box without Python is asked every few seconds, more seldom under load
_WITHOUT_PYTHON = """sh -c "$(printf %s "$SSH_ORIGINAL_COMMAND" | sed s/python/nopython/g)" """


class Boxes:
    """Aliases of two servers, one that hides its Python, each behind a cable of its own."""

    def __init__(self, folder: Path, count: int) -> None:
        self.servers = [Box(folder / "agent"), Box(folder / "plain", login=_WITHOUT_PYTHON)]
        self.cables = []
        self.of_box = [self.servers[i % 5 == 4] for i in range(count)]
        self.client = folder / "client"
        lines = []
        for i, server in enumerate(self.of_box):
            cable = Cable(server.port)
            self.cables.append(cable)
            server.write_client(cable.port)
            lines.append(server.client.read_text().replace("Host box\n", f"Host box{i}\n"))
        self.client.write_text("\n".join(lines))

    def close(self) -> None:
        for cable in self.cables:
            cable.close()
        for server in self.servers:
            server.stop()


Rows = list[tuple[int, float]]


class Run:
    """A log that grows, and what happens to it.

    Attributes:
        anew: rows since its training was begun anew, whatever file they went to.
        former: rows of trainings before, under the same name.
        emptied: rows of the training may be gone with a file.
        harms: what was done to it, and behind which step.
    """

    def __init__(self, path: Path, seed: int) -> None:
        self.path = path
        self._random = random.Random(seed)
        self._step = 0
        self._rest = b""  # of a line that was torn
        self.anew: Rows = []
        self.former: Rows = []
        self.emptied = False
        self.harms: list[str] = []
        path.parent.mkdir(parents=True)
        self.grow(5)

    def grow(self, rows: int) -> None:
        data = self._rest
        for _ in range(rows):
            self._step += 1
            loss = 2 / (1 + self._step / 100) + self._random.random() / 10
            data += b'{"step": %d, "loss": %r, "lr": 1e-4}\n' % (self._step, round(loss, 6))
            self.anew.append((self._step, round(loss, 6)))
        cut = self._random.randrange(len(data)) if self._random.random() < 0.2 else len(data)
        self._rest = data[cut:]
        with self.path.open("ab") as file:
            file.write(data[:cut])

    def finish(self) -> None:
        with self.path.open("ab") as file:
            file.write(self._rest)
        self._rest = b""

    def harm(self) -> str:
        how = self._random.choice(["rotated", "truncated", "resumed", "rewritten", "removed"])
        self.finish()
        self.harms.append(f"{how} behind {self._step}")
        if how == "resumed":
            self._step = max(0, self._step - 40)
        elif how == "rotated":
            for number in range(9, 0, -1):
                part = self.part(number)
                if part.exists():
                    part.replace(self.part(number + 1))
            self.path.rename(self.part(1))
        elif how == "removed":
            self.path.unlink()
            self.emptied = True
        elif how == "truncated":
            os.truncate(self.path, 0)
            self.emptied = True
        else:
            self.path.write_bytes(b"")
            self._step, self.emptied = 0, False
            self.former, self.anew = self.former + self.anew, []
        self.grow(3)
        return how

    def part(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")

    def truth(self) -> Rows:
        rows = map(json.loads, self.path.read_bytes().splitlines())
        return [(row["step"], row["loss"]) for row in rows]


class Faults:
    """What goes wrong with boxes, links and clocks."""

    def __init__(self, boxes: Boxes, watcher: int, clock: Path, seed: int) -> None:
        self._boxes, self._watcher, self._clock = boxes, watcher, clock
        self._random = random.Random(seed)
        self._later: list[tuple[float, Callable[[], None]]] = []
        self._kinds: list[tuple[Callable[[], None], int]] = [
            (self.cut, 30), (self.cut_in_a_frame, 30), (self.silence, 3), (self.kill_agent, 15),
            (self.stop_agent, 6), (self.kill_ssh, 12), (self.stop_ssh, 4), (self.server_away, 1),
            (self.step_the_clock, 8),
        ]  # fmt: skip

    def one(self) -> str:
        kinds, weights = zip(*self._kinds, strict=True)
        (kind,) = self._random.choices(kinds, weights)
        with contextlib.suppress(ProcessLookupError, IndexError):
            kind()
        return str(kind.__name__)

    def tend(self, *, all: bool = False) -> None:
        """Undo what is over."""
        for due, undo in list(self._later):
            if all or time.monotonic() >= due:
                self._later.remove((due, undo))
                with contextlib.suppress(ProcessLookupError):
                    undo()

    def _after(self, seconds: float, undo: Callable[[], None]) -> None:
        self._later.append((time.monotonic() + seconds, undo))

    def cut(self) -> None:
        self._random.choice(self._boxes.cables).cut()

    def cut_in_a_frame(self) -> None:
        self._random.choice(self._boxes.cables).cut_after(self._random.randrange(4000))

    def silence(self) -> None:
        cable = self._random.choice(self._boxes.cables)
        cable.fall_silent()
        self._after(self._random.uniform(1, 30), cable.heal)

    def kill_agent(self) -> None:
        os.kill(self._random.choice(self._boxes.servers[0].agents()), signal.SIGKILL)

    def stop_agent(self) -> None:
        self._stop(self._random.choice(self._boxes.servers[0].agents()))

    def kill_ssh(self) -> None:
        os.kill(self._random.choice(descendants(self._watcher)), signal.SIGKILL)

    def stop_ssh(self) -> None:
        self._stop(self._random.choice(descendants(self._watcher)))

    def _stop(self, pid: int) -> None:
        os.kill(pid, signal.SIGSTOP)
        self._after(self._random.uniform(1, 25), lambda: os.kill(pid, signal.SIGCONT))

    def server_away(self) -> None:
        server = self._random.choice(self._boxes.servers)
        server.stop()
        self._after(self._random.uniform(1, 8), server.start)

    def step_the_clock(self) -> None:
        step_s = self._random.choice([-86400, -3600, -30, 0, 30, 3600, 86400])
        self._clock.write_text(f"{step_s:+d}\n")


def watch(client: str, targets: dict[str, str], stop: str, out: str) -> None:
    """The watching process: a monitor over all boxes until told to stop, then what it knows."""
    os.environ.pop("LD_PRELOAD", None)  # of this process alone
    patience = Patience(first_s=0.2, longest_s=2.0)
    sources = [
        SshSource(Host(host, config_file=client), [folder], patience=patience)
        for host, folder in targets.items()
    ]
    monitor = Monitor(sources, [f"{host}:{folder}" for host, folder in targets.items()])
    runs: dict[str, Any] = {}
    polls, settled = 0, False
    calm: float | None = None
    end = float("inf")
    clocks = set()
    while not settled and time.monotonic() < end:
        for update in monitor.poll():
            if update.removed:
                runs.pop(update.run, None)
            else:
                runs[update.run] = update
        polls += 1
        clocks.add(round((time.time() - time.monotonic()) / 10))
        monitor.wait(0.3)
        if os.path.exists(stop):
            end = min(end, time.monotonic() + _SETTLE_S)
            live = all(health.state == "live" for health in monitor.hosts())
            calm = (calm or time.monotonic()) if live and not monitor.pending() else None
            settled = calm is not None and time.monotonic() - calm >= _CALM_S
    found = {
        log.path: list(zip(view.step.tolist(), view.value.tolist(), strict=True))
        for update in runs.values()
        for log in update.logs
        for name, view in update.series.items()
        if name == "loss"
    }
    used = resource.getrusage(resource.RUSAGE_SELF)
    Path(out).write_text(
        json.dumps(
            {
                "found": found, "errors": {run: u.errors for run, u in runs.items() if u.errors},
                "health": [f"{one.host} {one.state} {one.reason}" for one in monitor.hosts()],
                "cpu_s": used.ru_utime + used.ru_stime, "mb": used.ru_maxrss / 1024,
                "polls": polls, "clocks": len(clocks), "settled": settled,
            }
        )
    )  # fmt: skip
    monitor.close()


def soak(minutes: float, runs: int, count: int, seed: int, folder: Path) -> int:
    """All of it; the number of logs that are not as they were written."""
    dice = random.Random(seed)
    boxes = Boxes(folder, count)
    targets = {f"box{i}": str(folder / "runs" / f"box{i}") for i in range(count)}
    logs = [
        Run(folder / "runs" / f"box{i % count}" / f"run{i}" / "log.jsonl", seed + i)
        for i in range(runs)
    ]
    clock, stop, out = folder / "clock", folder / "stop", folder / "out"
    clock.write_text("+0\n")
    library = next(iter(glob.glob(_FAKETIME)), "")
    faked = {
        "LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
    }  # fmt: skip
    watcher = subprocess.Popen(
        [sys.executable, "-c", "import sys, json; from tests.benchmarks.chaos import watch; "
         "watch(*json.loads(sys.argv[1]))",
         json.dumps([str(boxes.client), targets, str(stop), str(out)])],
        env={**os.environ, **(faked if library else {})},
    )  # fmt: skip
    faults = Faults(boxes, watcher.pid, clock, seed)
    told: Counter[str] = Counter()
    end = time.monotonic() + minutes * 60
    try:
        while time.monotonic() < end and watcher.poll() is None:
            for log in dice.sample(logs, max(1, runs // 4)):
                log.grow(dice.randrange(1, 4))
            if dice.random() < 0.6:
                told[faults.one()] += 1
            if dice.random() < 0.3:
                told[dice.choice(logs).harm()] += 1
            faults.tend()
            time.sleep(0.5)
        faults.tend(all=True)
        for log in logs:
            log.finish()
        time.sleep(1)
        stop.touch()
        watcher.wait(4 * _SETTLE_S)  # where the processor is short, its last poll takes minutes
    finally:
        watcher.kill()
        faults.tend(all=True)
        boxes.close()
    return tell(json.loads(out.read_text()), logs, told, library)


def kept(rows: Rows) -> Rows:
    """Rows without those that a resumed training wrote again: the curve."""
    curve: Rows = []
    for row in rows:
        while curve and curve[-1][0] >= row[0]:
            curve.pop()
        curve.append(row)
    return curve


def judged(points: Rows, beside: Rows, log: Run) -> tuple[list[str], int]:
    """What is wrong with what was read of a log, and how many rows went with a file unread.

    What was rotated before anybody looked is a log of its own (`beside`).
    """
    there, anew = kept(log.truth()), Counter(kept(log.anew))
    have = Counter(points)
    faults = []
    if lost := sum((Counter(there) - have).values()):
        late = ", the newest" if points and points[-1] in there else ""
        faults.append(f"{lost:,} of {len(there):,} rows of its file lost{late}")
    elif points[-len(there) :] != there:
        faults.append("the rows of its file in another order")
    gone = sum((anew - Counter(there) - have - Counter(beside)).values())
    if gone and not log.emptied:
        faults.append(f"{gone:,} rows lost that stand beside it")
    if twice := sum((have - anew - Counter(kept(log.former))).values()):
        faults.append(f"{twice:,} rows twice or never written")
    # Where a log was begun anew and emptied again unseen, nothing tells one training from the other.
    if (former := sum((have - anew).values()) - twice) and not log.emptied:
        faults.append(f"{former:,} rows of the training before")
    return faults, gone if log.emptied else 0


def tell(seen: dict[str, Any], logs: list[Run], told: Counter[str], library: str) -> int:
    """Print what happened, and what is not as it was written."""
    wrong = total = read = gone = 0
    if not seen["settled"]:
        print(f"It had not caught up {_SETTLE_S:.0f} s after the end (too little processor?): what "
              "is told lost below may only be late")  # fmt: skip
    for log in logs:
        name = log.path.parent.parent.name
        points, beside = (
            [(step, value) for path in paths for step, value in seen["found"].get(path, [])]
            for paths in ([f"{name}:{log.path}"], [f"{name}:{log.part(n)}" for n in range(1, 99)])
        )
        total, read = total + len(kept(log.anew)), read + len(points)
        faults, left = judged(points, beside, log)
        gone += left
        if faults:
            wrong += 1
            print(f"WRONG {name}/{log.path.parent.name}: {', '.join(faults)}")
            print("    " + ", ".join(log.harms))
    for line in (*seen["health"], *map(str, seen["errors"].items())):
        if " live " not in line or "Error" in line:
            print(line)
    print(dict(told))
    clock = f"{seen['clocks']} clocks" if library else "no libfaketime: the clock stood"
    print(f"{read:,} of {total:,} points, {gone:,} gone with their file, {wrong} of {len(logs)} logs "
          f"wrong; settled: "
          f"{seen['settled']}; {clock}; {seen['cpu_s']:.0f} s of processor, {seen['mb']:.0f} MB, "
          f"{seen['polls']} polls")  # fmt: skip
    return wrong


def main(minutes: float = 5.0, runs: int = 300, boxes: int = 20, seed: int = 1) -> None:
    """Run it and exit with 1 where a log is not as it was written."""
    with tempfile.TemporaryDirectory(prefix="chaos") as temporary:
        sys.exit(int(soak(minutes, runs, boxes, seed, Path(temporary)) > 0))


if __name__ == "__main__":
    main(*(kind(text) for kind, text in zip((float, int, int, int), sys.argv[1:], strict=False)))
