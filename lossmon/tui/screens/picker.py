"""A list to choose from: type to filter, mark several, take them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from functools import partial, wraps
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from lossmon.tui.tongue import words_of
from lossmon.tui.widgets.options import Options


class _Filter(Input):
    """Takes every letter but the blank, which marks."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whether a key is text rather than a binding."""
        return character != " " and super().check_consume_key(key, character)


def after_typing(act: Callable[..., None]) -> Callable[..., None]:
    """An action of a picker, done once all that was typed before it is in the box, and listed.

    Letters go to the box one by one, and a key of the list past them: of `gpu2:exp` and enter in
    one burst, as a slow line brings them, the letters were lost.
    """

    @wraps(act)
    def later(screen: PickerScreen, *told: Any) -> None:
        screen.query_one(Input).call_later(screen.when_listed, partial(act, screen, *told))

    return later


class PickerScreen(ModalScreen[tuple[str, ...] | None]):
    """A box to type in, and the lines that it leaves.

    Its result is what was chosen; None for no change. A subclass says what is listed in `matching`,
    how a line looks in `line`, and what is taken in `action_choose`.

    Args:
        marked: what is marked at first.
        ascii: signs of ASCII alone.

    Attributes:
        heading, hint, asks: texts of the frame and of the empty box.
        names: what is listed.
        marked: what is marked, in the order it was.
    """

    DEFAULT_CSS = """
    PickerScreen { align: center middle; }
    PickerScreen > Vertical {
        width: 76; max-width: 100%; height: auto; max-height: 100%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    PickerScreen Input { border: none; height: 1; padding: 0; }
    PickerScreen OptionList { height: auto; max-height: 100%; border: none; padding: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "close"),
        Binding("down", "go(1)", "down", show=False, priority=True),
        Binding("up", "go(-1)", "up", show=False, priority=True),
        Binding("space", "mark", "mark", show=False, priority=True),
    ]
    heading: ClassVar[str]
    hint: ClassVar[str]
    asks: ClassVar[str]

    def __init__(self, marked: Iterable[str] = (), *, ascii: bool) -> None:
        super().__init__()
        self.names: list[str] = []
        self.marked = list(marked)
        self.ascii = ascii
        self._listed = ""  # what was typed when the list was made

    @abstractmethod
    def matching(self, typed: str) -> Sequence[str]:
        """What is listed once this was typed, in order."""

    @abstractmethod
    def line(self, name: str) -> Content:
        """How one of them looks behind its mark."""

    @abstractmethod
    def action_choose(self) -> None:
        """Take what is marked, or the line."""

    @property
    def typed(self) -> str:
        """What stands in the box."""
        return self.query_one(Input).value.strip()

    @property
    def highlighted(self) -> str | None:
        """What the cursor is on."""
        at = self.query_one(OptionList).highlighted
        return self.names[at] if at is not None and at < len(self.names) else None

    def compose(self) -> ComposeResult:
        """A box to type in, and the list."""
        with Vertical() as box:
            words = words_of(self)
            box.border_title = Content(words.fixed(self.heading))
            box.border_subtitle = Content(words.fixed(self.hint))
            yield _Filter(placeholder=words.fixed(self.asks), compact=True)
            yield Options()

    def on_mount(self) -> None:
        """Everything is listed."""
        self.fill()

    @on(Input.Changed)
    def fill(self) -> None:
        """List what matches; the cursor stays where it can."""
        if not self.query(OptionList):  # of a picker that is left, the list goes before the box
            return
        before = self.highlighted
        self._listed = self.typed
        self.names = list(self.matching(self._listed))
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(self._marked_line(name)) for name in self.names])
        if self.names:
            options.highlighted = self.names.index(before) if before in self.names else 0

    def _marked_line(self, name: str) -> Content:
        mark = ("*" if self.ascii else "●") if name in self.marked else " "
        return Content.assemble((f"{mark} ", "bold"), self.line(name))

    def when_listed(self, act: Callable[[], None]) -> None:
        """Do something with the list of what stands in the box; not where one has chosen before."""
        if not self.is_current:
            return
        if self.typed != self._listed:
            self.fill()
        act()

    @after_typing
    def action_go(self, by: int) -> None:
        """The line below or above."""
        self._go(by)

    def _go(self, by: int) -> None:
        options = self.query_one(OptionList)
        if by > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    @after_typing
    def action_mark(self) -> None:
        """Mark the line, to take several together."""
        self.mark()

    def mark(self) -> None:
        """Mark the line, or take its mark away; then the next."""
        name, options = self.highlighted, self.query_one(OptionList)
        if name is None or options.highlighted is None:
            return
        if name in self.marked:
            self.marked.remove(name)
        else:
            self.marked.append(name)
        options.replace_option_prompt_at_index(options.highlighted, self._marked_line(name))
        self._go(1)

    @on(OptionList.OptionSelected)
    def _clicked(self) -> None:
        self.action_choose()

    def action_close(self) -> None:
        """No change."""
        self.dismiss(None)
