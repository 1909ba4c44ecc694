"""The keys of the place one is in, read from the bindings that are active there."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from lossmon.text import pad, wrap
from lossmon.tui.tongue import words_of

_KEYS_WIDTH, _NARROW = 15, 9  # of the keys, on a usual screen and on one of 40 columns
_WIDTH = 76  # of the box, as in its style
_TITLES = {  # of the classes that keep keys of an area; of a panel its name will do
    "TriageKeys": "runs",
    "GroupKeys": "runs",
    "ChartKeys": "chart",
    "PaneKeys": "panels",
    "FindingKeys": "diagnosis",
    "FindingScreen": "finding",
    "ReplayKeys": "replay",
    "LogKeys": "log",
    "LogLines": "log",
    "LogPane": "log",
    "SaveKeys": "take with you",
    "HostKeys": "remote boxes",
}
SIGNS = (
    ("● ■ ○ ·", "* # o .", "running, finished, stalled, silent"),
    ("✗ ! ✓ ~", "x ! + ~", "critical, warning, fine, advice"),
    ("z", "z", "acknowledged or snoozed: nothing calls for attention"),
    ("?", "?", "it was fine, and may be over by now: no rows come"),
    ("●", "o", "on the chart: the end of a curve (smoothed); each evaluation, where they are few"),
    ("┊▾", ":v", "where a finding began, shaded from there on; the best eval"),
    ("·", ".", "one below the other on the chart: where an epoch begins"),
    ("✗", "x", "on the chart: a value that is not finite"),
    ("▲3", "^3", "on the chart: 3 points beyond the axis"),
)


class Key(NamedTuple):
    """What a key does.

    Attributes:
        section: the place or area it belongs to.
        keys: as they stand on a keyboard.
        words: what it does, in a sentence.
        action: its name, with what it is called with.
        tooltip: what the binding says at length; empty where it does not.
        node: whose action it is.
    """

    section: str
    keys: str
    words: str
    action: str
    tooltip: str
    node: DOMNode


def keys_of(screen: Screen[Any]) -> list[Key]:
    """Every key that does something now, those of the focused panel first."""
    grouped: dict[tuple[str, str], list[Binding]] = {}
    owners: dict[tuple[str, str], DOMNode] = {}
    for active in screen.active_bindings.values():
        if active.enabled and not active.binding.system and _is_ours(active):
            # Left and right, zoom in and out are one action with two arguments: one line.
            name = active.binding.action.partition("(")[0]
            group = _section(active.node, active.binding, screen), name
            grouped.setdefault(group, []).append(active.binding)
            owners[group] = active.node
    found = [
        Key(
            section,
            _shown(screen, bindings),
            _words(owners[section, name], bindings[0]),
            bindings[0].action,
            bindings[0].tooltip,
            owners[section, name],
        )
        for (section, name), bindings in grouped.items()
    ]
    here, areas = _here(screen), list(_TITLES.values())

    def place(key: Key) -> int:
        if key.section in here:
            return -1
        return areas.index(key.section) if key.section in areas else len(areas)

    return sorted(found, key=place)


def _is_ours(active: ActiveBinding) -> bool:
    """Whether the action is one of lossmon's: what Textual brings along is told by nobody."""
    method = _method(active.node, active.binding.action)
    return getattr(method, "__module__", "").startswith("lossmon.")


def _here(screen: Screen[Any]) -> set[str]:
    focused = screen.focused
    nodes = focused.ancestors_with_self if focused is not None else []
    return {_name(node) for node in nodes if isinstance(node, DOMNode) and node is not screen}


def _section(node: DOMNode, binding: Binding, screen: Screen[Any]) -> str:
    if node is not screen:
        return "everywhere" if node is screen.app else _name(node)
    for cls in type(screen).__mro__:
        own = cls.__dict__.get("BINDINGS", ())
        if any(isinstance(one, Binding) and one.action == binding.action for one in own):
            return _TITLES.get(cls.__name__, "everywhere")
    return "everywhere"


def _name(node: DOMNode) -> str:
    """The name of a panel in words: LogLines, "log lines"."""
    name = type(node).__name__
    if name in _TITLES:
        return _TITLES[name]
    return "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip()


def _shown(screen: Screen[Any], bindings: list[Binding]) -> str:
    return " ".join(dict.fromkeys(screen.app.get_key_display(one) for one in bindings))


def _method(node: DOMNode, action: str) -> object:
    owner, _, name = action.partition("(")[0].rpartition(".")
    target: object = node.app if owner == "app" else node.screen if owner == "screen" else node
    return getattr(target, f"action_{name}", None)


def _words(node: DOMNode, binding: Binding) -> str:
    """What the method of the action says it does, which is always there."""
    said = inspect.getdoc(_method(node, binding.action)) or ""
    return said.split("\n")[0].rstrip(".") or binding.tooltip or binding.description


class HelpScreen(ModalScreen[None]):
    """Signs and keys; any of the usual keys closes it.

    Args:
        keys: what to explain.
        ascii: plain signs only.
    """

    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > VerticalScroll {
        width: 76; max-width: 100%; height: auto; max-height: 100%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    HelpScreen.-ascii > VerticalScroll { border: ascii $primary; }
    HelpScreen Static { height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter", "app.pop_screen", "close"),
    ]

    def __init__(self, keys: list[Key], *, ascii: bool = False) -> None:
        super().__init__()
        self._keys = keys
        self._ascii = ascii
        self.set_class(ascii, "-ascii")

    def compose(self) -> ComposeResult:
        """A table of signs, a table of keys by place."""
        with VerticalScroll() as box:
            box.border_title = Content(words_of(self)("help"))
            yield Static()

    def on_resize(self) -> None:
        """Fold the lines to the pane as it is, and as it becomes."""
        self.query_one(Static).update(Content.assemble(*self._parts()))

    def _parts(self) -> Iterator[tuple[str, str]]:
        section, words = "", words_of(self)
        yield f"{words('signs')}\n", "bold $text-primary"
        for sign, plain, meaning in SIGNS:
            yield from self._row(plain if self._ascii else sign, words.fixed(meaning))
        for key in self._keys:
            if key.section != section:
                section = key.section
                yield f"{words.fixed(section)}\n", "bold $text-primary"
            yield from self._row(key.keys, words.fixed(key.words))

    def _row(self, keys: str, words: str) -> Iterator[tuple[str, str]]:
        """The keys, and beside them the words; further lines of each stand under its first."""
        whole = min(_WIDTH, self.app.size.width)
        left = _KEYS_WIDTH if whole >= 4 * _KEYS_WIDTH else _NARROW
        rows = wrap(keys, left), wrap(words, max(10, whole - left - 7))
        for first, second in zip_longest(*rows, fillvalue=""):
            yield pad(first, left + 1), "bold $text-accent"
            yield f"{second}\n", ""
