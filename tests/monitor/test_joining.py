"""Which logs are one training: proof by values, the same answer whatever came first."""

from __future__ import annotations

import json
import random
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.formats.names import choose, role
from lossmon.history.run import History, Plan
from lossmon.logs.discover import run_directory
from lossmon.monitor.agreement import SURE_BITS, Curve, compare
from lossmon.monitor.curves import Trace
from lossmon.monitor.joining import Joining
from lossmon.monitor.sources import open_monitor
from lossmon.monitor.whole import read_targets
from lossmon.report.gather import gather
from tests.monitor.live import until

N = 240


def training(seed: int, n: int = N, noise: float = 0.05) -> np.ndarray:
    """The losses of a training of one model; seeds differ in their noise alone, shape (n,)."""
    rng = np.random.default_rng(seed)
    return 2.0 * np.exp(-np.arange(n) / (0.3 * n)) + 0.5 + noise * rng.normal(size=n)


def curve(losses: Sequence[float] | np.ndarray, steps: Sequence[int] | None = None) -> Curve:
    history = History(role)
    for step, loss in zip(steps or range(1, len(losses) + 1), losses, strict=True):
        history.append({"loss": float(loss)}, step)
    return Curve.of(history.series["loss"].kept())


def printed(losses: np.ndarray, form: str) -> list[float]:
    return [float(form % loss) for loss in losses]


def agree(one: Curve, two: Curve) -> bool:
    results = {(r.same and r.bits >= SURE_BITS) for r in (compare(one, two), compare(two, one))}
    assert len(results) == 1, "who is compared with whom does not matter"
    return results.pop()


@pytest.mark.parametrize(
    ("form", "every", "shift"),
    [
        ("%.4f", 1, 0),
        ("%.3f", 10, 0),
        ("%.2f", 1, 0),
        ("%.4g", 3, -1),
        ("%.3f", 10, 500),
        ("%.6f", 40, 0),
    ],
)
def test_what_is_printed_agrees_with_what_is_written(form: str, every: int, shift: int) -> None:
    losses = training(1)
    steps = [step + shift for step in range(every, N + 1, every)]
    rows = curve(printed(losses[every - 1 :: every], form), steps)
    assert agree(rows, curve(losses))
    assert not agree(rows, curve(training(2))), "another seed"
    assert not agree(rows, curve(printed(training(2), form)))


def test_one_row_an_epoch_is_found_among_rows_of_batches() -> None:
    losses = training(1)
    epochs = printed(losses[19::20], "%.4f")
    assert agree(curve(epochs), curve(printed(losses, "%.4f")))
    assert not agree(curve(epochs), curve(printed(training(2), "%.4f")))


def test_coarse_values_prove_nothing() -> None:
    assert not agree(curve(printed(training(1), "%.1f")), curve(printed(training(2), "%.1f")))
    flat = np.full(N, 0.6931)
    assert not agree(curve(flat), curve(flat)), "both at chance level"


@given(
    st.integers(0, 10_000),
    st.sampled_from(["%.2f", "%.3f", "%.4f", "%.3g", "%.17g"]),
    st.sampled_from([1, 2, 7, 10]),
    st.sampled_from([0.003, 0.03, 0.3]),
    st.integers(-2, 2),
)
@settings(max_examples=150)
def test_two_seeds_never_agree(seed: int, form: str, every: int, noise: float, shift: int) -> None:
    one, two = (training(one, noise=noise) for one in (seed, seed + 1))
    steps = [step + shift + 5 for step in range(every, N + 1, every)]
    rows = curve(printed(two[every - 1 :: every], form), steps)
    assert not agree(rows, curve(printed(one, form), range(5, N + 5)))  # type: ignore[arg-type]


# -- logs ------------------------------------------------------------------------------------------


class Written:
    """A log as it is after so many of its rows."""

    def __init__(
        self, path: str, format: str, losses: Sequence[float], steps: Sequence[int],
        truth: int, plan: Plan | None = None,
    ) -> None:  # fmt: skip
        self.path, self.format, self.truth, self.plan = path, format, truth, plan or Plan()
        self._rows = list(zip(steps, losses, strict=True))
        self.trace = self.after(0)

    def after(self, rows: int) -> Trace:
        history = History(role, plan=self.plan)
        for step, loss in self._rows[:rows]:
            history.append({"loss": loss}, step)
        chosen = choose(history.series)
        return Trace(self.path, self.format, min(rows, len(self._rows)), chosen, history)

    def grow(self, rows: int) -> None:
        """The same log, some rows later."""
        self.trace.__dict__.update(self.after(rows).__dict__)

    @property
    def rows(self) -> int:
        return len(self._rows)


def project(seeds: int, rng: random.Random) -> list[Written]:
    """Seeds of one model, side by side: outputs in the root, folders, checkpoints, events."""
    logs = []
    jobs = list(range(700, 700 + seeds))
    rng.shuffle(jobs)
    for seed in range(seeds):
        losses = training(seed)
        everything = list(range(1, N + 1))
        tenth = list(range(10, N + 1, 10))
        text = printed(losses[9::10], "%.4f")
        kinds = rng.sample(["out", "state", "events", "copy"], rng.randint(1, 4))
        if "out" in kinds:
            logs.append(Written(f"slurm-{jobs[seed]}.out", "text", text, tenth, seed))
        if "state" in kinds:
            for saved in (80, N):
                path = f"exp/seed{seed}/checkpoint-{saved}/trainer_state.json"
                rows = [s for s in tenth if s <= saved]
                values = [float(losses[s - 1]) for s in rows]
                logs.append(Written(path, "trainer_state", values, rows, seed))
        if "events" in kinds:
            path = f"exp/seed{seed}/tb/events.out.tfevents.17{seed}.host.1"
            values = np.float32(losses).astype(float).tolist()
            logs.append(Written(path, "tensorboard", values, everything, seed))
        if "copy" in kinds:
            path = f"wandb/run-20261128_12000{seed}-abc{seed}/files/output.log"
            logs.append(Written(path, "text", text, tenth, seed))
    return logs


def partition(joining: Joining[Trace], logs: Sequence[Written]) -> set[frozenset[str]]:
    found: set[frozenset[str]] = set()
    for log in logs:
        found |= {
            frozenset(one.path for one in part)
            for part in joining.groups(joining.cluster(log.trace))
        }
    return found


@given(st.integers(1, 4), st.randoms(use_true_random=False))
@settings(max_examples=25)
@pytest.mark.slow
def test_the_trainings_are_found_in_whatever_order_their_logs_are_read(
    seeds: int, rng: random.Random
) -> None:
    logs = project(seeds, rng)
    rng.shuffle(logs)
    joining = Joining[Trace](run_directory)
    rows = dict.fromkeys(logs, 0)
    while any(rows[log] < log.rows for log in logs):  # live: some rows of some log at a time
        log = rng.choice([log for log in logs if rows[log] < log.rows])
        rows[log] = min(log.rows, max(1, 2 * rows[log]) + rng.randint(0, log.rows))
        log.grow(rows[log])
        joining.take(log.trace)
    for log in logs:
        joining.take(log.trace)
    truth = {frozenset(log.path for log in logs if log.truth == seed) for seed in range(seeds)} - {
        frozenset()
    }
    assert partition(joining, logs) == truth


def test_the_same_seed_again_is_another_training_once_it_goes_beyond() -> None:
    losses = training(1)
    steps = list(range(1, N + 1))
    crashed = Written(
        "a.out", "text", printed(losses[:60], "%.4f"), steps[:60], 0, Plan(failure="killed")
    )
    again = Written("b/log.csv", "csv", losses.tolist(), steps, 1)
    joining = Joining[Trace](run_directory)
    for log in (crashed, again):
        log.grow(N)
        joining.take(log.trace)
    assert len(partition(joining, (crashed, again))) == 2


def test_of_two_written_logs_a_printed_one_joins_that_whose_noise_it_shares() -> None:
    """A bar that prints an average: nothing agrees, and the folder holds two that look alike."""
    steps = list(range(1, N + 1))
    mean = (np.cumsum(training(0)) / np.arange(1, N + 1)).tolist()
    bar = Written("p/train.log", "text", mean, steps, 0)
    first = Written("p/version_0/metrics.csv", "csv", training(0).tolist(), steps, 0)
    second = Written("p/version_1/metrics.csv", "csv", training(1).tolist(), steps, 1)
    for logs, wanted in (([bar, first], 1), ([bar, second], 2), ([bar, first, second], 2)):
        joining = Joining[Trace](run_directory)
        for log in logs:
            log.grow(N)
            joining.take(log.trace)
        assert len(partition(joining, logs)) == wanted


def calls(work: Callable[[], object]) -> int:
    """Calls of functions, built-in ones too, that some work makes."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.slow
def test_a_log_costs_the_same_beside_many_folders_as_beside_few() -> None:
    """Of 20,000 logs each looked through the folders of all others."""
    costs = []
    for n in (500, 3000):
        joining = Joining[Trace](run_directory)
        logs = [
            Written(
                f"many/{i // 50}/r{i}/log.csv", "csv", training(i, 8).tolist(), list(range(8)), i
            )
            for i in range(n + 1)
        ]
        for log in logs:
            log.grow(8)
        joining.take(*(log.trace for log in logs[:n]))
        costs.append(calls(lambda: joining.take(logs[n].trace)))  # noqa: B023
    assert costs[1] - costs[0] < 2500 / 2, costs  # less than a call for each folder more


# -- files and targets -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four trainings: two with outputs in the root, one crashed there, one of Lightning."""
    root = tmp_path_factory.mktemp("home") / "project"
    root.mkdir()
    for seed, job in ((1, 12), (2, 11)):
        losses = training(seed)
        rows = [{"step": s, "epoch": s / 100, "loss": losses[s - 1]} for s in range(10, N + 1, 10)]
        state = root / f"out{seed}" / "checkpoint-240" / "trainer_state.json"
        state.parent.mkdir(parents=True)
        state.write_text(json.dumps({"max_steps": N, "global_step": N, "log_history": rows}))
        said = "".join(f"step {r['step']}/{N} loss {r['loss']:.4f}\n" for r in rows)
        (root / f"slurm-{job}.out").write_text(said)
    said = "".join(f"step {s}/{N} loss {training(3)[s - 1]:.4f}\n" for s in range(10, 100, 10))
    (root / "nohup.out").write_text(said + "RuntimeError: CUDA out of memory.\n")
    table = root / "lightning_logs" / "version_0" / "metrics.csv"
    table.parent.mkdir(parents=True)
    rows_ = (f"{i // 60},{i},{loss}\n" for i, loss in enumerate(training(4)))
    table.write_text("epoch,step,train_loss\n" + "".join(rows_))
    return root


def runs_of(targets: list[str], jobs: int = 1) -> dict[str, frozenset[str]]:
    updates = gather(targets, jobs, judging="at the end").updates
    return {
        update.run: frozenset(Path(log.path).resolve().as_posix() for log in update.logs)
        for update in updates
    }


FORMS: dict[str, Callable[[Path], list[str]]] = {
    "inside": lambda root: ["."],
    "folder": lambda root: [str(root)],
    "parent": lambda root: [str(root.parent)],
    "entries": lambda root: sorted(map(str, root.iterdir())),
    "entries, backwards": lambda root: sorted(map(str, root.iterdir()), reverse=True),
    "pattern": lambda root: [f"{root}/*"],
    "files": lambda root: [str(path) for path in root.rglob("*") if path.is_file()],
}


@pytest.mark.parametrize(
    ("form", "jobs"),
    [
        *((form, 1) for form in FORMS),
        ("entries, backwards", 2),
        *(pytest.param(form, 2, marks=pytest.mark.slow) for form in FORMS if "back" not in form),
    ],
)
def test_every_form_of_target_gives_the_same_runs(
    tree: Path, form: str, jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree)
    found = runs_of(FORMS[form](tree), jobs)
    wanted = {
        frozenset({f"{tree}/out1/checkpoint-240/trainer_state.json", f"{tree}/slurm-12.out"}),
        frozenset({f"{tree}/out2/checkpoint-240/trainer_state.json", f"{tree}/slurm-11.out"}),
        frozenset({f"{tree}/nohup.out"}),
        frozenset({f"{tree}/lightning_logs/version_0/metrics.csv"}),
    }
    assert set(found.values()) == wanted
    if form == "inside":
        assert set(found) == {"out1", "out2", "nohup.out", "lightning_logs"}


def test_a_target_calls_its_runs_alike_wherever_one_stands(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = []
    for folder in (tree, tree.parent, tree / "out1"):
        monkeypatch.chdir(folder)
        names.append(set(runs_of([str(tree)], 1)))
    assert names[0] == names[1] == names[2]
    assert f"{tree.name}/out1" in names[0]


def test_logs_that_are_written_while_it_watches_end_as_the_same_runs(
    tree: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    files = [path for path in tree.rglob("*") if path.is_file()]
    monitor = open_monitor([str(tmp_path)], watch=False, judging="never")
    try:
        for part in (0.3, 0.6, 1.0):
            for path in files:
                to = copy / path.relative_to(tree)
                to.parent.mkdir(parents=True, exist_ok=True)
                if path.suffix == ".json":
                    shutil.copy(path, to)  # written whole at each save
                    continue
                data = path.read_bytes()
                with to.open("ab") as file:
                    file.write(data[file.tell() : int(part * len(data))])
            monitor.wait(0.0)
            for _ in range(30):
                monitor.poll()
        monitor.conclude()
        live = {
            frozenset(Path(log.path).relative_to(copy).as_posix() for log in update.logs)
            for update, _ in monitor.traces()
        }
    finally:
        monitor.close()
    rest = {
        frozenset(Path(path).relative_to(tree).as_posix() for path in paths)
        for paths in runs_of([str(tree)]).values()
    }
    assert live == rest


@pytest.mark.parametrize("again", [("", ""), (" eval_loss 1.3", ""), (" eval_loss 1.3",) * 2])
def test_two_logs_that_are_emptied_and_begin_anew_harm_no_other(
    tmp_path: Path, again: tuple[str, str]
) -> None:
    logs = [tmp_path / "a.log", tmp_path / "b.log"]
    for k, log in enumerate(logs):
        rows = (
            f"step {i} loss {2 / (1 + i / 50 + k):.4f} eval_loss {1 + i / 900}\n" for i in range(90)
        )
        log.write_text("".join(rows))
    good = tmp_path / "good.log"
    good.write_text("".join(f"step {i} loss {9 - i / 50}\n" for i in range(90)))
    monitor = open_monitor([str(tmp_path)], watch=False, judging="never")
    try:
        until(monitor, lambda runs: len(runs) >= 2)  # a and b share their evaluations
        for log in logs:
            log.write_text("")
        monitor.poll()
        for i in range(4):
            for log, beside in zip(logs, again, strict=True):
                with log.open("a") as file:
                    file.write(f"step {i} loss 2.{i}{beside}\n")
            monitor.poll()
        with good.open("a") as file:
            file.write("step 90 loss 7.2\n")
        assert until(monitor, lambda runs: any(run.step == 90 for run in runs.values()))
    finally:
        monitor.close()


def test_a_copy_that_lags_behind_is_joined_once_it_has_caught_up(tmp_path: Path) -> None:
    lines = [f"step {i} loss {loss:.4f}\n" for i, loss in enumerate(training(3, 60), 1)]
    (tmp_path / "job.out").write_text("".join(lines))
    copy = tmp_path / "kept" / "output.log"
    copy.parent.mkdir()
    copy.write_text("".join(lines[:33]))
    monitor = open_monitor([str(tmp_path)], watch=False, judging="never")
    runs: set[str] = set()

    def look(now: float) -> int:
        for _ in range(3):
            for update in monitor.poll(now):
                (runs.discard if update.removed else runs.add)(update.run)
        return len(runs)

    assert look(1e9) == 2, "one may have been stopped before the other"
    copy.write_text("".join(lines))
    look(1e9 + 1)
    assert look(1e9 + 9) == 1
    monitor.close()


def test_a_folder_with_a_file_a_metric_is_one_run_also_where_several_are_losses(
    tmp_path: Path,
) -> None:
    for split in ("train", "eval"):
        folder = tmp_path / "fold_0" / "metrics" / split
        folder.mkdir(parents=True)
        for i, name in enumerate(("loss", "mean_squared_error", "mean_absolute_error")):
            rows = "".join(f"{n}\t{training(i)[n]}\n" for n in range(20))
            (folder / f"{name}.tsv").write_text(f"step\t{name}\n{rows}")
    (update,) = read_targets([str(tmp_path)], judging="never").updates
    assert (len(update.logs), update.train, update.eval) == (6, "train_loss", "eval_loss")
