"""The list of runs at every width, and the boxes in the line on top, as approved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from lossmon.diagnosis.knowledge import load
from lossmon.logs.source import Health
from lossmon.monitor.baseline import Baseline
from lossmon.text import pad
from lossmon.tui import links, triage
from lossmon.tui.runs import Runs
from lossmon.tui.triage import ORDERS, Scene
from lossmon.words import words
from tests import approved
from tests.report.test_situations import ALL, base, frozen
from tests.tui.synthetic import NOW, read_rows

__all__ = ["frozen"]
pytestmark = [pytest.mark.snapshot, pytest.mark.usefixtures("frozen")]
HOSTS = {
    "gpu1": Health("gpu1", "retrying", "no route to host", NOW + 12.4),
    "gpu2": Health("gpu2", "live"),
    "me@gpu3": Health("me@gpu3", "needs_password", "asks for a password"),
    "gpu4": Health("gpu4", "gone", "no such host"),
    "s3://b": Health("s3://b", "live", "", None, "looks every 30 s"),
    "gpu5": Health("gpu5", "connecting"),
}


@cache
def runs() -> list[Any]:
    """One run in each situation, all of other names; one that is ahead of the baseline, one behind."""
    made = [replace(make(), run=f"runs/{name}") for name, make in ALL.items()]
    for name, by in (("ahead", 0.8), ("behind", 1.3), ("far behind", 40.0)):
        losses = base("well").series["loss"].value.tolist()
        rows = [{"step": i, "loss": by * loss} for i, loss in enumerate(losses, 1)]
        made.append(replace(read_rows(name, rows), run=f"runs/{name}"))
    return made


SCENES = {
    "plain": {},
    "against a baseline": {"baseline": True, "order": "versus"},
    "a link is down": {"hosts": HOSTS, "order": "age"},
    "by name, in ASCII": {"order": "name", "ascii": True},
    "by verdict": {"order": "step", "short": True},
}


def lines(scene: Scene, width: int, *, narrow: bool) -> Iterator[str]:
    listed = triage.ordered(runs(), scene)
    columns = (triage.narrow_columns_for if narrow else triage.columns_for)(width, listed, scene)
    yield " ".join(pad(column.title, cells) for column, cells in columns).rstrip()
    for run in listed:
        cells = [pad(column.cell(run, scene, room)[0], room) for column, room in columns]
        yield " ".join([triage.mark_of(run, scene)[0], *cells]).rstrip()


@pytest.mark.parametrize("width", [24, 40, 90, 170])
@pytest.mark.parametrize("name", SCENES)
def test_the_list_is_as_approved(name: str, width: int) -> None:
    told = dict(SCENES[name])
    if told.pop("baseline", False):
        told["baseline"] = Baseline(base("well"))
    if told.pop("short", False):
        told["short"] = {run.run: run.run.removeprefix("runs/") for run in runs()}
    scene = Scene(NOW, load("en"), **told)  # type: ignore[arg-type]
    rows = [*lines(scene, width, narrow=False)]
    if width < 50:
        rows += ["-- beside the chart", *lines(scene, width, narrow=True)]
    approved.hold("lists", f"{name} {width}", "\n".join(rows))


def test_every_order_is_as_approved() -> None:
    orders = []
    for order in ORDERS:
        scene = Scene(NOW, load("en"), order=order, baseline=Baseline(base("well")))
        names = [run.run.removeprefix("runs/") for run in triage.ordered(runs(), scene)]
        orders += [f"{load('en').say(triage.order_in_words(order))}: {', '.join(names)}"]
    approved.hold("lists", "orders", "\n".join(orders))


def test_the_next_order_says_something_of_these_runs() -> None:
    listed = Runs()
    listed.updates.update({run.run: run for run in runs()})
    scene, seen = Scene(NOW, load("en")), []
    for _ in ORDERS:
        listed.sort(listed.next_order(scene))
        scene = replace(scene, order=listed.order)
        seen.append(listed.order)
    approved.hold("lists", "next orders", " ".join(seen))


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("room", [20, 40, 70, 110, 160])
def test_the_boxes_on_top_are_as_approved(room: int, lang: str) -> None:
    parts = [("lossmon", "bold"), ("  12 runs", ""), ("  3 need attention", "$text-warning")]
    rows = []
    for names in ((), ("gpu2",), ("gpu2", "s3://b"), ("gpu1",), ("gpu1", "gpu4"), tuple(HOSTS)):
        hosts = [HOSTS[name] for name in names]
        many = [*hosts, *(Health(f"box{i}", "live") for i in range(9))]
        for some, wide in ((hosts, True), (hosts, False), (many, True)):
            told = links.with_hosts(
                parts, some, room, wide=wide, words=words(lang), ascii=lang == "zh"
            )
            rows += ["".join(text for text, _ in told)]
    approved.hold("lists", f"boxes {room} {lang}", "\n".join(rows))


@pytest.mark.parametrize("name", HOSTS)
def test_a_link_in_words_is_as_approved(name: str) -> None:
    told = words("en").say(links.host_in_words(HOSTS[name]))
    approved.hold("lists", f"link {name}", told)
