"""`lossmon slurm:`: runs of the scheduler's jobs, named, judged and found while watching."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.diagnosis.knowledge import load
from lossmon.errors import TargetError
from lossmon.logs import slurm
from lossmon.logs.target import parse
from lossmon.monitor.jobs import ending, in_brief, name_of, read_jobs, runs_on, too_short
from lossmon.monitor.log import Log
from lossmon.monitor.pulse import Sample
from lossmon.monitor.sources import open_monitor
from lossmon.monitor.training import Training
from lossmon.monitor.update import Gpu, Job
from tests.logs.slurm_stand_in import Cluster, stamp
from tests.monitor.live import printed, until

NOW = 1_800_000_000.0
JOB = Job("4242_3", "sft", "RUNNING", "gpu017", NOW - 3600, NOW + 7200, 10800)


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """A Slurm that is first on the PATH; its users write below tmp_path."""
    stand_in = Cluster(tmp_path / "slurm")
    monkeypatch.setenv("PATH", f"{stand_in.bin}:/usr/bin:/bin")
    monkeypatch.setattr(slurm, "LOAD", 1.0)
    monkeypatch.setattr(slurm.Jobs.__init__, "__defaults__", ("", True, 0.1))
    return stand_in


def check(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lossmon", "check", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_jobs_are_runs_with_the_names_of_the_jobs(cluster: Cluster, tmp_path: Path) -> None:
    # The same training twice, and beside it another: three jobs that write into one folder.
    for job, start in (("1", 2.0), ("2", 2.0), ("3", 5.0)):
        out = printed(tmp_path / "home" / f"slurm-{job}.out", start=start)
        cluster.queue(job, name="sft 7b" if job != "3" else "dpo", out=str(out))
    monitor = open_monitor(["slurm:"], watch=True)
    try:
        runs = until(monitor, lambda runs: len(runs) == 3)
        assert sorted(runs) == ["dpo 3", "sft 7b 1", "sft 7b 2"]
        job = runs["dpo 3"].job
        assert job is not None
        assert (job.id, job.state, job.node, job.limit_s) == ("3", "RUNNING", "gpu017", 7200)
        out = printed(tmp_path / "home" / "slurm-4_1.out")
        cluster.queue("4_1", raw="9", name="late", out=str(out))
        assert "late 4_1" in until(monitor, lambda runs: len(runs) == 1), "found while watching"
    finally:
        monitor.close()


def test_two_streams_of_a_job_are_one_run(cluster: Cluster, tmp_path: Path) -> None:
    out = printed(tmp_path / "home" / "a.out")
    err = tmp_path / "home" / "a.err"
    err.write_text("Loading checkpoint shards: 100%\nsome warning\n")
    cluster.queue("7", out=str(out), err=str(err))
    monitor = open_monitor(["slurm:7"], watch=True)
    try:
        assert list(until(monitor, lambda runs: bool(runs))) == ["sft-7b 7"]
    finally:
        monitor.close()


@pytest.mark.parametrize(
    ("state", "advice"),
    [
        ("TIMEOUT", "with a longer limit"),
        ("OUT_OF_MEMORY", "sbatch --mem"),
        ("NODE_FAIL", "leave that node out"),
        ("FAILED", "Read the last lines of the log"),
    ],
)
def test_how_a_job_ended_is_how_its_run_ended(
    cluster: Cluster, tmp_path: Path, state: str, advice: str
) -> None:
    out = printed(tmp_path / "home" / "slurm-5.out")
    cluster.queue("5", out=str(out))
    monitor = open_monitor(["slurm:"], watch=True)
    try:
        until(monitor, lambda runs: any(run.state == "running" for run in runs.values()))
        cluster.queue("5", state=state, out=str(out), ends_in_s=0)
        runs = until(monitor, lambda runs: any(run.state == "failed" for run in runs.values()))
    finally:
        monitor.close()
    update = runs["sft-7b 5"]
    assert update.state_note.startswith(f"Slurm: {state} on gpu017 after 60 min of 2.0 h")
    (finding,) = (one for one in update.diagnosis.findings if one.pattern == "failed")
    assert finding.severity == "critical"
    assert finding.evidence.endswith("it stands at step 60 of 300")
    assert advice in " ".join(load("en").remedies(finding))


def test_a_job_that_completed_has_finished_and_one_cancelled_is_no_alarm(
    cluster: Cluster, tmp_path: Path
) -> None:
    for job, state in (("1", "COMPLETED"), ("2", "CANCELLED")):
        cluster.queue(job, state=state, out=str(printed(tmp_path / "home" / f"{job}.out")))
    done = check("slurm:", "--json")
    runs = {run["run"]: run for run in map(json.loads, done.stdout.splitlines())}
    assert runs["sft-7b 1"]["state"] == "finished"
    assert runs["sft-7b 2"]["state"] == "failed"
    assert runs["sft-7b 2"]["job"]["state"] == "CANCELLED"
    (finding,) = (one for one in runs["sft-7b 2"]["findings"] if one["pattern"] == "failed")
    assert finding["severity"] == "warning"


def test_check_says_how_long_a_job_has_left(cluster: Cluster, tmp_path: Path) -> None:
    cluster.queue("1", out=str(printed(tmp_path / "home" / "1.out")))
    done = check("slurm:1")
    assert done.returncode == 0, done.stderr
    assert "sft-7b 1" in done.stdout
    assert "Slurm: running on gpu017, ends in 60 min" in done.stdout


def test_what_can_not_be_read_is_said_in_one_line(cluster: Cluster, tmp_path: Path) -> None:
    assert "no such job runs" in check("slurm:").stderr
    cluster.queue("5", state="PENDING")
    assert "job 5 is PENDING: it has written nothing yet" in check("slurm:5").stderr
    cluster.queue("6", out=str(tmp_path / "not there yet"))
    assert "is not there yet" in check("slurm:6").stderr
    (cluster.home / "down").touch()
    done = check("slurm:")
    assert "Unable to contact slurm controller" in done.stderr
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


@pytest.mark.slow
def test_while_it_watches_it_says_what_the_scheduler_says(cluster: Cluster, tmp_path: Path) -> None:
    monitor = open_monitor(["slurm:"], watch=True)
    try:
        until(monitor, lambda _: "no such job" in " ".join(h.reason for h in monitor.hosts()))
        cluster.queue("1", out=str(printed(tmp_path / "home" / "1.out")))
        until(monitor, lambda runs: bool(runs))
        assert monitor.hosts() == ()
    finally:
        monitor.close()


def test_without_slurm_the_error_says_where_to_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(slurm, "_PLACES", ())
    with pytest.raises(TargetError, match=r"slurm:: no Slurm on this machine .*HOST:slurm:"):
        open_monitor(["slurm:"], watch=True)


def test_a_target_for_jobs_is_no_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse("slurm:").kind == parse("slurm:4242_3,17+1").kind == "slurm"
    assert parse("slurm:runs").kind == "ssh", "a box of that name"
    there = parse("ada@gpu1:slurm:4242")
    assert (there.kind, there.host, there.path) == ("ssh", "gpu1", "slurm:4242")
    monkeypatch.chdir(tmp_path)
    Path("slurm:").touch()
    assert parse("slurm:").kind == "local", "a file of that name wins"


def test_a_log_may_be_found_under_two_targets(cluster: Cluster, tmp_path: Path) -> None:
    out = printed(tmp_path / "home" / "slurm-1.out")
    cluster.queue("1", out=str(out))
    done = check("slurm:1", str(out.parent))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("sft-7b 1") == 1


def test_parts_of_a_heterogeneous_job_have_numbers_of_their_own(
    cluster: Cluster, tmp_path: Path
) -> None:
    out = printed(tmp_path / "home" / "slurm-13.out")  # where no StdOut is told
    cluster.account(
        {
            "JobIDRaw": "13", "JobID": "12+1", "State": "FAILED", "JobName": "het",
            "Start": stamp(time.time() - 600), "WorkDir": str(out.parent),
        }
    )  # fmt: skip
    done = check("slurm:12+1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "het 13" in done.stdout


def test_a_job_in_words() -> None:
    assert name_of(JOB) == "sft 4242_3"
    assert in_brief(JOB, NOW) == "Slurm: running on gpu017, ends in 2.0 h"
    assert in_brief(replace(JOB, end=None), NOW) == "Slurm: running on gpu017"
    assert ending(replace(JOB, state="TIMEOUT")) == "Slurm: TIMEOUT on gpu017 after 3.0 h of 3.0 h"
    assert in_brief(replace(JOB, state="CANCELLED"), NOW) == "Slurm: CANCELLED"


def test_a_machine_is_known_among_the_nodes_of_a_job() -> None:
    nodes = replace(JOB, node="gpu[017-020,031],cpu1")
    assert all(runs_on(nodes, host) for host in ("gpu018", "gpu031.hpc.edu", "cpu1"))
    assert not any(runs_on(nodes, host) for host in ("gpu021", "gpu18", "login1", "gpu", ""))


def test_gpus_of_a_login_node_are_not_those_of_a_job(tmp_path: Path) -> None:
    training = Training("sft", [Log(str(tmp_path / "slurm-1.out"), mtime=NOW)])
    training.belongs_to(JOB)
    gpus = (Gpu("0", "NVIDIA H100", 97.0),)
    training.hear(Sample(NOW, gpus, {}, "login1"), [], NOW)
    assert training.update(NOW, 1.0).gpus == ()
    training.hear(Sample(NOW, gpus, {}, "gpu017.hpc.edu"), [], NOW)
    assert training.update(NOW, 1.0).gpus == gpus


def test_a_limit_before_the_end_of_the_plan_is_said_ahead() -> None:
    assert too_short(JOB, 7000, NOW) == ""
    assert too_short(JOB, None, NOW) == ""
    words = "Slurm ends the job in 2.0 h, 60 min before the training is done"
    assert too_short(JOB, 7200 + 3600, NOW) == words


def test_times_of_a_cluster_are_moved_to_the_clock_here() -> None:
    there = {"id": "1", "state": "RUNNING", "start": 1000.0, "end": 5000.0, "logs": ["/a"]}
    ((job, logs),) = read_jobs({"time": 2000.0, "jobs": [there]}, NOW)
    assert (job.start, job.end, logs) == (NOW - 1000, NOW + 3000, ("/a",))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["time", "jobs", "logs", "id", "state", "end", "name"]), inner
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_whatever_a_box_says_of_its_jobs_breaks_nothing(said: Any) -> None:
    for job, _ in read_jobs(json.loads(json.dumps(said)), NOW):
        assert ending(job)
        assert in_brief(job, NOW)
