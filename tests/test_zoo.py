"""What real trainers wrote when the zoo was last run is read as they meant it (see tests/zoo)."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.zoo import results
from tests.zoo.compare import differences, read, truth_of
from tests.zoo.recipe import load, names

RESULTS = results.load()
HOW = "run `python -m tests.zoo --stored {}`: it brings RESULTS.md and formats.md up to date"


@pytest.mark.parametrize("name", sorted(path.name for path in results.STORED.iterdir()))
@pytest.mark.slow
def test_what_a_tool_wrote_is_read_as_it_logged_it(name: str) -> None:
    place = results.STORED / name
    later = time.time() + 86_400.0
    wrong = differences(load(name), truth_of(place / "truth.jsonl"), read(place / "run", later))
    assert tuple(wrong) == RESULTS[name].rest, HOW.format(name)


def test_a_recipe_pins_what_it_installs() -> None:
    for recipe in map(load, names()):
        assert all("==" in one for one in recipe.dependencies[:1]), recipe.dependencies
        compile(recipe.script.read_text(encoding="utf-8"), str(recipe.script), "exec")


def test_the_table_survives_being_written_and_read() -> None:
    for name, one in RESULTS.items():
        assert results.untold(one.line()) == one, name


def test_the_reference_names_what_each_format_was_last_checked_with() -> None:
    page = Path(results.PAGE).read_text(encoding="utf-8")
    assert results.formats_table() in page, HOW.format("")
