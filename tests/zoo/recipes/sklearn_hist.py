# /// script
# dependencies = ["scikit-learn==1.9.1"]
# [tool.zoo]
# tool = "scikit-learn HistGradientBoosting"
# environment = "classic"
# train = "train loss"
# ends = "finished"
# eval = "val loss"
# also = ["leaves", "max depth", "in"]
# pace_s = 0
# ///
"""HistGradientBoostingRegressor(verbose=2) with early stopping on its loss."""

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from zoo import Truth

rng = np.random.default_rng(0)
x = rng.normal(size=(600, 6))
y = x[:, 0] * x[:, 1] + rng.normal(size=600) / 4
model = HistGradientBoostingRegressor(
    max_iter=40, verbose=2, early_stopping=True, scoring="loss", n_iter_no_change=40
).fit(x, y)
truth = Truth(plan=40)
scores = list(zip(model.train_score_, model.validation_score_, strict=True))
for i, (train, valid) in enumerate(scores[1:], 1):
    truth.values(i, {"train loss": -train, "val loss": -valid})
