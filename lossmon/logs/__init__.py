"""Where bytes come from, and what a machine tells beside its logs.

    source.py     what every place that bytes come from offers
    background.py one whose work may block
    scheme.py     how targets lead to it, one file a kind of place in schemes/
    guarded.py    a source of another package    caller.py    its thread, which may hang
    replay.py     a log that is played back
    target.py     what the user typed            discover.py  which folder is one training
    follower.py   growing files, anywhere        files.py     what two looks at one say of it
    listing.py    all that is there, once
    tail.py       how far one was read           rotation.py  what becomes of it when it is rotated
    held.py       files that grow are kept open   stamp.py   has one changed between two calls
    walk.py       files below a directory        local.py     here        stdin.py  a pipe
    sqlite.py     stores in SQLite               ssh.py       on another box, through the user's ssh
    vitals.py     GPUs (gpus.py), and who holds a log open (writers.py)
    slurm.py      the jobs of a scheduler and where they write; program.py asks other programs
    clients/      what docker, podman, kubectl and journalctl show, here or on a box
    far/          what each request is paid for: object stores, web servers, sftp
    mlflow/       runs of a tracking server

On another box, in the order in which a link comes about:

    hosts.py      which boxes the user named, how ssh is to be called
    ranges.py     many boxes in one word         ssh_hosts.py  those of ssh's configuration
    ssh.py        the source: a thread a host, states, retries
    link.py       one connection: an ssh process and the talk over it
    openssh.py    the command line, its failures in words, questions on the terminal
    bootstrap.py  what the login shell there is given
    agent.py      what runs there        wire.py  its frames        inbox.py  what came and waits
    plain.py      where there is no Python: sh, find, stat, tail, head
    plain_asked.py  what was asked there and is not answered yet

What a box is sent (see bootstrap.py) uses the standard library alone and runs on Python 3.6.
"""
