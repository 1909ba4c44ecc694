"""Words, signs, cells and lines of the screen without a screen: tables of what each says of a run."""

from __future__ import annotations

import base64
import math
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lossmon import session
from lossmon.chart.identity import Identity
from lossmon.diagnosis.finding import Cause, Finding, TimelineEntry
from lossmon.diagnosis.knowledge import load
from lossmon.errors import TargetError
from lossmon.hparams import Hparams
from lossmon.logs.source import Health
from lossmon.monitor.update import RunUpdate
from lossmon.session import Session
from lossmon.text import cell_width
from lossmon.tui import by_setting, clipboard, look, start, themes
from lossmon.tui.chart_options import ChartOptions
from lossmon.tui.triage import COLUMNS, Scene, column_of, mark_of, ordered
from lossmon.tui.widgets import lines
from lossmon.tui.wording import Wording, figure, in_order, joined, plain
from lossmon.words import said
from tests.chart.test_views import run_of
from tests.conftest import falling, training_rows

EN = load("en")
NOW = 1_800_000_000.0
BASE = replace(
    run_of([*training_rows(falling(60)), {"step": 600, "eval_loss": 0.75, "lr": 1e-4}]),
    run="runs/a", state="running", total_steps=3000, last_row_time=NOW - 5, loading=1.0, lost="",
    eta_s=5400.0, steps_per_s=4.25,
)  # fmt: skip
SCENE = Scene(NOW, EN)


def finding(pattern: str, severity: str = "warning", since: int = 1800, **more: Any) -> Finding:
    return Finding(pattern, severity, 0.9, since, "loss", said("it rose"), **more)  # type: ignore[arg-type]


SICK, WELL, DEAD = (
    finding("overfitting"),
    finding("healthy", "info"),
    finding("diverged", "critical"),
)
EARLY, SPIKE = finding("too_early", "info"), finding("spike", "info")


def run(*findings: Finding, hushed: str = "", **changes: Any) -> RunUpdate:
    told = replace(BASE.diagnosis, findings=findings, timeline=())
    return replace(BASE, diagnosis=told, hushed=frozenset(hushed.split()), **changes)


@pytest.mark.parametrize(
    ("update", "sign", "ascii", "style", "worst", "named"),
    [
        (run(), "…", ".", "$text-muted", "info", ""),
        (run(EARLY), "…", ".", "$text-muted", "info", "too_early"),
        (run(WELL), "✓", "+", "$text-success", "info", "healthy"),
        (run(SPIKE), "~", "~", "$text-accent", "info", "spike"),
        (run(SICK, WELL), "!", "!", "$text-warning", "warning", "overfitting"),
        (run(DEAD, SICK), "✗", "x", "$text-error", "critical", "diverged"),
        (run(SICK, hushed="overfitting"), "z", "z", "$text-muted", "info", "overfitting"),
        (run(SICK, WELL, hushed="overfitting"), "z", "z", "$text-muted", "info", "overfitting"),
        (run(DEAD, SICK, hushed="overfitting"), "✗", "x", "$text-error", "critical", "diverged"),
        (
            run(DEAD, SICK, hushed="overfitting diverged"),
            "z",
            "z",
            "$text-muted",
            "info",
            "diverged",
        ),
    ],
)
def test_the_sign_of_a_run(
    update: RunUpdate, sign: str, ascii: str, style: str, worst: str, named: str
) -> None:
    assert look.badge_of(update, ascii=False) == (sign, style)
    assert look.badge_of(update, ascii=True) == (ascii, style)
    assert look.severity(update) == worst
    found = look.named(update)
    assert (found.pattern if found else "") == named


@pytest.mark.parametrize(
    ("state", "signs"),
    [("running", "●*"), ("finished", "■#"), ("stalled", "○o"), ("failed", "✗x"), ("silent", "·.")],
)
def test_the_state_of_a_run_is_a_sign(state: str, signs: str) -> None:
    update = run(state=state)
    assert look.dot(update, ascii=False) + look.dot(update, ascii=True) == signs


@pytest.mark.parametrize(
    ("step", "total", "text", "short"),
    [
        (None, 3000, "", ""), (2140, 3000, "2,140/3,000", "2.14k/3k"), (2140, None, "2,140", "2,140"),
        (999, 1000, "999/1,000", "999/1k"), (1_234_567, 5_000_000_000, "1,234,567/5,000,000,000", "1.235M/5G"),
        (0, None, "0", "0"),
    ],
)  # fmt: skip
def test_how_far_a_run_is(step: int | None, total: int | None, text: str, short: str) -> None:
    update = run(step=step, total_steps=total)
    assert look.progress(update) == text
    assert look.short_progress(update, 8) == short
    assert look.short_progress(update, 99) == text


@pytest.mark.parametrize(
    ("value", "width", "text"),
    [
        (None, 10, ""), (1.0, 10, "1"), (0.123456, 10, "0.1235"), (12010.0, 10, "1.201e+04"),
        (12010.0, 8, "1.201e4"), (12010.0, 6, "1.2e4"), (1.234e-7, 6, "1.2e-7"), (-12345.6, 5, "-1e4"),
        (math.nan, 10, "nan"),
    ],
)  # fmt: skip
def test_a_number_in_so_many_characters(value: float | None, width: int, text: str) -> None:
    assert look.number(value, width) == text


@pytest.mark.parametrize(
    ("per_second", "text"),
    [
        (0.351, "0.35"),
        (4.25, "4.2"),
        (99.4, "99"),
        (100, "100"),
        (1934, "1,900"),
        (123456, "120,000"),
    ],
)
def test_a_speed_flickers_no_more_than_it_must(per_second: float, text: str) -> None:
    assert look.rate(per_second) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "<1 min"), (59, "<1 min"), (60, "1 min"), (119, "1 min"), (179, "2 min"), (2580, "40 min"), (3599, "50 min"),
        (3600, "1 h"), (48 * 3600 - 1, "47 h"), (48 * 3600, "2 d"),
    ],
)  # fmt: skip
def test_an_age_stands_still(seconds: float, text: str) -> None:
    assert look.coarse(seconds) == text


def test_a_time_to_come_is_told_by_the_clock_in_grains() -> None:
    now = time.mktime((2026, 11, 29, 14, 2, 30, 0, 0, -1))
    assert look.clock(now + 10, now) == "14:03"
    assert look.clock(now + 1800, now) == "14:33"
    assert look.clock(now + 1801, now) == "14:35"
    assert look.clock(now + 86400, now) == "11-30 14:05"


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "+0"), (120, "+120"), (-9999, "-9999"), (10000, "+10k"), (-34567, "-34.6k")],
)
def test_a_number_with_its_sign(number: int, text: str) -> None:
    assert look.signed(number) == text


# -- the list --------------------------------------------------------------------------------------

COLUMN = {column.key: column for column in COLUMNS}


@pytest.mark.parametrize(
    ("key", "update", "width", "cell"),
    [
        ("name", run(SICK), 20, ("runs/a", "warning")),
        ("name", run(SICK, hushed="overfitting"), 20, ("runs/a", "")),
        ("name", run(WELL, run="runs/a/long/name"), 9, ("ru…g/name", "")),
        ("train", run(WELL), 8, (look.number(BASE.newest("loss")), "")),
        ("eval", run(WELL), 8, ("0.75", "")),
        ("eval", run(WELL, eval=None), 8, ("", "")),
        ("step", run(WELL), 13, ("600/3,000", "")),
        ("step", run(WELL, total_steps=3_000_000), 8, ("600/3M", "")),
        ("verdict", run(), 24, ("", "")),
        ("verdict", run(EARLY), 24, ("Too early to tell", "faint")),
        ("verdict", run(WELL), 24, ("Healthy", "info")),
        ("verdict", run(SPIKE), 24, ("Spike", "accent")),
        ("verdict", run(SICK, hushed="overfitting"), 24, ("Overfitting (seen)", "faint")),
        ("verdict", run(WELL, lost="gone"), 24, ("Healthy", "faint")),
        ("verdict", run(DEAD, SICK, hushed="diverged"), 40, ("Diverged (seen); OVERFITTING", "warning")),
        ("state", run(WELL), 9, ("running", "faint")),
        ("state", run(WELL, state="failed"), 9, ("failed", "critical")),
        ("state", run(WELL, state="stalled"), 9, ("stalled", "warning")),
        ("state", run(WELL, host="gpu1"), 9, ("link lost", "warning")),
        ("age", run(WELL), 7, ("<1 min", "faint")),
        ("age", run(WELL, last_row_time=None), 7, ("", "")),
        ("speed", run(WELL), 7, ("4.2", "")),
        ("speed", run(WELL, state="finished"), 7, ("", "")),
        ("speed", run(WELL, steps_per_s=None), 7, ("", "")),
        ("eta", run(WELL), 7, ("1.5 h", "")),
        ("eta", run(WELL, state="stalled"), 7, ("", "")),
        ("host", run(WELL), 10, ("here", "faint")),
        ("host", run(WELL, host="gpu2"), 10, ("gpu2", "faint")),
        ("versus", run(WELL), 15, ("", "")),
    ],
)  # fmt: skip
def test_a_cell_of_the_list(key: str, update: RunUpdate, width: int, cell: tuple[str, str]) -> None:
    scene = replace(
        SCENE, hosts={"gpu1": Health("gpu1", "retrying"), "gpu2": Health("gpu2", "live")}
    )
    assert COLUMN[key].cell(update, scene, width) == cell
    assert cell_width(COLUMN[key].cell(update, replace(scene, ascii=True), width)[0]) <= max(
        width, 24
    )


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("need", "dead sick well lost"),
        ("name", "dead lost sick well"),
        ("step", "well dead lost sick"),  # the furthest first, what is not known last
        ("eta", "sick well dead lost"),
        ("speed", "well sick dead lost"),
        ("state", "dead"),
        ("zzz", "dead sick well lost"),
        ("config:lr", "well dead sick lost"),
    ],
)
def test_runs_are_listed_by_a_column(order: str, names: str) -> None:
    runs = [
        run(WELL, run="lost", lost="gone", step=None, eta_s=None, steps_per_s=None),
        run(WELL, run="well", step=9, steps_per_s=2.0, hparams=Hparams({"lr": 0.1})),
        run(SICK, run="sick", step=None, eta_s=1.0, steps_per_s=1.0, hparams=Hparams({"lr": "x"})),
        run(DEAD, run="dead", step=7, eta_s=None, steps_per_s=None, state="failed", hparams=Hparams({"lr": 3})),
    ]  # fmt: skip
    found = [one.run for one in ordered(runs, replace(SCENE, order=order))]
    assert found[: len(names.split())] == names.split()
    assert [one.run for one in ordered(runs[::-1], replace(SCENE, order=order))] == found


@pytest.mark.parametrize(
    ("changes", "how", "unsure"),
    [
        ({}, "running", False),
        ({"last_row_time": None}, "running", False),
        ({"state": "finished", "last_row_time": NOW - 60}, "finished, 1 min", False),
        ({"state": "finished", "last_row_time": NOW - 59}, "finished", False),
        ({"state": "failed", "state_note": "OOM \x1b"}, "failed: OOM ", False),
        ({"lost": "no such file"}, "gone: no such file", True),
        ({"loading": 0.5}, "reading: 50% of the log was read", False),
        ({"host": "gpu1"}, "link lost: gpu1: off; the newest row is 5 s old", True),
        ({"state": "stalled", "last_row_time": NOW - 7200}, "stalled, 2 h", False),
    ],
)
def test_how_a_run_stands_in_words(changes: dict[str, Any], how: str, unsure: bool) -> None:
    scene = replace(SCENE, hosts={"gpu1": Health("gpu1", "retrying", "off")})
    update = run(WELL, **changes)
    assert scene.how(update) == how
    assert scene.unsure(update) == unsure
    assert scene.goes_on(update) == (update.state == "running" and not unsure)
    assert scene.badge(update)[0] == ("?" if unsure else "✓")


def test_marked_runs_and_groups_have_signs() -> None:
    scene = replace(SCENE, marked={"runs/a": Identity(3, 2, "x")} if False else {})
    assert mark_of(BASE, scene) == (" ", "")
    group = run(WELL, run="lr 0.1", members=(BASE, BASE))
    for unfolded, ascii, name in (
        ((), False, "▸ 0.1 ×2"), (("lr 0.1",), False, "▾ 0.1 ×2"), ((), True, "+ 0.1 x2"),
        (("lr 0.1",), True, "- 0.1 x2"),
    ):  # fmt: skip
        shown = COLUMN["name"].cell(group, replace(SCENE, unfolded=unfolded, ascii=ascii), 20)
        assert shown == (name, "")


@pytest.mark.parametrize(
    ("value", "rank", "shown"),
    [(3, (0, 3.0, ""), "3"), (0.5, (0, 0.5, ""), "0.5"), ("adam", (1, 0.0, "adam"), "adam"),
     (None, None, "-"), (math.nan, (1, 0.0, "nan"), "nan")],
)  # fmt: skip
def test_a_setting_is_a_column(value: Any, rank: Any, shown: str) -> None:
    update = run(WELL, hparams=Hparams({"opt.lr": value} if value is not None else {}))
    assert by_setting.rank(update, "config:opt.lr") == rank
    assert by_setting.shown(update, "config:opt.lr") == shown
    column = column_of("config:opt.lr")
    assert column is not None
    assert (column.title, column.width) == ("LR", 10)
    assert column.cell(update, SCENE, 10) == (shown, "")
    assert by_setting.name_of("lr") == ""
    assert column_of("nothing") is None


def test_settings_in_which_runs_differ_are_columns() -> None:
    few = [run(hparams=Hparams({f"s{i}": seed for i in range(9)} | {"same": 1})) for seed in (1, 2)]
    assert by_setting.keys_of(few) == [f"config:s{i}" for i in range(6)]
    assert by_setting.keys_of(few[:1]) == []
    assert by_setting.keys_of([few[0], run(hparams=Hparams())]) == []


# -- the lines -------------------------------------------------------------------------------------


def text(parts: list[tuple[str, str]]) -> str:
    return "".join(words for words, _ in parts)


@pytest.mark.parametrize(
    ("how", "says", "lacks"),
    [
        ({"runs": 3, "shown": 3, "update": None, "wide": True}, " lossmon  3 runs ", "●"),
        ({"runs": 1, "shown": 1, "update": None, "wide": True}, " lossmon  1 run ", "●"),
        ({"runs": 3, "shown": 2, "update": None, "wide": True}, "2 of 3 runs", "●"),
        ({"runs": 3, "shown": 3, "wide": True}, " lossmon  3 runs ", "runs/a"),
        ({"runs": 3, "shown": 3, "wide": True, "listed": False}, " ●✓ runs/a", "lossmon"),
        ({"runs": 1, "shown": 1, "wide": False}, "●✓ runs/a  600/3,000  ETA 1.5 h", "("),
        ({"runs": 2, "shown": 2, "wide": False, "others": (run(SICK), run(WELL))}, "!1 ✓1", "("),
        ({"runs": 2, "shown": 1, "wide": False}, "(1 of 2 runs)", "lossmon"),
        ({"runs": 1, "shown": 1, "wide": True, "update": run(WELL, loading=0.25)}, "reading 25%", "●"),
        ({"runs": 1, "shown": 1, "wide": False, "how": True, "update": run(WELL, state="stalled")},
         "stalled", "ETA"),
        ({"runs": 1, "shown": 1, "wide": False, "how": False, "update": run(WELL, state="stalled")},
         "runs/a", "stalled"),
    ],
)  # fmt: skip
def test_the_line_on_top(how: dict[str, Any], says: str, lacks: str) -> None:
    told = text(lines.top(**{"update": run(WELL), "scene": SCENE, **how}))
    assert says in told
    assert lacks not in told


def test_a_line_on_top_that_is_too_long_cuts_the_name_alone() -> None:
    long = run(WELL, run="runs/a-very-long-name-of-a-run/with-seed-3", eta_s=None)
    others = (run(SICK), run(WELL))
    told = text(
        lines.top(runs=2, shown=2, update=long, wide=False, scene=SCENE, others=others, room=40)
    )
    assert cell_width(told) <= 40
    assert "seed-3" in told or "…" in told
    assert "600/3,000" in told
    assert told.endswith("!1 ✓1 ")


def test_the_time_left_is_a_clock_time_where_there_is_room_and_gives_way_to_a_replay() -> None:
    others = (run(SICK), run(WELL))

    def told(room: int, count: int = 1) -> str:
        return text(
            lines.top(count, count, run(WELL), False, SCENE, others=others[:count], room=room)
        )

    soon = lines.top(1, 1, run(WELL, eta_s=40.0), False, SCENE, room=60)
    assert text(soon).endswith("ETA 40 s")
    clock = look.clock(SCENE.now + 1.5 * 3600, SCENE.now)
    assert told(60).endswith(f"ETA 1.5 h, at {clock}")
    assert told(32).endswith("ETA 1.5 h")
    assert told(22).endswith("600/3,000"), "what is left in 40 cells beside '▶ replay 5x 20%'"
    assert told(60, 2).endswith(f"ETA 1.5 h, at {clock}  !1 ✓1 ")
    assert told(32, 2).endswith("ETA 1.5 h"), "counts are whole or not there"


def test_numbers_give_way_to_how_the_run_stands() -> None:
    whole = text(lines.status(run(WELL), True, SCENE))
    short = text(lines.status(run(WELL), True, SCENE, room=40))
    assert cell_width(short) <= 40 < cell_width(whole)
    assert short.endswith("  running")
    assert " train " in short
    assert "ETA" not in short


def test_the_newest_numbers() -> None:
    told = text(lines.status(run(WELL), True, SCENE))
    loss = look.number(BASE.newest("loss"))
    for words in (
        f" train {loss} ",
        " eval 0.75 ",
        " lr 0.0001 ",
        " step 600/3,000 ",
        "4.2 steps/s",
        "ETA 1.5 h, at ",
    ):
        assert words in told, words
    assert "|g|" not in told
    assert told.endswith("  running")
    narrow = text(lines.status(run(WELL), False, SCENE))
    assert "step " not in narrow.replace("steps/s", "")
    assert "ETA" not in narrow
    ended = text(lines.status(run(WELL, state="finished"), True, SCENE))
    assert "steps/s" not in ended
    assert "ETA" not in ended
    assert lines.status(None, True, SCENE) == []


@pytest.mark.parametrize(
    ("update", "says"),
    [
        (None, ""),
        (run(WELL), ": it rose"),
        (run(SICK), f" since step 1,800: {EN.remedies(SICK)[0]}"),
        (run(), ""),
    ],
)
def test_the_verdict_of_a_narrow_pane(update: RunUpdate | None, says: str) -> None:
    told = text(lines.verdict(update, EN))
    assert says in told
    assert bool(told) == (update is not None)


# -- the panel -------------------------------------------------------------------------------------

RATE = Cause("lr_too_high", said("the rate is {rate}", rate=4))


def rows(made: Any) -> list[str]:
    return plain(list(made)).split("\n")


def test_the_panel_says_a_finding_in_full_and_the_others_in_brief() -> None:
    full = replace(SICK, causes=(RATE, Cause("small_data")))
    update = run(full, DEAD, WELL, hushed="overfitting")
    assert [one.pattern for one in in_order(update)] == ["diverged", "healthy", "overfitting"]
    told = rows(Wording(EN, 40).findings(update, full))
    assert max(map(cell_width, told)) <= 40
    places = [next(i for i, line in enumerate(told) if name in line) for name in
              ("Diverged", "Healthy", "Overfitting")]  # fmt: skip
    assert places == sorted(places)
    chosen = next(i for i, line in enumerate(told) if line.startswith("▸"))
    assert "Overfitting" in told[chosen]
    assert "1,800" in told[chosen]
    after = " ".join(told[chosen:])
    assert "the rate is 4" in after
    assert "1 " in after
    assert "2 " in after
    ascii = rows(Wording(EN, 40, ascii=True).findings(update, full))
    assert any(line.startswith(">") for line in ascii)
    assert not any("•" in line for line in ascii)


@pytest.mark.parametrize(
    ("width", "finding", "words"),
    [
        (60, SICK, " ! OVERFITTING  since 1,800  "),
        (34, SICK, " ! OVERFITTING  since"),
        (25, SICK, " ! OVERFITTING "),
        (14, SICK, " ! OVERFITTING "),
        (60, WELL, " ✓ HEALTHY "),
        (60, None, " NOTHING STANDS OUT"),
    ],
)
def test_the_banner_says_as_much_as_it_has_room_for(
    width: int, finding: Finding | None, words: str
) -> None:
    told = plain([Wording(EN, width).banner(run(SICK), finding)])
    assert told.startswith(words[: min(len(words), 16)])
    assert cell_width(told) <= max(width, cell_width(words))
    assert Wording(EN, width).banner(None, None) == []


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [("rise", 0.041, "+4.1%"), ("tail_fall", -0.5, "-50.0%"), ("share", 0.25, "25.0%"),
     ("best_step", 12345.0, "12,345"), ("count", 3.0, "3"), ("level", 1.23456, "1.235")],
)  # fmt: skip
def test_a_figure_of_a_finding(name: str, value: float, text: str) -> None:
    assert figure(name, value) == text


def test_a_timeline_is_told_newest_first() -> None:
    entries = [
        TimelineEntry("spike", "info", "loss", i, 1000 + i, None if i == 14 else 2000 + i)
        for i in range(15)
    ]
    update = replace(BASE, diagnosis=replace(BASE.diagnosis, timeline=tuple(entries)))
    told = rows(Wording(EN, 40).timeline(update))
    assert told[0] == ""
    assert len(told) == 2 + 12
    assert told[2].split() == ["1,014-", "Spike"]
    assert told[-1].split() == ["1,003-2,003", "Spike"]
    assert len({line.index("Spike") for line in told[2:]}) == 1
    thin = rows(Wording(EN, 14).timeline(update, 1))
    assert [line.strip() for line in thin[2:]] == ["1,014-", "Spike"] or thin[2].split() == [
        "1,014-",
        "Spike",
    ]
    assert rows(Wording(EN, 40).timeline(run())) == [""]
    assert joined([[("a", "x")], [("b", "")]]) == [("a", "x"), ("\n", ""), ("b", "")]


def test_notes_say_what_no_finding_says() -> None:
    wording = Wording(EN, 60)
    noted = run(SICK, state_note="it waits", errors=("torn",))
    assert rows(wording.notes(noted)) == ["", "it waits", "", "torn"]
    said_already = run(replace(SICK, evidence="now it waits"), state_note="it waits")
    assert rows(wording.notes(said_already)) == [""]


# -- the rest --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "pieces"),
    [({}, 0), ({"TMUX": "x"}, 1), ({"STY": "x"}, 3), ({"TMUX": "x", "STY": "y"}, 1)],
)
def test_a_text_reaches_the_clipboard_through_what_lies_between(
    environment: dict[str, str], pieces: int
) -> None:
    words = "x" * 1050  # 1,400 characters of base64
    plain = f"\x1b]52;c;{base64.b64encode(words.encode()).decode()}\a"
    sent = clipboard.osc52(words, environment)
    if not pieces:
        assert sent == plain
    elif "TMUX" in environment:
        assert sent == plain + "\x1bPtmux;" + plain.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    else:
        found = sent.split("\x1b\\")[:-1]
        assert len(found) == pieces
        assert all(one.startswith("\x1bP") and len(one) <= 702 for one in found)
        assert "".join(one.removeprefix("\x1bP") for one in found) == plain
    assert clipboard.to_tmux("x", {}) is False


def test_another_run_is_looked_at_whole() -> None:
    view = ChartOptions(0.9, True, "epoch", ("acc",), True, whole_y=True, strip="lr")
    again = view.of_another_run()
    assert (again.metrics, again.window) == ((), None)
    assert replace(again, metrics=("acc",)) == view


def test_themes_come_in_turn() -> None:
    names = list(themes.OURS)
    assert [themes.after(name) for name in names] == [*names[1:], names[0]]
    assert themes.after("zzz") == names[0]


@pytest.fixture
def left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    monkeypatch.chdir(tmp_path)

    def leave(name: str, **values: Any) -> None:
        told = {"targets": ("runs",), "folder": str(tmp_path / "there"), **values}
        session.save(session.path_of((), name), Session(**told))

    return leave


def test_a_session_by_name_is_watched_from_where_it_was(
    tmp_path: Path, left: Callable[..., None]
) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(TargetError, match=r"--session a: no such session \(none yet\)"):
        start._targets_of("a")
    left("b")
    with pytest.raises(TargetError, match=r"--session a: no such session \(b\)"):
        start._targets_of("a")
    assert start._targets_of("b") == ("runs",)
    assert os.getcwd() == str(tmp_path / "there")
    left("c", targets=())
    with pytest.raises(TargetError, match="no such session"):
        start._targets_of("c")
    broken = session.path_of((), "e")
    Path(broken).write_text('{"targets": ["runs"')
    with pytest.raises(TargetError, match=rf"^--session e: {broken} cannot be read; remove it"):
        start._targets_of("e")
    left("d", folder=str(tmp_path / "gone"))
    with pytest.raises(TargetError, match=r"its folder .*gone is gone; name targets"):
        start._targets_of("d")


class Quiet:
    """A monitor that finds runs after some looks, or that there are none."""

    def __init__(self, finds_at: int | None) -> None:
        self.finds_at, self.looks, self.repeated = finds_at, 0, False

    def poll(self) -> list[str]:
        self.looks += 1
        return ["run"] if self.looks == self.finds_at else []

    def repeat(self) -> None:
        self.repeated = True

    @property
    def exhausted(self) -> bool:
        return self.finds_at is None


@pytest.mark.parametrize(
    ("finds_at", "answer", "taken"),
    [(1, "y", False), (3, "y", False), (None, "y", True), (None, "", True), (None, "YES ", True),
     (None, "n", False), (None, "what", False), (None, None, False)],
)  # fmt: skip
def test_the_last_session_is_offered_where_there_are_no_logs(
    finds_at: int | None, answer: str | None, taken: bool,
    tmp_path: Path, left: Callable[..., None], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    (tmp_path / "there").mkdir()
    left("b")

    def asked(_: str) -> str:
        if answer is None:
            raise EOFError
        return answer

    monkeypatch.setattr("builtins.input", asked)
    monitor, told = Quiet(finds_at), list[str]()
    found = start._offer(monitor, told.append)  # type: ignore[arg-type]
    assert (found is not None) == taken
    assert monitor.repeated == (finds_at is not None)
    assert len(told) == (2 if finds_at is None else 0)


def test_where_it_was_left_in_this_folder_nothing_is_offered(
    tmp_path: Path, left: Callable[..., None]
) -> None:
    assert start._offer(Quiet(None), print) is None  # type: ignore[arg-type]
    left("b", folder=str(tmp_path), targets=(".",))
    assert start._offer(Quiet(None), print) is None  # type: ignore[arg-type]
