"""The areas of the main screen: what several of them use is public."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SCREENS = Path(__file__).resolve().parents[2] / "lossmon" / "tui" / "screens"


def _private(path: Path) -> Iterator[tuple[str, set[str], set[str]]]:
    """For each class: its name, its own private names, and those that it uses of itself."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.ClassDef):
            continue
        attributes = [
            one
            for one in ast.walk(node)
            if isinstance(one, ast.Attribute)
            and re.match("_(?!_)", one.attr)
            and ast.unparse(one.value) in ("self", "cls", "super()")
        ]
        own = {one.attr for one in attributes if isinstance(one.ctx, ast.Store)}
        own |= {one.name for one in ast.walk(node) if isinstance(one, ast.FunctionDef)}
        own |= {
            target.id
            for one in node.body
            for target in getattr(one, "targets", [getattr(one, "target", None)])
            if isinstance(target, ast.Name)
        }
        yield node.name, own, {one.attr for one in attributes}


@pytest.mark.parametrize("path", sorted(SCREENS.glob("*.py")), ids=lambda path: path.name)
def test_the_areas_of_the_main_screen_share_no_private_name(path: Path) -> None:
    """What several of them use is public, and said where it is owned: `shared.py` or an area."""
    for name, own, used in _private(path):
        assert not used - own, f"{name} uses {sorted(used - own)} of another class"
