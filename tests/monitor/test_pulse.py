"""What the machine says beside the logs: GPUs of a run, and whether its process lives."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.chart.of_run import strip_of
from lossmon.diagnosis.knowledge import load
from lossmon.diagnosis.lifecycle import Signs, Situation, lifecycle_findings, silence
from lossmon.history.run import Plan
from lossmon.logs import gpus as tools
from lossmon.logs.local import LocalSource
from lossmon.logs.vitals import Sampler
from lossmon.monitor import Monitor, RunUpdate
from lossmon.monitor.log import Log
from lossmon.monitor.pulse import GPU_METRIC, MAX_POINTS, Pulse, Sample, in_words, read_sample
from lossmon.monitor.training import Training
from lossmon.monitor.update import Gpu
from tests.waiting import PATIENCE_S

GIB = 1 << 30
NOW = 1_800_000_000.0
BUSY = Gpu("0", "NVIDIA H100", 97.0, 71 * GIB, 80 * GIB, 61.0, 688.0)
IDLE = Gpu("1", "NVIDIA H100", 0.0, 0.5 * GIB, 80 * GIB, 30.0, 70.0)


def test_gpus_are_said_in_a_few_words() -> None:
    assert in_words([BUSY]) == "GPU 97 % 71 GB"
    assert in_words([IDLE]) == "GPU 0 % 0.5 GB"
    assert in_words([BUSY, BUSY]) == "2 GPUs 97 % 71 GB"
    assert in_words([BUSY, IDLE]) == "2 GPUs 0-97 % 71 GB", "one of them does not work"
    assert in_words([Gpu("0", "A100 MIG", None, 40 * GIB)]) == "GPU 40 GB"
    assert in_words([Gpu("0", "a card that tells nothing")]) == in_words([]) == ""


def told(there: tuple[Gpu, ...] = (BUSY, IDLE), **log: object) -> Sample:
    return Sample(NOW, there, {"train.log": log} if log else {})


def noted(sample: Sample, times: int = 3) -> Pulse:
    pulse = Pulse()
    for i in range(times):
        pulse.note(sample, ["train.log"], 100 + i, NOW + 10 * i)
    return pulse


def test_a_run_is_shown_its_own_gpus_where_they_are_known_and_all_where_not() -> None:
    assert noted(told(open=True, gpus=["1"])).gpus == (IDLE,)
    assert noted(told(open=True)).gpus == (BUSY, IDLE)
    assert noted(told(open=True, gpus=["7"])).gpus == (BUSY, IDLE)
    mine = replace(told(), own=frozenset(["1"]))
    assert noted(mine).gpus == (IDLE,), "of a machine of many, those with a process of the user"
    assert noted(replace(told(open=True, gpus=["0"]), own=frozenset(["0", "1"]))).gpus == (BUSY,)


def test_the_end_of_a_writer_is_told_by_the_clock_here() -> None:
    pulse = Pulse()
    there = Sample(NOW - 7200, (), {"train.log": {"open": False, "since": NOW - 7200 - 60}})
    pulse.note(there, ["train.log"], 100, NOW)
    assert (pulse.writer, pulse.gone_since) == (False, NOW - 60)


def test_what_was_told_long_ago_says_nothing_of_now() -> None:
    pulse = noted(told((BUSY,), open=True))
    assert pulse.signs(NOW + 30) == Signs(True, None, "busy", "GPU 97 % 71 GB 688 W")
    assert pulse.signs(NOW + 3600) == Signs()


def test_the_utilisation_over_a_run_is_bounded_and_keeps_its_mean() -> None:
    pulse = Pulse()
    for i in range(20 * MAX_POINTS):
        use = Gpu("0", "", float(i % 2 * 100))
        pulse.note(Sample(NOW, (use,), {}), [], i, NOW + i)
    view = pulse.use
    assert view is not None
    assert MAX_POINTS / 4 < len(view) <= MAX_POINTS
    assert view.value.mean() == pytest.approx(50, abs=1)
    assert (view.step[1:] >= view.step[:-1]).all()
    assert view.step[-1] == 20 * MAX_POINTS - 1
    pulse.note(Sample(NOW, (IDLE,), {}), [], 500, NOW)
    assert pulse.use is not None
    assert pulse.use.step.max() == 500, "resumed from step 500"


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["time", "gpus", "logs", "open", "since", "use", "id", "train.log"]),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_whatever_a_box_sends_breaks_nothing(said: Any) -> None:
    sample = read_sample(json.loads(json.dumps(said)))
    if sample is not None:
        pulse = Pulse()
        pulse.note(sample, ["train.log"], 1, NOW)
        pulse.signs(NOW)
        assert all(gpu.use is None or math.isfinite(gpu.use) for gpu in pulse.gpus)


# -- what follows ----------------------------------------------------------------------------------

PLANNED = Plan(total_steps=3000)


def at(
    minutes: float, signs: Signs, plan: Plan = PLANNED, gap_s: float = 4.0, live: bool = False
) -> Situation:
    return Situation(60 * minutes, gap_s, 300.0, plan, 500, live, signs)


def evidence(situation: Situation) -> str:
    return next(iter(lifecycle_findings(situation, "loss", NOW))).evidence


def test_a_training_whose_process_ended_is_gone_at_once() -> None:
    clock = time.strftime("%H:%M", time.localtime(NOW - 120))
    situation = at(1, Signs(False, NOW - 120, "idle", "GPU 0 % 1 GB"))
    (finding,) = lifecycle_findings(situation, "loss", NOW)
    assert (situation.state, finding.pattern, finding.severity) == ("stalled",) * 2 + ("critical",)
    assert finding.evidence.startswith(f"the training is gone since {clock}: no process holds")
    assert "GPU 0 % 1 GB (idle)" in finding.evidence
    assert finding.evidence.endswith("it stands at step 500 of 3,000")
    remedies = load("en").remedies(finding)
    assert remedies[0].startswith("Read the end of its output")
    assert not any("Look whether the process lives" in remedy for remedy in remedies)


def test_without_a_plan_a_process_that_ended_may_have_ended_by_itself() -> None:
    situation = at(1, Signs(False, NOW - 60), Plan(), live=True)
    assert situation.state == "silent", "as check says of it"
    assert lifecycle_findings(situation, "loss", NOW) == ()
    assert "may have ended by itself" in silence(situation, NOW)


def test_a_process_that_has_finished_its_plan_may_end() -> None:
    situation = at(1, Signs(False, NOW - 60), Plan(total_steps=500))
    assert situation.state == "finished"


def test_a_silent_log_of_a_process_at_work_is_quiet_before_it_is_stalled() -> None:
    signs = Signs(True, None, "busy", "GPU 97 % 71 GB")
    assert at(12, signs).state == "running"
    assert "held back in a buffer" in silence(at(12, signs), NOW)
    assert at(60, signs).state == "stalled"
    assert "wait for another process" in evidence(at(60, signs))
    assert replace(at(12, signs), alarmed=True).state == "stalled", "it does not flap"


def test_a_stall_that_was_guessed_before_the_machine_told_is_taken_back() -> None:
    log = Log("train.log", mtime=NOW - 720)
    training = Training("run", [log])
    training.history.plan.total_steps = 3000
    training.tick(NOW)
    assert training.state(NOW) == "stalled"
    for i in range(3):
        training.hear(told((BUSY,), open=True), ["train.log"], NOW + 10 * i)
        training.tick(NOW + 10 * i)
    assert training.state(NOW + 30) == "running"
    for i in range(8):
        training.hear(told((IDLE,), open=True), ["train.log"], NOW + 40 + 10 * i)
        training.tick(NOW + 40 + 10 * i)
    assert training.state(NOW + 120) == "stalled"
    for i in range(8):
        training.hear(told((BUSY,), open=True), ["train.log"], NOW + 120 + 10 * i)
        training.tick(NOW + 120 + 10 * i)
    assert training.state(NOW + 200) == "stalled", "it does not flap"
    log.mtime = NOW + 200
    assert training.state(NOW + 210) == "running"


def test_gpus_are_no_longer_those_of_a_training_that_ended() -> None:
    def heard(plan: int | None, **log: object) -> RunUpdate:
        training = Training("run", [Log("train.log", mtime=NOW - 90)])
        training.history.append({"loss": 1.0}, 500, None, None)
        training.history.plan.total_steps = plan
        for i in range(3):
            training.hear(told((BUSY,), **log), ["train.log"], NOW + i)
        return training.update(NOW + 3, 1.0)

    assert heard(3000).gpus == heard(3000, open=True).gpus == (BUSY,)
    for ended in (heard(500), heard(500, open=True), heard(3000, open=False, since=NOW - 60)):
        assert (ended.gpus, ended.gpu_use) == ((), None)


def test_what_is_left_of_a_training_is_not_known_once_its_process_is_gone() -> None:
    def heard(**log: object) -> RunUpdate:
        training = Training("run", [Log("train.log", mtime=NOW)])
        for step in range(100):
            training.pace.note(NOW - 100 + step, step, True)
            training.history.append({"loss": 1.0}, step, None, NOW - 100 + step)
        training.history.plan.total_steps = 3000
        training.hear(told((), **log), ["train.log"], NOW)
        return training.update(NOW + 1, 1.0)

    assert heard(open=True).eta_s is not None
    gone = heard(open=False, since=NOW)
    assert (gone.state, gone.eta_s) == ("running", None), "too short ago to call it a stall"


def test_a_silent_log_of_a_process_that_does_nothing_is_stalled() -> None:
    situation = at(12, Signs(True, None, "idle", "GPU 0 % 71 GB", 4242))
    (finding,) = lifecycle_findings(situation, "loss", NOW)
    assert "it hangs" in finding.evidence
    assert load("en").remedies(finding)[0] == "See where it stands: py-spy dump --pid 4242."
    assert at(12, Signs(True), Plan()).state == "stalled", "somebody holds it: it is not over"
    assert at(12, Signs(), Plan()).state == "silent"
    assert "its process lives" in evidence(at(12, Signs(True)))


def test_while_rows_come_nothing_is_said() -> None:
    assert silence(at(1, Signs(True, None, "idle", "GPU 0 % 1 GB")), NOW) == ""
    assert lifecycle_findings(at(1, Signs(True, None, "idle")), "loss", NOW) == ()


# -- from a real process to an update --------------------------------------------------------------

TRAINER = """
import json, sys, time
log = open(sys.argv[1], "a")
for step in range(1, 200):
    log.write(json.dumps({"loss": 2 / step, "current_steps": step, "total_steps": 3000}) + "\\n")
log.flush()
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture
def training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Monitor, subprocess.Popen[bytes]]]:
    """A process that holds its log open and uses the one GPU, and a monitor that watches it."""
    tool = tmp_path / "bin" / "nvidia-smi"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho 0, GPU-1, 97, 72704, 81559, 61, 688.12, NVIDIA H100\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tool.parent))
    monkeypatch.setattr(tools, "PLACES", ())
    log = tmp_path / "run" / "trainer_log.jsonl"
    log.parent.mkdir()
    process = subprocess.Popen([sys.executable, "-c", TRAINER, str(log)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    source = LocalSource([str(log.parent)], sampler=Sampler(every_s=0.02))
    monitor = Monitor([source], [str(log.parent)])
    yield monitor, process
    monitor.close()
    process.kill()
    process.wait()
    process.stdout.close()


def until(monitor: Monitor, wanted: Callable[[RunUpdate], bool], ahead_s: float = 0) -> RunUpdate:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        for update in monitor.poll(time.time() + ahead_s):
            if wanted(update):
                return update
        time.sleep(0.01)
    raise AssertionError("waited in vain")


def test_a_training_is_followed_from_its_gpu_to_its_end(
    training: tuple[Monitor, subprocess.Popen[bytes]],
) -> None:
    monitor, process = training
    update = until(monitor, lambda update: update.writer is True and bool(update.gpus))
    assert (update.gpus[0].use, update.gpus[0].memory) == (97.0, 71 * GIB)
    assert update.state == "running"
    assert update.gpu_use is not None
    assert set(update.gpu_use.step.tolist()) == {199}
    assert set(update.vitals["GPU memory"].value.tolist()) == {71.0}
    name, strip = strip_of(update, "GPU memory", 0.0)
    assert strip is not None
    assert (name, strip.label) == ("GPU memory", "GPU memory, GB")
    (run,) = list(monitor._grouping.trainings)
    history = run.pulse._kept[GPU_METRIC]
    while len(history._points) < 3:  # a process that held the log at one look alone says nothing
        monitor.poll()
        time.sleep(0.01)
    process.kill()
    update = until(monitor, lambda update: update.state == "stalled", ahead_s=60)
    assert update.writer is False
    assert "the training is gone since" in update.state_note
    (finding,) = (one for one in update.diagnosis.findings if one.pattern == "stalled")
    assert finding.severity == "critical"
