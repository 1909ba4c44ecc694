"""[notices]: what happens when something goes wrong while one looks elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from lossmon.config.section import setting, table

LEVELS = ("warning", "critical")
DESKTOPS = ("auto", "osc9", "osc777", "off")


@dataclass(frozen=True)
class Notices:
    """Notices of findings that start; the key N turns all of them off and on."""

    on: bool = setting(True, "Give notice when a finding starts.")
    level: str = setting("warning", "The mildest finding worth a notice.", one_of=LEVELS)
    bell: bool = setting(True, "Ring the terminal's bell; tmux marks the window.")
    desktop: str = setting(
        "auto", "Ask the terminal for a desktop notice, in its way or not.", one_of=DESKTOPS
    )
    urls: tuple[str, ...] = setting(
        (),
        "Services to tell as well, as Apprise names them (needs lossmon[notify]). A secret stays "
        "out of this file as env:NAME, or as file:PATH with one address a line.",
        example=("ntfy://my-topic", "env:LOSSMON_SLACK", "file:~/.config/lossmon/services"),
    )
    title: bool = setting(True, "Count in the window's title what needs attention.")


NOTICES = table(Notices())
