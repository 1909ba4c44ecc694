"""Which GPUs the writer of a log uses, by the processes that a tool tells of."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lossmon.logs import gpus
from tests.logs.test_vitals import TWO_H100, prints, stand_in


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of the PATH; the machine's own tools are out of sight."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(gpus, "PLACES", ())
    return tmp_path


@pytest.mark.parametrize(
    ("apps", "writers", "used"),
    [
        ("{me}, {first}\n", {"a": {"me"}}, {"a": ["0"]}),
        ("{me}, {second}\n{me}, {first}\n", {"a": {"me"}}, {"a": ["0", "1"]}),
        ("{me}, {first}\n", {"a": {"parent"}}, {"a": ["0"]}),  # we are its child
        ("{parent}, {first}\n", {"a": {"me"}}, {"a": ["0"]}),  # of its pipeline
        ("{parent}, {first}\n{me}, {second}\n", {"a": {"me"}}, {"a": ["1"]}),  # the nearer one
        ("{me}, {first}\n", {"a": {"nobody"}}, {}),
        ("{me}, GPU-other\n[N/A], {first}\n", {"a": {"me"}}, {}),
        ("", {"a": {"me"}}, {}),
    ],
)
def test_a_writer_uses_the_gpus_of_its_children_else_of_its_pipeline(
    apps: str, writers: dict[str, set[str]], used: dict[str, list[str]], tools: Path
) -> None:
    os_of = {"me": os.getpid(), "parent": os.getppid(), "nobody": 2**22 + 1}
    same = os.getpgid(os.getppid()) == os.getpgrp()
    if not same and "parent" in apps and "me" in str(writers) and "{me}" not in apps:
        pytest.skip("who runs the tests is in another group")
    first, second = (line.split(", ")[1] for line in TWO_H100.splitlines())
    stand_in(
        tools, "nvidia-smi", prints(TWO_H100, apps.format(first=first, second=second, **os_of))
    )
    tool = gpus.NvidiaSmi()
    assert tool.used_by({}) == {}, "nothing is known of GPUs yet"
    tool.gpus()
    held = {log: {os_of[one] for one in some} for log, some in writers.items()}
    assert tool.used_by(held) == used
    assert tool.own <= {"0", "1"}
    if "{me}, {first}" in apps:
        assert "0" in tool.own
    stand_in(tools, "nvidia-smi", prints(TWO_H100, ""))
    assert tool.used_by(held) == used, "it is not asked at each look"
    assert tool.used_by({**held, "b": {1}}) == {}


def test_of_one_gpu_there_is_nothing_to_tell(tools: Path) -> None:
    one = TWO_H100.splitlines()[0]
    stand_in(tools, "nvidia-smi", prints(one, f"{os.getpid()}, {one.split(', ')[1]}\n"))
    tool = gpus.NvidiaSmi()
    tool.gpus()
    assert tool.used_by({"a": {os.getpid()}}) == {}
