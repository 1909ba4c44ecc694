"""lossmon: htop plus a doctor for model training.

The way a sample travels:

    bytes appended to a log, here or on another box
      logs/       where bytes come from      Follower  -> Chunk(log, kind, offset, data)
      formats/    what the bytes say         Decoder   -> Record(values, step, epoch, time)
      history/    what is known of a run     History   <- append-only columns; a bounded Summary
      diagnosis/  what it means              Engine    -> Findings
      monitor/    the four in a row, once    Monitor.poll() -> [RunUpdate]
      chart/      what it looks like         draw(spec) -> Picture
      presentation/  what is said of it      verdict, signs, pictures, points
      tui/ | report/  what a person sees     the Textual app | check, plot, explain

Beside this way:

    cli/, __main__  the command line     options, usage, exits, endings   what its commands share
    api             read and diagnose    config/, settings, where          what the user tells once
    hparams/        settings of runs     words/, text   what is said, and how it reaches a terminal
    fleet/          many runs by many processes, here or on a cluster
    demo/           real trainings that go wrong      notify   services that are told
    session, private, memory, regular    files of ours, and how files are opened
    whole_file                           how they are written
    errors, crash, debug                 what goes wrong, on one page
    plugins         what other packages add           redaction  what nobody else may see

From Python:

    frame = lossmon.read("runs/a")         # pandas DataFrame, long form
    report = lossmon.diagnose("runs/a")    # or a DataFrame, or arrays
"""

from __future__ import annotations

from lossmon.errors import ConfigError, FormatError, LossmonError, TargetError

TYPE_CHECKING = False  # typing's own is its longest part of a start, in which ctrl+c is Python's
if TYPE_CHECKING:
    from typing import Any

    from lossmon.api import Report, diagnose, diagnose_all, read

__version__ = "0.1.0"

__all__ = [
    "ConfigError",
    "FormatError",
    "LossmonError",
    "Report",
    "TargetError",
    "diagnose",
    "diagnose_all",
    "read",
]


def __getattr__(name: str) -> Any:
    """Import the calls when they are first used: `lossmon --help` must not wait for numpy."""
    if name in __all__:
        from lossmon import api

        return getattr(api, name)
    raise AttributeError(f"module 'lossmon' has no attribute {name!r}")
