# /// script
# dependencies = ["ydf==0.16.1", "numpy", "pandas"]
# [tool.zoo]
# tool = "YDF"
# environment = "classic"
# train = "train-loss"
# eval = "valid-loss"
# also = ["train-.*", "valid-.*", ".*rmse.*"]
# whole = false
# ends = "finished"
# note = "prints rows by time: a fast training has few"
# pace_s = 0
# ///
"""Gradient boosted trees of YDF with its verbose log."""

import numpy as np
import ydf
from zoo import Truth

rng = np.random.default_rng(0)
x = rng.normal(size=(20000, 20))
data = {f"f{i}": x[:, i] for i in range(20)}
data["y"] = x[:, 0] * x[:, 1] + np.abs(x[:, 2]) + rng.normal(size=20000) / 4
learner = ydf.GradientBoostedTreesLearner(
    label="y", task=ydf.Task.REGRESSION, num_trees=400, num_threads=1, early_stopping="NONE"
)
model = learner.train(data, verbose=2)
truth = Truth(plan=400)
for one in model.training_logs():
    truth.values(
        one.iteration,
        {"train-loss": one.training_evaluation.loss, "valid-loss": one.evaluation.loss},
    )
