# /// script
# dependencies = ["scikit-learn==1.9.1"]
# [tool.zoo]
# tool = "scikit-learn GradientBoosting"
# environment = "classic"
# train = "Train Loss"
# also = ["OOB Improve", "Remaining Time"]
# whole = false
# note = "rows get rarer: every one to 10, then every tenth"
# ///
"""`GradientBoostingRegressor(verbose=1)`: a table whose rows get rarer."""

import numpy as np
from sklearn.ensemble import GradientBoostingRegressor
from zoo import Truth

rng = np.random.default_rng(0)
x = rng.normal(size=(400, 6))
y = x[:, 0] * x[:, 1] + rng.normal(size=400) / 4
truth = Truth()


def note(i, model, _):
    truth.values(i + 1, {"Train Loss": model.train_score_[i]})


GradientBoostingRegressor(n_estimators=60, verbose=1).fit(x, y, monitor=note)
