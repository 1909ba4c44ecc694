"""What the user says of logs goes before what their values say, wherever it was said."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossmon import config, settings
from lossmon.errors import ConfigError
from lossmon.monitor.by_hand import ByHand
from lossmon.monitor.whole import read_targets
from lossmon.report.gather import gather
from lossmon.report.reading import as_text
from tests.conftest import falling, training_rows, write_jsonl


def test_a_log_is_named_by_its_path_the_end_of_it_or_a_pattern() -> None:
    hand = ByHand(together=(("slurm-7.out", "runs/a/*"),), apart=(("/x/1.log", "/x/2.log"),))
    assert hand.says("/home/me/slurm-7.out", "/home/me/runs/a/log.jsonl") == "together"
    assert hand.says("gpu1:exp/slurm-7.out", "gpu1:exp/runs/a/log.jsonl") == "together"
    assert hand.says("/home/me/slurm-70.out", "/home/me/runs/a/log.jsonl") is None
    assert hand.says("/x/1.log", "/x/2.log") == "apart"
    assert hand.says("/x/1.log", "/x/1.log") is None


def test_what_is_said_last_of_logs_holds() -> None:
    hand = ByHand().join(["/x/1", "/x/2", "/x/3"]).part(["/x/1", "/x/2"])
    assert (hand.together, hand.apart) == ((), (("/x/1", "/x/2"),))
    assert hand.join(["/x/2", "/x/1", "/x/3"]).apart == ()


def test_what_is_taken_back_leaves_nothing() -> None:
    """J and J again left the contrary in config.toml, of logs that nothing had to be said of."""
    for said, contrary in ((ByHand.join, ByHand.part), (ByHand.part, ByHand.join)):
        hand = contrary(said(ByHand(), ["/x/1", "/x/2"]), ["/x/2", "/x/1"])
        assert (hand.together, hand.apart) == ((), ())


def two_logs(folder: Path, same: bool) -> None:
    losses = falling(80)
    write_jsonl(folder / "a" / "log.jsonl", training_rows(losses))
    losses = losses if same else falling(80, start=9.0)
    text = "".join(f"step {i} loss {x:.4f}\n" for i, x in enumerate(losses, 1))
    (folder / "job.out").write_text(text)


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("same", [True, False])
def test_config_toml_joins_and_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int, same: bool
) -> None:
    two_logs(tmp_path / "runs", same)
    file = tmp_path / "config.toml"
    file.write_text(f'[joining]\n{"apart" if same else "together"} = [["job.out", "a/*.jsonl"]]\n')
    monkeypatch.setenv("LOSSMON_CONFIG", str(file))
    with settings.using(settings.Settings()):
        reading = gather([str(tmp_path / "runs")], jobs, judging="at the end")
    assert len(reading.updates) == (2 if same else 1)
    said = as_text(reading.updates, {})
    assert ("not joined: parted by hand: " if same else "joined: joined by hand, with ") in said


def test_why_they_were_joined_by_their_values(tmp_path: Path) -> None:
    two_logs(tmp_path, same=True)
    (run,) = read_targets([str(tmp_path)], judging="at the end").updates
    assert [log.joined for log in run.logs] == [
        "80 of 80 values agree in order, with job.out",
        "80 of 80 values agree in order, with a/log.jsonl",
    ]


def test_a_training_that_was_started_again_says_why_it_is_another(tmp_path: Path) -> None:
    for name, rows in (("first.out", 40), ("second.out", 80)):
        losses = falling(80)[:rows]
        text = "".join(f"step {i} loss {x:.4f}\n" for i, x in enumerate(losses, 1))
        (tmp_path / name).write_text(text)
    runs = read_targets([str(tmp_path)], judging="at the end").updates
    assert len(runs) == 2
    assert all("40 steps before the other" in run.logs[0].parted for run in runs)


@pytest.mark.parametrize(
    "text",
    ['joining = 3', '[joining]\nboth = []', '[joining]\ntogether = ["a"]',
     '[joining]\napart = [["a"]]', '[joining]\napart = [["a", 3]]'],
)  # fmt: skip
def test_a_wrong_list_gets_a_line_that_says_what_would_work(text: str) -> None:
    with pytest.raises(ConfigError, match="joining"):
        config.parse(text.encode())
