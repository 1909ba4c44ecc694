"""What every front end says of a run in each situation that it can be in, as approved."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.knowledge import load
from lossmon.formats.decoder import Unread
from lossmon.hparams import Hparams
from lossmon.monitor import RunUpdate
from lossmon.monitor.sibling import Siblings
from lossmon.monitor.update import Gpu, Job
from lossmon.presentation.brief import brief
from lossmon.report import check, status
from lossmon.report.annotations import written
from lossmon.report.document import as_markdown
from lossmon.report.status_read import standing
from lossmon.tui import triage
from lossmon.tui.digest import digest
from lossmon.tui.triage import Scene
from lossmon.tui.wording import Wording, in_order, plain
from tests import approved
from tests.conftest import falling
from tests.tui.synthetic import NOW, read_rows

pytestmark = [pytest.mark.snapshot, pytest.mark.usefixtures("frozen")]
LR, LOW = Hparams({"lr": 0.1, "bs": 8, "opt": "sgd"}), Hparams({"lr": 0.001, "bs": 8, "opt": "sgd"})
GPUS = (
    Gpu("0", "H100", 97.0, 70e9, 80e9, 61.0, 650.0),
    Gpu("1", "H100", 0.0, 1e9, 80e9),
    Gpu("2", "MIG 1g"),
)


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The clock stands where the logs end, in Greenwich."""
    monkeypatch.setattr(time, "time", lambda: NOW)
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@cache
def base(kind: str) -> RunUpdate:
    """A run that is well, one that diverged, one that over-fits, one of few rows."""
    losses = {"few": falling(3), "diverged": falling(120)}.get(kind, falling(200))
    if kind == "diverged":
        losses = [*losses[:60], *(loss * 1.2**i for i, loss in enumerate(losses[60:]))]
    rows: list[dict[str, object]] = []
    for i, loss in enumerate(losses, 1):
        row = {"step": i, "epoch": i / 50, "loss": loss, "lr": 1e-3, "max_steps": len(losses) + 50}
        rows.append(row)
        if kind == "overfits" and i % 10 == 0:
            rows.append({"step": i, "epoch": i / 50, "eval_loss": loss + 0.1 + (i / 200) ** 3})
    return replace(read_rows(kind, rows), hparams=LR if kind == "diverged" else LOW)


STALLED = Finding("stalled", "warning", 1.0, 200, "", "no new line for 2 h")
SITUATIONS: dict[str, tuple[str, Mapping[str, Any]]] = {
    "well": ("well", {}),
    "few": ("few", {}),
    "diverged": ("diverged", {}),
    "overfits": ("overfits", {}),
    "running": ("well", {"state": "running", "eta_s": 5400.0, "steps_per_s": 0.25}),
    "quiet": ("well", {"state": "running", "state_note": "no new line for 12 min; usual gap 4 s"}),
    "done": ("well", {"state": "finished", "step": 400}),
    "failed": ("well", {"state": "failed"}),
    "in a job": ("well", {"state": "running", "job": Job("7", "sft", "RUNNING", "n1", NOW - 60, NOW + 7200, 7260)}),
    "in a job that ended": ("well", {"state": "silent", "job": Job("7_2", "", "TIMEOUT", "n1", NOW - 7200, NOW - 60, 7200)}),
    "in a job that failed": ("diverged", {"state": "failed", "job": Job("7", "", "FAILED")}),
    "on GPUs": ("well", {"state": "running", "gpus": GPUS}),
    "alive": ("well", {"state": "stalled", "writer": True}),
    "exited": ("well", {"state": "silent", "writer": False}),
    "elsewhere": ("overfits", {"host": "gpu1", "run": "gpu1:runs/a"}),
    "in trouble": ("well", {"errors": ("log.jsonl: 3 lines were not read",), "lost": "the file is gone"}),
    "still read": ("well", {"loading": 0.42}),
    "resumed": ("well", {"restarts": (50, 120)}),
    "hushed": ("overfits", {"hushed": frozenset({"overfitting"})}),
    "without a plan": ("well", {"total_steps": None, "epoch": None}),
    "with many epochs": ("well", {"total_epochs": 8.0}),
    "without a step": ("few", {"step": None, "train": None}),
}  # fmt: skip


def given(name: str) -> RunUpdate:
    kind, changes = SITUATIONS[name]
    return replace(base(kind), **changes)


def with_stall(kind: str, own: bool) -> RunUpdate:
    """A run that fell silent, which is why its own findings come behind."""
    update = base(kind)
    stall = replace(STALLED, causes=update.diagnosis.findings[0].causes if own else ())
    found = (stall, *update.diagnosis.findings)
    return replace(update, state="stalled", diagnosis=replace(update.diagnosis, findings=found))


def unread(rows: int) -> RunUpdate:
    """A run of whose lines few were read."""
    update = base("well")
    (log,) = update.logs
    few = (Unread("acc", 50, rows), Unread("f1", 40, 30))
    return replace(update, logs=(replace(log, unread=few, skipped=12),))


MORE = {
    "stalled": lambda: with_stall("diverged", False),
    "stalled, with causes": lambda: with_stall("diverged", True),
    "stalled and well": lambda: with_stall("well", False),
    "unread": lambda: unread(2),
    "unread, all but one": lambda: unread(49),
}
ALL = {**{name: (lambda name=name: given(name)) for name in SITUATIONS}, **MORE}


def told(update: RunUpdate, lang: str) -> list[str]:
    """All that is said of it."""
    knowledge, others = load(lang), [base("well"), update]
    ascii = lang == "zh"
    width = 60 if ascii else 110
    lines = ["-- check", check.as_text([update], knowledge, width, {}, ascii=ascii)]
    lines += [
        "-- beside another",
        check.as_text(others, knowledge, width, {}, columns=["lr", "bs"]),
    ]
    lines += ["-- annotations", written("github", [update], {}, knowledge)]
    for style in ("plain", "tmux", "ansi"):
        runs = [standing(one, knowledge) for one in (update, base("overfits"))]
        line = status.line(
            runs, width=width, style=style, ascii=ascii, now=NOW, words=knowledge.tongue
        )
        lines += [f"-- status, {style}", line.replace("\x1b", "^")]
    scene = Scene(NOW, knowledge, ascii)
    lines += ["-- list"]
    for cells in (160, 60):
        row = [
            f"{column.key}={column.cell(update, scene, width)[0]}"
            for column, width in triage.columns_for(cells, [update, base("well")], scene)
        ]
        lines += [" | ".join(row)]
    sibling = Siblings(others).of(update)
    wording = Wording(knowledge, 50, ascii, sibling=sibling)
    for finding in in_order(update)[:2]:
        lines += ["-- panel", plain([wording.banner(update, finding)])]
        lines += [plain([*wording.body(update, finding)])]
        lines += ["-- digest", plain(digest(wording, update, finding, 6))]
    return lines


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", ALL)
def test_what_is_said_is_as_approved(name: str, lang: str) -> None:
    approved.hold("situations", f"{name} {lang}", "\n".join(told(ALL[name](), lang)))


@pytest.mark.parametrize(
    "name", ["well", "overfits", "in a job", "on GPUs", "in trouble", "elsewhere"]
)
def test_a_page_is_as_approved(name: str) -> None:
    update, knowledge = given(name), load("en")
    page = f"{as_markdown(update, knowledge, NOW)}\n{brief(update, knowledge, ascii=False)}"
    approved.hold("situations", f"page {name}", page)


def test_as_data_each_is_as_approved() -> None:
    rows = check.as_json([make() for make in ALL.values()], load("en"))
    approved.hold("situations", "data", rows)
