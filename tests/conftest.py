"""What every test can use."""

from __future__ import annotations

import contextlib
import gc
import inspect
import json
import os
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from types import CodeType
from typing import Any

import hypothesis
import pytest

from lossmon import settings

# A terminal in a test has the size that the test gives it. readline puts its own idea of it into the
# environment of the process, past os.environ, and workers and child processes inherit that.
with contextlib.suppress(ImportError):
    import readline  # noqa: F401
for _name in ("COLUMNS", "LINES"):
    os.environ.pop(_name, None)
    os.unsetenv(_name)

# An example takes as long as it takes: on a loaded machine the bounds of hypothesis are found, not faults.
hypothesis.settings.register_profile(
    "ours", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("ours")

SHARED = Path(__file__).resolve().parents[1] / ".." / "shared"
DATA = Path(__file__).parent / "data"
WRITTEN = 1_750_000_000  # seconds since the Unix epoch: June 2025


def pytest_sessionstart(session: pytest.Session) -> None:
    """Date every file of `tests/data` long ago, before any worker starts.

    A log without a clock is as old as its file, and a checkout is as old as the tests: its logs came
    to rest in the middle of them, between the two looks of a test that compares them.
    """
    # Who runs the tests in the background has these ignored, and whatever a test starts with it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if not hasattr(session.config, "workerinput"):
        for path in DATA.rglob("*"):
            os.utime(path, (WRITTEN, WRITTEN))


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders for the settings of each test, numbered here.

    pytest numbers a folder by a look at all there are: two a test took a sixteenth of all tests.
    """
    home = tmp_path_factory.mktemp("homes")
    return (home / str(number) for number in count())


@pytest.fixture(autouse=True)
def settings_of_nobody(homes: Iterator[Path], monkeypatch: Any) -> Iterator[None]:
    """The settings of whoever runs the tests are neither read nor changed, nor left to the next.

    The folders are made by who writes into them: four calls for each test took a second of twenty.
    """
    home = next(homes)
    for name in ("config", "state", "cache"):
        monkeypatch.setenv(f"XDG_{name.upper()}_HOME", f"{home}/{name}")
    monkeypatch.delenv("LOSSMON_CONFIG", raising=False)
    with settings.using(settings.Settings()):
        yield


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was collected lives to the end: who looks for garbage need not go through it each time."""
    gc.collect()
    gc.freeze()


# Files whose tests start processes, look at real trainings or make up thousands of examples.
_DEAR = frozenset((
    "tests/test_conformance", "tests/test_cases", "monitor/test_project", "diagnosis/test_runs",
    "demo/test_demo", "fleet/test_fleet", "formats/test_apart", "formats/test_expressions",
    "formats/test_fuzz", "stores/test_apart",
))  # fmt: skip
_TESTS = str(Path(__file__).parent)
_STARTERS = {"subprocess", "pty", "Popen"}
_SERVED = {  # fixtures with a terminal, a store, a service, a client of one
    "open_terminal", "place", "journal", "podman", "docker",
}  # fmt: skip
_ITS_SETTINGS = "_hypothesis_internal_use_settings"  # where its decorator keeps them
_FEW = 9  # examples of a property, where the quick tests alone are asked for


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark as slow what opens a screen, a terminal, a box or a process: `-m "not slow"` is quick.

    A test that is no coroutine may run one, as the tour of the screen does. There a property is tried on a few examples, which is what most mistakes need; the whole suite
    tries all.
    """
    if "not slow" in config.option.markexpr:
        _try_few(items)
    known: dict[Any, bool] = {}  # of a table of two hundred rows the function is looked at once
    for item in items:
        function, cls = getattr(item, "function", None), getattr(item, "cls", None)
        if (function, cls) not in known:
            screen = inspect.iscoroutinefunction(function) or "snap_compare" in item.fixturenames
            served = not _SERVED.isdisjoint(item.fixturenames)
            starts = _starts_a_process(function, set(), vars(cls or object))
            known[function, cls] = screen or served or starts or _is_dear(item.path)
        if known[function, cls]:
            item.add_marker("slow")


def _is_dear(path: Path) -> bool:
    """Every test of the file is slow."""
    return f"{path.parent.name}/{path.stem}" in _DEAR or path.parent.name == "remote"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where the quick tests alone are asked for, leave what has none: a fifth of the collecting."""
    return True if config.option.markexpr == "not slow" and _is_dear(collection_path) else None


def _try_few(items: Iterable[pytest.Item]) -> None:
    """Leave each property that hypothesis tries so many examples."""
    for item in items:
        function = getattr(item, "function", None)
        if getattr(function, "is_hypothesis_test", False):
            own = getattr(function, _ITS_SETTINGS, None) or hypothesis.settings.default
            if own.max_examples > _FEW:
                setattr(function, _ITS_SETTINGS, hypothesis.settings(own, max_examples=_FEW))


def _starts_a_process(part: Any, seen: set[Any], helpers: Mapping[str, Any]) -> bool:
    """Whether a test does so, itself or by a helper or a fixture that it names: half a second each.

    Args:
        part: a function or a class.
        seen: what was looked at.
        helpers: of the class of the test, name -> what it calls itself.
    """
    function = part.__init__ if inspect.isclass(part) else inspect.unwrap(part)
    code = getattr(function, "__code__", None)
    if code is None or code in seen or not code.co_filename.startswith(_TESTS):
        return False
    seen.add(code)
    given = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    named = {*_names(code), *given}
    called = [helpers.get(name, function.__globals__.get(name)) for name in named]
    return not _STARTERS.isdisjoint(named) or any(
        _starts_a_process(one, seen, helpers) for one in called if callable(one)
    )


def _names(code: CodeType) -> Iterator[str]:
    """What a function names, and what the functions within it name."""
    yield from code.co_names
    for part in code.co_consts:
        if inspect.iscode(part):
            yield from _names(part)


@pytest.fixture
def shared() -> Path:
    """The folder with real logs beside the repository; the test skips where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("no ../shared beside the repository")
    return SHARED.resolve()


def some_of(cases: Sequence[Any], each: int = 4) -> list[Any]:
    """Cases of a table of which one in so many is quick: the others show the same of other data."""
    slow = pytest.mark.slow
    return [one if i % each == 0 else pytest.param(one, marks=slow) for i, one in enumerate(cases)]


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
