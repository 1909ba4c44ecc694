"""Small changes of the product that its quick tests should notice: what survives, nothing guards.

    python -m tests.reach
    python -m tests.mutation [--every N] [--seed S] [NAME...]
    python -m tests.mutation --spread 60 --seed S

Each mutant is one change of one node of the syntax tree. The quick tests that reach its line (see
`tests.reach`) are run against it, the shortest first, until one fails. With --spread so many files
are drawn over all folders, and one mutant of each. Prints what became of each, and exits with 1
where some survived. Outside the suite: a mutant costs a second.

Tests are collected once; each mutant is tried in a process forked from there, where the functions of
the file get other code. What runs when a file is imported is imported anew, with the tests.
"""

from __future__ import annotations

import argparse
import gc
import importlib.machinery
import json
import os
import random
import re
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import CodeType, FunctionType

# What tests load, here once for all mutants.
import click  # noqa: F401
import hypothesis  # noqa: F401
import numpy  # noqa: F401
import pandas  # noqa: F401
import pytest
import textual.app  # noqa: F401

from tests.mutants import Mutant, drawn, mutants
from tests.reach import MAP, ROOT

_LONGEST_S = 90  # of the tests of a mutant, on a machine however busy
_MOST_CPU_S = 60  # likewise, of their processor
_ENOUGH_S = 20  # of tests, by what they took when the map was made, for one mutant
_ENOUGH_NAMING_S = 4  # likewise, of those whose file has the name of what is changed
_FIRST_FILES = 6  # of tests, of what must import them anew: those that reach it most of all


class Trial:
    """A plug-in of pytest that tries mutants where it would have run what was collected."""

    def __init__(self, chosen: Sequence[Mutant]) -> None:
        self._chosen = chosen
        known = json.loads(MAP.read_text())
        self._seconds: dict[str, float] = dict(known["tests"])
        self._names = list(self._seconds)
        self._lines: dict[str, dict[str, list[int]]] = known["lines"]
        self._at_import = {file: set(lines) for file, lines in known["at_import"].items()}
        self._each = Counter(map(_file, self._names))
        self._sound: dict[
            str, bool
        ] = {}  # test -> whether it passes as it is: else it proves nothing
        self._items: dict[str, pytest.Item] = {}
        self.left = 0

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try each mutant."""
        self._items = {item.nodeid: item for item in session.items}
        for mutant in self._chosen:
            began, tests = _used(), self._reaching(mutant)
            killer = self._killer(mutant, tests) if tests else None
            self.left += not killer
            told = f"died     ({killer})" if killer else "survived" if tests else "unreached"
            print(f"{told} {mutant}  ({_used() - began:.0f} s, {len(tests)} tests)", flush=True)
        return True

    def _reaching(self, mutant: Mutant) -> list[str]:
        """The tests for a mutant, the shortest first."""
        lines = self._lines.get(mutant.file, {})
        tests = {one for at in (mutant.line, mutant.statement) for one in lines.get(str(at), ())}
        if self._is_imported(mutant):
            tests.update(*lines.values())
            if mutant.defines:
                tests.update(self._naming(mutant.defines))
        told_of = self._telling(mutant.defines) - tests if mutant.defines else ()
        return [*self._shortest(tests, _ENOUGH_S), *self._shortest(told_of, _ENOUGH_NAMING_S)]

    def _shortest(self, tests: Iterable[int], seconds: float) -> list[str]:
        """The shortest of some tests, that take so long together."""
        found, spent = [], 0.0
        for one in sorted(tests):
            spent += self._seconds[self._names[one]]
            if spent > seconds:
                break
            found += [self._names[one]]
        return found

    def _telling(self, name: str) -> set[int]:
        """The tests in whose file a name stands: one that holds a default runs no line that has it."""
        word = re.compile(rf"\b{re.escape(name)}\b")
        files = {one for one in self._each if word.search((ROOT / one).read_text("utf-8"))}
        return {at for at, one in enumerate(self._names) if _file(one) in files}

    def _is_imported(self, mutant: Mutant) -> bool:
        """Whether its line runs while files are imported, or tests collected."""
        known = self._at_import.get(mutant.file, ())
        return mutant.defines is not None or str(mutant.statement) in known

    def _naming(self, name: str) -> Iterator[int]:
        """The tests that reach a line with a name."""
        word = re.compile(rf"\b{re.escape(name)}\b")
        for file, lines in self._lines.items():
            for number, text in enumerate((ROOT / file).read_text("utf-8").splitlines(), 1):
                if word.search(text):
                    yield from lines.get(str(number), ())

    def _killer(self, mutant: Mutant, tests: list[str]) -> str | None:
        """The first test that fails."""
        if not self._is_imported(mutant):
            return self._failing(tests, lambda: self._run(mutant, tests))
        reaching = Counter(map(_file, tests))
        best = sorted(reaching, key=lambda one: (-reaching[one] / self._each[one], one))
        first = [one for one in tests if _file(one) in best[:_FIRST_FILES]]
        rest = [one for one in tests if _file(one) not in best[:_FIRST_FILES]]
        return next(
            (
                killer
                for some in (first, rest)
                if some and (killer := self._failing(some, lambda some=some: _anew(mutant, some)))
            ),
            None,
        )

    def _failing(self, tests: list[str], run: Callable[[], str]) -> str | None:
        """What a run in a process of its own says that fails, if it does not without the mutant."""
        killer = _apart(run)
        if killer in self._items and killer not in self._sound:
            self._sound[killer] = not _apart(lambda: self._run(None, [killer]))
            if not self._sound[killer]:
                print(f"fails as it is: {killer}", flush=True)
        if killer and not self._sound.get(killer, True):
            others = [one for one in tests if self._sound.get(one, True)]
            return self._failing(others, run) if len(others) < len(tests) else None
        return killer

    def _run(self, mutant: Mutant | None, tests: Iterable[str]) -> str:
        """The first test that fails here, where the functions of a file get other code."""
        if mutant:
            code = mutant.code()
            _hand_out(code)  # to `runpy`
            if not _exchange(code):
                return _anew(mutant, list(tests))
        failed = Failed()
        items = [self._items[one] for one in tests if self._sound.get(one, True)]
        items[0].config.pluginmanager.register(failed)
        for i, item in enumerate(items):
            following = items[i + 1] if i + 1 < len(items) else None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if failed.first:
                break
        return failed.first


class Failed:
    """A plug-in that keeps the first test that fails."""

    first = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep it."""
        if report.failed:
            self.first = self.first or report.nodeid


def _exchange(code: CodeType) -> bool:
    """Give each function of a file the code that it has there; False if they cannot be told apart."""
    new: dict[tuple[str, int], CodeType] = {}
    todo = [code]
    while todo:
        part = todo.pop()
        new[part.co_name, part.co_firstlineno] = part
        todo += [one for one in part.co_consts if isinstance(one, CodeType)]
    gc.unfreeze()
    for one in gc.get_objects():
        if type(one) is FunctionType and one.__code__.co_filename == code.co_filename:
            own = new[one.__code__.co_name, one.__code__.co_firstlineno]
            if own.co_freevars != one.__code__.co_freevars:
                return False
            if own.co_name != "<lambda>":
                one.__code__ = own
    return True


def _hand_out(code: CodeType) -> None:
    """Have whoever imports its file from here on get other code of it."""
    loader = importlib.machinery.SourceFileLoader
    as_it_is = loader.get_code

    def get_code(self: importlib.machinery.SourceFileLoader, name: str) -> CodeType | None:
        own = self.get_filename(name) == code.co_filename
        return code if own else as_it_is(self, name)

    loader.get_code = get_code  # type: ignore[method-assign]


def _anew(mutant: Mutant, tests: list[str]) -> str:
    """The first test that fails where all is imported again, a file with other code."""
    _hand_out(mutant.code())
    for name in [one for one in sys.modules if one.split(".")[0] in ("tests", "lossmon")]:
        del sys.modules[name]
    failed = Failed()
    status = pytest.main([*_ARGS, "-x", *sorted(set(map(_file, tests)))], [failed, Only(tests)])
    return failed.first or ("nothing can be imported" if status not in (0, 5) else "")


class Only:
    """A plug-in that leaves some tests, in their order."""

    def __init__(self, tests: list[str]) -> None:
        self._place = {name: i for i, name in enumerate(tests)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave them."""
        items[:] = [one for one in items if one.nodeid in self._place]
        items.sort(key=lambda one: self._place[one.nodeid])


_ARGS = ["-q", "-n", "0", "-p", "no:cacheprovider", "-m", "not slow"]
_ARGS += ["-W", "ignore:Module already imported"]  # on purpose: see above


def _file(test: str) -> str:
    """The file of a test."""
    return test.split("::")[0]


def _apart(run: Callable[[], str]) -> str:
    """What a function says in a process of its own; what ended that, if it says nothing."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_CPU, (_MOST_CPU_S, _MOST_CPU_S))  # a loop without end
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nowhere, stream)
        try:
            os.write(theirs, f"\n{run()}".encode())
        finally:
            os._exit(0)
    os.close(theirs)
    said, until = b"", time.monotonic() + _LONGEST_S
    os.set_blocking(ours, False)
    while time.monotonic() < until:
        ended = os.waitpid(child, os.WNOHANG)[0]
        try:
            said += os.read(ours, 10_000)
        except BlockingIOError:
            pass
        if ended:
            break
        time.sleep(0.01)
    else:
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
    os.close(ours)
    return said.decode().removeprefix("\n") if said else "it does not end"


def _used() -> float:
    """Seconds of processor that children have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Try mutants and list what became of them; the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="files below lossmon/")
    parser.add_argument("--every", type=int, default=1, help="try one of so many mutants")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--spread", type=int, default=0, help="so many files, one mutant of each")
    parser.add_argument("--part", default="0/1", help="of those the I-th of N")
    told = parser.parse_args()
    which, of = map(int, told.part.split("/"))
    chosen = drawn(told.spread, told.seed)
    for name in told.names:
        found = mutants(f"lossmon/{name}")
        chosen += random.Random(told.seed).sample(found, -(-len(found) // told.every))
    trial = Trial(chosen[which::of])
    pytest.main([*_ARGS, "-s"], [trial])
    print(f"{trial.left} of {len(chosen[which::of])} mutants survived")
    return int(trial.left > 0)


if __name__ == "__main__":
    sys.exit(main())
