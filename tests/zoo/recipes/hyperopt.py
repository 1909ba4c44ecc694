# /// script
# dependencies = ["hyperopt==0.3.0", "numpy"]
# [tool.zoo]
# tool = "hyperopt"
# environment = "classic"
# train = "best loss"
# whole = false
# ends = "finished"
# ///
"""`fmin`: a tqdm bar that shows the best loss so far."""

import numpy as np
from hyperopt import Trials, fmin, hp, rand
from zoo import Truth

truth = Truth(plan=40)
trials = Trials()
best, count = float("inf"), 0


def objective(x):
    global best, count
    best, count = min(best, (x - 1) ** 2), count + 1
    truth.values(count, {"best loss": best})
    return (x - 1) ** 2


fmin(objective, hp.uniform("x", -5, 5), algo=rand.suggest, max_evals=40, trials=trials,
     rstate=np.random.default_rng(0))  # fmt: skip
