"""What a curve means.

view.py        a run at one moment      look.py       from a history to a view
around.py      what was logged beside   patterns/     one file a pattern, one declared object each
pattern.py     what such an object holds              limits.py     thresholds with unit and source
judge.py       what holds now, and why  engine.py     when to look, what to show, what to withdraw
coincidence.py, pairs.py, flat.py       what was measured to coincide
figures.py     numbers for remedies and pictures      outlook.py  what training on may bring
failures.py    what the last error line says
confidence.py  how sure, calibrated
statistics.py  the statistics           lifecycle.py  stalled, failed, finished
knowledge/     meanings, causes and remedies as data, one file a language
"""
