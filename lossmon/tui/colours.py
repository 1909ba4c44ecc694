"""Colours as a terminal takes them, for what is drawn before Textual is there.

`themes` says what a theme looks like; this is the little of it that the first frame needs, as it is
after Textual has blended it (a test compares both).
"""

from __future__ import annotations

from collections.abc import Mapping

PALETTES: dict[str, dict[str, str]] = {
    "dark": {
        "background": "#121212", "": "#e0e0e0", "muted": "#a0a0a0",
        "primary": "#57a5e2", "warning": "#ffc473",
    },
    "light": {
        "background": "#fafaf8", "": "#1c1c1c", "muted": "#5a5a5a",
        "primary": "#005a9e", "warning": "#964600",
    },
    "contrast": {
        "background": "#000000", "": "#ffffff", "muted": "#d0d0d0",
        "primary": "#00d7ff", "warning": "#ffaf00",
    },
    "colour-blind": {
        "background": "#101010", "": "#e8e8e8", "muted": "#a8a8a8",
        "primary": "#56b4e9", "warning": "#e69f00",
    },
}  # fmt: skip
ROLES = ("", "muted", "primary", "warning")  # "": words
_PLAIN = {"": "0", "muted": "0;2", "primary": "0;1", "warning": "0"}  # where colours are few
_BOLD = ("primary",)


def pens(theme: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The SGR sequence of each role in a theme, on the terminal that the environment names."""
    depth = colours_of(environment)
    if depth < 256:
        return {role: f"\x1b[{code}m" for role, code in _PLAIN.items()}
    palette = PALETTES.get(theme, PALETTES["dark"])

    def code(role: str) -> str:
        red, green, blue = rgb(palette[role])
        return f"2;{red};{green};{blue}" if depth > 256 else f"5;{nearest((red, green, blue))}"

    bold = {role: "1;" if role in _BOLD else "" for role in ROLES}
    back = code("background")
    return {role: f"\x1b[0;{bold[role]}38;{code(role)};48;{back}m" for role in ROLES}


def colours_of(environment: Mapping[str, str]) -> int:
    """How many colours a terminal says it has; 0 where none are wanted, 16 where it does not say.

    As Rich decides it, which is not loaded yet.
    """
    if "NO_COLOR" in environment:
        return 0
    if environment.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return 1 << 24
    known = environment.get("TERM", "").strip().lower().rpartition("-")[2]
    return 256 if known in ("256color", "kitty") else 16


def rgb(colour: str) -> tuple[int, int, int]:
    """The parts of a colour such as "#fe8019"."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def nearest(parts: tuple[int, int, int]) -> int:
    """The number of the colour among 256 that Rich draws in its place."""
    high, low = max(parts) / 255, min(parts) / 255
    lightness = (high + low) / 2
    spread = high - low
    room = 1 - abs(2 * lightness - 1)
    if room == 0 or spread / room < 0.15:
        grey = round(lightness * 25.0)
        return {0: 16, 25: 231}.get(grey, 231 + grey)
    red, green, blue = (p / 95 if p < 95 else 1 + (p - 95) / 40 for p in parts)
    return 16 + 36 * round(red) + 6 * round(green) + round(blue)
