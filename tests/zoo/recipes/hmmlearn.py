# /// script
# dependencies = ["hmmlearn==0.3.3", "numpy"]
# [tool.zoo]
# tool = "hmmlearn"
# environment = "classic"
# pace_s = 0
# note = "three columns without a header: iteration, log probability, gain; a column without a name that rises by its gain is shown as score"
# ///
"""GaussianHMM(verbose=True)."""

import numpy as np
from hmmlearn.hmm import GaussianHMM
from zoo import Truth

rng = np.random.default_rng(0)
x = np.concatenate([rng.normal(k, 1, size=(100, 2)) for k in (0, 1, 2, 1, 0)])
model = GaussianHMM(3, n_iter=20, verbose=True, random_state=0, tol=1e-9)
model.fit(x)
truth = Truth()
for i, value in enumerate(model.monitor_.history, 1):
    truth.row(i, score=value)
