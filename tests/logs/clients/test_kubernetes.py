"""Pods, read by the real kubectl from a stand-in for the cluster's API."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lossmon.errors import TargetError
from lossmon.logs.clients import run
from lossmon.logs.clients.kubernetes import Pods
from lossmon.logs.clients.source import ClientSource
from tests.logs.clients.cluster import NAMESPACE, Cluster
from tests.logs.clients.reading import HASTY, Reading


def needs_kubectl(test: Callable[..., None]) -> Callable[..., None]:
    """A test that starts it, several times."""
    there = shutil.which("kubectl") is not None
    return pytest.mark.slow(pytest.mark.skipif(not there, reason="no kubectl here")(test))


Read = Callable[..., Reading]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path)
    yield made
    made.close()


@pytest.fixture
def read(cluster: Cluster, tmp_path: Path) -> Iterator[Read]:
    """Follows targets of the cluster."""
    made: list[ClientSource] = []
    env = {**os.environ, "KUBECONFIG": str(cluster.config), "HOME": str(tmp_path)}

    def start(*targets: str, watch: bool = True) -> Reading:
        workloads = [Pods(target) for target in targets]
        made.append(ClientSource("k8s", workloads, watch=watch, patience=HASTY, env=env))
        return Reading(made[-1])

    yield start
    for one in made:
        one.close()


@needs_kubectl
def test_a_pod_is_followed_over_lost_links_restarts_and_another_pod_of_its_name(
    cluster: Cluster, read: Read
) -> None:
    cluster.run("train-0")
    said = list[str]()

    def write(*lines: str) -> None:
        said.extend(lines)
        cluster.write("train-0", *lines)

    write("step 1", "step 2")
    reading = read(f"{NAMESPACE}/train-0")
    log = f"{NAMESPACE}/train-0"
    reading.until_reads(log, said)
    write("step 3", "step 3", "step 3")  # at one time
    reading.until_reads(log, said)
    cluster.cut()
    write("step 3", "step 4")
    reading.until_reads(log, said)
    cluster.cut()
    write("step 5: the last of this container")
    cluster.restart("train-0")
    write("step 5 again")
    reading.until_reads(log, said)
    cluster.run("train-0")  # on a node whose clock is behind
    cluster.write("train-0", "step 6", stamp=time.time_ns() - 3_000_000_000)
    said.append("step 6")
    write("step 7")
    reading.until_reads(log, said)
    cluster.end("train-0")
    reading.until(lambda: reading.source.pending() == 0)


@needs_kubectl
def test_pods_of_a_label_and_their_containers_are_a_log_each(
    cluster: Cluster, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lossmon.logs.clients.kubernetes.EVERY_S", 0.2)
    cluster.run("a-0", "main", "sidecar", app="train")
    cluster.run("other", app="web")
    cluster.write("a-0", "loss 1", container="main")
    cluster.write("a-0", "proxy up", container="sidecar")
    reading = read(f"{NAMESPACE}/-l app=train")
    reading.until(lambda: len(reading.content) == 2)
    cluster.run("a-1", app="train")
    cluster.write("a-1", "loss 2")
    reading.until(lambda: len(reading.content) == 3)
    assert {log: reading.lines(log) for log in reading.content} == {
        "ml/a-0/main": ["loss 1"],
        "ml/a-0/sidecar": ["proxy up"],
        "ml/a-1": ["loss 2"],
    }
    assert reading.source.is_directory(f"{NAMESPACE}/-l app=train")


@needs_kubectl
def test_reading_once_ends_also_while_the_pod_runs(
    cluster: Cluster, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "QUIET_S", -1.0)  # it is slow to connect
    cluster.run("train-0", "main", "extra")
    cluster.write("train-0", "loss 1", "loss 2")
    reading = read("arn:aws:eks:eu-1:12:cluster/big/ml/train-0/main", watch=False)
    reading.until(lambda: reading.source.exhausted)
    assert list(reading.content.values()) == [b"loss 1\nloss 2\n"]
    assert any("/log?container=main" in path and "follow" not in path for path in cluster.asked)


@needs_kubectl
def test_failures_are_one_line_and_what_comes_back_is_read(cluster: Cluster, read: Read) -> None:
    reading = read(f"{NAMESPACE}/train-0")
    reading.until(lambda: "no such pod" in reading.reason())
    cluster.run("train-0").waits = "ImagePullBackOff"
    reading.until(lambda: "ImagePullBackOff" in reading.source.trouble(f"{NAMESPACE}/train-0"))
    cluster.pods["train-0"].waits = ""
    cluster.write("train-0", "loss 1")
    reading.until(lambda: reading.lines(f"{NAMESPACE}/train-0") == ["loss 1"])
    cluster.refuses = 'pods "train-0" is forbidden: User "ada" cannot get resource "pods/log"'
    cluster.cut()
    reading.until(lambda: "you may not read there" in reading.reason())
    assert reading.source.health().state == "gone"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("target", "question"),
    [
        ("train-0", "get pods train-0"),
        ("ml/train-0", "get pods train-0 --namespace=ml"),
        ("ml/-l app=train", "get pods --selector=app=train --namespace=ml"),
        ("ml/-lapp=train,env!=dev", "get pods --selector=app=train,env!=dev --namespace=ml"),
        ("-l app in (a, b)", "get pods --selector=app in (a, b)"),
        ("lab/ml/train-0", "get pods train-0 --context=lab --namespace=ml"),
        ("ml/train-0/main", "get pods train-0 --namespace=ml"),
        ("eks/lab/ml/train-0", "get pods train-0 --context=eks/lab --namespace=ml"),
        ("eks/lab/ml/-l a=b", "get pods --selector=a=b --context=eks/lab --namespace=ml"),
        ("lab/-l a=b", "get pods --selector=a=b --namespace=lab"),
    ],
)
def test_what_a_target_stands_for(target: str, question: str) -> None:
    pods = Pods(target)
    if "config" in pods.question():
        assert pods.answer(b"lab\neks/lab\n", "", 0) is None
    assert " ".join(pods.question()[1:-1]) == question


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        ({"exitCode": 0, "reason": "Completed"}, ""),
        ({"exitCode": 137, "reason": "OOMKilled"}, "ran out of memory"),
        ({"exitCode": 1, "reason": "Error"}, "the container ended with status 1"),
        ({"exitCode": 255, "reason": "Evicted\x1b"}, "ended with status 255 (Evicted)"),
        ({"exitCode": "x"}, ""),
    ],
)
def test_how_a_container_ended(ended: dict[str, object], words: str) -> None:
    status = {"name": "main", "containerID": "c://1", "state": {"terminated": ended}}
    pod = {
        "metadata": {"name": "train-0", "uid": "u"}, "spec": {"containers": [{"name": "main"}]},
        "status": {"containerStatuses": [status]},
    }  # fmt: skip
    (found,) = Pods("ml/train-0").answer(json.dumps(pod).encode(), "", 0) or ()
    assert found.ended
    assert words in found.ending
    assert bool(found.ending) == bool(words)


@pytest.mark.parametrize(
    "target",
    ["", "/", "ml/", "-x", "--all", "ml/--all-namespaces", "ml/UP", "a//b", "ml/-l", "ml/-l $(id)",
     "ml/-l a='b'", "a b/c", "ml/tr\nain"],
)  # fmt: skip
def test_what_is_no_pod_is_refused_before_anything_runs(target: str) -> None:
    with pytest.raises(TargetError, match="no pod"):
        Pods(target)


@pytest.mark.parametrize(
    ("words", "state", "reason"),
    [
        ("error: You must be logged in to the server (Unauthorized)", "gone", "log in anew"),
        ('Error from server (NotFound): namespaces "x" not found', "retrying", "no such namespace"),
        ("error: context \"x\" does not exist", "gone", "kubectl config get-contexts"),
        ("Unable to connect to the server: dial tcp: lookup k8s: no such host", "retrying",
         "the cluster does not answer (Unable to connect"),
        ("getting credentials: exec: executable aws failed with exit code 255", "gone",
         "no credentials for the cluster (getting credentials"),
        ("something\nelse \x1b[31mhappened\n", "retrying", "else [31mhappened"),
        ("", "retrying", "kubectl ended with status 1"),
    ],
)  # fmt: skip
def test_what_kubectl_says_when_it_fails(words: str, state: str, reason: str) -> None:
    failure = Pods("ml/x").failure(words, 1)
    assert failure.state == state
    assert reason in failure.reason
