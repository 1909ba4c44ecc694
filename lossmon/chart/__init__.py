"""From series to a picture in character cells; knows no terminal and no screen.

smoothing.py  the causal average      reduce.py  two points a column, spikes kept
scale.py      limits and ticks        canvas.py  the strokes (the one user of plotext)
picture.py    all of it: draw(spec) -> Picture
spark.py      a curve in one line
"""
