"""Text for the clipboard of the machine at which the user sits, through whatever lies between."""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import Iterator, Mapping

_ST = "\x1b\\"
_SCREEN_MOST = 700  # bytes of one string that GNU screen hands on
_TIMEOUT_S = 2.0


def osc52(text: str, environment: Mapping[str, str]) -> str:
    """The sequence that asks the terminal to take a text into its clipboard.

    tmux takes it itself where `set-clipboard` is on, and hands a wrapped one on where
    `allow-passthrough` is on; GNU screen hands on wrapped pieces.
    """
    plain = f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\a"
    if environment.get("TMUX"):
        doubled = plain.replace("\x1b", "\x1b\x1b")
        return f"{plain}\x1bPtmux;{doubled}{_ST}"
    if environment.get("STY"):
        return "".join(f"\x1bP{piece}{_ST}" for piece in _pieces(plain))
    return plain


def _pieces(text: str) -> Iterator[str]:
    for start in range(0, len(text), _SCREEN_MOST):
        yield text[start : start + _SCREEN_MOST]


def to_tmux(text: str, environment: Mapping[str, str]) -> bool:
    """Put a text into tmux's buffer, and with it into the clipboard: works as tmux is set up.

    Returns:
        Whether it did; False outside tmux.
    """
    program = shutil.which("tmux")
    if not environment.get("TMUX") or program is None:
        return False
    for options in (["-w"], []):  # before 3.2 there is no -w
        try:
            done = subprocess.run(
                [program, "load-buffer", *options, "-"],
                input=text.encode(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        if done.returncode == 0:
            return True
    return False
