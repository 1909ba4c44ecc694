"""The names of Textual and Rich that are not public and are used all the same, in this one place.

Any release may rename them. They are looked for at the start: where one is missing, Textual draws
by itself and its own driver has the terminal (more bytes on the line, the rest as ever), and the
log of `--debug` says which name it was.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from rich.color import ColorSystem
from rich.console import Console
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.filter import DimFilter
from textual.geometry import Offset

from lossmon.debug import logger

if TYPE_CHECKING:
    from textual._compositor import ChopsUpdate as ChopsUpdate
    from textual._compositor import CompositorUpdate as CompositorUpdate
    from textual._compositor import LayoutUpdate as LayoutUpdate
    from textual._xterm_parser import XTermParser as XTermParser


def _has(owner: type, name: str) -> bool:
    """Whether a class has a name, or gives it to its instances when they are made."""
    codes = (getattr(vars(kind).get("__init__"), "__code__", None) for kind in owner.__mro__)
    return hasattr(owner, name) or any(code and name in code.co_names for code in codes)


def _lacking(module: str, *classes: str) -> list[str]:
    try:
        found = import_module(module)
    except ImportError:
        return [module]
    return [
        f"{module}.{name}" for name in classes if not isinstance(getattr(found, name, None), type)
    ]


def _lacking_names(owner: type, *names: str) -> list[str]:
    return [f"{owner.__name__}.{name}" for name in names if not _has(owner, name)]


# What our own drawing and our own driver need, and is not there.
DRAWING = (
    *_lacking("textual._compositor", "ChopsUpdate", "CompositorUpdate", "LayoutUpdate"),
    *_lacking_names(
        App, "_display", "_filters", "_running", "_closed", "_batch_count", "_driver",
        "_previous_cursor_position", "post_display_hook",
    ),
    *_lacking_names(Console, "_color_system"),
)  # fmt: skip
DRIVER = (
    *_lacking("textual._xterm_parser", "XTermParser"),
    *_lacking_names(
        LinuxDriver, "_app", "_debug", "_file", "_writer_thread", "_run_input_thread", "exit_event",
        "run_input_thread", "process_message", "fileno", "start_application_mode",
        "stop_application_mode", "suspend_application_mode", "resume_application_mode",
        "_get_terminal_size",
    ),
)  # fmt: skip


def tell() -> None:
    """Say in the log what is missing; once, at the start."""
    if not DRAWING and not DRIVER:
        return
    from textual import __version__  # it reads the metadata of the package: 20 ms

    for what, names in (("drawing", DRAWING), ("driver", DRIVER)):
        if names:
            logger.warning("Textual %s lacks %s: its own %s is used", __version__, names, what)


if not TYPE_CHECKING:

    class _Missing:
        """Stands for a class that is not there: nothing is one of it."""

    def _class(module: str, name: str) -> type:
        try:
            return getattr(import_module(module), name, _Missing)
        except ImportError:
            return _Missing

    ChopsUpdate = _class("textual._compositor", "ChopsUpdate")
    CompositorUpdate = _class("textual._compositor", "CompositorUpdate")
    LayoutUpdate = _class("textual._compositor", "LayoutUpdate")
    XTermParser = _class("textual._xterm_parser", "XTermParser")


def drop_dimming(app: App[Any]) -> None:
    """Where there is no colour, what is dim stays so by its attribute."""
    if not DRAWING:
        app._filters = [one for one in app._filters if not isinstance(one, DimFilter)]


def is_running(app: App[Any]) -> bool:
    """Whether the app takes messages."""
    return bool(getattr(app, "_running", True))


def is_mounted(app: App[Any]) -> bool:
    """Whether the screen that is shown stands with all of its parts."""
    stack = app.screen_stack
    return bool(stack) and stack[-1].is_mounted


def draws(app: App[Any]) -> bool:
    """Whether an update goes to a terminal now, whole lines at fixed places."""
    if DRAWING:
        return False
    driver = app._driver
    ready = app._running and not app._closed and not app._batch_count
    return ready and not app.is_headless and driver is not None and not driver.is_inline


def colors_of(app: App[Any]) -> ColorSystem:
    """What the terminal can show."""
    return app.console._color_system or ColorSystem.TRUECOLOR


def cursor_moved(app: App[Any], cursor: Offset) -> bool:
    """Whether the cursor is to stand elsewhere than it was put last."""
    return cursor != app._previous_cursor_position


def driver_of(app: App[Any]) -> Any:
    """The driver, once there is one."""
    return getattr(app, "_driver", None)


def keep_clipboard(app: App[Any], text: str) -> None:
    """What was copied is what is pasted within the app."""
    app._clipboard = text


def error_of(app: App[Any]) -> Exception:
    """The error that ends the app."""
    return getattr(app, "_exception", None) or RuntimeError("unknown")


def end(app: App[Any], status: int) -> None:
    """End without the traceback that Textual would print."""
    app._return_code = status
    close: Callable[[], object] = getattr(app, "_close_messages_no_wait", app.exit)
    close()


def handle(app: App[Any], error: Exception) -> None:
    """An error in a thread of the driver is one of the app."""
    handler = getattr(app, "_handle_exception", None)
    if handler is not None:
        app.call_later(handler, error)
    else:
        app.call_later(app.exit, None, 1)
