# /// script
# dependencies = ["river==0.26.1"]
# [tool.zoo]
# tool = "River"
# environment = "classic"
# train = "MAE"
# note = "the metric is the curve: River prints no loss"
# ///
"""`progressive_val_score(print_every=...)`: a line every so many rows, thousands with commas."""

import random

from river import evaluate, linear_model, metrics, preprocessing
from zoo import Truth

random.seed(0)


def rows():
    for _ in range(20000):
        x = {f"f{k}": random.gauss(0, 1) for k in range(4)}
        yield x, 3 * x["f0"] - x["f1"] + random.gauss(0, 0.1)


truth = Truth()
score = metrics.MAE()
update = type(score).update
seen = 0


def note(self, *args, **kwargs):
    global seen
    out = update(self, *args, **kwargs)
    seen += 1
    if seen % 500 == 0:
        truth.row(seen, MAE=self.get())
    return out


type(score).update = note
model = preprocessing.StandardScaler() | linear_model.LinearRegression()
evaluate.progressive_val_score(rows(), model, score, print_every=500)
