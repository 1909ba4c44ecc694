"""What every test can use."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from lossmon import settings

# A terminal in a test has the size that the test gives it. readline puts its own idea of it into the
# environment of the process, past os.environ, and workers and child processes inherit that.
with contextlib.suppress(ImportError):
    import readline  # noqa: F401
for _name in ("COLUMNS", "LINES"):
    os.environ.pop(_name, None)
    os.unsetenv(_name)

SHARED = Path(__file__).resolve().parents[1] / ".." / "shared"


@pytest.fixture(autouse=True)
def settings_of_nobody(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: Any
) -> Iterator[None]:
    """The settings of whoever runs the tests are neither read nor changed, nor left to the next."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    monkeypatch.delenv("LOSSMON_CONFIG", raising=False)
    with settings.using(settings.Settings()):
        yield


@pytest.fixture
def shared() -> Path:
    """The folder with real logs beside the repository; the test skips where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("no ../shared beside the repository")
    return SHARED.resolve()


def write_jsonl(path: Path, rows: Iterable[dict[str, object]]) -> Path:
    """Write rows as JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def falling(n: int, start: float = 2.0, floor: float = 0.5) -> list[float]:
    """A plain loss curve: a power law with a little regular noise, shape (n,)."""
    return [floor + (start - floor) * (1 + i) ** -0.5 + 0.01 * ((i * 7) % 5 - 2) for i in range(n)]


def training_rows(losses: Sequence[float], every: int = 10) -> list[dict[str, object]]:
    """Rows as most trainings write them."""
    return [{"step": (i + 1) * every, "loss": loss} for i, loss in enumerate(losses)]
