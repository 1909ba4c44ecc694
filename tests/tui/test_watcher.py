"""The thread that reads: something is shown soon, and a long log is mostly read, not drawn."""

from __future__ import annotations

import asyncio
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest

from lossmon.monitor import Monitor
from lossmon.monitor.sources import open_monitor
from lossmon.tui.leaving import Impatient
from lossmon.tui.watcher import Watcher
from tests.waiting import PATIENCE_S, wait_until


def _log(path: Path, rows: int) -> None:
    path.write_text(
        "".join(f'{{"step": {i}, "loss": {2 + 1 / i:.5f}, "lr": 0.1}}\n' for i in range(1, rows))
    )


class _Screen:
    """Takes updates as the app does, and notes when they came and how much had been read."""

    def __init__(self, path: Path, begun: bool = False, fps: int = 5) -> None:
        self.shown: list[tuple[float, float]] = []
        self.loaded = threading.Event()
        self.failures: list[str] = []
        self.monitor = open_monitor([str(path)], watch=True)
        self.watcher = Watcher(self.monitor, self._take, self.failures.append, fps, begun)

    def _take(self) -> None:
        for update in self.watcher.take():
            self.shown.append((time.monotonic(), update.loading))
            if update.loading == 1.0:
                self.loaded.set()
        self.watcher.drawn()

    def watch(self) -> None:
        self.watcher.start()
        assert self.loaded.wait(PATIENCE_S), self.failures

    def close(self) -> None:
        self.watcher.stop()
        self.monitor.close()


def test_the_beginning_of_a_long_log_is_shown_first_and_the_rest_at_growing_intervals(
    tmp_path: Path,
) -> None:
    _log(tmp_path / "log.jsonl", 40_000)
    screen = _Screen(tmp_path / "log.jsonl")
    screen.watch()
    screen.close()
    shown = screen.shown
    assert shown[0][1] < 0.1
    while_loading = [when for when, loading in shown if loading < 1.0]
    pauses = [after - before for before, after in pairwise(while_loading)]
    for number, pause in enumerate(pauses):
        assert pause > min(0.3 * 2**number, 0.7)


def test_where_the_first_rows_are_shown_already_the_next_wait_for_a_pause(tmp_path: Path) -> None:
    _log(tmp_path / "log.jsonl", 40_000)
    screen = _Screen(tmp_path / "log.jsonl", begun=True)
    started = time.monotonic()
    screen.watch()
    screen.close()
    when, loading = screen.shown[0]
    assert loading == 1.0 or when - started > 0.3


def test_what_comes_after_loading_is_shown_as_it_comes(tmp_path: Path) -> None:
    _log(tmp_path / "log.jsonl", 5_000)
    screen = _Screen(tmp_path / "log.jsonl", fps=50)
    try:
        screen.watch()
        before = len(screen.shown)
        for i in range(3):
            with (tmp_path / "log.jsonl").open("a") as file:
                file.write(f'{{"step": {5_000 + i}, "loss": 2.0, "lr": 0.1}}\n')
            wait_until(lambda i=i: len(screen.shown) > before + i)  # type: ignore[misc]
    finally:
        screen.close()


def test_reading_goes_on_where_nothing_is_drawn(tmp_path: Path) -> None:
    """A screen that lies below another one is not drawn."""
    _log(tmp_path / "log.jsonl", 8_000)
    screen = _Screen(tmp_path / "log.jsonl")
    screen.watcher.drawn = lambda: None  # type: ignore[method-assign]
    try:
        screen.watch()
    finally:
        screen.close()


class _Busy:
    """A monitor in the middle of a long document."""

    def __init__(self) -> None:
        self.began, self.go_on = threading.Event(), threading.Event()

    def poll(self) -> list[Any]:
        self.began.set()
        self.go_on.wait()
        raise OSError("what it read from is closed")

    def wake(self) -> None:
        pass


def test_who_leaves_does_not_wait_for_a_long_document_and_hears_no_more_of_it() -> None:
    busy, failures = _Busy(), list[str]()
    watcher = Watcher(cast(Monitor, busy), lambda: None, failures.append, fps=5)
    watcher.start()
    busy.began.wait()
    watcher.stop()  # comes back, though the poll does not
    busy.go_on.set()
    watcher._thread.join()
    assert failures == []


def test_asyncio_does_not_wait_for_a_search_when_the_screen_is_left() -> None:
    go_on = threading.Event()

    async def screen() -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(Impatient())
        loop.run_in_executor(None, go_on.wait)
        await asyncio.sleep(0.01)

    asyncio.run(screen())
    go_on.set()


def test_how_much_was_read_is_told_of_the_first_load_alone(tmp_path: Path) -> None:
    """A log that grows has something to read at any time: "read 1 of 2 logs" came and went."""
    _log(tmp_path / "log.jsonl", 500)
    screen = _Screen(tmp_path / "log.jsonl", fps=50)
    screen.watch()
    wait_until(lambda: screen.watcher.progress == (0, 0), "the end of the first load")
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"step": 501, "loss": 2.0, "lr": 0.1}\n')
    before = len(screen.shown)
    wait_until(lambda: len(screen.shown) > before, "the new row")
    assert screen.watcher.progress == (0, 0)
    screen.close()


def test_who_has_left_begins_nothing_more() -> None:
    pool, go = Impatient(1), threading.Event()
    try:
        pool.submit(go.wait)
        behind = pool.submit(go.wait)
        pool.shutdown()
        assert behind.cancelled()
        with pytest.raises(RuntimeError, match="after shutdown"):
            pool.submit(go.wait)
    finally:
        go.set()  # whatever waits ends with the tests
