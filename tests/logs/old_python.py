"""Python 3.6, which is all that some boxes have: what is sent to them must run there."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import ModuleType

import pytest


def python_3_6(folder: Path, *modules: ModuleType) -> str:
    """The interpreter, with these modules of `lossmon.logs`, and nothing else, in a folder."""
    old = sorted(Path.home().glob(".pyenv/versions/3.6*/bin/python"))
    if not old:
        pytest.skip("no Python 3.6 on this machine")
    package = folder / "lossmon" / "logs"
    package.mkdir(parents=True)
    for module in modules:
        shutil.copy(str(module.__file__), package)
    return str(old[0])
