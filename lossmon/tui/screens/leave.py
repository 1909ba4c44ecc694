"""The question before the screen of a live pipe closes: its training would die with it."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

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
        parts = [("the training still writes into this pipe\n", "bold")]
        for key, words in _WORDS:
            parts += [(f"\n{key:>6}  ", "bold $accent"), (words, "")]
        kept = f"kept in {self._kept}" if self._kept else "not kept; --tee FILE would keep it"
        parts.append((f"\n\nits output is {kept}", "$text-muted"))
        with Vertical() as box:
            box.border_title = Content("leave?")
            yield Static(Content.assemble(*parts))

    def action_choose(self, choice: Choice) -> None:
        """Leave."""
        self.dismiss(choice)

    def action_stay(self) -> None:
        """Go on watching."""
        self.dismiss(None)
