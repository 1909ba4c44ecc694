"""What is known of a run: append-only columns, and a bounded summary of each.

columns.py   all points of one metric, as logged     summary.py  a bounded sketch of them
run.py       the metrics of a training, and what the log says of the plan
best.py      the best evaluation, exactly               rates.py    how fast steps went
"""
