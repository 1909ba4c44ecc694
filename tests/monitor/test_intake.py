"""What becomes of logs that go, come back and are forgotten, and of settings that a box sends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lossmon.logs.follower import Chunk
from lossmon.monitor import Monitor, RunUpdate
from tests.conftest import falling, training_rows
from tests.monitor.scripted import Scripted, data, event, link

NOW = 1001.0
A = training_rows(falling(20))
B = training_rows(falling(20, start=3.0))
FORGOTTEN = "forgotten"


def polled(*polls: list[Chunk], name: str = "") -> tuple[list[dict[str, RunUpdate]], Monitor]:
    """The runs that are known behind each poll."""
    source = Scripted(name=name)
    monitor = Monitor([source], ["/runs"])
    runs: dict[str, RunUpdate] = {}
    seen = []
    for told in polls:
        source.say(told)
        for update in read(monitor):
            runs.pop(update.run, None)
            if not update.removed:
                runs[update.run] = update
        seen.append({name.removeprefix("runs/"): run for name, run in runs.items()})
    return seen, monitor


def read(monitor: Monitor) -> Iterator[RunUpdate]:
    """All that is at hand, slice by slice."""
    yield from monitor.poll(NOW)
    while monitor.pending():
        yield from monitor.poll(NOW)


def test_a_run_goes_when_its_log_is_forgotten_and_comes_again_as_a_new_one() -> None:
    seen, monitor = polled(
        [data("/runs/a/log.jsonl", A), data("/runs/b/log.jsonl", B)],
        [event("/runs/a/log.jsonl", "gone")],
        [event("/runs/a/log.jsonl", FORGOTTEN)],
        [data("/runs/a/log.jsonl", A[:5])],
    )
    assert [sorted(runs) for runs in seen] == [["a", "b"], ["a", "b"], ["b"], ["a", "b"]]
    assert seen[1]["a"].lost == "log.jsonl: the file is gone"
    assert (seen[3]["a"].step, seen[3]["a"].lost) == (50, "")
    assert monitor.looked_at == 2


def test_a_run_of_two_logs_stays_until_both_are_forgotten() -> None:
    logs = ["/runs/a/log.jsonl", "/runs/a/metrics.jsonl"]
    polls = [[data(log, A) for log in logs], *([event(log, FORGOTTEN)] for log in logs)]
    seen, monitor = polled([*polls[0], data("/runs/b/log.jsonl", B)], *polls[1:])
    assert [sorted(runs) for runs in seen] == [["a", "b"], ["a", "b"], ["b"]]
    assert len(seen[1]["a"].logs) == 2
    assert monitor.looked_at == 1


def test_of_two_logs_of_which_one_is_back_neither_is_let_go() -> None:
    logs = ["/runs/a/log.jsonl", "/runs/a/metrics.jsonl"]
    seen, monitor = polled(
        [data(log, A) for log in logs],
        [event(logs[0], FORGOTTEN)],
        [data(logs[0], A)],
        [event(logs[1], FORGOTTEN)],
    )
    assert [len(runs) for runs in seen] == [1, 1, 1, 1]
    assert monitor.looked_at == 2


def test_a_log_that_was_never_read_is_forgotten_without_a_word() -> None:
    seen, monitor = polled([event("/runs/x.log", FORGOTTEN)], [data("/runs/b/log.jsonl", B)])
    assert [list(runs) for runs in seen] == [[], ["b"]]
    assert monitor.looked_at == 1


def test_a_log_that_says_nothing_of_a_training_is_forgotten_too() -> None:
    text = b"hello\nworld\n" * 9
    seen, monitor = polled(
        [data("/runs/x.log", text), data("/runs/b/log.jsonl", B)], [event("/runs/x.log", FORGOTTEN)]
    )
    assert [list(runs) for runs in seen] == [["b"], ["b"]]
    assert monitor.looked_at == 1


@pytest.mark.parametrize(
    ("file", "text", "values"),
    [
        ("config.json", b'{"lr": 0.1}', {"lr": 0.1}),
        ("args.yaml", b"lr: 0.2\n", {"lr": 0.2}),
        ("notes.txt", b"lr: 0.3\n", {}),
    ],
)
def test_settings_that_a_box_sends_are_no_log_and_are_read_again(
    file: str, text: bytes, values: dict[str, float]
) -> None:
    source = Scripted(
        [data("/runs/a/log.jsonl", A)],
        [data(f"/runs/a/{file}", text)],
        [data("/runs/a/log.jsonl", [{"step": 999, "loss": 0.1}], 2000)],
        name="gpu1",
    )
    monitor = Monitor([source], ["gpu1:/runs"])
    (*_, run) = [update for _ in range(5) for update in read(monitor)]
    assert run.host == "gpu1"
    assert dict(run.hparams.values) == values
    assert source.dropped == ([f"/runs/a/{file}"] if values else [])


def test_settings_of_which_more_is_to_come_are_heard_of_to_their_end() -> None:
    half = data("/runs/a/config.json", b'{"lr":')._replace(size=11)
    source = Scripted([data("/runs/a/log.jsonl", A), half], name="gpu1")
    monitor = Monitor([source], ["gpu1:/runs"])
    monitor.poll(NOW)
    assert source.dropped == []


def test_only_the_box_that_is_meant_is_asked() -> None:
    one, other = Scripted([link("gone")], name="gpu1"), Scripted(name="gpu2")
    monitor = Monitor([one, other], [])
    assert monitor.ask("gpu1")
    assert (one.asked, other.asked) == (1, 0)
    assert monitor.ask("nowhere"), "there is none that says it is of no use"
    assert monitor.pipe is None
