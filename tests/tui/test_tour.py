"""The tours of the screen that quick tests make: keys and mouse in order, and all that stands there."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.events import (
    MouseDown,
    MouseEvent,
    MouseMove,
    MouseScrollDown,
    MouseScrollUp,
    MouseUp,
)
from textual.pilot import Pilot

from lossmon import settings
from lossmon.monitor.replay import open_replay
from lossmon.monitor.sources import open_monitor
from lossmon.tui.app import LossmonApp
from tests import approved
from tests.conftest import falling, training_rows, write_jsonl
from tests.tui.synthetic import NOW, write_runs
from tests.tui.test_app import loaded

pytestmark = pytest.mark.snapshot

# Where one looks -> the runs, the size, and the stops: keys that are pressed one after the other, or
# what the mouse does at a place of the screen, or the size that its window gets.
TOURS = {
    "the chart": ("three", (110, 30), "j s+y+X x x+x plus+plus minus+0+f c left+left+shift+left "
                  "left_square_bracket v v+v escape m escape g down+enter"),
    "the panes": ("three", (100, 28), "1+2 1+2+F left_parenthesis d down escape e down escape t "
                  "up+up escape D escape question_mark escape"),
    "the runs": ("three", (120, 26), "escape o+enter w escape space+down+space a escape b "
                 "slash+w+e+l+enter slash+escape G escape i z u L N T"),
    "the words": ("three", (44, 14), "j d escape e escape question_mark"),
    "the whole chart": ("three", (120, 24), "j+F plus+plus left shift+right home f+left+f 0 r+X "
                        "c shift+left home end left_square_bracket left_square_bracket "
                        "left_square_bracket right_square_bracket plus+home x+x+x c m+space+down+space "
                        "enter m+g+r enter C S"),
    "the log": ("three", (100, 30), "t slash+3+4+enter n N escape up+up+enter greater_than_sign "
                "slash+q+q+enter escape home right left end escape c+t left escape+question_mark"),
    "a sweep": ("sweep", (130, 28), "G down+enter F down F D escape space+space D+down escape a "
                "escape G+enter slash+1+7+enter escape w+down+right enter R"),
    "joined": ("sweep", (130, 20), "J space+down J J O g+tab escape P y+s z z z i i"),
    "stages": ("stages", (90, 20), "u u u plus+u x X+v v 1+2+right_parenthesis 2 e right s+y z L escape"),
    "again": ("again", (110, 22), "full_stop comma greater_than_sign greater_than_sign less_than_sign "
              "right_curly_bracket left_curly_bracket+full_stop e escape"),
    "the mouse on the chart": ("three", (130, 30), "click@60,8 up@60,8 down@70,8 drag@50,8-60,8 "
                  "click@75,8 up@80,8 up@80,8 drag@80,8-70,8 shift@60,8-80,8 right@60,8-70,8 "
                  "0 drag@34,8-28,8 drag@83,8-78,8 window@100,28"),
    "the mouse on lists": ("three", (130, 30), "click@10,3 click@10,2 double@10,4 escape click@100,10 "
                  "move@12,29 click@12,29 escape escape g click@20,12 double@60,12 escape escape "
                  "t click@30,20 up@30,20 down@30,20 down@30,28 escape"),
    "the hosts": ("three", (90, 20), "O g+tab r+u+n+s tab escape O z+z+tab escape O space+space tab "
                  "window@50,20 window@24,20 escape"),
    "the palette": ("three", (100, 26), "ctrl+p s+m+o escape ctrl+p z+q+x+v escape ctrl+p l+o+o+k "
                  "escape ctrl+p window@60,12 a+l+o+n+e enter window@40,12 ctrl+p down escape"),
}  # fmt: skip
MOUSE: dict[str, tuple[type[MouseEvent], ...]] = {
    "up": (MouseScrollUp,), "down": (MouseScrollDown,), "move": (MouseMove,),
    "drag": (MouseDown, MouseMove, MouseUp), "shift": (MouseDown, MouseMove, MouseUp),
    "right": (MouseDown, MouseMove, MouseUp),
}  # fmt: skip
AWAITED = {  # what a thread brings: lines of a log that were read
    ("the panes", "t"): "▸▎", ("the panes", "up+up"): "▸▎", ("the log", "t"): "▸▎",
    ("the mouse on lists", "t"): "▸▎", ("again", "full_stop"): "step 2,010   running",
    ("again", "comma"): "step 2,000   running", ("again", "greater_than_sign"): "step 3,750 ",
    ("again", "less_than_sign"): "step 260 ", ("again", "left_curly_bracket+full_stop"): "step 270 ",
    ("the palette", "s+m+o"): "Keep this look", ("the palette", "z+q+x+v"): "no key or command",
    ("the palette", "a+l+o+n+e"): "Chart alone", ("the log", "up+up+enter"): "step 5,930  train", ("a sweep", ""): "lr 0.1 (there 0.001)",
}  # fmt: skip
OURS = {"find", "copy", "save"}  # groups of workers that end


def write_sweep(folder: Path) -> None:
    """Of two rates two seeds each; the higher one diverges."""
    for lr, seed in ((0.001, 1), (0.001, 2), (0.1, 1), (0.1, 2)):
        losses = falling(120, start=2 + seed / 100 + lr)
        if lr == 0.1:
            losses[60:] = [loss * 1.2**i for i, loss in enumerate(losses[60:])]
        place = folder / f"lr{lr}" / f"seed{seed}"
        write_jsonl(place / "log.jsonl", training_rows(losses))
        (place / "config.json").write_text(json.dumps({"lr": lr, "seed": seed, "opt": "sgd"}))


def write_stages(folder: Path) -> None:
    """A run of two stages, the second of which counts from 1 again."""
    rows = [
        {"stage": stage, "step": step, "loss": loss, "lr": 1e-4, "it/s": 2.0 + step / 100}
        for stage, steps in (("pretrain", 300), ("[b]tune", 100))
        for step, loss in enumerate(falling(steps), 1)
    ]
    write_jsonl(folder / "a" / "log.jsonl", rows)


@contextmanager
def opened(runs: str, folder: Path) -> Iterator[tuple[LossmonApp, int]]:
    """The app on such runs, and how many there are."""
    {"sweep": write_sweep, "stages": write_stages}.get(runs, write_runs)(folder)
    for path in folder.rglob("*.json*"):
        os.utime(path, (NOW, NOW))
    if runs == "again":
        monitor = open_replay([str(folder / "rebound")], speed=1.0, from_step=2000)
        monitor.player.pause(False)
    else:
        monitor = open_monitor([str(folder)], watch=False)
    try:
        yield LossmonApp(monitor), {"three": 3, "sweep": 4}.get(runs, 1)
    finally:
        monitor.close()


def seen(app: LossmonApp) -> list[str]:
    """All that stands on the screen, a text a row."""
    strips = app.screen._compositor.render_strips()
    return ["".join(one.text for one in strip).rstrip() for strip in strips]


async def brief(min_sleep: float = 0, max_sleep: float = 0) -> None:
    """Let others go first, in place of Textual's wait until the process is idle.

    That takes 20 ms, twice a key: most of what a tour took. `at_rest` looks for itself, but what
    is replayed comes with the next look at the log.
    """
    await asyncio.sleep(0)


async def at_rest(pilot: Pilot[Any], wanted: str, looks: int) -> list[str]:
    """What stands there once nothing changes any more and a text is there."""
    rows: list[str] = []
    same = 0
    for _ in range(1000):
        await pilot.pause(0.005)
        before, rows = rows, seen(pilot.app)
        works = any(one.group in OURS and not one.is_finished for one in pilot.app.workers)
        reads = works or wanted not in "\n".join(rows)
        same = 0 if reads or rows != before else same + 1
        if same == looks:
            return rows
    raise AssertionError("it never stood still")


async def do(pilot: Pilot[Any], stop: str) -> None:
    """Press the keys of a stop, take the mouse from one place to the other, or give another size."""
    what, _, places = stop.partition("@")
    at = [(int(x), int(y)) for x, y in (one.split(",") for one in places.split("-") if one)]
    if not at:
        await pilot.press(*re.split(r"(?<!ctrl)\+", what))
    elif what == "window":
        await pilot.resize_terminal(*at[0])
    elif what in ("click", "double"):
        await pilot.click(offset=at[0], times=2 if what == "double" else 1)
    else:
        for i, event in enumerate(MOUSE[what]):
            button, shift = 3 if what == "right" else 1, what == "shift"
            place = at[min(i, len(at) - 1)]
            await pilot._post_mouse_events([event], offset=place, button=button, shift=shift)


async def tour(app: LossmonApp, count: int, name: str) -> str:
    """Each stop with the rows that have changed there, by their number, and what was said."""
    told: list[str] = []
    rows: list[str] = []
    _, size, stops = TOURS[name]
    heard = 0
    async with app.run_test(size=size) as pilot:
        await loaded(pilot, count)
        for stop in ["", *stops.split()]:
            if stop:
                await do(pilot, stop)
            wanted, looks = AWAITED.get((name, stop), ""), 12 if name == "again" else 6
            before, rows = rows, await at_rest(pilot, wanted, looks)
            changed = (at for at, row in enumerate(rows) if before[at : at + 1] != [row])
            told += [f"--- {stop}", *(f"{at:2} {rows[at]}" for at in changed)]
            said = list(app._notifications)
            told += [f"{one.severity}: {one.title} {one.message}" for one in said[heard:]]
            heard = len(said)
    return "\n".join(told)


@pytest.mark.parametrize("name", TOURS)
@pytest.mark.usefixtures("frozen")
def test_the_screen_is_as_approved(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("NO_COLOR", "TMUX"):
        monkeypatch.delenv(variable, raising=False)
    folder = tmp_path / "runs"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ssh").write_text("Host login\nHost gpu1\n  HostName 10.0.0.7\n  User me\n")
    for module in ("textual.app", "textual.pilot") if TOURS[name][0] != "again" else ():
        monkeypatch.setattr(f"{module}.wait_for_idle", brief)
    settings.say(ssh_config=str(tmp_path / "ssh"))
    with opened(TOURS[name][0], folder) as (app, count):
        told = asyncio.run(tour(app, count, name))
    approved.hold("tour", name, told.replace(str(folder), "HERE"))
