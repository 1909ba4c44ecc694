"""What a service is handed and what is said of it, with services that only take notes."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lossmon import notify
from lossmon.diagnosis.finding import Severity
from lossmon.diagnosis.knowledge import load
from lossmon.errors import ConfigError
from lossmon.notify import Notifier, addresses, words
from tests.monitor.test_news import change
from tests.waiting import wait_until

Message = dict[str, Any]


class Service:
    """Takes notes; `answer` is what it says of a message, or the error that it ends in."""

    def __init__(self, name: str, answer: bool | Exception = True, pictures: bool = False) -> None:
        self.service_name, self.attachment_support = name, pictures
        self.taken: list[Message] = []
        self._answer = answer

    def notify(self, **message: Any) -> bool:
        self.taken.append(message)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def sent(services: Sequence[Service], *news: Any, level: str = "warning") -> list[str]:
    """What is complained of where all this is news at once."""
    said: list[str] = []
    notifier = Notifier(services, level, load(), said.append, 0.0)
    notifier.add(news)
    notifier.close()
    return said


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (True, []),
        (False, ["notices: Chat did not take the message"]),
        (RuntimeError("s3cr3t"), ["notices: Chat: RuntimeError"]),
    ],
    ids=["takes it", "refuses it", "breaks"],
)
def test_one_service_has_no_say_in_what_the_next_one_gets(
    answer: bool | Exception, said: list[str]
) -> None:
    first, second = Service("Ch\x1bat", answer), Service("Mail")
    assert sent([first, second], change("a", "diverged")) == said
    assert len(first.taken) == 1
    assert first.taken == second.taken


@pytest.mark.parametrize(
    ("severities", "kind"),
    [
        (("info",), "info"),
        (("info", "warning"), "warning"),
        (("warning", "critical", "info"), "failure"),
    ],
)
def test_a_message_is_as_grave_as_the_worst_in_it(
    severities: tuple[Severity, ...], kind: str
) -> None:
    service = Service("Chat")
    news = [change(f"run{i}", "rebound", one) for i, one in enumerate(severities)]
    sent([service], *news, level="info")
    (message,) = service.taken
    assert message["notify_type"] == kind
    assert message["body"].count("REBOUND") == len(severities)
    assert message["attach"] is None


def test_charts_go_to_who_can_show_them_of_three_runs_each_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[list[str]] = []
    monkeypatch.setattr(
        notify, "_attachments", lambda runs: drawn.append([one.run for one in runs]) or ["PNG"]
    )
    shows, tells = Service("Chat", pictures=True), Service("Phone")
    names = ["a", "b", "a", "c", "d"]
    patterns = ["rebound", "rebound", "diverged", "rebound", "rebound"]
    sent([shows, tells], *map(change, names, patterns))
    assert drawn == [["a", "b", "c"]]
    assert [one.taken[0]["attach"] for one in (shows, tells)] == [["PNG"], None]
    sent([tells], change("a", "diverged"))
    assert len(drawn) == 1, "nothing is drawn for nobody"


def test_charts_are_named_by_number_and_run() -> None:
    pytest.importorskip("apprise")
    runs = [change(name, "rebound").update for name in ("runs/a b", "x" * 80)]
    made = notify._attachments(runs)
    if made is None:
        pytest.skip("nothing here draws PNG")
    assert [one.name for one in made] == ["1-runs_a_b.png", f"2-{'x' * 60}.png"]


def test_what_an_hour_has_no_room_for_is_counted_in_the_next_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The thread is left out: its two steps are called here, in its order."""
    service = Service("Chat")
    now = [100.0]
    monkeypatch.setattr(threading.Thread, "start", lambda _: None)
    monkeypatch.setattr(notify.time, "monotonic", lambda: now[0])
    notifier = Notifier([service], "warning", load(), pytest.fail, 0.0)
    assert [notifier._may_send() for _ in range(notify.AN_HOUR + 2)] == [
        *[True] * notify.AN_HOUR,
        *[False] * 2,
    ]
    now[0] += 3599.5
    assert not notifier._may_send()
    now[0] += 0.5
    assert notifier._may_send()
    assert notify.AN_HOUR == 30


def test_what_starts_within_a_pause_shares_a_message_and_the_end_waits_for_none() -> None:
    service = Service("Chat")
    notifier = Notifier([service], "warning", load(), pytest.fail, 1000.0)
    notifier.add([change("a", "diverged")])
    wait_until(lambda: service.taken)
    for run in "bc":
        notifier.add([change(run, "diverged")])
        time.sleep(0.02)  # its thread has its turn, and sends nothing
    assert len(service.taken) == 1
    notifier.close()
    assert [one["body"].count("DIVERGED") for one in service.taken] == [1, 2]


def test_what_was_held_back_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service("Chat")
    monkeypatch.setattr(notify, "_MOST_NAMED", 2)
    notifier = Notifier([service], "warning", load(), pytest.fail, 0.0)
    allowed = iter([False, False, True, True])
    monkeypatch.setattr(notifier, "_may_send", lambda: next(allowed))
    for at, runs in enumerate((1, 3, 2, 1)):
        notifier.add([change(f"run{at}.{run}", "diverged") for run in range(runs)])
        wait_until(lambda: notifier._news.due_in() is None)
        sent = max(0, at - 1)
        wait_until(lambda sent=sent: len(service.taken) == sent)
    notifier.close()
    assert service.taken[0]["body"].endswith("and 4 more")
    assert "more" not in service.taken[1]["body"]


@pytest.mark.parametrize(
    ("count", "more", "ends"),
    [(10, 0, "say it"), (10, 1, "and 1 more"), (11, 0, "and 1 more"), (12, 3, "and 5 more")],
)
def test_ten_are_named_and_the_rest_is_counted(count: int, more: int, ends: str) -> None:
    _, body = words([change(f"run{i}", "rebound") for i in range(count)], more, load())
    assert body.count("REBOUND") == 10
    assert body.endswith(ends) == (ends != "say it")
    first = body.split("\n\n")[0].split("\n")
    assert first[:2] == ["run0: REBOUND since step 120", "the loss is not finite"]
    assert [line.startswith("do: ") for line in first] == [False, False, True]


@pytest.mark.parametrize(("count", "fits"), [(50, True), (51, False)])
def test_fifty_addresses_are_the_most(count: int, fits: bool, tmp_path: Path) -> None:
    given = [f"ntfy://topic{i}" for i in range(count)]
    if fits:
        assert addresses(given, {}) == given
        return
    with pytest.raises(ConfigError, match=r"notices: 51 addresses; at most 50"):
        addresses(given, {})


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o610, 0o601])
def test_a_file_of_secrets_that_anybody_else_may_open_is_refused(mode: int, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("  ntfy://a  \n # ntfy://b\n\n")
    (tmp_path / "file").chmod(0o600)
    assert addresses([f"file:{tmp_path / 'file'}"], {}) == ["ntfy://a"]
    (tmp_path / "file").chmod(mode)
    with pytest.raises(ConfigError, match="others can read it"):
        addresses([f"file:{tmp_path / 'file'}"], {})
