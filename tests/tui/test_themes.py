"""Themes: legible, told apart by every eye and on 16 colours, and kept."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import pytest
from rich.color import Color as RichColor
from rich.color import ColorSystem
from textual.color import Color
from textual.theme import Theme

from lossmon import config
from lossmon.config.keep import keep, with_setting
from lossmon.errors import ConfigError
from lossmon.tui import themes
from lossmon.tui.app import LossmonApp
from lossmon.tui.widgets.chart_view import ChartView
from tests.report.test_cli import run
from tests.tui.terminal import Terminal
from tests.tui.test_app import WIDE, loaded, main_of, still

WORDS = ("primary", "warning", "error", "success", "accent", "secondary", "muted")
# Machado, Oliveira, Fernandes 2009, severity 1.0: what remains of linear RGB.
EYES = {
    "protanopia": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    "deuteranopia": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
    "tritanopia": ((1.256, -0.077, -0.179), (-0.078, 0.931, 0.148), (0.005, 0.691, 0.304)),
}


def colors(theme: Theme) -> dict[str, Color]:
    """What Textual makes of a theme, on its background."""
    made = {**theme.to_color_system().generate(), **theme.variables}
    ground, found = Color.parse(made["background"]), {}
    for key, value in made.items():
        auto, _, share = value.partition(" ")
        if auto == "auto":  # the colour that contrasts, so far
            found[key] = ground.blend(ground.get_contrast_text(1.0), int(share.rstrip("%")) / 100)
            continue
        try:
            color = Color.parse(value)
        except Exception:
            continue  # of a border, a scrollbar
        found[key] = ground.blend(color.with_alpha(1.0), color.a)
    return found


def linear(color: Color) -> list[float]:
    parts = [part / 255 for part in color.rgb]
    return [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]


def luminance(color: Color) -> float:
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear(color), strict=True))


def contrast(a: Color, b: Color) -> float:
    """WCAG 2.2 contrast ratio."""
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


# What stands on which ground, beside the words of WORDS on those of the screen and of the chart.
BANNERS = (
    *(("footer-foreground", "footer-background"), ("footer-key-foreground", "footer-background")),
    *((f"text-{role}", f"{role}-muted") for role in ("success", "warning", "error")),
    *((f"on-{role}", role) for role in ("warning", "error")),
    *((name, "boost") for name in ("foreground", "text-muted", "text-error", "text-warning")),
)
DEPTHS = {1 << 24: ColorSystem.TRUECOLOR, 256: ColorSystem.EIGHT_BIT}


def seen_on(name: str, depth: int) -> dict[str, Color]:
    """The colours of a theme as a terminal with so many colours shows them."""
    theme = themes.for_colours(themes.OURS[name], depth)
    shown = {}
    for role, color in colors(theme).items():
        triplet = RichColor.from_rgb(*color.rgb).downgrade(DEPTHS[depth]).get_truecolor()
        shown[role] = Color(*triplet)
    return shown


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("name", list(themes.OURS))
def test_words_are_legible_on_what_is_behind_them(name: str, depth: int) -> None:
    found = seen_on(name, depth)
    least = 7.0 if name == "contrast" else 4.5
    for role in WORDS:
        for behind in ("background", "surface"):
            ratio = contrast(found[f"text-{role}"], found[behind])
            assert ratio >= least, f"{role} on {behind}: {ratio:.1f}"
        for zone in themes.ZONES:  # behind a curve, since something went wrong
            ratio = contrast(found[f"text-{role}"], found[f"zone-{zone}"])
            assert ratio >= 4.5, f"{role} in a zone: {ratio:.1f}"
        ratio = contrast(found[f"text-{role}"], found["lit"])  # a curve under the cursor
        assert ratio >= 3.0, f"{role} under the cursor: {ratio:.1f}"
    for words, ground in BANNERS:
        ratio = contrast(found[words], found[ground])
        assert ratio >= 4.5, f"{words} on {ground}: {ratio:.1f}"


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("name", list(themes.OURS))
def test_grounds_are_told_apart(name: str, depth: int) -> None:
    found = seen_on(name, depth)
    for ground in ("zone-warning", "zone-error", "boost", "lit"):
        ratio = contrast(found[ground], found["background"])
        assert ratio >= 1.06, f"{ground}: {ratio:.2f}"
    assert contrast(found["surface-lighten-2"], found["background"]) >= 1.5, "borders"


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("name", list(themes.OURS))
def test_what_matters_less_is_dimmer(name: str, depth: int) -> None:
    found = seen_on(name, depth)
    ground = found["background"]
    muted = contrast(found["text-muted"], ground)
    assert muted < contrast(found["foreground"], ground)
    assert contrast(found["surface-lighten-2"], ground) < muted, "borders"


@pytest.mark.parametrize("name", list(themes.OURS))
def test_no_ground_of_256_colours_is_a_glaring_one(name: str) -> None:
    """A dark colour with a hue becomes navy or green there: the line of keys was blue."""
    found = seen_on(name, 256)
    for ground in ("background", "surface", "footer-background", "boost", "zone-warning"):
        parts = found[ground].rgb
        assert max(parts) - min(parts) <= 40, f"{ground}: {found[ground].hex}"


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("eye", EYES)
def test_the_palette_for_colour_blind_eyes_is_told_apart(eye: str, depth: int) -> None:
    found = seen_on("colour-blind", depth)

    def seen(color: Color) -> list[float]:
        parts = linear(color)
        mixed = [sum(w * p for w, p in zip(row, parts, strict=True)) for row in EYES[eye]]
        return [min(1.0, max(0.0, p)) ** (1 / 2.2) for p in mixed]

    roles = ("text-primary", "text-warning", "text-error", "text-success")
    for a, b in itertools.combinations(roles, 2):
        distance = sum((x - y) ** 2 for x, y in zip(seen(found[a]), seen(found[b]), strict=True))
        assert distance**0.5 > 0.12, f"{a} and {b}"


@pytest.mark.parametrize("name", list(themes.OURS))
def test_sixteen_colours_tell_train_eval_and_the_ground_apart(name: str) -> None:
    found = colors(themes.OURS[name])
    roles = ("text-primary", "text-warning", "background")
    plain = [
        RichColor.from_rgb(*found[role].rgb).downgrade(ColorSystem.STANDARD).number
        for role in roles
    ]
    assert len(set(plain)) == len(plain)


async def test_the_curve_takes_the_colours_of_the_theme(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        view = main_of(app).query_one(ChartView)
        for name in themes.OURS:
            app.theme = name
            await still(pilot)
            wanted = view.get_component_rich_style("chart--train").color
            drawn = {s.style.color for y in range(view.size.height) for s in view.render_line(y)}
            assert wanted in drawn, name


async def test_a_key_changes_the_theme_and_keeps_it(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        assert app.theme == "dark"
        for name in ("light", "contrast", "colour-blind", "dark", "light"):
            await pilot.press("T")
            assert app.theme == name
            assert config.load().screen.theme == name
        assert main_of(app).query_one("ChartView").picture is not None


async def test_the_look_is_kept_when_asked_to(app: LossmonApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        await loaded(pilot)
        await pilot.press("s", "y", "L")
        await main_of(app).run_action("keep_look")
        kept = config.load().screen
        assert (kept.smoothing, kept.log_y, kept.language) == (0.9, True, "zh")
        assert kept.theme == "dark"


def test_no_color_sends_no_colour_at_all(folder: Path) -> None:
    program = ["/usr/bin/env", "NO_COLOR=1", sys.executable, "-m", "lossmon"]
    terminal = Terminal(str(folder), program=program)
    try:
        terminal.wait_for("REBOUND")
        codes = terminal.colours()
    finally:
        terminal.close()
    assert not codes


class TestKeep:
    @pytest.mark.parametrize(
        ("text", "changed"),
        [
            ("", '[screen]\ntheme = "light"\n'),
            ("[roles]\na = 1\n", '[roles]\na = 1\n\n[screen]\ntheme = "light"\n'),
            (
                '# mine\n[screen]\ntheme = "dark"  # old\nfps = 2\n',
                '# mine\n[screen]\ntheme = "light"\nfps = 2\n',
            ),
            (
                '[screen]\n# theme = "dark"\nfps = 2\n',
                '[screen]\ntheme = "light"\nfps = 2\n',
            ),
            ("[screen]\nfps = 2\n", '[screen]\ntheme = "light"\nfps = 2\n'),
            (
                '[screen]\n\n[roles]\ntheme = "other"\n',
                '[screen]\ntheme = "light"\n\n[roles]\ntheme = "other"\n',
            ),
        ],
    )
    def test_one_line_changes(self, text: str, changed: str) -> None:
        assert with_setting(text, "screen", "theme", 'theme = "light"') == changed

    def test_a_file_that_says_it_in_another_way_stays(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "c.toml"
        path.write_text('screen = { theme = "dark" }\n')
        monkeypatch.setenv("LOSSMON_CONFIG", str(path))
        with pytest.raises(ConfigError):
            keep("screen", theme="light")
        assert path.read_text() == 'screen = { theme = "dark" }\n'

    def test_the_documented_file_is_written_where_there_is_none(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        where = Path(keep("screen", theme="light"))
        assert where == tmp_path / "lossmon" / "config.toml"
        assert '\ntheme = "light"\n' in where.read_text()
        assert len(where.read_text().splitlines()) == len(config.default_text().splitlines())

    def test_a_folder_that_cannot_be_written_is_said(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "file"))
        with pytest.raises(ConfigError):
            keep("screen", theme="light")


@pytest.mark.parametrize(
    ("environment", "plain"),
    [
        ({"LC_ALL": "C.UTF-8"}, False),
        ({"LC_ALL": "C"}, True),
        ({"LC_ALL": "", "LANG": "POSIX"}, True),
        ({"LC_ALL": "", "LANG": ""}, False),
        ({"LC_ALL": "", "LANG": "", "LC_CTYPE": "C.UTF-8"}, False),
    ],
)
def test_a_locale_without_unicode_gets_ascii(
    environment: dict[str, str], plain: bool, folder: Path
) -> None:
    table = run("check", folder, **{"LC_CTYPE": "", **environment}).stdout
    assert table.isascii() == plain


def test_with_plain_signs_nothing_else_is_sent(folder: Path) -> None:
    terminal = Terminal(str(folder), "--ascii", columns=100, rows=20)
    try:
        for keys, words in (
            (b"", "REBOUND"),
            (b"t", "following"),
            (b"?", "help"),
            (b"q\x10", "Search"),
        ):
            terminal.send(keys)
            terminal.wait_for(words)
            terminal.settle()
        assert bytes(terminal.received).isascii()
    finally:
        terminal.close()


def test_on_sixteen_colours_severities_keep_theirs() -> None:
    for theme in map(themes.on_sixteen_colours, themes.OURS.values()):
        words = [theme.variables[f"text-{role}"] for role in ("error", "success", "primary")]
        numbers = [RichColor.parse(one).downgrade(ColorSystem.STANDARD).number for one in words]
        assert numbers in ([9, 10, 14], [1, 2, 4])
