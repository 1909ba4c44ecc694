"""What is new is registered everywhere: each test names what is left out, and where it belongs.

A format without its name in `FORMATS` is never asked, and every other test stays green.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from lossmon.chart import strips
from lossmon.chart.strips import strip_named
from lossmon.cli import cli
from lossmon.config import default_text
from lossmon.diagnosis import knowledge, patterns
from lossmon.diagnosis.finding import PATTERN_IDS, CauseId
from lossmon.formats import detect
from lossmon.logs import schemes
from lossmon.report.manual import page
from lossmon.words import Said, words
from tests.diagnosis import test_of_kinds
from tests.diagnosis.curves import CURVES
from tests.formats.samples import SAMPLES
from tests.sources import PACKAGE, demand
from tests.test_readme import PAGES, block
from tests.zoo.results import formats_table

LANGUAGES = knowledge.LANGUAGES
WORDS = "lossmon/diagnosis/knowledge"
# Formats that are seen in other tests: of SQLite, of wrapped and whole JSON, of any text.
SEEN_ELSEWHERE = {"store", "json-messages", "json", "text"}


def modules(package: object) -> list[str]:
    """The modules in the folder of a package."""
    folder = Path(str(package.__file__)).parent  # type: ignore[attr-defined]
    return sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")


def test_every_format_is_asked() -> None:
    named = {*detect.FORMATS, *detect.BINARY}
    demand(
        f'lossmon/formats/{name}.py: add "{name}" to FORMATS (or BINARY) of formats/detect.py'
        for path in sorted((PACKAGE / "formats").glob("*.py"))
        if (name := path.stem) not in named
        and all(re.search(rf"(?m)^{word} = ", path.read_text()) for word in ("NAME", "READS"))
    )


def test_every_format_has_a_sample() -> None:
    names = {name for name, *_ in detect.table()}
    demand(
        f"{name}: add a log of it to SAMPLES of tests/formats/samples.py"
        for name in sorted(names - SAMPLES.keys() - SEEN_ELSEWHERE)
    )


def test_every_format_is_in_the_table() -> None:
    if formats_table() not in PAGES["formats.md"]:
        rows = [row for row in formats_table().splitlines() if row not in PAGES["formats.md"]]
        demand([
            f"{row.split(' | ')[0].lstrip('| ')}: run `python -m tests.zoo --table`, which writes "
            "it into .github/docs/formats.md"
            for row in rows or ["| the order of the rows | "]
        ])  # fmt: skip


def test_every_place_is_asked() -> None:
    demand(
        f'lossmon/logs/schemes/{name}.py: add "{name}" to BUILT of schemes/__init__.py'
        for name in modules(schemes)
        if name not in schemes.BUILT
    )


def test_every_place_is_in_the_table() -> None:
    demand(
        f"add to the table of .github/docs/places.md: {row}"
        for cells in schemes.table()
        if (row := f"| {' | '.join(cells)} |") not in PAGES["places.md"]
    )


def test_every_pattern_has_its_id() -> None:
    demand(
        f'lossmon/diagnosis/patterns/{name}.py: add "{name}" to PatternId of diagnosis/finding.py'
        for name in modules(patterns)
        if name not in PATTERN_IDS
    )


def test_every_pattern_is_in_the_reference() -> None:
    demand(
        f"{name}: add `{name}` to .github/docs/patterns.md"
        for name in PATTERN_IDS
        if f"`{name}`" not in PAGES["patterns.md"]
    )


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_pattern_and_every_cause_has_its_words(lang: str) -> None:
    told = knowledge.load(lang)
    file = f"{WORDS}/{lang}.toml"
    demand(
        f"{name}: add the table [pattern.{name}] with {field} to {file}"
        for name in PATTERN_IDS
        for field in ("title", "meaning", "remedies")
        if name not in told.patterns or not getattr(told.patterns[name], field)
    )
    demand(f"[pattern.{name}] of {file}: no such pattern" for name in told.patterns
           if name not in PATTERN_IDS)  # fmt: skip
    causes = set(get_args(CauseId))
    demand(f"{name}: add the table [cause.{name}] to {file}"
           for name in sorted(causes - set(told.causes)))  # fmt: skip
    demand(
        f'{name}: add "{name}" to CauseId of diagnosis/finding.py'
        for name in sorted({*told.causes} - causes)
    )


def test_every_limit_of_a_pattern_is_told_in_chinese() -> None:
    """What `explain -v` prints beside each number: its unit, and where it comes from."""
    units, sources = knowledge.limits("zh")
    demand(
        f'{pattern.id}.{name}: add "{text}" to [{table}] of {WORDS}/limits.zh.toml'
        for pattern in patterns.PATTERNS.values()
        for name, limit in pattern.limits.named().items()
        for table, text, there in (
            ("units", limit.unit, units),
            ("sources", limit.source, sources),
        )
        if text not in there
    )


def test_every_pattern_has_a_log_that_shows_it_and_one_that_does_not() -> None:
    tables = {"SAID": test_of_kinds.SAID, "NOT_SAID": test_of_kinds.NOT_SAID}
    demand(
        f"{name}: add a log to {table} of tests/diagnosis/test_of_kinds.py"
        for name in PATTERN_IDS
        for table, there in tables.items()
        if name not in there and name not in test_of_kinds.ELSEWHERE
    )
    folder = Path(test_of_kinds.__file__).parent
    others = [path.read_text() for path in folder.glob("*.py") if path.stem != "test_of_kinds"]
    demand(
        f"{name}: no test of tests/diagnosis names it; take it out of ELSEWHERE of test_of_kinds.py"
        for name in sorted(test_of_kinds.ELSEWHERE)
        if name not in CURVES and not any(f'"{name}"' in text for text in others)
    )


def test_every_strip_has_its_name_and_its_file() -> None:
    files = {name.lower().replace(" ", "_"): name for name in strips.NAMES}
    there = modules(strips)
    demand(f'chart/strips/{name}.py: add "{name.replace("_", " ")}" to NAMES of strips/__init__.py'
           for name in there if name not in files)  # fmt: skip
    demand(f'"{name}" of NAMES in strips/__init__.py: add lossmon/chart/strips/{file}.py'
           for file, name in files.items() if file not in there)  # fmt: skip


def test_every_strip_has_its_words_in_each_language() -> None:
    table = words("zh").table
    labels = [(name, name) for name in strips.NAMES if not name.isupper()]
    labels += [
        (name, label.template)
        for name in strips.NAMES
        if isinstance(label := strip_named(name).label, Said)
    ]
    demand(
        f'the strip {name}: add "{text}" to lossmon/words/zh/screen.toml'
        for name, text in labels
        if text not in table
    )


def test_every_setting_is_shown() -> None:
    if block("toml", "# Settings of lossmon") != default_text():
        demand(["put the output of `lossmon config --default` into .github/docs/settings.md"])


@pytest.mark.parametrize(("name", "lang"), [("lossmon.1", "en"), ("lossmon.zh.1", "zh")])
def test_the_manual_that_is_shipped_is_what_the_commands_say(name: str, lang: str) -> None:
    """The whole page: an option had other words in Chinese for weeks, and names alone were held."""
    shipped = (PACKAGE / "share" / name).read_text(encoding="utf-8").splitlines()
    made = page(cli, words(lang)).splitlines()
    if shipped != made:
        line = next(
            new for new, old in zip([*made, ""], [*shipped, ""], strict=False) if new != old
        )
        demand([f"{name}: run `python -m lossmon.report.manual`; it differs from {line!r} on"])
