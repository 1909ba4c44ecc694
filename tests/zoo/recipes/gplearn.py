# /// script
# dependencies = ["gplearn==0.4.3", "scikit-learn==1.9.1", "numpy"]
# [tool.zoo]
# tool = "gplearn"
# environment = "classic"
# train = "Best Individual Fitness"
# also = [".* Length", "Population Average Fitness"]
# pace_s = 0
# note = "a header in two tiers: length and fitness of the average, then of the best; columns of one name are called after the tier above"
# ///
"""SymbolicRegressor(verbose=1)."""

import numpy as np
from gplearn.genetic import SymbolicRegressor
from zoo import Truth

rng = np.random.default_rng(0)
x = rng.normal(size=(200, 2))
model = SymbolicRegressor(
    population_size=200, generations=12, verbose=1, random_state=0, stopping_criteria=0
)
model.fit(x, x[:, 0] * x[:, 1] + x[:, 0])
truth = Truth()
for i, value in enumerate(model.run_details_["best_fitness"]):
    truth.values(i, {"Best Individual Fitness": value})
