"""The jobs of Slurm, asked of stand-ins that print what the manual pages say."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from lossmon.logs import program, slurm
from lossmon.logs.slurm import Jobs, Slurm, SlurmError, duration, expand, moment
from tests.logs.old_python import python_3_6
from tests.logs.slurm_stand_in import HELP_24, Cluster, stamp
from tests.waiting import PATIENCE_S


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """A Slurm that is all of the PATH."""
    stand_in = Cluster(tmp_path / "slurm")
    monkeypatch.setenv("PATH", str(stand_in.bin))
    monkeypatch.setattr(slurm, "_PLACES", ())
    monkeypatch.setattr(slurm, "LOAD", 1.0)
    return stand_in


def test_a_running_job_is_found_with_what_it_writes(cluster: Cluster, tmp_path: Path) -> None:
    out, err = tmp_path / "logs of ada" / "sft.out", tmp_path / "sft.err"
    cluster.queue("4242", out=str(out), err=str(err), node="gpu[017-018]")
    (job,) = Slurm().find()
    assert (job["id"], job["name"], job["state"]) == ("4242", "sft-7b", "RUNNING")
    assert job["logs"] == [str(out), str(err)]
    assert job["limit_s"] == 7200
    assert job["end"] == pytest.approx(time.time() + 3600, abs=5)
    assert f"--user={os.getuid()}" in cluster.calls("squeue")[0]


def test_one_file_for_both_streams_is_one_log(cluster: Cluster) -> None:
    cluster.queue("1", out="/data/slurm-1.out", err="/data/slurm-1.out")
    cluster.queue("2", out="/data/two.out", err="/dev/null")
    assert [job["logs"] for job in Slurm().find()] == [["/data/slurm-1.out"], ["/data/two.out"]]


def test_of_an_array_one_question_tells_where_every_task_writes(cluster: Cluster) -> None:
    for task in range(20):
        cluster.queue(f"70_{task}", raw=str(100 + task), out=f"/data/slurm-70_{task}.out")
    jobs = {job["id"]: job for job in Slurm().find()}
    assert jobs["70_7"]["logs"] == ["/data/slurm-70_7.out"]
    assert len(jobs) == 20
    assert len(cluster.calls("scontrol")) == 1


def test_a_job_that_waits_writes_nothing_yet(cluster: Cluster) -> None:
    cluster.queue("5", state="PENDING", out="/data/slurm-5.out")
    asked = Slurm()
    assert [job["logs"] for job in asked.find()] == [[]]
    cluster.queue("5", out="/data/slurm-5.out")
    assert [job["logs"] for job in asked.find()] == [["/data/slurm-5.out"]]


def ended(**more: str) -> dict[str, str]:
    return {
        "JobIDRaw": "12", "JobID": "12", "State": "TIMEOUT", "Timelimit": "1-00:00:00",
        "Start": stamp(time.time() - 90_000), "End": stamp(time.time() - 3600),
        "NodeList": "gpu01", "JobName": "dpo", "WorkDir": "/data", **more,
    }  # fmt: skip


def test_a_job_that_ended_is_found_in_the_accounts(cluster: Cluster) -> None:
    cluster.account(ended(), ended(JobIDRaw="31", JobID="30_4", State="CANCELLED by 1000"))
    jobs = {job["id"]: job for job in Slurm().find()}
    assert jobs["12"]["logs"] == ["/data/slurm-12.out"], "this sacct does not know StdOut"
    assert jobs["30_4"]["logs"] == ["/data/slurm-30_4.out"]
    assert (jobs["12"]["state"], jobs["30_4"]["state"]) == ("TIMEOUT", "CANCELLED")
    assert jobs["12"]["limit_s"] == 86400


def test_newer_accounts_tell_the_pattern_of_the_file(cluster: Cluster) -> None:
    (cluster.home / "helpformat").write_text(HELP_24)
    cluster.account(
        ended(StdOut="logs/%x-%j.out", StdErr="/scratch/%u.err", State="COMPLETED"),
        ended(JobIDRaw="31", JobID="30_4", StdOut="%A/%4a.txt"),
    )
    jobs = {job["id"]: job for job in Slurm().find()}
    assert jobs["12"]["logs"][0] == "/data/logs/dpo-12.out"
    assert jobs["12"]["logs"][1].startswith("/scratch/")
    assert jobs["30_4"]["logs"] == ["/data/30/0004.txt"]


def test_where_no_accounts_are_kept_a_job_that_left_has_ended(cluster: Cluster) -> None:
    cluster.queue("8", out="/data/slurm-8.out")
    asked = Slurm()
    asked.find()
    cluster.leave("8")
    (job,) = asked.find()
    assert (job["state"], job["logs"]) == ("ENDED", ["/data/slurm-8.out"])


def test_how_a_job_that_left_has_ended_is_asked_at_once(cluster: Cluster) -> None:
    cluster.queue("12", out="/data/own.out")
    cluster.account()
    asked = Slurm()
    asked.find()
    cluster.leave("12")
    cluster.account(ended(State="OUT_OF_MEMORY"))
    (job,) = asked.find()
    assert (job["state"], job["logs"]) == ("OUT_OF_MEMORY", ["/data/own.out"])


def test_a_job_is_chosen_by_its_number(cluster: Cluster) -> None:
    cluster.queue("1", out="/data/1.out")
    cluster.queue("70_2", raw="102", out="/data/2.out")
    cluster.queue("70_3", raw="103", out="/data/3.out")
    assert [job["id"] for job in Slurm("70").find()] == ["70_2", "70_3"]
    assert [job["id"] for job in Slurm("70_3,1").find()] == ["1", "70_3"]
    cluster.account(ended())
    assert [job["id"] for job in Slurm("12").find()] == ["12"], "it left the queue"


@pytest.mark.parametrize("selector", ["-1", "1 2", "1;ls", "$(ls)", "abc", "1,", "1" * 13])
def test_what_is_no_job_id_never_reaches_the_scheduler(cluster: Cluster, selector: str) -> None:
    with pytest.raises(SlurmError, match="not a job id"):
        Slurm(selector)
    assert not cluster.calls("")


def test_without_slurm_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(slurm, "_PLACES", ())
    with pytest.raises(SlurmError, match=r"no Slurm on this machine .*HOST:slurm:"):
        Slurm().find()


def test_a_scheduler_that_does_not_answer_is_named(cluster: Cluster) -> None:
    (cluster.home / "down").touch()
    with pytest.raises(SlurmError, match="squeue: slurm_load_jobs error: Unable to contact"):
        Slurm().find()


def test_a_scheduler_that_hangs_is_given_up(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slurm, "TIMEOUT_S", 0.2)
    (cluster.bin / "squeue").write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    with pytest.raises(SlurmError, match="no answer"):
        Slurm().find()


def test_jobs_are_told_again_when_something_changed(cluster: Cluster) -> None:
    cluster.queue("1", out="/data/1.out")
    jobs = Jobs(every_s=0.05)
    try:
        deadline = time.monotonic() + PATIENCE_S
        first = None
        while first is None and time.monotonic() < deadline:
            assert not jobs.settled
            first = jobs.take()
        assert first is not None
        assert [job["id"] for job in first["jobs"]] == ["1"]
        assert jobs.take() is None
        cluster.queue("2", out="/data/2.out")
        found = None
        while found is None and time.monotonic() < deadline:
            found = jobs.take()
            time.sleep(0.01)
        assert found is not None
        assert sorted(job["id"] for job in found["jobs"]) == ["1", "2"]
        (cluster.home / "down").touch()
        asked = len(cluster.calls("squeue"))
        while len(cluster.calls("squeue")) < asked + 3:
            time.sleep(0.01)
        assert jobs.take() is None, "while the controller is away, jobs go on"
    finally:
        jobs.close()


JOB = {"id": "70_3", "name": "my job", "state": "RUNNING", "node": "gpu[017-020,031].hpc"}


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("slurm-%A_%a.out", "slurm-70_3.out"),
        ("%j-%5a-%x.log", "103-00003-my job.log"),
        ("%N-%n-%t-%b", "gpu017-0-0-3"),
        ("100%%-%J.%q", "100%-103.%q"),
        ("a\\%j", "a%j"),
        ("%9999999999j", "0000000103"),
    ],
)
def test_filename_patterns_are_filled_as_by_sbatch(pattern: str, path: str) -> None:
    assert expand(pattern, "103", JOB) == path


def test_a_job_that_is_no_array_fills_the_same_patterns() -> None:
    assert expand("%A-%a", "7", {**JOB, "id": "7"}) == "7-4294967294"


def test_times_are_read_in_all_their_forms() -> None:
    assert duration("1-02:00:05") == 93605
    assert duration("02:00:00") == 7200
    assert duration("30:00") == 1800
    assert [duration(t) for t in ("UNLIMITED", "NOT_SET", "Partition_Limit", "")] == [None] * 4
    assert moment("Unknown") is moment("N/A") is moment("") is None
    assert moment(stamp(1.7e9)) == 1.7e9


def test_it_runs_on_python_3_6(cluster: Cluster, tmp_path: Path) -> None:
    old = python_3_6(tmp_path, program, slurm)
    cluster.queue("1", out="/data/1.out")
    cluster.account(ended())
    code = "import json\nfrom lossmon.logs.slurm import Slurm\nprint(json.dumps(Slurm().find()))"
    done = subprocess.run(
        [old, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert [job["id"] for job in json.loads(done.stdout or "[]")] == ["1", "12"], done.stderr
