"""Many boxes in one word."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossmon import settings
from lossmon.errors import TargetError
from lossmon.logs.hosts import location_of, resolve
from lossmon.logs.ranges import expand
from lossmon.settings import NamedHost, Settings


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("gpu[1-3]:runs", ["gpu1:runs", "gpu2:runs", "gpu3:runs"]),
        ("gpu[1,3,5-6]:", ["gpu1:", "gpu3:", "gpu5:", "gpu6:"]),
        ("gpu[08-10]:r", ["gpu08:r", "gpu09:r", "gpu10:r"]),
        ("me@n[1-2].lab:~/x", ["me@n1.lab:~/x", "me@n2.lab:~/x"]),
        ("r[1-2]n[1-2]:x", ["r1n1:x", "r1n2:x", "r2n1:x", "r2n2:x"]),
        ("ssh://me@gpu[1-2]:22/data", ["ssh://me@gpu1:22/data", "ssh://me@gpu2:22/data"]),
        ("gpu[1-2]:docker:train", ["gpu1:docker:train", "gpu2:docker:train"]),
        ("gpu[1,1]:x", ["gpu1:x"]),
        ("gpu1:runs[1-3]/*.jsonl", ["gpu1:runs[1-3]/*.jsonl"]),
        ("runs[1-3]/log.jsonl", ["runs[1-3]/log.jsonl"]),
        ("[::1]:runs", ["[::1]:runs"]),
        ("run[0-9].jsonl", ["run0.jsonl", *[f"run{i}.jsonl" for i in range(1, 10)]]),
        ("plain", ["plain"]),
    ],
)
def test_what_a_word_stands_for(text: str, targets: list[str]) -> None:
    assert expand(text) == targets


@pytest.mark.parametrize("text", ["gpu[3-1]:x", "gpu[]:x", "gpu[1-]:x", "gpu[-2]:x", "gpu[1,]:x"])
def test_what_makes_no_sense_is_one_line(text: str) -> None:
    if text == "gpu[]:x":
        assert expand(text) == [text]
        return
    with pytest.raises(TargetError, match="no range; write gpu"):
        expand(text)


@pytest.mark.parametrize("text", ["n[1-257]:x", "n[0-999999]:x", "a[1-20]b[1-20]:x"])
def test_the_number_of_boxes_is_bounded(text: str) -> None:
    with pytest.raises(TargetError, match="more than 256 boxes"):
        expand(text)


def test_boxes_only_where_nothing_here_is_called_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run1.jsonl").touch()
    assert [location_of(one) for one in resolve("run[0-9].jsonl")] == ["run[0-9].jsonl"], (
        "a pattern"
    )
    assert [location_of(one) for one in resolve("gpu[1-2]:runs")] == ["gpu1:runs", "gpu2:runs"]
    with settings.using(Settings(hosts={f"gpu{i}": NamedHost(("~/exp",)) for i in (1, 2)})):
        assert [location_of(one) for one in resolve("gpu[1-2]")] == ["gpu1:~/exp", "gpu2:~/exp"]
        assert [location_of(one) for one in resolve("gpu[1-3]")] == ["gpu[1-3]"]
