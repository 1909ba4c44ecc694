"""[screen]: how the screen looks before a key was pressed."""

from __future__ import annotations

from dataclasses import dataclass

from lossmon.chart.strips import NAMES
from lossmon.config.section import setting, table

THEMES = ("dark", "light", "contrast", "colour-blind")
LANGUAGES = ("auto", "en", "zh")
X_AXES = ("step", "epoch", "time", "clock", "tokens")


@dataclass(frozen=True)
class Screen:
    """How the screen looks; the flags of the command line go before it."""

    theme: str = setting("dark", "Colours; the key T goes through them.", one_of=THEMES)
    language: str = setting("auto", "Of all words; auto follows LANG.", one_of=LANGUAGES)
    ascii: bool = setting(False, "Draw with ASCII signs only.")
    fps: float = setting(5.0, "Redraws a second at most.", least=0.1, most=60)
    smoothing: float = setting(0.6, "EMA weight of the curves.", least=0, most=0.999)
    log_y: bool = setting(False, "Logarithmic loss axis.")
    log_x: bool = setting(False, "Logarithmic x axis.")
    x_axis: str = setting("step", "The x axis, where the log allows it.", one_of=X_AXES)
    strip: str = setting("gap", "The strip below the curve.", one_of=(*NAMES, "off"))
    save_to: str = setting(
        "", "Folder for pictures and data (key S); the current one where empty.", example="~/plots"
    )


SCREEN = table(Screen())
