"""The keys, on one page."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

KEYS = (
    ("up down, j k", "choose a run"),
    ("n p", "next, previous run"),
    ("enter", "give the chart the whole width"),
    ("d", "the diagnosis on the whole screen; arrows choose a finding"),
    ("e", "the finding's evidence, drawn on its curve"),
    ("i", "acknowledge the finding: shown, but quiet until it gets worse"),
    ("z", "snooze it for 15 min, 1 h, 8 h"),
    ("esc", "back; at last to the list of all runs"),
    ("/", "filter: words, host: state: pattern: -not a,b"),
    ("o", "sort the runs by another column"),
    ("w", "small charts of all runs; enter opens one"),
    ("space a", "mark the run; the marked on one chart"),
    ("b", "compare every run with this one"),
    ("N", "notices off, on"),
    ("s", "smoothing: off, 0.6, 0.9, 0.97"),
    ("y X", "logarithmic y axis, x axis"),
    ("x", "x axis: step, epoch, time, clock, tokens"),
    ("r", "whole y range, or robust against spikes"),
    ("+ - 0", "zoom in, out, the whole run"),
    ("f", "follow the newest point"),
    ("c", "cursor: exact values"),
    ("left right", "move the cursor, or pan; with shift further"),
    ("[ ]", "the cursor to the previous, next finding"),
    ("v", "strip: gap, lr, grad norm, speed, GPU, off"),
    ("m", "choose the metrics to chart"),
    ("g", "small charts of all metrics; enter opens one"),
    ("P", "answer a question of ssh, connect now"),
    ("L", "English, Chinese"),
    ("tab", "scroll the diagnosis with the arrow keys"),
    ("ctrl+p", "every command by name; themes"),
    ("q", "quit"),
)

SIGNS = (
    ("● ■ ○ ·", "running, finished, stalled, unknown"),
    ("✗ ! ✓ ~", "critical, warning, fine, advice"),
    ("┊▾", "where a finding began; the best eval"),
    ("✗", "on the chart: a value that is not finite"),
    ("▲3", "on the chart: 3 points beyond the axis"),
)


class HelpScreen(ModalScreen[None]):
    """Keys and signs; any of the usual keys closes it."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > VerticalScroll {
        width: 64; max-width: 100%; height: auto; max-height: 100%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    HelpScreen Static { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter", "app.pop_screen", "close"),
    ]

    def compose(self) -> ComposeResult:
        """A table of keys, a table of signs."""
        parts: list[tuple[str, str]] = []
        for keys, meaning in KEYS:
            parts += [(f"{keys:>13}  ", "bold $text-accent"), (meaning + "\n", "")]
        parts.append(("\n", ""))
        for sign, meaning in SIGNS:
            parts += [(f"{sign:>13}  ", "bold $text-accent"), (meaning + "\n", "")]
        with VerticalScroll() as box:
            box.border_title = Content("help")
            yield Static(Content.assemble(*parts))
