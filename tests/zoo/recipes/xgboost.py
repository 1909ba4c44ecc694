# /// script
# dependencies = ["xgboost==3.2.0", "scikit-learn==1.9.1"]
# [tool.zoo]
# tool = "XGBoost"
# environment = "classic"
# train = "train-rmse"
# eval = "valid-rmse"
# ///
"""`xgb.train` with two evaluation sets: a row a round, tabs between the sets."""

import numpy as np
import xgboost
from zoo import Truth

rng = np.random.default_rng(0)
x = rng.normal(size=(600, 6))
y = x[:, 0] * x[:, 1] + rng.normal(size=600) / 4
train, valid = xgboost.DMatrix(x[:400], y[:400]), xgboost.DMatrix(x[400:], y[400:])
truth = Truth()


class Note(xgboost.callback.TrainingCallback):
    def after_iteration(self, model, epoch, evals_log):
        truth.values(epoch, {f"{at}-rmse": log["rmse"][-1] for at, log in evals_log.items()})
        return False


xgboost.train({"eta": 0.1, "max_depth": 3}, train, 40, [(train, "train"), (valid, "valid")],
              callbacks=[Note()])  # fmt: skip
