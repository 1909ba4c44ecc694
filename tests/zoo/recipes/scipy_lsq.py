# /// script
# dependencies = ["scipy==1.17.1", "numpy"]
# [tool.zoo]
# tool = "SciPy least_squares"
# environment = "classic"
# train = "Cost"
# also = ["Cost reduction", "Step norm", "Optimality", "Total nfev"]
# pace_s = 0.3
# note = "the column called Iteration counts steps, the one called Total nfev evaluations"
# ///
"""`least_squares(verbose=2)`: a table whose columns hold blanks in their names."""

import numpy as np
from scipy.optimize import least_squares
from zoo import Truth

truth = Truth()
rng = np.random.default_rng(0)
t = np.linspace(0, 3, 80)
y = 2 * np.exp(-1.3 * t) + rng.normal(size=80) / 50


def off(p):
    return p[0] * np.exp(-p[1] * t) + p[2] - y


def note(intermediate_result):
    truth.values(intermediate_result.nit, {"Cost": intermediate_result.cost})


start = np.array([9.0, 9.0, 5.0])
truth.row(0, Cost=(off(start) ** 2).sum() / 2)
least_squares(off, start, verbose=2, callback=note)
