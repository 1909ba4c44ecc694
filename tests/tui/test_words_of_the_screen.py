"""Every key, title and meaning of the screen has its text in each language."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lossmon.monitor.standing import WORDS
from lossmon.tui.palette import WITHOUT_KEY
from lossmon.tui.screens.help import _TITLES, SIGNS
from lossmon.tui.screens.leave import _WORDS
from lossmon.tui.triage import COLUMNS, ORDERS, TITLES
from lossmon.words import LANGUAGES, words

TUI = Path(__file__).resolve().parents[2] / "lossmon" / "tui"


def told() -> Iterator[str]:
    """What keys are called, what they say they do, titles and meanings of tables."""
    for path in sorted(TUI.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Binding":
                texts = [*node.args[2:3], *(k.value for k in node.keywords if k.arg == "tooltip")]
                yield from (ast.literal_eval(text) for text in texts)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                doc = ast.get_docstring(node) if node.name.startswith("action_") else None
                if doc:
                    yield doc.split("\n")[0].rstrip(".")
    yield from (words for _, words in WITHOUT_KEY)
    yield from (meaning for *_, meaning in [*SIGNS, *_WORDS])
    yield from _TITLES.values()
    yield from (column.title for column in COLUMNS)
    yield from (TITLES.get(order, order) for order in ORDERS)
    yield from WORDS


@pytest.mark.parametrize("lang", [lang for lang in LANGUAGES if lang != "en"])
def test_all_that_is_told_by_name_is_told_in_each_language(lang: str) -> None:
    table = words(lang).table
    missing = {text for text in told() if text not in table and re.search("[A-Za-z]{2}", text)}
    assert not missing, f"add to lossmon/words/{lang}/screen.toml: {sorted(missing)}"
