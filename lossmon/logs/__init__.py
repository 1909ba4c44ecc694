"""Where bytes come from, and what a machine tells beside its logs.

    source.py     what every place that bytes come from offers
    target.py     what the user typed            discover.py  which folder is one training
    follower.py   growing files, anywhere        local.py     here        stdin.py  a pipe
    sqlite.py     stores in SQLite               ssh.py       on another box, through the user's ssh
    vitals.py     GPUs (gpus.py), and who holds a log open (writers.py)
    slurm.py      the jobs of a scheduler and where they write; program.py asks other programs

What a box is sent (wire, follower, writers, program, gpus, vitals, slurm, agent) uses the standard
library alone and runs on Python 3.6.
"""
