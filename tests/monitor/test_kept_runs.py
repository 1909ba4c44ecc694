"""Files of a run that a store keeps together: MLflow's, one a metric."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossmon.api import read_runs
from lossmon.logs.discover import run_directory, run_of_store

RUN = "0123456789abcdef" * 2


def keep(folder: Path, metrics: list[str], run: str = RUN, rows: int = 30) -> None:
    """A run as MLflow's file store has it."""
    home = folder / "mlruns" / "0" / run
    for at, metric in enumerate(metrics):
        path = home / "metrics" / metric
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = (f"{1700000000000 + i * 1000} {at + 2 / (1 + i):.5f} {i}" for i in range(rows))
        path.write_text("\n".join(lines) + "\n")
    (home / "meta.yaml").write_text(f"run_name: kept-{run[0]}\nstatus: 3\n")


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "metrics",
    [
        pytest.param(
            ["loss", *(f"m{i}" for i in range(60))], id="more than are compared", marks=SLOW
        ),
        pytest.param([f"part_{i}_loss" for i in range(70)], id="losses alone", marks=SLOW),
        pytest.param(["loss", "val_loss", "system/cpu_utilization_percentage"], id="two depths"),
        pytest.param(["train/loss", "val/loss", "system/gpu_0_power_watts"], id="folders alone"),
        pytest.param(["system/disk_usage_megabytes", "loss"], id="the loss last"),
    ],
)
def test_a_run_is_one_however_many_metrics_it_has_and_how_deep(
    tmp_path: Path, metrics: list[str]
) -> None:
    """With 49 files it was 49 runs, all running, and without its name and its end."""
    keep(tmp_path, metrics)
    (update,) = read_runs(str(tmp_path))
    assert (update.run, update.state, len(update.logs)) == ("kept-0", "finished", len(metrics))
    assert set(update.series) == set(metrics)


def test_the_loss_is_chosen_among_all_files_of_a_run(tmp_path: Path) -> None:
    """Each file alone has but one candidate: parts took the place of the total, or were lost."""
    keep(tmp_path, ["d_loss", "loss", "loss_cls", "grad_norm_2", "val_loss"])
    (update,) = read_runs(str(tmp_path))
    assert (update.train, update.eval) == ("loss", "val_loss")
    assert len(update.series) == 5


@pytest.mark.slow
def test_runs_that_hold_the_same_stay_two(tmp_path: Path) -> None:
    for run in (RUN, RUN[::-1]):
        keep(tmp_path, ["loss", *(f"m{i}" for i in range(50))], run)
    assert sorted(one.run for one in read_runs(str(tmp_path))) == ["kept-0", "kept-f"]


def test_the_folder_says_which_run_a_file_is_of() -> None:
    inside = f"a/mlruns/0/{RUN}/metrics/system/cpu"
    assert run_of_store(inside) == f"a/mlruns/0/{RUN}"
    assert run_directory(inside) == f"a/mlruns/0/{RUN}"
    assert run_of_store("a/metrics/loss") == ""
