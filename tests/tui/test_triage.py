"""Many runs on the screen: list, columns, order, filter, marks, baseline, wall."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from textual.events import Key

from lossmon.diagnosis.finding import Finding
from lossmon.diagnosis.knowledge import load
from lossmon.monitor import RunUpdate
from lossmon.monitor.pace import Rhythm
from lossmon.monitor.sources import open_monitor
from lossmon.text import cell_width, common_folder, distinct, labels_of
from lossmon.tui.app import LossmonApp
from lossmon.tui.look import STYLE
from lossmon.tui.screens.main import MainScreen
from lossmon.tui.triage import COLUMNS, ORDERS, Scene, columns_for, narrow_columns_for, ordered
from lossmon.tui.widgets.chart_view import ChartView
from lossmon.tui.widgets.lines import status
from lossmon.tui.widgets.run_list import RunList
from lossmon.tui.widgets.small_charts import SmallCharts
from lossmon.words import said
from tests.conftest import falling, write_jsonl
from tests.tui.synthetic import NOW, monitor_of, update_of
from tests.tui.test_app import WIDE, listed, loaded, main_of, until, words


@pytest.fixture
def scene() -> Scene:
    return Scene(NOW, load("en"))


@pytest.fixture(scope="module")
def update(tmp_path_factory: pytest.TempPathFactory) -> RunUpdate:
    return update_of(tmp_path_factory.mktemp("triage") / "a.jsonl")


def test_every_order_puts_what_is_not_known_last(tmp_path: Path, scene: Scene) -> None:
    updates = [update_of(tmp_path / f"{name}.jsonl") for name in "ba"]
    for order in ORDERS:
        runs = ordered(updates, Scene(NOW, load("en"), order=order))
        assert [run.run[-7] for run in runs] == ["a", "b"], "among equals by name"


def test_a_loss_that_is_not_a_number_comes_first(tmp_path: Path) -> None:
    fine = update_of(tmp_path / "a.jsonl")
    broken = update_of(tmp_path / "b.jsonl", [*falling(60), float("nan")])
    runs = ordered([fine, broken], Scene(NOW, load("en"), order="train"))
    assert [run.run for run in runs] == [broken.run, fine.run]


@pytest.mark.parametrize("width", range(16, 240, 7))
def test_columns_fill_the_width_and_never_more(update: RunUpdate, scene: Scene, width: int) -> None:
    columns = columns_for(width, [update], scene)
    assert sum(room + 1 for _, room in columns) <= width
    assert [column.key for column, _ in columns][:1] == ["name"]
    for column, room in columns:
        text, _ = column.cell(update, scene, room)
        assert column.grows or cell_width(text) <= room, column.key


def test_the_curve_gives_way_to_the_whole_verdict(update: RunUpdate, scene: Scene) -> None:
    """In 80 columns every second verdict was cut off beside a curve of ten cells."""
    found = Finding("not_decreasing", "warning", 0.9, 1200, "loss", said("it stands"))
    stuck = replace(update, diagnosis=replace(update.diagnosis, findings=(found,)))
    whole, scene = "NOT DECREASING since step 1,200", replace(scene, short={update.run: "a"})
    for width, curve in ((74, False), (100, True)):
        columns = {column.key: room for column, room in columns_for(width, [stuck], scene)}
        assert columns["verdict"] >= len(whole)
        assert ("curve" in columns) is curve
    assert "curve" in {column.key for column, _ in columns_for(74, [update], scene)}


@pytest.mark.parametrize(
    ("others", "run", "shown"),
    [
        ((), "/tmp/uu/run.jsonl", "/tmp/uu/run.jsonl"),
        (("/very/long/folder/b/train.log",), "/very/long/folder/a/train.log", "a"),
        (("/very/long/folder/b/log",), "/very/long/folder/llama-7b-lr1e-4-seed-3/log",
         "llama…r1e-4-seed-3"),
    ],
)  # fmt: skip
def test_beside_the_chart_a_name_keeps_what_tells_it_apart(
    tmp_path: Path, others: tuple[str, ...], run: str, shown: str
) -> None:
    scene = Scene(NOW, load("en"), short=distinct([run, *others]))
    update = replace(update_of(tmp_path / "a.jsonl"), run=run)
    columns = narrow_columns_for(28, [update], scene)
    assert sum(room + 1 for _, room in columns) <= 28
    name, room = columns[0]
    assert name.cell(update, scene, room)[0] == shown


def test_columns_have_names_of_their_own() -> None:
    assert len({column.key for column in COLUMNS}) == len(COLUMNS)


def test_what_all_names_begin_with_is_left_out() -> None:
    assert common_folder(["runs/a", "runs/ab/c"]) == "runs"
    assert common_folder(["a", "b"]) == ""
    assert common_folder(["runs/a1", "runs/a2"]) == "runs", "folders, not letters"


async def test_escape_opens_all_runs_and_enter_the_chosen_one(app: LossmonApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        assert main_of(app).query_one(RunList).region.area == 0
        await pilot.press("escape")
        await pilot.pause()
        runs = main_of(app).query_one(RunList)
        assert runs.region.width == 80
        header, *rows = listed(app)
        assert "NAME" in header
        assert "VERDICT" in header
        assert "rebound" in rows[0]
        await pilot.press("down", "enter")
        await pilot.pause()
        assert main_of(app).runs.chosen == "runs/sft-7b"
        assert main_of(app).query_one(ChartView).region.area > 0
        assert main_of(app).query_one(RunList).region.area == 0


async def test_the_list_has_every_column_that_fits(app: LossmonApp) -> None:
    async with app.run_test(size=(200, 50)) as pilot:
        await loaded(pilot)
        await pilot.press("escape")
        await pilot.pause()
        header, _, overfit, _ = listed(app)[:4]
        for title in ("NAME", "CURVE", "TRAIN", "EVAL", "STEP", "VERDICT", "STATE", "AGE"):
            assert title in header
        for word in ("sft-7b", "600/600", "OVERFITTING since step", "finished"):
            assert word in overfit


async def test_o_sorts_by_another_column_and_the_header_shows_it(app: LossmonApp) -> None:
    async with app.run_test(size=(200, 50)) as pilot:
        await loaded(pilot)
        await pilot.press("escape")
        await pilot.pause()
        seen = {}
        for _ in range(len(ORDERS)):
            await pilot.press("o")
            header, *rows = listed(app)
            seen[main_of(app).runs.order] = (header, [row.split()[1] for row in rows[:3]])
        assert seen["name"][1] == ["rebound", "sft-7b", "well"]
        assert seen["step"][1][-1] == "sft-7b"
        assert "STEP▾" in seen["step"][0]
        assert "need" in seen, "it comes round"


async def test_a_click_on_the_header_sorts(app: LossmonApp) -> None:
    async with app.run_test(size=(200, 50)) as pilot:
        await loaded(pilot)
        await pilot.press("escape")
        await pilot.pause()
        at = listed(app)[0].index("STEP")
        await pilot.click(RunList, offset=(at + 2, 1))
        await until(pilot, lambda: main_of(app).runs.order == "step")


async def test_a_narrow_pane_says_how_the_run_stands(app: LossmonApp) -> None:
    async with app.run_test(size=(60, 12)) as pilot:
        await loaded(pilot)
        assert "running" not in words(app, "#top")
        await pilot.press("j")
        assert "sft-7b  600/600  finished" in words(app, "#top")


async def test_the_filter_knows_fields(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        await pilot.press("slash", *"state:finished", "enter")
        assert len(listed(app)) == 1
        assert "sft-7b" in listed(app)[0]
        assert "1 of 3 runs" in words(app, "#top")
        await pilot.press("escape", "slash", *"-pattern:overfitting", "enter")
        assert len(listed(app)) == 2


async def test_a_baseline_is_compared_with_at_the_same_step(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        await pilot.press("j", "j", "b", "k")
        assert "%" in listed(app)[1]
        assert "well" in words(app, "#status")
        assert any(word in words(app, "#status") for word in ("ahead of", "behind"))
        await pilot.press("j", "b")
        assert main_of(app).runs.baseline() is None
        assert "%" not in listed(app)[1]


def test_labels_that_would_be_cut_alike_are_what_tells_them_apart() -> None:
    assert labels_of(["runs/a", "runs/b"], 14) == {"runs/a": "a", "runs/b": "b"}
    names = ["r/sft-llama-7b-lr1e-4-bs32", "r/sft-llama-7b-lr2e-4-bs32"]
    assert list(labels_of(names, 14).values()) == ["lr1e-4", "lr2e-4"]
    assert labels_of(["same"], 14) == {"same": "same"}


async def test_marked_runs_share_a_chart_and_keep_their_looks(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        await pilot.press("a")
        assert not main_of(app).runs.others, "nothing is marked yet"
        await pilot.press("space", "space", "a")
        await pilot.pause()
        chart = main_of(app).query_one(ChartView)
        assert [curve.label for curve in chart.curves] == ["well", "rebound", "sft-7b"]
        looks = {curve.label: (curve.style, curve.pattern) for curve in chart.curves}
        assert len(set(looks.values())) == 3
        await pilot.press("k", "a", "a")
        await pilot.pause()
        again = {curve.label: (curve.style, curve.pattern) for curve in chart.curves}
        assert again.items() <= looks.items(), "a run's colour never changes"
        await pilot.press("escape")
        await pilot.pause()
        assert not main_of(app).runs.others
        assert [curve.style for curve in chart.curves][:1] == ["train"]


async def test_marks_are_seen_and_taken_away(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        await pilot.press("space", "space")
        assert list(main_of(app).runs.marked) == ["runs/rebound", "runs/sft-7b"]
        assert [("◆" in line) for line in listed(app)] == [True, True, False]
        await pilot.press("j", "space")
        assert list(main_of(app).runs.marked) == ["runs/sft-7b"]


async def test_the_wall_shows_every_run_and_opens_one(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        await pilot.press("w")
        await pilot.pause()
        wall = main_of(app).query_one("#wall", SmallCharts)
        assert wall.region.width == WIDE[0]
        top = wall.render_line(0).text
        assert "rebound" in top
        assert "sft-7b" in top
        await pilot.press("right", "enter")
        await pilot.pause()
        assert main_of(app).runs.chosen == "runs/sft-7b"
        assert wall.region.area == 0
        assert isinstance(app.screen, MainScreen)


async def test_the_chosen_line_is_scrolled_into_view(tmp_path: Path, frozen: None) -> None:
    from tests.tui.synthetic import monitor_of

    for i in range(60):
        update_of(tmp_path / "runs" / f"r{i:02}" / "log.jsonl")
    monitor = monitor_of(tmp_path / "runs")
    app = LossmonApp(monitor)
    async with app.run_test(size=(80, 24)) as pilot:
        await loaded(pilot, 60)
        await pilot.press("escape")
        await pilot.pause()
        for keys, last in ((["end"], "r59"), (["home"], "r00"), (["pagedown"], ""), (["up"], "")):
            await pilot.press(*keys)
            await pilot.pause()
            runs = main_of(app).query_one(RunList)
            chosen = (main_of(app).runs.chosen or "").rsplit("/")[-1]
            assert last in chosen
            assert any(chosen in runs.render_line(y).text for y in range(runs.size.height))
    monitor.close()


async def test_the_list_goes_by_any_setting_in_which_runs_differ(tmp_path: Path) -> None:
    """Which rate goes with which end? `o` comes to the settings after its own columns."""
    for lr in ("0.1", "0.001", "0.01"):
        folder = tmp_path / f"run-{lr}"
        folder.mkdir()
        (folder / "config.json").write_text(f'{{"lr": {lr}, "seed": 1}}')
        rows: list[dict[str, object]] = [{"step": i, "loss": 2 / i} for i in range(1, 30)]
        write_jsonl(folder / "log.jsonl", rows)
    app = LossmonApp(open_monitor([str(tmp_path)], watch=False))
    async with app.run_test(size=(140, 24)) as pilot:
        await loaded(pilot)
        await pilot.press("escape")
        await until(
            pilot, lambda: all(run.hparams.values for run in main_of(app).runs.updates.values())
        )
        for _ in range(len(ORDERS) + 2):
            await pilot.press("o")
            if main_of(app).runs.order == "config:lr":
                break
        await pilot.pause()
        header, *lines = listed(app)
        assert "LR▾" in header
        assert "SEED" not in header, "all have the same"
        found = [
            word for line in lines for word in line.split() if word in ("0.1", "0.01", "0.001")
        ]
        assert found == ["0.001", "0.01", "0.1"]


@pytest.mark.parametrize(
    ("rhythm", "silent_s", "tells", "sign"),
    [
        (Rhythm(10.0), 25.0, True, "✓"),
        (Rhythm(10.0), 35.0, False, "✓"),  # three gaps: it is dim
        (Rhythm(10.0), 65.0, False, "?"),  # quiet
        (Rhythm(1.0), 10.0, True, "✓"),  # of a row a second an evaluation is no news
        (Rhythm(1.0), 20.0, False, "✓"),
        (Rhythm(1.0, pause_s=30.0), 35.0, True, "✓"),  # nor one that comes round
        (Rhythm(1.0, pause_s=30.0), 40.0, False, "✓"),
        (Rhythm(300.0, patience_s=3000.0), 800.0, True, "✓"),
        (Rhythm(300.0, patience_s=3000.0), 1000.0, False, "?"),
        (Rhythm(), 50.0, True, "✓"),  # nobody knows how often rows come
        (Rhythm(), 65.0, False, "?"),
    ],
)
def test_speed_and_what_is_left_go_when_rows_stay_away(
    tmp_path: Path, rhythm: Rhythm, silent_s: float, tells: bool, sign: str
) -> None:
    update = replace(
        update_of(tmp_path / "a.jsonl"),
        state="running", steps_per_s=2.0, eta_s=7200.0, last_row_time=NOW, rhythm=rhythm,
    )  # fmt: skip
    scene = Scene(NOW + silent_s, load("en"))
    for key in ("speed", "eta"):
        column = next(one for one in COLUMNS if one.key == key)
        assert bool(column.cell(update, scene, 10)[0]) is tells
    told = "".join(text for text, _ in status(update, True, scene))
    assert ("steps/s" in told) is tells
    assert bool(re.search(r"ETA 2.0 h, at \d\d", told)) is tells
    verdict = next(one for one in COLUMNS if one.key == "verdict")
    assert verdict.cell(update, scene, 20)[1] == ("info" if tells else "faint")
    assert scene.badge(update) == (sign, STYLE["info"] if tells else "$text-muted")


@pytest.mark.parametrize("size", [(140, 40), (80, 24), (40, 12)])
async def test_the_first_screen_ever_says_how_to_go_on_until_a_key_is_pressed(
    folder: Path, size: tuple[int, int]
) -> None:
    monitor = monitor_of(folder)
    app = LossmonApp(monitor, first=True)
    async with app.run_test(size=size) as pilot:
        await loaded(pilot)
        assert ("? lists all keys" in words(app, "#top")) is (size[0] > 60)
        await pilot.press("j")
        await until(pilot, lambda: "? lists all keys" not in words(app, "#top"))
    monitor.close()


@pytest.mark.parametrize(
    ("keys", "filtered"),
    [
        ([*"one", "enter", "o"], "one"),
        ([*"ox", "backspace", *"ne", "enter", "o"], "one"),
        ([*"one", "escape", "o"], ""),
    ],
    ids=["enter", "mended", "esc"],
)
async def test_keys_behind_the_enter_of_a_filter_are_commands(
    app: LossmonApp, keys: list[str], filtered: str
) -> None:
    """They came in one burst, as over a slow line, and the filter was "oneo"."""
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        await pilot.press("slash")
        for key in keys:
            app.post_message(Key(key, key if len(key) == 1 else None))
        main = main_of(app)

        def taken() -> bool:
            return main.runs.filter == filtered and main.scene.order != "need"

        await until(pilot, taken)
