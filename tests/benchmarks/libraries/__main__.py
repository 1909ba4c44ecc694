"""Builds the folder and holds what lossmon says of it against what was run."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lossmon.monitor.sources import open_monitor

TRAIN = Path(__file__).with_name("train.py")
SEEDS = (1, 2, 3)
RATES = (0.02, 0.01, 0.005)
SETTINGS = {"lr": ("lr", "learning_rate"), "seed": ("seed",),
            "batch_size": ("batch_size", "per_device_train_batch_size")}  # fmt: skip
AT_ONCE = 2


@dataclass
class Run:
    """A training that was run.

    Attributes:
        library: of `train.py`.
        seed, lr: what it was told.
        job: its number; its output is slurm-<job>.out in the root.
        output: folder of what the library wrote, below the root.
        crash: the step at which it breaks; 0 where it does not.
    """

    library: str
    seed: int
    lr: float
    job: int
    output: str
    crash: int = 0

    def wrote(self, path: str) -> bool:
        """Whether a log below the root is of this run."""
        return path == f"slurm-{self.job}.out" or path.startswith(f"{self.output}/")


def has(python: str, library: str) -> bool:
    """Whether a Python can run a library's training."""
    module = {"tensorboard": "tensorboardX"}.get(library, library)
    environment = os.environ | {"KERAS_BACKEND": "jax"}
    command = [python, "-c", f"import {module}"]
    return subprocess.run(command, capture_output=True, env=environment).returncode == 0


def planned(libraries: Iterable[str], seeds: int) -> list[Run]:
    """Several seeds of each library; one crashes, two folders are renamed afterwards."""
    runs: list[Run] = []
    for library in libraries:
        for seed, lr in zip(SEEDS[:seeds], RATES, strict=False):
            job = 4200 + len(runs)
            runs.append(Run(library, seed, lr, job, f"{library}/s{seed}"))
    runs[len(runs) // 2].crash = 30  # in the middle of the list: no first or last of anything
    return runs


def train(root: Path, runs: Sequence[Run], python_of: dict[str, str], pause: float) -> None:
    """Run all trainings in the project folder, a few at once; outputs of jobs are in its root."""
    shutil.copy(TRAIN, root / TRAIN.name)
    waiting, busy = list(runs), list[tuple[Run, subprocess.Popen[bytes]]]()
    while waiting or busy:
        while waiting and len(busy) < AT_ONCE:
            run = waiting.pop(0)
            command = [python_of[run.library], TRAIN.name, run.library, "--output", run.output,
                       "--seed", str(run.seed), "--lr", str(run.lr), "--crash", str(run.crash),
                       "--pause", str(pause)]  # fmt: skip
            with (root / f"slurm-{run.job}.out").open("wb") as out:
                environment = os.environ | {"PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1"}
                busy.append((run, subprocess.Popen(command, cwd=root, stdout=out, stderr=out,
                                                   env=environment)))  # fmt: skip
        for run, process in busy:
            if process.poll() is not None and bool(process.returncode) != bool(run.crash):
                print(f"  {run.library} seed {run.seed} ended with {process.returncode}")
        busy = [pair for pair in busy if pair[1].poll() is None]
        time.sleep(0.1)


def rename(root: Path, runs: Sequence[Run]) -> None:
    """Give two output folders other names, as people do when a run was a good one."""
    have = [run for run in runs if (root / run.output).exists()]  # some libraries print alone
    for run, name in zip((have[0], have[-1]), ("best_so_far", "old/keep-this-one"), strict=True):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / run.output).rename(root / name)
        run.output = name


def objects(cwd: Path, *targets: str) -> list[dict[str, Any]]:
    """What `lossmon check --json` says."""
    command = [sys.executable, "-m", "lossmon", "check", "--json", *targets]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def wrong(runs: Sequence[Run], found: Sequence[Sequence[str]]) -> list[str]:
    """What is wrong with the logs of the runs that were found, paths below the root; "" where none.

    Args:
        runs: what was run.
        found: the logs of each run that was found.
    """
    said, seen = [], dict[int, int]()
    for logs in found:
        owners = {run.job for path in logs for run in runs if run.wrote(path)}
        if len(owners) != 1:
            said.append(f"of {len(owners)} trainings: {', '.join(logs)}")
        for job in owners:
            seen[job] = seen.get(job, 0) + 1
    said += [f"{run.library} {run.seed} is missing" for run in runs if run.job not in seen]
    twice = [run for run in runs if seen.get(run.job, 0) > 1]
    return said + [f"{run.library} {run.seed} is {seen[run.job]} runs" for run in twice]


def below(root: Path, path: str, cwd: Path | None = None) -> str:
    """A path of a log as below the root, whatever target it was found under, and from where."""
    path = path.split(":", 1)[1] if ":" in path and not path.startswith("/") else path
    full = path if os.path.isabs(path) else os.path.join(cwd or root, path)
    return os.path.relpath(os.path.realpath(full), os.path.realpath(root))


def check(
    root: Path,
    runs: Sequence[Run],
    form: str,
    said: Sequence[dict[str, Any]],
    cwd: Path | None = None,
) -> int:
    """Print what is wrong of one form of target, given from a folder; how much."""
    logs = [[below(root, log["path"], cwd) for log in one["logs"]] for one in said]
    problems = wrong(runs, logs)
    for one, paths in zip(said, logs, strict=True):
        owner = next((run for run in runs if any(run.wrote(path) for path in paths)), None)
        if owner is not None and (one["state"] == "failed") != bool(owner.crash):
            problems.append(f"{owner.library} {owner.seed} is {one['state']}")
    print(f"{form:28} {len(said):3} runs of {len(runs)}, {len(problems)} wrong")
    for problem in problems:
        print(f"    {problem}")
    return len(problems)


def settings_table(root: Path, runs: Sequence[Run], said: Sequence[dict[str, Any]]) -> int:
    """Print which settings of each library are read; how many are missing or wrong."""
    missing, count_of = 0, Counter(run.library for run in runs)
    print(f"\n{'library':14}{'lr':>8}{'batch':>8}{'seed':>8}{'all':>8}  name")
    for library in dict.fromkeys(run.library for run in runs):
        row, count, names = dict.fromkeys(SETTINGS, 0), 0, []
        for run in (one for one in runs if one.library == library):
            found = [
                o for o in said if any(run.wrote(below(root, log["path"])) for log in o["logs"])
            ]
            config = found[0]["config"] if found else {}
            told = {"lr": run.lr, "seed": run.seed, "batch_size": 16}
            for name, spellings in SETTINGS.items():
                values = [v for k, v in config.items() if k.rpartition(".")[2] in spellings]
                row[name] += told[name] in values
            count = max(count, len(config))
            names += [one["run"] for one in found]
        missing += 3 * count_of[library] - sum(row.values())
        cells = "".join(f"{n}/{count_of[library]}".rjust(8) for n in row.values())
        print(f"{library:14}{cells}{count:8}  {', '.join(names)}")
    return missing


def over_ssh(root: Path) -> list[dict[str, Any]]:
    """The same through a real sshd on the loopback."""
    from tests.remote.box import Box

    with tempfile.TemporaryDirectory() as folder:
        box = Box(Path(folder))
        try:
            command = [sys.executable, "-m", "lossmon", "check", "--json", "-F", str(box.client),
                       f"box:{root}"]  # fmt: skip
            done = subprocess.run(command, capture_output=True, text=True)
        finally:
            box.stop()
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def watch_live(root: Path, runs: Sequence[Run], python_of: dict[str, str]) -> int:
    """Train while a monitor looks on: at no look are two trainings one, at the end all are there."""
    import threading

    trainer = threading.Thread(target=train, args=(root, runs, python_of, 0.05))
    monitor = open_monitor([str(root)], watch=True)
    known: dict[str, list[str]] = {}
    mixed, looks = set[str](), 0
    trainer.start()
    end = None
    while end is None or time.monotonic() < end:
        for update in monitor.poll():
            if update.removed:
                known.pop(update.run, None)
            else:
                known[update.run] = [below(root, log.path) for log in update.logs]
        looks += 1
        mixed |= {one for one in wrong(runs, list(known.values())) if one.startswith("of ")}
        if end is None and not trainer.is_alive():
            end = time.monotonic() + 5.0
        monitor.wait(0.3)
    monitor.close()
    problems = [*wrong(runs, list(known.values())), *(f"for a while {one}" for one in mixed)]
    print(f"{'live':28} {len(known):3} runs of {len(runs)}, {len(problems)} wrong in {looks} looks")
    for problem in problems:
        print(f"    {problem}")
    return len(problems)


def main() -> None:
    """Build, check, and say what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.libraries")
    parser.add_argument("folder", type=Path, help="where the projects are made")
    parser.add_argument("--python", action="append", default=[], help="one that has libraries")
    parser.add_argument("--only", default="", help="libraries, by commas")
    parser.add_argument("--seeds", type=int, default=3, choices=(2, 3))
    parser.add_argument("--live", action="store_true", help="train anew while a monitor looks on")
    args = parser.parse_args()
    wanted = args.only.split(",") if args.only else ["transformers", "lightning", "keras", "xgboost", "lightgbm", "wandb", "mlflow", "hydra", "trackio", "tensorboard", "clearml", "swanlab", "aim"]  # fmt: skip
    python_of = {
        one: python for python in reversed(args.python) for one in wanted if has(python, one)
    }
    libraries = [one for one in wanted if one in python_of]
    print(f"{len(libraries)} libraries: {', '.join(libraries)}")
    problems = 0
    root, truth = args.folder / "project", args.folder / "truth.json"
    if not truth.exists():
        root.mkdir(parents=True)
        runs = planned(libraries, args.seeds)
        train(root, runs, python_of, 0.0)
        rename(root, runs)
        truth.write_text(json.dumps([asdict(run) for run in runs]))
    runs = [Run(**told) for told in json.loads(truth.read_text())]
    at_rest = objects(root, ".")
    problems += check(root, runs, ".", at_rest)
    problems += check(root, runs, "the folder", objects(root.parent, "project"), root.parent)
    problems += check(root, runs, "its full path", objects(Path("/"), str(root.resolve())))
    problems += check(root, runs, "a glob", objects(root.parent, "project/*"), root.parent)
    problems += check(root, runs, "two processes", objects(root, ".", "--jobs", "2"))
    from tests.remote.box import why_not

    if not why_not():
        problems += check(root, runs, "over ssh", over_ssh(root.resolve()))
    problems += settings_table(root, runs, at_rest)
    if args.live:
        live = args.folder / "live"
        live.mkdir()
        problems += watch_live(live, planned(libraries, args.seeds), python_of)
    print(f"\n{problems} wrong" if problems else "\nall is right")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
