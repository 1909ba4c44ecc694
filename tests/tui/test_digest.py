"""A short panel begins with what to do: of whatever is longer than it, the first of each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lossmon.diagnosis.finding import Cause, Finding
from lossmon.diagnosis.knowledge import load
from lossmon.text import cell_width
from lossmon.tui.app import LossmonApp
from lossmon.tui.digest import begins_with, digest
from lossmon.tui.widgets.diagnosis_panel import DiagnosisPanel, Findings
from lossmon.tui.wording import Wording, plain
from lossmon.words import said
from tests.tui.test_app import loaded, main_of
from tests.tui.test_look import DEAD, SICK, run

EN, ZH = load("en"), load("zh")
LONG = replace(
    SICK,
    evidence=said("loss {n} " * 30, n=4),
    causes=(Cause("lr_too_high", said("the rate is {rate}", rate=4)), Cause("small_data")),
)
UPDATE = run(LONG, DEAD)


def told(room: int, width: int = 76, finding: Finding = LONG, lang: str = "en") -> list[str]:
    wording = Wording(EN if lang == "en" else ZH, width)
    return plain(digest(wording, UPDATE, finding, room)).split("\n")


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(("width", "room"), [(36, 8), (76, 3), (76, 6), (76, 8)])
def test_evidence_cause_and_remedy_stand_in_any_room(lang: str, width: int, room: int) -> None:
    words = {"en": ("likely", "do"), "zh": ("可能原因", "建议")}[lang]
    lines = told(room, width, lang=lang)
    assert len(lines) == room
    assert max(map(cell_width, lines)) <= width
    assert lines[0].startswith("loss 4 loss 4")
    starts = [next(i for i, line in enumerate(lines) if line.startswith(word)) for word in words]
    assert 0 < starts[0] < starts[1]
    assert not any(line.strip() == "" for line in lines)


def test_what_there_is_no_room_for_is_cut_and_says_so() -> None:
    one, *_ = told(3)
    assert one.endswith("…")
    assert told(1) == [told(3)[-1]], "of a single line, what to do"
    ascii = plain(digest(Wording(EN, 76, ascii=True), UPDATE, LONG, 3))
    assert ascii.split("\n")[0].endswith("~")
    assert "…" not in ascii


def test_more_room_tells_more_of_the_remedy_before_more_of_the_evidence() -> None:
    narrow = told(5, 36)
    do = next(i for i, line in enumerate(narrow) if line.startswith("do"))
    assert len(narrow) - do > 1
    assert "the rate is 4" in " ".join(told(12))
    assert "Diverged" in " ".join(told(12)), "what else was found is named"


def test_a_text_that_has_room_is_told_as_it_is() -> None:
    wording = Wording(EN, 76)
    assert begins_with(wording, UPDATE, LONG, 40) == []
    brief = replace(LONG, evidence=said("loss is high"), causes=())
    whole = len(list(wording.body(UPDATE, brief)))
    assert begins_with(wording, UPDATE, brief, whole) == []
    assert len(begins_with(wording, UPDATE, brief, whole - 1)) == whole - 1, "it fills the panel"


@pytest.mark.parametrize("size", [(80, 24), (120, 24)])
async def test_what_to_do_is_seen_without_scrolling(app: LossmonApp, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        await loaded(pilot)
        panel = main_of(app).query_one(DiagnosisPanel)
        text = panel.query_one(Findings)
        content = str(panel.query_one("#diagnosis-text").visual).split("\n")
        seen = "\n".join(content[: text.size.height])
        assert "\ndo " in seen or "\n• " in seen or "\ndo\n" in seen, seen
