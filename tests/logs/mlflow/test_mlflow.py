"""Runs of a tracking server: a stand-in for the tables, and the real one where it can be had."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lossmon.errors import TargetError
from lossmon.logs.hosts import location_of
from lossmon.logs.mlflow.source import MlflowSource
from lossmon.logs.target import parse
from lossmon.monitor.sources import open_monitor
from tests.logs.clients.reading import HASTY, Reading
from tests.logs.mlflow.api import Tracking
from tests.remote.box import free_port
from tests.waiting import PATIENCE_S, wait_until

Read = Callable[..., Reading]


@pytest.fixture
def tracking() -> Iterator[Tracking]:
    made = Tracking()
    yield made
    made.close()


@pytest.fixture
def read(tracking: Tracking) -> Iterator[Read]:
    """Follows targets of the server."""
    made: list[MlflowSource] = []

    def start(*targets: str, watch: bool = True, **env: str) -> Reading:
        made.append(
            MlflowSource("mlflow", tracking.address, targets, watch=watch, patience=HASTY,
                         every_s=0.05, env=env)
        )  # fmt: skip
        return Reading(made[-1])

    yield start
    for one in made:
        one.close()


def rows(reading: Reading, log: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in reading.lines(log)]


def test_points_come_once_and_in_order_however_the_run_grows(
    tracking: Tracking, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lossmon.logs.mlflow.runs.PAGE", 7)
    monkeypatch.setattr("lossmon.logs.mlflow.runs.PAGES", 2)
    id = tracking.run("sft", "busy-owl", lr=1e-4, model="7b")
    for step in range(50):
        tracking.log(id, "loss", step, 2.0 - step / 100, 1000 * step)
        tracking.log(id, "lr", step, 1e-4, 1000 * step)
    reading = read("sft")
    log = "sft/busy-owl"
    reading.until(lambda: log in reading.content and not reading.source.pending())
    head, *points = rows(reading, log)
    assert head == {
        "lossmon_store": "mlflow-server", "name": "busy-owl",
        "config": {"lr": 1e-4, "model": "7b"},
    }  # fmt: skip
    assert [(row["step"], row["loss"], row["lr"]) for row in points] == [
        (step, 2.0 - step / 100, 1e-4) for step in range(50)
    ]
    for step, value in ((50, float("nan")), (51, float("inf")), (52, 1.0), (20, 1.7), (21, 1.6)):
        tracking.log(id, "loss", step, value, 60_000 + step)
        tracking.points[id, "loss"].sort(key=lambda point: point[0])
    tracking.end(id, "FAILED")
    reading.until(lambda: "lossmon_status" in reading.content[log].decode())
    more = rows(reading, log)[51:-1]
    assert [row["step"] for row in more] == [20, 21, 50, 51, 52], "in the order of their times"
    assert [str(row["loss"]) for row in more] == ["1.7", "1.6", "nan", "inf", "1.0"]


def test_a_resumed_run_that_logs_lower_steps_is_seen_while_it_runs(
    tracking: Tracking, read: Read
) -> None:
    id = tracking.run("sft", "owl")
    for step in range(10):
        tracking.log(id, "loss", step, 1.0, step)
    reading = read("sft/owl")
    reading.until(lambda: len(reading.lines("sft/owl")) == 11)
    tracking.log(id, "loss", 5, 0.9, 100)  # the newest point is still that of step 9
    reading.until(lambda: len(reading.lines("sft/owl")) == 12)


def test_an_idle_run_costs_two_calls_a_look(tracking: Tracking, read: Read) -> None:
    for name in ("a", "b", "c"):
        id = tracking.run("sft", name)
        tracking.log(id, "loss", 1, 1.0, 1)
        tracking.log(id, "system/gpu", 1, 1.0, 1)
        tracking.end(id)
    reading = read("sft")
    reading.until(lambda: len(reading.content) == 3)
    start = len(tracking.asked)
    reading.until(lambda: len(tracking.asked) >= start + 8)
    assert set(tracking.asked[start:]) == {"experiments/get-by-name", "runs/search"}
    assert tracking.asked.count("metrics/get-history") == 3


def test_runs_of_one_name_and_of_all_experiments_are_apart(tracking: Tracking, read: Read) -> None:
    for experiment, name in (("sft", "owl"), ("sft", "owl"), ("a/b", "x/y")):
        id = tracking.run(experiment, name)
        tracking.log(id, "loss", 1, 1.0, 1)
    reading = read("", watch=False)
    reading.until(lambda: reading.source.exhausted)
    assert sorted(reading.content) == ["a_b/x_y", "sft/owl", "sft/owl-00000000"]
    assert reading.source.is_directory("")


def test_an_experiment_whose_name_holds_a_slash(tracking: Tracking, read: Read) -> None:
    tracking.log(tracking.run("/Users/ada/sft", "owl"), "loss", 1, 1.0, 1)
    reading = read("/Users/ada/sft", "/Users/ada/sft/owl", "/Users/ada/none", watch=False)
    reading.until(lambda: reading.source.exhausted)
    assert list(reading.content) == ["/Users/ada/sft/owl"]
    assert "no such experiment" in reading.source.trouble("/Users/ada/none")


@pytest.mark.parametrize(
    ("env", "login"),
    [
        ({"MLFLOW_TRACKING_USERNAME": "ada", "MLFLOW_TRACKING_PASSWORD": "pw"}, "ada:pw"),
        ({"MLFLOW_TRACKING_TOKEN": "secret"}, "secret"),
    ],
)
def test_credentials_are_those_of_mlflow(
    tracking: Tracking, read: Read, env: dict[str, str], login: str
) -> None:
    tracking.login = login
    tracking.log(tracking.run("sft", "owl"), "loss", 1, 1.0, 1)
    reading = read("sft", **env)
    reading.until(lambda: "sft/owl" in reading.content)
    reading = read("sft", watch=False)
    reading.until(lambda: reading.source.exhausted)
    assert "set MLFLOW_TRACKING_USERNAME" in reading.reason()


@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [
        (503, "retrying", "the server has trouble (503"),
        (403, "gone", "you may not read there"),
        (302, "gone", "it sends to"),
        (404, "gone", "no MLflow server (404)"),
    ],
)
def test_failures_are_one_line_and_what_comes_back_is_read(
    tracking: Tracking, read: Read, status: int, state: str, reason: str
) -> None:
    tracking.log(tracking.run("sft", "owl"), "loss", 1, 1.0, 1)
    tracking.trouble = status
    reading = read("sft")
    reading.until(lambda: reason in reading.reason())
    health = reading.source.health()
    assert health is not None
    assert health.state in (state, "connecting")
    tracking.trouble = 0
    if state == "gone":
        reading.source.ask()
    reading.until(lambda: "sft/owl" in reading.content)


def test_targets() -> None:
    target = parse("mlflow+https://tracking.lab:5000/sft%207b/owl/")
    assert (target.kind, target.path) == ("mlflow", "sft 7b/owl")
    assert location_of(target) == "mlflow+https://tracking.lab:5000/sft 7b/owl"
    for text in ("mlflow+http://ada:pw@host/x", "mlflow+http:///x", "mlflow+http://a b/x"):
        with pytest.raises(TargetError, match="not an address") as error:
            parse(text)
        assert "pw" not in str(error.value)
    with pytest.raises(TargetError, match="not behind a box"):
        parse("gpu1:mlflow+http://host/x")


def mlflow_command() -> str:
    """A real mlflow; a fresh one may be named, since it brings 600 MB."""
    named = os.environ.get("LOSSMON_MLFLOW")
    return named or shutil.which("mlflow", path=str(Path(sys.executable).parent)) or ""


TRAINING = """
import sys, mlflow
from mlflow.entities import Metric
mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment("sft")
first, last = int(sys.argv[2]), int(sys.argv[3])
found = mlflow.search_runs(experiment_names=["sft"], output_format="list")
with mlflow.start_run(run_id=found[0].info.run_id if found else None, run_name="owl") as run:
    if not found:
        mlflow.log_params({"lr": 1e-4, "model": "7b"})
    client = mlflow.MlflowClient()
    for start in range(first, last - 20, 500):
        stop = min(start + 500, last - 20)
        client.log_batch(run.info.run_id, metrics=[
            Metric("loss", 2 - s / 4000, 1_790_000_000_000 + s, s) for s in range(start, stop)])
    for step in range(last - 20, last):
        values = {"loss": 1.0, "eval_loss": float("nan") if step % 2 else 1.5}
        mlflow.log_metrics(values, step=step)
"""


class Server:
    """A real tracking server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        """Start it; returns once it answers."""
        self.process = subprocess.Popen(
            [mlflow_command(), "server", "--backend-store-uri", f"sqlite:///{self.folder}/x.db",
             "--artifacts-destination", self.folder / "a", "--port", str(self.port),
             "--workers", "1"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder,
            start_new_session=True,
        )  # fmt: skip
        wait_until(self._answers, timeout_s=120, why="it does not answer")

    def stop(self) -> None:
        """Stop it."""
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(PATIENCE_S)

    def train(self, first: int, last: int) -> None:
        """Log some steps, with MLflow's own client."""
        python = Path(mlflow_command()).with_name("python")
        done = subprocess.run(
            [python, "-c", TRAINING, self.address, str(first), str(last)], capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


@pytest.mark.skipif(not mlflow_command(), reason="no mlflow here; name one in LOSSMON_MLFLOW")
def test_the_real_server_over_a_restart(tmp_path: Path) -> None:
    server = Server(tmp_path)
    source = MlflowSource("mlflow", server.address, ["sft"], patience=HASTY, every_s=0.3, env={})
    reading = Reading(source)
    try:
        server.train(0, 1500)
        reading.until(lambda: b"FINISHED" in reading.content.get("sft/owl", b""), 60)
        server.stop()
        reading.until(lambda: "no MLflow server answers there" in reading.reason())
        server.start()
        server.train(1500, 2000)
        reading.until(lambda: reading.content["sft/owl"].count(b"FINISHED") == 2, 60)
        head, *told = rows(reading, "sft/owl")
        assert head["config"] == {"lr": 1e-4, "model": "7b"}
        loss = [row["loss"] for row in told if "loss" in row]
        assert [row["step"] for row in told if "loss" in row] == list(range(2000))
        assert loss == [
            1.0 if s % 2000 >= 1980 or 1480 <= s < 1500 else 2 - s / 4000 for s in range(2000)
        ]
        assert [str(row["eval_loss"]) for row in told if "eval_loss" in row] == ["1.5", "nan"] * 20
        monitor = open_monitor([f"mlflow+{server.address}/sft"], watch=False)
        updates = {}
        while not monitor.exhausted:
            monitor.wait(0.1)
            updates |= {update.run: update for update in monitor.poll()}
        monitor.close()
        assert [update.logs[0].format for update in updates.values()] == ["mlflow-server"]
    finally:
        source.close()
        server.stop()
