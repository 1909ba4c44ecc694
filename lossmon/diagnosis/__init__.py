"""What a curve means.

view.py        a run at one moment      look.py       from a history to a view
around.py      what was logged beside   patterns/     one file a pattern
engine.py      when to look, what to show, what to withdraw
causes.py      why, by pattern          coincidence.py, pairs.py  what was measured to coincide
figures.py     numbers for remedies and pictures      outlook.py  what training on may bring
failures.py    what the last error line says
thresholds.py  every number, with its source
confidence.py  how sure, calibrated
statistics.py  the statistics           lifecycle.py  stalled, failed, finished
knowledge/     meanings, causes and remedies as data, one file a language
"""
