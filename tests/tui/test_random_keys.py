"""Whatever is typed, clicked, pasted and resized while logs live and die, the program goes on.

LOSSMON_SEED plays another session; `python -m tests.tui.random_keys --help` plays many.
"""

from __future__ import annotations

import os
from pathlib import Path

from tests.tui.random_keys import Session

SEED = int(os.environ.get("LOSSMON_SEED", "1"))
SECONDS = 6.0


def test_nothing_that_hands_do_ends_it_or_garbles_the_screen(tmp_path: Path) -> None:
    print(f"LOSSMON_SEED={SEED}")
    Session(SEED, tmp_path, SECONDS, careless=True).play()
