"""What a box tells beside its logs, over a real sshd: GPUs, writers, the jobs of its Slurm."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lossmon.monitor import Monitor
from tests.logs.slurm_stand_in import Cluster
from tests.monitor.live import printed, until
from tests.monitor.test_pulse import TRAINER
from tests.remote.box import Box
from tests.waiting import wait_until

GPU = "#!/bin/sh\necho 0, GPU-1, 97, 72704, 81559, 61, 688.12, NVIDIA H100\n"


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    """Programs of a login node with a GPU."""
    made = Cluster(tmp_path / "slurm")
    (made.bin / "nvidia-smi").write_text(GPU)
    (made.bin / "nvidia-smi").chmod(0o755)
    return made


@pytest.fixture
def there(make_box: Callable[..., Box], cluster: Cluster) -> Box:
    """A box that has these programs."""
    return make_box(
        settings=f"SetEnv PATH={cluster.bin}:{Path(sys.executable).parent}:/usr/bin:/bin"
    )


@pytest.fixture
def watch(there: Box) -> Iterator[Callable[..., Monitor]]:
    """Watches targets on the box; closed in the end."""
    opened: list[Monitor] = []

    def make(*targets: object) -> Monitor:
        source = there.source(*targets)
        opened.append(Monitor([source], [f"{source.name}:{target}" for target in targets]))
        return opened[-1]

    yield make
    for monitor in opened:
        monitor.close()


def test_the_gpu_and_the_writer_of_a_box_are_shown_with_its_run(
    watch: Callable[..., Monitor], tmp_path: Path
) -> None:
    log = tmp_path / "run" / "trainer_log.jsonl"
    log.parent.mkdir()
    trainer = subprocess.Popen([sys.executable, "-c", TRAINER, str(log)], stdout=subprocess.PIPE)
    try:
        monitor = watch(log.parent)
        runs = until(monitor, lambda runs: any(run.writer for run in runs.values()))
    finally:
        trainer.kill()
        trainer.communicate()
    (update,) = runs.values()
    assert (update.host, update.gpus[0].use, update.gpus[0].name) == ("box", 97.0, "NVIDIA H100")


def test_the_jobs_of_a_cluster_are_runs(
    watch: Callable[..., Monitor], cluster: Cluster, tmp_path: Path
) -> None:
    for job in ("1", "2"):
        cluster.queue(job, out=str(printed(tmp_path / "home" / f"slurm-{job}.out")))
    runs = until(watch("slurm:"), lambda runs: len(runs) == 2)
    assert sorted(runs) == ["box:sft-7b 1", "box:sft-7b 2"]
    job = runs["box:sft-7b 1"].job
    assert job is not None
    assert (job.state, job.node, job.limit_s) == ("RUNNING", "gpu017", 7200)
    assert all(run.step == 60 for run in runs.values())


def test_a_cluster_where_nothing_runs_says_so(watch: Callable[..., Monitor]) -> None:
    monitor = watch("slurm:", "slurm:77")
    until(monitor, lambda _: "no such job" in monitor.trouble("box:slurm:77"))
    assert "no such job" in monitor.hosts()[0].reason


def test_a_box_without_slurm_says_so(watch: Callable[..., Monitor], cluster: Cluster) -> None:
    (cluster.bin / "squeue").unlink()
    monitor = watch("slurm:")
    until(monitor, lambda _: "no Slurm on this machine" in monitor.trouble("box:slurm:"))


def test_check_reads_the_jobs_of_a_cluster_once(
    there: Box, cluster: Cluster, tmp_path: Path
) -> None:
    cluster.queue("1", state="TIMEOUT", out=str(printed(tmp_path / "home" / "slurm-1.out")))
    done = subprocess.run(
        [sys.executable, "-m", "lossmon", "check", "-F", str(there.client), "box:slurm:"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "FAILED" in done.stdout
    assert "Slurm: TIMEOUT on gpu017" in done.stdout


def test_nothing_that_was_asked_is_left_on_the_box(
    watch: Callable[..., Monitor], there: Box, cluster: Cluster, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    (cluster.bin / "squeue").write_text(f"#!/bin/sh\necho $$ >> {pids}\nexec sleep 60\n")
    monitor = watch("slurm:")
    until(monitor, lambda _: pids.exists() and pids.read_text().strip())
    monitor.close()
    asked = [Path(f"/proc/{pid}") for pid in pids.read_text().split()]
    wait_until(lambda: not any(one.exists() for one in asked), "squeue outlives the link")
    wait_until(lambda: not there.agents())
