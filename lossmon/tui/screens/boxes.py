"""The hosts of the user's ssh configuration: type to filter, mark several, watch them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input

from lossmon.logs.ssh_hosts import Known
from lossmon.text import cell_width, clip, pad, printable
from lossmon.tui.screens.picker import PickerScreen, after_typing
from lossmon.words import Words

_NAME = 30  # cells at most
_WHERE = 36
_LEAST = 8  # in fewer an address says nothing
_BESIDE = 8  # cells of the frame, the mark and the gap


class BoxesScreen(PickerScreen):
    """What can be chosen, by name; what is typed behind a colon is the path there.

    Its result are targets; None for no change.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "watch it", show=False, priority=True),
        Binding("tab", "complete", "complete", show=False, priority=True),
    ]
    heading = "hosts of your ssh configuration"
    hint = "space marks, tab completes, enter watches"
    asks = "name, or name:path"

    def __init__(self, hosts: Sequence[Known], *, ascii: bool) -> None:
        super().__init__(ascii=ascii)
        self._hosts = {host.name: host for host in hosts}

    def matching(self, typed: str) -> Sequence[str]:
        """The hosts whose name or address has what is typed before the colon."""
        wanted = typed.partition(":")[0].lower()
        names = [
            name
            for name, host in self._hosts.items()
            if wanted in name.lower() or wanted in host.where.lower()
        ]
        return sorted(names, key=lambda name: not name.lower().startswith(wanted))

    def line(self, name: str) -> Content:
        """Name, and address where there is room for it."""
        width = max(12, min(_NAME, max(cell_width(printable(one)) for one in self.names)))
        shown = clip(printable(name), width, ascii=self.ascii)
        room = min(_WHERE, self.size.width - _BESIDE - width)
        where = ""
        if room >= _LEAST:
            where = clip(printable(self._hosts[name].where), room, ascii=self.ascii)
        return Content.assemble((pad(shown, width), ""), (f"  {where}", "$text-muted"))

    def on_resize(self) -> None:
        """The lines are as long as fits."""
        self.fill()

    @after_typing
    def action_complete(self) -> None:
        """Write the name of the host, so that a path can be typed behind it."""
        if self.highlighted is not None and ":" not in self.typed:
            field = self.query_one(Input)
            field.value = f"{self.highlighted}:"
            field.cursor_position = len(field.value)

    @after_typing
    def action_choose(self) -> None:
        """Watch what is marked; without marks what is typed in full, or the line."""
        typed, name = self.typed, self.highlighted
        head, colon, path = typed.partition(":")
        if self.marked:
            self.dismiss(tuple(f"{one}:{path}" for one in self.marked))
        elif colon and (head not in self._hosts or path):
            self.dismiss((typed,))  # of a host that the configuration does not name, too
        elif name is not None:
            self.dismiss((f"{name}:",))
        elif head:
            self.dismiss((f"{head}:",))


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
