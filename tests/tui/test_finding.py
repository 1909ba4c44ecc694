"""The diagnosis panel and the screen of a finding, by keyboard, at every size."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from lossmon.text import cell_width
from lossmon.tui.app import LossmonApp
from lossmon.tui.screens.finding import FindingScreen
from lossmon.tui.screens.main import MainScreen
from lossmon.tui.widgets.diagnosis_panel import DiagnosisPanel, Findings
from lossmon.tui.widgets.evidence_chart import EvidenceChart
from tests.tui.synthetic import monitor_of
from tests.tui.test_app import WIDE, diagnosis, listed, loaded, main_of, still, until

SIZES = [(40, 12), (80, 24), (120, 35), (200, 50)]


def opened(app: LossmonApp) -> FindingScreen:
    assert isinstance(app.screen, FindingScreen)
    return app.screen


def told(app: LossmonApp) -> str:
    screen = opened(app)
    banner, text = (screen.query_one(name, Static) for name in ("#finding-banner", "#finding-text"))
    return f"{banner.content}\n{text.content}"


def drawn(app: LossmonApp) -> str:
    picture = opened(app).query_one(EvidenceChart).picture
    assert picture is not None
    return "\n".join("".join(span.text for span in row) for row in picture.rows)


async def on_overfitting(pilot: Pilot[Any], *keys: str) -> None:
    await loaded(pilot)
    await pilot.press("j", *keys)
    await pilot.pause()
    await pilot.pause()


@pytest.mark.parametrize("size", [(40, 12), (120, 35)])
async def test_a_finding_opens_with_its_evidence_drawn(
    app: LossmonApp, size: tuple[int, int]
) -> None:
    async with app.run_test(size=size) as pilot:
        await on_overfitting(pilot, "e")
        text = " ".join(told(app).split())
        assert "OVERFITTING" in text
        assert "learns the training examples by heart" in text
        assert "eval rose" in text
        assert "take the checkpoint of step 225" in text
        assert "eval comes back down to its best value" in text
        assert "best eval 0.8984" in drawn(app)
        assert "╌" in drawn(app)
        await pilot.press("escape")
        assert isinstance(app.screen, MainScreen)


@pytest.mark.parametrize(("size", "lang"), [((40, 12), "zh"), ((80, 24), "en"), ((200, 50), "zh")])
async def test_no_line_is_wider_than_its_place(
    folder: Path, size: tuple[int, int], lang: str
) -> None:
    monitor = monitor_of(folder)
    app = LossmonApp(monitor, lang=lang)
    async with app.run_test(size=size) as pilot:
        await on_overfitting(pilot, "d")
        room = app.screen.query_one(Findings).scrollable_content_region.width
        text = str(app.screen.query_one("#diagnosis-text", Static).content)
        assert max(map(cell_width, text.splitlines())) <= room
        await pilot.press("e")
        await pilot.pause()
        await pilot.pause()
        room = opened(app).query_one("#finding-scroll").scrollable_content_region.width
        text = str(opened(app).query_one("#finding-text", Static).content)
        assert max(map(cell_width, text.splitlines())) <= room
    monitor.close()


async def test_the_text_scrolls_by_keyboard_in_a_narrow_pane(app: LossmonApp) -> None:
    async with app.run_test(size=(40, 12)) as pilot:
        await on_overfitting(pilot, "e")
        scroll = opened(app).query_one("#finding-scroll")
        await pilot.press("j", "j")
        assert scroll.scroll_offset.y == 2
        await pilot.press("pagedown", "k")
        assert scroll.scroll_offset.y > 2
        for _ in range(30):
            await pilot.press("pagedown")
        assert scroll.scroll_offset.y == scroll.max_scroll_y


async def test_the_next_finding_and_back(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await on_overfitting(pilot, "e")
        first = opened(app).finding.pattern
        await pilot.press("right")
        second = opened(app).finding.pattern
        assert second != first
        assert second in {f.pattern for f in opened(app).update_shown.diagnosis.findings}
        await pilot.press("left")
        assert opened(app).finding.pattern == first


async def test_arrows_choose_a_finding_in_the_open_panel_and_enter_opens_it(
    app: LossmonApp,
) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await on_overfitting(pilot, "d", "down")
        panel = app.screen.query_one(DiagnosisPanel)
        assert panel.finding is not None
        chosen = panel.finding.pattern
        assert chosen != "overfitting"
        assert "▸" in diagnosis(app)
        await pilot.press("enter")
        assert opened(app).finding.pattern == chosen


async def test_acknowledge_quiets_the_badge_and_keeps_the_finding(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await on_overfitting(pilot)
        await pilot.press("i")
        assert any("z" in line[:3] and "sft-7b" in line for line in listed(app))
        run = main_of(app).runs.updates[
            "runs/sft-7b" if "runs/sft-7b" in main_of(app).runs.updates else "sft-7b"
        ]
        assert run.hushed == {"overfitting"}
        text = diagnosis(app)
        assert "Overfitting" in text
        await pilot.press("i")
        assert any("!" in line[:3] and "sft-7b" in line for line in listed(app))


async def test_hushing_on_the_open_finding_says_so(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await on_overfitting(pilot, "e", "i")
        await until(pilot, lambda: "acknowledged" in told(app))
        await pilot.press("i")
        await until(pilot, lambda: "acknowledged" not in told(app))
        await pilot.press("z")
        await until(pilot, lambda: "snoozed until" in told(app))


async def test_a_finding_that_goes_away_is_said_to_be_over(folder: Path, app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        assert "REBOUND" in diagnosis(app)
        await pilot.press("e")
        with (folder / "rebound" / "log.jsonl").open("a") as file:
            file.writelines(f'{{"step": {6010 + 10 * i}, "loss": 0.3}}\n' for i in range(1200))
        await until(pilot, lambda: "No longer holds; withdrawn at step" in told(app))


async def test_language_and_curve_keys_work_on_the_open_finding(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await on_overfitting(pilot, "e")
        before = drawn(app)
        await pilot.press("y")
        assert drawn(app) != before
        await pilot.press("L")
        assert "过拟合" in told(app)
        await pilot.press("escape")
        assert "过拟合" in diagnosis(app)


async def test_there_is_nothing_to_open_before_there_is_a_finding(tmp_path: Path) -> None:
    monitor = monitor_of(tmp_path)
    app = LossmonApp(monitor)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("e", "i", "z")
        assert isinstance(app.screen, MainScreen)
    monitor.close()


@pytest.mark.snapshot
@pytest.mark.parametrize("size", SIZES)
def test_the_finding_in_pictures(app: LossmonApp, size: tuple[int, int], snap_compare: Any) -> None:
    async def before(pilot: Pilot[Any]) -> None:
        await on_overfitting(pilot, "e")
        await still(pilot)

    assert snap_compare(app, terminal_size=size, run_before=before)


@pytest.mark.snapshot
def test_the_finding_in_ascii_and_chinese(folder: Path, snap_compare: Any) -> None:
    os.environ.pop("NO_COLOR", None)
    monitor = monitor_of(folder)
    app = LossmonApp(monitor, ascii=True, lang="zh")

    async def before(pilot: Pilot[Any]) -> None:
        await on_overfitting(pilot, "e")
        await still(pilot)

    assert snap_compare(app, terminal_size=(120, 35), run_before=before)
    monitor.close()


async def test_a_snoozed_finding_gives_no_notice(folder: Path, app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        (run,) = [r for r in main_of(app).runs.updates.values() if "rebound" in r.run]
        finding = next(f for f in run.diagnosis.findings if f.pattern == "rebound")
        main_of(app).quiet.snooze(run.run, finding)
        taken: list[frozenset[str]] = []
        app.notices.take = lambda updates: taken.extend(u.hushed for u in updates)  # type: ignore[method-assign]
        with (folder / "rebound" / "log.jsonl").open("a") as file:
            file.writelines(f'{{"step": {6010 + 10 * i}, "loss": 1.5}}\n' for i in range(20))
        await until(pilot, lambda: frozenset({"rebound"}) in taken)
