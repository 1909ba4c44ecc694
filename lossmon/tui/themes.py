"""Colours. Widgets name roles ($text-error, $primary); what a role looks like is said here alone.

"colour-blind" is the palette of Okabe and Ito (2008), which people with any of the usual kinds of
colour blindness tell apart. In every theme a sign stands beside a colour that means something.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from textual.color import Color
from textual.theme import Theme

from lossmon.config.screen import THEMES

# How much of a colour the ground of a chart takes since something went wrong.
ZONES = {"warning": 0.10, "error": 0.14}
_ROLES = ("primary", "secondary", "accent", "warning", "error", "success")


def _theme(
    name: str, *, text: Mapping[str, str], variables: Mapping[str, str] | None = None, **colors: Any
) -> Theme:
    """A theme whose words have its colours as they are: Textual would blend them.

    Args:
        name: of the theme.
        text: colours of words that differ from those of areas, and "muted".
        variables: more of Textual's.
        colors: what `Theme` takes; each of _ROLES.
    """
    words = _words({role: colors[role] for role in _ROLES} | dict(text))
    return Theme(name=name, variables={**words, **(variables or {})}, **colors)


def _words(colors: Mapping[str, str]) -> dict[str, str]:
    return {f"text-{role}": color for role, color in colors.items()}


def _grounded(theme: Theme) -> Theme:
    """The theme with the grounds that we add to Textual's, where it does not say them itself."""
    made = theme.to_color_system().generate()
    ground = Color.parse(made["background"])
    zones = {f"zone-{role}": ground.blend(Color.parse(made[role]), share).hex
             for role, share in ZONES.items()}  # fmt: skip
    lit = theme.variables.get("surface-lighten-2", made["surface-lighten-2"])
    on = {f"on-{role}": made["background"] for role in ZONES}  # words of a banner in that colour
    return replace(theme, variables={**zones, **on, "lit": lit, **theme.variables})


_DARK = Theme(  # its words as Textual blends them
    name="dark",
    primary="#0178D4",
    secondary="#004578",
    accent="#ffa62b",
    warning="#ffa62b",
    error="#ba3c5b",
    success="#4EBF71",
    foreground="#e0e0e0",
    variables={**_words({"secondary": "#7fa6c9"}), "on-error": "#ffffff"},
)
_LIGHT = _theme(
    "light",
    primary="#005a9e",
    secondary="#6b3fa0",
    accent="#8a5a00",
    warning="#a04b00",
    error="#b3123b",
    success="#1b6e34",
    foreground="#1c1c1c",
    background="#fafaf8",
    surface="#f4f4f1",
    panel="#e6e6e2",
    dark=False,
    text={
        "accent": "#7a4f00",
        "warning": "#964600",
        "error": "#a81038",
        "success": "#196630",
        "muted": "#5a5a5a",
    },
    variables={
        "footer-key-foreground": "#005a9e",
        "surface-lighten-2": "#b8b8b0",  # borders
        "boost": "#e2e2dc",  # the chosen line
        "success-muted": "#dcebe0",  # of banners: as Textual blends them, words were at 3.9
        "warning-muted": "#f3e6da",
        "error-muted": "#f6dfe4",
    },
)
_CONTRAST = _theme(
    "contrast",
    primary="#00d7ff",
    secondary="#ff87ff",
    accent="#ffff5f",
    warning="#ffaf00",
    error="#ff8787",
    success="#5fff5f",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#000000",
    text={"muted": "#d0d0d0"},
    variables={"surface-lighten-2": "#a0a0a0", "boost": "#3c3c3c", "lit": "#404040"},
)
_COLOUR_BLIND = _theme(
    "colour-blind",
    primary="#56B4E9",
    secondary="#CC79A7",
    accent="#F0E442",
    warning="#E69F00",
    error="#D55E00",
    success="#009E73",
    foreground="#e8e8e8",
    background="#101010",
    surface="#161616",
    text={
        "error": "#E8702A",  # vermillion, a little lighter: words need more contrast than areas
        "success": "#00B482",  # bluish green, likewise
        "muted": "#a8a8a8",
    },
    variables={"error-muted": "#40210a"},
)
OURS = {theme.name: _grounded(theme) for theme in (_DARK, _LIGHT, _CONTRAST, _COLOUR_BLIND)}
assert tuple(OURS) == THEMES, "config.toml names the themes that are here"


_SIXTEEN_DARK = {
    "primary": "#55ffff",
    "secondary": "#ff55ff",
    "accent": "#ffff55",
    "warning": "#ffff55",
    "error": "#ff5555",
    "success": "#55ff55",
}
_SIXTEEN_LIGHT = {
    "primary": "#0000aa",
    "secondary": "#aa00aa",
    "accent": "#aa5500",
    "warning": "#aa5500",
    "error": "#aa0000",
    "success": "#00aa00",
}


def on_sixteen_colours(theme: Theme) -> Theme:
    """The theme in colours that a terminal with sixteen has: near ones would all become white."""
    roles = _SIXTEEN_DARK if theme.dark else _SIXTEEN_LIGHT
    muted = "#aaaaaa" if theme.dark else "#555555"
    words = {**theme.variables, **_words({**roles, "muted": muted}), "surface-lighten-2": muted}
    return replace(theme, **roles, variables=words)  # type: ignore[arg-type]


# Among 256 colours a dark one with a hue becomes black, navy or a glaring green: grounds are greys
# there, and the darkest red. Of the first steps of a hue there is none between 0 and 95.
_ON_256: dict[str, dict[str, str]] = {
    "dark": {
        "panel": "#303030", "boost": "#303030",
        "zone-warning": "#303030", "zone-error": "#5f0000",
    },
    "light": {
        "boost": "#f4f4f4", "lit": "#d0d0d0",
        "zone-warning": "#f4f4f4", "zone-error": "#f4f4f4",
        "success-muted": "#f4f4f4", "warning-muted": "#f4f4f4", "error-muted": "#f4f4f4",
    },
    "contrast": {
        "zone-warning": "#303030", "zone-error": "#5f0000",
        "warning-muted": "#303030",
    },
    "colour-blind": {
        "panel": "#303030", "boost": "#303030", "surface-lighten-2": "#4e4e4e",
        "zone-warning": "#303030", "zone-error": "#5f0000",
        "success-muted": "#303030", "warning-muted": "#303030", "error-muted": "#303030",
        "text-error": "#ff875f", "text-primary": "#87d7ff",
    },
}  # fmt: skip


def on_256_colours(theme: Theme) -> Theme:
    """The theme for a terminal with 256 colours, such as a plain tmux."""
    told = _ON_256[theme.name]
    panel = told.get("panel", theme.panel)
    own = {name: colour for name, colour in told.items() if name != "panel"}
    return replace(theme, panel=panel, variables={**theme.variables, **own})


def for_colours(theme: Theme, colours: int) -> Theme:
    """The theme for a terminal with so many colours; 0 where none are wanted."""
    if colours == 256:
        return on_256_colours(theme)
    return on_sixteen_colours(theme) if colours == 16 else theme


def after(name: str) -> str:
    """The theme that the key chooses next."""
    names = list(OURS)
    return names[(names.index(name) + 1) % len(names)] if name in names else names[0]
