"""The line of keys, in one widget.

Textual's footer has a widget for each key and makes all of them anew whenever the focus moves,
which takes longer than to draw a chart.
"""

from __future__ import annotations

from textual import events
from textual.binding import ActiveBinding, Binding
from textual.screen import Screen

from lossmon.text import cell_width
from lossmon.tui.tongue import words_of
from lossmon.tui.widgets.lines import Line, Part

# Where room is short the last go first; what is not named here belongs to an opened panel.
_MOST_USED = (
    "filter", "evidence", "smoothing", "metrics", "cursor", "log_pane", "log_y", "order", "grid",
    "wall", "x_axis", "panel", "language",
)  # fmt: skip
_HELP = "help"
_ALWAYS = (_HELP, "quit", "dismiss")
_CUT = "… "


class Keys(Line):
    """The keys that work where the focus is, the most used first; a click presses one."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Keys { dock: bottom; color: $footer-foreground; background: $footer-background; }
    """

    def __init__(self) -> None:
        super().__init__("keys")
        self._places: list[tuple[range, Binding, str]] = []  # columns, key, what it does at length

    def on_mount(self) -> None:
        """Hear of it when other keys work."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def on_resize(self) -> None:
        """As many as there is room for."""
        self._list()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Press the key under the mouse."""
        for columns, binding, _ in self._places:
            if event.x in columns:
                self.app.simulate_key(binding.key)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Say at length what the key under the mouse does."""
        said = next((words for columns, _, words in self._places if event.x in columns), "")
        if said != (self.tooltip or ""):
            self.tooltip = said or None

    def again(self) -> None:
        """In another language."""
        self.call_after_refresh(self._list)

    def _changed(self, screen: Screen[object]) -> None:
        if self.app.app_focus and screen is self.screen:
            self.call_after_refresh(self._list)

    def _list(self) -> None:
        """What fits of one key for each action, and always the key that tells them all."""
        if not self.is_attached or not self.size.width:
            return
        active: dict[str, ActiveBinding] = {}
        for one in self.screen.active_bindings.values():
            if one.binding.show or _name(one) == _HELP:
                active.setdefault(one.binding.action, one)  # of several keys the first
        always = [one for one in active.values() if _name(one) in _ALWAYS]
        rest = [one for one in active.values() if _name(one) not in _ALWAYS]
        always.sort(key=lambda one: _ALWAYS.index(_name(one)))
        rest.sort(key=_rank)
        left = self.size.width - sum(map(self._width, always))
        cut = sum(map(self._width, rest)) > left
        parts: list[Part] = []
        self._places.clear()
        for one in rest:
            left -= self._width(one)
            if cut and left < len(_CUT):
                break
            self._add(one, parts)
        if cut:
            parts.append((_CUT, "$text-muted"))
        for one in always:
            self._add(one, parts)
        self.say(parts)

    def _add(self, one: ActiveBinding, parts: list[Part]) -> None:
        dim = "" if one.enabled else " dim"
        x = sum(cell_width(text) for text, _ in parts)
        key, words = self._words(one)
        parts += [(key, f"bold $footer-key-foreground{dim}"), (words, dim.strip()), (" ", "")]
        tooltip = words_of(self).fixed(one.tooltip)
        self._places.append((range(x, x + self._width(one) - 1), one.binding, tooltip))

    def _words(self, one: ActiveBinding) -> tuple[str, str]:
        return self.app.get_key_display(
            one.binding
        ), f" {words_of(self).fixed(one.binding.description)}"

    def _width(self, one: ActiveBinding) -> int:
        """Cells, with the blank behind it."""
        return sum(map(cell_width, self._words(one))) + 1


def _name(one: ActiveBinding) -> str:
    """The action, whoever has it and with whatever argument."""
    return one.binding.action.partition("(")[0].rpartition(".")[2]


def _rank(one: ActiveBinding) -> int:
    return _MOST_USED.index(_name(one)) if _name(one) in _MOST_USED else -1
