"""What the screen is made of, without a screen: numbers, hushed findings, notices, what runs share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lossmon.config.notices import Notices as Settings
from lossmon.diagnosis.finding import Finding, Severity
from lossmon.diagnosis.knowledge import load
from lossmon.hparams import Hparams
from lossmon.monitor.update import RunUpdate
from lossmon.tui import by_setting, clipboard, insight, look
from lossmon.tui.cards import card_of, cards_of
from lossmon.tui.chart_options import SMOOTHINGS, ChartOptions, next_smoothing
from lossmon.tui.messages import ServiceFailed, WatchFailed
from lossmon.tui.notices import Notices, desktop, title_of, words
from lossmon.tui.quiet import SNOOZES, Hush, Quiet
from lossmon.tui.triage import Scene
from tests.monitor.test_news import _run, change

NOW = 1_000_000.0


def found(pattern: str, severity: Severity = "warning", since: int = 120) -> Finding:
    return Finding(pattern, severity, 0.9, since, "loss", "it is so")


def with_(*findings: Finding, **more: Any) -> RunUpdate:
    update = _run()
    return replace(update, diagnosis=replace(update.diagnosis, findings=findings), **more)


# -- how it is shown -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weight", "then"), [(0.0, 0.6), (0.5, 0.6), (0.6, 0.9), (0.9, 0.97), (0.97, 0.0), (0.99, 0.0)]
)
def test_the_next_smoothing_is_stronger_and_at_last_none(weight: float, then: float) -> None:
    assert next_smoothing(weight) == then
    assert then in SMOOTHINGS


def test_a_chart_begins_by_step_and_another_run_is_looked_at_whole() -> None:
    usual = ChartOptions()
    assert (usual.smoothing, usual.log_y, usual.log_x, usual.whole_y) == (0.6, None, False, False)
    mine = ChartOptions(log_x=True, metrics=("acc",), strip="lr")
    assert mine.of_another_run() == ChartOptions(log_x=True, strip="lr")


ILL, MILD, WELL = found("rebound", "critical"), found("plateau"), found("healthy", "info")
ODD = found("spike", "info")


@pytest.mark.parametrize(
    ("findings", "hushed", "sign", "named", "beside", "worst"),
    [
        ((), (), "…", None, None, "info"),
        ((found("too_early", "info"),), (), "…", "too_early", None, "info"),
        ((WELL,), (), "✓", "healthy", None, "info"),
        ((ODD,), (), "~", "spike", None, "info"),
        ((ILL, WELL), (), "‼", "rebound", None, "critical"),
        ((ILL, WELL), ("rebound",), "z", "rebound", "rebound", "info"),
        ((ILL, MILD), ("rebound",), "!", "plateau", "rebound", "warning"),
        ((ILL, MILD), ("plateau",), "‼", "rebound", None, "critical"),
        ((ILL,), ("rebound",), "z", "rebound", None, "info"),
        ((WELL,), ("plateau",), "z", "healthy", None, "info"),
    ],
)
def test_what_is_hushed_is_named_quietly(
    findings: tuple[Finding, ...], hushed: tuple[str, ...], sign: str, named: str | None,
    beside: str | None, worst: str,
) -> None:  # fmt: skip
    update = with_(*findings, hushed=frozenset(hushed))
    told = look.named(update)
    if sign in "z~…":
        assert look.badge_of(update, ascii=False)[0] == sign
    else:
        assert look.badge_of(update, ascii=False)[0] == look.sign_of(told.severity, ascii=False)  # type: ignore[union-attr]
    assert (told and told.pattern) == named
    assert look.severity(update) == worst
    if findings:
        first = look.headline(update)
        assert first is not None
        seen = look.seen_beside(update, first)
        assert (seen and seen.pattern) == beside


# -- what is hushed --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "then", "after_s", "holds"),
    [
        ("acknowledged", MILD, 1e9, True),
        ("acknowledged", replace(MILD, severity="critical"), 0, False),  # it got worse
        ("acknowledged", replace(MILD, severity="info"), 0, True),
        ("acknowledged", replace(MILD, since_step=500), 0, False),  # it began anew
        ("acknowledged", None, 0, False),  # it went
        ("snoozed", MILD, SNOOZES[0] - 1, True),
        ("snoozed", MILD, SNOOZES[0], False),
        ("snoozed", replace(MILD, severity="critical"), 0, False),
        ("snoozed", replace(MILD, since_step=500), 0, True),
        ("snoozed", None, 0, True),  # whatever comes and goes
    ],
    ids=str,
)
def test_what_is_hushed_speaks_up(
    kind: str, then: Finding | None, after_s: float, holds: bool
) -> None:
    quiet = Quiet()
    run = with_(MILD)
    if kind == "snoozed":
        quiet.snooze(run.run, MILD, NOW)
    else:
        quiet.acknowledge(run.run, MILD)
    assert quiet.mark(run, NOW).hushed == {"plateau"}
    other = replace(run, run="other")
    assert quiet.mark(other, NOW) is other, "of another run it is heard"
    later = with_(*([then] if then else []))
    assert quiet.mark(later, NOW + after_s).hushed == ({"plateau"} if holds and then else set())
    assert (quiet.of(run.run, "plateau") is not None) == holds


def test_a_snooze_is_longer_each_time_and_then_none() -> None:
    quiet, run = Quiet(), _run().run
    lasts = [quiet.snooze(run, MILD, NOW) for _ in range(4)]
    assert [one and one.lasts for one in lasts] == [900, 3600, 28_800, None]
    assert [one and one.until for one in lasts] == [NOW + 900, NOW + 3600, NOW + 28_800, None]
    quiet.snooze(run, MILD, NOW)
    held = quiet.acknowledge(run, MILD)
    assert held == Hush("acknowledged", "warning", 120)
    again = quiet.snooze(run, MILD, NOW)
    assert again is not None
    assert again.lasts == 900, "behind an acknowledgement it begins anew"
    quiet.acknowledge(run, MILD)
    assert quiet.acknowledge(run, MILD) is None
    assert quiet.kept() == ()


def test_what_was_hushed_when_the_screen_was_left_waits_for_its_finding() -> None:
    quiet, next_ = Quiet(), Quiet()
    run = with_(MILD, ILL)
    quiet.acknowledge(run.run, MILD)
    quiet.snooze(run.run, ILL, NOW)
    next_.recall(quiet.kept())
    assert next_.kept() == quiet.kept()
    assert next_.mark(with_(), NOW).hushed == frozenset()
    assert next_.mark(run, NOW).hushed == {"plateau", "rebound"}
    assert next_.mark(with_(ILL), NOW).hushed == {"rebound"}
    assert next_.of(run.run, "plateau") is None, "it was seen, and went"


def test_where_nothing_is_hushed_nothing_is_made_anew() -> None:
    run = with_(MILD)
    assert Quiet().mark(run, NOW) is run
    assert Quiet().mark(replace(run, hushed=frozenset({"plateau"})), NOW).hushed == frozenset()


# -- notices ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "environment", "sent"),
    [
        ({}, {}, ["\a", "\x1b]9;"]),
        ({"bell": False}, {}, ["\x1b]9;"]),
        ({"desktop": "off"}, {}, ["\a"]),
        ({"desktop": "osc777"}, {}, ["\a", "\x1b]777;notify;"]),
        ({"on": False}, {}, []),
        ({}, {"TERM": "linux"}, ["\a"]),
        ({}, {"TERM": "dumb"}, ["\a"]),
        ({}, {"TERM": "rxvt-unicode"}, ["\a", "\x1b]777;"]),
        ({}, {"TERM": "foot"}, ["\a", "\x1b]777;"]),
        ({}, {"VTE_VERSION": "7000"}, ["\a", "\x1b]777;"]),
        ({"desktop": "osc9"}, {"TERM": "linux"}, ["\a", "\x1b]9;"]),
        ({}, {"TMUX": "x"}, ["\a", "\x1bPtmux;\x1b\x1b]9;"]),
        ({"level": "critical"}, {}, []),
    ],
    ids=str,
)
def test_a_notice_goes_as_the_terminal_takes_it(
    settings: dict[str, Any], environment: dict[str, str], sent: list[str]
) -> None:
    told: list[str] = []
    notices = Notices(Settings(**settings), told.append, environment, lambda: NOW)
    well, ill = with_(WELL, run="a"), with_(MILD, run="a")
    notices.take([well])
    assert notices.due_in() is None
    notices.take([ill])
    changes = notices.send(load())
    assert [line.startswith(start) for line, start in zip(told, sent, strict=True)] == [True] * len(
        sent
    )
    assert len(changes) == bool(sent)
    assert notices.send(load()) == []


def test_what_is_still_read_is_no_news_until_it_stands() -> None:
    notices = Notices(Settings(), lambda _: None, {}, lambda: NOW)
    notices.take([with_(WELL, run="a")])
    reading = with_(MILD, run="a", loading=0.5)
    notices.take([reading])
    assert notices.due_in() is None
    notices.take([reading])  # no more of it came
    assert notices.due_in() == 0


def test_the_title_counts_what_needs_attention_and_is_sent_once() -> None:
    told: list[str] = []
    notices = Notices(Settings(), told.append, {})
    runs = [with_(ILL), with_(WELL), with_(MILD)]
    assert title_of(runs) == "lossmon 2! 3 runs"
    assert title_of(runs[1:2]) == "lossmon 1 run"
    for _ in range(2):
        notices.show_title(runs)
    assert told == ["\x1b]2;lossmon 2! 3 runs\x1b\\"]
    notices.forget_title()
    notices.show_title(runs)
    assert len(told) == 2
    Notices(Settings(title=False), pytest.fail, {}).show_title(runs)


@pytest.mark.parametrize(("count", "more"), [(3, ""), (4, ", and 1 more"), (9, ", and 6 more")])
def test_three_are_named_in_a_notice(count: int, more: str) -> None:
    line = words([change(f"r{at}", "rebound") for at in range(count)], load())
    assert line.count("REBOUND") == 3
    assert line.endswith(more)
    assert ("more" in line) == bool(more)


def test_no_name_ends_a_notice_early() -> None:
    assert desktop("osc777", "a;b", "c;d\x1b\\e", False) == "\x1b]777;notify;a,b;c,d\\e\x1b\\"
    assert desktop("osc9", "a;b", "c;d", False) == "\x1b]9;a,b: c;d\x1b\\"


# -- what is copied, carried and shared ------------------------------------------------------------


def test_a_clipboard_is_reached_through_what_lies_between() -> None:
    plain = clipboard.osc52("a" * 900, {})
    assert plain.startswith("\x1b]52;c;")
    assert plain.endswith("\a")
    assert clipboard.osc52("a" * 900, {"TMUX": "x", "STY": "y"}).startswith(
        plain + "\x1bPtmux;\x1b\x1b]"
    )
    wrapped = clipboard.osc52("a" * 900, {"STY": "y"})
    pieces = [one.removeprefix("\x1bP") for one in wrapped.split("\x1b\\")[:-1]]
    assert "".join(pieces) == plain
    assert [len(one) for one in pieces] == [700, len(plain) - 700]


@pytest.mark.parametrize(
    ("codes", "environment", "done", "calls"),
    [((0,), {"TMUX": "x"}, True, 1), ((1, 0), {"TMUX": "x"}, True, 2),
     ((1, 1), {"TMUX": "x"}, False, 2), ((), {}, False, 0)],
)  # fmt: skip
def test_an_older_tmux_is_asked_without_w(
    codes: tuple[int, ...], environment: dict[str, str], done: bool, calls: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    told: list[list[str]] = []
    answers = iter(codes)

    def run(given: list[str], **more: Any) -> Any:
        told.append(given)
        assert (more["input"], more["timeout"], more["check"]) == (b"a", 2.0, False)
        return type("Done", (), {"returncode": next(answers)})

    monkeypatch.setattr("subprocess.run", run)
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    assert clipboard.to_tmux("a", environment) == done
    assert [("-w" in one) for one in told] == [True, False][:calls]


@pytest.mark.parametrize("kind", [WatchFailed, ServiceFailed])
def test_a_message_carries_its_line(kind: Any) -> None:
    message = kind("gone")
    assert (message.reason, message.bubble, message.is_forwarded) == ("gone", False, False)


def configured(name: str, *findings: Finding, **values: Any) -> RunUpdate:
    return with_(*findings, run=name, hparams=Hparams(values))


def test_runs_go_by_a_setting_in_which_they_differ() -> None:
    runs = [
        configured("a", **{"opt.lr": 0.1, "seed": 1}),
        configured("b", **{"opt.lr": 2, "seed": 1}),
    ]
    assert by_setting.keys_of(runs) == ["config:opt.lr"]
    assert by_setting.keys_of(runs[:1]) == by_setting.keys_of([runs[0], with_()]) == []
    many = [configured(name, **{f"s{i}": f"{name}{i}" for i in range(9)}) for name in "ab"]
    assert len(by_setting.keys_of(many)) == 6
    assert by_setting.title_of("config:opt.lr") == "LR"
    assert by_setting.title_of("config:" + "x" * 11) == "X" * 9 + "…"
    assert (by_setting.name_of("need"), by_setting.name_of("config:lr")) == ("", "lr")
    assert by_setting.shown(runs[0], "config:opt.lr") == "0.1"
    ranks = [by_setting.rank(configured("a", lr=one), "config:lr") for one in (1, 0.5, "x", None)]
    assert ranks == [(0, 1.0, ""), (0, 0.5, ""), (1, 0.0, "x"), None]
    assert by_setting.rank(configured("a", lr=float("nan")), "config:lr") == (1, 0.0, "nan")


def test_all_runs_are_looked_at_seldom_and_where_something_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, made, told = [0.0], list[int](), list[str]()

    class Siblings:
        def __init__(self, runs: list[RunUpdate]) -> None:
            made.append(len(runs))

        def of(self, _: RunUpdate) -> str:
            return "SIBLING"

    class Thread:
        def __init__(self, target: Any, **_: Any) -> None:
            self.start = target

    monkeypatch.setattr(insight, "Siblings", Siblings)
    monkeypatch.setattr(insight, "Thread", Thread)
    monkeypatch.setattr(insight, "sweep_line", lambda runs, brief: f"{len(runs)} runs {brief}")
    look_ = insight.Insight(lambda: now[0])
    sick, well = configured("a", ILL, lr=1), configured("b", WELL, lr=2)
    runs = {"a": sick, "b": well}
    for asked in (None, well, with_(ILL, run="a")):
        assert look_.sibling(runs, asked) is None
    assert look_.sibling({"a": sick}, sick) is None
    for at, more in ((0.0, {}), (4.9, {"c": well}), (5.0, {"c": well}), (10.0, {"c": well})):
        now[0] = at
        assert look_.sibling({**runs, **more}, sick) == "SIBLING"
    assert made == [2, 3], "at first, and when another run had come"
    now[0] = 0.0
    for at, line in ((0.0, ""), (1.0, "2 runs True"), (6.0, "2 runs True")):
        now[0] = at
        assert look_.sweep(runs, lambda: told.append("told")) == line
    assert told == ["told"], "nothing has changed"
    now[0] = 12.0
    assert look_.sweep({**runs, "c": sick}, lambda: told.append("told")) == "2 runs True"
    assert look_.sweep({**runs, "c": sick}, lambda: told.append("told")) == "3 runs True"


def test_a_card_is_a_run_on_the_wall_and_a_metric_in_the_grid() -> None:
    scene = Scene(NOW, load(), ascii=True)
    card = card_of(with_(ILL, run="a", state="running"), scene)
    assert (card.key, card.title, card.growing) == ("a", "a", True)
    assert [tone for _, tone in card.badge] == ["faint", "critical", "accent"]
    assert card_of(with_(WELL, state="finished"), scene).badge[1][1] == "info"
    (only,) = cards_of(with_(WELL))
    assert (only.key, only.title, only.badge) == ("", "loss", ())
    assert only.curves[0].label == "", "one curve needs no name"
    assert cards_of(None) == []
