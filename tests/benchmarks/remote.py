"""Logs on another box, measured against a real sshd on the loopback.

    python -m tests.benchmarks.remote

Prints a table: latency, throughput, bytes on the wire, what the agent costs the box, and what was
lost in faults. Numbers beside each other come from one run on one machine.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from lossmon.monitor import Monitor
from tests.remote.box import Box, Cable, Collector
from tests.tui.terminal import Terminal
from tests.waiting import wait_until

MIB = 1 << 20


def row(i: int) -> bytes:
    return b'{"step": %d, "loss": %.4f, "lr": 1e-05, "grad_norm": 0.8123}\n' % (i, 2 / (i + 1))


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def say(what: str, value: str, budget: str = "") -> None:
    print(f"{what:58} {value:>16}   {budget}")


def plain_ssh(box: Box) -> float:
    """Seconds that `ssh box true` takes, median of 5."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run(["ssh", "-F", box.client, "-oBatchMode=yes", "box", "true"], check=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def first_curve(box: Box, log: Path) -> float:
    """Seconds from nothing to the first update with points, median of 5."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        source = box.source(log)
        monitor = Monitor([source], [f"box:{log}"])
        while not any(len(view) for run in monitor.poll() for view in run.series.values()):
            monitor.wait(1.0)
        times.append(time.perf_counter() - start)
        monitor.close()
    return statistics.median(times)


def appends(box: Box, log: Path) -> list[float]:
    """Seconds from a written row to the update that holds it, 40 times."""
    source = box.source(log)
    monitor = Monitor([source], [f"box:{log}"])
    step, times = 100_000, []
    end = time.monotonic() + 3
    while time.monotonic() < end:
        monitor.poll()
        monitor.wait(0.1)
    for i in range(40):
        step += 1
        time.sleep(0.05 + 0.013 * i)  # at every phase of the poll
        start = time.perf_counter()
        append(log, row(step))
        while not any(run.step == step for run in monitor.poll()):
            monitor.wait(1.0)
        times.append(time.perf_counter() - start)
    monitor.close()
    return times


def to_screen(box: Box, log: Path) -> list[float]:
    """Seconds from a written row to its step on the screen of a real pty, 20 times."""
    times = []
    terminal = Terminal("-F", str(box.client), f"box:{log}")
    try:
        terminal.wait_for("box live")
        terminal.settle()
        for i in range(20):
            step = 200_000 + i
            end = time.monotonic() + 1.0 + 0.017 * i  # at every phase of the poll
            while (left := end - time.monotonic()) > 0:
                terminal.read(left)
            start = time.perf_counter()
            append(log, row(step))
            while f"{step:,}" not in terminal.text():
                terminal.read(0.01)
            times.append(time.perf_counter() - start)
    finally:
        terminal.close()
    return times


def history(box: Box, log: Path) -> tuple[float, float]:
    """Seconds from the first byte of 50 MB of a log to the last; CPU seconds of this process."""
    source = box.source(log)
    received, size = 0, log.stat().st_size
    wait_until(lambda: source.pending())
    start, cpu = time.perf_counter(), time.process_time()
    while received < size:
        source.wait(1.0)
        received += sum(len(chunk.data) for chunk in source.poll() if chunk.kind == "data")
    took = time.perf_counter() - start, time.process_time() - cpu
    source.close()
    return took


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def agent_cost(box: Box, folder: Path, seconds: float) -> tuple[float, float]:
    """Share of a core and MB of the agent that follows 100 files, of which 10 grow."""
    logs = [folder / f"run{i:03}" / "log.jsonl" for i in range(100)]
    for log in logs:
        log.parent.mkdir(parents=True)
        log.write_bytes(b"".join(map(row, range(200))))
    got = Collector(box.source(folder))
    got.until_settled()
    (agent,) = box.agents()
    time.sleep(2)
    start, cpu = time.monotonic(), cpu_seconds(agent)
    i = 0
    while time.monotonic() - start < seconds:
        for log in logs[:10]:
            append(log, row(200 + i))
        i += 1
        time.sleep(1.0)
        got.poll()
    share = (cpu_seconds(agent) - cpu) / (time.monotonic() - start)
    resident = memory_mb(agent)
    got.source.close()
    return share, resident


def wire(box: Box, log: Path) -> tuple[float, float]:
    """Bytes a second of an idle link, both ways; bytes for one new row."""
    cable = Cable(box.port)
    box.write_client(cable.port)
    got = Collector(box.source(log))
    got.until_settled()
    time.sleep(2)
    before, start = cable.carried + cable.sent, time.monotonic()
    time.sleep(20)
    idle = (cable.carried + cable.sent - before) / (time.monotonic() - start)
    before, n = cable.carried + cable.sent, 20
    for i in range(n):
        append(log, row(i))
        time.sleep(0.6)
        got.poll()
    each = (cable.carried + cable.sent - before - idle * n * 0.6) / n
    got.source.close()
    cable.close()
    box.write_client()
    return idle, each


def faults(box: Box, log: Path) -> dict[str, tuple[float, int]]:
    """Of each fault: seconds until all was there again, and bytes lost or doubled."""
    cable = Cable(box.port)
    box.write_client(cable.port)

    def restart() -> None:
        box.stop()
        box.start()

    def rotate() -> None:
        box.stop()
        log.rename(log.with_suffix(".old"))
        log.write_bytes(b"".join(map(row, range(7, 3000))))
        box.start()

    found = {}
    breaks: dict[str, Callable[[], None]] = {
        "link cut": cable.cut,
        "link cut in the middle of a frame": lambda: cable.cut_after(3333),
        "sshd killed and restarted": restart,
        "log rotated while the link was down": rotate,
    }
    for name, fault in breaks.items():
        log.write_bytes(b"".join(map(row, range(1000))))
        got = Collector(box.source(log))
        got.until_settled()
        start = time.perf_counter()
        fault()
        append(log, os.urandom(20_000).hex().encode() + b"\n")
        got.until(lambda got=got: len(got.content[str(log)]) >= log.stat().st_size)
        took = time.perf_counter() - start
        there = log.read_bytes()
        wrong = sum(a != b for a, b in zip(there, got.content[str(log)], strict=False))
        found[name] = took, wrong + abs(len(there) - len(got.content[str(log)]))
        got.source.close()
    cable.close()
    box.write_client()
    return found


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        box = Box(folder / "box")
        try:
            log = folder / "log.jsonl"
            log.write_bytes(b"".join(map(row, range(10_000))))
            plain = plain_ssh(box)
            say("ssh box true", f"{plain:.2f} s")
            first = first_curve(box, log)
            say("connect to first curve, beyond that", f"{first - plain:.2f} s", "<= 1 s")
            times = appends(box, log)
            median = statistics.median(times)
            say("append to update, median (polls every 250 ms)", f"{1000 * median:.0f} ms")
            say("  beyond half a poll", f"{1000 * (median - 0.125):.0f} ms", "<= 150 ms")
            say("  slowest of 40", f"{1000 * max(times):.0f} ms")
            times = to_screen(box, log)
            median = statistics.median(times)
            say("append to screen, median", f"{1000 * median:.0f} ms")
            say("  beyond half a poll", f"{1000 * (median - 0.125):.0f} ms", "<= 150 ms")
            large = folder / "large.jsonl"
            large.write_bytes(b"".join(map(row, range(800_000))))
            size = large.stat().st_size / 1e6
            took, cpu = history(box, large)
            say(f"history of {size:.0f} MB", f"{size / took:.0f} MB/s", ">= 40 MB/s")
            say("  CPU of this end", f"{cpu:.2f} s")
            idle, each = wire(box, log)
            say("idle link, both ways", f"{idle:.0f} bytes/s", "<= 100 bytes/s")
            say(f"a new row of {len(row(100))} bytes", f"{each:.0f} bytes")
            share, resident = agent_cost(box, folder / "runs", 20)
            say("agent, 100 files of which 10 grow: of a core", f"{100 * share:.2f} %", "< 1 %")
            say("agent: memory", f"{resident:.0f} MB", "< 40 MB")
            for name, (seconds, lost) in faults(box, log).items():
                say(f"{name}: back after", f"{seconds:.1f} s", f"{lost} bytes lost or doubled")
            wait_until(lambda: not box.agents(), why="an agent was left behind")
            say("agents left behind", "0")
        finally:
            box.stop()


if __name__ == "__main__":
    main()
