"""What front ends share: the screen and the reports stand side by side on it.

verdict.py  which finding is named first, in a few words and in a line
signs.py    the signs of severity
sweep.py    which setting goes with an ending
plot.py     a run as a picture in text
brief.py    a run on 20 lines, for the clipboard
export.py   every point that was read, as a file
write.py    a file that is whole or not there
"""
