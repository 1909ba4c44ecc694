"""The files of the package as syntax trees, for tests that hold what stands in them.

Only while a test runs, and one file after another: three test files parsed all of the package while
pytest collected, in each worker, and a case a file cost more than what it looked at. The trees of
all files are too many objects to keep.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "lossmon"


@cache
def files(folder: Path = PACKAGE) -> tuple[Path, ...]:
    """Every module in a folder and below it."""
    return tuple(sorted(folder.rglob("*.py")))


def tree(path: Path) -> ast.Module:
    """A module, parsed."""
    return ast.parse(path.read_text(encoding="utf-8"))


def nodes(path: Path) -> Iterator[ast.AST]:
    """Every node of a module."""
    return ast.walk(tree(path))


def named(path: Path) -> str:
    """A module by its place in the package."""
    return path.relative_to(PACKAGE).as_posix()


def demand(missing: Iterable[str]) -> None:
    """Fail with a line for each thing that is missing, and no more: what to do stands in it."""
    if lines := list(missing):
        pytest.fail("\n".join(lines), pytrace=False)
