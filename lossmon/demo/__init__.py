"""Real tiny trainings that go wrong on purpose, in child processes, writing real logs.

trainings.py  what is trained, and what is wrong with it      model.py   a network in numpy
writers.py    the logs, as real frameworks write them         train.py   one child process
stage.py      starts the children; nothing is left behind     keeper.py  sees to that
"""

from lossmon.demo.stage import patterns, stage

__all__ = ["patterns", "stage"]
