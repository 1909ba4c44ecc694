"""A box that takes words until enter or esc; keys behind those are commands.

Keys wait in the box for their turn. Of "/", words, enter and "s" in one burst, as a slow line or a
quick hand brings them, the "s" was one letter more: the box had not yet been left.
"""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.widgets import Input


class TypingBox(Input):
    """One line to type words in.

    Args:
        placeholder: what stands in the empty box.
        id: what it is called.
        leave: moves the focus to where commands are taken, at once.
        give_up: closes the box, for esc.
    """

    def __init__(
        self,
        placeholder: str,
        id: str,
        leave: Callable[[], object],
        give_up: Callable[[], object],
    ) -> None:
        super().__init__(placeholder=placeholder, id=id, compact=True, max_length=200)
        self._leave, self._give_up = leave, give_up
        self._typing = True

    def open(self) -> None:
        """Take the next keys."""
        self._typing = True
        self.screen.set_focus(self)

    def on_focus(self) -> None:
        """It may also be entered by the mouse."""
        self._typing = True

    def on_key(self, event: events.Key) -> None:
        """Runs before the library's: what comes behind enter or esc is for others."""
        if self._typing and event.key not in ("enter", "escape", "backspace"):
            return
        event.stop()
        event.prevent_default()
        if not self._typing:
            self.app.post_message(events.Key(event.key, event.character))
        elif event.key == "backspace":  # it would come round after the enter that follows it
            self.action_delete_left()
        else:
            self._typing = False
            if event.key == "escape":
                self._give_up()
                return
            self.post_message(self.Submitted(self, self.value))
            self._leave()
