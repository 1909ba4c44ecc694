# /// script
# dependencies = ["lightgbm==4.7.0", "numpy"]
# [tool.zoo]
# tool = "LightGBM"
# environment = "classic"
# train = "training's l2"
# eval = "valid_1's l2"
# ends = "finished"
# ///
"""`lightgbm.train` with early stopping: the best row is printed again at the end."""

import lightgbm
import numpy as np
from zoo import Truth

rng = np.random.default_rng(0)
x = rng.normal(size=(600, 6))
y = x[:, 0] * x[:, 1] + rng.normal(size=600) / 4
train = lightgbm.Dataset(x[:400], y[:400])
valid = lightgbm.Dataset(x[400:], y[400:], reference=train)
truth = Truth()


def note(env):
    rows = {f"{at}'s {name}": value for at, name, value, *_ in env.evaluation_result_list}
    truth.values(env.iteration + 1, rows)


lightgbm.train(
    {"objective": "regression", "num_leaves": 7, "num_threads": 1}, train, 40, [train, valid],
    valid_names=["training", "valid_1"],
    callbacks=[lightgbm.log_evaluation(1), note, lightgbm.early_stopping(10)],
)  # fmt: skip
