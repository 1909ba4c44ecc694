"""The four layers in a row: bytes -> records -> history -> diagnosis.

    watch.py     Monitor: polls a source and hands out what changed
    log.py       one log file: bytes to a history
    group.py     which logs were written by the same training
    merge.py     several logs of one training: the most complete source of each metric
    training.py  one run: its logs, its history, its diagnosis
    pace.py      how often rows come, how fast steps go
    pulse.py     GPUs and the process of a run; jobs.py, the scheduler's job that writes its log
    update.py    what front ends get: one frozen value a run

No threads, no screen; the clock is given by whoever owns the loop.
"""

from lossmon.monitor.update import LogInfo, RunUpdate, State
from lossmon.monitor.watch import Monitor

__all__ = ["LogInfo", "Monitor", "RunUpdate", "State"]
