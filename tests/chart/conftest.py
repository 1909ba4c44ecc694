"""What tests of charts share."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest


@pytest.fixture
def greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A clock whose hours are those of UTC."""
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()
