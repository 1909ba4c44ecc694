"""The command: `python -m tests.zoo [NAME...]`."""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.zoo import results
from tests.zoo.compare import differences, read, truth_of
from tests.zoo.recipe import Recipe, load, names
from tests.zoo.results import STORED, Result
from tests.zoo.workshop import Watched, environment, held_back_s, lateness, watch

_LATER_S = 86_400.0  # logs are looked at a day later: what is over is not taken as running
_MOST_BYTES = 100_000  # of what a recipe leaves in the repository


def ran(recipe: Recipe) -> Result:
    """Install, run, compare."""
    python = environment(recipe)
    watched = watch(recipe, python)
    if watched.status or not watched.truth.curves:
        raise RuntimeError(f"ended with {watched.status}; see {watched.folder}")
    result = judged(recipe, watched)
    keep(recipe, watched, result)
    return result


def judged(recipe: Recipe, watched: Watched) -> Result:
    updates = read(watched.folder, time.time() + _LATER_S)
    live = differences(recipe, watched.truth, watched.live, ended=False) + lateness(watched)
    return Result(
        name=recipe.name,
        tool=recipe.tool,
        version=recipe.version,
        date=time.strftime("%Y-%m-%d"),
        formats=tuple(sorted({log.format for update in updates for log in update.logs})),
        rest=tuple(differences(recipe, watched.truth, updates)),
        live=tuple(live),
        held_back_s=held_back_s(recipe, watched),
        note=recipe.note,
    )


def stored(recipe: Recipe) -> Result | None:
    """Read again what is kept of an earlier run."""
    place, before = STORED / recipe.name, results.load().get(recipe.name)
    if before is None or not place.is_dir():
        return before
    updates = read(place / "run", time.time() + _LATER_S)
    wrong = differences(recipe, truth_of(place / "truth.jsonl"), updates)
    return before._replace(rest=tuple(wrong), tool=recipe.tool, note=recipe.note)


def keep(recipe: Recipe, watched: Watched, result: Result) -> None:
    """Keep what was read, and the truth, where it is small and says nothing of this machine."""
    place = STORED / recipe.name
    shutil.rmtree(place, ignore_errors=True)
    updates = read(watched.folder, time.time())
    logs = [Path(log.path) for update in updates for log in update.logs]
    read_files = sorted({next(p for p in (log, *log.parents) if p.exists()) for log in logs})
    files = [path for one in recipe.stored for path in watched.folder.glob(one)] or read_files
    files = files or [path for path in [watched.folder / recipe.log] if path.is_file()]
    if sum(path.stat().st_size for path in files) > _MOST_BYTES:
        print(f"{recipe.name}: too large to be kept: {[p.name for p in files]}", file=sys.stderr)
        return
    for path in files:
        target = place / "run" / path.relative_to(watched.folder)
        target = target.with_name(target.name.replace(f".{socket.gethostname()}.", ".box."))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    if files:
        shutil.copyfile(watched.folder.parent / "truth.jsonl", place / "truth.jsonl")
    private = [str(Path.home()), str(Path.cwd())]
    for path in place.rglob("*"):
        if path.is_file() and any(one.encode() in path.read_bytes() for one in private):
            print(f"{recipe.name}: {path} names this machine", file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.zoo", description=__doc__)
    parser.add_argument("names", nargs="*", help="recipes; all where none is named")
    parser.add_argument("--stored", action="store_true", help="read what is kept, run nothing")
    parser.add_argument("--table", action="store_true", help="write the table of formats alone")
    told = parser.parse_args()
    if told.table:
        results.into_page()
        return 0
    wrong = 0
    for name in told.names or names():
        recipe = load(name)
        try:
            result = stored(recipe) if told.stored else ran(recipe)
        except (RuntimeError, subprocess.CalledProcessError) as error:
            print(f"{name}: not run: {error}", flush=True)
            wrong += 1
            continue
        if result is None:
            continue
        results.save(result)
        print(result.line(), flush=True)
        wrong += bool(result.rest or result.live)
    results.into_page()
    print(results.summary())
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
