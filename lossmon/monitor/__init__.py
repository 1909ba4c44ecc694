"""The four layers in a row: bytes -> records -> history -> diagnosis.

    sources.py   from what the user typed to a monitor
    watch.py     Monitor: polls its sources and hands out what changed
    slices.py    how long a poll takes in rows   whole.py      all that targets hold, once
    intake.py    chunks to the log that they belong to
    log.py       one log file: bytes to a history    undecided.py  logs not known yet
    shared.py    logs in which several runs stand
    turned.py    whether one that was rotated goes on words_of_loss.py  whether rows may come
    passed.py    what gave no row, and why
    training.py  one run: its logs, its history, its diagnosis
    rests.py     runs that pause between two looks
    at_once.py   rows that nobody looks between
    update.py    what front ends get: one frozen value a run
Which logs are one training:
    grouping.py  the trainings there are, and what each is called
    joining.py   all pairs, and the best way to join row_keys.py   by what they are found
    kinship.py   whether two are of one              curves.py     what they are compared by
    strangers.py whether they tell other values      places.py     at which rows of one moment
    course.py    whether they are as long and alike where no value says
    agreement.py how far two curves agree            by_hand.py    what the user joins and parts
    averages.py  whether one averages the other
    common_noise.py whether two curves shake alike       displaced.py what one run would hide
    merge.py     the source of each metric        own.py        what lossmon wrote
    union.py     the rows that several of them hold of it, each once     proofs.py    what two prove
    one_axis.py  where rows and epochs that are counted lie among steps
    resumed.py   event files that go on from one another
    locations.py where logs stand, and what runs are called after that
What stands beside the rows:
    pace.py      how often rows come, how fast steps go standing.py   whether it goes on
    pulse.py     GPUs and the process of a run       jobs.py       the job that writes its log
    beside.py    settings on another box             told.py       what the user says
    faults.py    what is wrong with its logs, and metrics that it does not keep
    questions.py questions of ssh
From a point to its line:
    origins.py   where rows stand                    made_of.py    what was made of each line
                                     document_rows.py  the same of a JSON document
    raw.py       the text in windows                 ahead.py      the end of what is not read yet
Several runs, and what happens to them:
    baseline.py  ahead or behind, at each redraw     versus.py     the same with its error, once
    sibling.py   the nearest run that is well        groups.py     runs of one experiment, folded
    changes.py   what began and ended                news.py       what is worth a notice
    replay.py    a log that comes again

No threads, no screen; the clock is given by whoever owns the loop.
"""

from lossmon.monitor.update import LogInfo, RunUpdate, State
from lossmon.monitor.watch import Monitor

__all__ = ["LogInfo", "Monitor", "RunUpdate", "State"]
