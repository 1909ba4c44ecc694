"""A Textual in which a private name is called otherwise: the screen comes up all the same."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lossmon.tui import textual_private
from tests.conftest import falling, training_rows, write_jsonl
from tests.tui.terminal import Terminal

# Reads the sources of Textual with a name changed throughout, as a release might change it.
RENAMED = """
import importlib.abc, importlib.machinery, re, sys
name = sys.argv.pop(1)

class Loader(importlib.machinery.SourceFileLoader):
    def get_code(self, fullname):
        source = re.sub(rf"\\b{name}\\b", name + "_now", self.get_source(fullname))
        return compile(source, self.path, "exec", dont_inherit=True)

class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, fullname, path, target=None):
        if fullname.split(".")[0] != "textual":
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec is not None and type(spec.loader) is importlib.machinery.SourceFileLoader:
            spec.loader = Loader(fullname, spec.loader.path)
        return spec

sys.meta_path.insert(0, Finder())
from lossmon.cli import main
main()
"""


def test_with_the_textual_that_is_here_nothing_is_missing() -> None:
    assert textual_private.DRAWING == ()
    assert textual_private.DRIVER == ()


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("ChopsUpdate", "drawing"),
        ("_batch_count", "drawing"),
        ("XTermParser", "driver"),
        ("_exception", ""),
    ],
)
def test_a_name_that_is_gone_costs_our_drawing_and_not_the_screen(
    tmp_path: Path, name: str, what: str
) -> None:
    log = write_jsonl(tmp_path / "log.jsonl", training_rows(falling(60)))
    told = tmp_path / "debug.txt"
    terminal = Terminal(
        name, "open", "--debug", str(told), str(log), program=(sys.executable, "-c", RENAMED)
    )
    try:
        terminal.wait_for("log.jsonl")
        terminal.wait_for("Healthy")
        terminal.send(b"q")
        assert terminal.end() == 0
    finally:
        terminal.close()
    warnings = [
        line for line in told.read_text().splitlines() if "Textual" in line and "lacks" in line
    ]
    assert len(warnings) == (1 if what else 0)
    assert not what or (name in warnings[0] and f"its own {what} is used" in warnings[0])
