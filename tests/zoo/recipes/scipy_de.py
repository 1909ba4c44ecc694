# /// script
# dependencies = ["scipy==1.17.1", "numpy"]
# [tool.zoo]
# tool = "SciPy differential_evolution"
# environment = "classic"
# train = "objective"
# note = "f(x) is shown as objective"
# pace_s = 0.3
# ///
"""`differential_evolution(disp=True)`: a line a generation."""

import numpy as np
from scipy.optimize import differential_evolution, rosen
from zoo import Truth

truth = Truth()
count = 0


def note(intermediate_result):
    global count
    count += 1
    truth.row(count, objective=intermediate_result.fun)


differential_evolution(rosen, [(-3, 3)] * 3, maxiter=30, disp=True, callback=note, polish=False,
                       rng=np.random.default_rng(0), tol=0)  # fmt: skip
