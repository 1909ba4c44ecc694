"""The hosts of the user's ssh configuration: type to filter, mark several, watch them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from lossmon.logs.ssh_hosts import Known
from lossmon.text import cell_width, clip, pad, printable
from lossmon.tui.tongue import words_of
from lossmon.tui.widgets.options import Options
from lossmon.words import Words

_NAME = 30  # cells at most
_WHERE = 36
_LEAST = 8  # in fewer an address says nothing
_BESIDE = 8  # cells of the frame, the mark and the gap


class _Filter(Input):
    """Takes every letter but the blank, which marks."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whether a key is text rather than a binding."""
        return character != " " and super().check_consume_key(key, character)


class BoxesScreen(ModalScreen[tuple[str, ...] | None]):
    """What can be chosen, by name; what is typed behind a colon is the path there.

    Its result are targets; None for no change.
    """

    DEFAULT_CSS = """
    BoxesScreen { align: center middle; }
    BoxesScreen > Vertical {
        width: 76; max-width: 100%; height: auto; max-height: 100%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    BoxesScreen Input { border: none; height: 1; padding: 0; }
    BoxesScreen OptionList { height: auto; max-height: 100%; border: none; padding: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "close"),
        Binding("down", "go(1)", "down", show=False, priority=True),
        Binding("up", "go(-1)", "up", show=False, priority=True),
        Binding("enter", "choose", "watch it", show=False, priority=True),
        Binding("space", "mark", "mark", show=False, priority=True),
        Binding("tab", "complete", "complete", show=False, priority=True),
    ]

    def __init__(self, hosts: Sequence[Known], *, ascii: bool) -> None:
        super().__init__()
        self._hosts = {host.name: host for host in hosts}
        self._ascii = ascii
        self._marked: list[str] = []
        self._names: list[str] = []  # as listed

    def compose(self) -> ComposeResult:
        """A box to type in, and the list."""
        with Vertical() as box:
            words = words_of(self)
            box.border_title = Content(words("hosts of your ssh configuration"))
            box.border_subtitle = Content(words("space marks, tab completes, enter watches"))
            yield _Filter(placeholder=words("name, or name:path"), compact=True)
            yield Options()

    def on_mount(self) -> None:
        """Everything is listed."""
        self._fill()

    @property
    def _typed(self) -> str:
        return self.query_one(Input).value.strip()

    @on(Input.Changed)
    def _fill(self) -> None:
        """List the hosts whose name or address has what is typed before the colon."""
        wanted, before = self._typed.partition(":")[0].lower(), self._highlighted
        self._names = [
            name
            for name, host in self._hosts.items()
            if wanted in name.lower() or wanted in host.where.lower()
        ]
        self._names.sort(key=lambda name: not name.lower().startswith(wanted))
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(self._line(name)) for name in self._names])
        if self._names:
            options.highlighted = self._names.index(before) if before in self._names else 0

    def _line(self, name: str) -> Content:
        mark = ("*" if self._ascii else "●") if name in self._marked else " "
        width = max(12, min(_NAME, max(cell_width(printable(one)) for one in self._names)))
        shown = clip(printable(name), width, ascii=self._ascii)
        room = min(_WHERE, self.size.width - _BESIDE - width)
        where = ""
        if room >= _LEAST:
            where = clip(printable(self._hosts[name].where), room, ascii=self._ascii)
        return Content.assemble(
            (f"{mark} ", "bold"), (pad(shown, width), ""), (f"  {where}", "$text-muted")
        )

    def on_resize(self) -> None:
        """The lines are as long as fits."""
        self._fill()

    @property
    def _highlighted(self) -> str | None:
        at = self.query_one(OptionList).highlighted
        return self._names[at] if at is not None and at < len(self._names) else None

    def action_go(self, by: int) -> None:
        """The line below or above."""
        options = self.query_one(OptionList)
        if by > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def action_mark(self) -> None:
        """Mark the host, to watch several."""
        name, options = self._highlighted, self.query_one(OptionList)
        if name is None or options.highlighted is None:
            return
        if name in self._marked:
            self._marked.remove(name)
        else:
            self._marked.append(name)
        options.replace_option_prompt_at_index(options.highlighted, self._line(name))
        self.action_go(1)

    def action_complete(self) -> None:
        """Write the name of the host, so that a path can be typed behind it."""
        if self._highlighted is not None and ":" not in self._typed:
            field = self.query_one(Input)
            field.value = f"{self._highlighted}:"
            field.cursor_position = len(field.value)

    def action_choose(self) -> None:
        """Watch what is marked; without marks what is typed in full, or the line."""
        typed, name = self._typed, self._highlighted
        head, colon, path = typed.partition(":")
        if self._marked:
            self.dismiss(tuple(f"{one}:{path}" for one in self._marked))
        elif colon and (head not in self._hosts or path):
            self.dismiss((typed,))  # of a host that the configuration does not name, too
        elif name is not None:
            self.dismiss((f"{name}:",))
        elif head:
            self.dismiss((f"{head}:",))

    @on(OptionList.OptionSelected)
    def _clicked(self) -> None:
        self.action_choose()

    def action_close(self) -> None:
        """No change."""
        self.dismiss(None)


class _Picker(App[tuple[str, ...]]):
    """The list alone, before anything is watched."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, hosts: Sequence[Known], words: Words, ascii: bool) -> None:
        super().__init__()
        self.words = words
        self._boxes = BoxesScreen(hosts, ascii=ascii)

    def on_mount(self) -> None:
        """Ask."""
        self.push_screen(self._boxes, lambda chosen: self.exit(chosen or ()))


def pick(hosts: Sequence[Known], words: Words, ascii: bool) -> tuple[str, ...]:
    """Let the user choose, on a screen of its own; () for nothing."""
    return _Picker(hosts, words, ascii).run() or ()
