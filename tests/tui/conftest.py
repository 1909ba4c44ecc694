"""Clocks stand still, so that pictures and words are the same at every run."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import textual.app
import textual.pilot
from textual._context import active_app
from textual._wait import wait_for_idle
from textual.app import App
from textual.message import Message
from textual.message_pump import MessagePump
from textual.notifications import Notification

from lossmon.tui.app import LossmonApp
from tests.conftest import falling, training_rows, write_jsonl
from tests.tui.synthetic import NOW, monitor_of, write_runs

REST_S = 10.0  # some work waits for what the test does next


@pytest.fixture(autouse=True)
def a_pilot_that_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key in a test is worked off when the test goes on, however busy the machine is.

    Textual's pilot takes a process for idle that used no processor for 20 ms: on a busy machine
    that is one which got no turn. Here no message is left anywhere, and none is worked at.
    """
    working = [0]
    dispatch = MessagePump._dispatch_message

    async def counted(self: MessagePump, message: Message) -> None:
        working[0] += 1
        try:
            await dispatch(self, message)
        finally:
            working[0] -= 1

    def pending(app: App[Any]) -> bool:
        screens = app.screen_stack
        pumps = [app, *(one for each in screens for one in each.walk_children(with_self=True))]
        waiting = (pump._message_queue.qsize() or pump._next_callbacks for pump in pumps)
        return bool(working[0] or any(waiting) or (screens and screens[-1]._callbacks))

    async def at_rest(*_: float) -> None:
        app, quiet, end = active_app.get(), 0, time.monotonic() + REST_S
        while quiet < 3 and time.monotonic() < end:
            await asyncio.sleep(0.002)
            quiet = 0 if app.is_running and pending(app) else quiet + 1
        await wait_for_idle(0)

    monkeypatch.setattr(MessagePump, "_dispatch_message", counted)
    for module in (textual.app, textual.pilot):
        monkeypatch.setattr(module, "wait_for_idle", at_rest)


@pytest.fixture(autouse=True)
def notices_that_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was said is there when a test looks; for hands it goes after some seconds."""
    monkeypatch.setattr(Notification, "has_expired", False)


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wall clock shows NOW; waiting goes by the monotonic clock."""
    monkeypatch.setattr(time, "time", lambda: NOW)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log that goes on: 200 rows of a plan of 10,000 steps."""
    rows = [{"max_steps": 10_000, **row} for row in training_rows(falling(200))]
    return write_jsonl(tmp_path / "log.jsonl", rows)


@pytest.fixture
def folder(tmp_path: Path, frozen: None) -> Path:
    """A folder with three runs."""
    write_runs(tmp_path / "runs")
    return tmp_path / "runs"


@pytest.fixture
def app(folder: Path) -> Iterator[LossmonApp]:
    """The app on three runs."""
    os.environ.pop("NO_COLOR", None)
    monitor = monitor_of(folder)
    yield LossmonApp(monitor)
    monitor.close()
