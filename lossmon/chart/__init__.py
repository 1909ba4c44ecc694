"""From series to a picture in character cells; knows no terminal and no screen.

spec.py       what to draw, what was drawn     of_run.py    which curves and strip a run has
axis.py       positions on the x axis           marks.py     what is marked on them
window.py     zoom, pan, follow                evidence.py  what a finding was judged by
lines.py      curves, cut to what is shown     identity.py  what tells many runs apart
smoothing.py  the causal average               cursor.py    logged points, one by one
reduce.py     two points a column              readout.py   their exact values
scale.py      limits and ticks                 strip.py     the strip below; strips/ its curves
canvas.py     the strokes (the one user of plotext); band.py the ground between two
label_layout.py  what is written among the curves; frame.py the axes around them
picture.py    all of it: draw(spec) -> Picture
peaks.py, growing.py  what is known of a long series, so that only new points cost
spark.py      a curve in one line       svg.py  the picture as one SVG; png.py that as PNG
"""
