"""What a curve means.

view.py        a run at one moment      look.py       from a history to a view
patterns/      one file a pattern       causes.py     what coincided
engine.py      when to look, what to show, what to withdraw
thresholds.py  every number, with its source
statistics.py  the statistics           lifecycle.py  stalled, failed, finished
knowledge/     meanings, causes and remedies as data, one file a language
"""
