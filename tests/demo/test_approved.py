"""The trainings of the demonstration: each with its numbers, and what it writes in its first rows."""

from __future__ import annotations

import time
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from lossmon.demo import train as child
from lossmon.demo.model import Network
from lossmon.demo.trainings import TRAININGS, named
from tests import approved

pytestmark = pytest.mark.snapshot
NAMES = [one.pattern for one in TRAININGS]


def _short(numbers: object) -> str:
    return " ".join("-" if one is None else f"{one:.5g}" for one in numbers)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", NAMES)
def test_a_training_is_as_approved(name: str) -> None:
    training = named(name)
    lines = [
        f"{one.name} {getattr(training, one.name)}"
        for one in fields(training)
        if one.name != "rate"
    ]
    lines += ["rate " + _short(map(training.rate, (0.001, 0.02, 0.1, 0.25, 0.5, 0.75, 0.99, 1.0)))]
    lines += [f"total_steps {training.total_steps}", f"settings {training.settings}"]
    small = replace(training, rows=8, samples=60, hidden=6, eval_every=min(training.eval_every, 3))
    lines += [_short(row) for row in small.run()]
    approved.hold("demo", name, "\n".join(lines))


def test_a_network_learns_as_approved() -> None:
    rng = np.random.default_rng(1)
    network = Network(3, 4, 2, rng)
    x, labels = rng.normal(0, 1, (5, 3)), np.array([0, 1, 1, 0, 1])
    lines = []
    for momentum in (0.9, 0.9, 0.5):
        loss, norm = network.step(x, labels, 0.3, momentum)
        sums = _short(float(np.abs(weight).sum()) for weight in network.weights)
        lines.append(f"{loss:.5g} {norm:.5g} {network.loss(x, labels):.5g} weights {sums}")
    loss, norm = network.step(x, labels, 0.3)
    lines.append(f"{loss:.5g} {norm:.5g} {network.loss(x, labels):.5g}")
    approved.hold("demo", "network", "\n".join(lines))


@pytest.mark.parametrize("name", ["healthy", "overfitting", "plateau", "diverged"])
@pytest.mark.parametrize("rows_per_s", [0.0, 4.0])
def test_a_child_writes_as_approved(
    name: str, rows_per_s: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    clock = iter(100 + 0.01 * i for i in range(1000))
    monkeypatch.setattr(time, "sleep", waits.append)
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    small = replace(named(name), rows=4, samples=60, hidden=6, eval_every=2)
    monkeypatch.setattr(child, "named", lambda _: small)
    child.train(name, tmp_path, rows_per_s)
    lines = ["waits " + _short(waits)]
    for path in sorted(path for path in tmp_path.rglob("*") if path.is_file()):
        lines += [f"{path.relative_to(tmp_path)}:"]
        if b"\0" not in (data := path.read_bytes()):
            lines += data.decode().splitlines()
    approved.hold("demo", f"{name} at {rows_per_s}", "\n".join(lines))
