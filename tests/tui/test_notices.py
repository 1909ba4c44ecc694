"""Notices that leave the screen, and the window's title."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.config.notices import Notices as Settings
from lossmon.diagnosis.finding import Diagnosis, Finding, Severity
from lossmon.diagnosis.knowledge import load
from lossmon.monitor import RunUpdate
from lossmon.monitor.news import AGAIN_S
from lossmon.tui.app import LossmonApp
from lossmon.tui.notices import Notices, desktop, title_of
from tests.conftest import falling, training_rows, write_jsonl
from tests.tui.synthetic import update_of
from tests.tui.terminal import Terminal
from tests.tui.test_app import WIDE, loaded
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> RunUpdate:
    return update_of(tmp_path_factory.mktemp("notices") / "log.jsonl")


class Desk:
    """A terminal that keeps what is sent, and a clock that is set by hand."""

    def __init__(self, base: RunUpdate, settings: Settings | None = None, **environment: str):
        self.base = base
        self.sent = ""
        self.now = 0.0
        told = {"TERM": "xterm-256color", **environment}
        self.notices = Notices(settings or Settings(), self.write, told, lambda: self.now)

    def write(self, sequence: str) -> None:
        self.sent += sequence

    def run(self, *patterns: str, run: str = "sft", severity: Severity = "warning", **more) -> None:
        found = tuple(Finding(one, severity, 0.9, 120, "loss", "") for one in patterns)
        self.notices.take([replace(self.base, run=run, diagnosis=Diagnosis(found), **more)])

    def heard(self) -> str:
        """What was sent since the last time."""
        if self.notices.due_in() == 0.0:
            self.notices.send(load("en"))
        sent, self.sent = self.sent, ""
        return sent


@pytest.fixture
def desk(base: RunUpdate) -> Desk:
    return Desk(base)


def test_what_holds_at_the_start_is_no_news_and_what_starts_is_told_once(desk: Desk) -> None:
    desk.run("overfitting")
    assert desk.heard() == ""
    desk.run("overfitting", "spike")
    heard = desk.heard()
    assert heard.startswith("\a")
    assert "SPIKE since step 120" in heard
    assert "OVERFITTING" not in heard
    desk.run("overfitting", "spike")
    assert desk.heard() == ""


def test_a_finding_that_comes_and_goes_is_told_once(desk: Desk) -> None:
    desk.run()
    for _ in range(5):
        desk.now += 60
        desk.run("spike")
        desk.run()
    assert desk.heard().count("SPIKE") == 1
    desk.now += AGAIN_S + 1
    desk.run("spike")
    assert "SPIKE" in desk.heard()


def test_while_a_log_is_read_nothing_in_it_is_news(desk: Desk) -> None:
    desk.run(loading=0.2)
    desk.run("overfitting", loading=0.6)
    desk.run("overfitting", "spike")
    assert desk.heard() == ""
    desk.run("overfitting", "spike", "diverged")
    assert "DIVERGED" in desk.heard()


def test_what_starts_together_shares_a_notice(desk: Desk) -> None:
    for i in range(6):
        desk.run(run=f"r{i}")
    for i in range(6):
        desk.run("stalled", run=f"r{i}")
    heard = desk.heard()
    assert heard.count("\a") == 1
    assert "r2: STALLED" in heard
    assert "and 3 more" in heard
    desk.run("spike", run="r0")
    assert desk.heard() == "", "three seconds apart"
    desk.now += 3
    assert "SPIKE" in desk.heard()


def test_mild_and_hushed_findings_are_not_told(base: RunUpdate) -> None:
    desk = Desk(base)
    desk.run()
    desk.run("plateau", severity="info")
    desk.run("spike", hushed=frozenset({"spike"}))
    assert desk.heard() == ""
    strict = Desk(base, Settings(level="critical"))
    strict.run()
    strict.run("spike")
    assert strict.heard() == ""
    strict.run("diverged", severity="critical")
    assert "DIVERGED" in strict.heard()


@pytest.mark.parametrize(
    ("settings", "environment", "sequence"),
    [
        (Settings(), {}, "\a\x1b]9;lossmon: sft: SPIKE since step 120\x1b\\"),
        (Settings(), {"TERM": "foot"}, "\a\x1b]777;notify;lossmon;sft: SPIKE since step 120\x1b\\"),
        (Settings(), {"TERM": "linux"}, "\a"),
        (Settings(desktop="off"), {}, "\a"),
        (Settings(desktop="off", bell=False), {}, ""),
        (Settings(on=False), {}, ""),
        (
            Settings(bell=False),
            {"TMUX": "/tmp/tmux-0/default,1,0"},
            "\x1bPtmux;\x1b\x1b]9;lossmon: sft: SPIKE since step 120\x1b\x1b\\\x1b\\",
        ),
    ],
)
def test_each_terminal_is_told_in_its_way(base, settings, environment, sequence) -> None:
    desk = Desk(base, settings, **environment)
    desk.run()
    desk.run("spike")
    assert desk.heard() == sequence


@given(
    st.text(alphabet=st.sampled_from("a;\x1b\\\a\x9c]Ptmux\n\x00\x9b")), st.sampled_from(["osc9", "osc777"]), st.booleans()
)  # fmt: skip
def test_no_name_breaks_out_of_a_sequence(name: str, kind: str, tmux: bool) -> None:
    sequence = desktop(kind, "lossmon", f"{name}: SPIKE", tmux)
    plain = desktop(kind, "lossmon", ": SPIKE", tmux)
    assert sequence.count("\x1b") == plain.count("\x1b")
    assert not set(sequence) & {"\a", "\x9c", "\x9b", "\n", "\x00"}
    if kind == "osc777":
        assert sequence.count(";") == plain.count(";")


def test_the_title_counts_who_needs_attention(base: RunUpdate) -> None:
    ill = replace(base, diagnosis=Diagnosis((Finding("spike", "warning", 0.9, 1, "loss", ""),)))
    assert title_of([base]) == "lossmon 1 run"
    assert title_of([base, ill, ill]) == "lossmon 2! 3 runs"
    assert title_of([replace(ill, hushed=frozenset({"spike"}))]) == "lossmon 1 run"


def test_the_title_is_sent_when_it_changes_alone(desk: Desk) -> None:
    desk.notices.show_title([desk.base])
    desk.notices.show_title([desk.base])
    assert desk.sent == "\x1b]2;lossmon 1 run\x1b\\"


async def test_n_turns_notices_off_and_on(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        await pilot.press("N")
        assert not app.notices.on
        await pilot.press("N")
        assert app.notices.on


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[tuple[Terminal, Path]]:
    log = write_jsonl(tmp_path / "log.jsonl", training_rows(falling(200)))
    terminal = Terminal(str(log))
    yield terminal, log
    terminal.close()


def rung(terminal: Terminal) -> bool:
    """Whether the bell rang; the sign also ends some sequences of Textual's."""
    return b"\a" in re.sub(rb"\x1b\][^\a\x1b]*\a", b"", bytes(terminal.received))


def test_on_a_real_terminal_a_run_that_diverges_rings_and_the_title_is_given_back(
    terminal: tuple[Terminal, Path],
) -> None:
    screen, log = terminal
    screen.wait_for("HEALTHY")
    screen.wait_for_bytes(b"\x1b]2;lossmon 1 run\x1b\\")
    assert not rung(screen)
    with log.open("a") as file:
        file.writelines(
            json.dumps({"step": 2010 + i, "loss": float("nan")}) + "\n" for i in range(5)
        )
    screen.wait_for("DIVERGED")
    screen.wait_for_bytes(b"\x1b]2;lossmon 1! 1 run\x1b\\")
    wait_until(lambda: (screen.read(0.1), b"\x1b]9;lossmon: " in screen.received)[1])
    wait_until(lambda: (screen.read(0.1), rung(screen))[1])
    wait_until(lambda: (screen.read(0.1), b"DIVERGED since step 2,010\x1b\\" in screen.received)[1])
    os.write(screen.fd, b"q")
    screen.end()
    assert screen.received.rfind(b"\x1b[23;2t") > screen.received.rfind(b"\x1b]2;")
