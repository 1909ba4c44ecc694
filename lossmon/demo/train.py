"""One training in a child process: `python -m lossmon.demo.train PATTERN FOLDER ROWS_PER_SECOND`.

It ends when its standard input does: the pipe from the parent closes with the parent, however
that came to its end.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import warnings
from pathlib import Path

from lossmon.demo.trainings import named
from lossmon.demo.writers import WRITERS


def train(pattern: str, folder: Path, rows_per_s: float) -> None:
    """Train and log to a folder that is there; `rows_per_s` of 0 means as fast as possible.

    Raises:
        FileNotFoundError: there is no such folder: who made it has gone and its keeper removed it.
            A child that made it anew, starting late, left it behind for good.
    """
    # A loss that overflows is what some of these trainings are for.
    warnings.simplefilter("ignore", RuntimeWarning)
    training = named(pattern)
    (folder / "config.json").write_text(json.dumps(training.settings, indent=2) + "\n")
    writer = WRITERS[training.writer](folder, training)
    due = time.monotonic()
    for row in training.run():
        writer.write(row)
        if rows_per_s:
            due += 1 / rows_per_s
            time.sleep(max(0.0, due - time.monotonic()))
    writer.close()


def _end_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os._exit(0)


if __name__ == "__main__":
    os.nice(10)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    train(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]))
