"""GPUs and writers: stand-in tools that print what the real ones print, and real processes."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from lossmon.logs import gpus, program, vitals, writers
from lossmon.logs.program import Program
from lossmon.logs.vitals import Sampler, Vitals
from tests.logs.old_python import python_3_6
from tests.waiting import PATIENCE_S

GIB = 1 << 30
WRITER = (
    "import sys, time\nlog = open(sys.argv[1], 'a')\nprint('ready', flush=True)\ntime.sleep(600)"
)

# What `nvidia-smi --query-gpu=index,uuid,...` prints: two drivers, MIG, a GPU that fell off the bus.
TWO_H100 = """\
0, GPU-5f1b1e1a-0000-1111-2222-333344445555, 97, 72704, 81559, 61, 688.12, NVIDIA H100 80GB HBM3
1, GPU-6a2c2f2b-0000-1111-2222-333344445555, 3, 1024, 81559, 34, 71.90, NVIDIA H100 80GB HBM3
"""
GEFORCE = "0, GPU-1b, [Not Supported], 311, 2002, 41, [Not Supported], GeForce GT 710\n"
MIG = "0, GPU-2c, [N/A], 38012, 81920, 38, 242.51, NVIDIA A100-SXM4-80GB\n"
LOST = f"Unable to determine the device handle for GPU0000:41:00.0: Unknown Error\n{TWO_H100}"
UNKNOWN = "0, GPU-3d, [Unknown Error], [GPU is lost], 81559, [N/A], nan, NVIDIA, with a comma\n"
NO_DRIVER = (
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."
    " Make sure that the latest NVIDIA driver is installed and running.\n"
)

ROCM = """\
WARNING: AMD GPU device(s) is/are in a low-power state. Check power control/runtime_status

{"card0": {"Temperature (Sensor edge) (C)": "41.0", "Temperature (Sensor junction) (C)": "66.0",
"Average Graphics Package Power (W)": "418.0", "GPU use (%)": "99",
"VRAM Total Memory (B)": "68702699520", "VRAM Total Used Memory (B)": "61000000000"},
"card1": {"Temperature (Sensor junction) (C)": "N/A", "Current Socket Graphics Power (W)": "91.0",
"GPU use (%)": "0", "VRAM Total Memory (B)": "68702699520", "VRAM Total Used Memory (B)": "N/A"},
"system": {"Driver version": "6.7.0"}}
"""
AMD_SMI = """\
{"gpu_data": [{"gpu": 0, "usage": {"gfx_activity": {"value": 88, "unit": "%"}, "umc_activity": "N/A"},
"power": {"socket_power": {"value": 512, "unit": "W"}}, "temperature": {"edge": "N/A",
"hotspot": {"value": 58, "unit": "C"}}, "mem_usage": {"total_vram": {"value": 196592, "unit": "MB"},
"used_vram": {"value": 151000, "unit": "MB"}}}]}
"""


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of the PATH; the machine's own tools are out of sight."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(gpus, "PLACES", ())
    return folder


def stand_in(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}")
    path.chmod(0o755)


def prints(output: str, apps: str = "", status: int = 0) -> str:
    """A script that tells of GPUs, or of the processes on them when asked for those."""
    return (
        f"case $1 in *compute-apps*) printf %s {shlex.quote(apps)};; "
        f"*) printf %s {shlex.quote(output)};; esac\nexit {status}\n"
    )


def test_a_gpu_is_told_in_percent_bytes_degrees_and_watts(tools: Path) -> None:
    stand_in(tools, "nvidia-smi", prints(TWO_H100))
    first, second = gpus.NvidiaSmi().gpus()
    assert first == {
        "id": "0", "name": "NVIDIA H100 80GB HBM3", "use": 97.0, "memory": 71 * GIB,
        "memory_total": 81559 << 20, "temperature": 61.0, "power": 688.12,
    }  # fmt: skip
    assert (second["id"], second["use"]) == ("1", 3.0)


@pytest.mark.parametrize(
    ("output", "use", "memory", "power"),
    [
        (GEFORCE, None, 311 << 20, None),
        (MIG, None, 38012 << 20, 242.51),
        (UNKNOWN, None, None, None),
        (LOST, 97.0, 71 * GIB, 688.12),
    ],
    ids=["geforce", "mig", "unknown", "lost"],
)
def test_what_a_gpu_does_not_tell_is_unknown(
    tools: Path, output: str, use: float | None, memory: float | None, power: float | None
) -> None:
    stand_in(tools, "nvidia-smi", prints(output, status=15))
    found = gpus.NvidiaSmi().gpus()[0]
    assert (found["use"], found["memory"], found["power"]) == (use, memory, power)


@pytest.mark.parametrize("output", [NO_DRIVER, "No devices were found\n", "", "\x1b[2J,,,\n"])
def test_a_tool_that_fails_is_left_alone_for_minutes(tools: Path, output: str) -> None:
    stand_in(tools, "nvidia-smi", f"echo called >> {tools}/calls\n" + prints(output, status=9))
    tool = gpus.NvidiaSmi()
    assert tool.gpus() == tool.gpus() == []
    assert (tools / "calls").read_text().split() == ["called"]


@pytest.mark.slow  # three seconds
def test_a_tool_that_hangs_is_killed_with_all_it_started(tools: Path) -> None:
    stand_in(tools, "nvidia-smi", f"/bin/sleep 60 &\necho $! > {tools}/child\nwait\n")
    started = time.monotonic()
    tool = gpus.NvidiaSmi()
    tool.asked = Program("nvidia-smi", timeout_s=3.0)
    assert tool.gpus() == []
    assert time.monotonic() - started < 60, "the child would have slept so long"
    child = int((tools / "child").read_text())
    wait_for(lambda: not writers.started("/proc", child), "the child to end")


def test_a_tool_that_floods_is_cut_off(tools: Path) -> None:
    stand_in(tools, "nvidia-smi", "while :; do echo 0, GPU-x, 5, 1, 2, 3, 4, name; done\n")
    assert len(gpus.NvidiaSmi().gpus()) < program.OUTPUT_BYTES


def test_a_tool_in_the_current_directory_is_not_run(
    tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tools, "nvidia-smi", prints(TWO_H100))
    monkeypatch.chdir(tools)
    monkeypatch.setenv("PATH", ":.")
    assert gpus.NvidiaSmi().gpus() == []


def test_amd_cards_are_told_in_the_same_words(tools: Path) -> None:
    stand_in(tools, "rocm-smi", prints(ROCM))
    first, second = gpus.RocmSmi().gpus()
    assert (first["id"], first["use"], first["memory"]) == ("0", 99.0, 61e9)
    assert (first["temperature"], first["power"]) == (66.0, 418.0)
    assert (second["use"], second["memory"], second["temperature"]) == (0.0, None, None)
    stand_in(tools, "amd-smi", prints(AMD_SMI))
    (third,) = gpus.AmdSmi().gpus()
    assert (third["use"], third["memory"], third["temperature"], third["power"]) == (
        88.0, 151000 << 20, 58.0, 512.0,
    )  # fmt: skip


@pytest.mark.parametrize("output", ["", "not json", "[1, 2]", '{"card0": 7}', "{" * 5000])
def test_amd_output_that_is_not_understood_is_no_gpu(output: str) -> None:
    assert gpus.RocmSmi().read(output) == gpus.AmdSmi().read(output) == []


# -- who writes a log ------------------------------------------------------------------------------


def wait_for(condition: Any, what: str, timeout_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.01)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    """A process that holds a log open for writing, and the log."""
    log = tmp_path / "train.log"
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(log)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    yield log, process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_writer_is_seen_and_its_end_is_told_with_its_time(
    writer: tuple[Path, subprocess.Popen[bytes]],
) -> None:
    log, process = writer
    looker, name = writers.Writers(), str(log)
    wait_for(lambda: looker.look([name]), "the writer to be found")
    assert looker.look([name]) == {name: {"open": True, "pid": process.pid}}
    looker.look([name])
    before = time.time()
    process.kill()  # and not waited for: a zombie has ended too
    wait_for(lambda: looker.look([name]).get(name, {}).get("open") is False, "its end")
    assert before <= looker.look([name])[name]["since"] <= time.time()
    again = subprocess.Popen([sys.executable, "-c", WRITER, name], stdout=subprocess.PIPE)
    try:
        wait_for(lambda: looker.look([name]).get(name, {}).get("open"), "another writer")
    finally:
        again.kill()
        again.communicate()


def test_a_process_that_ends_within_a_look_holds_nothing(tmp_path: Path) -> None:
    proc, log = tmp_path / "proc", tmp_path / "train.log"
    log.write_text("step 1 loss 2\n")
    for folder in ("fd", "fdinfo"):
        (proc / "7" / folder).mkdir(parents=True)
    (proc / "7" / "fd" / "3").symlink_to(log)
    told = proc / "7" / "fdinfo" / "3"
    told.write_text("flags:\t0100001\n")
    looker = writers.Writers(str(proc))
    assert looker.look([str(log)]) == {str(log): {"open": True, "pid": 7}}
    told.unlink()  # the link of its descriptor goes last
    assert looker.changed()
    assert looker.look([str(log)]) == {}


def test_a_round_through_all_processes_looks_at_each_once(tmp_path: Path) -> None:
    """Those left over from one look were counted as new in the next, and a round took for ever."""
    proc, log = tmp_path / "proc", tmp_path / "train.log"
    log.write_text("step 1 loss 2.0\n")
    for pid in range(1000, 1050):
        (proc / str(pid) / "fd").mkdir(parents=True)

    class OneEach(writers.Writers):
        looked: ClassVar[list[int]] = []

        def _written(self, pid: int, names: set[str]) -> Iterator[tuple[str, tuple[int, int]]]:
            self.looked.append(pid)
            time.sleep(0.002)  # longer than a look has
            return super()._written(pid, names)

    looker = OneEach(str(proc), scan_s=0.001)
    for _ in range(50):
        looker.look([str(log)])
    assert sorted(looker.looked) == list(range(1000, 1050))


def test_that_a_writer_has_ended_is_told_in_the_look_that_finds_it(
    writer: tuple[Path, subprocess.Popen[bytes]],
) -> None:
    log, process = writer
    looker, name = writers.Writers(scan_s=PATIENCE_S), str(log)
    looker.look([name])
    looker.look([name])
    assert not looker.changed()
    process.kill()
    process.wait()
    assert looker.changed()
    assert looker.look([name])[name]["open"] is False
    assert not looker.doubtful


def test_a_sampler_does_not_rest_long_when_a_training_has_ended(
    tools: Path,
    writer: tuple[Path, subprocess.Popen[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log, process = writer
    monkeypatch.setattr(vitals, "GLANCE_S", 0.05)
    vital = Vitals(scan_s=PATIENCE_S)
    vital.sample([str(log)])
    sampler = Sampler(vital, every_s=100 * PATIENCE_S)

    def said() -> object:
        return (sampler.take() or {}).get("logs", {}).get(str(log), {}).get("open")

    try:
        sampler.offer([str(log)])
        wait_for(lambda: said() is True, "a second look at the writer, after which its end tells")
        process.kill()
        sampler.offer([str(log)])
        wait_for(lambda: said() is False, "its end")
    finally:
        sampler.close()


def test_nothing_is_said_of_a_log_that_nobody_was_seen_to_hold(tmp_path: Path) -> None:
    log = tmp_path / "trainer_log.jsonl"
    looker = writers.Writers()
    for _ in range(5):
        with log.open("a") as file:
            file.write("{}\n")
        assert looker.look([str(log), str(tmp_path / "absent")]) == {}


def test_a_reader_is_no_writer(tmp_path: Path) -> None:
    log = tmp_path / "train.log"
    log.write_text("step 1 loss 2.0\n")
    with log.open() as file:
        reader = subprocess.Popen(["/bin/sleep", "60"], stdin=file)
    try:
        looker = writers.Writers()
        assert [looker.look([str(log)]) for _ in range(3)] == [{}] * 3
    finally:
        reader.kill()
        reader.wait()


def test_a_process_that_closes_its_log_and_goes_on_is_no_end(tmp_path: Path) -> None:
    log = tmp_path / "metrics.csv"
    code = (
        "import sys\nlog = open(sys.argv[1], 'a')\nprint(1, flush=True)\nsys.stdin.readline()\n"
        "log.close()\nprint(2, flush=True)\nsys.stdin.readline()"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", code, str(log)], stdin=pipe, stdout=pipe
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        looker = writers.Writers()
        wait_for(lambda: looker.look([str(log)]), "the writer to be found")
        looker.look([str(log)])
        process.stdin.write(b"\n")
        process.stdin.flush()
        process.stdout.readline()
        assert [looker.look([str(log)]) for _ in range(3)] == [{}] * 3


def test_a_log_that_is_written_on_after_its_writer_ended_has_a_writer_we_do_not_see(
    writer: tuple[Path, subprocess.Popen[bytes]],
) -> None:
    log, process = writer
    looker, name = writers.Writers(), str(log)
    wait_for(lambda: looker.look([name]), "the writer to be found")
    looker.look([name])
    process.kill()
    wait_for(lambda: looker.look([name]).get(name, {}).get("open") is False, "its end")
    log.write_text("step 2 loss 1.0\n")
    assert looker.look([name]) == {}


def test_each_training_is_shown_the_gpu_that_its_writer_uses(
    tools: Path, writer: tuple[Path, subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    log, process = writer
    other = tmp_path / "other.log"
    # The pipeline of a script: the trainer is on the GPU, `tee` holds the log.
    script = f"sh -c 'echo $$ > {other}.pid; exec sleep 60' | tee {other}"
    pipeline = subprocess.Popen(
        ["/bin/sh", "-c", script], start_new_session=True, env={"PATH": "/bin:/usr/bin"}
    )
    try:
        told = Path(f"{other}.pid")
        wait_for(lambda: other.exists() and told.exists() and told.read_text(), "the pipeline")
        trainer = int(told.read_text())
        first, second = (line.split(", ")[1] for line in TWO_H100.splitlines())
        apps = f"{process.pid}, {first}\n{trainer}, {second}\n999999, {first}\n[N/A], {first}\n"
        stand_in(tools, "nvidia-smi", prints(TWO_H100, apps))
        both = [str(log), str(other)]
        vital = Vitals()
        wait_for(lambda: len(vital.sample(both)["logs"]) == 2, "both writers")
        sample = Vitals(scan_s=PATIENCE_S).sample(both)
        said = sample["logs"]
        assert (said[both[0]]["gpus"], said[both[1]]["gpus"]) == (["0"], ["1"])
        assert sample["own"] == ["0", "1"]
        stand_in(tools, "nvidia-smi", prints(TWO_H100, f"{trainer}, {second}\n1, {first}\n"))
        own = Vitals(scan_s=PATIENCE_S).sample([str(tmp_path / "appended.jsonl"), both[0]])["own"]
        assert own == (["0", "1"] if os.getuid() == 0 else ["1"]), "process 1 is root's"
    finally:
        os.killpg(pipeline.pid, 9)
        pipeline.wait()


# -- the thread ------------------------------------------------------------------------------------


def test_a_sampler_hands_out_each_sample_once_and_ends_with_its_tool(
    tools: Path, writer: tuple[Path, subprocess.Popen[bytes]]
) -> None:
    log, _ = writer
    stand_in(tools, "nvidia-smi", prints(TWO_H100))
    sampler = Sampler(Vitals(scan_s=PATIENCE_S), every_s=0.01)
    try:
        sampler.offer([])
        assert sampler.hungry
        sampler.offer([str(log)])
        got: list[dict[str, Any]] = []
        wait_for(lambda: got.append(sampler.take() or {}) or got[-1], "a sample")
        assert got[-1]["logs"][str(log)]["open"]
        assert len(got[-1]["gpus"]) == 2
        assert sampler.take() is None
        wait_for(lambda: sampler.hungry, "the next sample to be wanted")
    finally:
        sampler.close()


def test_where_nothing_was_written_for_long_no_tool_is_started(tools: Path, tmp_path: Path) -> None:
    stand_in(tools, "nvidia-smi", f"echo called >> {tools}/calls\n" + prints(TWO_H100))
    log = tmp_path / "old.log"
    log.write_text("step 1 loss 2\n")
    os.utime(log, (1.6e9, 1.6e9))
    vital = Vitals()
    assert vital.sample([str(log)])["gpus"] == []
    assert vital.quiet
    assert not (tools / "calls").exists()


def test_it_runs_on_python_3_6(tmp_path: Path) -> None:
    old = python_3_6(tmp_path, gpus, program, writers, vitals)
    log = tmp_path / "train.log"
    code = (
        "import json, sys\nfrom lossmon.logs.vitals import Sampler, Vitals\nSampler()\n"
        "print(json.dumps(Vitals(scan_s=60.0).sample(sys.argv[1:])))"
    )
    with log.open("w") as file:
        done = subprocess.run(
            [old, "-c", code, str(log)],
            cwd=tmp_path, pass_fds=[file.fileno()], capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert '"logs": {' in done.stdout, done.stderr
