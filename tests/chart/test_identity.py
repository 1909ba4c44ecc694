"""Many runs in one picture: each keeps its hue, and every hue has a colour wherever one is drawn."""

from __future__ import annotations

from lossmon.chart.canvas import PATTERNS
from lossmon.chart.identity import HUES, Identities
from lossmon.chart.svg import _COLORS
from lossmon.presentation.plot import _COLORS as _CODES

EVERY = {f"run_{hue}" for hue in range(HUES)}


def test_every_hue_has_a_colour_on_paper_and_on_a_terminal() -> None:
    for colours in (_COLORS, _CODES):
        assert {style for style in colours if style.startswith("run_")} == EVERY


def test_the_first_runs_differ_in_hue_and_all_that_can_in_hue_or_stroke() -> None:
    identities = Identities()
    made = [identities.of(f"run {i}") for i in range(HUES * len(PATTERNS))]
    assert {one.style for one in made[:HUES]} == EVERY
    assert len({(one.style, one.pattern) for one in made}) == len(made)
    assert {one.pattern for one in made[:HUES]} == {0}
    assert len({one.sign for one in made[:HUES]}) == HUES
    more = identities.of("one more")
    assert (more.style in EVERY, 0 <= more.pattern < len(PATTERNS)) == (True, True)


def test_a_run_is_what_it_was_whoever_comes_between() -> None:
    identities = Identities()
    first = identities.of("a")
    for i in range(100):
        identities.of(str(i))
    assert identities.of("a") is first
    assert Identities().of("a") == first, "mostly the same the next time, too"
