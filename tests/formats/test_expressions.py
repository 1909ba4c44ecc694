"""No expression that sees the text of a log takes longer than in proportion to its length.

All of them are found: those that modules keep or write out where they use them, wherever a log, its
names or the settings beside it are looked at, and those that are made from the lines of a log.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import random
import re
from collections.abc import Iterator
from functools import cache
from itertools import chain, islice
from types import ModuleType
from typing import Any

import pytest

from lossmon.formats import lexicon, text_learn
from lossmon.formats.text_expression import expression
from tests.formats.expression_work import Program, attacks, worst

_MOST_GROWTH = 5.0  # of the work, where the text is four times as long

KNOWN_BAD = (
    r"skip\w*.{0,80}(?:\bnan\b|not finite)",
    r"\n\}\s*\n\s*\{\s*\n",
    r"\|\s*(\d+)/(\d+)\s*\[[^\]]*(?:it/s|s/it)",
    r"'([^']{1,200})'\s*:\s*('[^']*'|\[[^\]]*\]|\w+\([^()]*\)|[^,{}]+)",
    r":::MLLOG\s+(\{.*\})",
    r"(?:\)|=[^;:]*);\s*$",
    r"(?:a|b|ab)*c",
    r"(?:\s*x?)*y",
)


@pytest.mark.parametrize("bad", KNOWN_BAD)
def test_an_expression_known_to_be_slow_is_found(bad: str) -> None:
    assert worst(re.compile(bad), True)[0] > _MOST_GROWTH


@pytest.mark.parametrize(
    "good", [r"(?<!\w)\w+:", r"^\s*\d+/\d+\s", r"[a-z]{1,40}=", r"x(?:ab)+c", r"\[[^\[\]]{0,60}\]"]
)
def test_an_expression_known_to_be_linear_is_not_accused(good: str) -> None:
    growth, attack = worst(re.compile(good), True)
    assert growth < _MOST_GROWTH, attack


# --- expressions that modules keep ----------------------------------------------------------------

_ANCHORED = frozenset(("match", "fullmatch"))
_PACKAGES = ("formats", "monitor", "logs", "hparams", "history", "diagnosis", "chart", "report")
_ALONE = ("redaction",)  # modules that are no package's
_OF_A_NAME = 400_000  # steps: some milliseconds, once for each name
_BOUNDED = {  # no text of a log but a name or a path, of so many characters
    "lossmon.formats.lexicon": 200,
    "lossmon.formats.names": 200,
}


def _patterns(value: Any) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple | list | set | frozenset):
        yield from chain.from_iterable(map(_patterns, value))
    elif isinstance(value, dict):
        yield from chain.from_iterable(map(_patterns, value.values()))


def _written(module: ModuleType) -> Iterator[tuple[re.Pattern[Any], bool]]:
    """The expressions of a module, and whether each is looked for everywhere in a text."""
    tree = ast.parse(inspect.getsource(module))
    used: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            used.setdefault(node.value.id, set()).add(node.attr)
    for name, value in vars(module).items():
        for pattern in _patterns(value):
            yield pattern, not (used.get(name) and used[name] <= _ANCHORED)
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="re"), attr=attr),
                args=[ast.Constant(value=str() | bytes() as text), *_],
            ) if attr not in ("compile", "escape"):
                yield re.compile(text), attr not in _ANCHORED


def modules() -> list[str]:
    """Modules whose expressions may see a log's text; found by name, so that collecting is quick."""
    names = [f"lossmon.{name}" for name in _ALONE]
    for name in _PACKAGES:
        package = importlib.import_module(f"lossmon.{name}")
        found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        names += [info.name for info in found if info.name not in _BOUNDED]
    return names


def expressions(name: str) -> dict[tuple[re.Pattern[Any], bool], None]:
    """The expressions of a module, each once, and whether each is looked for everywhere."""
    return dict.fromkeys(_written(importlib.import_module(name)))


@cache
def parted() -> dict[str, list[tuple[re.Pattern[Any], bool]]]:
    """The expressions of each module, but for those that it has from one before: a dear one has two."""
    parts: dict[str, list[tuple[re.Pattern[Any], bool]]] = {}
    known: set[tuple[re.Pattern[Any], bool]] = set()
    for name in modules():
        parts[name] = [one for one in expressions(name) if one not in known]
        known.update(parts[name])
    return parts


@pytest.mark.parametrize("name", modules())
def test_work_grows_no_faster_than_the_text(name: str) -> None:
    slow = {}
    for pattern, everywhere in parted()[name]:
        growth, attack = worst(pattern, everywhere)
        if growth >= _MOST_GROWTH:
            slow[pattern.pattern] = attack
    assert not slow


def test_all_expressions_are_found() -> None:
    found = {pattern.pattern for part in parted().values() for pattern, _ in part}
    assert len(found) > 100
    assert {text_learn.TOKEN.pattern, r"[#%]\s+[A-Za-z]"} <= found  # kept; written where it is used


@pytest.mark.parametrize("form", [pattern for _, pattern in lexicon._TABLE])
def test_what_tells_a_role_is_fast_for_the_longest_name(form: str) -> None:
    pattern, most = re.compile(form), _BOUNDED[lexicon.__name__]
    program = Program(pattern)
    for attack in islice(attacks(pattern, False), 20):
        assert program.work(attack.text(most), False, _OF_A_NAME) < _OF_A_NAME, attack


# --- expressions made from lines -----------------------------------------------------------------

_PIECES = (
    "|", "-", ",", ";", ":", "=", "/", ".", "+", "[", "]", "(", ")", "#", ">", "%", "--", "..", "±",
    "第", "轮", "❶", "②", "│", " ", "  ", "\t", " - ", " | ", "[====", "|====>....|", "[........] ", "|██▌  | ", "....",
    "7", "0.5", "1e-5", "1,234", "1,234.5", "-3", "nan", "-inf", "12k", "50%", "3/90", "600-620",
    "1.2.3", "10.0.0.1", "2024-05-19 04:54:30", "00:12<01:30", "1 day, 03:00:00", "-:--:--", "?",
    "5ms", "5s/step", "1.2it/s", "3GiB", "v2", "loss_0", "0x7f", "days", "d",
    "step", "loss", "loss=", "loss: ", "lr", "epoch", "epoch ", "acc", "eta", "val", "3epoch",
    "[INFO] ", "[rank0]: ", "main.py:12 ",
)  # fmt: skip


def lines(seed: int, count: int) -> list[str]:
    """Lines that carry a step and a loss, and anything between."""
    rng = random.Random(seed)
    made = []
    for _ in range(count):
        unit = [rng.choice(_PIECES) for _ in range(rng.randint(1, 4))]
        more = "".join(unit) * rng.randint(1, 3) + "".join(rng.choices(_PIECES, k=4))
        place = rng.randrange(4)
        made.append(
            ("step 1 ", f"{more} step 3 ", "2024-05-19 04:54:30,123 - x - INFO - step 1 ", "")[
                place
            ]
            + more
            + rng.choice((" loss 2.5", " loss: 2.5 end", " - loss=2.5 - ", " loss 2.5" + more))
        )
    return made


@pytest.mark.parametrize("seed", range(60))
def test_no_two_ways_lead_through_a_line(seed: int) -> None:
    for line in lines(seed, 5):
        shape = text_learn.learn(line)
        if not shape.parts:
            continue
        written = re.compile(expression(shape.parts))
        growth, attack = worst(written, False)
        assert growth < _MOST_GROWTH, (line, written, attack)
        found, own = written.fullmatch(line), shape.match(line)
        assert found is not None, (line, written)
        assert own is not None
        assert found.groups() == own.groups(), (line, written)
