"""What several kinds of clients are tested with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.logs.clients.journal_files import Journal, why_not


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    if why_not:
        pytest.skip(why_not)
    made = Journal(tmp_path)
    yield made
    made.close()
