"""Small changes of the product that its tests should notice: what survives, nothing guards.

    python -m tests.mutation [--every N] [--seed S] [NAME...]
    python -m tests.mutation --spread 60 --seed S

Each mutant is one change of one node of the syntax tree, written into a copy of the package; the
test files next to the file are run against it until the first failure. Prints the survivors, and
exits with 1 where there are some. With --spread so many files are drawn over all folders, and one
mutant of each is run against the quick tests that name the file, then against those of its folder.
Outside the suite: a mutant costs seconds.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

# What tests load, here once for all mutants.
import click  # noqa: F401
import hypothesis  # noqa: F401
import numpy  # noqa: F401
import pandas  # noqa: F401
import pytest
import textual.app  # noqa: F401

ROOT = Path(__file__).resolve().parents[1]
# File below lossmon/ -> the test files next to it.
TARGETS = {
    "logs/follower.py": "tests/logs/test_follower.py tests/logs/test_follower_table.py",
    "logs/inbox.py": "tests/logs/test_inbox.py tests/logs/test_wire.py",
    "logs/plain.py": "tests/logs/test_plain.py",
    "diagnosis/engine.py": "tests/diagnosis/test_engine_table.py tests/diagnosis/test_live.py",
    "diagnosis/alarm.py": "tests/diagnosis/test_engine_table.py tests/diagnosis/test_live.py",
    "history/columns.py": "tests/history/test_columns_table.py tests/history/test_history.py",
    "report/template.py": "tests/report/test_template.py",
}
_COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_REPLACED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
_LONGEST_S = 300  # of the tests of a file, on a machine however busy
_MOST_CPU_S = 120  # likewise, of their processor
_ENOUGH_S = 30  # of processor for one mutant: what then lives has survived
_ANY = [
    "tests/config/test_config.py",
    "tests/report/test_against.py",
]  # of a file that no test imports


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in place of a node."""
    changed = copy.deepcopy(node)
    if isinstance(changed, ast.Compare) and type(changed.ops[0]) in _COMPARED:
        changed.ops[0] = _COMPARED[type(changed.ops[0])]()
        yield changed
    elif isinstance(changed, ast.BoolOp):
        changed.op = ast.And() if isinstance(changed.op, ast.Or) else ast.Or()
        yield changed
        for i in range(len(changed.values)):
            less = copy.deepcopy(node)
            assert isinstance(less, ast.BoolOp)
            del less.values[i]
            yield less if len(less.values) > 1 else less.values[0]
    elif isinstance(changed, ast.BinOp) and type(changed.op) in _REPLACED:
        changed.op = _REPLACED[type(changed.op)]()
        yield changed
    elif isinstance(changed, ast.UnaryOp) and isinstance(changed.op, ast.Not):
        yield changed.operand
    elif isinstance(changed, ast.Constant) and type(changed.value) is bool:
        changed.value = not changed.value
        yield changed
    elif isinstance(changed, ast.Constant) and type(changed.value) in (int, float):
        changed.value += 1
        yield changed
    elif isinstance(changed, ast.Expr) and isinstance(changed.value, ast.Call):
        yield ast.Pass()


def _parts(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Every node with the place where it hangs; not what only types or documents."""
    declared = {
        id(node)
        for part in ast.walk(tree)
        for one in getattr(part, "decorator_list", ())
        for node in ast.walk(one)
    }
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if id(parent) in declared or name in (
                "annotation", "returns", "slice", "decorator_list",
            ):  # fmt: skip
                continue
            if isinstance(value, ast.AST):
                yield parent, name, None, value
            elif isinstance(value, list):
                nodes = ((i, node) for i, node in enumerate(value) if isinstance(node, ast.AST))
                yield from ((parent, name, i, node) for i, node in nodes)


def mutants(source: str) -> Iterator[tuple[int, str, Callable[[], str]]]:
    """Each mutant of a file: its line, the change, and what gives the whole text.

    The text is written when it is asked for: to write it for each of some hundred mutants of sixty
    files, of which one is drawn, took a minute.
    """
    tree = ast.parse(source)
    for parent, name, i, node in list(_parts(tree)):
        if not hasattr(node, "lineno"):
            continue
        for changed in changes(node):
            told = f"{ast.unparse(node)[:60]}  ->  {ast.unparse(changed)[:60]}"
            yield node.lineno, told, partial(_changed, tree, parent, name, i, changed)


def _changed(tree: ast.Module, parent: ast.AST, name: str, i: int | None, node: ast.AST) -> str:
    """The text of a file with another node in one place; the tree stays as it is."""
    field = getattr(parent, name)
    if i is None:
        setattr(parent, name, node)
    else:
        setattr(parent, name, [*field[:i], node, *field[i + 1 :]])
    try:
        return ast.unparse(ast.fix_missing_locations(tree))
    finally:
        setattr(parent, name, field)


def drawn(count: int, seed: int) -> list[tuple[str, int, str, Callable[[], str]]]:
    """So many mutants, spread over the folders: file, line, change, the whole text."""
    rng = random.Random(seed)
    folders: dict[str, list[Path]] = {}
    for path in sorted((ROOT / "lossmon").rglob("*.py")):
        if path.name != "__init__.py":
            folders.setdefault(path.relative_to(ROOT / "lossmon").parts[0], []).append(path)
    chosen: list[Path] = []
    while len(chosen) < count:  # a folder has its turn until it has no more files
        for paths in folders.values():
            if paths:
                chosen += [paths.pop(rng.randrange(len(paths)))]
    found = []
    for path in chosen[:count]:
        made = list(mutants(path.read_text(encoding="utf-8")))
        if made:
            found.append((str(path.relative_to(ROOT / "lossmon")), *rng.choice(made)))
    return found


def near(name: str) -> list[str]:
    """The test files that import a file of lossmon/; where none does, those of its folder."""
    dotted = "lossmon." + name.removesuffix(".py").replace("/", ".")
    folder, _, stem = dotted.rpartition(".")
    told = re.compile(
        rf"(?:from|import) {re.escape(dotted)}\b|from {re.escape(folder)} import .*\b{stem}\b"
    )
    tests = sorted((ROOT / "tests").rglob("test_*.py"))
    found = [one for one in tests if told.search(one.read_text(encoding="utf-8"))]
    found += [one for one in tests if one.stem == f"test_{stem}" and one not in found]
    package = re.compile(rf"(?:from|import) {re.escape(folder)}(?: import|$)", re.M)
    if not found and folder != "lossmon":
        found = [one for one in tests if package.search(one.read_text(encoding="utf-8"))]
        found = found or [one for one in tests if one.parent.name == name.split("/")[0]]
    own = name.split("/")[0] if "/" in name else "tests"
    found.sort(key=lambda one: (one.stem != f"test_{stem}", _folder(one) != own))
    return [str(one.relative_to(ROOT)) for one in found] or _ANY


def _folder(test: Path) -> str:
    """The folder of a test file below tests/; of one in tests/ itself that."""
    return test.relative_to(ROOT).parts[-2]


def beside(name: str) -> list[str]:
    """The test files of the folder of a file of lossmon/, without those that `near` gives.

    Those that name it most come first: `restart` of the patterns is a word of the tests of findings.
    """
    place = ROOT / "tests" / (name.split("/")[0] if "/" in name else "")
    tests = place.rglob("test_*.py") if "/" in name else place.glob("test_*.py")
    others = {str(one.relative_to(ROOT)): one for one in tests}
    for one in near(name):
        others.pop(one, None)
    word = re.compile(rf"\b{re.escape(Path(name).stem)}\b")
    told = {one: len(word.findall(path.read_text("utf-8"))) for one, path in others.items()}
    return sorted(others, key=lambda one: (-told[one], one))


def survives(folder: Path, test: str) -> bool:
    """Whether the quick tests of a file pass against the copy of the package in a folder.

    A child is forked from here, where what they need of other packages is loaded already: to load
    it anew took longer than most tests.
    """
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = _run(folder, test)
        finally:
            os._exit(status)
    for _ in range(_LONGEST_S * 20):
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status) in (0, 5)  # 5: there is no quick test at all
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def _run(folder: Path, test: str) -> int:
    """The status of pytest, in a process that is to end with it."""
    os.setpgid(0, 0)
    resource.setrlimit(resource.RLIMIT_CPU, (_MOST_CPU_S, _MOST_CPU_S))  # of a loop without end
    os.chdir(folder)
    os.environ.update(PYTHONPATH=str(folder), PYTHONDONTWRITEBYTECODE="")
    sys.dont_write_bytecode = False  # what no mutant changed is compiled once for all
    for name in [one for one in sys.modules if one.split(".")[0] in ("tests", "lossmon")]:
        del sys.modules[name]
    sys.path[:] = [str(folder), *(place for place in sys.path if place not in ("", str(ROOT)))]
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    args = ["-q", "-x", "-n", "0", "-p", "no:cacheprovider", "-m", "not slow", test]
    args += ["-W", "ignore:Module already imported"]  # on purpose: see above
    return int(pytest.main(args))


def main() -> int:
    """Try mutants and list survivors; the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="files below lossmon/ [default: all of the table]")
    parser.add_argument("--every", type=int, default=1, help="try one of so many mutants")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--spread", type=int, default=0, help="so many files, one mutant of each")
    parser.add_argument("--part", default="0/1", help="of those the I-th of N")
    told = parser.parse_args()
    which, of = map(int, told.part.split("/"))
    with tempfile.TemporaryDirectory(prefix="mutation") as temporary:
        folder = Path(temporary)
        for part in ("lossmon", "tests", ".github", "screenshots", "findings"):
            shutil.copytree(ROOT / part, folder / part)
        for part in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / part, folder)
        if told.spread:
            chosen = drawn(told.spread, told.seed)
        else:
            chosen = [
                (name, *mutant)
                for name in told.names or TARGETS
                for mutant in _some(name, told.every, told.seed)
            ]
        return _try(folder, chosen[which::of], whole=bool(told.spread))


def _some(name: str, every: int, seed: int) -> list[tuple[int, str, Callable[[], str]]]:
    """One of so many mutants of a file below lossmon/."""
    found = list(mutants((ROOT / "lossmon" / name).read_text(encoding="utf-8")))
    return random.Random(seed).sample(found, -(-len(found) // every))


def _try(
    folder: Path, chosen: list[tuple[str, int, str, Callable[[], str]]], *, whole: bool
) -> int:
    """Run each mutant against the tests near it, and `whole` against the others of its folder."""
    sound: dict[str, bool] = {}  # test file -> whether it passes as it is: else it proves nothing
    left = 0
    for name, line, change, text in chosen:
        place, began = folder / "lossmon" / name, _used()
        source, mutant = place.read_text(encoding="utf-8"), text()
        tests = TARGETS[name].split() if name in TARGETS and not whole else near(name)
        killer = ""
        for test in [*tests, *(beside(name) if whole else [])]:
            _write(place, mutant)
            passed = survives(folder, test)
            _write(place, source)
            if not passed and test not in sound:
                sound[test] = survives(folder, test)
                if not sound[test]:
                    print(f"fails as it is: {test}", flush=True)
            if not passed and sound[test]:
                killer = test
                break
            if _used() - began > _ENOUGH_S:
                break
        left += not killer
        if whole or not killer:
            told = f"died     ({killer})" if killer else "survived"
            print(f"{told} {name}:{line}: {change}  ({_used() - began:.0f} s)", flush=True)
    print(f"{left} of {len(chosen)} mutants survived")
    return int(left > 0)


def _write(place: Path, text: str) -> None:
    """Put a text in place of a file, and forget what it was compiled to.

    That is told by size and second alone: a mutant often has those of the file.
    """
    place.write_text(text, encoding="utf-8")
    for compiled in (place.parent / "__pycache__").glob(f"{place.stem}.*"):
        compiled.unlink()


def _used() -> float:
    """Seconds of processor that children have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
