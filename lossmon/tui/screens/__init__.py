"""The screens: they arrange widgets and own what is selected.

main.py      the one people look at: runs, chart, diagnosis, newest numbers
modes.py     what has it: the chart, all runs, one metric beside the other, the log ...
shared.py    what the keys of every area find on it; each area has a file of its own:
             chart_keys.py finding_keys.py group_keys.py host_keys.py log_keys.py
             pane_keys.py replay_keys.py save_keys.py triage_keys.py
finding.py   one finding                      metrics.py   the list of a run's metrics
picker.py    a list to choose from            boxes.py     the list of ssh's hosts
settings.py  the settings of runs             help.py      the keys of where one is
leave.py     asks before a pipe is left       steady.py    stands however fast it is resized
"""
