"""A source that can poll and wait and nothing else: what is known of it, and how many are closed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from lossmon.logs.follower import Chunk
from lossmon.logs.source import Health, Source, close_all


class Least(Source):
    """Polls and waits; `on_close` is what it does when it lets go."""

    def __init__(self, name: str = "", on_close: Callable[[], None] = lambda: None) -> None:
        self.name = name
        self._on_close = on_close

    def poll(self) -> list[Chunk]:
        return []

    def wait(self, timeout_s: float) -> bool:
        return timeout_s < 0

    def close(self) -> None:
        self._on_close()


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda one: one.prefix, ""),
        (lambda one: one.wake(), None),
        (lambda one: one.listen(lambda: None), False),
        (lambda one: one.logs(), []),
        (lambda one: one.drop("a"), None),
        (lambda one: one.pending(), 0),
        (lambda one: one.progress(), (0, 0)),
        (lambda one: one.exhausted, True),
        (lambda one: one.is_directory("a"), False),
        (lambda one: one.trouble("a"), ""),
        (lambda one: one.health(), None),
        (lambda one: one.ask(), True),
        (lambda one: one.beside(), None),
    ],
)
def test_what_it_does_not_tell_is_neutral(ask: Callable[[Source], Any], told: Any) -> None:
    assert ask(Least()) == told


def test_its_name_stands_before_its_logs() -> None:
    assert Least("gpu1").prefix == "gpu1:"


@pytest.mark.parametrize(("pending", "exhausted"), [(0, True), (1, False)])
def test_it_has_an_end_once_nothing_is_left(pending: int, exhausted: bool) -> None:
    class Held(Least):
        def pending(self) -> int:
            return pending

    assert Held().exhausted is exhausted


def test_a_link_is_well_until_it_is_told_otherwise() -> None:
    assert Health("gpu1", "live") == Health("gpu1", "live", "", None, "")


def test_all_are_closed_at_once() -> None:
    together = threading.Barrier(3, timeout=5)
    close_all([Least(on_close=lambda: together.wait() and None) for _ in range(3)], 5.0)
    assert not together.broken


def test_one_that_does_not_let_go_is_left_after_a_while() -> None:
    go, closed = threading.Event(), []
    stuck = Least(on_close=lambda: go.wait(9) and None)
    began = time.monotonic()
    close_all([stuck, stuck, Least(on_close=lambda: closed.append(1))], 0.01)
    assert closed == [1]
    assert time.monotonic() - began < 5
    go.set()
