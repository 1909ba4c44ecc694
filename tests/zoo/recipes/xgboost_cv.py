# /// script
# dependencies = ["xgboost==3.2.0", "scikit-learn==1.9.1", "pandas"]
# [tool.zoo]
# tool = "XGBoost cv"
# environment = "classic"
# train = "train-rmse"
# eval = "test-rmse"
# also = [".*std.*"]
# pace_s = 0
# note = "mean+deviation; its callbacks see the same rows"
# ///
"""`xgb.cv(verbose_eval=True)`."""

import numpy as np
import xgboost
from zoo import Truth

rng = np.random.default_rng(0)
x = rng.normal(size=(600, 6))
rows = xgboost.DMatrix(x, x[:, 0] * x[:, 1] + rng.normal(size=600) / 4)
found = xgboost.cv({"eta": 0.1, "max_depth": 3}, rows, 40, nfold=3, verbose_eval=True, seed=0)
truth = Truth()
for i, row in found.iterrows():
    truth.values(i, {"train-rmse": row["train-rmse-mean"], "test-rmse": row["test-rmse-mean"]})
