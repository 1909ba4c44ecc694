# /// script
# dependencies = ["vowpalwabbit==9.11.9"]
# [tool.zoo]
# tool = "Vowpal Wabbit"
# environment = "classic"
# train = "average loss"
# also = ["since last", "current label", "current predict", "current features", "example weight"]
# whole = false
# pace_s = 0.01
# ///
"""A linear learner: a table without lines, a row at 1, 2, 4, 8, ... examples."""

import random

import vowpalwabbit
from zoo import Truth

random.seed(0)
truth = Truth()
learner = vowpalwabbit.Workspace("--loss_function squared")
for i in range(1, 1025):
    x = [random.gauss(0, 1) for _ in range(4)]
    learner.learn(
        f"{x[0] - x[1] + random.gauss(0, 0.1)} | " + " ".join(f"f{k}:{v}" for k, v in enumerate(x))
    )
    truth.values(i, {"average loss": learner.get_sum_loss() / i})
learner.finish()
