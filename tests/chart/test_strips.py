"""Strips: one file each, found by its name in every place that offers them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossmon.chart import strips
from lossmon.chart.strips import NAMES, Strip, strip_named
from lossmon.cli import cli
from lossmon.config.screen import Screen
from lossmon.words import Said, words

FOLDER = Path(strips.__file__).parent


def test_each_file_is_named_and_each_name_has_its_file() -> None:
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    assert files == {name.lower().replace(" ", "_") for name in NAMES}, "see strips/__init__.py"


@pytest.mark.parametrize("name", NAMES)
def test_a_strip_finds_its_curve_and_has_words_in_every_language(name: str) -> None:
    strip = strip_named(name)
    assert isinstance(strip, Strip)
    table = words("zh").table
    assert name in table or name.isupper()
    assert not isinstance(strip.label, Said) or strip.label.template in table


def test_the_command_and_the_settings_offer_all_of_them() -> None:
    (option,) = [one for one in cli.commands["plot"].params if one.name == "strip"]
    assert list(option.type.choices) == [*NAMES, "off"]  # type: ignore[attr-defined]
    field = Screen.__dataclass_fields__["strip"]
    assert tuple(field.metadata["one_of"]) == (*NAMES, "off")
