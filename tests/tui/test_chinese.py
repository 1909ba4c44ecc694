"""In Chinese nothing on the screen is English but names, units and what a log says."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.command import CommandList

from lossmon.tui.app import LossmonApp
from tests.tui.synthetic import monitor_of
from tests.tui.test_app import loaded, still, until

# Names of programs, files, formats, methods and keys; units; what stands in the log.
_NAMES = set(
    re.findall(
        r"\w+",
        """
        lossmon sft well rebound log logs jsonl json csv svg trainer llamafactory lr loss eval grad
        norm train step epoch ema ctrl esc enter tab home end up down space shift pgup pgdn pageup
        pagedown gpu gb gib kib runs zh en ssh tmux osc config toml host state pattern finished
        stalled failed hparams yaml args hydra token dropout lora adam adamw warmup batch nan inf
        current steps total overfitting dpo sgd logps chosen fp bf learning rate epsilon
        """,
    )
)
_WORD = re.compile(r"[A-Za-z]{2,}(?![A-Za-z…]|$)", re.M)  # whole words: a pane may cut one

SIZES = ((40, 12), (80, 24), (120, 35), (200, 50))
PLACES: dict[str, tuple[str, ...]] = {
    "first screen": (),
    "next run": ("j",),
    "help": ("question_mark",),
    "all runs": ("escape",),
    "sorted": ("escape", "o"),
    "wall": ("w",),
    "all metrics": ("g",),
    "choice of metrics": ("m",),
    "evidence": ("j", "e"),
    "whole diagnosis": ("tab",),
    "raw log": ("t",),
    "search in the log": ("t", "slash"),
    "filter": ("slash",),
    "cursor": ("c",),
    "axes": ("y", "X", "x", "plus"),
    "settings": ("D",),
    "marked and overlaid": ("space", "space", "a"),
    "baseline": ("b", "escape"),
    "acknowledged": ("i",),
    "snoozed": ("z",),
    "notices off": ("N",),
    "no other axis": ("x",),
    "no overlay": ("a",),
    "no stage": ("u",),
    "follow": ("f",),
    "palette": ("ctrl+p",),
}


@pytest.fixture
def app(folder: Path) -> Iterator[LossmonApp]:
    os.environ.pop("NO_COLOR", None)
    monitor = monitor_of(folder)
    yield LossmonApp(monitor, lang="zh")
    monitor.close()


def text_of(app: LossmonApp) -> str:
    """All that is on the screen."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text for strip in strips)


def english(text: str) -> list[str]:
    """The words that are neither names nor units."""
    return sorted({w for w in _WORD.findall(text) if w.lower() not in _NAMES})


@pytest.mark.parametrize("place", PLACES)
async def test_every_place_speaks_chinese_at_every_size(app: LossmonApp, place: str) -> None:
    """One screen a place, which goes through the sizes: to open 104 took a fifth of all tests."""
    async with app.run_test(size=SIZES[-1]) as pilot:
        await loaded(pilot)
        for key in PLACES[place]:
            await pilot.press(key)
        for size in reversed(SIZES):
            await pilot.resize_terminal(*size)
            await until(pilot, lambda rows=size[1]: len(text_of(app).splitlines()) == rows)
            await still(pilot)
            text = text_of(app)
            if size[0] > 40:  # lists and cards of the narrowest are names, signs and numbers alone
                assert re.search("[\u4e00-\u9fff]", text), text
            assert not english(text), f"{size}: {english(text)}\n{text}"


async def test_l_changes_every_word_at_once(app: LossmonApp) -> None:
    async with app.run_test(size=(120, 35)) as pilot:
        await loaded(pilot)
        await pilot.press("L")
        await still(pilot)
        assert not re.search("[\u4e00-\u9fff]", text_of(app))
        await pilot.press("L")
        await still(pilot)
        assert not english(text_of(app)), text_of(app)


async def test_a_wide_word_never_pushes_its_line(app: LossmonApp) -> None:
    """Widths count cells: no line is longer than the screen."""
    async with app.run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        strips = app.screen._compositor.render_strips()
        assert {strip.cell_length for strip in strips} == {80}


async def test_the_palette_says_that_nothing_matches(app: LossmonApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: bool(app.screen.query(CommandList)))
        await pilot.press(*"zqxv")
        listed = app.screen.query_one(CommandList)
        await until(pilot, lambda: listed.option_count == 1 and listed.options[0].disabled)
        assert "没有匹配的按键或命令" in str(listed.options[0].prompt)
