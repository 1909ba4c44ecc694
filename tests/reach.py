"""Which quick test reaches which line of lossmon/: what a mutant of a line is tried against.

    python -m tests.reach [TESTS...]

Runs the quick tests once under coverage (minutes) and writes the map that `tests.mutation` reads. With
files of tests those alone are run, and put into the map in place of what it has of them: the rest of
it is right as long as no line of the product has another number. Needs the package `coverage`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import coverage
import pytest

ROOT = Path(__file__).resolve().parents[1]
MAP = ROOT / ".reach.json"
_SLOWER = 5  # so many times as long as without it, and beside another worker
_FOLDER = "LOSSMON_REACH"  # where each process of pytest leaves its part


class Reach:
    """A plug-in of pytest that keeps the lines that each test runs, and its seconds."""

    def __init__(self, folder: str) -> None:
        self._place = Path(folder) / f"{os.getpid()}.json"
        self._seconds: dict[str, float] = defaultdict(float)
        self._coverage = coverage.Coverage(data_file=None, source=[str(ROOT / "lossmon")])
        self._coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Keep what runs here under the name of the test."""
        self._coverage.switch_context(item.nodeid)
        result = yield
        self._coverage.switch_context("")
        return result

    def pytest_runtest_makereport(self, item: pytest.Item, call: Any) -> None:
        """Keep what a part of a test took, and nothing of one that failed."""
        self._seconds[item.nodeid] += call.duration / _SLOWER
        if call.excinfo is not None:
            self._seconds[item.nodeid] = float("inf")

    def pytest_sessionfinish(self) -> None:
        """Leave what was kept."""
        self._coverage.stop()
        data = self._coverage.get_data()
        lines = {
            str(Path(file).relative_to(ROOT)): data.contexts_by_lineno(file)
            for file in data.measured_files()
        }
        seconds = {test: took for test, took in self._seconds.items() if took < float("inf")}
        self._place.write_text(json.dumps({"lines": lines, "seconds": seconds}))


def pytest_configure(config: pytest.Config) -> None:
    """Take part where the map is made."""
    folder = os.environ.get(_FOLDER)
    if folder and hasattr(config, "workerinput"):
        config.pluginmanager.register(Reach(folder))


def main() -> None:
    """Make the map anew, or that of some tests."""
    some = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="reach") as folder:
        args = ["-q", "-n", "2", "-p", "tests.reach", "-p", "no:cacheprovider", "-m", "not slow"]
        here = {**os.environ, _FOLDER: folder}
        command = [sys.executable, "-m", "pytest", *args, *some]
        subprocess.run(command, cwd=ROOT, env=here, check=False)
        parts = [json.loads(place.read_text()) for place in Path(folder).iterdir()]
    if some and MAP.exists():
        parts.append(_without(json.loads(MAP.read_text()), tuple(some)))
    MAP.write_text(json.dumps(_whole(parts)))


def _without(known: dict[str, Any], files: tuple[str, ...]) -> dict[str, Any]:
    """A map as a process leaves it, without the tests of some files."""
    names = [name for name, _ in known["tests"]]
    stays = [not name.startswith(files) for name in names]
    lines: dict[str, dict[str, list[str]]] = {
        file: {line: [names[one] for one in tests if stays[one]] for line, tests in lines.items()}
        for file, lines in known["lines"].items()
    }
    for file, at in known["at_import"].items():
        for line in at:
            lines.setdefault(file, {}).setdefault(line, []).append("")
    seconds = {name: took for (name, took), held in zip(known["tests"], stays, strict=True) if held}
    return {"seconds": seconds, "lines": lines}


def _whole(parts: list[Any]) -> dict[str, Any]:
    """The map: tests, the shortest first; the lines of files, and which of those tests reach them."""
    seconds = {test: took for part in parts for test, took in part["seconds"].items()}
    names = sorted(seconds, key=seconds.__getitem__)
    number = {name: i for i, name in enumerate(names)}
    reached: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    at_import: dict[str, set[str]] = defaultdict(set)
    for part in parts:
        for file, lines in part["lines"].items():
            for line, tests in lines.items():
                reached[file][line].update(number[one] for one in tests if one in number)
                if "" in tests:
                    at_import[file].add(line)
    return {
        "tests": [(name, round(seconds[name], 4)) for name in names],
        "lines": {
            file: {line: sorted(tests) for line, tests in lines.items()}
            for file, lines in reached.items()
        },
        "at_import": {file: sorted(lines) for file, lines in at_import.items()},
    }


if __name__ == "__main__":
    main()
