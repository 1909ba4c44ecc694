"""Many runs by many processes: on this machine, or on a cluster of Dask's.

    plan.py      which logs there are, and which have to be read by one worker
    work.py      what a worker does: logs in, JSON out
    pools.py     workers: processes here, or a scheduler elsewhere
    triage.py    the runs of a fleet, one JSON object each, named and joined as one process would
    table.py     the points of a fleet as partitioned Parquet, written where they are read
    kept.py      what was read before, for --resume

What goes to a worker is the name of a function of lossmon and a JSON text; what comes back is a
JSON text. Nothing is unpickled here that a log or a worker has made.
"""
