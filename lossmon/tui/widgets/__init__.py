"""One widget a file; each draws what it is given and holds no data of its own.

picture_view.py  what all that show a picture have    chart_styles.py  its looks
chart_view.py    the chart of a run, or of several    evidence_chart.py  of one finding
small_charts.py  a grid of small ones                 diagnosis_panel.py the panel beside it
run_list.py      the runs                             options.py       a list to choose from
log_pane.py      the raw log; log_lines.py its lines  lines.py         the three lines of text
keys.py          the line of keys               typing_box.py    a box for words
border.py        the words on a border
"""
