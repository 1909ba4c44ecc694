"""The question before the screen of a live pipe closes: its training would die with it."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from lossmon.tui.tongue import words_of
from lossmon.words import said

Choice = Literal["drain", "stop"]

_WORDS = (
    ("enter", "close the screen, let the training go on: its output is read on"),
    ("s", "stop both: the training ends with its next line"),
    ("esc", "stay"),
)


class LeaveScreen(ModalScreen[Choice | None]):
    """Asks what becomes of the training that writes into the pipe.

    A pipe without a reader kills its writer at the next line it prints, and hours of training with
    it. Its result is what was chosen; None to stay.

    Args:
        kept: the file that the output is kept in; empty where there is none.
    """

    DEFAULT_CSS = """
    LeaveScreen { align: center middle; }
    LeaveScreen > Vertical {
        width: 72; max-width: 100%; height: auto; max-height: 100%;
        border: round $warning; background: $surface; padding: 0 1;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose('drain')", "let it go on"),
        Binding("s", "choose('stop')", "stop both"),
        Binding("escape,q", "stay", "stay"),
    ]

    def __init__(self, kept: str) -> None:
        super().__init__()
        self._kept = kept

    def compose(self) -> ComposeResult:
        """Three lines, one for each answer."""
        words = words_of(self)
        parts = [(words("the training still writes into this pipe") + "\n", "bold")]
        for key, meaning in _WORDS:
            parts += [(f"\n{key:>6}  ", "bold $accent"), (words.fixed(meaning), "")]
        kept = said("its output is not kept; --tee FILE would keep it")
        if self._kept:
            kept = said("its output is kept in {file}", file=self._kept)
        parts.append((f"\n\n{words.say(kept)}", "$text-muted"))
        with Vertical() as box:
            box.border_title = Content(words("leave?"))
            yield Static(Content.assemble(*parts))

    def action_choose(self, choice: Choice) -> None:
        """Leave."""
        self.dismiss(choice)

    def action_stay(self) -> None:
        """Go on watching."""
        self.dismiss(None)
