"""Colours. Widgets name roles ($text-error, $primary); what a role looks like is said here alone.

"colour-blind" is the palette of Okabe and Ito (2008), which people with any of the usual kinds of
colour blindness tell apart. In every theme a sign stands beside a colour that means something.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from textual.theme import Theme

from lossmon.config.screen import THEMES

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


_DARK = Theme(  # its words as Textual blends them
    name="dark",
    primary="#0178D4",
    secondary="#004578",
    accent="#ffa62b",
    warning="#ffa62b",
    error="#ba3c5b",
    success="#4EBF71",
    foreground="#e0e0e0",
    variables=_words({"secondary": "#7fa6c9"}),
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
    variables={"surface-lighten-2": "#a0a0a0", "boost": "#404040"},
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
)
OURS = {theme.name: theme for theme in (_DARK, _LIGHT, _CONTRAST, _COLOUR_BLIND)}
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


def after(name: str) -> str:
    """The theme that the key chooses next."""
    names = list(OURS)
    return names[(names.index(name) + 1) % len(names)] if name in names else names[0]
