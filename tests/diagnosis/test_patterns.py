"""A pattern is one declared object: what follows from the list is whole and holds together."""

from __future__ import annotations

import importlib
import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from lossmon.diagnosis import patterns
from lossmon.diagnosis.finding import SEVERITIES
from lossmon.diagnosis.knowledge import LANGUAGES, limits
from lossmon.diagnosis.limits import Enough
from lossmon.diagnosis.pattern import Level, Trend
from lossmon.diagnosis.patterns import HIDDEN, ORDER, PATTERNS, of_slot
from lossmon.report.explain import explain
from tests.diagnosis.test_bounds_table import view_of

FOLDER = Path(patterns.__file__).parent
PLACE = {pattern.id: place for place, pattern in enumerate(ORDER)}


def test_a_pattern_is_called_as_its_file() -> None:
    for id_, pattern in PATTERNS.items():
        assert pattern.id == id_
        assert pattern.severity in SEVERITIES


def test_every_pattern_is_asked_after_what_it_comes_after_and_what_hides_it() -> None:
    for id_ in PLACE:
        assert all(PLACE[before] < PLACE[id_] for before in PATTERNS[id_].after)
        assert all(
            PLACE[id_] < PLACE[h] for h in HIDDEN[id_] & PLACE.keys() if id_ not in HIDDEN[h]
        )


@pytest.mark.parametrize("slot", ["train", "pair"])
def test_of_two_verdicts_of_one_slot_it_is_declared_which_comes_first(slot: str) -> None:
    """Else the order of the reference would decide, and a new row in it change verdicts."""

    def earlier(id_: str) -> set[str]:
        direct = set(PATTERNS[id_].after) | {h for h in PATTERNS if id_ in HIDDEN[h]}
        return direct | {e for one in direct if id_ not in HIDDEN.get(one, ()) or one != id_
                         for e in (earlier(one) if one in PATTERNS[id_].after else ())}  # fmt: skip

    for one, two in combinations(of_slot(slot), 2):  # type: ignore[arg-type]
        assert one in earlier(two) or two in earlier(one), (one, two)


def test_a_limit_is_a_number_that_says_its_unit_and_source() -> None:
    assert Enough.points + 1 == 9
    assert f"{Enough.plan:.0%}" == "25%"
    for pattern in PATTERNS.values():
        if pattern.slot != "beside":
            assert pattern.limits.named(), pattern.id
        for limit in pattern.limits.named().values():
            assert limit.unit
            assert limit.source


@pytest.mark.parametrize("lang", LANGUAGES)
def test_explain_v_prints_every_limit_with_its_source(lang: str) -> None:
    units, sources = limits(lang)
    for id_, pattern in PATTERNS.items():
        flat = re.sub(r"\s", "", explain(id_, lang, 100, verbose=True))
        for name, limit in pattern.limits.named().items():
            unit, source = (
                units.get(limit.unit, limit.unit),
                sources.get(limit.source, limit.source),
            )
            said = f"{name}{limit:.4g}{unit}({source})" if lang == "en" else f"{limit:.4g}{unit}"
            assert re.sub(r"\s", "", said) in flat
            assert re.sub(r"\s", "", source) in flat
    whole = explain("rebound", lang, 100, verbose=True)
    assert whole.startswith(explain("rebound", lang, 100) + "\n")


def test_every_guide_draws_a_number_that_somebody_gives() -> None:
    """A misspelled number would draw nothing, and nobody would see it."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.parent.rglob("*.py"))
    for pattern in PATTERNS.values():
        for line in pattern.picture.lines:
            names = (
                (line.value, line.since, line.until)
                if isinstance(line, Level)
                else (line.start, line.end)
                if isinstance(line, Trend)
                else ()
            )
            for name in {*names} - {"first", "last", "since_step"}:
                given = len(re.findall(rf'"{name}":|\["{name}"\]', code))
                assert given, (pattern.id, name)


@pytest.mark.parametrize(
    "names",
    [
        ("loss",),
        ("loss", "eval_loss"),
        ("loss", "grad_norm", "learning_rate"),
        ("reward", "kl"),
        ("reward_std",),
        ("eval_loss", "accuracy"),
        ("logps/chosen", "rewards/margins", "loss"),
        ("d_loss", "g_loss"),
        ("step_time", "loss", "mem_gb"),
        ("aux_loss", "recon_loss"),
    ],
)
@pytest.mark.parametrize("shape", ["falls", "rises", "constant", "none"])
def test_a_pattern_that_is_not_asked_would_have_found_nothing(
    names: tuple[str, ...], shape: str
) -> None:
    """What it declares to need is what `find` needs; of other kinds of training it is not asked."""
    fall = 2.0 - np.arange(200) / 150
    curve = {
        "falls": fall,
        "rises": fall[::-1],
        "constant": np.full(200, 0.123456),
        "none": np.where(np.arange(200) > 150, np.nan, fall),
    }[shape]
    view = view_of(**dict.fromkeys(names, curve))
    wrongly = [
        one.id
        for one in ORDER
        if one.find is not None
        and (not one.kinds or view.kind.id in one.kinds)
        and not one.may_hold(view)
        and one.find(view) is not None
    ]
    assert not wrongly


def test_patterns_in_a_circle_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("lossmon.diagnosis.patterns")
    from dataclasses import replace

    looped = {**PATTERNS, "rebound": replace(PATTERNS["rebound"], after=("healthy",))}
    monkeypatch.setattr(module, "PATTERNS", looped)
    with pytest.raises(ValueError, match="circle"):
        module._ordered()
