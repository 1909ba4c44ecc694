# /// script
# dependencies = ["catboost==1.2.10", "numpy"]
# [tool.zoo]
# tool = "CatBoost"
# environment = "classic"
# train = "learn/RMSE"
# eval = "test/RMSE"
# also = ["passed_time", "remaining_time", "best.*"]
# ends = "finished"
# pace_s = 0
# note = "catboost_info is on; its JSON has the plan"
# ///
"""A regressor with an evaluation set: a line an iteration, and the folder catboost_info."""

import numpy as np
from catboost import CatBoostRegressor
from zoo import Truth

rng = np.random.default_rng(0)
x = rng.normal(size=(600, 6))
y = x[:, 0] * x[:, 1] + rng.normal(size=600) / 4
model = CatBoostRegressor(iterations=40, depth=3, learning_rate=0.2, thread_count=1)
model.fit(x[:400], y[:400], eval_set=(x[400:], y[400:]), verbose=1)
truth = Truth(plan=40)
scores = model.get_evals_result()
for i, (learn, test) in enumerate(
    zip(scores["learn"]["RMSE"], scores["validation"]["RMSE"], strict=True)
):
    truth.row(i, **{"learn/RMSE": learn, "test/RMSE": test})
