"""Logs that another program shows: `docker logs`, `kubectl logs`, `journalctl`, here or on a box.

It is the user's own client, as with ssh: its configuration, contexts and credentials hold, nothing
is installed, and what it says when it fails is put into one line.

    workload.py    what such a one offers
    containers.py  docker, podman       kubernetes.py  pods       journal.py  units of systemd
    stamped.py     pieces of lines behind time stamps, none lost or doubled over a lost link
    children.py    many programs, one thread        boxed.py  the same programs on a box
    failures.py    what clients say when they fail
    run.py         one log, over many lives of its client and of its writer
    source.py      the source: asks which logs there are, follows each, starts anew
"""
