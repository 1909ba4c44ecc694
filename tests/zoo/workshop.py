"""Where recipes are made: environments outside of the tree, and a training that is watched."""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lossmon.monitor import Monitor, RunUpdate
from lossmon.monitor.sources import open_monitor
from tests.zoo.compare import Truth, read, truth_of
from tests.zoo.recipe import Recipe

HOME = Path(os.environ.get("LOSSMON_ZOO", os.path.join(tempfile.gettempdir(), "lossmon-zoo")))
LIMIT_S = 300  # for a training: tiny ones end within a minute
_LOOK_S = 0.25  # between two looks of the monitor, as often as a screen is drawn
_COPY_S = 2.0  # between two copies of the folder
SOON_S = 3.0  # what was on disk has to be on the screen by then

Seen = dict[tuple[str, int], float]  # (metric, step) -> when it was first there


@dataclass
class Watched:
    """What a watched training left.

    Attributes:
        folder: where it ran.
        truth: what it logged.
        status: how its process ended.
        live: what the monitor made of it, at last.
        seen: when each point was first read.
        copies: when the folder was copied, and where the copy is.
    """

    folder: Path
    truth: Truth
    status: int
    live: list[RunUpdate]
    seen: Seen
    copies: list[tuple[float, Path]] = field(default_factory=list)


def environment(recipe: Recipe) -> Path:
    """A Python that has what the recipe needs; made where there is none."""
    place = HOME / "env" / (recipe.environment or recipe.name)
    python = place / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
    pip = [python, "-m", "pip", "--disable-pip-version-check"]
    held = subprocess.run([*pip, "freeze"], check=True, capture_output=True, text=True).stdout
    have = {_plain(line.partition("+")[0]) for line in held.splitlines()}
    have |= {one.partition("==")[0] for one in have}
    lacking = [one for one in recipe.dependencies if _plain(one) not in have]
    if lacking:
        subprocess.run(["nice", *pip, "install", "-qq", *lacking], check=True)
    if recipe.apt:
        _debian(recipe.apt)
    return python


def _plain(requirement: str) -> str:
    """As `pip freeze` says it: no extras."""
    return re.sub(r"\[.*?\]", "", requirement).lower().replace("_", "-")


def _debian(packages: tuple[str, ...]) -> None:
    """Install packages of the system, where they are not there and it can be done."""
    there = subprocess.run(["dpkg", "-s", *packages], capture_output=True, check=False)
    if there.returncode:
        command = ["apt-get", "install", "-qy", "--no-install-recommends", *packages]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def watch(recipe: Recipe, python: Path) -> Watched:
    """Run a recipe in a fresh folder, with a monitor on it."""
    root = HOME / "runs" / recipe.name
    shutil.rmtree(root, ignore_errors=True)
    folder = root / "run"
    folder.mkdir(parents=True)
    truth, output = root / "truth.jsonl", folder / recipe.log if recipe.log else root / "output.log"
    truth.touch()
    script = shutil.copy(recipe.script, root / "train.py")  # whose path may be in the output
    environ = {
        **{key: value for key, value in os.environ.items() if not key.startswith("PYTHON")},
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(Path(__file__).parent / "helper"),
        "PYTHONUNBUFFERED": "1",  # else Python keeps 8 KiB to itself, whatever the tool
        "ZOO_TRUTH": str(truth),
        "ZOO_PACE_S": str(recipe.pace_s),
        "CUDA_VISIBLE_DEVICES": "",
        "OMP_NUM_THREADS": "1",
    }
    monitor = open_monitor([str(folder)], watch=True)
    found: dict[str, RunUpdate] = {}
    seen: Seen = {}
    copies: list[tuple[float, Path]] = []
    with open(output, "wb") as log:
        process = subprocess.Popen(
            ["nice", python, script], cwd=folder, env=environ,
            stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            for now in _looks(process):
                _look(monitor, found, seen)
                if now - (copies[-1][0] if copies else 0) >= _COPY_S:
                    copy = root / f"copy{len(copies)}"
                    if _copied(folder, copy):
                        copies.append((now, copy))
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            monitor.close()
    return Watched(folder, truth_of(truth), process.returncode, list(found.values()), seen, copies)


def _looks(process: subprocess.Popen[bytes]) -> Iterator[float]:
    """Times to look at: while it runs, and a little longer."""
    start, ended = time.time(), None
    while (now := time.time()) < start + LIMIT_S and (ended is None or now < ended + SOON_S):
        if ended is None and process.poll() is not None:
            ended = now
        yield now
        time.sleep(_LOOK_S)


def _look(monitor: Monitor, found: dict[str, RunUpdate], seen: Seen) -> None:
    """Take in what is new, and note which points were not there before."""
    for update in monitor.poll():
        if update.removed:
            found.pop(update.run, None)
            continue
        found[update.run] = update
        note(seen, update.series, time.time())


def note(seen: Seen, series: Mapping[str, object], now: float) -> None:
    """Note points of series that are new."""
    for name, view in series.items():
        for step in view.step.tolist():  # type: ignore[attr-defined]
            seen.setdefault((name, step), now)


def _copied(folder: Path, copy: Path) -> bool:
    """Copy a folder while it is written to; False where a file went away meanwhile."""
    try:
        shutil.copytree(folder, copy, symlinks=True)
    except (shutil.Error, OSError):
        shutil.rmtree(copy, ignore_errors=True)
        return False
    return True


def lateness(watched: Watched) -> list[str]:
    """Points that were on disk and not on the screen soon after; of each curve the worst case."""
    worst: dict[str, tuple[int, str]] = {}
    for when, copy in watched.copies:
        for update in read(copy, when):
            for name in sorted(watched.truth.curves.keys() & update.series.keys()):
                steps = update.series[name].step.tolist()
                late = [s for s in steps if watched.seen.get((name, s), math.inf) > when + SOON_S]
                if late and len(late) > worst.get(name, (0, ""))[0]:
                    worst[name] = len(late), f"{name}: {len(late)} of {len(steps)} late"
    return [told for _, told in worst.values()]


def held_back_s(recipe: Recipe, watched: Watched) -> float | None:
    """Seconds that the tool kept points of the curve to itself, at most; None: never read live."""
    name = recipe.train or recipe.eval
    gaps = [
        watched.seen[metric, step] - logged
        for (metric, step), logged in watched.truth.times.items()
        if name in (None, metric) and (metric, step) in watched.seen
    ]
    return max(gaps, default=None)
