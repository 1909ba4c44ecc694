"""What is read of real logs and said of them is as it was approved (see `tests.approved`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossmon.monitor.whole import read_targets
from tests import approved
from tests.conftest import DATA, WRITTEN
from tests.digest import digest

LATER = WRITTEN + 86_400.0
pytestmark = pytest.mark.snapshot


@pytest.mark.parametrize("place", sorted((DATA / "runs").iterdir()), ids=lambda place: place.name)
def test_a_real_training_is_judged_as_approved(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place.parent)
    updates = read_targets([place.name], now=LATER, judging="at the end").updates
    approved.hold("runs", place.name, digest(updates))


@pytest.mark.parametrize("place", sorted((DATA / "zoo").iterdir()), ids=lambda place: place.name)
def test_what_a_trainer_wrote_is_judged_as_approved(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    updates = read_targets(["run"], now=LATER, judging="at the end").updates
    approved.hold("zoo", place.name, digest(updates))
