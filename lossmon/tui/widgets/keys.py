"""The line of keys, in one widget.

Textual's footer has a widget for each key and makes all of them anew whenever the focus moves,
which takes longer than to draw a chart.
"""

from __future__ import annotations

from textual import events
from textual.binding import Binding
from textual.screen import Screen

from lossmon.text import cell_width
from lossmon.tui.widgets.lines import Line, Part


class Keys(Line):
    """The keys that work where the focus is; a click presses one."""

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

    def _changed(self, screen: Screen[object]) -> None:
        if self.app.app_focus and screen is self.screen:
            self.call_after_refresh(self._list)

    def _list(self) -> None:
        """One key for each action: the first that is bound to it."""
        if not self.is_attached:
            return
        parts: list[Part] = []
        actions, x = set[str](), 0
        self._places.clear()
        for _, binding, enabled, tooltip in self.screen.active_bindings.values():
            if not binding.show or binding.action in actions:
                continue
            actions.add(binding.action)
            key, words = self.app.get_key_display(binding), f" {binding.description}"
            dim = "" if enabled else " dim"
            parts += [(key, f"bold $footer-key-foreground{dim}"), (words, dim.strip()), (" ", "")]
            width = cell_width(key + words)
            self._places.append((range(x, x + width), binding, tooltip))
            x += width + 1
        self.say(parts)
