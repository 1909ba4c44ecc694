"""A folder as people have it: real trainings of many libraries side by side, and what lossmon makes of it.

    python -m tests.benchmarks.libraries FOLDER --python PYTHON [--python OTHER]

`train.py` is one tiny training of a library as its users write it; `__main__.py` runs several seeds
of each in one project folder, renames two, lets one crash, and holds what `lossmon check` says, by
every form of target, at rest, live and over ssh, against what was run.
"""
